/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A device on VMBus that is fuzzed: the child of the unit tests' model opens
 * and closes its channels and puts on good rings what the input says.
 */
#pragma once

#include "fuzz.h"
#include "test/unit/worker/vmbus/guest.h"

#define BUS_CHANNELS 4u
#define BUS_PAGES    8u

struct fuzz_bus {
	struct guest guest;
	struct fuzz input;
	struct vmbus_offer_channel offers[BUS_CHANNELS];
	unsigned int offer_count;
	struct guest_channel channels[BUS_CHANNELS]; /* guest NULL: closed */
	uint64_t pages[BUS_PAGES];		     /* for any use */
	unsigned int opens;
	struct guest_packet sent;
	struct guest_packet received; /* the last one */

	/* The device's; before bus_start() these, */
	unsigned int ring_pages;
	/* What is in flight ends: channels are to be opened anew. NULL: none.
	 */
	void (*settle)(void);
	/* A channel of this index has been opened. NULL: nothing to do. */
	void (*opened)(unsigned int index);
	/* The child has read a packet, bus.received. NULL: nothing to do. */
	void (*taken)(struct guest_channel *channel);
	/* One step of its own; operation is 0 to 9, detail 0 to 15. */
	void (*act)(unsigned int operation, unsigned int detail);
};
extern struct fuzz_bus bus;

/* Memory and server; then the device is made; then the child connects. */
void bus_start(const uint8_t *data, size_t size);
void bus_connect(void);

/* The whole input. Then the device settles, and the server is idle. */
void bus_run(void);
void bus_reset(void);
/* After the device's end. */
void bus_stop(void);

/* bus.sent is to be a packet of this type that wants to be answered. */
void bus_clear(uint16_t type);
/* Sends bus.sent with its header and size bytes of payload, on an open one. */
void bus_send(struct guest_channel *channel, size_t size);
/* The same as one in-band packet with this payload. */
void bus_send_inband(struct guest_channel *channel, const void *payload,
		     size_t size);
void bus_receive(struct guest_channel *channel);
