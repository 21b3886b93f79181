/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The last words of a child's kernel, as its worker logged them. */
#pragma once

#include <jansson.h>

/* The lines of its latest panic; the caller's. Empty: there was none. */
json_t *panic_read(const char *name);
