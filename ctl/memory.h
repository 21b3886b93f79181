/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Allocation that succeeds or ends the program, and printed strings. */
#pragma once

#include <stdarg.h>
#include <stddef.h>

void *memory_resize(void *memory, size_t size);
char *memory_string(const char *text);
/* The first size bytes of text, terminated. */
char *memory_substring(const char *text, size_t size);
char *memory_print(const char *format, ...)
	__attribute__((format(printf, 1, 2)));
char *memory_vprint(const char *format, va_list arguments)
	__attribute__((format(printf, 1, 0)));
