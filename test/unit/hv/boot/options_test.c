/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line: what is understood, and what is named as unknown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hv/boot/options.h"
#include "hv/lib/print.h"

static char seen[4096];
static size_t seen_size;

static void sink(char c)
{
	seen[seen_size++] = c;
	seen[seen_size] = '\0';
}

static struct boot_options parse(const char *command_line)
{
	struct boot_options options;

	seen_size = 0;
	seen[0] = '\0';
	print_set_sink(sink);
	options_parse(command_line, &options);
	return options;
}

static void test_defaults(void **state)
{
	struct boot_options options = parse("");

	(void)state;
	assert_int_equal(options.log_port, 0x2f8);
	assert_int_equal(options.lps, UINT32_MAX);
	assert_int_equal(options.pool_size, 0);
	assert_string_equal(seen, "");
}

static void test_all_known(void **state)
{
	struct boot_options options = parse("  log=com1 lps=3  pool=48M ");

	(void)state;
	assert_int_equal(options.log_port, 0x3f8);
	assert_int_equal(options.lps, 3);
	assert_int_equal(options.pool_size, 48 << 20);
	assert_int_equal(parse("log=none").log_port, 0);
	assert_int_equal(parse("log=none log=com2").log_port, 0x2f8);
	assert_int_equal(parse("pool=2G").pool_size, 2ull << 30);
	assert_int_equal(parse("pool=8192K").pool_size, 8 << 20);
	assert_int_equal(parse("pool=4194304").pool_size, 4 << 20);
	assert_string_equal(seen, "");
}

static void test_unknown_is_named(void **state)
{
	static const char *const wrong[] = {
		"bogus",
		"log=",
		"log=com3",
		"log=com1x",
		"lps=0",
		"lps=two",
		"lps=",
		"lps=2x",
		"pool=",
		"pool=M",
		"pool=0M",
		"pool=12T",
		"pool=1MM",
		"pool=-1M",
		"lps=99999999999999999999999",
		"pool=999999999999G",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct boot_options options = parse(wrong[i]);
		char expected[128] = "boot: unknown option: ";

		strcat(expected, wrong[i]);
		strcat(expected, "\n");
		assert_string_equal(seen, expected);
		assert_int_equal(options.log_port, 0x2f8);
		assert_int_equal(options.lps, UINT32_MAX);
		assert_int_equal(options.pool_size, 0);
	}
}

static void test_the_rest_is_read_after_a_wrong_one(void **state)
{
	(void)state;
	assert_int_equal(parse("what lps=2").lps, 2);
	assert_string_equal(seen, "boot: unknown option: what\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_all_known),
		cmocka_unit_test(test_unknown_is_named),
		cmocka_unit_test(test_the_rest_is_read_after_a_wrong_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
