/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nested page tables: four levels, leaves of 4 KiB and 2 MiB.
 *
 *   level 4 (512 GiB an entry) -> 3 (1 GiB) -> 2 (2 MiB, or a leaf) -> 1 (4
 * KiB)
 *
 * Silicon may hold the address of a table page until translations are
 * dropped, so a table is never given back or put to another use while the
 * space lives. When a large leaf takes a table's place, the table is first
 * filled with the same translation and then kept for this very 2 MiB, in a
 * second tree of the same shape (retired) that silicon never walks; splitting
 * the leaf later takes it from there. A stale walk therefore finds only what
 * this guest physical address was mapped to.
 */
#include "../../x86/cpu.h"
#include "svm.h"

#define ENTRY_PRESENT	 BIT(0)
#define ENTRY_WRITE	 BIT(1)
#define ENTRY_USER	 BIT(2) /* nested walks count as user accesses */
#define ENTRY_UNCACHED	 (BIT(3) | BIT(4))
#define ENTRY_ACCESSED	 BIT(5)
#define ENTRY_DIRTY	 BIT(6)
#define ENTRY_LARGE	 BIT(7)
#define ENTRY_NO_EXECUTE BIT(63)
#define ENTRY_ADDRESS	 0x000ffffffffff000ull

#define ENTRY_TABLE (ENTRY_PRESENT | ENTRY_WRITE | ENTRY_USER | ENTRY_ACCESSED)
#define ENTRY_LEAF  (ENTRY_PRESENT | ENTRY_USER | ENTRY_ACCESSED | ENTRY_DIRTY)

#define ENTRIES	  512u
#define TOP_LEVEL 4u
#define GPA_LIMIT BIT(48)

static uint64_t level_size(unsigned int level)
{
	return BIT(PAGE_SHIFT + 9 * (level - 1));
}

static unsigned int level_index(gpa_t gpa, unsigned int level)
{
	return (gpa.value >> (PAGE_SHIFT + 9 * (level - 1))) & (ENTRIES - 1);
}

static bool is_table(uint64_t entry)
{
	return entry & ENTRY_PRESENT && !(entry & ENTRY_LARGE);
}

static uint64_t *table_of(uint64_t entry)
{
	return cpu_map(SPA(entry & ENTRY_ADDRESS));
}

/* Orders what was written into a table before the entry that leads to it. */
static void store(uint64_t *entry, uint64_t value)
{
	__atomic_store_n(entry, value, __ATOMIC_RELEASE);
}

static uint64_t load(const uint64_t *entry)
{
	return __atomic_load_n(entry, __ATOMIC_RELAXED);
}

/*
 * The entry that decides about gpa, not below level *level: on the way down
 * the walk ends at a leaf or at nothing. Sets *level to where it ended.
 */
static uint64_t *walk(spa_t root, gpa_t gpa, unsigned int *level)
{
	uint64_t *table = cpu_map(root);
	unsigned int at = TOP_LEVEL;

	for (;; at--) {
		uint64_t *entry = &table[level_index(gpa, at)];

		if (at == *level || !is_table(load(entry))) {
			*level = at;
			return entry;
		}
		table = table_of(load(entry));
	}
}

/* The level 2 entry of gpa, with the tables above it made; NULL: no pages. */
static uint64_t *make_large_entry(struct virt_space *space, spa_t *root,
				  gpa_t gpa)
{
	struct page_source *pages = space->pages;

	if (!root->value) {
		*root = pages->take(pages);
		if (!root->value)
			return NULL;
	}
	for (;;) {
		unsigned int level = 2;
		uint64_t *entry = walk(*root, gpa, &level);
		spa_t table;

		if (level == 2)
			return entry;
		table = pages->take(pages);
		if (!table.value)
			return NULL;
		store(entry, table.value | ENTRY_TABLE);
	}
}

/* 4 KiB entries for what a large leaf maps; zeroes for nothing. */
static void fill_table(uint64_t *table, uint64_t leaf)
{
	uint64_t step = leaf & ENTRY_PRESENT ? PAGE_SIZE : 0;
	uint64_t entry = leaf & ~ENTRY_LARGE;

	for (unsigned int i = 0; i < ENTRIES; i++, entry += step)
		store(&table[i], entry);
}

/* The table kept for the 2 MiB around gpa, out of the retired tree; 0 none. */
static uint64_t take_retired(struct virt_space *space, gpa_t gpa)
{
	unsigned int level = 2;
	uint64_t *entry, table = 0;

	if (space->retired.value) {
		entry = walk(space->retired, gpa, &level);
		if (level == 2) {
			table = *entry;
			*entry = 0;
		}
	}
	return table;
}

/*
 * The table of 4 KiB entries below a level 2 entry: there, split from a large
 * leaf, or new. NULL: no pages.
 */
static uint64_t *make_small_table(struct virt_space *space, uint64_t *large,
				  gpa_t gpa)
{
	uint64_t table;
	spa_t page;

	if (is_table(load(large)))
		return table_of(load(large));
	table = take_retired(space, gpa);
	if (!table) {
		page = space->pages->take(space->pages);
		if (!page.value)
			return NULL;
		table = page.value | ENTRY_TABLE;
	}
	fill_table(table_of(table), load(large));
	store(large, table);
	return table_of(table);
}

/*
 * A large leaf where there may be a table. Without pages to remember the
 * table by, it stays and says the same in 4 KiB entries.
 */
static void set_large(struct virt_space *space, uint64_t *large, gpa_t gpa,
		      uint64_t leaf)
{
	uint64_t old = load(large);
	uint64_t *retired;

	if (is_table(old)) {
		fill_table(table_of(old), leaf);
		retired = make_large_entry(space, &space->retired, gpa);
		if (!retired)
			return;
		*retired = old;
	}
	store(large, leaf);
}

