/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest page tables of any content, in every paging mode. */
#include "fuzz.h"

#include "test/unit/worker/insn/world.h"
#include "worker/insn/x86.h"

#define TABLES	0x10000u
#define ENTRIES (8u * 512)

static uint64_t entry(struct fuzz *fuzz)
{
	const uint8_t kind = fuzz_8(fuzz);

	/* Mostly one that leads to another table. */
	if (kind & 7)
		return TABLES + (kind & 7u) * 4096 - 4096 + (kind >> 3) * 8 +
		       fuzz_8(fuzz);
	return fuzz_64(fuzz);
}

static struct world world;

/* Only the tables' part of RAM is ever written. */
static void start(enum world_mode mode)
{
	static struct insn_cpu cpus[3];
	static bool made;

	for (unsigned int i = 0; i < 3 && !made; i++) {
		world_init(&world, i);
		cpus[i] = world.cpu;
	}
	made = true;
	world.cpu = cpus[mode];
	memset(world.ram + TABLES, 0, ENTRIES * sizeof(uint64_t));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = {data, size, 0};
	const uint8_t kind = fuzz_8(&fuzz);
	const uint32_t access = fuzz_8(&fuzz) & 0x16;
	uint64_t *const tables = (void *)(world.ram + TABLES);
	uint64_t linear, gpa, again;

	start(kind % 3);
	world.cpu.cr0 |= 0x80000000 | (kind & 4 ? 0x10000 : 0);
	world.cpu.cr4 = fuzz_32(&fuzz);
	world.cpu.efer ^= (uint64_t)fuzz_16(&fuzz);
	world.cpu.rflags |= kind & 8 ? 0x40000 : 0;
	world.cpu.cpl = kind & 16 ? 3 : 0;
	world.cpu.cr3 = kind & 32 ? fuzz_64(&fuzz) : TABLES;
	linear = fuzz_64(&fuzz);
	while (fuzz_more(&fuzz)) {
		const uint16_t index = fuzz_16(&fuzz) % ENTRIES;

		tables[index] = entry(&fuzz);
	}
	if (!insn_translate(&world.cpu, &world.memory, linear, access, &gpa,
			    &world.fault)) {
		FUZZ_CHECK(world.fault.vector < 32);
		return 0;
	}
	FUZZ_CHECK(gpa >> 52 == 0);
	FUZZ_CHECK((gpa & 4095) == (linear & 4095));
	/* Accessed and dirty bits change nothing. Unless a table is itself. */
	if (insn_translate(&world.cpu, &world.memory, linear, access, &again,
			   &world.fault))
		FUZZ_CHECK((again & 4095) == (gpa & 4095));
	return 0;
}
