/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A partition that is not there: hypercalls are noted and answered here. */
#pragma once

#include "worker/core/hvcall.h"
#include "worker/core/machine.h"
#include "worker/core/vp.h"

#define FAKE_RAM   0x10000u
#define FAKE_CALLS 64u

struct fake_call {
	uint16_t code;
	uint8_t input[320];
};

struct fake {
	struct machine machine;
	struct vp vps[2];
	struct hv_register_page pages[2];
	uint8_t ram[FAKE_RAM];
	/* Registers set and to be read, by vp: the last value of each name. */
	struct hv_register_assoc registers[2][128];
	unsigned int register_count[2];
	struct fake_call calls[FAKE_CALLS];
	unsigned int call_count;
	uint16_t status; /* of the next calls */
	unsigned int ends;
	enum machine_event event;
	unsigned int event_count;
};

extern struct fake fake;

/* Two vps, RAM, nothing connected; pages says whether there are any. */
void fake_init(bool pages);
void fake_end(void);

/* NULL: never set. */
const struct hv_register_value *fake_register(uint32_t vp, uint32_t name);
