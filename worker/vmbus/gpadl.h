/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lists of the child's pages that it gave a name to (GPADLs): rings and
 * buffers. Page numbers are resolved against the child's RAM when they
 * arrive; a page outside of it fails the whole list.
 *
 * A list goes away when the child asks for it and its last user is done.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/device.h"
#include "abi/vmbus/channel.h"

/* What one child may make the worker keep. */
#define GPADL_COUNT_MAX 512
#define GPADL_PAGES_MAX (256u * 1024) /* 1 GiB of the child */

struct gpadl {
	struct gpadl *next;
	uint32_t id; /* the child's choice */
	uint32_t relid;
	uint32_t references;
	bool complete; /* every page has arrived */
	bool teardown; /* the child waits for Torndown */
	uint32_t byte_offset;
	uint32_t byte_count;
	uint32_t page_count;
	uint32_t filled;
	uint8_t *pages[]; /* as the worker sees them */
};

struct gpadl_table {
	const struct memory *memory;
	struct gpadl *first;
	uint32_t count;
	uint32_t pages;
};

enum gpadl_result {
	GPADL_COMPLETE,
	GPADL_INCOMPLETE, /* bodies are to follow */
	GPADL_REFUSED,	  /* cannot be; nothing is kept under this id */
};

/* A GpadlHeader or GpadlBody message of size bytes, size at least its head. */
enum gpadl_result gpadl_add(struct gpadl_table *table,
			    const struct vmbus_gpadl_header *message,
			    size_t size);
enum gpadl_result gpadl_append(struct gpadl_table *table,
			       const struct vmbus_gpadl_body *message,
			       size_t size, uint32_t *relid);

struct gpadl *gpadl_find(const struct gpadl_table *table, uint32_t id);

/* A complete list of this channel, with one more reference; or NULL. */
struct gpadl *gpadl_acquire(const struct gpadl_table *table, uint32_t relid,
			    uint32_t id);

/*
 * The child wants it gone, or a user is done with it. True: it is gone now,
 * and the child is to be told (release: only when it had asked).
 */
bool gpadl_teardown(struct gpadl_table *table, struct gpadl *gpadl);
bool gpadl_release(struct gpadl_table *table, struct gpadl *gpadl);

/* Tears down the lists of one channel, or all (relid 0). */
void gpadl_forget(struct gpadl_table *table, uint32_t relid);

/* ---- The bytes behind a list ---- */

/*
 * The worker's view of size bytes at offset: returns how many spans it
 * takes, neighbours joined; 0 when out of range or more than capacity.
 */
unsigned int gpadl_spans(const struct gpadl *gpadl, uint64_t offset,
			 uint64_t size, struct span *spans,
			 unsigned int capacity);

/* False, and nothing done, out of range. */
bool gpadl_read(const struct gpadl *gpadl, uint64_t offset, void *to,
		size_t size);
bool gpadl_write(const struct gpadl *gpadl, uint64_t offset, const void *from,
		 size_t size);
