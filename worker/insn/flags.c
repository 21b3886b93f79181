/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The arithmetic flags. */
#include "flags.h"
#include "operand.h"
#include "x86.h"

static uint64_t result_flags(uint64_t result, unsigned int size)
{
	uint64_t flags = 0;

	result = truncate_to(result, size);
	if (!result)
		flags |= RFLAGS_ZF;
	if ((result >> (size * 8 - 1)) & 1)
		flags |= RFLAGS_SF;
	if (!(__builtin_popcount((unsigned int)(result & 0xff)) & 1))
		flags |= RFLAGS_PF;
	return flags;
}

static bool top_bit(uint64_t value, unsigned int size)
{
	return (value >> (size * 8 - 1)) & 1;
}

/* Carries out of each bit position are a function of inputs and result. */
static uint64_t add_flags(uint64_t a, uint64_t b, uint64_t sum,
			  unsigned int size)
{
	uint64_t flags = 0;

	if (top_bit((a & b) | ((a | b) & ~sum), size))
		flags |= RFLAGS_CF;
	if (top_bit((a ^ sum) & (b ^ sum), size))
		flags |= RFLAGS_OF;
	if (((a ^ b ^ sum) >> 4) & 1)
		flags |= RFLAGS_AF;
	return flags;
}

static uint64_t subtract_flags(uint64_t a, uint64_t b, uint64_t difference,
			       unsigned int size)
{
	uint64_t flags = 0;

	if (top_bit((~a & b) | ((~a | b) & difference), size))
		flags |= RFLAGS_CF;
	if (top_bit((a ^ b) & (a ^ difference), size))
		flags |= RFLAGS_OF;
	if (((a ^ b ^ difference) >> 4) & 1)
		flags |= RFLAGS_AF;
	return flags;
}

uint64_t flags_compute(enum flags_operation operation, unsigned int size,
		       const uint64_t operands[2], uint64_t *rflags)
{
	uint64_t carry = *rflags & RFLAGS_CF ? 1 : 0;
	uint64_t a = operands[0], b = operands[1];
	uint64_t result = 0, flags = 0;

	switch (operation) {
	case FLAGS_ADD:
		result = a + b;
		flags = add_flags(a, b, result, size);
		break;
	case FLAGS_ADC:
		result = a + b + carry;
		flags = add_flags(a, b, result, size);
		break;
	case FLAGS_SUB:
		result = a - b;
		flags = subtract_flags(a, b, result, size);
		break;
	case FLAGS_SBB:
		result = a - b - carry;
		flags = subtract_flags(a, b, result, size);
		break;
	case FLAGS_AND:
		result = a & b;
		break;
	case FLAGS_OR:
		result = a | b;
		break;
	case FLAGS_XOR:
		result = a ^ b;
		break;
	}
	flags |= result_flags(result, size);
	*rflags = (*rflags & ~RFLAGS_ARITHMETIC) | flags;
	return truncate_to(result, size);
}

bool flags_condition(uint64_t rflags, unsigned int condition)
{
	bool zero = rflags & RFLAGS_ZF;
	bool less = !!(rflags & RFLAGS_SF) != !!(rflags & RFLAGS_OF);
	bool holds = false;

	switch (condition >> 1) {
	case 0:
		holds = rflags & RFLAGS_OF;
		break;
	case 1:
		holds = rflags & RFLAGS_CF;
		break;
	case 2:
		holds = zero;
		break;
	case 3:
		holds = (rflags & RFLAGS_CF) || zero;
		break;
	case 4:
		holds = rflags & RFLAGS_SF;
		break;
	case 5:
		holds = rflags & RFLAGS_PF;
		break;
	case 6:
		holds = less;
		break;
	case 7:
		holds = less || zero;
		break;
	}
	return holds != (condition & 1);
}
