/* SPDX-License-Identifier: MIT */
/* VMBus ring buffers: the header page and the packets in the data area. */
#pragma once

#include "../types.h"

#define VMBUS_RING_FEATURE_PENDING_SEND_SIZE 0x1u

/*
 * One GPADL holds both rings: guest to host first, host to guest from the
 * downstream offset on. Each is this header page, then data of any whole
 * number of pages.
 */
struct vmbus_ring_header {
	uint32_t write_index; /* bytes into the data area */
	uint32_t read_index;
	uint32_t interrupt_mask; /* 1: reader is draining, do not signal */
	uint32_t
		pending_send_size; /* writer blocked until this many are free */
	uint8_t reserved1[48];
	uint32_t feature_bits; /* VMBUS_RING_FEATURE_* */
	uint8_t reserved2[HV_PAGE_SIZE - 68];
};
ABI_SIZE(struct vmbus_ring_header, HV_PAGE_SIZE);
ABI_OFFSET(struct vmbus_ring_header, interrupt_mask, 8);
ABI_OFFSET(struct vmbus_ring_header, pending_send_size, 12);
ABI_OFFSET(struct vmbus_ring_header, feature_bits, 64);

#define VMBUS_PACKET_IN_BAND	    0x6u
#define VMBUS_PACKET_TRANSFER_PAGES 0x7u
#define VMBUS_PACKET_GPADL	    0x8u
#define VMBUS_PACKET_GPA_DIRECT	    0x9u
#define VMBUS_PACKET_CANCEL	    0xau
#define VMBUS_PACKET_COMPLETION	    0xbu

#define VMBUS_PACKET_FLAG_COMPLETION_REQUESTED 0x1u
#define VMBUS_PACKET_UNIT		       8u /* bytes per unit of the two lengths */

struct vmbus_packet_descriptor {
	uint16_t type;	       /* VMBUS_PACKET_* */
	uint16_t data_offset8; /* from the descriptor to the payload */
	uint16_t length8;      /* descriptor and payload, no trailer */
	uint16_t flags;
	uint64_t transaction_id;
};
ABI_SIZE(struct vmbus_packet_descriptor, 16);

/* Follows each packet. */
struct vmbus_packet_trailer {
	uint32_t reserved;
	uint32_t write_index; /* where this packet began */
};
ABI_SIZE(struct vmbus_packet_trailer, 8);

struct vmbus_transfer_page_range {
	uint32_t byte_count;
	uint32_t byte_offset; /* into the page set */
};
ABI_SIZE(struct vmbus_transfer_page_range, 8);

struct vmbus_transfer_page_header {
	struct vmbus_packet_descriptor descriptor;
	uint16_t transfer_page_set_id;
	uint8_t sender_owns_set;
	uint8_t reserved;
	uint32_t range_count;
	struct vmbus_transfer_page_range ranges[];
};
ABI_SIZE(struct vmbus_transfer_page_header, 24);

struct vmbus_gpa_direct_header {
	struct vmbus_packet_descriptor descriptor;
	uint32_t reserved;
	uint32_t range_count;
	uint8_t ranges[]; /* struct vmbus_gpa_range, one after another */
};
ABI_SIZE(struct vmbus_gpa_direct_header, 24);

/* Prefix of messages on channels in pipe mode. */
#define VMBUS_PIPE_PARTIAL 0u
#define VMBUS_PIPE_DATA	   1u

struct vmbus_pipe_header {
	uint32_t type; /* VMBUS_PIPE_* */
	uint32_t size; /* of what follows */
};
ABI_SIZE(struct vmbus_pipe_header, 8);

/* hv_sock payload: a pipe header of type 1; size 0 ends the stream. */
