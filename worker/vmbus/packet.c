// SPDX-License-Identifier: GPL-2.0-or-later
/* The child's memory that a packet names. */
#include "vmbus.h"

#include <string.h>

#define PFN_MAX (UINT64_MAX >> HV_PAGE_SHIFT)

/* What is left to parse of a packet's ranges. */
struct cursor {
	const uint8_t *next;
	size_t left;
};

static bool take(struct cursor *cursor, void *to, size_t size)
{
	if (cursor->left < size)
		return false;
	memcpy(to, cursor->next, size);
	cursor->next += size;
	cursor->left -= size;
	return true;
}

static bool spans_add(struct vmbus_spans *spans, uint8_t *base, size_t size)
{
	struct span *const last =
		spans->count ? &spans->spans[spans->count - 1] : NULL;

	spans->bytes += size;
	if (last && (uint8_t *)last->base + last->size == base) {
		last->size += size;
		return true;
	}
	if (spans->count == spans->capacity)
		return false;
	spans->spans[spans->count++] = (struct span){base, size};
	return true;
}

/*
 * Takes the page numbers that follow pfn one by one, as long as bytes of
 * theirs are wanted: they are looked up once. Returns how many there were,
 * pfn's own with them.
 */
static uint64_t run_take(struct cursor *cursor, uint64_t pfn, uint64_t wanted)
{
	uint64_t count = 1;
	uint64_t next;

	while (count * HV_PAGE_SIZE < wanted && cursor->left >= sizeof(next)) {
		memcpy(&next, cursor->next, sizeof(next));
		if (next != pfn + count)
			break;
		cursor->next += sizeof(next);
		cursor->left -= sizeof(next);
		count++;
	}
	return count;
}

static uint64_t lesser(uint64_t one, uint64_t other)
{
	return one < other ? one : other;
}

/* One range: every page number is taken, pages beyond limit are not used. */
static bool range_add(struct cursor *cursor, const struct memory *memory,
		      uint64_t limit, struct vmbus_spans *spans)
{
	struct vmbus_gpa_range range;
	uint64_t left;

	if (!take(cursor, &range, sizeof(range)) ||
	    range.byte_offset >= HV_PAGE_SIZE)
		return false;
	for (left = range.byte_count; left;) {
		const uint64_t offset = range.byte_offset;
		const uint64_t wanted = lesser(left, limit - spans->bytes);
		uint64_t pfn;

		if (!take(cursor, &pfn, sizeof(pfn)) || pfn > PFN_MAX)
			return false;

		const uint64_t room =
			run_take(cursor, pfn, offset + wanted) * HV_PAGE_SIZE;
		const uint64_t size = lesser(left, room - offset);
		const uint64_t used = lesser(size, wanted);
		uint8_t *const first =
			memory_at(memory, pfn << HV_PAGE_SHIFT, room);

		if (used && (!first || !spans_add(spans, first + offset, used)))
			return false;
		left -= size;
		range.byte_offset = 0;
	}
	return true;
}

bool vmbus_packet_spans(const struct vmbus_packet *packet,
			const struct memory *memory, uint64_t limit,
			struct vmbus_spans *spans)
{
	struct cursor cursor = {packet->header, packet->header_size};
	uint32_t head[2]; /* reserved, range count */

	spans->count = 0;
	spans->bytes = 0;
	if (packet->type != VMBUS_PACKET_GPA_DIRECT ||
	    !take(&cursor, head, sizeof(head)))
		return false;
	/* Each range takes bytes of the packet, which bounds this loop. */
	for (uint32_t i = 0; i < head[1]; i++)
		if (!range_add(&cursor, memory, limit, spans))
			return false;
	return true;
}
