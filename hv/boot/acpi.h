/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ACPI's static tables say about processors and clocks; no AML. */
#pragma once

#include "boot_info.h"

#define ACPI_PROCESSORS_MAX 64u

struct acpi_facts {
	uint32_t processor_count; /* usable, in the MADT's order */
	uint32_t processors_left_out;
	uint32_t apic_ids[ACPI_PROCESSORS_MAX];
	uint16_t pm_timer_port; /* 0 none */
	spa_t hpet;		/* 0 none */
};

/*
 * While the first 4 GiB are mapped; tables above are not looked at. Where no
 * loader gave the root pointer, info gets the one that a BIOS left.
 */
void acpi_read(struct boot_info *info, struct acpi_facts *facts);
