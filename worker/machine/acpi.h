/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ACPI tables a machine shows its child. */
#pragma once

#include "worker/device.h"
#include "aml.h"

#define ACPI_BASE 0xe0000ULL /* where the root pointer is looked for */
#define ACPI_SIZE 0x20000ULL

#define ACPI_LOCAL_APIC 0xfee00000u
#define ACPI_IOAPIC	0xfec00000u

/* Bits of the FADT. */
#define ACPI_FADT_WBINVD	  (1u << 0)
#define ACPI_FADT_C1		  (1u << 2)
#define ACPI_FADT_NO_POWER_BUTTON (1u << 4)
#define ACPI_FADT_NO_SLEEP_BUTTON (1u << 5)
#define ACPI_FADT_TIMER_32	  (1u << 8)
#define ACPI_FADT_RESET		  (1u << 10)
#define ACPI_FADT_REDUCED	  (1u << 20)
#define ACPI_FADT_BOOT_LEGACY	  (1u << 0)
#define ACPI_FADT_BOOT_NO_VGA	  (1u << 2)
#define ACPI_FADT_BOOT_NO_RTC	  (1u << 5)

/* Ports of fixed hardware; zero: there is none. */
struct acpi_fadt {
	uint32_t flags;
	uint16_t boot_flags;
	uint16_t sci;
	uint16_t pm1_event;
	uint16_t pm1_control;
	uint16_t pm_timer;
	uint16_t reset;
	uint8_t reset_value;
	uint16_t sleep_control; /* hardware-reduced machines */
	uint16_t sleep_status;
};

/* An ISA interrupt that is not on the input of its own number. */
struct acpi_override {
	uint8_t isa;
	uint8_t gsi;
	uint16_t flags; /* MPS INTI: 0 as the bus, 0xd level and active high */
};

struct acpi_madt {
	unsigned int processors; /* APIC ids 0 ... */
	bool pic;
	const struct acpi_override *overrides;
	unsigned int override_count;
};

struct acpi_options {
	struct acpi_fadt fadt;
	struct acpi_madt madt;
	/* Writes the DSDT's contents. */
	void (*describe)(struct aml *aml, void *owner);
	void *owner;
	bool pm_timer_good; /* WAET: one read of the PM timer is enough */
};

/* Builds all tables in the child's memory. 0 or -ENOSPC. */
int acpi_build(const struct memory *memory, const struct acpi_options *options,
	       uint64_t *rsdp);
