/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What several machines have in common: how their parts are connected. */
#include "parts.h"
#include "linux.h"
#include "worker/backend/console.h"
#include "worker/core/hvcall.h"

#include <string.h>

int parts_add_ranges(struct machine *machine, const struct io_range *ranges,
		     unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		int error = io_map_add(&machine->io, &ranges[i]);

		if (error) {
			device_log("machine", "%s: %s", ranges[i].name,
				   strerror(-error));
			return error;
		}
	}
	return 0;
}

/* Delivery modes are numbered alike on both sides. */
static void deliver(void *owner, const struct ioapic_message *message)
{
	struct machine *machine = owner;
	const struct irq_message interrupt = {
		.type = message->mode,
		.destination = message->destination,
		.vector = message->vector,
		.logical = message->logical,
		.level = message->level,
	};

	irq_send(&machine->irq, &interrupt);
}

static void ended(void *ioapic, uint8_t vector)
{
	ioapic_eoi(ioapic, vector);
}

void parts_connect_ioapic(struct machine *machine, struct ioapic *ioapic)
{
	const struct ioapic_options options = {
		.deliver = deliver,
		.owner = machine,
		.id = (uint8_t)machine->config.processors,
	};

	ioapic_init(ioapic, &options);
	machine->irq.end = ended;
	machine->irq.ioapic = ioapic;
}

static size_t take_input(void *owner, const uint8_t *data, size_t size)
{
	return uart_receive(owner, data, size);
}

static void input_room(void *owner)
{
	const struct machine *machine = owner;

	console_input_ready(machine->console);
}

void parts_connect_serial(struct machine *machine, struct uart *uart,
			  struct irq_line *irq)
{
	const struct uart_options options = {
		.irq = irq,
		.clock = &machine->loop.clock,
		.console = console_device(machine->console),
		.room = input_room,
		.owner = machine,
	};

	uart_init(uart, &options);
	uart_set_modem_lines(uart,
			     UART_MODEM_CTS | UART_MODEM_DSR | UART_MODEM_DCD);
	console_set_input(machine->console, take_input, uart);
}

void parts_describe_serial(struct aml *aml)
{
	struct aml_resources resources = {0};

	aml_resource_ports(&resources, PARTS_COM1_PORT, UART_PORTS);
	aml_resource_irq(&resources, PARTS_COM1_IRQ);
	aml_device(aml, "COM1");
	aml_name_eisa(aml, "_HID", "PNP0501");
	aml_name_integer(aml, "_UID", 1);
	aml_name_resources(aml, "_CRS", &resources);
	aml_close(aml);
}

static int place_vp(struct machine *machine, const struct linux_start *start)
{
	struct hv_register_assoc elements[LINUX_REGISTERS];
	const struct hvcall_registers registers = {
		.vp = 0,
		.count = linux_registers(start, elements),
		.elements = elements,
	};
	int error = hvcall_set_registers(machine->partition.fd, &registers);

	if (error)
		device_log("machine", "setting registers: %s",
			   strerror(-error));
	return error;
}

int parts_boot(struct machine *machine, const struct acpi_options *acpi,
	       const char *cmdline)
{
	const struct memory *memory = &machine->memory.view;
	struct linux_options options = {
		.kernel = machine->config.kernel,
		.initrd = machine->config.initrd,
		.cmdline = cmdline,
	};
	struct linux_start start;
	int error = acpi_build(memory, acpi, &options.rsdp);

	if (error) {
		device_log("machine", "ACPI tables: %s", strerror(-error));
		return error;
	}
	error = linux_load(memory, &options, &start);
	if (error) {
		machine->exit = CONTROL_EXIT_CONFIG;
		return error;
	}
	return place_vp(machine, &start);
}
