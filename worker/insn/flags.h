/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The arithmetic flags. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum flags_operation {
	FLAGS_ADD,
	FLAGS_OR,
	FLAGS_ADC,
	FLAGS_SBB,
	FLAGS_AND,
	FLAGS_SUB,
	FLAGS_XOR,
};

/*
 * left OP right on operands of size bytes (1, 2, 4, 8); rflags' arithmetic
 * bits are replaced. ADC and SBB take their carry from rflags.
 */
uint64_t flags_compute(enum flags_operation operation, unsigned int size,
		       const uint64_t operands[2], uint64_t *rflags);

/* Condition number 0-15 as JO, JNO, JB ... JNLE encode it. */
bool flags_condition(uint64_t rflags, unsigned int condition);
