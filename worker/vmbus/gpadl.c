// SPDX-License-Identifier: GPL-2.0-or-later
/* Page lists named by the child. */
#include "gpadl.h"

#include <string.h>

#define PFN_MAX (UINT64_MAX >> HV_PAGE_SHIFT)

struct gpadl *gpadl_find(const struct gpadl_table *table, uint32_t id)
{
	for (struct gpadl *gpadl = table->first; gpadl; gpadl = gpadl->next)
		if (gpadl->id == id)
			return gpadl;
	return NULL;
}

static void gpadl_remove(struct gpadl_table *table, struct gpadl *gpadl)
{
	for (struct gpadl **at = &table->first; *at; at = &(*at)->next) {
		if (*at != gpadl)
			continue;
		*at = gpadl->next;
		table->count--;
		table->pages -= gpadl->page_count;
		device_free(gpadl);
		return;
	}
}

/* Takes page numbers in the order they come; they may lie unaligned. */
static enum gpadl_result gpadl_fill(struct gpadl_table *table,
				    struct gpadl *gpadl, const uint8_t *pfns,
				    size_t size)
{
	const size_t count = size / sizeof(uint64_t);

	if (size % sizeof(uint64_t) || gpadl->complete || !count ||
	    count > gpadl->page_count - gpadl->filled)
		goto refuse;
	for (size_t i = 0; i < count; i++) {
		uint64_t pfn;

		memcpy(&pfn, pfns + i * sizeof(pfn), sizeof(pfn));

		uint8_t *const page =
			pfn > PFN_MAX
				? NULL
				: memory_at(table->memory, pfn << HV_PAGE_SHIFT,
					    HV_PAGE_SIZE);

		if (!page)
			goto refuse;
		gpadl->pages[gpadl->filled++] = page;
	}
	gpadl->complete = gpadl->filled == gpadl->page_count;
	return gpadl->complete ? GPADL_COMPLETE : GPADL_INCOMPLETE;

refuse:
	/* Whoever uses a complete list keeps it. */
	if (!gpadl->complete)
		gpadl_remove(table, gpadl);
	return GPADL_REFUSED;
}

enum gpadl_result gpadl_add(struct gpadl_table *table,
			    const struct vmbus_gpadl_header *message,
			    size_t size)
{
	struct vmbus_gpa_range range;
	const size_t available = size - sizeof(*message);

	if (message->range_count != 1 || available < sizeof(range) ||
	    message->range_buffer_length < sizeof(range) + sizeof(uint64_t) ||
	    gpadl_find(table, message->gpadl))
		return GPADL_REFUSED;
	memcpy(&range, message->ranges, sizeof(range));

	const size_t list = message->range_buffer_length - sizeof(range);
	const uint32_t pages = (uint32_t)(list / sizeof(uint64_t));
	const uint64_t covered = ((uint64_t)range.byte_offset +
				  range.byte_count + HV_PAGE_SIZE - 1) /
				 HV_PAGE_SIZE;

	if (list % sizeof(uint64_t) || !range.byte_count ||
	    range.byte_offset >= HV_PAGE_SIZE || covered != pages ||
	    table->count >= GPADL_COUNT_MAX ||
	    pages > GPADL_PAGES_MAX - table->pages)
		return GPADL_REFUSED;

	struct gpadl *const gpadl =
		device_allocate(sizeof(*gpadl) + pages * sizeof(uint8_t *));

	gpadl->id = message->gpadl;
	gpadl->relid = message->relid;
	gpadl->byte_offset = range.byte_offset;
	gpadl->byte_count = range.byte_count;
	gpadl->page_count = pages;
	gpadl->next = table->first;
	table->first = gpadl;
	table->count++;
	table->pages += pages;

	size_t here = available - sizeof(range);

	/* Some senders pad the message: the header says how much is meant. */
	if (here > list)
		here = list;
	return gpadl_fill(table, gpadl, message->ranges + sizeof(range), here);
}

