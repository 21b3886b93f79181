/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kinds of machines there are. */
#include "machines.h"

#include <string.h>

const struct machine_type *machine_type_find(const char *name)
{
	static const struct machine_type *const types[] = {
		&machine_enlightened,
		&machine_pc,
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i]->name, name) == 0)
			return types[i];
	return NULL;
}
