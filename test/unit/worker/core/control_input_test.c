/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control socket's "keys" and "pointer". */
#include "worker/core/control_verb.h"
#include "worker/core/machine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct machine machine;
static struct control control = {.machine = &machine};
static struct control_client client = {.control = &control};

/* What devices were given, as text; how much they still take. */
static char given[256];
static unsigned int room;
static enum input_result without_room;

static enum input_result take(const char *text)
{
	if (!room)
		return without_room;
	room--;
	strcat(given, text);
	return INPUT_TAKEN;
}

static enum input_result key(void *keyboard, const struct input_key *pressed)
{
	char text[32];

	assert_ptr_equal(keyboard, &room);
	snprintf(text, sizeof(text), "%s%s%x%s ", pressed->e0 ? "e0:" : "",
		 pressed->e1 ? "e1:" : "", pressed->code,
		 pressed->release ? "^" : "");
	return take(text);
}

static enum input_result point(void *pointer, const struct input_pointer *at)
{
	char text[48];

	assert_ptr_equal(pointer, given);
	snprintf(text, sizeof(text), "%u,%u,%u,%d ", at->x, at->y, at->buttons,
		 at->wheel);
	return take(text);
}

static int setup(void **state)
{
	(void)state;
	given[0] = '\0';
	room = 100;
	without_room = INPUT_FULL;
	machine.input = (struct input){key, &room, point, given};
	return 0;
}

/* The answer's line to a request's line. */
static const char *say(control_verb *verb, const char *events)
{
	static char line[256];
	json_t *request = json_pack("{s:s}", "verb", "it");
	json_t *list = json_loads(events, JSON_DECODE_ANY, NULL);
	json_t *answer;
	char *text;

	if (list)
		json_object_set_new(request, "events", list);
	answer = verb(&client, request);
	text = json_dumps(answer, JSON_COMPACT | JSON_SORT_KEYS);
	snprintf(line, sizeof(line), "%s", text);
	free(text);
	json_decref(answer);
	json_decref(request);
	return line;
}

#define TAKEN(n)     "{\"ok\":true,\"taken\":" #n "}"
#define REFUSED(why) "{\"error\":\"" why "\",\"ok\":false}"

static void test_keys(void **state)
{
	(void)state;
	assert_string_equal(
		say(control_keys, "[30, 158, 57427, 57555, 57629, 57757, 127]"),
		TAKEN(7));
	assert_string_equal(given, "1e 1e^ e0:53 e0:53^ e1:1d e1:1d^ 7f ");
	assert_string_equal(say(control_keys, "[]"), TAKEN(0));
}

static void test_pointer(void **state)
{
	(void)state;
	assert_string_equal(say(control_pointer,
				"[[0,0,0,0], [32767,32767,7,127], "
				"[1,2,4,-127]]"),
			    TAKEN(3));
	assert_string_equal(given, "0,0,0,0 32767,32767,7,127 1,2,4,-127 ");
}

static void test_room(void **state)
{
	(void)state;
	room = 2;
	assert_string_equal(say(control_keys, "[1,2,3]"), TAKEN(2));
	assert_string_equal(say(control_keys, "[3]"), TAKEN(0));
	room = 1;
	assert_string_equal(say(control_pointer, "[[1,1,0,0],[2,2,0,0]]"),
			    TAKEN(1));
	assert_string_equal(given, "1 2 1,1,0,0 ");
}

static void test_absent(void **state)
{
	(void)state;
	room = 0;
	without_room = INPUT_ABSENT;
	assert_string_equal(say(control_keys, "[1]"),
			    REFUSED("the child has no keyboard driver"));
	assert_string_equal(say(control_pointer, "[[1,1,0,0]]"),
			    REFUSED("the child has no mouse driver"));
	room = 1; /* gone in the middle: told next time */
	assert_string_equal(say(control_keys, "[1,2]"), TAKEN(1));
	machine.input = (struct input){0};
	assert_string_equal(say(control_keys, "[1]"),
			    REFUSED("this child has no keyboard"));
	assert_string_equal(say(control_pointer, "[[1,1,0,0]]"),
			    REFUSED("this child has no mouse"));
}

/* One bad event, and none goes on. */
static void test_not_valid(void **state)
{
	static const char *const keys[] = {
		"[1, 0]",     "[1, 128]",   "[1, 256]",	   "[1, 57344]",
		"[1, 57472]", "[1, 57856]", "[1, -1]",	   "[1, 4295024640]",
		"[1, 1.5]",   "[1, \"a\"]", "[1, null]",   "[1, [1]]",
		"[1, true]",  "[1, 65537]", "[1, 122880]",
	};
	static const char *const places[] = {
		"[[1,1,0,0], [32768,0,0,0]]",
		"[[1,1,0,0], [0,32768,0,0]]",
		"[[1,1,0,0], [-1,0,0,0]]",
		"[[1,1,0,0], [0,0,8,0]]",
		"[[1,1,0,0], [0,0,0,128]]",
		"[[1,1,0,0], [0,0,0,-128]]",
		"[[1,1,0,0], [0,0,0]]",
		"[[1,1,0,0], [0,0,0,0,0]]",
		"[[1,1,0,0], [0,0,0,0.0]]",
		"[[1,1,0,0], 1]",
		"[[1,1,0,0], {}]",
		"[[1,1,0,0], [0,null,0,0]]",
	};
	static const char *const lists[] = {"{}", "1", "\"\"", "none"};

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		assert_string_equal(say(control_keys, keys[i]),
				    REFUSED("an event is not valid"));
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		assert_string_equal(say(control_pointer, places[i]),
				    REFUSED("an event is not valid"));
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		assert_string_equal(say(control_keys, lists[i]),
				    REFUSED("\\\"events\\\" is not a list"));
	assert_string_equal(given, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_keys, setup),
		cmocka_unit_test_setup(test_pointer, setup),
		cmocka_unit_test_setup(test_room, setup),
		cmocka_unit_test_setup(test_absent, setup),
		cmocka_unit_test_setup(test_not_valid, setup),
	};

	return cmocka_run_group_tests_name("control_input", tests, NULL, NULL);
}
