/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's own memory: the image, boot's pages and the page pool. */
#include "reserve.h"
#include "../lib/print.h"
#include "../lib/string.h"
#include "../x86/cpu.h"
#include "../x86/image.h"
#include "../x86/paging.h"
#include "../x86/processor.h"

#define POOL_MIN       (24ull << 20)
#define POOL_MAX       (256ull << 20)
#define FOUR_GIGABYTES (4ull << 30)

static uint64_t round_up_large(uint64_t size)
{
	return (size + LARGE_PAGE_MASK) & ~LARGE_PAGE_MASK;
}

/* Page tables of the direct map and the image, and the other stacks. */
static uint64_t boot_size(const struct memory_map *map, uint32_t lps)
{
	uint64_t gigabytes = (memory_map_ram_end(map) >> 30) + 1;
	uint64_t tables = gigabytes + gigabytes / 512 + 32;
	uint64_t stacks = (uint64_t)lps * (PROCESSOR_AREA_SIZE / PAGE_SIZE);

	return round_up_large((tables + stacks) << PAGE_SHIFT);
}

static uint64_t pool_size(const struct memory_map *map, uint64_t wish)
{
	uint64_t size = memory_map_ram_size(map) / 64;

	if (wish != 0)
		return round_up_large(wish);
	return round_up_large(MIN(MAX(size, POOL_MIN), POOL_MAX));
}

static spa_t take_page(struct page_source *source)
{
	return reserve_take(CONTAINER(source, struct reservation, source), 1);
}

static void give_page(struct page_source *source, spa_t page)
{
	(void)source;
	panic("boot's page %lx given back", page.value);
}

bool reserve_memory(struct memory_map *map, const struct reserve_wish *wish,
		    struct reservation *reservation)
{
	uint64_t pool = pool_size(map, wish->pool_size);
	uint64_t boot = boot_size(map, wish->lps);
	uint64_t base;

	reservation->image = (struct memory_range){
		.base = (uintptr_t)image_start - PAGING_IMAGE,
		.end = (uintptr_t)image_end - PAGING_IMAGE,
		.type = MEMORY_HYPERVISOR,
	};
	memory_map_mark(map, &reservation->image);
	base = memory_map_take(map,
			       &(struct memory_wish){
				       .size = boot + pool,
				       .alignment = LARGE_PAGE_SIZE,
				       .min = LARGE_PAGE_SIZE,
				       .max = FOUR_GIGABYTES,
				       .high = true,
			       },
			       MEMORY_HYPERVISOR);
	if (base == UINT64_MAX)
		return false;
	reservation->source = (struct page_source){take_page, give_page};
	reservation->next = base;
	reservation->end = base + boot;
	reservation->own = (struct memory_range){base, base + boot + pool,
						 MEMORY_HYPERVISOR};
	reservation->pool = (struct memory_range){
		base + boot, base + boot + pool, MEMORY_HYPERVISOR};
	return true;
}

spa_t reserve_take(struct reservation *reservation, uint64_t pages)
{
	spa_t first = SPA(reservation->next);

	assert(pages <= (reservation->end - reservation->next) >> PAGE_SHIFT);
	reservation->next += pages << PAGE_SHIFT;
	memset(cpu_map(first), 0, pages << PAGE_SHIFT);
	return first;
}
