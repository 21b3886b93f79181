/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's own page tables: built once at boot, W^X throughout. */
#include "paging.h"
#include "../lib/print.h"
#include "../lib/string.h"
#include "cpu.h"
#include "feature.h"
#include "image.h"
#include "register.h"

#define ENTRY_PRESENT BIT(0)
#define ENTRY_LARGE   BIT(7)
#define ENTRY_ADDRESS 0x000ffffffffff000ull

static struct {
	struct page_source *pages;
	spa_t root;
	uintptr_t devices; /* next free device address */
} paging = {.devices = PAGING_DEVICES};

static unsigned int shift_of(unsigned int level)
{
	return PAGE_SHIFT + 9 * level;
}

/* The entry of the table at table that address goes through. */
static uint64_t *entry_of(spa_t table, uintptr_t address, unsigned int level)
{
	uint64_t *entries = cpu_map(table);

	return &entries[address >> shift_of(level) & 511];
}

static spa_t table_below(uint64_t *entry)
{
	spa_t table;

	if ((*entry & ENTRY_PRESENT) != 0)
		return SPA(*entry & ENTRY_ADDRESS);
	table = paging.pages->take(paging.pages);
	assert(table.value != 0);
	*entry = table.value | ENTRY_PRESENT | PAGING_WRITE;
	return table;
}

/* Maps one leaf of 4 KiB (level 0) or 2 MiB (1). */
static void map_leaf(uintptr_t address, spa_t spa, uint64_t flags,
		     unsigned int level)
{
	spa_t table = paging.root;
	uint64_t *entry;

	for (unsigned int i = 3; i > level; i--)
		table = table_below(entry_of(table, address, i));
	entry = entry_of(table, address, level);
	assert((*entry & ENTRY_PRESENT) == 0);
	if (!features()->nx)
		flags &= ~PAGING_NO_EXECUTE;
	*entry = spa.value | flags | ENTRY_PRESENT |
		 (level > 0 ? ENTRY_LARGE : 0);
}

void paging_map(const struct paging_range *range)
{
	struct paging_range rest = *range;

	while (rest.size > 0) {
		bool large =
			!((rest.address | rest.spa.value) & LARGE_PAGE_MASK) &&
			rest.size >= LARGE_PAGE_SIZE;
		uint64_t size = large ? LARGE_PAGE_SIZE : PAGE_SIZE;

		map_leaf(rest.address, rest.spa, rest.flags, large);
		rest.address += size;
		rest.spa.value += size;
		rest.size -= size;
	}
}

void *paging_map_device(spa_t page)
{
	uintptr_t address = paging.devices;

	paging.devices += PAGE_SIZE;
	paging_map(&(struct paging_range){
		.address = address,
		.spa = page,
		.size = PAGE_SIZE,
		.flags = PAGING_DATA | PAGING_UNCACHED,
	});
	return (void *)address;
}

/* Maps the frames between two places of the image, as seen from base. */
static void map_image_part(const uint8_t *start, const uint8_t *end,
			   uintptr_t base, uint64_t flags)
{
	uint64_t spa = (uintptr_t)start - PAGING_IMAGE;

	paging_map(&(struct paging_range){
		.address = base + spa,
		.spa = SPA(spa),
		.size = (uint64_t)(end - start),
		.flags = flags | PAGING_GLOBAL,
	});
}

static void map_image(const uint8_t *guard)
{
	map_image_part(image_text, image_rodata, PAGING_IMAGE, 0);
	map_image_part(image_rodata, image_data, PAGING_IMAGE,
		       PAGING_NO_EXECUTE);
	map_image_part(image_data, guard, PAGING_IMAGE, PAGING_DATA);
	map_image_part(guard + PAGE_SIZE, image_end, PAGING_IMAGE, PAGING_DATA);
}

static void map_direct(uint64_t start, uint64_t end)
{
	paging_map(&(struct paging_range){
		.address = PAGING_DIRECT + start,
		.spa = SPA(start),
		.size = end - start,
		.flags = PAGING_DATA,
	});
}

/* Text and constants are read-only here too: no writable alias of them. */
static void map_all_of_ram(spa_t ram_end)
{
	uint64_t text = (uintptr_t)image_text - PAGING_IMAGE;
	uint64_t data = (uintptr_t)image_data - PAGING_IMAGE;

	map_direct(0, text);
	map_image_part(image_text, image_data, PAGING_DIRECT,
		       PAGING_NO_EXECUTE);
	map_direct(data, (ram_end.value + PAGE_MASK) & ~(uint64_t)PAGE_MASK);
}

void paging_start(struct page_source *pages, spa_t ram_end,
		  const uint8_t *guard)
{
	paging.pages = pages;
	paging.root = pages->take(pages);
	assert(paging.root.value != 0);
	map_all_of_ram(ram_end);
	map_image(guard);
	paging_load();
}

void paging_load(void)
{
	/* Global entries of the tables left behind go as PGE is toggled. */
	uint64_t cr4 = register_read_cr4();

	register_write_cr4(cr4 & ~CR4_PGE);
	register_write_cr3(paging.root.value);
	register_write_cr4(cr4 | CR4_PGE);
}

spa_t paging_root(void)
{
	return paging.root;
}

void *cpu_map(spa_t page)
{
	return (void *)(PAGING_DIRECT + page.value);
}
