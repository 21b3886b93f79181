/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exact conversions between the TSC, reference time and the APIC's clock. */
#include "clock.h"

/* (high << 64) / divisor, bit by bit; high < divisor, so it fits. */
static uint64_t divide_fraction(uint64_t high, uint64_t divisor)
{
	uint64_t quotient = 0;

	for (unsigned int i = 0; i < 64; i++) {
		bool carry = high >> 63;

		high <<= 1;
		quotient <<= 1;
		if (carry || high >= divisor) {
			high -= divisor;
			quotient |= 1;
		}
	}
	return quotient;
}

struct clock_ratio clock_ratio(uint64_t a, uint64_t b)
{
	return (struct clock_ratio){.whole = a / b,
				    .fraction = divide_fraction(a % b, b)};
}

/* 2^64 / fraction: the inverse of what was rounded, not of what was meant. */
static struct clock_ratio clock_inverse(uint64_t fraction)
{
	uint64_t whole = UINT64_MAX / fraction;
	uint64_t rest = UINT64_MAX % fraction + 1;

	if (rest == fraction) {
		whole++;
		rest = 0;
	}
	return (struct clock_ratio){
		.whole = whole, .fraction = divide_fraction(rest, fraction)};
}

void clock_start(struct clock *clock, uint64_t tsc_hz, uint64_t apic_hz)
{
	clock->reference = clock_ratio(CLOCK_REFERENCE_HZ, tsc_hz);
	clock->tsc = clock_inverse(clock->reference.fraction);
	clock->apic = clock_ratio(apic_hz, tsc_hz);
	clock->apic_tsc = clock_ratio(tsc_hz, apic_hz);
}
