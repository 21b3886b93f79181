/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A device that does what the test says and writes down what it saw. */
#pragma once

#include "guest.h"

struct toy {
	struct vmbus_channel *channel;
	bool refuse_open;
	bool refuse_packets; /* not now */
	bool echo;	     /* completes each packet with its payload */
	unsigned int hold;   /* packets to keep in flight */
	unsigned int opened;
	unsigned int closed;
	unsigned int packets;
	unsigned int drained;
	unsigned int writable;
	unsigned int unsent; /* echoes that found no room */
	uint16_t last_type;
	uint64_t last_transaction;
	size_t last_header_size;
	uint8_t last_payload[VMBUS_PACKET_SIZE_MAX];
	size_t last_size;
};

extern const struct vmbus_device_operations toy_operations;

void toy_create(struct toy *toy, struct guest *guest, uint16_t sub_index,
		bool deferred);
