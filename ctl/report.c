/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All that is wrong with a child file, told at once. */
#define _GNU_SOURCE
#include "report.h"
#include "memory.h"

#include <stdarg.h>
#include <stdlib.h>

void report_add(struct report *report, unsigned int line, const char *key,
		const char *format, ...)
{
	struct report_entry *entry;
	va_list arguments;

	report->entries = memory_resize(report->entries,
					(report->count + 1) * sizeof(*entry));
	entry = &report->entries[report->count++];
	entry->line = line;
	entry->key = memory_string(key);
	va_start(arguments, format);
	entry->text = memory_vprint(format, arguments);
	va_end(arguments);
}

static int by_line(const void *a, const void *b)
{
	const struct report_entry *first = a, *second = b;

	return (first->line > second->line) - (first->line < second->line);
}

static void report_sort(struct report *report)
{
	if (report->count)
		qsort(report->entries, report->count, sizeof(*report->entries),
		      by_line);
}

void report_print(struct report *report, FILE *out)
{
	report_sort(report);
	for (size_t i = 0; i < report->count; i++) {
		const struct report_entry *entry = &report->entries[i];

		if (entry->line)
			fprintf(out, "%s:%u: %s: %s\n", report->file,
				entry->line, entry->key, entry->text);
		else /* the file as a whole */
			fprintf(out, "%s: %s\n", report->file, entry->text);
	}
}

json_t *report_to_json(struct report *report)
{
	json_t *list = json_array();

	report_sort(report);
	for (size_t i = 0; i < report->count; i++) {
		const struct report_entry *entry = &report->entries[i];

		json_array_append_new(list, json_pack("{s:s, s:i, s:s, s:s}",
						      "file", report->file,
						      "line", (int)entry->line,
						      "key", entry->key, "text",
						      entry->text));
	}
	return list;
}

void report_free(struct report *report)
{
	for (size_t i = 0; i < report->count; i++) {
		free(report->entries[i].key);
		free(report->entries[i].text);
	}
	free(report->entries);
	report->entries = NULL;
	report->count = 0;
}
