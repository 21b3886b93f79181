/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ACPI's fixed hardware of a PC: PM1 registers, PM timer, reset register. */
#pragma once

#include "worker/device.h"

/* Offsets of the blocks, to be told in the FADT. */
#define ACPI_PM_EVENT	0x00u /* PM1a event block, 4 bytes */
#define ACPI_PM_CONTROL 0x04u /* PM1a control block, 2 bytes */
#define ACPI_PM_TIMER	0x08u /* 4 bytes */
#define ACPI_PM_PORTS	0x10u

#define ACPI_PM_S5 5u /* SLP_TYP of S5, for \_S5 in the DSDT */

/* The reset register: a port of its own, CF9h on a PC. */
#define ACPI_PM_RESET_VALUE 0x06u

struct acpi_pm_options {
	struct clock *clock;
	struct irq_line *sci;
	struct machine_port *machine;
	bool timer_32_bits; /* FADT TMR_VAL_EXT; else 24 */
};

struct acpi_pm {
	struct acpi_pm_options options;
	struct device_timer timer;
	uint16_t status;	/* PM1_STS */
	uint16_t enable;	/* PM1_EN */
	uint16_t control;	/* PM1_CNT, the bits that stay */
	uint64_t flagged_ticks; /* TMR_STS is right up to here */
	uint8_t reset;		/* port CF9h */
};

/* device is a struct acpi_pm; the second is the reset register's. */
extern const struct io_operations acpi_pm_operations;
extern const struct io_operations acpi_pm_reset_operations;

void acpi_pm_init(struct acpi_pm *pm, const struct acpi_pm_options *options);
void acpi_pm_reset(struct acpi_pm *pm);

uint8_t acpi_pm_read(struct acpi_pm *pm, uint64_t offset);
/* size is 1, 2 or 4: status and enable may be written at once. */
void acpi_pm_write(struct acpi_pm *pm, uint64_t offset, unsigned int size,
		   uint64_t value);

/* The person at the machine presses the power button. */
void acpi_pm_power_button(struct acpi_pm *pm);
