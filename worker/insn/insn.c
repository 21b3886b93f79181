/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Emulates one instruction: fetch, decode, do. */
#include "insn.h"
#include "forms.h"
#include "x86.h"

#include <string.h>

#define INSTRUCTION_SIZE_MAX 15u

struct mode {
	ZydisMachineMode machine;
	ZydisStackWidth stack;
};

static struct mode mode_of(const struct insn_cpu *cpu)
{
	bool big = cpu->segments[INSN_CS].attributes & SEGMENT_BIG;

	if (!(cpu->cr0 & CR0_PE))
		return (struct mode){ZYDIS_MACHINE_MODE_REAL_16,
				     ZYDIS_STACK_WIDTH_16};
	if (access_long_mode(cpu))
		return (struct mode){ZYDIS_MACHINE_MODE_LONG_64,
				     ZYDIS_STACK_WIDTH_64};
	if (big && !(cpu->rflags & RFLAGS_VM))
		return (struct mode){ZYDIS_MACHINE_MODE_LEGACY_32,
				     ZYDIS_STACK_WIDTH_32};
	return (struct mode){ZYDIS_MACHINE_MODE_LEGACY_16,
			     ZYDIS_STACK_WIDTH_16};
}

/* The bytes at CS:RIP, as many as are there before something is missing. */
static size_t fetch(struct insn_context *context,
		    uint8_t bytes[INSTRUCTION_SIZE_MAX])
{
	const struct insn_cpu *cpu = context->cpu;
	uint32_t access = INSN_ACCESS_FETCH;
	uint64_t linear = cpu->rip;
	size_t count = 0;

	if (cpu->cpl == 3)
		access |= INSN_ACCESS_USER;
	if (!access_long_mode(cpu))
		linear = (linear + cpu->segments[INSN_CS].base) & 0xffffffffu;
	while (count < INSTRUCTION_SIZE_MAX) {
		size_t size = 4096 - (linear & 4095);
		uint64_t gpa;

		if (size > INSTRUCTION_SIZE_MAX - count)
			size = INSTRUCTION_SIZE_MAX - count;
		if (!insn_translate(cpu, context->bus->memory, linear, access,
				    &gpa, context->fault))
			break;
		/* Code in device registers or nowhere reads as ones. */
		if (!memory_read(context->bus->memory, gpa, bytes + count,
				 size))
			memset(bytes + count, 0xff, size);
		count += size;
		linear += size;
	}
	return count;
}

static bool decode(const struct insn_cpu *cpu, const uint8_t *bytes,
		   size_t count, struct decoded *decoded)
{
	struct mode mode = mode_of(cpu);
	ZydisDecoder decoder;

	return ZYAN_SUCCESS(
		       ZydisDecoderInit(&decoder, mode.machine, mode.stack)) &&
	       ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, bytes, count,
						   &decoded->instruction,
						   decoded->operands));
}

static enum insn_result fetch_and_decode(struct insn_context *context,
					 struct decoded *decoded)
{
	uint8_t bytes[INSTRUCTION_SIZE_MAX];
	size_t count = fetch(context, bytes);

	if (decode(context->cpu, bytes, count, decoded))
		return INSN_DONE;
	/* Cut short by a page that is not there: that is the fault. */
	if (count < INSTRUCTION_SIZE_MAX)
		return INSN_FAULT;
	*context->fault = (struct insn_fault){.vector = VECTOR_UD};
	return INSN_FAULT;
}

static void move_on(struct insn_cpu *cpu, unsigned int length)
{
	uint64_t next = cpu->rip + length;

	if (!access_long_mode(cpu))
		next &= cpu->segments[INSN_CS].attributes & SEGMENT_BIG
				? 0xffffffffu
				: 0xffffu;
	cpu->rip = next;
	cpu->rflags &= ~RFLAGS_RF;
}

enum insn_result insn_emulate(struct insn_cpu *cpu, const struct insn_bus *bus,
			      const uint8_t *bytes, size_t count,
			      struct insn_fault *fault)
{
	struct insn_context context = {
		.cpu = cpu,
		.bus = bus,
		.fault = fault,
	};
	struct decoded decoded;
	enum insn_result result = INSN_DONE;

	if (!decode(cpu, bytes, count, &decoded))
		result = fetch_and_decode(&context, &decoded);
	if (result != INSN_DONE)
		return result;
	context.next_ip = decoded.instruction.length;
	result = forms_run(&context, &decoded);
	if (result == INSN_DONE)
		move_on(cpu, decoded.instruction.length);
	return result;
}
