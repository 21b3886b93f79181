/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A keyboard controller with nothing plugged in, for what else a PC does
 * with it: the reset line and the gate of address line 20 (IBM PC/AT
 * Technical Reference, "Keyboard Controller"). A20 is always open here; the
 * bits only say what was asked for.
 */
#include "worker/emulated/i8042.h"

#define STATUS_FULL    0x01u
#define STATUS_SYSTEM  0x04u
#define STATUS_COMMAND 0x08u
#define STATUS_ENABLED 0x10u

#define CONFIGURATION_SYSTEM	0x04u
#define CONFIGURATION_PORT1_OFF 0x10u
#define CONFIGURATION_PORT2_OFF 0x20u

#define OUTPUT_NO_RESET 0x01u
#define OUTPUT_A20	0x02u

#define CONTROL_RESET 0x01u
#define CONTROL_A20   0x02u

enum i8042_command {
	COMMAND_READ_CONFIGURATION = 0x20,
	COMMAND_WRITE_CONFIGURATION = 0x60,
	COMMAND_PORT2_OFF = 0xa7,
	COMMAND_PORT2_ON = 0xa8,
	COMMAND_PORT2_TEST = 0xa9,
	COMMAND_SELF_TEST = 0xaa,
	COMMAND_PORT1_TEST = 0xab,
	COMMAND_PORT1_OFF = 0xad,
	COMMAND_PORT1_ON = 0xae,
	COMMAND_READ_OUTPUT = 0xd0,
	COMMAND_WRITE_OUTPUT = 0xd1,
	COMMAND_PULSE = 0xf0, /* to ff: a zero pulses that output low */
};

static void i8042_ask_reset(struct i8042 *controller, const char *why)
{
	controller->machine->event(controller->machine, MACHINE_RESET, why);
}

static void i8042_answer(struct i8042 *controller, uint8_t value)
{
	controller->output = value;
	controller->full = true;
}

static void i8042_set_output_port(struct i8042 *controller, uint8_t value)
{
	controller->output_port = value;
	if (!(value & OUTPUT_NO_RESET))
		i8042_ask_reset(controller, "keyboard controller's port");
}

static void i8042_command(struct i8042 *controller, uint8_t command)
{
	uint8_t *configuration = &controller->configuration;

	switch (command) {
	case COMMAND_READ_CONFIGURATION:
		i8042_answer(controller, *configuration);
		break;
	case COMMAND_WRITE_CONFIGURATION:
	case COMMAND_WRITE_OUTPUT:
		controller->command = command;
		break;
	case COMMAND_PORT2_OFF:
		*configuration |= CONFIGURATION_PORT2_OFF;
		break;
	case COMMAND_PORT2_ON:
		*configuration &= (uint8_t)~CONFIGURATION_PORT2_OFF;
		break;
	case COMMAND_PORT1_OFF:
		*configuration |= CONFIGURATION_PORT1_OFF;
		break;
	case COMMAND_PORT1_ON:
		*configuration &= (uint8_t)~CONFIGURATION_PORT1_OFF;
		break;
	case COMMAND_SELF_TEST:
		i8042_answer(controller, 0x55);
		break;
	case COMMAND_PORT1_TEST:
	case COMMAND_PORT2_TEST:
		i8042_answer(controller, 0x00);
		break;
	case COMMAND_READ_OUTPUT:
		i8042_answer(controller, controller->output_port);
		break;
	default:
		if (command >= COMMAND_PULSE && !(command & OUTPUT_NO_RESET))
			i8042_ask_reset(controller, "keyboard controller");
		break;
	}
}

/* Without a command it is for a keyboard, and there is none to answer. */
static void i8042_write_data(struct i8042 *controller, uint8_t value)
{
	const uint8_t command = controller->command;

	controller->command = 0;
	if (command == COMMAND_WRITE_CONFIGURATION)
		controller->configuration = value;
	else if (command == COMMAND_WRITE_OUTPUT)
		i8042_set_output_port(controller, value);
}

uint8_t i8042_read(struct i8042 *controller, uint64_t offset)
{
	uint8_t status = STATUS_ENABLED;

	if (offset == I8042_DATA) {
		controller->full = false;
		return controller->output;
	}
	if (controller->full)
		status |= STATUS_FULL;
	if (controller->configuration & CONFIGURATION_SYSTEM)
		status |= STATUS_SYSTEM;
	if (controller->command_last)
		status |= STATUS_COMMAND;
	return status;
}

void i8042_write(struct i8042 *controller, uint64_t offset, uint8_t value)
{
	controller->command_last = offset != I8042_DATA;
	if (controller->command_last) {
		controller->command = 0;
		i8042_command(controller, value);
	} else {
		i8042_write_data(controller, value);
	}
}

uint8_t i8042_read_control(struct i8042 *controller)
{
	return controller->control;
}

void i8042_write_control(struct i8042 *controller, uint8_t value)
{
	const bool resets = value & ~controller->control & CONTROL_RESET;

	controller->control = value & (CONTROL_RESET | CONTROL_A20);
	if (resets)
		i8042_ask_reset(controller, "port 92h");
}

void i8042_reset(struct i8042 *controller)
{
	controller->configuration = CONFIGURATION_SYSTEM |
				    CONFIGURATION_PORT1_OFF |
				    CONFIGURATION_PORT2_OFF;
	controller->output_port = OUTPUT_NO_RESET | OUTPUT_A20;
	controller->output = 0;
	controller->full = false;
	controller->command = 0;
	controller->command_last = false;
	controller->control = CONTROL_A20;
}

void i8042_init(struct i8042 *controller, struct machine_port *machine)
{
	*controller = (struct i8042){.machine = machine};
	i8042_reset(controller);
}

/* ---- One-byte ranges ---- */

static uint64_t i8042_data_read(void *device, uint64_t offset,
				unsigned int size)
{
	(void)offset;
	(void)size;
	return i8042_read(device, I8042_DATA);
}

static void i8042_data_write(void *device, uint64_t offset, unsigned int size,
			     uint64_t value)
{
	(void)offset;
	(void)size;
	i8042_write(device, I8042_DATA, (uint8_t)value);
}

static uint64_t i8042_command_read(void *device, uint64_t offset,
				   unsigned int size)
{
	(void)offset;
	(void)size;
	return i8042_read(device, I8042_COMMAND);
}

static void i8042_command_write(void *device, uint64_t offset,
				unsigned int size, uint64_t value)
{
	(void)offset;
	(void)size;
	i8042_write(device, I8042_COMMAND, (uint8_t)value);
}

static uint64_t i8042_control_read(void *device, uint64_t offset,
				   unsigned int size)
{
	(void)offset;
	(void)size;
	return i8042_read_control(device);
}

static void i8042_control_write(void *device, uint64_t offset,
				unsigned int size, uint64_t value)
{
	(void)offset;
	(void)size;
	i8042_write_control(device, (uint8_t)value);
}

const struct io_operations i8042_data_operations = {
	i8042_data_read,
	i8042_data_write,
};

const struct io_operations i8042_command_operations = {
	i8042_command_read,
	i8042_command_write,
};

const struct io_operations i8042_control_operations = {
	i8042_control_read,
	i8042_control_write,
};
