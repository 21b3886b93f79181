/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What several machines have in common: how their parts are connected. */
#pragma once

#include "acpi.h"
#include "worker/core/machine.h"
#include "worker/emulated/ioapic.h"
#include "worker/emulated/uart.h"

#define PARTS_COM1_PORT 0x3f8u
#define PARTS_COM1_IRQ	4u

/* 0 or -errno, with a log line: the machine's own table is wrong. */
int parts_add_ranges(struct machine *machine, const struct io_range *ranges,
		     unsigned int count);

/* To the local APICs, and their ends of interrupt back. */
void parts_connect_ioapic(struct machine *machine, struct ioapic *ioapic);

/* A UART on irq, its other end in the machine's console. */
void parts_connect_serial(struct machine *machine, struct uart *uart,
			  struct irq_line *irq);

/* COM1 in the DSDT. */
void parts_describe_serial(struct aml *aml);

/* Tables and kernel, then the boot processor at its entry. 0 or -errno. */
int parts_boot(struct machine *machine, const struct acpi_options *acpi,
	       const char *cmdline);
