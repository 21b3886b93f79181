/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clock's ratios against division of 128 bits, which the host has. */
#include "world.h"

#include "hv/core/clock.h"

typedef unsigned __int128 u128;

static const uint64_t rates[] = {1000000000, 1999999999, 2000000000,
				 2399998765, 3792874123, 10000019};
static const uint64_t values[] = {
	0, 1, 2, 999, 1000000007, 1ull << 40, (1ull << 62) + 12345, UINT64_MAX};

static void a_ratio_is_the_quotient_in_64_64(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
		struct clock_ratio ratio = clock_ratio(10000000, rates[i]);
		u128 exact = ((u128)10000000 << 64) / rates[i];

		assert_int_equal(ratio.whole, (uint64_t)(exact >> 64));
		assert_int_equal(ratio.fraction, (uint64_t)exact);
		ratio = clock_ratio(rates[i], 1000003);
		exact = ((u128)rates[i] << 64) / 1000003;
		assert_int_equal(ratio.whole, (uint64_t)(exact >> 64));
		assert_int_equal(ratio.fraction, (uint64_t)exact);
	}
}

static void scaling_rounds_down_and_saturates(void **state)
{
	(void)state;
	const struct clock_ratio third = clock_ratio(1, 3);
	const struct clock_ratio thrice = clock_ratio(3, 1);

	assert_int_equal(clock_scale(&third, 299), 99);
	assert_int_equal(clock_scale(&thrice, 5), 15);
	assert_int_equal(clock_scale(&thrice, UINT64_MAX / 3),
			 UINT64_MAX / 3 * 3);
	assert_int_equal(clock_scale(&thrice, UINT64_MAX / 2), UINT64_MAX);
}

static void the_inverse_is_off_by_at_most_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
		struct clock clock;

		clock_start(&clock, rates[i], 1000000000);
		for (size_t j = 0; j < ARRAY_SIZE(values); j++) {
			uint64_t time = values[j] >> 12;
			uint64_t tsc = clock_scale(&clock.tsc, time);

			if (tsc == UINT64_MAX)
				continue;
			assert_true(clock_scale(&clock.reference, tsc + 1) >=
				    time);
			assert_true(tsc < 2 || clock_scale(&clock.reference,
							   tsc - 1) < time);
		}
	}
}

static void the_apic_runs_at_its_own_rate(void **state)
{
	struct clock clock;

	(void)state;
	clock_start(&clock, 2000000000, 100000000);
	assert_in_range(clock_scale(&clock.apic, 2000000000), 99999999,
			100000000);
	assert_int_equal(clock_scale(&clock.apic_tsc, 100000000), 2000000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ratio_is_the_quotient_in_64_64),
		cmocka_unit_test(scaling_rounds_down_and_saturates),
		cmocka_unit_test(the_inverse_is_off_by_at_most_one),
		cmocka_unit_test(the_apic_runs_at_its_own_rate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
