/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The last words of a child's kernel, as its worker logged them. */
#define _GNU_SOURCE
#include "panic.h"
#include "memory.h"
#include "state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How the worker begins a report; what it logs of one follows at once. */
#define PANIC_BEGINS "vp "

static json_t *line_to_json(char *text)
{
	for (char *at = text; *at; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
	return json_string(text);
}

static void read_file(json_t *lines, const char *path, const char *prefix)
{
	FILE *file = fopen(path, "re");
	const size_t length = strlen(prefix);
	char *line = NULL;
	size_t size = 0;

	while (file && getline(&line, &size, file) > 0) {
		char *text = line + length;

		if (strncmp(line, prefix, length) != 0)
			continue;
		text[strcspn(text, "\n")] = '\0';
		if (!strncmp(text, PANIC_BEGINS, strlen(PANIC_BEGINS)))
			json_array_clear(lines);
		json_array_append_new(lines, line_to_json(text));
	}
	free(line);
	if (file)
		fclose(file);
}

json_t *panic_read(const char *name)
{
	static const char *const files[] = {"worker.log.1", "worker.log"};
	json_t *lines = json_array();
	char *prefix = memory_print("%s crash: ", name);

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char *path = state_path(name, files[i]);

		read_file(lines, path, prefix);
		free(path);
	}
	free(prefix);
	return lines;
}
