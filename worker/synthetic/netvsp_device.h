/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The network adapter as its own files know it; others see netvsp.h.
 *
 *	netvsp.c           NVSP messages, channels, completions
 *	netvsp_buffers.c   receive buffer's sections, send buffer's
 *	netvsp_transmit.c  the child's packets to the link
 *	netvsp_receive.c   the link's frames to the child
 *	rndis.c            control messages
 *	rndis_oid.c        what can be asked and set by them
 *
 * Buffers, settings and control belong to the adapter; what a channel has
 * under way belongs to its lane.
 */
#pragma once

#include "netvsp.h"
#include "frame.h"
#include "abi/vmbus/network.h"

/* One now. More need RSS: capabilities, hashing, sub-channel offers. */
#define NETVSP_LANES_MAX 1

#define NETVSP_DONE_MAX	      256	    /* completions that wait for room */
#define NETVSP_TRANSFER_MAX   (128u * 1024) /* bytes in one send */
#define NETVSP_SPANS_MAX      160
#define NETVSP_RANGES_MAX     64 /* sections in one transfer to the child */
#define NETVSP_MULTICAST_MAX  64 /* addresses that the child may list */
#define NETVSP_LARGE_SEND_MAX 0xff00u /* bytes of payload in a frame to cut */

/* ---- Buffers ---- */

/* One section; sections of one transfer are chained from its first. */
struct receive_section {
	uint32_t next; /* of the chain or the free list; SECTION_NONE: last */
	uint8_t lane;
	bool in_use;
	bool first; /* of a transfer that the child has */
};

#define SECTION_NONE 0xffffffffu

struct receive_buffer {
	struct gpadl *gpadl; /* NULL: none */
	uint16_t id;
	uint32_t section_size;
	uint32_t section_count;
	uint32_t free_count;
	uint32_t free;
	/* Of this buffer; the last one's transfers may still be answered. */
	uint32_t generation;
	struct receive_section *sections;
};

struct send_buffer {
	struct gpadl *gpadl; /* NULL: none */
	uint16_t id;
	uint32_t section_size;
	uint32_t section_count;
};

/* Take the reference to gpadl over, or say false: too small. */
bool receive_buffer_attach(struct receive_buffer *buffer, struct gpadl *gpadl,
			   uint32_t frame_max);
void receive_buffer_detach(struct receive_buffer *buffer,
			   struct vmbus_channel *channel);
bool send_buffer_attach(struct send_buffer *buffer, struct gpadl *gpadl);
void send_buffer_detach(struct send_buffer *buffer,
			struct vmbus_channel *channel);

/* A chain of count sections, or SECTION_NONE when there are not as many. */
uint32_t receive_buffer_take(struct receive_buffer *buffer, uint32_t count);
void receive_buffer_give(struct receive_buffer *buffer, uint32_t first);

enum receive_answer {
	ANSWER_TAKEN,
	ANSWER_OLD,	/* about a buffer that was revoked */
	ANSWER_INVALID, /* there is no such transfer */
};

/* The child is done with a transfer: its sections are free again. */
enum receive_answer receive_buffer_answer(struct receive_buffer *buffer,
					  uint64_t transaction, uint8_t lane);

uint64_t receive_buffer_transaction(const struct receive_buffer *buffer,
				    uint32_t first);

/* A section's bytes as spans; 0: there is no such section or length. */
unsigned int send_buffer_spans(const struct send_buffer *buffer, uint32_t index,
			       uint32_t size, struct vmbus_spans *spans);

/* ---- Control ---- */

#define RNDIS_MESSAGE_MAX 1024 /* of the child's */
#define RNDIS_REPLY_MAX	  256  /* of ours */
#define RNDIS_REPLIES_MAX 16

struct rndis_reply {
	uint32_t size;
	uint64_t bytes[RNDIS_REPLY_MAX / sizeof(uint64_t)];
};

struct rndis_offloads {
	bool receive_ip;
	bool receive_tcp4;
	bool receive_udp4;
	bool receive_tcp6;
	bool receive_udp6;
};

