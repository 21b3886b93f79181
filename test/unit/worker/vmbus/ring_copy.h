/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A copy of the ring's code of a test's own, its functions called
 * RING_COPY(name), so that what they use can be something else there.
 */
#pragma once

#include "worker/vmbus/ring.h"

#ifndef RING_COPY
#define RING_COPY(function) copied_##function
#endif

#define ring_init	    RING_COPY(ring_init)
#define ring_peek	    RING_COPY(ring_peek)
#define ring_consume	    RING_COPY(ring_consume)
#define ring_publish	    RING_COPY(ring_publish)
#define ring_mask	    RING_COPY(ring_mask)
#define ring_unmask	    RING_COPY(ring_unmask)
#define ring_write	    RING_COPY(ring_write)
#define ring_flush	    RING_COPY(ring_flush)
#define ring_room	    RING_COPY(ring_room)
#define ring_reader_signals RING_COPY(ring_reader_signals)
#define ring_all_read	    RING_COPY(ring_all_read)

bool ring_init(struct ring *ring, uint8_t *const *pages, uint32_t count,
	       bool outbound);
enum ring_result ring_peek(struct ring *ring, void *buffer, size_t capacity,
			   size_t *size);
void ring_consume(struct ring *ring, size_t size);
bool ring_publish(struct ring *ring);
void ring_mask(struct ring *ring);
bool ring_unmask(struct ring *ring);
enum ring_result ring_write(struct ring *ring,
			    const struct ring_packet *packet);
bool ring_flush(struct ring *ring);
enum ring_result ring_room(struct ring *ring, size_t size);
bool ring_reader_signals(const struct ring *ring);
bool ring_all_read(const struct ring *ring);
#include "worker/vmbus/ring.c"
