// SPDX-License-Identifier: GPL-2.0-or-later
/* Rings of packets in the child's memory, both directions. */
#include "ring.h"

#include <stdatomic.h>
#include <string.h>

#define PAGE_MASK	(HV_PAGE_SIZE - 1)
#define TRAILER_SIZE	((uint32_t)sizeof(struct vmbus_packet_trailer))
#define DESCRIPTOR_SIZE ((uint32_t)sizeof(struct vmbus_packet_descriptor))
#define PACKET_SIZE_MAX ((size_t)UINT16_MAX * VMBUS_PACKET_UNIT)

static uint32_t load(const uint32_t *field)
{
	return __atomic_load_n(field, __ATOMIC_ACQUIRE);
}

static void store(uint32_t *field, uint32_t value)
{
	__atomic_store_n(field, value, __ATOMIC_RELEASE);
}

/* Orders our store before our next load: Dekker's handshake with the child. */
static void full_barrier(void)
{
	atomic_thread_fence(memory_order_seq_cst);
}

static uint32_t advance(const struct ring *ring, uint32_t index, uint32_t bytes)
{
	uint32_t left = ring->size - index;

	return bytes < left ? index + bytes : bytes - left;
}

/* Bytes from one index up to another. */
static uint32_t distance(const struct ring *ring, uint32_t from, uint32_t to)
{
	return to >= from ? to - from : to + ring->size - from;
}

static bool index_valid(const struct ring *ring, uint32_t index)
{
	return index < ring->size && index % VMBUS_PACKET_UNIT == 0;
}

bool ring_init(struct ring *ring, uint8_t *const *pages, uint32_t count,
	       bool outbound)
{
	if (count < 2 || count > UINT32_MAX / HV_PAGE_SIZE)
		return false;
	*ring = (struct ring){
		.header = (struct vmbus_ring_header *)(void *)pages[0],
		.pages = pages + 1,
		.size = (count - 1) * HV_PAGE_SIZE,
	};
	const uint32_t write = load(&ring->header->write_index);
	const uint32_t read = load(&ring->header->read_index);

	if (!index_valid(ring, write) || !index_valid(ring, read))
		return false;
	ring->index = outbound ? write : read;
	ring->peer = outbound ? read : write;
	ring->published = ring->index;
	/* The reader says that it signals a writer who waits for room. */
	if (!outbound)
		store(&ring->header->feature_bits,
		      VMBUS_RING_FEATURE_PENDING_SEND_SIZE);
	return true;
}

bool ring_reader_signals(const struct ring *ring)
{
	return load(&ring->header->feature_bits) &
	       VMBUS_RING_FEATURE_PENDING_SEND_SIZE;
}

/* ---- From the child ---- */

static void copy_out(const struct ring *ring, uint32_t offset, void *to,
		     uint32_t size)
{
	uint8_t *next = to;

	while (size) {
		const uint32_t in_page = offset & PAGE_MASK;
		uint32_t chunk = HV_PAGE_SIZE - in_page;

		if (chunk > size)
			chunk = size;
		memcpy(next, ring->pages[offset / HV_PAGE_SIZE] + in_page,
		       chunk);
		next += chunk;
		size -= chunk;
		offset = advance(ring, offset, chunk);
	}
	/* The compiler must not go back to the child's copy. */
	atomic_signal_fence(memory_order_seq_cst);
}

/* Bytes ready to be read; the child's index is read when none is known of. */
static enum ring_result ready(struct ring *ring, uint32_t *bytes)
{
	if (ring->peer == ring->index) {
		const uint32_t write = load(&ring->header->write_index);

		if (!index_valid(ring, write))
			return RING_BROKEN;
		ring->peer = write;
	}
	*bytes = distance(ring, ring->index, ring->peer);
	return *bytes ? RING_OK : RING_EMPTY;
}

enum ring_result ring_peek(struct ring *ring, void *buffer, size_t capacity,
			   size_t *size)
{
	uint32_t bytes;
	const enum ring_result result = ready(ring, &bytes);

	if (result != RING_OK)
		return result;
	if (bytes < DESCRIPTOR_SIZE + TRAILER_SIZE ||
	    capacity < DESCRIPTOR_SIZE)
		return RING_BROKEN;

	struct vmbus_packet_descriptor descriptor;

	copy_out(ring, ring->index, &descriptor, DESCRIPTOR_SIZE);

	const uint32_t length = descriptor.length8 * VMBUS_PACKET_UNIT;
	const uint32_t offset = descriptor.data_offset8 * VMBUS_PACKET_UNIT;

	if (offset < DESCRIPTOR_SIZE || offset > length ||
	    length > bytes - TRAILER_SIZE || length > capacity)
		return RING_BROKEN;
	memcpy(buffer, &descriptor, DESCRIPTOR_SIZE);
	copy_out(ring, advance(ring, ring->index, DESCRIPTOR_SIZE),
		 (uint8_t *)buffer + DESCRIPTOR_SIZE, length - DESCRIPTOR_SIZE);
	*size = length;
	return RING_OK;
}

