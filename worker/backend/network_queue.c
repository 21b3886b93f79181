/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames that wait for room in the device, one after the other in a ring. */
#include "network_queue.h"

/* The ring's bytes [place, place + size) in one span or two. */
static unsigned int pieces(struct network_queue *queue, uint64_t place,
			   uint32_t size, struct span spans[2])
{
	const uint64_t at = place % NETWORK_QUEUE_SIZE;
	uint64_t first = NETWORK_QUEUE_SIZE - at;

	if (first >= size) {
		spans[0] = (struct span){queue->bytes + at, size};
		return 1;
	}
	spans[0] = (struct span){queue->bytes + at, first};
	spans[1] = (struct span){queue->bytes, size - first};
	return 2;
}

static void put_bytes(struct network_queue *queue, const void *data,
		      uint32_t size)
{
	struct span spans[2];
	const unsigned int count = pieces(queue, queue->end, size, spans);

	spans_write(spans, count, 0, data, size);
	queue->end += size;
}

bool network_queue_put(struct network_queue *queue, const void *data,
		       uint32_t size)
{
	const uint64_t free = NETWORK_QUEUE_SIZE - network_queue_filled(queue);

	if (!size || free < (uint64_t)size + sizeof(size))
		return false;
	put_bytes(queue, &size, sizeof(size));
	put_bytes(queue, data, size);
	queue->frames++;
	return true;
}

static uint32_t front_size(struct network_queue *queue)
{
	struct span spans[2];
	uint32_t size = 0;
	const unsigned int count =
		pieces(queue, queue->first, sizeof(size), spans);

	spans_read(spans, count, 0, &size, sizeof(size));
	return size;
}

unsigned int network_queue_front(struct network_queue *queue,
				 struct span spans[2], uint32_t *size)
{
	if (!queue->frames)
		return 0;
	*size = front_size(queue);
	return pieces(queue, queue->first + sizeof(*size), *size, spans);
}

void network_queue_pop(struct network_queue *queue)
{
	if (!queue->frames)
		return;
	queue->first += sizeof(uint32_t) + front_size(queue);
	queue->frames--;
}
