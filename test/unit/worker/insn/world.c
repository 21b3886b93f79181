/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RAM, a device and a processor for instructions to run on. */
#include "world.h"
#include "worker/insn/x86.h"

#include <string.h>

/* core/memory.c has the worker's own; one range suffices here. */
void *memory_at(const struct memory *memory, uint64_t gpa, uint64_t size)
{
	const struct memory_range *range = &memory->ranges[0];

	if (gpa >= range->size || size > range->size - gpa)
		return NULL;
	return range->base + gpa;
}

bool memory_read(const struct memory *memory, uint64_t gpa, void *to,
		 uint64_t size)
{
	const void *from = memory_at(memory, gpa, size);

	if (from)
		memcpy(to, from, size);
	return from;
}

bool memory_write(const struct memory *memory, uint64_t gpa, const void *from,
		  uint64_t size)
{
	void *to = memory_at(memory, gpa, size);

	if (to)
		memcpy(to, from, size);
	return to;
}

static void note(struct world *world, const struct world_access *access)
{
	if (world->access_count < WORLD_ACCESSES)
		world->accesses[world->access_count] = *access;
	world->access_count++;
}

static uint64_t bus_read(void *owner, enum io_space space, uint64_t address,
			 unsigned int size)
{
	struct world *world = owner;
	uint64_t value = 0;

	if (space == IO_PORT)
		value = 0x1122334455667788 >> (8 * (8 - size));
	else if (address - WORLD_DEVICE <= WORLD_DEVICE_SIZE - size)
		memcpy(&value, world->device + (address - WORLD_DEVICE), size);
	else
		value = ~0ULL;
	note(world, &(struct world_access){space, false, address, size, value});
	return value;
}

static void bus_write(void *owner, enum io_space space, uint64_t address,
		      unsigned int size, uint64_t value)
{
	struct world *world = owner;

	if (space == IO_MEMORY &&
	    address - WORLD_DEVICE <= WORLD_DEVICE_SIZE - size)
		memcpy(world->device + (address - WORLD_DEVICE), &value, size);
	note(world, &(struct world_access){space, true, address, size, value});
}

void world_init(struct world *world, enum world_mode mode)
{
	struct insn_cpu *cpu = &world->cpu;
	uint16_t big = mode == WORLD_PROTECTED ? SEGMENT_BIG : 0;

	memset(world, 0, sizeof(*world));
	world->memory.count = 1;
	world->memory.ranges[0] =
		(struct memory_range){0, WORLD_RAM, world->ram};
	world->bus =
		(struct insn_bus){&world->memory, bus_read, bus_write, world};
	for (unsigned int i = 0; i < INSN_SEGMENT_COUNT; i++)
		cpu->segments[i] = (struct hv_segment_register){
			.limit = mode == WORLD_REAL ? 0xffff : 0xffffffff,
			.attributes = (uint16_t)(0x93 | big),
		};
	cpu->segments[INSN_CS].attributes = (uint16_t)(0x9b | big);
	if (mode == WORLD_LONG) {
		cpu->segments[INSN_CS].attributes |= SEGMENT_LONG;
		cpu->efer = EFER_LMA;
	}
	if (mode != WORLD_REAL)
		cpu->cr0 = CR0_PE;
	cpu->rflags = 2;
	cpu->rip = WORLD_CODE;
}

enum insn_result world_run(struct world *world, const uint8_t *bytes,
			   size_t count)
{
	memcpy(world->ram + WORLD_CODE, bytes, count);
	return insn_emulate(&world->cpu, &world->bus, bytes, 0, &world->fault);
}
