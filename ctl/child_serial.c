/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The serial section of a child file. */
#include "checker.h"
#include "memory.h"

#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The file need not be there yet, but where it is to be must. */
static void take_serial_output(struct checker *checker)
{
	static const char expected[] = "\"console\", \"none\" or a file "
				       "to write";
	struct stat status;
	char *path, *copy, *directory;

	if (!checker_take_text(checker, expected))
		return;
	free(checker->child->serial_output);
	checker->child->serial_output = NULL;
	if (!strcmp(checker->at->text, "none"))
		return;
	if (!strcmp(checker->at->text, "console")) {
		checker->child->serial_output = memory_string("console");
		return;
	}
	path = checker_absolute(checker, checker->at->text);
	copy = memory_string(path);
	directory = realpath(dirname(copy), NULL);
	if (!directory || access(directory, X_OK) < 0)
		checker_complain_file(checker, expected, strerror(errno));
	else if (!stat(path, &status) && S_ISDIR(status.st_mode))
		checker_complain_file(checker, expected, "it is a directory");
	else if (access(path, F_OK) ? access(directory, W_OK)
				    : access(path, W_OK))
		checker_complain_file(checker, expected, strerror(errno));
	else
		checker->child->serial_output =
			memory_print("%s/%s", directory, basename(path));
	free(directory);
	free(copy);
	free(path);
}

void child_take_serial(struct checker *checker)
{
	static const struct key keys[] = {
		{"output", take_serial_output,
		 "\"console\", \"none\" or a file", false},
	};

	if (checker->at->type != SYNTAX_SECTION) {
		checker_complain(checker,
				 "a section { output = console|none|FILE }");
		return;
	}
	checker->prefix = "serial.";
	CHECKER_SECTION(checker, keys);
	checker->prefix = "";
}
