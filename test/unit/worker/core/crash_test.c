/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is kept of a child's own report that it cannot go on. */
#include "fake.h"
#include "worker/core/crash.h"
#include "worker/core/log.h"

#include "abi/msr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define TEXT_GPA 0x2000u

static char said[1 << 16]; /* what went to standard error */
static FILE *error_file;
static int error_before;

static int set_up(void **state)
{
	(void)state;
	fake_init(true);
	error_file = tmpfile();
	fflush(stderr);
	error_before = dup(STDERR_FILENO);
	dup2(fileno(error_file), STDERR_FILENO);
	log_open("child");
	return 0;
}

/* What has been logged since set_up(). */
static const char *log_read(void)
{
	size_t size;

	fflush(stderr);
	rewind(error_file);
	size = fread(said, 1, sizeof(said) - 1, error_file);
	said[size] = '\0';
	return said;
}

static int tear_down(void **state)
{
	(void)state;
	fflush(stderr);
	dup2(error_before, STDERR_FILENO);
	close(error_before);
	fclose(error_file);
	fake_end();
	return 0;
}

static void set_crash(const uint64_t *values)
{
	for (uint32_t i = 0; i < 5; i++) {
		const struct hv_register_value value = {.u64 = values[i]};

		hvcall_set_register(-1, 0, HV_REGISTER_GUEST_CRASH_P0 + i,
				    value);
	}
}

static void report(const char *text)
{
	const uint64_t values[5] = {0, 0, 0, TEXT_GPA, strlen(text)};

	memcpy(fake.ram + TEXT_GPA, text, strlen(text));
	set_crash(values);
	crash_report_message(&fake.vps[0],
			     HV_MSR_CRASH_NOTIFY | HV_MSR_CRASH_MESSAGE);
}

static void test_text(void **state)
{
	(void)state;
	report("<6>[    9.000001] sysrq: Trigger a crash\n"
	       "<0>[    9.000002] Kernel panic - not syncing: it was asked\n"
	       "\n"
	       "<4>[    9.000003] CPU: 1 PID: 77\n");
	assert_string_equal(fake.machine.crash_cause,
			    "Kernel panic - not syncing: it was asked");
	assert_string_equal(
		log_read(),
		"child crash: vp 0 reports a crash, its last words:\n"
		"child crash: <6>[    9.000001] sysrq: Trigger a crash\n"
		"child crash: <0>[    9.000002] Kernel panic - not syncing: "
		"it was asked\n"
		"child crash: <4>[    9.000003] CPU: 1 PID: 77\n");
}

/* Only the tail of much text, and only once. */
static void test_much_text(void **state)
{
	char text[5000] = "";
	const char *log;
	unsigned int lines = 0;

	(void)state;
	for (unsigned int i = 0; i < 300; i++)
		sprintf(text + strlen(text), "line %u\n", i);
	report(text);
	report(text);
	log = log_read();
	assert_null(strstr(log, "line 199\n"));
	assert_non_null(strstr(log, "line 200\n"));
	assert_non_null(strstr(log, "line 299\n"));
	for (; *log; log++)
		lines += *log == '\n';
	assert_int_equal(lines, 102);
	assert_string_equal(fake.machine.crash_cause, "");
}

static void test_hostile_text(void **state)
{
	char text[4000];

	(void)state;
	memset(text, '\x81', sizeof(text));
	memcpy(text, "\x1b[2JKernel panic - not syncing", 30);
	text[sizeof(text) - 1] = '\0';
	report(text);
	assert_int_equal(strlen(fake.machine.crash_cause),
			 MACHINE_CAUSE_SIZE - 1);
	for (const char *at = fake.machine.crash_cause; *at; at++)
		assert_in_range(*at, ' ', '~');
	assert_null(strchr(log_read(), '\x1b'));
}

static void test_text_nowhere(void **state)
{
	static const uint64_t places[][2] = {
		{FAKE_RAM - 100, 101},
		{FAKE_RAM, 1},
		{UINT64_MAX, 2},
		{UINT64_MAX - 10, UINT64_MAX},
		{FAKE_RAM - 4095, UINT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const uint64_t values[5] = {0, 0, 0, places[i][0],
					    places[i][1]};

		fake.machine.crash_told = false;
		set_crash(values);
		crash_report_message(&fake.vps[0],
				     HV_MSR_CRASH_NOTIFY |
					     HV_MSR_CRASH_MESSAGE);
		assert_string_equal(fake.machine.crash_cause, "");
	}
}

/* Too much is cut to its first part: where it begins is all that is known. */
static void test_text_at_the_edge(void **state)
{
	const uint64_t values[5] = {0, 0, 0, FAKE_RAM - 4096, 1u << 20};

	(void)state;
	memset(fake.ram + FAKE_RAM - 4096, 'x', 4096);
	set_crash(values);
	crash_report_message(&fake.vps[0],
			     HV_MSR_CRASH_NOTIFY | HV_MSR_CRASH_MESSAGE);
	assert_non_null(strstr(log_read(), "xxxx"));
}

static void test_numbers(void **state)
{
	const uint64_t values[5] = {1, 0x8100, 0xffffffff81000000, 4, 5};

	(void)state;
	set_crash(values);
	crash_report_message(&fake.vps[1], HV_MSR_CRASH_NOTIFY);
	assert_string_equal(fake.machine.crash_cause,
			    "vp 1 reports a crash: 0 0 0 0 0");
	crash_report_message(&fake.vps[0], HV_MSR_CRASH_NOTIFY);
	assert_string_equal(
		fake.machine.crash_cause,
		"vp 0 reports a crash: 0x1 0x8100 0xffffffff81000000 0x4 0x5");
	/* Words tell more than numbers, which do not replace them. */
	report("Kernel panic - not syncing: words\n");
	crash_report_message(&fake.vps[0], HV_MSR_CRASH_NOTIFY);
	assert_string_equal(fake.machine.crash_cause,
			    "Kernel panic - not syncing: words");
}

static void test_registers(void **state)
{
	(void)state;
	fake.pages[0].rip = 0x1234;
	crash_report_state(&fake.vps[0]);
	assert_non_null(strstr(log_read(), "rip 0x1234"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_text),
		TEST(test_much_text),
		TEST(test_hostile_text),
		TEST(test_text_nowhere),
		TEST(test_text_at_the_edge),
		TEST(test_numbers),
		TEST(test_registers),
	};

	return cmocka_run_group_tests_name("crash", tests, NULL, NULL);
}
