/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A PC that knows nothing of a hypervisor, in its first form. */
#include "machines.h"
#include "parts.h"
#include "worker/emulated/acpi_pm.h"
#include "worker/emulated/i8042.h"
#include "worker/emulated/pic.h"
#include "worker/emulated/pit.h"
#include "worker/emulated/rtc.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 *   interrupts   8259 pair and I/O APIC side by side: an ISA interrupt
 *                reaches both, 0 on input 2 of the I/O APIC; SCI on 9
 *   ports        the ISA ones below, ACPI at 600h, reset at CF9h
 */
#define ACPI_PORT   0x600u
#define SCI	    9u
#define TIMER_IRQ   0u
#define TIMER_GSI   2u
#define RTC_IRQ	    8u
#define ISA_IRQS    16u
#define CMDLINE_MAX 4096u

/* One ISA interrupt: the same wire at both controllers. */
struct isa_irq {
	struct irq_line line;
	struct irq_line *pic;
	struct irq_line *ioapic;
};

struct pc {
	struct pic pic;
	struct ioapic ioapic;
	struct isa_irq isa[ISA_IRQS];
	struct pit pit;
	struct rtc rtc;
	struct i8042 i8042;
	struct acpi_pm acpi;
	struct uart uart;
	char cmdline[CMDLINE_MAX];
};

static int add_ranges(struct machine *machine, struct pc *pc)
{
	const struct io_range ranges[] = {
		{IO_PORT, 0x20, PIC_PORTS, &pic_operations, &pc->pic.chips[0],
		 "pic"},
		{IO_PORT, 0xa0, PIC_PORTS, &pic_operations, &pc->pic.chips[1],
		 "pic slave"},
		{IO_PORT, 0x4d0, PIC_ELCR_PORTS, &pic_elcr_operations,
		 &pc->pic.chips[0], "elcr"},
		{IO_PORT, 0x40, PIT_PORTS, &pit_operations, &pc->pit, "pit"},
		{IO_PORT, 0x61, 1, &pit_control_operations, &pc->pit,
		 "port 61"},
		{IO_PORT, 0x60, 1, &i8042_data_operations, &pc->i8042, "i8042"},
		{IO_PORT, 0x64, 1, &i8042_command_operations, &pc->i8042,
		 "i8042"},
		{IO_PORT, 0x92, 1, &i8042_control_operations, &pc->i8042,
		 "port 92"},
		{IO_PORT, 0x70, RTC_PORTS, &rtc_operations, &pc->rtc, "rtc"},
		{IO_PORT, ACPI_PORT, ACPI_PM_PORTS, &acpi_pm_operations,
		 &pc->acpi, "acpi"},
		{IO_PORT, 0xcf9, 1, &acpi_pm_reset_operations, &pc->acpi,
		 "reset"},
		{IO_MEMORY, IOAPIC_BASE, IOAPIC_SIZE, &ioapic_operations,
		 &pc->ioapic, "ioapic"},
		/* Last, for machines without it. */
		{IO_PORT, PARTS_COM1_PORT, UART_PORTS, &uart_operations,
		 &pc->uart, "com1"},
	};
	unsigned int count = sizeof(ranges) / sizeof(ranges[0]);

	return parts_add_ranges(machine, ranges,
				machine->console ? count : count - 1);
}

static void isa_set(struct irq_line *line, bool level)
{
	struct isa_irq *isa = line->owner;

	irq_set(isa->pic, level);
	irq_set(isa->ioapic, level);
}

static void connect_isa(struct pc *pc)
{
	for (unsigned int i = 0; i < ISA_IRQS; i++) {
		struct isa_irq *isa = &pc->isa[i];
		unsigned int gsi = i == TIMER_IRQ ? TIMER_GSI : i;

		isa->line = (struct irq_line){isa_set, isa, i};
		isa->pic = pic_line(&pc->pic, i);
		/* Input 2 is the timer's; the cascade has no wire of its own.
		 */
		isa->ioapic =
			i == PIC_CASCADE ? NULL : ioapic_line(&pc->ioapic, gsi);
	}
}

static uint8_t acknowledge(void *pic)
{
	return pic_acknowledge(pic);
}

static void connect_interrupts(struct machine *machine, struct pc *pc)
{
	parts_connect_ioapic(machine, &pc->ioapic);
	pic_init(&pc->pic, &machine->irq.extint);
	machine->irq.acknowledge = acknowledge;
	machine->irq.pic = &pc->pic;
	connect_isa(pc);
}

static void connect_devices(struct machine *machine, struct pc *pc)
{
	struct clock *clock = &machine->loop.clock;
	const struct acpi_pm_options acpi = {
		.clock = clock,
		.sci = &pc->isa[SCI].line,
		.machine = &machine->port,
		.timer_32_bits = true,
	};
	uint64_t low = machine->memory.view.ranges[0].size;

	pit_init(&pc->pit, clock, &pc->isa[TIMER_IRQ].line);
	rtc_init(&pc->rtc, clock, &pc->isa[RTC_IRQ].line);
	rtc_set_memory(&pc->rtc, low, machine->config.memory - low);
	i8042_init(&pc->i8042, &machine->port);
	acpi_pm_init(&pc->acpi, &acpi);
	if (machine->console)
		parts_connect_serial(machine, &pc->uart,
				     &pc->isa[PARTS_COM1_IRQ].line);
}

