/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A child that knows the hypervisor: VMBus, hardware-reduced ACPI. */
#include "disks.h"
#include "human.h"
#include "integration.h"
#include "machines.h"
#include "networks.h"
#include "parts.h"
#include "worker/emulated/acpi_reduced.h"
#include "worker/emulated/rtc.h"

#include <cpuid.h>
#include <string.h>

/*
 *   interrupts   I/O APIC: COM1 on 4, power button on 9
 *   ports        600h sleep, reset, button; 3F8h COM1 if there is serial;
 *                70h the clock alone: Linux asks it for the time of day before
 *                VMBus can tell, and waits a minute where nothing answers
 *   memory       below 4 GiB, and above all RAM, windows for VMBus devices
 *   disks        one SCSI controller on VMBus
 *   networks     an adapter on VMBus for each
 *   input        keyboard and mouse on VMBus
 *   services     shutdown, heartbeat, time and key-value exchange on VMBus
 */
#define ACPI_PORT	      0x600u
#define ACPI_PORT_RESET	      (ACPI_PORT + ACPI_REDUCED_RESET)
#define RESET_VECTOR	      0xffff0u /* F000:FFF0 */
#define BUTTON_GSI	      9u
#define LOW_WINDOW	      0xe0000000ULL
#define LOW_WINDOW_SIZE	      0x10000000ULL
#define HIGH_WINDOW_ALIGNMENT (1ULL << 30)
#define HIGH_WINDOW_SIZE_MAX  (64ULL << 30)

struct enlightened {
	struct machine *machine;
	struct ioapic ioapic;
	struct acpi_reduced acpi;
	struct rtc rtc;
	struct uart uart;
	struct vmbus_server *vmbus;
	struct disks disks;
	struct networks networks;
	struct human human;
	struct integration_devices integration;
};

static int add_ranges(struct machine *machine, struct enlightened *devices)
{
	const struct io_range ranges[] = {
		{IO_MEMORY, IOAPIC_BASE, IOAPIC_SIZE, &ioapic_operations,
		 &devices->ioapic, "ioapic"},
		{IO_PORT, ACPI_PORT, ACPI_REDUCED_PORTS,
		 &acpi_reduced_operations, &devices->acpi, "acpi"},
		{IO_PORT, 0x70, RTC_PORTS, &rtc_operations, &devices->rtc,
		 "rtc"},
		/* Last, for machines without it. */
		{IO_PORT, PARTS_COM1_PORT, UART_PORTS, &uart_operations,
		 &devices->uart, "com1"},
	};

	return parts_add_ranges(machine, ranges, machine->console ? 4 : 3);
}

/* Addresses that the processors can form at all. */
static uint64_t address_limit(void)
{
	unsigned int eax = 36, ebx, ecx, edx;

	if (!__get_cpuid(0x80000008, &eax, &ebx, &ecx, &edx))
		eax = 36;
	return 1ULL << (eax & 0xff);
}

static void describe_vmbus(struct aml *aml, const struct machine *machine)
{
	uint64_t base = (guest_memory_end(&machine->memory) +
			 HIGH_WINDOW_ALIGNMENT - 1) &
			~(HIGH_WINDOW_ALIGNMENT - 1);
	uint64_t limit = address_limit();
	struct aml_resources windows = {0};

	aml_resource_window(&windows, LOW_WINDOW, LOW_WINDOW_SIZE);
	if (base < limit)
		aml_resource_window(&windows, base,
				    limit - base < HIGH_WINDOW_SIZE_MAX
					    ? limit - base
					    : HIGH_WINDOW_SIZE_MAX);
	aml_device(aml, "VMOD");
	aml_name_string(aml, "_HID", "ACPI0004");
	aml_name_integer(aml, "_UID", 0);
	aml_name_resources(aml, "_CRS", &windows);
	aml_device(aml, "VMBS");
	aml_name_string(aml, "_HID", "VMBus");
	aml_name_integer(aml, "_UID", 0);
	aml_name_integer(aml, "_STA", 0xf);
	aml_close(aml);
	aml_close(aml);
}

/* The power button has no fixed hardware here: an event device tells of it. */
static void describe_button(struct aml *aml)
{
	static const struct aml_register events = {
		.region = "EVTR",
		.field = "EVTS",
		.port = ACPI_PORT + ACPI_REDUCED_EVENTS,
	};
	struct aml_resources resources = {0};

	aml_device(aml, "PWRB");
	aml_name_eisa(aml, "_HID", "PNP0C0C");
	aml_name_integer(aml, "_UID", 0);
	aml_close(aml);

	aml_resource_irq(&resources, BUTTON_GSI);
	aml_device(aml, "GED_");
	aml_name_string(aml, "_HID", "ACPI0013");
	aml_name_integer(aml, "_UID", 0);
	aml_name_resources(aml, "_CRS", &resources);
	aml_register_byte(aml, &events);
	aml_method(aml, "_EVT", 1);
	aml_load_local0(aml, "EVTS");
	aml_if_bit(aml, 0, ACPI_REDUCED_POWER_BUTTON);
	aml_notify(aml, "\\_SB.PWRB", 0x80);
	aml_close(aml);
	aml_close(aml);
	aml_close(aml);
}

