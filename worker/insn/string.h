/* SPDX-License-Identifier: GPL-2.0-or-later */
/* String instructions, with their prefixes. */
#pragma once

#include "operand.h"

enum string_kind {
	STRING_MOVS,
	STRING_STOS,
	STRING_LODS,
	STRING_CMPS,
	STRING_SCAS,
	STRING_INS,
	STRING_OUTS,
};

/* size is the element's: 1, 2, 4 or 8. */
enum insn_result string_run(struct insn_context *context,
			    const struct decoded *decoded,
			    enum string_kind kind, unsigned int size);
