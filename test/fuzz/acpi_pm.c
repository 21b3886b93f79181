/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ACPI's registers: both kinds of machine's, and the power button. */
#include "device.h"

#include "worker/emulated/acpi_pm.h"
#include "worker/emulated/acpi_reduced.h"

static struct fuzz_device device;
static struct fake_line sci, irq;
static struct fake_machine machine;
static struct acpi_pm pm;
static struct acpi_reduced reduced;

static void event(struct fuzz *fuzz, unsigned int number)
{
	(void)fuzz;
	if (number < 4)
		acpi_pm_reset(&pm);
	else if (number < 8)
		acpi_reduced_reset(&reduced);
	else if (number < 20)
		acpi_pm_power_button(&pm);
	else
		acpi_reduced_power_button(&reduced);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = {data, size, 0};
	struct acpi_pm_options options = {.clock = &device.clock.clock,
					  .sci = &sci.line,
					  .machine = &machine.port,
					  .timer_32_bits = size && data[0] & 1};

	fuzz_device_start(&device);
	fake_line_init(&sci);
	fake_line_init(&irq);
	fake_machine_init(&machine);
	acpi_pm_init(&pm, &options);
	acpi_reduced_init(&reduced, &machine.port, &irq.line);
	device.span = ACPI_PM_PORTS + 1 + ACPI_REDUCED_PORTS;
	device.event = event;
	fuzz_device_range(&device, 0, ACPI_PM_PORTS, &acpi_pm_operations, &pm);
	fuzz_device_range(&device, ACPI_PM_PORTS, 1, &acpi_pm_reset_operations,
			  &pm);
	fuzz_device_range(&device, ACPI_PM_PORTS + 1, ACPI_REDUCED_PORTS,
			  &acpi_reduced_operations, &reduced);
	fuzz_device_run(&device, &fuzz);
	return 0;
}