static void describe(struct aml *aml, void *owner)
{
	static const uint64_t s5[] = {ACPI_REDUCED_S5, 0, 0, 0};
	const struct machine *machine = owner;

	aml_scope(aml, "\\_SB");
	describe_vmbus(aml, machine);
	describe_button(aml);
	if (machine->console)
		parts_describe_serial(aml);
	aml_close(aml);
	aml_name_package(aml, "\\_S5", s5, 4);
}

/*
 * Linux takes hardware-reduced machines for EFI ones, and where there is no
 * EFI either it jumps to the reset vector, in real mode.
 */
static void write_reset_vector(const struct machine *machine)
{
	static const uint8_t code[] = {
		0xba,
		ACPI_PORT_RESET & 0xff,
		ACPI_PORT_RESET >> 8, /* mov dx */
		0xb0,
		ACPI_REDUCED_RESET_VALUE, /* mov al */
		0xee,			  /* out */
		0xf4,			  /* hlt */
	};

	memory_write(&machine->memory.view, RESET_VECTOR, code, sizeof(code));
}

static int boot(struct machine *machine)
{
	const struct acpi_options acpi = {
		.fadt =
			{
				.flags = ACPI_FADT_WBINVD | ACPI_FADT_C1 |
					 ACPI_FADT_NO_POWER_BUTTON |
					 ACPI_FADT_NO_SLEEP_BUTTON |
					 ACPI_FADT_RESET | ACPI_FADT_REDUCED,
				.boot_flags = ACPI_FADT_BOOT_NO_VGA |
					      ACPI_FADT_BOOT_NO_RTC,
				.reset = ACPI_PORT_RESET,
				.reset_value = ACPI_REDUCED_RESET_VALUE,
				.sleep_control =
					ACPI_PORT + ACPI_REDUCED_SLEEP_CONTROL,
				.sleep_status =
					ACPI_PORT + ACPI_REDUCED_SLEEP_STATUS,
			},
		.madt.processors = machine->config.processors,
		.describe = describe,
		.owner = machine,
	};

	write_reset_vector(machine);
	return parts_boot(machine, &acpi, machine->config.cmdline);
}

static int build(struct machine *machine)
{
	struct enlightened *devices = device_allocate(sizeof(*devices));
	int error;

	machine->devices = devices;
	devices->machine = machine;
	parts_connect_ioapic(machine, &devices->ioapic);
	acpi_reduced_init(&devices->acpi, &machine->port,
			  ioapic_line(&devices->ioapic, BUTTON_GSI));
	rtc_init(&devices->rtc, &machine->loop.clock, NULL);
	if (machine->console)
		parts_connect_serial(
			machine, &devices->uart,
			ioapic_line(&devices->ioapic, PARTS_COM1_IRQ));
	error = add_ranges(machine, devices);
	if (error)
		return error;
	devices->vmbus =
		vmbus_server_create(&machine->memory.view, &machine->synic.port,
				    &machine->loop.clock);
	error = integration_connect(&devices->integration, machine,
				    devices->vmbus);
	if (!error)
		error = human_connect(&devices->human, machine, devices->vmbus);
	if (!error)
		error = disks_connect(&devices->disks, machine, devices->vmbus);
	if (!error)
		error = networks_connect(&devices->networks, machine,
					 devices->vmbus);
	return error ? error : boot(machine);
}

static bool power_button(struct machine *machine)
{
	struct enlightened *devices = machine->devices;

	acpi_reduced_power_button(&devices->acpi);
	return true;
}

static void destroy(struct machine *machine)
{
	struct enlightened *devices = machine->devices;

	if (devices->vmbus) {
		disks_disconnect(&devices->disks, machine, devices->vmbus);
		networks_disconnect(&devices->networks, machine,
				    devices->vmbus);
		human_disconnect(&devices->human, machine);
		integration_disconnect(&devices->integration);
		vmbus_server_destroy(devices->vmbus);
	}
	device_free(devices);
	machine->devices = NULL;
}

const struct machine_type machine_enlightened = {
	.name = "enlightened",
	.build = build,
	.power_button = power_button,
	.destroy = destroy,
};