static uint64_t leaf_of(const struct virt_mapping *mapping)
{
	uint64_t leaf = mapping->spa.value | ENTRY_LEAF;

	if (mapping->rights & VIRT_MAP_WRITE)
		leaf |= ENTRY_WRITE;
	if (!(mapping->rights & VIRT_MAP_EXECUTE))
		leaf |= ENTRY_NO_EXECUTE;
	if (mapping->rights & VIRT_MAP_UNCACHED)
		leaf |= ENTRY_UNCACHED;
	return leaf;
}

static bool range_valid(gpa_t gpa, uint64_t size, uint64_t unit)
{
	return size && !((gpa.value | size) & (unit - 1)) &&
	       gpa.value < GPA_LIMIT && size <= GPA_LIMIT - gpa.value;
}

bool svm_space_start(struct virt_space *space)
{
	if (!space->root.value)
		space->root = space->pages->take(space->pages);
	return space->root.value;
}

enum hv_status svm_space_map(struct virt_space *space,
			     const struct virt_mapping *mapping)
{
	uint64_t *large, *table;

	if (mapping->size != PAGE_SIZE && mapping->size != LARGE_PAGE_SIZE)
		return HV_STATUS_INVALID_PARAMETER;
	if (!range_valid(mapping->gpa, mapping->size, mapping->size) ||
	    mapping->spa.value & (mapping->size - 1) ||
	    mapping->spa.value & ~ENTRY_ADDRESS ||
	    !(mapping->rights & VIRT_MAP_READ))
		return HV_STATUS_INVALID_PARAMETER;

	large = make_large_entry(space, &space->root, mapping->gpa);
	if (!large)
		return HV_STATUS_INSUFFICIENT_MEMORY;
	if (mapping->size == LARGE_PAGE_SIZE) {
		set_large(space, large, mapping->gpa,
			  leaf_of(mapping) | ENTRY_LARGE);
		return HV_STATUS_SUCCESS;
	}
	table = make_small_table(space, large, mapping->gpa);
	if (!table)
		return HV_STATUS_INSUFFICIENT_MEMORY;
	store(&table[level_index(mapping->gpa, 1)], leaf_of(mapping));
	return HV_STATUS_SUCCESS;
}

/* Makes gpa a border between two entries. */
static bool split_at(struct virt_space *space, gpa_t gpa)
{
	unsigned int level = 2;
	uint64_t *entry;

	if (!(gpa.value & LARGE_PAGE_MASK))
		return true;
	entry = walk(space->root, gpa, &level);
	if (level != 2 || !(load(entry) & ENTRY_PRESENT))
		return true;
	return make_small_table(space, entry, gpa);
}

enum hv_status svm_space_unmap(struct virt_space *space, gpa_t gpa,
			       uint64_t size)
{
	uint64_t end = gpa.value + size;

	if (!range_valid(gpa, size, PAGE_SIZE))
		return HV_STATUS_INVALID_PARAMETER;
	if (!space->root.value)
		return HV_STATUS_SUCCESS;
	/* A split changes no translation: failing after one is fine. */
	if (!split_at(space, gpa) || !split_at(space, GPA(end)))
		return HV_STATUS_INSUFFICIENT_MEMORY;

	while (gpa.value < end) {
		unsigned int level = 1;
		uint64_t *entry = walk(space->root, gpa, &level);

		if (load(entry) & ENTRY_PRESENT)
			store(entry, 0);
		gpa.value = (gpa.value | (level_size(level) - 1)) + 1;
	}
	return HV_STATUS_SUCCESS;
}

bool svm_space_lookup(const struct virt_space *space, gpa_t gpa,
		      struct virt_mapping *mapping)
{
	unsigned int level = 1;
	uint64_t entry;

	*mapping = (struct virt_mapping){.size = GPA_LIMIT};
	if (!space->root.value || gpa.value >= GPA_LIMIT)
		return false;
	entry = load(walk(space->root, gpa, &level));
	mapping->size = level_size(level);
	mapping->gpa = GPA(gpa.value & ~(mapping->size - 1));
	if (!(entry & ENTRY_PRESENT))
		return false;
	mapping->spa = SPA(entry & ENTRY_ADDRESS);
	mapping->rights = VIRT_MAP_READ;
	if (entry & ENTRY_WRITE)
		mapping->rights |= (uint32_t)VIRT_MAP_WRITE;
	if (!(entry & ENTRY_NO_EXECUTE))
		mapping->rights |= (uint32_t)VIRT_MAP_EXECUTE;
	if (entry & ENTRY_UNCACHED)
		mapping->rights |= (uint32_t)VIRT_MAP_UNCACHED;
	return true;
}

/* Gives back the table at spa and all below it, while *budget lasts. */
static bool release_table(struct page_source *pages, spa_t spa,
			  unsigned int level, unsigned int *budget)
{
	uint64_t *table = cpu_map(spa);

	for (unsigned int i = 0; level > 1 && i < ENTRIES; i++) {
		spa_t below = SPA(table[i] & ENTRY_ADDRESS);

		if (!is_table(table[i]))
			continue;
		if (!release_table(pages, below, level - 1, budget))
			return false;
		table[i] = 0;
	}
	if (!*budget)
		return false;
	--*budget;
	pages->give(pages, spa);
	return true;
}

bool svm_space_release(struct virt_space *space, unsigned int budget)
{
	spa_t *const roots[] = {&space->retired, &space->root};

	for (size_t i = 0; i < ARRAY_SIZE(roots); i++) {
		if (!roots[i]->value)
			continue;
		if (!release_table(space->pages, *roots[i], TOP_LEVEL, &budget))
			return false;
		roots[i]->value = 0;
	}
	return true;
}
