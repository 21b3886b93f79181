/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hvctl check: whether a file describes a child, and what child. */
#include "child.h"
#include "verb.h"

#include <stdio.h>

static void print_json(json_t *object)
{
	json_dumpf(object, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(object);
}

static int run_check(const struct verb_call *call)
{
	const bool json = call->given & VERB_JSON;
	struct report report = {.file = call->arguments[0]};
	struct child child;
	int status = EXIT_OK;

	if (child_read(&child, &report)) {
		if (json)
			print_json(child_to_json(&child));
		else
			printf("%s: good, describes %s\n", report.file,
			       child.name);
	} else {
		status = EXIT_USAGE;
		report_print(&report, stderr);
		if (json)
			print_json(json_pack("{s:o}", "errors",
					     report_to_json(&report)));
	}
	child_free(&child);
	report_free(&report);
	return status;
}

const struct verb verb_check = {
	.name = "check",
	.arguments = "FILE",
	.summary = "Checks a child file and reports all that is wrong",
	.help = "Each complaint is a line FILE:LINE: KEY: expected ..., got "
		"...\n"
		"With --json a good file is printed as the worker will get "
		"it:\n"
		"defaults filled in, sizes in bytes, paths absolute.\n"
		"\n"
		"Example:\n"
		"  hvctl check web.conf --json",
	.options = VERB_JSON,
	.least = 1,
	.most = 1,
	.run = run_check,
};
