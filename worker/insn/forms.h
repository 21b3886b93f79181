/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each mnemonic does. */
#pragma once

#include "operand.h"

/* INSN_UNSUPPORTED for a mnemonic or an operand that is none of ours. */
enum insn_result forms_run(struct insn_context *context,
			   const struct decoded *decoded);
