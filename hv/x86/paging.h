/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisor's own page tables.
 *
 *   ffff800000000000  all of RAM at this offset: read and write, no execute
 *   ffffff0000000000  stacks of the other logical processors, 64 KiB apart
 *   ffffff0040000000  device pages, uncached: the local APIC
 *   ffffffff80000000  physical 0 on; only the image is mapped there, W^X
 */
#pragma once

#include "../lib/pages.h"
#include "../lib/types.h"

#define PAGING_DIRECT  0xffff800000000000ul
#define PAGING_STACKS  0xffffff0000000000ul
#define PAGING_DEVICES 0xffffff0040000000ul
#define PAGING_IMAGE   0xffffffff80000000ul

#define PAGING_WRITE	  BIT(1)
#define PAGING_UNCACHED	  (BIT(3) | BIT(4))
#define PAGING_GLOBAL	  BIT(8)
#define PAGING_NO_EXECUTE BIT(63)

/* Read and write, no execute: what all data is mapped with. */
#define PAGING_DATA (PAGING_WRITE | PAGING_GLOBAL | PAGING_NO_EXECUTE)

struct paging_range {
	uintptr_t address;
	spa_t spa;
	uint64_t size;
	uint64_t flags; /* PAGING_* */
};

/*
 * Makes the tables: direct map of [0, ram_end) and the image, guard a page of
 * it to leave out. Boot processor, once; pages must last for ever.
 */
void paging_start(struct page_source *pages, spa_t ram_end,
		  const uint8_t *guard);

/* Adds a range, all multiples of a page; not mapped before. */
void paging_map(const struct paging_range *range);

/* A physical device page, uncached; the address of its first byte. */
void *paging_map_device(spa_t page);

/* Leaves the tables of the start behind: every processor. */
void paging_load(void);

/* For the start of other processors. */
spa_t paging_root(void);
