/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everybody does anything, at random. Nothing may break, no vp's state may be
 * touched while another processor has it (the fake looks after that), and in
 * the end every page must be back.
 */
#include "storm.h"

#define STEPS 24000

static uint64_t seed;

/* Steele, Lea, Flood: SplitMix64. */
static uint64_t random64(uint64_t limit)
{
	uint64_t value = seed += 0x9e3779b97f4a7c15;

	value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
	value = (value ^ value >> 27) * 0x94d049bb133111eb;
	value ^= value >> 31;
	return limit ? value % limit : value;
}

static void anything_goes(void **state)
{
	(void)state;
	storm.random = random64;
	storm.words = 64;
	storm_start();
	for (seed = 1; seed < 100; seed += 33) {
		unsigned int children = 0;

		for (unsigned int i = 0; i < STEPS / 3; i++)
			children += storm_step();
		assert_true(children > 100);
		storm_end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(anything_goes, world_setup,
						world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
