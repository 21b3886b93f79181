/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of keys and characters against scan codes written down by hand. */
#include "ctl/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* The list as hexadecimal words. */
static char *show(const json_t *events)
{
	char *text = calloc(json_array_size(events) + 1, 8);
	char *at = text;

	for (size_t i = 0; i < json_array_size(events); i++)
		at += sprintf(at, "%s%llx", i ? " " : "",
			      (unsigned long long)json_integer_value(
				      json_array_get(events, i)));
	return text;
}

static void check(bool (*convert)(const char *, json_t *, char **),
		  const char *from, const char *to)
{
	json_t *events = json_array();
	char *error = NULL;
	char *shown;

	assert_true(convert(from, events, &error));
	assert_null(error);
	shown = show(events);
	assert_string_equal(shown, to);
	free(shown);
	json_decref(events);
}

static void refuse(bool (*convert)(const char *, json_t *, char **),
		   const char *from, const char *why)
{
	json_t *events = json_array();
	char *error = NULL;

	assert_false(convert(from, events, &error));
	assert_string_equal(error, why);
	free(error);
	json_decref(events);
}

static void test_chords(void **state)
{
	(void)state;
	check(keys_chord, "a", "1e 9e");
	check(keys_chord, "enter", "1c 9c");
	check(keys_chord, "f1", "3b bb");
	check(keys_chord, "f10", "44 c4");
	check(keys_chord, "f11", "57 d7");
	check(keys_chord, "f12", "58 d8");
	check(keys_chord, "shift-a", "2a 1e 9e aa");
	check(keys_chord, "ctrl-alt-del", "1d 38 e053 e0d3 b8 9d");
	check(keys_chord, "altgr-7", "e038 8 88 e0b8");
	check(keys_chord, "up", "e048 e0c8");
	check(keys_chord, "super", "e05b e0db");
	check(keys_chord, "pause", "e11d 45 e19d c5");
	check(keys_chord, "kp7", "47 c7");
	check(keys_chord, "kpenter", "e01c e09c");
	check(keys_chord, ";", "27 a7");
	check(keys_chord, "minus", "c 8c");
	check(keys_chord, "1-2-3-4-5-6-7-8",
	      "2 3 4 5 6 7 8 9 89 88 87 86 85 84 83 82");
}

static void test_no_chords(void **state)
{
	(void)state;
	refuse(keys_chord, "", "there is no key \"\"");
	refuse(keys_chord, "-", "there is no key \"\"");
	refuse(keys_chord, "ctrl-", "there is no key \"\"");
	refuse(keys_chord, "control-c", "there is no key \"control\"");
}

static void test_unknown_names(void **state)
{
	(void)state;
	refuse(keys_chord, "f13", "there is no key \"f13\"");
	refuse(keys_chord, "A", "there is no key \"A\"");
	refuse(keys_chord, "en", "there is no key \"en\"");
	refuse(keys_chord, "enterx", "there is no key \"enterx\"");
	refuse(keys_chord, "1-2-3-4-5-6-7-8-9",
	       "\"1-2-3-4-5-6-7-8-9\": more than 8 keys");
}

static void test_text(void **state)
{
	(void)state;
	check(keys_text, "", "");
	check(keys_text, "ls", "26 a6 1f 9f");
	check(keys_text, "A", "2a 1e 9e aa");
	check(keys_text, "a B\n", "1e 9e 39 b9 2a 30 b0 aa 1c 9c");
	check(keys_text, "\t", "f 8f");
	check(keys_text, "1!0)", "2 82 2a 2 82 aa b 8b 2a b 8b aa");
	check(keys_text, "-_=+", "c 8c 2a c 8c aa d 8d 2a d 8d aa");
	check(keys_text, "[{]}", "1a 9a 2a 1a 9a aa 1b 9b 2a 1b 9b aa");
	check(keys_text, ";:'\"", "27 a7 2a 27 a7 aa 28 a8 2a 28 a8 aa");
	check(keys_text, "`~\\|", "29 a9 2a 29 a9 aa 2b ab 2a 2b ab aa");
	check(keys_text, ",<.>/?",
	      "33 b3 2a 33 b3 aa 34 b4 2a 34 b4 aa 35 b5 2a 35 b5 aa");
	check(keys_text, "@#$%^&*(",
	      "2a 3 83 aa 2a 4 84 aa 2a 5 85 aa 2a 6 86 aa "
	      "2a 7 87 aa 2a 8 88 aa 2a 9 89 aa 2a a 8a aa");
	check(keys_text, "qpzm", "10 90 19 99 2c ac 32 b2");
}

/* Every printable character has a key, and none two. */
static void test_all_characters(void **state)
{
	bool used[2][0x80] = {{false}};

	(void)state;
	for (int c = 0x20; c < 0x7f; c++) {
		const char text[] = {(char)c, '\0'};
		json_t *events = json_array();
		char *error = NULL;

		assert_true(keys_text(text, events, &error));

		const bool shift = json_array_size(events) == 4;
		const json_int_t code = json_integer_value(
			json_array_get(events, shift ? 1 : 0));

		assert_true(shift || json_array_size(events) == 2);
		assert_in_range(code, 1, 0x7f);
		assert_false(used[shift][code]);
		used[shift][code] = true;
		json_decref(events);
	}
}

static void test_no_text(void **state)
{
	(void)state;
	refuse(keys_text, "caf\xc3\xa9",
	       "character 4, \"\xc3\xa9\", is not on a US keyboard");
	refuse(keys_text, "\xe2\x82\xac",
	       "character 1, \"\xe2\x82\xac\", is not on a US keyboard");
	refuse(keys_text, "\xf0\x9f\x98\x80!",
	       "character 1, \"\xf0\x9f\x98\x80\", is not on a US keyboard");
	refuse(keys_text, "a\xff",
	       "character 2, \"\xff\", is not on a US keyboard");
	refuse(keys_text, "\x07",
	       "character 1, \"\x07\", is not on a US keyboard");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chords),
		cmocka_unit_test(test_no_chords),
		cmocka_unit_test(test_unknown_names),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_all_characters),
		cmocka_unit_test(test_no_text),
	};

	return cmocka_run_group_tests_name("keys", tests, NULL, NULL);
}
