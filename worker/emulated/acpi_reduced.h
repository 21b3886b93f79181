/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ACPI's registers of a machine without fixed hardware: sleep, reset, events.
 */
#pragma once

#include "worker/device.h"

/* Offsets, one byte each, to be told in the FADT and the DSDT. */
#define ACPI_REDUCED_SLEEP_CONTROL 0u
#define ACPI_REDUCED_SLEEP_STATUS  1u
#define ACPI_REDUCED_RESET	   2u
/*
 * What a Generic Event Device's _EVT method reads: the events since the last
 * read, which it clears.
 */
#define ACPI_REDUCED_EVENTS 3u
#define ACPI_REDUCED_PORTS  4u

#define ACPI_REDUCED_S5		  5u /* SLP_TYP of S5, for \_S5 */
#define ACPI_REDUCED_RESET_VALUE  1u
#define ACPI_REDUCED_POWER_BUTTON 1u /* bit of the events */

struct acpi_reduced {
	struct machine_port *machine;
	struct irq_line *irq; /* high while there are events; may be NULL */
	uint8_t sleep_type;
	uint8_t status;
	uint8_t events;
};

/* device is a struct acpi_reduced. */
extern const struct io_operations acpi_reduced_operations;

void acpi_reduced_init(struct acpi_reduced *reduced,
		       struct machine_port *machine, struct irq_line *irq);
void acpi_reduced_reset(struct acpi_reduced *reduced);

uint8_t acpi_reduced_read(struct acpi_reduced *reduced, uint64_t offset);
void acpi_reduced_write(struct acpi_reduced *reduced, uint64_t offset,
			uint8_t value);

/* The person at the machine presses the power button. */
void acpi_reduced_power_button(struct acpi_reduced *reduced);
