/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log: every conversion, the ring's reader, and what it loses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hv/lib/print.h"

#define RING_SIZE 65536

static char seen[4 * RING_SIZE];
static size_t seen_size;

static void sink(char c)
{
	seen[seen_size++] = c;
	seen[seen_size] = '\0';
}

static int setup(void **state)
{
	(void)state;
	seen_size = 0;
	seen[0] = '\0';
	print_set_sink(sink);
	return 0;
}

/* Prints with ours and with the C library's: the same text, or a failure. */
#define same_as_libc(...)                                                      \
	do {                                                                   \
		char expected[512];                                            \
		snprintf(expected, sizeof(expected), __VA_ARGS__);             \
		setup(NULL);                                                   \
		print(__VA_ARGS__);                                            \
		assert_string_equal(seen, expected);                           \
	} while (0)

static void test_integers(void **state)
{
	(void)state;
	same_as_libc("%u %u", 0u, UINT32_MAX);
	same_as_libc("%x %x %x", 0u, 0xdeadbeefu, 16u);
	same_as_libc("%lu %lx", UINT64_MAX, UINT64_MAX);
	same_as_libc("%llx %llu", 0x123456789abcull, 99ull);
	same_as_libc("%zu", sizeof(seen));
}

static void test_widths(void **state)
{
	(void)state;
	same_as_libc("[%5u] [%05u] [%2u] [%02x]", 42u, 42u, 12345u, 0xabcdeu);
	same_as_libc("[%016lx] [%8lx]", 0xabcul, 0xabcul);
	same_as_libc("[%60lu]", 7ul);
}

static void test_strings(void **state)
{
	const char *volatile nothing = NULL;

	(void)state;
	same_as_libc("plain");
	same_as_libc("%s%s%%", "", "a string");
	print("%s", nothing);
	assert_non_null(strstr(seen, "(null)"));
}

static void test_unknown_conversion_shows(void **state)
{
	const char *volatile format = "a%qb";

	(void)state;
	print(format);
	assert_string_equal(seen, "a?b");
}

static void test_format_ending_in_percent(void **state)
{
	const char *volatile format = "end%";

	(void)state;
	print(format);
	assert_string_equal(seen, "end?");
}

static void test_reader_follows(void **state)
{
	uint64_t cursor = UINT64_MAX; /* beyond: set to the end */
	char buffer[16];

	(void)state;
	assert_int_equal(print_read(&cursor, buffer, sizeof(buffer)), 0);
	print("hello");
	assert_int_equal(print_read(&cursor, buffer, 3), 3);
	assert_memory_equal(buffer, "hel", 3);
	print(" you");
	assert_int_equal(print_read(&cursor, buffer, sizeof(buffer)), 6);
	assert_memory_equal(buffer, "lo you", 6);
	assert_int_equal(print_read(&cursor, buffer, sizeof(buffer)), 0);
}

static void test_reader_skips_what_was_overwritten(void **state)
{
	static char buffer[RING_SIZE + 1];
	uint64_t cursor = UINT64_MAX;
	uint64_t before;

	(void)state;
	print_read(&cursor, buffer, 1);
	before = cursor;
	for (unsigned int i = 0; i < RING_SIZE / 8 + 100; i++)
		print("%07u\n", i);
	assert_int_equal(print_read(&cursor, buffer, sizeof(buffer)),
			 RING_SIZE);
	assert_int_equal(cursor, before + RING_SIZE + 800);
	assert_memory_equal(buffer, "0000100\n", 8);
	assert_memory_equal(buffer + RING_SIZE - 8, "0008291\n", 8);
}

static void test_a_broken_lock_does_not_silence(void **state)
{
	(void)state;
	print_panicking();
	print("the last words");
	assert_string_equal(seen, "the last words");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_integers, setup),
		cmocka_unit_test_setup(test_widths, setup),
		cmocka_unit_test_setup(test_strings, setup),
		cmocka_unit_test_setup(test_unknown_conversion_shows, setup),
		cmocka_unit_test_setup(test_format_ending_in_percent, setup),
		cmocka_unit_test_setup(test_reader_follows, setup),
		cmocka_unit_test_setup(test_reader_skips_what_was_overwritten,
				       setup),
		/* Last: it cannot be undone. */
		cmocka_unit_test_setup(test_a_broken_lock_does_not_silence,
				       setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
