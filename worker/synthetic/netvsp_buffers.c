// SPDX-License-Identifier: GPL-2.0-or-later
/* The two buffers that a network driver shares with its adapter. */
#include "netvsp_device.h"

/* An RNDIS packet's header with all that may be said of a frame, and more. */
#define RECEIVE_OVERHEAD     196u
#define RECEIVE_SECTION_MIN  1728u
#define RECEIVE_SECTIONS_MAX 16384u
#define SEND_SECTION_SIZE    6144u

/* Transactions tell the buffer from the one before it. */
#define GENERATION_SHIFT 32

bool receive_buffer_attach(struct receive_buffer *buffer, struct gpadl *gpadl,
			   uint32_t frame_max)
{
	uint32_t size = (frame_max + RECEIVE_OVERHEAD + 63) / 64 * 64;
	uint32_t count;

	if (size < RECEIVE_SECTION_MIN)
		size = RECEIVE_SECTION_MIN;
	count = gpadl->byte_count / size;
	if (!count)
		return false;
	if (count > RECEIVE_SECTIONS_MAX)
		count = RECEIVE_SECTIONS_MAX;
	buffer->sections = device_allocate(count * sizeof(*buffer->sections));
	for (uint32_t i = 0; i < count; i++)
		buffer->sections[i].next = i + 1;
	buffer->sections[count - 1].next = SECTION_NONE;
	buffer->gpadl = gpadl;
	buffer->section_size = size;
	buffer->section_count = count;
	buffer->free_count = count;
	buffer->free = 0;
	buffer->generation++;
	return true;
}

void receive_buffer_detach(struct receive_buffer *buffer,
			   struct vmbus_channel *channel)
{
	const uint32_t generation = buffer->generation;

	if (!buffer->gpadl)
		return;
	device_free(buffer->sections);
	vmbus_channel_gpadl_release(channel, buffer->gpadl);
	*buffer = (struct receive_buffer){
		.free = SECTION_NONE,
		.generation = generation,
	};
}

bool send_buffer_attach(struct send_buffer *buffer, struct gpadl *gpadl)
{
	if (gpadl->byte_count < SEND_SECTION_SIZE)
		return false;
	buffer->gpadl = gpadl;
	buffer->section_size = SEND_SECTION_SIZE;
	buffer->section_count = gpadl->byte_count / SEND_SECTION_SIZE;
	return true;
}

void send_buffer_detach(struct send_buffer *buffer,
			struct vmbus_channel *channel)
{
	if (!buffer->gpadl)
		return;
	vmbus_channel_gpadl_release(channel, buffer->gpadl);
	*buffer = (struct send_buffer){0};
}

uint32_t receive_buffer_take(struct receive_buffer *buffer, uint32_t count)
{
	uint32_t first = SECTION_NONE;

	if (count > buffer->free_count)
		return SECTION_NONE;
	buffer->free_count -= count;
	while (count--) {
		const uint32_t index = buffer->free;
		struct receive_section *const section =
			&buffer->sections[index];

		buffer->free = section->next;
		*section = (struct receive_section){
			.next = first,
			.in_use = true,
		};
		first = index;
	}
	return first;
}

void receive_buffer_give(struct receive_buffer *buffer, uint32_t first)
{
	while (first != SECTION_NONE) {
		struct receive_section *const section =
			&buffer->sections[first];
		const uint32_t next = section->next;

		*section = (struct receive_section){.next = buffer->free};
		buffer->free = first;
		buffer->free_count++;
		first = next;
	}
}

uint64_t receive_buffer_transaction(const struct receive_buffer *buffer,
				    uint32_t first)
{
	return (uint64_t)buffer->generation << GENERATION_SHIFT | first;
}

enum receive_answer receive_buffer_answer(struct receive_buffer *buffer,
					  uint64_t transaction, uint8_t lane)
{
	const uint32_t generation = (uint32_t)(transaction >> GENERATION_SHIFT);
	const uint32_t first = (uint32_t)transaction;

	if (generation != buffer->generation || !buffer->gpadl)
		return generation && generation <= buffer->generation
			       ? ANSWER_OLD
			       : ANSWER_INVALID;
	if (first >= buffer->section_count || !buffer->sections[first].first ||
	    buffer->sections[first].lane != lane)
		return ANSWER_INVALID;
	receive_buffer_give(buffer, first);
	return ANSWER_TAKEN;
}

unsigned int send_buffer_spans(const struct send_buffer *buffer, uint32_t index,
			       uint32_t size, struct vmbus_spans *spans)
{
	if (!buffer->gpadl || index >= buffer->section_count ||
	    size > buffer->section_size)
		return 0;
	spans->count = gpadl_spans(buffer->gpadl,
				   (uint64_t)index * buffer->section_size, size,
				   spans->spans, spans->capacity);
	spans->bytes = size;
	return spans->count;
}
