/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How fast the TSC and the local APIC's timer run, and whether all TSCs agree.
 */
#pragma once

#include "../lib/types.h"

/* A counter of known rate that every machine has: PM timer or HPET. */
struct tsc_reference {
	const char *name;
	uint64_t (*read)(void);
	uint64_t mask; /* the counter's width */
	uint64_t hz;
};

struct tsc_rates {
	uint64_t tsc_hz;
	uint64_t tsc_error_hz; /* the true value is within this */
	uint64_t timer_hz;     /* local APIC timer at divide 1 */
};

/* value * numerator / denominator; the result must fit 64 bits. */
static inline uint64_t tsc_scale(uint64_t value, uint64_t numerator,
				 uint64_t denominator)
{
	uint64_t high, result;

	__asm__("mulq %3\n\tdivq %4"
		: "=&a"(result), "=&d"(high)
		: "0"(value), "r"(numerator), "r"(denominator)
		: "cc");
	return result;
}

/* Measures for a bit over 100 ms; the local APIC must be on. */
void tsc_calibrate(const struct tsc_reference *reference,
		   struct tsc_rates *rates);

/*
 * Compares this processor's TSC with those of all others in here at the same
 * time, for that many ticks; tsc_warped() tells then if any went back.
 */
void tsc_watch(uint64_t ticks);
bool tsc_warped(void);
