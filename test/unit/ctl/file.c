/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A child file in a folder of its own, and what hvctl makes of it. */
#include "file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

void file_put(const struct fixture *f, const char *name, const char *text)
{
	char path[160];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", f->directory, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

int file_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	strcpy(f->directory, "/tmp/child_test.XXXXXX");
	if (!mkdtemp(f->directory))
		return -1;
	snprintf(f->file, sizeof(f->file), "%s/child.conf", f->directory);
	file_put(f, "vmlinuz", "kernel");
	file_put(f, "initrd.img", "initrd");
	file_put(f, "a.img", "disk");
	file_put(f, "b.img", "disk");
	file_put(f, "empty", "");
	*state = f;
	return 0;
}

int file_teardown(void **state)
{
	struct fixture *f = *state;
	char command[128];

	child_free(&f->child);
	report_free(&f->report);
	snprintf(command, sizeof(command), "rm -r %s", f->directory);
	if (system(command) != 0)
		return -1;
	free(f);
	return 0;
}

bool file_read(struct fixture *f, const char *text)
{
	file_put(f, "child.conf", text);
	child_free(&f->child);
	report_free(&f->report);
	f->report.file = f->file;
	return child_read(&f->child, &f->report);
}

void file_good(struct fixture *f, const char *text)
{
	if (!file_read(f, text)) {
		report_print(&f->report, stderr);
		fail();
	}
}

void file_bad(struct fixture *f, const char *text, unsigned int line,
	      const char *key, const char *part)
{
	assert_false(file_read(f, text));
	if (f->report.count != 1)
		report_print(&f->report, stderr);
	assert_int_equal(f->report.count, 1);
	assert_int_equal(f->report.entries[0].line, line);
	assert_string_equal(f->report.entries[0].key, key);
	if (!strstr(f->report.entries[0].text, part) ||
	    !strstr(f->report.entries[0].text, "expected "))
		fail_msg("\"%s\" is not in \"%s\"", part,
			 f->report.entries[0].text);
}

void file_path_is(const struct fixture *f, const char *path, const char *name)
{
	char expected[160];

	snprintf(expected, sizeof(expected), "%s/%s", f->directory, name);
	assert_string_equal(path, expected);
}