void ring_consume(struct ring *ring, size_t size)
{
	ring->index = advance(ring, ring->index, (uint32_t)size + TRAILER_SIZE);
}

bool ring_publish(struct ring *ring)
{
	const uint32_t old = ring->published;

	if (old == ring->index)
		return false;
	ring->published = ring->index;
	store(&ring->header->read_index, ring->index);
	full_barrier();

	const uint32_t wanted = load(&ring->header->pending_send_size);

	if (!wanted)
		return false;

	const uint32_t write = load(&ring->header->write_index);

	if (!index_valid(ring, write))
		return true; /* the next peek finds out */

	/* Signal on the way from too little to enough, not ever after. */
	const uint32_t now = ring->size - distance(ring, ring->index, write);
	const uint32_t freed = distance(ring, old, ring->index);

	return now > wanted && (now <= freed || now - freed <= wanted);
}

void ring_mask(struct ring *ring)
{
	store(&ring->header->interrupt_mask, 1);
}

bool ring_unmask(struct ring *ring)
{
	store(&ring->header->interrupt_mask, 0);
	full_barrier();
	return load(&ring->header->write_index) != ring->index;
}

/* ---- To the child ---- */

static uint32_t copy_in(const struct ring *ring, uint32_t offset,
			const void *from, size_t size)
{
	const uint8_t *next = from;

	while (size) {
		const uint32_t in_page = offset & PAGE_MASK;
		uint32_t chunk = HV_PAGE_SIZE - in_page;

		if (chunk > size)
			chunk = (uint32_t)size;
		memcpy(ring->pages[offset / HV_PAGE_SIZE] + in_page, next,
		       chunk);
		next += chunk;
		size -= chunk;
		offset = advance(ring, offset, chunk);
	}
	return offset;
}

/* Free bytes are those from our end round to the reader's; equal is empty. */
static enum ring_result room(struct ring *ring, uint32_t needed)
{
	const uint32_t read = load(&ring->header->read_index);

	if (!index_valid(ring, read))
		return RING_BROKEN;
	ring->peer = read;
	return ring->size - distance(ring, read, ring->index) > needed
		       ? RING_OK
		       : RING_FULL;
}

enum ring_result ring_room(struct ring *ring, size_t size)
{
	if (size + TRAILER_SIZE >= ring->size)
		return RING_BROKEN;

	const uint32_t needed = (uint32_t)size + TRAILER_SIZE;

	/* What was free when last looked at still is. */
	if (ring->size - distance(ring, ring->peer, ring->index) > needed)
		return RING_OK;

	enum ring_result result = room(ring, needed);

	if (result != RING_FULL)
		return result;
	/* The reader may have made room just before it saw this wish. */
	ring->blocked = true;
	store(&ring->header->pending_send_size, needed);
	full_barrier();
	return room(ring, needed);
}

enum ring_result ring_write(struct ring *ring, const struct ring_packet *packet)
{
	static const uint8_t zeroes[VMBUS_PACKET_UNIT];
	const size_t offset = DESCRIPTOR_SIZE + packet->header.size;
	const size_t padding = -packet->payload.size % VMBUS_PACKET_UNIT;
	const size_t length = offset + packet->payload.size + padding;

	if (offset % VMBUS_PACKET_UNIT || length > PACKET_SIZE_MAX)
		return RING_BROKEN;

	const enum ring_result result = ring_room(ring, length);

	if (result != RING_OK)
		return result;
	if (ring->blocked) {
		ring->blocked = false;
		store(&ring->header->pending_send_size, 0);
	}

	const struct vmbus_packet_descriptor descriptor = {
		.type = packet->type,
		.data_offset8 = (uint16_t)(offset / VMBUS_PACKET_UNIT),
		.length8 = (uint16_t)(length / VMBUS_PACKET_UNIT),
		.flags = packet->flags,
		.transaction_id = packet->transaction_id,
	};
	const struct vmbus_packet_trailer trailer = {
		.write_index = ring->index,
	};
	uint32_t at = ring->index;

	at = copy_in(ring, at, &descriptor, sizeof(descriptor));
	at = copy_in(ring, at, packet->header.base, packet->header.size);
	at = copy_in(ring, at, packet->payload.base, packet->payload.size);
	at = copy_in(ring, at, zeroes, padding);
	ring->index = copy_in(ring, at, &trailer, sizeof(trailer));
	return RING_OK;
}

bool ring_all_read(const struct ring *ring)
{
	return load(&ring->header->read_index) == ring->published;
}

bool ring_flush(struct ring *ring)
{
	const uint32_t old = ring->published;

	if (old == ring->index)
		return false;
	ring->published = ring->index;
	store(&ring->header->write_index, ring->index);
	full_barrier();
	if (load(&ring->header->interrupt_mask))
		return false;
	/* A reader that has not come to the end will find this by itself. */
	return load(&ring->header->read_index) == old;
}
