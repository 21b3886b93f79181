/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Deeds: what no driver does, said to the host in VMBus and the protocols on
 * it. What the host makes of each is known beforehand; other channels have to
 * go on, and so has this one, or it is closed and can be opened anew.
 */
#pragma once

#include "../guest.h"
#include "../vmbus.h"

enum outcome {
	IGNORED, /* no answer, or a harmless one, and all goes on */
	REFUSED, /* an error as the answer, and all goes on */
	CLOSED,	 /* the host has closed its end of the channel */
};

struct deed {
	const char *name;
	enum outcome wanted;
	/* Whether an error came back. */
	bool (*run)(void);
	/* To a channel that is open but not set up. */
	bool raw;
};

struct protocol {
	const char *name;
	struct vmbus_channel *channel; /* NULL: it is about the bus itself */
	void (*begin)(void);	       /* optional: before anything else */
	bool (*set_up)(void);	       /* of a channel just opened */
	bool (*works)(void);	       /* an exchange without fault */
	void (*closed)(void); /* optional: what is shared, taken back */
	bool (*others_work)(void);
	const struct deed *deeds;
	size_t count;
};
#define DEEDS .deeds = deeds, .count = sizeof(deeds) / sizeof(deeds[0])

extern const struct protocol bus_protocol, list_protocol, ring_protocol,
	further_protocol, storage_protocol, network_protocol, rndis_protocol,
	keyboard_protocol, mouse_protocol, shutdown_protocol,
	heartbeat_protocol, timesync_protocol, kvp_protocol;

/* One of each kind that is offered. */
enum device {
	DEVICE_STORAGE,
	DEVICE_NETWORK,
	DEVICE_KEYBOARD,
	DEVICE_MOUSE,
	DEVICE_SHUTDOWN,
	DEVICE_HEARTBEAT,
	DEVICE_TIMESYNC,
	DEVICE_KVP,
	DEVICE_COUNT
};
extern struct vmbus_channel channels[DEVICE_COUNT];

/* Connects, and finds the channel of every device. */
bool bus_connect(void);
/* Posts it, then a request that is always answered: the last message that came
 * before that answer, or NULL. */
const void *bus_say(const void *message, size_t size);
/* An answer to that request alone. */
bool bus_works(void);

/* Opened anew where it is not open, set up, and asked for something. */
bool storage_works(void);
bool keyboard_works(void);

/* Closes it if it is open. */
void channel_finish(struct vmbus_channel *channel);
/* One after the other, so that each list of pages has its own. */
uint32_t list_new(void);
/* Packets without anything in front of the payload; with an answer asked for
 * unless the transaction is 0. */
bool channel_say(struct vmbus_channel *channel, uint64_t transaction,
		 const void *payload, size_t size);
/* Of a struct vmbus_channel: the host has taken all packets, or never will. */
bool channel_is_taken(const void *channel);

/* Before a deed that closes one more channel than it says: each is a line in
 * the host's log, where only so many of a kind appear in a time. */
void closing_expect(void);
