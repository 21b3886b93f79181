/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operands of a decoded instruction: found first, then read and written. */
#include "operand.h"

uint64_t gpr_read(const struct insn_cpu *cpu, unsigned int index,
		  unsigned int size)
{
	return truncate_to(cpu->gprs[index], size);
}

void gpr_write(struct insn_cpu *cpu, unsigned int index, unsigned int size,
	       uint64_t value)
{
	uint64_t low = truncate_to(value, size);

	/* 32-bit results clear the upper half, smaller ones keep the rest. */
	if (size >= 4)
		cpu->gprs[index] = low;
	else
		cpu->gprs[index] =
			(cpu->gprs[index] & ~((1ULL << (size * 8)) - 1)) | low;
}

enum insn_segment operand_segment(ZydisRegister name)
{
	switch (name) {
	case ZYDIS_REGISTER_ES:
		return INSN_ES;
	case ZYDIS_REGISTER_CS:
		return INSN_CS;
	case ZYDIS_REGISTER_SS:
		return INSN_SS;
	case ZYDIS_REGISTER_DS:
		return INSN_DS;
	case ZYDIS_REGISTER_FS:
		return INSN_FS;
	case ZYDIS_REGISTER_GS:
		return INSN_GS;
	default:
		return INSN_SEGMENT_COUNT;
	}
}

static bool is_gpr(ZydisRegister name)
{
	switch (ZydisRegisterGetClass(name)) {
	case ZYDIS_REGCLASS_GPR8:
	case ZYDIS_REGCLASS_GPR16:
	case ZYDIS_REGCLASS_GPR32:
	case ZYDIS_REGCLASS_GPR64:
		return true;
	default:
		return false;
	}
}

static unsigned int gpr_index(ZydisRegister name)
{
	ZydisRegister whole = ZydisRegisterGetLargestEnclosing(
		ZYDIS_MACHINE_MODE_LONG_64, name);

	return (unsigned int)ZydisRegisterGetId(whole);
}

static enum insn_result find_register(const ZydisDecodedOperand *from,
				      struct operand *operand)
{
	ZydisRegister name = from->reg.value;

	if (operand_segment(name) != INSN_SEGMENT_COUNT) {
		operand->kind = OPERAND_SEGMENT;
		operand->index = operand_segment(name);
		operand->size = 2;
		return INSN_DONE;
	}
	if (!is_gpr(name))
		return INSN_UNSUPPORTED;
	operand->kind = OPERAND_REGISTER;
	operand->index = gpr_index(name);
	operand->high = name >= ZYDIS_REGISTER_AH && name <= ZYDIS_REGISTER_BH;
	return INSN_DONE;
}

static uint64_t address_register(const struct insn_context *context,
				 ZydisRegister name)
{
	if (name == ZYDIS_REGISTER_NONE)
		return 0;
	if (name == ZYDIS_REGISTER_RIP || name == ZYDIS_REGISTER_EIP)
		return context->cpu->rip + context->next_ip;
	return context->cpu->gprs[gpr_index(name)];
}

static enum insn_result find_memory(struct insn_context *context,
				    const struct decoded *decoded,
				    const struct operand_request *request,
				    struct operand *operand)
{
	const ZydisDecodedOperandMem *mem = &request->operand->mem;
	unsigned int width = decoded->instruction.address_width / 8u;
	uint64_t offset = address_register(context, mem->base) +
			  address_register(context, mem->index) * mem->scale +
			  (uint64_t)mem->disp.value +
			  (uint64_t)request->displacement;
	const struct access_reference reference = {
		.segment = operand_segment(mem->segment),
		.offset = truncate_to(offset, width),
		.size = operand->size,
		.write = request->write,
	};

	if (mem->type != ZYDIS_MEMOP_TYPE_MEM ||
	    reference.segment == INSN_SEGMENT_COUNT)
		return INSN_UNSUPPORTED;
	operand->kind = OPERAND_MEMORY;
	if (!access_resolve(context, &reference, &operand->target))
		return INSN_FAULT;
	return INSN_DONE;
}

enum insn_result operand_find(struct insn_context *context,
			      const struct decoded *decoded,
			      const struct operand_request *request,
			      struct operand *operand)
{
	const ZydisDecodedOperand *from = request->operand;
	unsigned int size = from->size / 8u;

	*operand = (struct operand){.size = size};
	switch (from->type) {
	case ZYDIS_OPERAND_TYPE_IMMEDIATE:
		operand->kind = OPERAND_IMMEDIATE;
		operand->immediate = from->imm.value.u;
		return INSN_DONE;
	case ZYDIS_OPERAND_TYPE_REGISTER:
		return find_register(from, operand);
	case ZYDIS_OPERAND_TYPE_MEMORY:
		if (size != 1 && size != 2 && size != 4 && size != 8)
			return INSN_UNSUPPORTED;
		return find_memory(context, decoded, request, operand);
	default:
		return INSN_UNSUPPORTED;
	}
}

uint64_t operand_read(const struct insn_context *context,
		      const struct operand *operand)
{
	const struct insn_cpu *cpu = context->cpu;

	switch (operand->kind) {
	case OPERAND_REGISTER:
		if (operand->high)
			return (cpu->gprs[operand->index] >> 8) & 0xff;
		return gpr_read(cpu, operand->index, operand->size);
	case OPERAND_SEGMENT:
		return cpu->segments[operand->index].selector;
	case OPERAND_MEMORY:
		return access_read(context, &operand->target);
	case OPERAND_IMMEDIATE:
		return operand->immediate;
	}
	return 0;
}

void operand_write(const struct insn_context *context,
		   const struct operand *operand, uint64_t value)
{
	struct insn_cpu *cpu = context->cpu;

	switch (operand->kind) {
	case OPERAND_REGISTER:
		if (operand->high)
			cpu->gprs[operand->index] =
				(cpu->gprs[operand->index] & ~0xff00ULL) |
				((value & 0xff) << 8);
		else
			gpr_write(cpu, operand->index, operand->size, value);
		return;
	case OPERAND_MEMORY:
		access_write(context, &operand->target, value);
		return;
	case OPERAND_SEGMENT:
	case OPERAND_IMMEDIATE:
		return; /* no form writes them */
	}
}
