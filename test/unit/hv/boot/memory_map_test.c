/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The memory map: marks over marks, checked against a byte-per-page model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hv/boot/memory_map.h"

#define PAGES 64u

static struct memory_map map;

static int setup(void **state)
{
	(void)state;
	memset(&map, 0, sizeof(map));
	return 0;
}

static void mark(uint64_t base, uint64_t end, enum memory_type type)
{
	memory_map_mark(&map, &(struct memory_range){base, end, type});
}

/* Sorted, no overlap, no empty range, no two alike side by side. */
static void check_form(void)
{
	for (uint32_t i = 0; i < map.count; i++) {
		const struct memory_range *range = &map.ranges[i];

		assert_true(range->base < range->end);
		if (i == 0)
			continue;
		assert_true(range[-1].end <= range->base);
		assert_false(range[-1].end == range->base &&
			     range[-1].type == range->type);
	}
}

static unsigned char type_at(uint64_t page)
{
	for (uint32_t i = 0; i < map.count; i++)
		if (map.ranges[i].base <= page && page < map.ranges[i].end)
			return (unsigned char)map.ranges[i].type;
	return 0;
}

static void test_random_marks_match_a_model(void **state)
{
	(void)state;
	srand(1);
	for (unsigned int round = 0; round < 200; round++) {
		unsigned char model[PAGES] = {0};

		setup(NULL);
		for (unsigned int i = 0; i < 30; i++) {
			uint64_t base = (uint64_t)rand() % PAGES;
			uint64_t end =
				base + (uint64_t)rand() % (PAGES - base + 1);
			enum memory_type type =
				(enum memory_type)(1 + rand() % 4);

			mark(base, end, type);
			memset(model + base, (int)type, end - base);
			check_form();
			for (uint64_t page = 0; page < PAGES; page++)
				assert_int_equal(type_at(page), model[page]);
		}
	}
}

static void test_find_low_and_high(void **state)
{
	struct memory_wish wish = {.size = 0x3000,
				   .alignment = 0x2000,
				   .min = 0x1000,
				   .max = 0x100000};

	(void)state;
	mark(0x0, 0x2000, MEMORY_RAM); /* too small from min on */
	mark(0x5000, 0x20000, MEMORY_RAM);
	mark(0x20000, 0x40000, MEMORY_RESERVED);
	mark(0x40000, 0x51000, MEMORY_RAM);
	assert_int_equal(memory_map_find(&map, &wish), 0x6000);
	wish.high = true;
	assert_int_equal(memory_map_find(&map, &wish), 0x4e000);
	wish.max = 0x40000;
	assert_int_equal(memory_map_find(&map, &wish), 0x1c000);
	wish.size = 0x1c000;
	assert_int_equal(memory_map_find(&map, &wish), UINT64_MAX);
}

static void test_high_place_stays_inside(void **state)
{
	/* 0x5000 of room, but none for 0x4000 aligned to 0x4000. */
	const struct memory_wish wish = {.size = 0x4000,
					 .alignment = 0x4000,
					 .max = UINT64_MAX,
					 .high = true};

	(void)state;
	mark(0x1000, 0x6000, MEMORY_RAM);
	assert_int_equal(memory_map_find(&map, &wish), UINT64_MAX);
}

static void test_taken_is_not_taken_again(void **state)
{
	const struct memory_wish wish = {
		.size = 0x1000, .alignment = 0x1000, .max = UINT64_MAX};

	(void)state;
	mark(0, 0x3000, MEMORY_RAM);
	assert_int_equal(memory_map_take(&map, &wish, MEMORY_LOADED), 0);
	assert_int_equal(memory_map_take(&map, &wish, MEMORY_HYPERVISOR),
			 0x1000);
	assert_int_equal(memory_map_take(&map, &wish, MEMORY_LOADED), 0x2000);
	assert_int_equal(memory_map_take(&map, &wish, MEMORY_LOADED),
			 UINT64_MAX);
	assert_int_equal(type_at(0x1000), MEMORY_HYPERVISOR);
	assert_int_equal(memory_map_ram_size(&map), 0);
	assert_int_equal(memory_map_ram_end(&map), 0x3000);
}

static void test_overflow_is_told(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < MEMORY_RANGES_MAX; i++)
		mark(i * 2, i * 2 + 1, MEMORY_RAM);
	assert_false(map.overflowed);
	assert_int_equal(map.count, MEMORY_RANGES_MAX);
	mark(MEMORY_RANGES_MAX * 2, MEMORY_RANGES_MAX * 2 + 1, MEMORY_RAM);
	assert_true(map.overflowed);
	assert_int_equal(map.count, MEMORY_RANGES_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_random_marks_match_a_model, setup),
		cmocka_unit_test_setup(test_find_low_and_high, setup),
		cmocka_unit_test_setup(test_high_place_stays_inside, setup),
		cmocka_unit_test_setup(test_taken_is_not_taken_again, setup),
		cmocka_unit_test_setup(test_overflow_is_told, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
