/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One direction of a channel: a ring of packets in the child's memory.
 *
 *   pages[0]            pages[1] ... pages[n]
 *  +-----------------+ +---------------------------------------------+
 *  | header: indices | | data:   ....[packet][trailer][packet][tr..  |
 *  +-----------------+ +---------------------------------------------+
 *
 * The child can write all of it at any time. What is ours (one of the two
 * indices) is kept here and never read back; what is the child's is read
 * once and checked.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/vmbus/ring.h"

enum ring_result {
	RING_OK,
	RING_EMPTY,  /* nothing to read */
	RING_FULL,   /* no room; the reader is asked to signal when there is */
	RING_BROKEN, /* the child wrote an index or a length that cannot be */
};

struct ring {
	struct vmbus_ring_header *header; /* in the child */
	uint8_t *const *pages; /* the data's, as the worker sees it */
	uint32_t size;	       /* of the data, bytes */
	uint32_t index;	       /* our end */
	uint32_t published;    /* our end as the header has it */
	uint32_t peer;	       /* the child's end, when last read */
	bool blocked;	       /* out: pending send size is set */
};

/* What ring_write() puts between descriptor and trailer, one after another. */
struct ring_part {
	const void *base;
	size_t size;
};

struct ring_packet {
	uint16_t type;	/* VMBUS_PACKET_* */
	uint16_t flags; /* VMBUS_PACKET_FLAG_* */
	uint64_t transaction_id;
	struct ring_part header;  /* of the packet's type, multiple of 8 */
	struct ring_part payload; /* padded to 8 on the ring */
};

/*
 * Takes over the ring in pages[0..count): the end that the child reads when
 * outbound, the end that it writes otherwise. The page list must outlive the
 * ring. False: too small, or the header's indices are outside of it.
 */
bool ring_init(struct ring *ring, uint8_t *const *pages, uint32_t count,
	       bool outbound);

/* ---- From the child ---- */

/*
 * Copies the next packet, descriptor first, to buffer. RING_OK: *size bytes
 * are there and its lengths hold: 16 <= offset <= length == *size. A packet
 * larger than capacity counts as broken. The packet stays on the ring.
 */
enum ring_result ring_peek(struct ring *ring, void *buffer, size_t capacity,
			   size_t *size);

/* Takes the peeked packet of this size off; seen by the child when published.
 */
void ring_consume(struct ring *ring, size_t size);

/*
 * Gives what was consumed back to the child. True: its writer waits for room
 * and there is enough now, so it must be signalled.
 */
bool ring_publish(struct ring *ring);

/* From now on the child need not signal what it writes. */
void ring_mask(struct ring *ring);

/* From now on it must. True: something came meanwhile; mask and read on. */
bool ring_unmask(struct ring *ring);

/* ---- To the child ---- */

/* Writes one packet; the child sees it after ring_flush(). */
enum ring_result ring_write(struct ring *ring,
			    const struct ring_packet *packet);

/* Shows the child what was written. True: it must be signalled. */
bool ring_flush(struct ring *ring);

/* Whether a packet of this many bytes, descriptor included, would fit. */
enum ring_result ring_room(struct ring *ring, size_t size);

/* Outbound: the child has read all that was shown to it. */
bool ring_all_read(const struct ring *ring);

/* Outbound: whether the child signals when a blocked ring has room again. */
bool ring_reader_signals(const struct ring *ring);
