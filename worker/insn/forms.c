/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each mnemonic does. */
#include "forms.h"
#include "flags.h"
#include "string.h"
#include "x86.h"

struct form {
	enum insn_result (*run)(struct insn_context *context,
				const struct decoded *decoded,
				const struct form *form);
	unsigned int argument;
	unsigned int size; /* of a string's element */
};

/* Finds the first count operands; the first is written if write. */
static enum insn_result find(struct insn_context *context,
			     const struct decoded *decoded, bool write,
			     struct operand operands[2])
{
	unsigned int count = decoded->instruction.operand_count_visible;

	for (unsigned int i = 0; i < count && i < 2; i++) {
		const struct operand_request request = {
			.operand = &decoded->operands[i],
			.write = write && i == 0,
		};
		enum insn_result result =
			operand_find(context, decoded, &request, &operands[i]);

		if (result != INSN_DONE)
			return result;
	}
	return INSN_DONE;
}

#define FIND(write)                                                            \
	struct operand operands[2];                                            \
	enum insn_result found = find(context, decoded, write, operands);      \
	if (found != INSN_DONE)                                                \
	return found

static enum insn_result run_move(struct insn_context *context,
				 const struct decoded *decoded,
				 const struct form *form)
{
	(void)form;
	/* Loading a segment register is more than a move. */
	if (operand_segment(decoded->operands[0].reg.value) !=
		    INSN_SEGMENT_COUNT &&
	    decoded->operands[0].type == ZYDIS_OPERAND_TYPE_REGISTER)
		return INSN_UNSUPPORTED;
	FIND(true);
	operand_write(context, &operands[0],
		      operand_read(context, &operands[1]));
	return INSN_DONE;
}

static enum insn_result run_move_signed(struct insn_context *context,
					const struct decoded *decoded,
					const struct form *form)
{
	(void)form;
	FIND(true);
	operand_write(context, &operands[0],
		      sign_extend(operand_read(context, &operands[1]),
				  operands[1].size));
	return INSN_DONE;
}

static enum insn_result run_move_swapped(struct insn_context *context,
					 const struct decoded *decoded,
					 const struct form *form)
{
	uint64_t value;

	(void)form;
	FIND(true);
	value = operand_read(context, &operands[1]);
	value = __builtin_bswap64(value) >> (64 - operands[1].size * 8);
	operand_write(context, &operands[0], value);
	return INSN_DONE;
}

static enum insn_result run_alu(struct insn_context *context,
				const struct decoded *decoded,
				const struct form *form)
{
	FIND(true);
	const uint64_t values[2] = {operand_read(context, &operands[0]),
				    operand_read(context, &operands[1])};
	uint64_t result = flags_compute(form->argument, operands[0].size,
					values, &context->cpu->rflags);

	operand_write(context, &operands[0], result);
	return INSN_DONE;
}

/* CMP and TEST: the flags of a subtraction or AND alone. */
static enum insn_result run_compare(struct insn_context *context,
				    const struct decoded *decoded,
				    const struct form *form)
{
	FIND(false);
	const uint64_t values[2] = {operand_read(context, &operands[0]),
				    operand_read(context, &operands[1])};

	flags_compute(form->argument, operands[0].size, values,
		      &context->cpu->rflags);
	return INSN_DONE;
}

/* INC and DEC leave the carry alone. */
static enum insn_result run_increment(struct insn_context *context,
				      const struct decoded *decoded,
				      const struct form *form)
{
	uint64_t carry = context->cpu->rflags & RFLAGS_CF;

	FIND(true);
	const uint64_t values[2] = {operand_read(context, &operands[0]), 1};
	uint64_t result = flags_compute(form->argument, operands[0].size,
					values, &context->cpu->rflags);

	context->cpu->rflags = (context->cpu->rflags & ~RFLAGS_CF) | carry;
	operand_write(context, &operands[0], result);
	return INSN_DONE;
}

static enum insn_result run_negate(struct insn_context *context,
				   const struct decoded *decoded,
				   const struct form *form)
{
	(void)form;
	FIND(true);
	const uint64_t values[2] = {0, operand_read(context, &operands[0])};

	operand_write(context, &operands[0],
		      flags_compute(FLAGS_SUB, operands[0].size, values,
				    &context->cpu->rflags));
	return INSN_DONE;
}

static enum insn_result run_not(struct insn_context *context,
				const struct decoded *decoded,
				const struct form *form)
{
	(void)form;
	FIND(true);
	operand_write(context, &operands[0],
		      ~operand_read(context, &operands[0]));
	return INSN_DONE;
}

