/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A child's output as lines that begin with its name. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define LINES_SIZE_MAX 4096u

struct lines {
	const char *name; /* NULL: no prefix */
	int width;	  /* names are padded to it */
	size_t size;	  /* of the line that is not finished */
	int64_t since_ms; /* it has been waiting since */
	char line[LINES_SIZE_MAX];
};

/* Prints every line that ends in data, without carriage returns. */
void lines_add(struct lines *lines, const char *data, size_t size, FILE *out);

/* Prints what has waited for its end since before_ms or earlier. */
void lines_flush(struct lines *lines, int64_t before_ms, FILE *out);

int64_t lines_now_ms(void);
