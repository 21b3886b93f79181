/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hvctl sendkey: presses keys of a child's keyboard. */
#include "input.h"
#include "keys.h"
#include "verb.h"

#include <stdlib.h>

static int run_sendkey(const struct verb_call *call)
{
	json_t *events = json_array();
	char *error = NULL;
	int status = EXIT_OK;

	for (int i = 1; i < call->count && !error; i++)
		keys_chord(call->arguments[i], events, &error);
	if (error) {
		verb_complain("sendkey: %s", error);
		free(error);
		status = EXIT_USAGE;
	} else {
		status = input_send(call->arguments[0], "keys", events);
	}
	json_decref(events);
	return status;
}

const struct verb verb_sendkey = {
	.name = "sendkey",
	.arguments = "NAME KEY...",
	.summary = "Presses keys of a child's keyboard",
	.help = "Each KEY is pressed and released, one after another; keys "
		"joined\n"
		"by \"-\" are held together: ctrl-alt-del. A key is named by "
		"what it\n"
		"types without shift (a, 7, ;) or by one of:\n"
		"  esc tab enter space backspace capslock f1 to f12\n"
		"  ctrl rctrl shift rshift alt ralt super rsuper menu\n"
		"  insert del home end pageup pagedown up down left right\n"
		"  print pause break scrolllock numlock kp0 to kp9 kpdot "
		"kpplus\n"
		"  kpminus kpmultiply kpdivide kpenter less minus equal comma "
		"dot\n"
		"  slash backslash semicolon apostrophe grave leftbracket\n"
		"  rightbracket mute volumeup volumedown power sleep wake\n"
		"\n"
		"Example:\n"
		"  hvctl sendkey web ctrl-alt-f2 enter",
	.least = 2,
	.most = -1,
	.run = run_sendkey,
};
