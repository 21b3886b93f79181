/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Allocation that succeeds or ends the program, and printed strings. */
#define _GNU_SOURCE
#include "memory.h"
#include "verb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *memory_checked(void *memory)
{
	if (!memory) {
		fputs("hvctl: out of memory\n", stderr);
		exit(EXIT_FAILED);
	}
	return memory;
}

void *memory_resize(void *memory, size_t size)
{
	return memory_checked(realloc(memory, size ? size : 1));
}

char *memory_string(const char *text)
{
	return memory_checked(strdup(text));
}

char *memory_substring(const char *text, size_t size)
{
	return memory_checked(strndup(text, size));
}

char *memory_vprint(const char *format, va_list arguments)
{
	char *text;

	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	return memory_checked(text);
}

char *memory_print(const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	text = memory_vprint(format, arguments);
	va_end(arguments);
	return text;
}
