/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a device stands on in a test: a clock set by hand, wires that count. */
#pragma once

#include "worker/device.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

struct fake_clock {
	struct clock clock;
	uint64_t now_ns;
	int64_t wall_seconds;
	struct device_timer *timers;
	unsigned int expirations;
};

void fake_clock_init(struct fake_clock *fake);

/* Lets time pass; timers run at their deadlines. */
void fake_clock_advance(struct fake_clock *fake, uint64_t ns);

struct fake_line {
	struct irq_line line;
	bool level;
	unsigned int rises;
};

void fake_line_init(struct fake_line *fake);

struct fake_console {
	struct console console;
	uint8_t data[4096];
	size_t size;
};

void fake_console_init(struct fake_console *fake);

struct fake_machine {
	struct machine_port port;
	unsigned int power_offs;
	unsigned int resets;
	const char *why;
};

void fake_machine_init(struct fake_machine *fake);

/* Lines given to device_log() since the start. */
unsigned int fake_log_lines(void);
