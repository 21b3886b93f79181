/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACPI's registers of a hardware-reduced machine (ACPI specification 6.5,
 * sections 4.8.3.6 reset, 4.8.3.7 sleep, 5.6.9 event device).
 */
#include "worker/emulated/acpi_reduced.h"

#include "worker/emulated/bytes.h"

#define SLEEP_TYPE   2
#define SLEEP_KEPT   0x1cu /* SLP_TYP */
#define SLEEP_ENABLE 0x20u
#define STATUS_WAKE  0x80u

static void acpi_reduced_update(struct acpi_reduced *reduced)
{
	irq_set(reduced->irq, reduced->events);
}

static void acpi_reduced_sleep(struct acpi_reduced *reduced, uint8_t value)
{
	struct machine_port *machine = reduced->machine;
	const unsigned int type = (value & SLEEP_KEPT) >> SLEEP_TYPE;

	reduced->sleep_type = value & SLEEP_KEPT;
	if (!(value & SLEEP_ENABLE))
		return;
	if (type == ACPI_REDUCED_S5) {
		machine->event(machine, MACHINE_POWER_OFF, "ACPI S5");
		return;
	}
	device_log("acpi", "sleep type %u does not exist, awake again", type);
	reduced->status |= STATUS_WAKE;
}

uint8_t acpi_reduced_read(struct acpi_reduced *reduced, uint64_t offset)
{
	uint8_t value = 0;

	switch (offset) {
	case ACPI_REDUCED_SLEEP_CONTROL:
		return reduced->sleep_type;
	case ACPI_REDUCED_SLEEP_STATUS:
		return reduced->status;
	case ACPI_REDUCED_EVENTS:
		value = reduced->events;
		reduced->events = 0;
		acpi_reduced_update(reduced);
		break;
	}
	return value;
}

void acpi_reduced_write(struct acpi_reduced *reduced, uint64_t offset,
			uint8_t value)
{
	struct machine_port *machine = reduced->machine;

	switch (offset) {
	case ACPI_REDUCED_SLEEP_CONTROL:
		acpi_reduced_sleep(reduced, value);
		break;
	case ACPI_REDUCED_SLEEP_STATUS: /* a one clears */
		reduced->status &= (uint8_t) ~(value & STATUS_WAKE);
		break;
	case ACPI_REDUCED_RESET:
		if (value == ACPI_REDUCED_RESET_VALUE)
			machine->event(machine, MACHINE_RESET,
				       "reset register");
		break;
	}
}

void acpi_reduced_power_button(struct acpi_reduced *reduced)
{
	reduced->events |= ACPI_REDUCED_POWER_BUTTON;
	acpi_reduced_update(reduced);
}

void acpi_reduced_reset(struct acpi_reduced *reduced)
{
	reduced->sleep_type = 0;
	reduced->status = 0;
	reduced->events = 0;
	acpi_reduced_update(reduced);
}

void acpi_reduced_init(struct acpi_reduced *reduced,
		       struct machine_port *machine, struct irq_line *irq)
{
	*reduced = (struct acpi_reduced){.machine = machine, .irq = irq};
	acpi_reduced_reset(reduced);
}

static uint8_t acpi_reduced_read_one(void *device, uint64_t offset)
{
	return acpi_reduced_read(device, offset);
}

static void acpi_reduced_write_one(void *device, uint64_t offset, uint8_t value)
{
	acpi_reduced_write(device, offset, value);
}

static uint64_t acpi_reduced_io_read(void *device, uint64_t offset,
				     unsigned int size)
{
	return bytes_read(device, offset, size, acpi_reduced_read_one);
}

static void acpi_reduced_io_write(void *device, uint64_t offset,
				  unsigned int size, uint64_t value)
{
	bytes_write(device, offset, (struct bytes_value){value, size},
		    acpi_reduced_write_one);
}

const struct io_operations acpi_reduced_operations = {
	acpi_reduced_io_read,
	acpi_reduced_io_write,
};
