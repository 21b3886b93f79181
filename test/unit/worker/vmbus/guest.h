/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The child's side of VMBus as a model: memory, SynIC with one message slot,
 * rings, and the message protocol as a guest's driver speaks it.
 */
#pragma once

#include "fake.h"
#include "worker/vmbus/vmbus.h"

#define GUEST_LOW_SIZE	   (16u << 20)
#define GUEST_HIGH_GPA	   (1ULL << 32)
#define GUEST_HIGH_SIZE	   (16u << 20)
#define GUEST_MESSAGES_MAX 64
#define GUEST_CONNECTIONS  0x12000

struct guest_message {
	uint32_t vp;
	uint32_t sint;
	size_t size;
	union {
		struct vmbus_header header;
		struct vmbus_offer_channel offer;
		struct vmbus_rescind_channel_offer rescind;
		struct vmbus_open_channel_result open_result;
		struct vmbus_gpadl_created gpadl_created;
		struct vmbus_gpadl_torndown gpadl_torndown;
		struct vmbus_version_response version;
		struct vmbus_modify_channel_response modify;
		struct vmbus_tl_connect_result tl_connect;
		uint8_t bytes[VMBUS_MESSAGE_MAX];
	};
};

struct guest {
	struct memory memory;
	uint32_t next_page; /* pages are handed out in no tidy order */
	struct fake_clock clock;
	struct synic_port synic;
	struct vmbus_server *server;

	/* Message slot: the server may post while not full. */
	unsigned int slots; /* as many as may wait unread */
	struct guest_message messages[GUEST_MESSAGES_MAX];
	unsigned int message_count;
	unsigned int refused; /* posts that found the slot taken */

	unsigned int events[VMBUS_MAX_CHANNELS];
	uint32_t event_vp;
	uint32_t event_sint;
	bool listening[GUEST_CONNECTIONS];
	bool listen_fails;
	uint32_t next_gpadl;
};

void guest_init(struct guest *guest);
void guest_destroy(struct guest *guest);
/* The same on memory that is the caller's, GUEST_*_SIZE bytes. */
void guest_start(struct guest *guest, uint8_t *low, uint8_t *high);
void guest_stop(struct guest *guest);

/* ---- Memory ---- */

uint64_t guest_page(struct guest *guest); /* a fresh page's number */
void *guest_at(struct guest *guest, uint64_t pfn);

/* ---- Messages ---- */

void guest_post(struct guest *guest, const void *message, size_t size);
/* The next message; fails the test when there is none. */
struct guest_message guest_take(struct guest *guest);
/* Takes one and checks its type. */
struct guest_message guest_expect(struct guest *guest, uint32_t type);
/* Fails the test when a message waits. */
void guest_expect_none(struct guest *guest);

/* Contact; true when the version is accepted. */
bool guest_contact(struct guest *guest, uint32_t version);
/* Asks for offers, returns the count and the first max of them. */
unsigned int guest_offers(struct guest *guest,
			  struct vmbus_offer_channel *offers, unsigned int max);

/* Makes a page list of count pages in as many messages as it takes. */
uint32_t guest_gpadl(struct guest *guest, uint32_t relid, const uint64_t *pfns,
		     uint32_t count);
void guest_gpadl_teardown(struct guest *guest, uint32_t relid, uint32_t gpadl);

/* ---- Channels ---- */

struct guest_ring {
	struct vmbus_ring_header *header;
	uint8_t *pages[64];
	uint32_t size;
};

struct guest_channel {
	struct guest *guest;
	uint32_t relid;
	uint32_t connection;
	uint32_t gpadl;
	struct guest_ring out; /* to the host */
	struct guest_ring in;
	bool quiet; /* writes without signalling */
	unsigned int signals;
	uint64_t next_transaction;
};

#define GUEST_RING_PAGES_MAX 40

/* pages: of each ring, header included. Returns the open's status. */
uint32_t guest_open(struct guest *guest,
		    const struct vmbus_offer_channel *offer, uint32_t pages,
		    struct guest_channel *channel);
void guest_close(struct guest_channel *channel);

struct guest_packet {
	struct vmbus_packet_descriptor descriptor;
	uint8_t header[4096]; /* between descriptor and payload */
	size_t header_size;
	uint8_t payload[8192];
	size_t payload_size;
};

/* False: no room. Signals as a guest must, unless quiet. */
bool guest_send(struct guest_channel *channel,
		const struct guest_packet *packet);
/* False: nothing there. Signals as a reader must. */
bool guest_receive(struct guest_channel *channel, struct guest_packet *packet);
void guest_signal(struct guest_channel *channel);

/* The one range of a GPA-direct packet. */
void guest_packet_pages(struct guest_packet *packet, uint32_t offset,
			uint32_t size, const uint64_t *pfns);