struct rndis {
	bool initialized;
	uint32_t filter; /* RNDIS_FILTER_* */
	uint32_t lookahead;
	uint8_t multicast[NETVSP_MULTICAST_MAX][NETWORK_MAC_SIZE];
	unsigned int multicast_count;
	struct rndis_offloads offloads;

	/* The link as it is, and as the child was told. */
	bool link_told;
	bool change_due; /* the child is to be told of another network */

	struct rndis_reply replies[RNDIS_REPLIES_MAX]; /* for room to be */
	unsigned int reply_first;
	unsigned int reply_count;
};

/* ---- Lanes ---- */

/* An answer to a packet of the child's. */
struct netvsp_completion {
	uint64_t transaction_id;
	struct nvsp_message message;
};

/* One channel, with what is under way on it. */
struct netvsp_lane {
	struct netvsp *netvsp;
	struct vmbus_channel *channel;
	uint8_t index;
	bool refused;	 /* a packet waits on the ring for a completion to go */
	bool waiting;	 /* the link does: */
	bool blocked;	 /* for room on the ring, or */
	uint32_t wanted; /* for so many free sections */
	struct netvsp_completion done[NETVSP_DONE_MAX];
	unsigned int done_first;
	unsigned int done_count;

	/* The packet being sent, and the frame being received. */
	struct span spans[NETVSP_SPANS_MAX];
	struct span wire[NETVSP_SPANS_MAX + 1];
	struct frame frame;
	struct frame segment;
	struct frame in_frame;
	struct frame in_segment;
};

struct netvsp {
	struct netvsp_options options;
	uint32_t version;   /* NVSP_VERSION_*, 0 none */
	uint32_t frame_max; /* the child's, Ethernet header included */
	bool vlan_aside;    /* 802.1Q tags travel beside the frame */
	bool link_up;
	uint8_t mac[NETWORK_MAC_SIZE];
	struct receive_buffer receive;
	struct send_buffer send;
	struct rndis rndis;
	struct netvsp_statistics statistics;
	unsigned int lane_count;
	struct netvsp_lane lanes[NETVSP_LANES_MAX];
};

/* ---- netvsp.c ---- */

/* NVSP messages have this size on the ring. */
size_t netvsp_message_size(const struct netvsp *netvsp);

/* ---- netvsp_transmit.c ---- */

/* A packet of RNDIS messages; the NVSP_STATUS_* it is answered with. */
uint32_t netvsp_transmit(struct netvsp_lane *lane,
			 const struct nvsp_send_rndis_packet *message,
			 const struct vmbus_packet *packet);

/* ---- netvsp_receive.c ---- */

/* For the link. */
bool netvsp_receive(void *device, const struct network_frame *frame);

struct netvsp_transfer {
	uint32_t channel_type; /* NVSP_CHANNEL_* */
	uint32_t first;	       /* section */
	uint32_t count;
	uint32_t sizes[NETVSP_RANGES_MAX]; /* bytes in each section */
};

/* False: no room on the ring. The sections are the child's, or free again. */
bool netvsp_transfer_send(struct netvsp_lane *lane,
			  const struct netvsp_transfer *transfer);

/* Sections or room on the ring may have come free: the link goes on. */
void netvsp_receive_resume(struct netvsp_lane *lane);

/* ---- rndis.c ---- */

/* One control message, already copied; the NVSP_STATUS_* of its packet. */
uint32_t rndis_message(struct netvsp *netvsp, const uint8_t *message,
		       uint32_t size);

/* Sends what waits for a section or for room. */
void rndis_flush(struct netvsp *netvsp);

/* As after HALT, or before any driver came. */
void rndis_reset(struct netvsp *netvsp);

/* ---- rndis_oid.c ---- */

struct rndis_bytes {
	const uint8_t *bytes;
	uint32_t size;
};

#define RNDIS_ANSWER_MAX (RNDIS_REPLY_MAX - 24)

/* Return RNDIS_STATUS_*; an answer is at most RNDIS_ANSWER_MAX bytes. */
uint32_t rndis_oid_query(const struct netvsp *netvsp, uint32_t oid,
			 const struct rndis_bytes *input,
			 struct rndis_reply *answer);
uint32_t rndis_oid_set(struct netvsp *netvsp, uint32_t oid,
		       const struct rndis_bytes *input);
