/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starting the other logical processors, and keeping them until all is ready.
 */
#pragma once

#include "../core/hypervisor.h"
#include "acpi.h"
#include "memory_map.h"

/*
 * Starts what the MADT names, one by one, at most lps_max in all; one that
 * does not answer is left out, with a log line. Then compares their TSCs.
 * Fills lps, apic_id and tsc_synchronous of config, where tsc_hz is known.
 */
void startup_processors(const struct acpi_facts *acpi,
			const struct memory_map *memory, uint32_t lps_max,
			struct hypervisor_config *config);

/* Lets them all go on, into hypervisor_run(). */
void startup_release(void);

/* Where another processor's C begins, called by entry.S. */
void startup_main(void) __attribute__((noreturn));
