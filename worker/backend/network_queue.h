/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames that wait for room in the device, one after the other in a ring. */
#pragma once

#include "worker/device.h"

#define NETWORK_QUEUE_SIZE (1u << 20) /* bytes, a power of two */

/*
 *   first                        end
 *     | size | bytes | size | bytes |          places count without end
 */
struct network_queue {
	uint64_t first;
	uint64_t end;
	uint32_t frames;
	uint8_t bytes[NETWORK_QUEUE_SIZE];
};

/* False: it does not fit, and is lost. */
bool network_queue_put(struct network_queue *queue, const void *data,
		       uint32_t size);

/* The oldest frame in spans, which get two at most; 0: there is none. */
unsigned int network_queue_front(struct network_queue *queue,
				 struct span spans[2], uint32_t *size);
/* Drops the oldest frame. */
void network_queue_pop(struct network_queue *queue);

/* Bytes in use. */
static inline uint64_t network_queue_filled(const struct network_queue *queue)
{
	return queue->end - queue->first;
}
