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

static uint64_t next, end; /* of boot's pages, physical */

static uint64_t round_up_large(uint64_t size)
{
	return (size + LARGE_PAGE_MASK) & ~LARGE_PAGE_MASK;
}

/* A byte for each frame below the end of RAM. */
static uint64_t lent_pages(uint64_t ram_end)
{
	return (ram_end >> (2 * PAGE_SHIFT)) + 1;
}

/* Page tables of the direct map and the image, and the other stacks. */
static uint64_t boot_size(uint64_t ram_end, uint32_t lps)
{
	uint64_t gigabytes = (ram_end >> 30) + 1;
	uint64_t tables = gigabytes + gigabytes / 512 + 32;
	uint64_t stacks = (uint64_t)lps * (PROCESSOR_AREA_SIZE / PAGE_SIZE);

	return round_up_large((tables + stacks + lent_pages(ram_end))
			      << PAGE_SHIFT);
}

/* What the core may touch for partitions: not the devices in the holes. */
static void list_ram(const struct memory_map *map,
		     struct hypervisor_config *config)
{
	_Static_assert(RAM_RANGES_MAX >= MEMORY_RANGES_MAX, "all fit");
	for (uint32_t i = 0; i < map->count; i++) {
		const struct memory_range *range = &map->ranges[i];
		struct spa_range *ram = &config->ram[config->ram_count];
		uint64_t size = range->end - range->base;

		if (range->type != MEMORY_RAM &&
		    range->type != MEMORY_HYPERVISOR &&
		    range->type != MEMORY_LOADED)
			continue;
		if (config->ram_count != 0 &&
		    ram[-1].base.value + ram[-1].size == range->base) {
			ram[-1].size += size;
			continue;
		}
		*ram = (struct spa_range){SPA(range->base), size};
		config->ram_count++;
	}
}

bool reserve_memory(struct memory_map *map, const struct reserve_wish *wish,
		    struct hypervisor_config *config)
{
	struct spa_range *image = &config->hidden[0];
	struct spa_range *own = &config->hidden[1]; /* boot's, then the pool */
	uint64_t start = (uintptr_t)image_start - PAGING_IMAGE;
	uint64_t size = memory_map_ram_size(map);
	uint64_t pool = MIN(MAX(size / 64, POOL_MIN), POOL_MAX);

	print("boot: memory: %lu MiB\n", size >> 20);
	config->hidden_count = 2;
	*image = (struct spa_range){SPA(start), (uintptr_t)image_end -
							(uintptr_t)image_start};
	memory_map_mark(map, &(struct memory_range){start, start + image->size,
						    MEMORY_HYPERVISOR});
	pool = round_up_large(wish->pool_size != 0 ? wish->pool_size : pool);
	own->size = pool + boot_size(memory_map_ram_end(map), wish->lps);
	next = memory_map_take(map,
			       &(struct memory_wish){
				       .size = own->size,
				       .alignment = LARGE_PAGE_SIZE,
				       .min = LARGE_PAGE_SIZE,
				       .max = FOUR_GIGABYTES,
				       .high = true,
			       },
			       MEMORY_HYPERVISOR);
	if (next == UINT64_MAX)
		return false;
	own->base = SPA(next);
	end = next + own->size - pool;
	config->pool = (struct spa_range){SPA(end), pool};
	list_ram(map, config);
	config->lent = reserve_take(lent_pages(memory_map_ram_end(map)));
	return true;
}

spa_t reserve_take(uint64_t pages)
{
	spa_t first = SPA(next);

	assert(pages <= (end - next) >> PAGE_SHIFT);
	next += pages << PAGE_SHIFT;
	memset(cpu_map(first), 0, pages << PAGE_SHIFT);
	return first;
}

static spa_t take_page(struct page_source *source)
{
	(void)source;
	return reserve_take(1);
}

struct page_source reserve_source = {.take = take_page};
