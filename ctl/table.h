/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables for people: columns as wide as what is in them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define TABLE_COLUMNS_MAX 66u

struct table {
	size_t columns;
	bool right[TABLE_COLUMNS_MAX]; /* numbers are set to the right */
	char **cells;		       /* row by row, the header first */
	size_t count;
};

/* Adds the next cell of the row; takes text over. */
void table_add(struct table *table, char *text);
void table_print(const struct table *table, FILE *out);
void table_free(struct table *table);

/* "512M", "1536M", "2G"; the caller's. */
char *table_size(uint64_t bytes);
/* "12s", "3m05s", "2h07m", "4d01h"; the caller's. */
char *table_duration(int64_t seconds);
