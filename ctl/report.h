/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All that is wrong with a child file, told at once. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

struct report_entry {
	unsigned int line;
	char *key;
	char *text; /* "expected ..., got ..." */
};

struct report {
	const char *file; /* as the person named it */
	struct report_entry *entries;
	size_t count;
};

/* Adds an entry; key is copied. Line 0: the file as a whole. */
void report_add(struct report *report, unsigned int line, const char *key,
		const char *format, ...) __attribute__((format(printf, 4, 5)));

/* "FILE:LINE: KEY: expected ..., got ...", by line, one a line. */
void report_print(struct report *report, FILE *out);

/* [ { "file", "line", "key", "text" }, ... ] by line; the caller's. */
json_t *report_to_json(struct report *report);

void report_free(struct report *report);
