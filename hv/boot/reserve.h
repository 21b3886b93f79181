/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's own memory: the image, boot's pages and the page pool. */
#pragma once

#include "../core/hypervisor.h"
#include "../lib/pages.h"
#include "memory_map.h"

struct reserve_wish {
	uint32_t lps;
	uint64_t pool_size; /* bytes; 0 for the default */
};

/*
 * Takes all of it out of the map, where the boot modules are marked already,
 * and says so in config. False if there is no room below 4 GiB.
 */
bool reserve_memory(struct memory_map *map, const struct reserve_wish *wish,
		    struct hypervisor_config *config);

/* Contiguous zeroed pages of boot's, never given back. */
spa_t reserve_take(uint64_t pages);
extern struct page_source reserve_source; /* the same, one by one */