static void describe_rtc(struct aml *aml)
{
	struct aml_resources resources = {0};

	aml_resource_ports(&resources, 0x70, RTC_PORTS);
	aml_resource_irq(&resources, RTC_IRQ);
	aml_device(aml, "RTC_");
	aml_name_eisa(aml, "_HID", "PNP0B00");
	aml_name_resources(aml, "_CRS", &resources);
	aml_close(aml);
}

static void describe(struct aml *aml, void *owner)
{
	static const uint64_t s5[] = {ACPI_PM_S5, 0, 0, 0};
	const struct machine *machine = owner;

	aml_scope(aml, "\\_SB");
	describe_rtc(aml);
	if (machine->console)
		parts_describe_serial(aml);
	aml_close(aml);
	aml_name_package(aml, "\\_S5", s5, 4);
}

/*
 * A guest that measures its TSC against our PIT measures mostly our exits, and
 * one that counts a few of its ticks on a loaded host finds too few. So a
 * Linux that is not told otherwise is told the frequency, and not to count.
 */
static int make_cmdline(const struct machine *machine, struct pc *pc)
{
	const char *given = machine->config.cmdline;
	uint64_t khz = partition_tsc_khz(&machine->partition);
	char frequency[48] = "";
	int size;

	if (khz && !strstr(given, "tsc_early_khz="))
		snprintf(frequency, sizeof(frequency), " tsc_early_khz=%llu",
			 (unsigned long long)khz);
	size = snprintf(
		pc->cmdline, sizeof(pc->cmdline), "%s%s%s%s", given, frequency,
		khz && !strstr(given, "tsc=") ? " tsc=reliable" : "",
		strstr(given, "no_timer_check") ? "" : " no_timer_check");
	if (size < (int)sizeof(pc->cmdline))
		return 0;
	device_log("machine", "the command line is too long");
	return -E2BIG;
}

static int boot(struct machine *machine, struct pc *pc)
{
	static const struct acpi_override overrides[] = {
		{.isa = TIMER_IRQ, .gsi = TIMER_GSI},
		{.isa = SCI, .gsi = SCI, .flags = 0xd},
	};
	const struct acpi_options acpi = {
		.fadt =
			{
				.flags = ACPI_FADT_WBINVD | ACPI_FADT_C1 |
					 ACPI_FADT_NO_SLEEP_BUTTON |
					 ACPI_FADT_TIMER_32 | ACPI_FADT_RESET,
				.boot_flags = ACPI_FADT_BOOT_LEGACY |
					      ACPI_FADT_BOOT_NO_VGA,
				.sci = SCI,
				.pm1_event = ACPI_PORT + ACPI_PM_EVENT,
				.pm1_control = ACPI_PORT + ACPI_PM_CONTROL,
				.pm_timer = ACPI_PORT + ACPI_PM_TIMER,
				.reset = 0xcf9,
				.reset_value = ACPI_PM_RESET_VALUE,
			},
		.madt =
			{
				.processors = machine->config.processors,
				.pic = true,
				.overrides = overrides,
				.override_count = 2,
			},
		.describe = describe,
		.owner = machine,
		.pm_timer_good = true,
	};
	int error = make_cmdline(machine, pc);

	if (error) {
		machine->exit = CONTROL_EXIT_CONFIG;
		return error;
	}
	return parts_boot(machine, &acpi, pc->cmdline);
}

static int build(struct machine *machine)
{
	struct pc *pc = device_allocate(sizeof(*pc));
	int error;

	machine->devices = pc;
	if (machine->config.disk_count) {
		device_log("machine", "a pc has no disk controller yet: "
				      "use machine \"enlightened\" for disks");
		machine->exit = CONTROL_EXIT_CONFIG;
		return -ENOTSUP;
	}
	if (machine->config.network_count) {
		device_log("machine", "a pc has no network card yet: use "
				      "machine \"enlightened\" for networks");
		machine->exit = CONTROL_EXIT_CONFIG;
		return -ENOTSUP;
	}
	connect_interrupts(machine, pc);
	connect_devices(machine, pc);
	error = add_ranges(machine, pc);
	return error ? error : boot(machine, pc);
}

static bool power_button(struct machine *machine)
{
	struct pc *pc = machine->devices;

	acpi_pm_power_button(&pc->acpi);
	return true;
}

static void destroy(struct machine *machine)
{
	device_free(machine->devices);
	machine->devices = NULL;
}

const struct machine_type machine_pc = {
	.name = "pc",
	.hide_hypervisor = true,
	.build = build,
	.power_button = power_button,
	.destroy = destroy,
};
