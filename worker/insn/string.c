/* SPDX-License-Identifier: GPL-2.0-or-later */
/* String instructions, with their prefixes. */
#include "string.h"
#include "flags.h"
#include "x86.h"

/* One string instruction under way. */
struct string {
	struct insn_context *context;
	enum string_kind kind;
	unsigned int size;	   /* of an element */
	unsigned int address_size; /* of SI, DI and CX */
	enum insn_segment source;  /* of SI */
};

static bool find(const struct string *string, enum hv_gpr index, bool write,
		 struct access_target *target)
{
	const struct insn_cpu *cpu = string->context->cpu;
	const struct access_reference reference = {
		.segment = index == HV_GPR_RDI ? INSN_ES : string->source,
		.offset = gpr_read(cpu, index, string->address_size),
		.size = string->size,
		.write = write,
	};

	return access_resolve(string->context, &reference, target);
}

static void advance(const struct string *string, enum hv_gpr index)
{
	struct insn_cpu *cpu = string->context->cpu;
	uint64_t at = gpr_read(cpu, index, string->address_size);

	at = cpu->rflags & RFLAGS_DF ? at - string->size : at + string->size;
	gpr_write(cpu, index, string->address_size, at);
}

static void compare(const struct string *string, uint64_t left, uint64_t right)
{
	const uint64_t operands[2] = {left, right};

	flags_compute(FLAGS_SUB, string->size, operands,
		      &string->context->cpu->rflags);
}

static bool uses_source(enum string_kind kind)
{
	return kind == STRING_MOVS || kind == STRING_LODS ||
	       kind == STRING_CMPS || kind == STRING_OUTS;
}

static bool uses_destination(enum string_kind kind)
{
	return kind != STRING_LODS && kind != STRING_OUTS;
}

static uint64_t port_in(const struct string *string)
{
	const struct insn_bus *bus = string->context->bus;
	uint64_t port = gpr_read(string->context->cpu, HV_GPR_RDX, 2);

	return bus->read(bus->owner, IO_PORT, port, string->size);
}

static void port_out(const struct string *string, uint64_t value)
{
	const struct insn_bus *bus = string->context->bus;
	uint64_t port = gpr_read(string->context->cpu, HV_GPR_RDX, 2);

	bus->write(bus->owner, IO_PORT, port, string->size, value);
}

static void step_act(const struct string *string,
		     const struct access_target *source,
		     const struct access_target *destination)
{
	struct insn_context *context = string->context;
	struct insn_cpu *cpu = context->cpu;

	switch (string->kind) {
	case STRING_MOVS:
		access_write(context, destination,
			     access_read(context, source));
		break;
	case STRING_STOS:
		access_write(context, destination, cpu->gprs[HV_GPR_RAX]);
		break;
	case STRING_LODS:
		gpr_write(cpu, HV_GPR_RAX, string->size,
			  access_read(context, source));
		break;
	case STRING_CMPS:
		compare(string, access_read(context, source),
			access_read(context, destination));
		break;
	case STRING_SCAS:
		compare(string, gpr_read(cpu, HV_GPR_RAX, string->size),
			access_read(context, destination));
		break;
	case STRING_INS:
		access_write(context, destination, port_in(string));
		break;
	case STRING_OUTS:
		port_out(string, access_read(context, source));
		break;
	}
}

static bool step(const struct string *string)
{
	bool writes =
		string->kind != STRING_CMPS && string->kind != STRING_SCAS;
	struct access_target source, destination;

	if (uses_source(string->kind) &&
	    !find(string, HV_GPR_RSI, false, &source))
		return false;
	if (uses_destination(string->kind) &&
	    !find(string, HV_GPR_RDI, writes, &destination))
		return false;
	step_act(string, &source, &destination);
	if (uses_source(string->kind))
		advance(string, HV_GPR_RSI);
	if (uses_destination(string->kind))
		advance(string, HV_GPR_RDI);
	return true;
}

/* Whether REPE or REPNE ends a comparison here. */
static bool comparison_ends(const struct string *string, bool while_equal)
{
	bool equal = string->context->cpu->rflags & RFLAGS_ZF;

	if (string->kind != STRING_CMPS && string->kind != STRING_SCAS)
		return false;
	return equal != while_equal;
}

static enum insn_result repeat(const struct string *string, bool while_equal)
{
	struct insn_cpu *cpu = string->context->cpu;
	unsigned int size = string->address_size;

	for (unsigned int i = 0; i < INSN_REPEAT_MAX; i++) {
		uint64_t count = gpr_read(cpu, HV_GPR_RCX, size);

		if (!count)
			return INSN_DONE;
		if (!step(string))
			return INSN_FAULT;
		gpr_write(cpu, HV_GPR_RCX, size, count - 1);
		if (comparison_ends(string, while_equal))
			return INSN_DONE;
	}
	return gpr_read(cpu, HV_GPR_RCX, size) ? INSN_AGAIN : INSN_DONE;
}

/* The source's segment is the only one a prefix can change. */
static enum insn_segment source_segment(const struct decoded *decoded)
{
	for (unsigned int i = 0; i < decoded->instruction.operand_count; i++) {
		const ZydisDecodedOperand *operand = &decoded->operands[i];

		if (operand->type == ZYDIS_OPERAND_TYPE_MEMORY &&
		    ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64,
						     operand->mem.base) ==
			    ZYDIS_REGISTER_RSI)
			return operand_segment(operand->mem.segment);
	}
	return INSN_DS;
}

enum insn_result string_run(struct insn_context *context,
			    const struct decoded *decoded,
			    enum string_kind kind, unsigned int size)
{
	ZydisInstructionAttributes attributes = decoded->instruction.attributes;
	const struct string string = {
		.context = context,
		.kind = kind,
		.size = size,
		.address_size = decoded->instruction.address_width / 8u,
		.source = source_segment(decoded),
	};

	if (attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE |
			  ZYDIS_ATTRIB_HAS_REPNE))
		return repeat(&string, !(attributes & ZYDIS_ATTRIB_HAS_REPNE));
	return step(&string) ? INSN_DONE : INSN_FAULT;
}
