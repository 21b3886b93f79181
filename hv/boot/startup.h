/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starting the other logical processors, and keeping them until all is ready.
 */
#pragma once

#include "acpi.h"
#include "memory_map.h"
#include "reserve.h"

struct startup_plan {
	const struct acpi_facts *acpi;
	const struct memory_map *memory;
	struct reservation *pages;
	uint32_t lps_max;
	uint64_t tsc_hz;
};

/*
 * Starts what the MADT names, one by one; one that does not answer is left
 * out, with a log line. Fills apic_ids (by lp, 0 the boot processor); returns
 * how many run.
 */
uint32_t startup_processors(const struct startup_plan *plan,
			    uint32_t apic_ids[]);

/* Compares all TSCs for 2 ms; true if none ever went back. */
bool startup_clocks_agree(uint32_t lps, uint64_t tsc_hz);

/* Lets them all go on, into hypervisor_run(). */
void startup_release(void);

/* Where another processor's C begins, called by entry.S. */
void startup_main(void) __attribute__((noreturn));
