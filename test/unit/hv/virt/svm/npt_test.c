/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nested page tables against a model: a page array that says what each guest
 * page maps to, a walker of our own, and the pages that walks have met.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "hv/virt/svm/svm.h"
#include "hv/x86/cpu.h"

#define ARENA_PAGES 512u
#define ENTRIES	    512u
#define RWX	    (VIRT_MAP_READ | VIRT_MAP_WRITE | VIRT_MAP_EXECUTE)

static uint8_t arena[ARENA_PAGES][PAGE_SIZE]
	__attribute__((aligned(PAGE_SIZE)));
static bool taken[ARENA_PAGES];
static unsigned int taken_count;
static unsigned int takes_left; /* before the source is exhausted */

/* The arena stands at physical 1 TiB. */
#define ARENA_SPA (1ull << 40)

void *cpu_map(spa_t page)
{
	uint64_t index = (page.value - ARENA_SPA) >> PAGE_SHIFT;

	assert_true(page.value >= ARENA_SPA && index < ARENA_PAGES);
	assert_true(taken[index]);
	return arena[index];
}

static spa_t take(struct page_source *source)
{
	(void)source;
	if (!takes_left)
		return SPA(0);
	takes_left--;
	for (unsigned int i = 0; i < ARENA_PAGES; i++) {
		if (taken[i])
			continue;
		taken[i] = true;
		taken_count++;
		memset(arena[i], 0, PAGE_SIZE);
		return SPA(ARENA_SPA + i * (uint64_t)PAGE_SIZE);
	}
	return SPA(0);
}

static void give(struct page_source *source, spa_t page)
{
	uint64_t index = (page.value - ARENA_SPA) >> PAGE_SHIFT;

	(void)source;
	assert_true(index < ARENA_PAGES && taken[index]);
	taken[index] = false;
	taken_count--;
	memset(arena[index], 0xee, PAGE_SIZE);
}

static struct page_source source = {.take = take, .give = give};
static struct virt_space space;

/* Four times 2 MiB, two of them neighbours, one under another top entry. */
static const uint64_t regions[] = {0, LARGE_PAGE_SIZE, 7ull << 30, 1ull << 40};
#define REGIONS (sizeof(regions) / sizeof(*regions))

struct model_page {
	uint64_t spa;
	uint32_t rights; /* 0: not mapped */
};
static struct model_page model[REGIONS][ENTRIES];

/* Which region each arena page has ever been a 4 KiB table of; 0 none. */
static unsigned int table_of_region[ARENA_PAGES];

static int setup(void **state)
{
	(void)state;
	memset(taken, 0, sizeof(taken));
	memset(model, 0, sizeof(model));
	memset(table_of_region, 0, sizeof(table_of_region));
	taken_count = 0;
	takes_left = UINT32_MAX;
	space = (struct virt_space){.pages = &source};
	assert_true(svm_space_start(&space));
	return 0;
}

static void release_all(unsigned int budget)
{
	for (;;) {
		unsigned int before = taken_count;
		bool done = svm_space_release(&space, budget);

		assert_true(before - taken_count <= budget);
		if (done)
			break;
		assert_int_equal(before - taken_count, budget);
	}
	assert_int_equal(taken_count, 0);
	assert_int_equal(space.root.value, 0);
	assert_int_equal(space.retired.value, 0);
}

static enum hv_status map(uint64_t gpa, uint64_t spa, uint64_t size,
			  uint32_t rights)
{
	const struct virt_mapping mapping = {
		.gpa = GPA(gpa),
		.spa = SPA(spa),
		.size = size,
		.rights = rights,
	};

	return svm_space_map(&space, &mapping);
}

/* As silicon walks (APM volume 2, 15.25.6); 0 where it would fault. */
static uint64_t hardware_walk(uint64_t gpa, unsigned int region)
{
	uint64_t entry = space.root.value | 1;

	for (int shift = 39; shift >= 12; shift -= 9) {
		uint64_t page = entry & 0xffffffffff000;
		const uint64_t *table = cpu_map(SPA(page));

		if (shift == 12) {
			unsigned int *user =
				&table_of_region[(page - ARENA_SPA) >> 12];

			/* A table serves one 2 MiB for all its life. */
			assert_true(!*user || *user == region + 1);
			*user = region + 1;
		}
		entry = table[gpa >> shift & 511];
		if (!(entry & 1))
			return 0;
		assert_true(entry & 4);
		if (shift == 21 && entry & 0x80) {
			assert_int_equal(entry & 0x1ff000, 0);
			return (entry & ~0x80ull) + (gpa & 0x1ff000);
		}
		if (shift > 12)
			assert_true(entry & 2 && !(entry >> 63));
	}
	assert_int_equal(entry & 0x80, 0); /* would be the PAT bit here */
	return entry;
}

