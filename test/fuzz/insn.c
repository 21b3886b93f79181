/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One instruction, in any mode, on any registers. */
#include "fuzz.h"

#include "test/unit/worker/insn/world.h"
#include "worker/insn/x86.h"

#define BYTES 15u

/* Where something is: RAM, its end, the device, nothing; small; anything. */
static uint64_t pointer(struct fuzz *fuzz)
{
	const uint8_t kind = fuzz_8(fuzz);

	switch (kind & 7) {
	case 0:
		return kind >> 3;
	case 1:
		return 0x2000 + kind * 8u;
	case 2:
		return WORLD_RAM - (kind >> 3);
	case 3:
		return WORLD_DEVICE + kind;
	case 4:
		return WORLD_DEVICE + WORLD_DEVICE_SIZE - (kind >> 3);
	case 5:
		return 0 - (uint64_t)kind;
	case 6:
		return fuzz_16(fuzz);
	default:
		return fuzz_64(fuzz);
	}
}

static void make_state(struct insn_cpu *cpu, struct fuzz *fuzz)
{
	const uint8_t which = fuzz_8(fuzz);

	for (unsigned int i = 0; i < HV_GPR_COUNT; i++)
		cpu->gprs[i] = WORLD_DEVICE + 64 * i;
	for (unsigned int i = 0; i < (which & 7u); i++)
		cpu->gprs[fuzz_8(fuzz) % HV_GPR_COUNT] = pointer(fuzz);
	if (which & 8)
		cpu->rflags |= fuzz_16(fuzz) & 0xcd5;
	if (which & 16) {
		struct hv_segment_register *segment =
			&cpu->segments[fuzz_8(fuzz) % INSN_SEGMENT_COUNT];

		segment->base = pointer(fuzz);
		segment->limit = (uint32_t)pointer(fuzz);
		segment->attributes ^= fuzz_16(fuzz) & 0xf0ff;
	}
	if (which & 32)
		cpu->cpl = 3;
	if (which & 64)
		cpu->rip = pointer(fuzz);
}

static void check(const struct insn_cpu *before, const struct world *world,
		  enum insn_result result)
{
	const struct insn_cpu *cpu = &world->cpu;
	const uint16_t moved = (uint16_t)(cpu->rip - before->rip);

	switch (result) {
	case INSN_UNSUPPORTED:
		FUZZ_CHECK(memcmp(cpu, before, sizeof(*cpu)) == 0);
		break;
	case INSN_FAULT:
		FUZZ_CHECK(cpu->rip == before->rip);
		FUZZ_CHECK(world->fault.vector < 32);
		break;
	case INSN_AGAIN:
		FUZZ_CHECK(cpu->rip == before->rip);
		break;
	case INSN_DONE:
		FUZZ_CHECK(moved >= 1 && moved <= BYTES);
		break;
	}
	FUZZ_CHECK(cpu->cr0 == before->cr0 && cpu->cr3 == before->cr3);
	FUZZ_CHECK(memcmp(cpu->segments, before->segments,
			  sizeof(cpu->segments)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world world;
	struct fuzz fuzz = {data, size, 0};
	const uint8_t kind = fuzz_8(&fuzz);
	enum insn_result result = INSN_AGAIN;
	uint8_t bytes[BYTES];
	size_t count;

	world_init(&world, kind % 3);
	make_state(&world.cpu, &fuzz);
	count = fuzz_bytes(&fuzz, bytes, BYTES);
	memcpy(world.ram + WORLD_CODE, bytes, BYTES);
	for (unsigned int i = 0; i < 3 && result == INSN_AGAIN; i++) {
		const struct insn_cpu before = world.cpu;

		result = insn_emulate(&world.cpu, &world.bus, bytes,
				      kind & 4 ? 0 : count, &world.fault);
		check(&before, &world, result);
	}
	return 0;
}
