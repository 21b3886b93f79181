/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A child's description that has no name in any folder: hvctl check <(...).
 * The fuzzer "child" found that reading one lost memory. */
#include "ctl/child.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static void a_pipe_is_read(void **state)
{
	static const char text[] = "name = web\nkernel = no-such-kernel\n";
	struct report report = {0};
	struct child child;
	char name[32];
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], text, strlen(text)), strlen(text));
	close(ends[1]);
	snprintf(name, sizeof(name), "/dev/fd/%d", ends[0]);
	report.file = name;
	assert_false(child_read(&child, &report));
	assert_int_equal(report.count, 1);
	assert_string_equal(report.entries[0].key, "kernel");
	assert_string_equal(child.name, "web");
	child_free(&child);
	report_free(&report);
	close(ends[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pipe_is_read),
	};

	return cmocka_run_group_tests_name("child_pipe", tests, NULL, NULL);
}
