/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RAM, a device and a processor for instructions to run on. */
#pragma once

#include "worker/insn/insn.h"

#define WORLD_RAM	  0x20000u
#define WORLD_DEVICE	  0x100000u /* gpa of the device's registers */
#define WORLD_DEVICE_SIZE 0x1000u
#define WORLD_CODE	  0x1000u
#define WORLD_ACCESSES	  64u

struct world_access {
	enum io_space space;
	bool write;
	uint64_t address;
	unsigned int size;
	uint64_t value;
};

struct world {
	struct memory memory;
	struct insn_bus bus;
	struct insn_cpu cpu;
	struct insn_fault fault;
	uint8_t ram[WORLD_RAM] __attribute__((aligned(16)));
	uint8_t device[WORLD_DEVICE_SIZE];
	struct world_access accesses[WORLD_ACCESSES];
	unsigned int access_count;
};

enum world_mode {
	WORLD_REAL,
	WORLD_PROTECTED,
	WORLD_LONG
};

/* Flat segments at privilege 0, no paging (long mode: identity). */
void world_init(struct world *world, enum world_mode mode);

/* Puts the bytes at WORLD_CODE and emulates them, fetched from there. */
enum insn_result world_run(struct world *world, const uint8_t *bytes,
			   size_t count);
