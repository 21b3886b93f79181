/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's own memory: the image, boot's pages and the page pool. */
#pragma once

#include "../lib/pages.h"
#include "memory_map.h"

struct reserve_wish {
	uint32_t lps;
	uint64_t pool_size; /* bytes; 0 for the default */
};

struct reservation {
	struct page_source source; /* boot's pages, never given back */
	uint64_t next, end;	   /* of boot's pages, physical */
	struct memory_range image;
	struct memory_range own; /* boot's pages, then the pool */
	struct memory_range pool;
};

/*
 * Takes all of it out of the map, where the boot modules are marked already.
 * False if there is no room below 4 GiB.
 */
bool reserve_memory(struct memory_map *map, const struct reserve_wish *wish,
		    struct reservation *reservation);

/* Contiguous zeroed pages of boot's. */
spa_t reserve_take(struct reservation *reservation, uint64_t pages);
