/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What devices stand on in a test: memory, log, a clock set by hand. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "worker/device.h"

struct fake_clock {
	struct clock clock;
	uint64_t now_ns;
	int64_t wall_ns;	    /* wall time when now_ns is 0 */
	struct device_timer *timer; /* those armed, by deadline */
};

void fake_clock_init(struct fake_clock *fake);

/* Runs the timers whose deadlines are within ns from now; true if any ran. */
bool fake_clock_advance(struct fake_clock *fake, uint64_t ns);

/* Lines given to device_log() since the start; the last one. */
extern unsigned int fake_log_lines;
extern char fake_log_last[256];

/* A small generator, so that a failing run can be had again by its seed. */
struct fake_random {
	uint64_t state;
};

uint32_t fake_random(struct fake_random *random);
/* 0..below-1 */
uint32_t fake_random_below(struct fake_random *random, uint32_t below);
