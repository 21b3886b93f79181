/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a worker gives up, tried from inside and looked at from outside. */
#define _GNU_SOURCE
#include "escape.h"

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const results[] = {
	[ESCAPE_REFUSED] = "refused",
	[ESCAPE_KILLED] = "killed",
	[ESCAPE_OUT] = "it got out",
	[ESCAPE_FAILED] = "could not be tried",
};

static void try_all(bool sockets)
{
	unsigned int bad = 0;

	for (unsigned int i = 0; i < escape_count; i++) {
		const struct escape *escape = &escapes[i];
		enum escape_result result;

		if (sockets && !escape->with_sockets)
			continue;
		result = escape_try(escape, sockets);
		if (result == escape->expected)
			continue;
		print_error("%s: %s\n", escape->name, results[result]);
		bad++;
	}
	assert_int_equal(bad, 0);
}

static void test_escapes(void **unused)
{
	(void)unused;
	try_all(false);
}

static void test_escapes_with_sockets(void **unused)
{
	(void)unused;
	try_all(true);
}

static void test_work(void **unused)
{
	(void)unused;
	assert_true(escape_work_is_possible(false));
	assert_true(escape_work_is_possible(true));
}

/* The rest of the line that begins with a word, in /proc/PID/FILE. */
static void expect_line(int pid, const char *file, const char *begin,
			const char *rest)
{
	char path[64], line[256] = "";
	FILE *text;
	bool found = false;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	text = fopen(path, "r");
	assert_non_null(text);
	while (!found && fgets(line, sizeof(line), text))
		found = !strncmp(line, begin, strlen(begin));
	fclose(text);
	assert_true(found);
	if (strncmp(line + strlen(begin), rest, strlen(rest)) != 0)
		fail_msg("%s: %s", path, line);
}

static bool shares(int pid, const char *space)
{
	char path[64], own[64] = "", its[64] = "";

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, space);
	assert_true(readlink(path, its, sizeof(its) - 1) > 0);
	snprintf(path, sizeof(path), "/proc/self/ns/%s", space);
	assert_true(readlink(path, own, sizeof(own) - 1) > 0);
	return !strcmp(own, its);
}

static unsigned int count_root(int pid)
{
	unsigned int count = 0;
	char path[64];
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%d/root", pid);
	folder = opendir(path);
	assert_non_null(folder);
	while (readdir(folder))
		count++;
	closedir(folder);
	return count - 2; /* . and .. */
}

static void look_at(bool sockets)
{
	const int pid = escape_confined_process(sockets);

	assert_true(pid > 0);
	expect_line(pid, "status", "NoNewPrivs:", "\t1");
	expect_line(pid, "status", "Seccomp:", "\t2");
	expect_line(pid, "status", "CapEff:", "\t0000000000000000");
	expect_line(pid, "status", "CapPrm:", "\t0000000000000000");
	expect_line(pid, "limits", "Max core file size", "        0 ");
	if (geteuid() == 0) {
		char user[32];

		snprintf(user, sizeof(user), "\t%u\t",
			 0x70000000u + (unsigned int)pid);
		expect_line(pid, "status", "Uid:", user);
		expect_line(pid, "status", "Gid:", user);
		expect_line(pid, "status", "CapBnd:", "\t0000000000000000");
		assert_false(shares(pid, "mnt"));
		assert_false(shares(pid, "ipc"));
		assert_false(shares(pid, "uts"));
		assert_int_equal(shares(pid, "net"), sockets);
		assert_int_equal(count_root(pid), sockets ? 1 : 0);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void test_outside(void **unused)
{
	(void)unused;
	look_at(false);
	look_at(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_escapes_with_sockets),
		cmocka_unit_test(test_work),
		cmocka_unit_test(test_outside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
