/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's side of VMBus: connecting, offers, page lists, channels and their
 * rings. Nothing is handled by interrupts; whoever links this says how to make
 * a hypercall and how to wait.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/synic.h"
#include "abi/vmbus/channel.h"
#include "abi/vmbus/ring.h"

/* ---- What the guest brings ---- */

uint64_t vmbus_call(uint64_t control, uint64_t input, uint64_t output);
/* Until that is true; false: the guest's patience has ended. */
bool vmbus_wait_until(bool (*is_true)(const void *about), const void *about);

/* ---- The bus ---- */

extern struct hv_event_flags_page vmbus_flags;

/* The SynIC, whose messages and events come with this vector. */
void vmbus_synic_start(uint8_t vector);
/* Posts a message of VMBus; false when the hypercall failed. */
bool vmbus_post(const void *message, size_t size);
/* The next message, whichever comes. */
bool vmbus_take(struct hv_message *message);
/* Waits for one of this type, forgetting all others, and copies it. */
bool vmbus_expect(uint32_t type, void *message, size_t size);

bool vmbus_connect(uint32_t version);
/* Asks for the offers; so many of them, at most count, are stored. */
size_t vmbus_offers(struct vmbus_offer_channel *offers, size_t count);
/* The first one of that kind, or NULL. */
const struct vmbus_offer_channel *
vmbus_find(const struct vmbus_offer_channel *offers, size_t count,
	   const struct vmbus_guid *type);

/* Whole pages, at most VMBUS_GPADL_HEADER_MAX_PFNS, and taking them back. */
bool vmbus_share(uint32_t relid, uint32_t gpadl, const void *base, size_t size);
bool vmbus_unshare(uint32_t relid, uint32_t gpadl);

/* ---- Channels ---- */

#define VMBUS_RING_PAGES 4u /* each: header and data */
#define VMBUS_RING_DATA	 ((VMBUS_RING_PAGES - 1) * HV_PAGE_SIZE)

struct vmbus_ring {
	struct vmbus_ring_header header;
	uint8_t data[VMBUS_RING_DATA];
};

struct vmbus_rings {
	struct vmbus_ring out;
	struct vmbus_ring in;
} __attribute__((aligned(HV_PAGE_SIZE)));

struct vmbus_channel {
	struct vmbus_offer_channel offer;
	struct vmbus_rings *rings;
	uint32_t gpadl;
	bool is_open;
};

/* What stands on a ring between the packet's lengths and its trailer; sizes
 * are multiples of 4. */
struct vmbus_packet {
	uint16_t type; /* VMBUS_PACKET_* */
	uint16_t flags;
	uint64_t transaction_id;
	const void *header;
	size_t header_size;
	const void *payload;
	size_t payload_size;
	/* Bits of the lengths in the descriptor that are to be wrong. */
	uint16_t wrong_offset8;
	uint16_t wrong_length8;
};

/* Empty rings, shared and opened; the list is shared already when asked twice.
 */
bool vmbus_channel_open(struct vmbus_channel *channel);
bool vmbus_channel_close(struct vmbus_channel *channel);
/* False: the host has no such connection, for the channel is closed. */
bool vmbus_channel_signal(const struct vmbus_channel *channel);
/* Without looking whether there is room. */
void vmbus_channel_put(struct vmbus_channel *channel,
		       const struct vmbus_packet *packet);
bool vmbus_channel_send(struct vmbus_channel *channel,
			const struct vmbus_packet *packet);
/* Waits for a packet. */
bool vmbus_channel_wait(const struct vmbus_channel *channel);
/* Waits, takes it and copies what fits; its size with the descriptor, or 0. */
size_t vmbus_channel_receive(struct vmbus_channel *channel, void *buffer,
			     size_t capacity);
