/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory and string functions against the C library's, at every small size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* Ours under other names, beside the C library's. */
#define memcpy	hv_memcpy
#define memmove hv_memmove
#define memset	hv_memset
#define memcmp	hv_memcmp
#define strlen	hv_strlen
#define strcmp	hv_strcmp
#define strncmp hv_strncmp
#include "hv/lib/string.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef strlen
#undef strcmp
#undef strncmp

#define SIZE 64

static void fill(unsigned char *bytes)
{
	for (unsigned int i = 0; i < SIZE; i++)
		bytes[i] = (unsigned char)(i * 7 + 1);
}

static void test_move_every_overlap(void **state)
{
	(void)state;
	for (size_t from = 0; from < 16; from++)
		for (size_t to = 0; to < 16; to++)
			for (size_t size = 0; size <= 40; size++) {
				unsigned char ours[SIZE], theirs[SIZE];

				fill(ours);
				fill(theirs);
				memmove(theirs + to, theirs + from, size);
				assert_ptr_equal(hv_memmove(ours + to,
							    ours + from, size),
						 ours + to);
				assert_memory_equal(ours, theirs, SIZE);
			}
}

static void test_copy_and_set(void **state)
{
	(void)state;
	for (size_t size = 0; size < SIZE; size++) {
		unsigned char from[SIZE], ours[SIZE] = {0};
		unsigned char theirs[SIZE] = {0};

		fill(from);
		memcpy(theirs, from, size);
		assert_ptr_equal(hv_memcpy(ours, from, size), ours);
		assert_memory_equal(ours, theirs, SIZE);
		memset(theirs, 0x1a5, size);
		assert_ptr_equal(hv_memset(ours, 0x1a5, size), ours);
		assert_memory_equal(ours, theirs, SIZE);
	}
}

static int sign(int value)
{
	return (value > 0) - (value < 0);
}

static void test_compare_memory(void **state)
{
	(void)state;
	assert_int_equal(hv_memcmp("abc", "abd", 2), 0);
	assert_int_equal(sign(hv_memcmp("abc", "abd", 3)), -1);
	assert_int_equal(sign(hv_memcmp("\xff", "\x01", 1)), 1);
	assert_int_equal(hv_memcmp("a", "b", 0), 0);
	assert_int_equal(sign(hv_memcmp("a\0b", "a\0a", 3)), 1);
}

static void test_compare_strings(void **state)
{
	static const char *const samples[] = {"",    "a",    "b",    "ab",
					      "abc", "abcd", "\xff", "abd"};
	const size_t count = sizeof(samples) / sizeof(samples[0]);

	(void)state;
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < count; j++) {
			const char *a = samples[i];
			const char *b = samples[j];

			assert_int_equal(sign(hv_strcmp(a, b)),
					 sign(strcmp(a, b)));
			for (size_t size = 0; size < 5; size++)
				assert_int_equal(sign(hv_strncmp(a, b, size)),
						 sign(strncmp(a, b, size)));
		}
}

static void test_length(void **state)
{
	(void)state;
	assert_int_equal(hv_strlen(""), 0);
	assert_int_equal(hv_strlen("four"), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_move_every_overlap),
		cmocka_unit_test(test_copy_and_set),
		cmocka_unit_test(test_compare_memory),
		cmocka_unit_test(test_compare_strings),
		cmocka_unit_test(test_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
