/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operands of a decoded instruction: found first, then read and written. */
#pragma once

#include "access.h"

#include <Zydis/Zydis.h>

struct decoded {
	ZydisDecodedInstruction instruction;
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
};

enum operand_kind {
	OPERAND_REGISTER,
	OPERAND_SEGMENT,
	OPERAND_MEMORY,
	OPERAND_IMMEDIATE,
};

struct operand {
	enum operand_kind kind;
	unsigned int size;  /* 1, 2, 4 or 8 */
	unsigned int index; /* of the register */
	bool high;	    /* AH, CH, DH, BH */
	uint64_t immediate;
	struct access_target target;
};

/* Displaces a memory operand, for bit strings. */
struct operand_request {
	const ZydisDecodedOperand *operand;
	bool write;
	int64_t displacement;
};

/* INSN_DONE, INSN_FAULT or INSN_UNSUPPORTED; nothing is changed. */
enum insn_result operand_find(struct insn_context *context,
			      const struct decoded *decoded,
			      const struct operand_request *request,
			      struct operand *operand);
uint64_t operand_read(const struct insn_context *context,
		      const struct operand *operand);
void operand_write(const struct insn_context *context,
		   const struct operand *operand, uint64_t value);

/* A general register as an operand of size bytes has it, and back. */
uint64_t gpr_read(const struct insn_cpu *cpu, unsigned int index,
		  unsigned int size);
void gpr_write(struct insn_cpu *cpu, unsigned int index, unsigned int size,
	       uint64_t value);

/* Keeps the low size bytes. */
static inline uint64_t truncate_to(uint64_t value, unsigned int size)
{
	return size >= 8 ? value : value & ((1ULL << (size * 8)) - 1);
}

static inline uint64_t sign_extend(uint64_t value, unsigned int size)
{
	unsigned int shift = 64 - size * 8;

	return (uint64_t)((int64_t)(value << shift) >> shift);
}

/* INSN_SEGMENT_COUNT for anything that is no segment register. */
enum insn_segment operand_segment(ZydisRegister name);
