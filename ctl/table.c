/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables for people: columns as wide as what is in them. */
#include "table.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

void table_add(struct table *table, char *text)
{
	table->cells = memory_resize(table->cells,
				     (table->count + 1) * sizeof(char *));
	table->cells[table->count++] = text;
}

static size_t table_width(const struct table *table, size_t column)
{
	size_t width = 0;

	for (size_t i = column; i < table->count; i += table->columns) {
		if (strlen(table->cells[i]) > width)
			width = strlen(table->cells[i]);
	}
	return width;
}

void table_print(const struct table *table, FILE *out)
{
	size_t widths[TABLE_COLUMNS_MAX];

	for (size_t c = 0; c < table->columns; c++)
		widths[c] = table_width(table, c);
	for (size_t i = 0; i < table->count; i++) {
		const size_t c = i % table->columns;
		const bool last = c + 1 == table->columns;
		const int width = (int)widths[c];

		if (table->right[c])
			fprintf(out, "%*s", width, table->cells[i]);
		else if (last) /* no blanks at the end of lines */
			fputs(table->cells[i], out);
		else
			fprintf(out, "%-*s", width, table->cells[i]);
		fputs(last ? "\n" : "  ", out);
	}
}

void table_free(struct table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free(table->cells[i]);
	free(table->cells);
	table->cells = NULL;
	table->count = 0;
}

char *table_size(uint64_t bytes)
{
	static const char letters[] = "KMGT";
	unsigned int i = 0;

	if (!bytes || bytes % 1024)
		return memory_print("%llu", (unsigned long long)bytes);
	for (bytes /= 1024; i < 3 && bytes % 1024 == 0; i++)
		bytes /= 1024;
	return memory_print("%llu%c", (unsigned long long)bytes, letters[i]);
}

char *table_duration(int64_t seconds)
{
	const int64_t s = seconds > 0 ? seconds : 0;

	if (s < 60)
		return memory_print("%ds", (int)s);
	if (s < 3600)
		return memory_print("%dm%02ds", (int)(s / 60), (int)(s % 60));
	if (s < 86400)
		return memory_print("%dh%02dm", (int)(s / 3600),
				    (int)(s / 60 % 60));
	return memory_print("%dd%02dh", (int)(s / 86400), (int)(s / 3600 % 24));
}
