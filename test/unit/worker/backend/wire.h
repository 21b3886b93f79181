/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A network device that is not there, at the end of a back end's wire. */
#pragma once

#include "worker/backend/network_backend.h"
#include "worker/core/loop.h"

#define WIRE_FRAMES 1024u

struct wire {
	struct loop loop;
	struct loop_watch watch;
	struct network_backend *backend;
	unsigned int room; /* frames that it takes before it says no */
	bool sending;	   /* receive() now would be from within send() */
	unsigned int count;
	struct wire_frame {
		uint8_t *bytes;
		uint32_t size;
		struct network_offload offload;
	} frames[WIRE_FRAMES];
};

/* Takes the back end over; room for WIRE_FRAMES frames. */
void wire_connect(struct wire *wire, struct network_backend *backend);
void wire_disconnect(struct wire *wire);
/* The loop alone, before there is a back end. */
void wire_init(struct wire *wire);

/* Runs the event loop until `count` frames are there or ms have passed. */
void wire_run(struct wire *wire, unsigned int count, int ms);
/* Forgets all frames. */
void wire_clear(struct wire *wire);
void wire_resume(struct wire *wire, unsigned int room);

/* Sends bytes in three spans. */
void wire_send(struct wire *wire, const void *bytes, size_t size,
	       const struct network_offload *offload);

/* ---- Frames ---- */

extern const uint8_t wire_mac[6]; /* the device's */

struct wire_udp {
	uint8_t to_mac[6];
	uint32_t from, to; /* IPv4, host order */
	uint16_t from_port, to_port;
	const void *data;
	uint16_t size;
};

/* An Ethernet frame with UDP in it, sums right; its size. */
size_t wire_build_udp(uint8_t *frame, const struct wire_udp *udp);
/* An ARP request or reply from the device, whose address is `from`. */
size_t wire_build_arp(uint8_t *frame, uint16_t operation, uint32_t from,
		      uint32_t to);

uint16_t wire_get16(const uint8_t *bytes);
uint32_t wire_get32(const uint8_t *bytes);
/* One's complement sum of bytes, on top of start. */
uint16_t wire_sum(const uint8_t *bytes, size_t size, uint32_t start);
/* The sum of a UDP or TCP frame's pseudo header and the rest: 0xffff if right.
 */
uint16_t wire_transport_sum(const uint8_t *frame, size_t size);