enum gpadl_result gpadl_append(struct gpadl_table *table,
			       const struct vmbus_gpadl_body *message,
			       size_t size, uint32_t *relid)
{
	struct gpadl *const gpadl = gpadl_find(table, message->gpadl);

	*relid = 0;
	if (!gpadl)
		return GPADL_REFUSED;
	*relid = gpadl->relid;
	return gpadl_fill(table, gpadl, (const uint8_t *)message->pfns,
			  size - sizeof(*message));
}

struct gpadl *gpadl_acquire(const struct gpadl_table *table, uint32_t relid,
			    uint32_t id)
{
	struct gpadl *const gpadl = gpadl_find(table, id);

	if (!gpadl || !gpadl->complete || gpadl->teardown ||
	    gpadl->relid != relid)
		return NULL;
	gpadl->references++;
	return gpadl;
}

bool gpadl_teardown(struct gpadl_table *table, struct gpadl *gpadl)
{
	gpadl->teardown = true;
	if (gpadl->references)
		return false;
	gpadl_remove(table, gpadl);
	return true;
}

bool gpadl_release(struct gpadl_table *table, struct gpadl *gpadl)
{
	if (--gpadl->references || !gpadl->teardown)
		return false;
	gpadl_remove(table, gpadl);
	return true;
}

void gpadl_forget(struct gpadl_table *table, uint32_t relid)
{
	struct gpadl *next;

	for (struct gpadl *gpadl = table->first; gpadl; gpadl = next) {
		next = gpadl->next;
		if (!relid || gpadl->relid == relid)
			gpadl_teardown(table, gpadl);
	}
}

/* ---- The bytes behind a list ---- */

static bool gpadl_covers(const struct gpadl *gpadl, uint64_t offset,
			 uint64_t size)
{
	return offset <= gpadl->byte_count &&
	       size <= gpadl->byte_count - offset;
}

/* The longest run from offset on that lies in one page; at most size. */
static struct span gpadl_run(const struct gpadl *gpadl, uint64_t offset,
			     uint64_t size)
{
	const uint64_t at = offset + gpadl->byte_offset;
	const uint64_t in_page = at % HV_PAGE_SIZE;
	const uint64_t left = HV_PAGE_SIZE - in_page;

	return (struct span){
		.base = gpadl->pages[at / HV_PAGE_SIZE] + in_page,
		.size = size < left ? size : left,
	};
}

unsigned int gpadl_spans(const struct gpadl *gpadl, uint64_t offset,
			 uint64_t size, struct span *spans,
			 unsigned int capacity)
{
	unsigned int count = 0;

	if (!gpadl_covers(gpadl, offset, size))
		return 0;
	while (size) {
		const struct span run = gpadl_run(gpadl, offset, size);
		struct span *const last = count ? &spans[count - 1] : NULL;

		if (last && (uint8_t *)last->base + last->size == run.base) {
			last->size += run.size;
		} else {
			if (count == capacity)
				return 0;
			spans[count++] = run;
		}
		offset += run.size;
		size -= run.size;
	}
	return count;
}

bool gpadl_read(const struct gpadl *gpadl, uint64_t offset, void *to,
		size_t size)
{
	uint8_t *next = to;

	if (!gpadl_covers(gpadl, offset, size))
		return false;
	while (size) {
		const struct span run = gpadl_run(gpadl, offset, size);

		memcpy(next, run.base, run.size);
		next += run.size;
		offset += run.size;
		size -= run.size;
	}
	return true;
}

bool gpadl_write(const struct gpadl *gpadl, uint64_t offset, const void *from,
		 size_t size)
{
	const uint8_t *next = from;

	if (!gpadl_covers(gpadl, offset, size))
		return false;
	while (size) {
		const struct span run = gpadl_run(gpadl, offset, size);

		memcpy(run.base, next, run.size);
		next += run.size;
		offset += run.size;
		size -= run.size;
	}
	return true;
}
