/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hvctl pointer: moves a child's pointer, clicks, turns its wheel. */
#include "input.h"
#include "memory.h"
#include "verb.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POINTER_MAX 32767

static const struct button {
	const char *name;
	int buttons;
	int wheel;
} buttons[] = {
	{"left", 1, 0}, {"right", 2, 0}, {"middle", 4, 0},
	{"up", 0, 1},	{"down", 0, -1},
};

static bool read_place(const char *word, int *place)
{
	char *end;
	const long value = strtol(word, &end, 10);

	*place = (int)value;
	if (end != word && !*end && value >= 0 && value <= POINTER_MAX)
		return true;
	verb_complain("pointer: expected 0 to %d, got \"%s\"", POINTER_MAX,
		      word);
	return false;
}

static const struct button *find_button(const char *word)
{
	for (size_t i = 0; i < sizeof(buttons) / sizeof(buttons[0]); i++)
		if (!strcmp(buttons[i].name, word))
			return &buttons[i];
	verb_complain("pointer: expected left, right, middle, up or down, got "
		      "\"%s\"",
		      word);
	return NULL;
}

static void append(json_t *events, const int *place,
		   const struct button *button)
{
	json_array_append_new(events,
			      json_pack("[i, i, i, i]", place[0], place[1],
					button->buttons, button->wheel));
}

/* Moves; then presses and lets go, or turns. False with a complaint. */
static bool append_words(json_t *events, char **words, int count)
{
	static const struct button none;
	const struct button *button = NULL;
	int place[2];

	if (!read_place(words[0], &place[0]) ||
	    !read_place(words[1], &place[1]))
		return false;
	if (count > 2) {
		button = find_button(words[2]);
		if (!button)
			return false;
	}
	append(events, place, &none);
	if (button)
		append(events, place, button);
	if (button && button->buttons)
		append(events, place, &none);
	return true;
}

/* "X Y [BUTTON]" a line. False with a complaint. */
static bool append_lines(json_t *events, char *text)
{
	char *rest = NULL;
	unsigned int number = 1;

	for (char *line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest), number++) {
		char *words[4];
		char *inner = NULL;
		int count = 0;

		for (char *word = strtok_r(line, " \t", &inner);
		     word && count < 4; word = strtok_r(NULL, " \t", &inner))
			words[count++] = word;
		if (count < 2 || count > 3) {
			verb_complain("pointer: line %u: expected X Y [BUTTON]",
				      number);
			return false;
		}
		if (!append_words(events, words, count))
			return false;
	}
	return true;
}

static bool append_input(json_t *events)
{
	char *text = input_read_all();
	const bool good = text && append_lines(events, text);

	free(text);
	return good;
}

static int run_pointer(const struct verb_call *call)
{
	json_t *events = json_array();
	int status = EXIT_USAGE;
	bool good = false;

	if (call->count == 2 && !strcmp(call->arguments[1], "-"))
		good = append_input(events);
	else if (call->count == 2)
		verb_complain("pointer: expected NAME X Y [BUTTON]");
	else
		good = append_words(events, call->arguments + 1,
				    call->count - 1);
	if (good)
		status = input_send(call->arguments[0], "pointer", events);
	json_decref(events);
	return status;
}

const struct verb verb_pointer = {
	.name = "pointer",
	.arguments = "NAME X Y [BUTTON]",
	.summary = "Moves a child's pointer, clicks, turns its wheel",
	.help = "X and Y count from 0, left and top, to 32767, right and "
		"bottom.\n"
		"BUTTON left, middle or right is pressed there and released; "
		"up and\n"
		"down turn the wheel by one step. With \"-\" for X and Y, "
		"lines of\n"
		"\"X Y [BUTTON]\" are read from standard input.\n"
		"\n"
		"Example:\n"
		"  hvctl pointer web 16384 16384 left",
	.least = 2,
	.most = 4,
	.run = run_pointer,
};
