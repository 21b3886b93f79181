/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ACPI's static tables say about processors and clocks; no AML. */
#pragma once

#include "boot_info.h"

#define ACPI_PROCESSORS_MAX 64u

struct acpi_facts {
	uint64_t rsdp; /* where firmware's root pointer lies; 0 unknown */
	uint32_t processor_count; /* usable, in the MADT's order */
	uint32_t processors_left_out;
	uint32_t apic_ids[ACPI_PROCESSORS_MAX];
	uint16_t pm_timer_port; /* 0 none */
	bool pm_timer_32bit;
	uint64_t hpet; /* physical address; 0 none */
};

/* While the first 4 GiB are mapped; tables above are not looked at. */
void acpi_read(const struct boot_info *info, struct acpi_facts *facts);
