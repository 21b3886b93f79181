/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exact conversions between the TSC, reference time and the APIC's clock. */
#pragma once

#include "../lib/types.h"

#define CLOCK_REFERENCE_HZ 10000000ull /* reference time counts 100 ns */

/* A factor in 64.64 fixed point. */
struct clock_ratio {
	uint64_t whole;
	uint64_t fraction; /* in units of 2^-64 */
};

/*
 * The factors are computed once: a division of 128 bits would need a library,
 * and the reference TSC page wants the very same rounding as ours.
 */
struct clock {
	struct clock_ratio reference; /* TSC -> 100 ns; whole is 0 */
	struct clock_ratio tsc;	      /* 100 ns -> TSC */
	struct clock_ratio apic;      /* TSC -> ticks of the APIC timer */
	struct clock_ratio apic_tsc;  /* ticks of the APIC timer -> TSC */
};

/* Both rates in Hz; the TSC's must be above 10 MHz, the APIC's not 0. */
void clock_start(struct clock *clock, uint64_t tsc_hz, uint64_t apic_hz);

/* a / b as a factor; b is not 0. */
struct clock_ratio clock_ratio(uint64_t a, uint64_t b);

/* value * ratio rounded down; UINT64_MAX when it does not fit. */
static inline uint64_t clock_scale(const struct clock_ratio *ratio,
				   uint64_t value)
{
	unsigned __int128 product =
		(unsigned __int128)value * ratio->whole +
		(uint64_t)(((unsigned __int128)value * ratio->fraction) >> 64);

	return product >> 64 ? UINT64_MAX : (uint64_t)product;
}
