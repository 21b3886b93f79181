/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A keyboard controller without a keyboard: reset, A20, and port 92h. */
#pragma once

#include "worker/device.h"

/* Which of its two ports, as seen from port 60h. */
#define I8042_DATA    0u
#define I8042_COMMAND 4u

struct i8042 {
	struct machine_port *machine;
	uint8_t configuration; /* command byte */
	uint8_t output_port;
	uint8_t output;	   /* waits to be read at port 60h, */
	bool full;	   /* if there is something */
	uint8_t command;   /* wants a byte at port 60h; 0: none */
	bool command_last; /* status bit 3: last written was a command */
	uint8_t control;   /* port 92h */
};

/*
 * device is a struct i8042. Ports 60h and 64h are one-byte ranges of their
 * own, port 92h a third.
 */
extern const struct io_operations i8042_data_operations;
extern const struct io_operations i8042_command_operations;
extern const struct io_operations i8042_control_operations;

void i8042_init(struct i8042 *controller, struct machine_port *machine);
void i8042_reset(struct i8042 *controller);

/* offset is I8042_DATA or I8042_COMMAND. */
uint8_t i8042_read(struct i8042 *controller, uint64_t offset);
void i8042_write(struct i8042 *controller, uint64_t offset, uint8_t value);

/* Port 92h: bit 0 resets as it is set, bit 1 is A20. */
uint8_t i8042_read_control(struct i8042 *controller);
void i8042_write_control(struct i8042 *controller, uint8_t value);
