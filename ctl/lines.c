/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A child's output as lines that begin with its name. */
#define _GNU_SOURCE
#include "lines.h"

#include <time.h>

int64_t lines_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void lines_print(struct lines *lines, FILE *out)
{
	if (lines->name)
		fprintf(out, "%-*s | ", lines->width, lines->name);
	fwrite(lines->line, 1, lines->size, out);
	fputc('\n', out);
	lines->size = 0;
}

void lines_add(struct lines *lines, const char *data, size_t size, FILE *out)
{
	for (size_t i = 0; i < size; i++) {
		if (data[i] == '\r')
			continue;
		if (data[i] == '\n' || lines->size == LINES_SIZE_MAX)
			lines_print(lines, out);
		if (data[i] != '\n')
			lines->line[lines->size++] = data[i];
	}
	lines->since_ms = lines_now_ms();
}

void lines_flush(struct lines *lines, int64_t before_ms, FILE *out)
{
	if (lines->size && lines->since_ms <= before_ms)
		lines_print(lines, out);
}