static uint32_t rights_of(uint64_t entry)
{
	uint64_t rights = VIRT_MAP_READ;

	if (entry & 2)
		rights |= VIRT_MAP_WRITE;
	if (!(entry >> 63))
		rights |= VIRT_MAP_EXECUTE;
	if ((entry & 0x18) == 0x18)
		rights |= VIRT_MAP_UNCACHED;
	return (uint32_t)rights;
}

static void check_page(unsigned int region, unsigned int page)
{
	uint64_t gpa = regions[region] + page * (uint64_t)PAGE_SIZE;
	const struct model_page *expected = &model[region][page];
	uint64_t entry = hardware_walk(gpa, region);
	struct virt_mapping found;
	bool there = svm_space_lookup(&space, GPA(gpa), &found);

	assert_int_equal(there, expected->rights != 0);
	assert_int_equal(entry != 0, expected->rights != 0);
	assert_true(gpa - found.gpa.value < found.size);
	if (!there && page + 1 < ENTRIES &&
	    found.gpa.value + found.size > gpa + PAGE_SIZE)
		assert_int_equal(model[region][page + 1].rights, 0);
	if (!there)
		return;
	assert_int_equal(entry & 0xffffffffff000, expected->spa);
	assert_int_equal(rights_of(entry), expected->rights);
	assert_int_equal(found.rights, expected->rights);
	assert_int_equal(found.spa.value + (gpa - found.gpa.value),
			 expected->spa);
}

static void check_all(void)
{
	for (unsigned int region = 0; region < REGIONS; region++)
		for (unsigned int page = 0; page < ENTRIES; page++)
			check_page(region, page);
}

static uint32_t random_rights(void)
{
	return (uint32_t)(VIRT_MAP_READ | ((unsigned int)rand() & 0xe));
}

static void random_small(unsigned int region)
{
	unsigned int page = (unsigned int)rand() % ENTRIES;
	struct model_page next = {
		.spa = (uint64_t)(rand() % 100000) * PAGE_SIZE,
		.rights = random_rights(),
	};

	if (map(regions[region] + page * (uint64_t)PAGE_SIZE, next.spa,
		PAGE_SIZE, next.rights) == HV_STATUS_SUCCESS)
		model[region][page] = next;
	else
		assert_int_equal(takes_left, 0);
}

static void random_large(unsigned int region)
{
	uint64_t spa = (uint64_t)(rand() % 1000) * LARGE_PAGE_SIZE;
	uint32_t rights = random_rights();

	if (map(regions[region], spa, LARGE_PAGE_SIZE, rights) !=
	    HV_STATUS_SUCCESS) {
		assert_int_equal(takes_left, 0);
		return;
	}
	for (unsigned int page = 0; page < ENTRIES; page++)
		model[region][page] = (struct model_page){
			spa + page * (uint64_t)PAGE_SIZE, rights};
}

/* Within a region, or over the two neighbours. */
static void random_unmap(unsigned int region)
{
	unsigned int first = (unsigned int)rand() % ENTRIES;
	unsigned int limit = region == 0 ? 2 * ENTRIES : ENTRIES;
	unsigned int count = 1 + (unsigned int)rand() % (limit - first);

	if (rand() % 3 == 0) {
		first = 0;
		count = limit;
	}
	if (svm_space_unmap(&space,
			    GPA(regions[region] + first * (uint64_t)PAGE_SIZE),
			    count * (uint64_t)PAGE_SIZE) != HV_STATUS_SUCCESS) {
		assert_int_equal(takes_left, 0);
		return;
	}
	for (unsigned int page = first; page < first + count; page++)
		model[region + page / ENTRIES][page % ENTRIES].rights = 0;
}

static void test_model(void **state)
{
	(void)state;
	srand(2);
	for (unsigned int i = 0; i < 3000; i++) {
		unsigned int region = (unsigned int)rand() % REGIONS;

		/* Now and then there are few pages left, or none. */
		takes_left = rand() % 2 ? UINT32_MAX : (unsigned int)rand() % 4;
		switch (rand() % 4) {
		case 0:
		case 1:
			random_small(region);
			break;
		case 2:
			random_large(region);
			break;
		default:
			random_unmap(region);
		}
		check_all();
	}
	/* Two top tables, then at most a table and a retired one each. */
	assert_in_range(taken_count, 1, 2 * (1 + 2 + 3) + REGIONS);
	release_all(3);
}

