/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text as a child sends it, made fit for JSON and a terminal. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * Up to count units, or to the first zero, as UTF-8 with a zero at its end:
 * what does not fit into size bytes is left out, control characters and
 * halves of pairs become '?'. from need not be aligned.
 */
void utf16_to_utf8(const void *from, size_t count, char *to, size_t size);

/* ASCII to UTF-16 with a zero at its end; at most count units. */
void utf16_from_ascii(const char *from, uint16_t *to, size_t count);