/* Both are written; a register operand cannot fault, so order is free. */
static enum insn_result run_exchange(struct insn_context *context,
				     const struct decoded *decoded,
				     const struct form *form)
{
	unsigned int memory =
		decoded->operands[1].type == ZYDIS_OPERAND_TYPE_MEMORY;
	struct operand operands[2];
	uint64_t values[2];

	for (unsigned int i = 0; i < 2; i++) {
		const struct operand_request request = {
			.operand = &decoded->operands[i],
			.write = true,
		};
		enum insn_result found =
			operand_find(context, decoded, &request, &operands[i]);

		if (found != INSN_DONE)
			return found;
		values[i] = operand_read(context, &operands[i]);
	}
	if (form->argument) { /* XADD */
		uint64_t sum = flags_compute(FLAGS_ADD, operands[0].size,
					     values, &context->cpu->rflags);

		operand_write(context, &operands[1], values[0]);
		operand_write(context, &operands[0], sum);
		return INSN_DONE;
	}
	operand_write(context, &operands[memory], values[!memory]);
	operand_write(context, &operands[!memory], values[memory]);
	return INSN_DONE;
}

static enum insn_result run_compare_exchange(struct insn_context *context,
					     const struct decoded *decoded,
					     const struct form *form)
{
	struct insn_cpu *cpu = context->cpu;

	(void)form;
	FIND(true);
	unsigned int size = operands[0].size;
	const uint64_t values[2] = {gpr_read(cpu, HV_GPR_RAX, size),
				    operand_read(context, &operands[0])};

	flags_compute(FLAGS_SUB, size, values, &cpu->rflags);
	if (cpu->rflags & RFLAGS_ZF) {
		operand_write(context, &operands[0],
			      operand_read(context, &operands[1]));
	} else {
		/* The destination is written in either case. */
		operand_write(context, &operands[0], values[1]);
		gpr_write(cpu, HV_GPR_RAX, size, values[1]);
	}
	return INSN_DONE;
}

enum bit_operation {
	BIT_TEST,
	BIT_SET,
	BIT_RESET,
	BIT_COMPLEMENT
};

static uint64_t bit_change(enum bit_operation operation, uint64_t value,
			   unsigned int bit)
{
	switch (operation) {
	case BIT_SET:
		return value | (1ULL << bit);
	case BIT_RESET:
		return value & ~(1ULL << bit);
	case BIT_COMPLEMENT:
		return value ^ (1ULL << bit);
	case BIT_TEST:
		break;
	}
	return value;
}

/* With a register as index, memory is a bit string around the operand. */
static enum insn_result run_bit(struct insn_context *context,
				const struct decoded *decoded,
				const struct form *form)
{
	struct insn_cpu *cpu = context->cpu;
	struct operand_request request = {.operand = &decoded->operands[1]};
	struct operand base, index;
	enum insn_result found =
		operand_find(context, decoded, &request, &index);

	if (found != INSN_DONE)
		return found;

	unsigned int size = decoded->operands[0].size / 8u;
	uint64_t bit = operand_read(context, &index);

	request.operand = &decoded->operands[0];
	request.write = form->argument != BIT_TEST;
	if (index.kind == OPERAND_REGISTER &&
	    request.operand->type == ZYDIS_OPERAND_TYPE_MEMORY) {
		int64_t first = (int64_t)sign_extend(bit, index.size);

		request.displacement = (first >> (size == 8   ? 6
						  : size == 4 ? 5
							      : 4)) *
				       size;
	}
	found = operand_find(context, decoded, &request, &base);
	if (found != INSN_DONE)
		return found;
	bit &= size * 8 - 1;

	uint64_t value = operand_read(context, &base);

	cpu->rflags &= ~RFLAGS_CF;
	if ((value >> bit) & 1)
		cpu->rflags |= RFLAGS_CF;
	if (form->argument != BIT_TEST)
		operand_write(
			context, &base,
			bit_change(form->argument, value, (unsigned int)bit));
	return INSN_DONE;
}

static enum insn_result run_set(struct insn_context *context,
				const struct decoded *decoded,
				const struct form *form)
{
	FIND(true);
	operand_write(context, &operands[0],
		      flags_condition(context->cpu->rflags, form->argument));
	return INSN_DONE;
}

/* The source is read whether or not the condition holds. */
static enum insn_result run_move_if(struct insn_context *context,
				    const struct decoded *decoded,
				    const struct form *form)
{
	FIND(false);
	uint64_t value = operand_read(context, &operands[1]);

	if (!flags_condition(context->cpu->rflags, form->argument))
		value = operand_read(context, &operands[0]);
	operand_write(context, &operands[0], value);
	return INSN_DONE;
}

static enum insn_result run_string(struct insn_context *context,
				   const struct decoded *decoded,
				   const struct form *form)
{
	return string_run(context, decoded, form->argument, form->size);
}

static enum insn_result run_in(struct insn_context *context,
			       const struct decoded *decoded,
			       const struct form *form)
{
	const struct insn_bus *bus = context->bus;

	(void)form;
	FIND(true);
	operand_write(context, &operands[0],
		      bus->read(bus->owner, IO_PORT,
				operand_read(context, &operands[1]) & 0xffff,
				operands[0].size));
	return INSN_DONE;
}