/* From small to large and back for ever takes no more pages. */
static void test_no_leak(void **state)
{
	unsigned int before;

	(void)state;
	assert_int_equal(map(0, 0, LARGE_PAGE_SIZE, RWX), HV_STATUS_SUCCESS);
	assert_int_equal(map(0x5000, 0x9000, PAGE_SIZE, RWX),
			 HV_STATUS_SUCCESS);
	assert_int_equal(map(0, 0, LARGE_PAGE_SIZE, RWX), HV_STATUS_SUCCESS);
	before = taken_count;
	for (unsigned int i = 0; i < 100; i++) {
		struct virt_mapping found;

		assert_int_equal(map(0x5000, 0x9000, PAGE_SIZE, RWX),
				 HV_STATUS_SUCCESS);
		assert_true(svm_space_lookup(&space, GPA(0x5000), &found));
		assert_int_equal(found.size, PAGE_SIZE);
		assert_int_equal(found.spa.value, 0x9000);
		assert_int_equal(
			map(0, LARGE_PAGE_SIZE * i, LARGE_PAGE_SIZE, RWX),
			HV_STATUS_SUCCESS);
		assert_true(svm_space_lookup(&space, GPA(0x5000), &found));
		assert_int_equal(found.size, LARGE_PAGE_SIZE);
	}
	assert_int_equal(taken_count, before);
	release_all(1);
}

/*
 * A walker that still holds the address of a table sees what is mapped now,
 * after a large leaf has taken the table's place.
 */
static void test_stale_walk(void **state)
{
	uint64_t *table = NULL;

	(void)state;
	assert_int_equal(map(0x5000, 0x9000, PAGE_SIZE, RWX),
			 HV_STATUS_SUCCESS);
	for (unsigned int i = 0; i < ARENA_PAGES; i++)
		if (taken[i] &&
		    (((uint64_t *)arena[i])[5] & 0xffffffffff000) == 0x9000)
			table = (uint64_t *)arena[i];
	assert_non_null(table);
	assert_int_equal(map(0, 0x40000000, LARGE_PAGE_SIZE, VIRT_MAP_READ),
			 HV_STATUS_SUCCESS);
	assert_int_equal(table[5] & 0xffffffffff000, 0x40005000);
	assert_int_equal(rights_of(table[5]), VIRT_MAP_READ);
	assert_int_equal(table[511] & 0xffffffffff000, 0x401ff000);
	release_all(100);
}

static void test_refused(void **state)
{
	static const struct virt_mapping bad[] = {
		{.gpa = {1}, .size = PAGE_SIZE, .rights = RWX},
		{.spa = {1}, .size = PAGE_SIZE, .rights = RWX},
		{.gpa = {PAGE_SIZE}, .size = LARGE_PAGE_SIZE, .rights = RWX},
		{.spa = {PAGE_SIZE}, .size = LARGE_PAGE_SIZE, .rights = RWX},
		{.size = 2 * PAGE_SIZE, .rights = RWX},
		{.size = PAGE_SIZE, .rights = VIRT_MAP_WRITE},
		{.size = PAGE_SIZE, .rights = 0},
		{.gpa = {1ull << 48}, .size = PAGE_SIZE, .rights = RWX},
		{.spa = {1ull << 52}, .size = PAGE_SIZE, .rights = RWX},
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(svm_space_map(&space, &bad[i]),
				 HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(svm_space_unmap(&space, GPA(1), PAGE_SIZE),
			 HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(svm_space_unmap(&space, GPA(0), 0),
			 HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(svm_space_unmap(&space, GPA(PAGE_SIZE), 1ull << 48),
			 HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(svm_space_unmap(&space, GPA(0), 1ull << 48),
			 HV_STATUS_SUCCESS);
	assert_int_equal(taken_count, 1);
	release_all(1);
}

/* No pages at all: nothing is mapped, nothing is lost. */
static void test_exhausted(void **state)
{
	struct virt_mapping found;

	(void)state;
	for (unsigned int pages = 0; pages < 3; pages++) {
		takes_left = pages;
		assert_int_equal(map(0x123000, 0, PAGE_SIZE, RWX),
				 HV_STATUS_INSUFFICIENT_MEMORY);
		assert_false(svm_space_lookup(&space, GPA(0x123000), &found));
		assert_true(found.gpa.value <= 0x123000 &&
			    found.gpa.value + found.size > 0x123000);
		release_all(2);
		takes_left = 1;
		assert_true(svm_space_start(&space));
	}
	takes_left = 3;
	assert_int_equal(map(0x123000, 0, PAGE_SIZE, RWX), HV_STATUS_SUCCESS);
	release_all(2);
	takes_left = 0;
	assert_false(svm_space_start(&space));
	assert_true(svm_space_release(&space, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_refused, setup),
		cmocka_unit_test_setup(test_exhausted, setup),
		cmocka_unit_test_setup(test_no_leak, setup),
		cmocka_unit_test_setup(test_stale_walk, setup),
		cmocka_unit_test_setup(test_model, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
