/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kinds of machines there are. */
#pragma once

#include "worker/core/machine.h"

extern const struct machine_type machine_enlightened;
extern const struct machine_type machine_pc;

/* NULL for a name that is none. */
const struct machine_type *machine_type_find(const char *name);