static enum insn_result run_out(struct insn_context *context,
				const struct decoded *decoded,
				const struct form *form)
{
	const struct insn_bus *bus = context->bus;

	(void)form;
	FIND(false);
	bus->write(bus->owner, IO_PORT,
		   operand_read(context, &operands[0]) & 0xffff,
		   operands[1].size, operand_read(context, &operands[1]));
	return INSN_DONE;
}

/* SSE2's MOVSD and CMPSD share their name with a string instruction. */
static enum insn_result run_string_d(struct insn_context *context,
				     const struct decoded *decoded,
				     const struct form *form)
{
	if (decoded->instruction.meta.category != ZYDIS_CATEGORY_STRINGOP)
		return INSN_UNSUPPORTED;
	return run_string(context, decoded, form);
}

#define FORM(name) [ZYDIS_MNEMONIC_##name]
#define STRINGS(name)                                                          \
	FORM(name##B) = {run_string, STRING_##name, 1},                        \
	FORM(name##W) = {run_string, STRING_##name, 2},                        \
	FORM(name##D) = {run_string_d, STRING_##name, 4},                      \
	FORM(name##Q) = {run_string, STRING_##name, 8}
#define PORT_STRINGS(name)                                                     \
	FORM(name##B) = {run_string, STRING_##name, 1},                        \
	FORM(name##W) = {run_string, STRING_##name, 2},                        \
	FORM(name##D) = {run_string, STRING_##name, 4}
#define CONDITION(name, number)                                                \
	FORM(SET##name) = {run_set, number, 0},                                \
	FORM(CMOV##name) = {run_move_if, number, 0}

static const struct form forms[ZYDIS_MNEMONIC_MAX_VALUE + 1] = {
	FORM(MOV) = {run_move, 0, 0},
	FORM(MOVNTI) = {run_move, 0, 0},
	FORM(MOVZX) = {run_move, 0, 0},
	FORM(MOVSX) = {run_move_signed, 0, 0},
	FORM(MOVSXD) = {run_move_signed, 0, 0},
	FORM(MOVBE) = {run_move_swapped, 0, 0},
	FORM(ADD) = {run_alu, FLAGS_ADD, 0},
	FORM(OR) = {run_alu, FLAGS_OR, 0},
	FORM(ADC) = {run_alu, FLAGS_ADC, 0},
	FORM(SBB) = {run_alu, FLAGS_SBB, 0},
	FORM(AND) = {run_alu, FLAGS_AND, 0},
	FORM(SUB) = {run_alu, FLAGS_SUB, 0},
	FORM(XOR) = {run_alu, FLAGS_XOR, 0},
	FORM(CMP) = {run_compare, FLAGS_SUB, 0},
	FORM(TEST) = {run_compare, FLAGS_AND, 0},
	FORM(INC) = {run_increment, FLAGS_ADD, 0},
	FORM(DEC) = {run_increment, FLAGS_SUB, 0},
	FORM(NEG) = {run_negate, 0, 0},
	FORM(NOT) = {run_not, 0, 0},
	FORM(XCHG) = {run_exchange, 0, 0},
	FORM(XADD) = {run_exchange, 1, 0},
	FORM(CMPXCHG) = {run_compare_exchange, 0, 0},
	FORM(BT) = {run_bit, BIT_TEST, 0},
	FORM(BTS) = {run_bit, BIT_SET, 0},
	FORM(BTR) = {run_bit, BIT_RESET, 0},
	FORM(BTC) = {run_bit, BIT_COMPLEMENT, 0},
	CONDITION(O, 0),
	CONDITION(NO, 1),
	CONDITION(B, 2),
	CONDITION(NB, 3),
	CONDITION(Z, 4),
	CONDITION(NZ, 5),
	CONDITION(BE, 6),
	CONDITION(NBE, 7),
	CONDITION(S, 8),
	CONDITION(NS, 9),
	CONDITION(P, 10),
	CONDITION(NP, 11),
	CONDITION(L, 12),
	CONDITION(NL, 13),
	CONDITION(LE, 14),
	CONDITION(NLE, 15),
	STRINGS(MOVS),
	STRINGS(STOS),
	STRINGS(LODS),
	STRINGS(CMPS),
	STRINGS(SCAS),
	PORT_STRINGS(INS),
	PORT_STRINGS(OUTS),
	FORM(IN) = {run_in, 0, 0},
	FORM(OUT) = {run_out, 0, 0},
};

enum insn_result forms_run(struct insn_context *context,
			   const struct decoded *decoded)
{
	const struct form *form = &forms[decoded->instruction.mnemonic];

	if (!form->run)
		return INSN_UNSUPPORTED;
	return form->run(context, decoded, form);
}
