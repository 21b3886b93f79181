/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hvctl type: types a text on a child's keyboard. */
#include "input.h"
#include "keys.h"
#include "verb.h"

#include <stdlib.h>
#include <string.h>

static int type(const char *name, const char *text)
{
	json_t *events = json_array();
	char *error = NULL;
	int status;

	if (keys_text(text, events, &error)) {
		status = input_send(name, "keys", events);
	} else {
		verb_complain("type: %s", error);
		free(error);
		status = EXIT_USAGE;
	}
	json_decref(events);
	return status;
}

static int run_type(const struct verb_call *call)
{
	char *text;
	int status;

	if (strcmp(call->arguments[1], "-") != 0)
		return type(call->arguments[0], call->arguments[1]);
	text = input_read_all();
	status = text ? type(call->arguments[0], text) : EXIT_FAILED;
	free(text);
	return status;
}

const struct verb verb_type = {
	.name = "type",
	.arguments = "NAME TEXT",
	.summary = "Types a text on a child's keyboard",
	.help = "As somebody would on a US keyboard, with shift where it "
		"needs it;\n"
		"a newline is the enter key. Nothing is typed if a character "
		"is not\n"
		"on that keyboard. TEXT \"-\": standard input.\n"
		"\n"
		"Example:\n"
		"  hvctl type web \"ls /tmp\" && hvctl sendkey web enter",
	.least = 2,
	.most = 2,
	.run = run_type,
};
