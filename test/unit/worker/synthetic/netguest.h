/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A network driver as a model, of any NVSP version, and the link that its
 * adapter hangs on.
 */
#pragma once

#include "../vmbus/guest.h"

#include "abi/vmbus/network.h"
#include "worker/synthetic/netvsp.h"

#define NETGUEST_PAGES_MAX    256
#define NETGUEST_SENT_MAX     64
#define NETGUEST_RECEIVED_MAX 64
#define NETGUEST_FRAME_MAX    66000
#define NETGUEST_SCRATCH      20
#define NETGUEST_WORDS	      12

/* What the link was given. */
struct netguest_sent {
	uint8_t *bytes;
	uint32_t size;
	struct network_offload offload;
};

/* A message of one range of a transfer. */
struct netguest_message {
	uint32_t channel_type;
	uint64_t transaction;
	uint32_t offset; /* into the receive buffer */
	uint32_t size;
	uint8_t *bytes;
};

/* What a driver says of a frame, or is told. */
struct netguest_about {
	bool present;
	uint32_t word;
};

struct netguest {
	struct guest guest;
	struct netvsp *netvsp;
	struct vmbus_offer_channel offer;
	struct guest_channel channel;
	uint32_t version;
	uint32_t channel_pages; /* of each ring */

	struct network_link link;
	struct netguest_sent sent[NETGUEST_SENT_MAX];
	unsigned int sent_count;
	unsigned int sent_total;
	unsigned int resumed;
	void (*sending)(struct netguest *netguest); /* from within send() */

	uint32_t receive_gpadl;
	uint32_t receive_pages;
	uint64_t receive_pfns[NETGUEST_PAGES_MAX];
	struct nvsp_receive_section section;
	uint32_t send_gpadl;
	uint32_t send_pages;
	uint64_t send_pfns[NETGUEST_PAGES_MAX];
	uint32_t send_section_size;
	uint64_t scratch_pfns[NETGUEST_SCRATCH]; /* of what is being sent */

	/* What the host sent, in order; filled by netguest_poll(). */
	struct netguest_message received[NETGUEST_RECEIVED_MAX];
	unsigned int received_count;
	bool keep;	   /* transfers are not answered as they come */
	bool answer_fails; /* they are, with a failure */
	unsigned int completions;
	uint64_t last_completion;   /* its transaction */
	struct nvsp_message answer; /* and its message */
	size_t answer_size;
	uint64_t next_transaction;
	uint32_t next_request;
};

/* Memory, adapter, link; and a channel that is open. */
void netguest_init(struct netguest *netguest, uint32_t mtu);
void netguest_destroy(struct netguest *netguest);
void netguest_open(struct netguest *netguest);

/* Takes everything there is on the ring. */
void netguest_poll(struct netguest *netguest);
void netguest_forget(struct netguest *netguest);

/* Answers one transfer. */
void netguest_answer(struct netguest *netguest, uint64_t transaction);

/* One message that wants an answer, and the answer's type or 0. */
uint32_t netguest_ask(struct netguest *netguest,
		      const struct nvsp_message *message);
/* One that does not. */
void netguest_tell(struct netguest *netguest,
		   const struct nvsp_message *message);

/* As a driver of this version comes up; frame_max: with Ethernet's header. */
bool netguest_negotiate(struct netguest *netguest, uint32_t version);
void netguest_configure(struct netguest *netguest, uint32_t frame_max,
			uint32_t capabilities);
bool netguest_receive_buffer(struct netguest *netguest, uint32_t pages);
bool netguest_send_buffer(struct netguest *netguest, uint32_t pages);
void netguest_bring_up(struct netguest *netguest, uint32_t version,
		       uint32_t frame_max);

/* ---- RNDIS ---- */

/* Bytes as a send: in a send-buffer section, or in pages; NVSP's status. */
enum netguest_place {
	NETGUEST_SECTION,
	NETGUEST_PAGES,
	NETGUEST_SPLIT, /* the first 64 in a section, the rest in pages */
};

uint32_t netguest_send(struct netguest *netguest, enum netguest_place place,
		       const void *bytes, uint32_t size);
uint32_t netguest_control(struct netguest *netguest, const void *message,
			  uint32_t size);

/* The one answer to a control message, which must come; its status. */
const struct netguest_message *netguest_reply(struct netguest *netguest,
					      uint32_t type);
uint32_t netguest_initialize(struct netguest *netguest);
/* RNDIS_STATUS_*; size: of the space, then of what came. */
uint32_t netguest_query(struct netguest *netguest, uint32_t oid, void *to,
			uint32_t *size);
uint32_t netguest_set(struct netguest *netguest, uint32_t oid, const void *from,
		      uint32_t size);
void netguest_filter(struct netguest *netguest, uint32_t filter);

/* An RNDIS packet around a frame; its size. words: by RNDIS_PPI_*. */
uint32_t netguest_packet(uint8_t *message, const void *frame, uint32_t size,
			 const struct netguest_about *words);

/* The frame in a received message, and what is said of it. */
uint32_t netguest_frame(const struct netguest_message *message,
			const uint8_t **frame, struct netguest_about *words);

/* A frame from the link. */
bool netguest_arrive(struct netguest *netguest, const void *bytes,
		     uint32_t size, const struct network_offload *offload);
