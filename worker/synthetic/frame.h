/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An Ethernet frame on its way through the device.
 *
 * Its first bytes are copied once: they are what is looked at and changed.
 * The rest stays where it is, in the child's memory or the back end's, and
 * is only ever summed and copied.
 *
 *	room:  |   4   | head ......|
 *	spans: | skipped ...........| rest ........................ |
 */
#pragma once

#include "worker/device.h"

#define FRAME_HEAD_MAX	    256u /* of any headers that are understood */
#define FRAME_VLAN_SIZE	    4u
#define FRAME_ETHERNET_SIZE 14u

/* IPv4's and IPv6's length fields end here. */
#define FRAME_IP_MAX 65535u

#define FRAME_TYPE_IPV4 0x0800u
#define FRAME_TYPE_IPV6 0x86ddu
#define FRAME_TYPE_VLAN 0x8100u

#define FRAME_PROTOCOL_TCP 6u
#define FRAME_PROTOCOL_UDP 17u

/* Offsets from the frame's first byte. */
struct frame_layout {
	bool ipv4;
	bool ipv6;
	uint8_t protocol;   /* FRAME_PROTOCOL_*; 0: neither */
	uint16_t network;   /* where IP begins */
	uint16_t transport; /* where TCP or UDP begins */
	uint16_t payload;   /* what follows it, and */
	uint32_t end;	    /* where that ends: the rest is padding */
};

struct frame {
	uint8_t room[FRAME_VLAN_SIZE + FRAME_HEAD_MAX];
	uint16_t start; /* of the head, in room */
	uint16_t head_size;
	const struct span *spans;
	unsigned int span_count;
	uint64_t skipped;   /* bytes of the spans */
	uint32_t rest_size; /* bytes of them that follow the head */
	struct frame_layout layout;
};

/* Where a frame lies: size bytes at offset. */
struct frame_source {
	const struct span *spans;
	unsigned int span_count;
	uint64_t offset;
	uint32_t size;
};

/* False: shorter than an Ethernet header, or than it says. */
bool frame_read(struct frame *frame, const struct frame_source *source);

static inline uint8_t *frame_head(struct frame *frame)
{
	return frame->room + frame->start;
}

static inline const uint8_t *frame_head_const(const struct frame *frame)
{
	return frame->room + frame->start;
}

static inline uint32_t frame_size(const struct frame *frame)
{
	return frame->head_size + frame->rest_size;
}

/*
 * Finds the headers. False: lengths that contradict each other, or more
 * headers than the head holds. A frame that is no IP, or whose payload is not
 * known, has a layout without the parts in question.
 */
bool frame_parse(struct frame *frame);

/* Shortens the head to the headers, before the headers are repeated. */
void frame_head_to_payload(struct frame *frame);

/* Drops what follows the IP packet, which would be summed with it. */
void frame_trim(struct frame *frame);

/*
 * The 802.1Q tag: taken out (false: there is none) or put in, after any
 * parsing. tci is in host order.
 */
bool frame_vlan_remove(struct frame *frame, uint16_t *tci);
void frame_vlan_insert(struct frame *frame, uint16_t tci);

/* Writes the IPv4 header's checksum; whether it is right. */
void frame_ip_checksum(struct frame *frame);
bool frame_ip_is_right(const struct frame *frame);

/* Writes TCP's or UDP's field as it is before the data is summed. */
void frame_pseudo_checksum(struct frame *frame);

/*
 * Sums the bytes from start to the frame's end into the two at start +
 * offset, which hold the pseudo-header's sum. False: they are not in the
 * head, or not there.
 */
bool frame_checksum(struct frame *frame, uint32_t start, uint32_t offset);

/* Where the field is, from the transport header's start. */
uint16_t frame_checksum_offset(const struct frame *frame);

/* Where in a frame one is; all zero: before it. */
struct frame_walk {
	bool begun;
	unsigned int next; /* of the spans */
	uint64_t skip;	   /* bytes of that one */
	uint64_t left;	   /* of the rest */
};

/* The head, then what of each span is the frame's; false: that was all. */
bool frame_next(const struct frame *frame, struct frame_walk *walk,
		struct span *span);

/*
 * The frame as spans, at most capacity of them (1 more than the source's is
 * enough). Returns how many.
 */
unsigned int frame_spans(const struct frame *frame, struct span *spans,
			 unsigned int capacity);
