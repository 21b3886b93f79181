/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hvctl start: reads a child file and leaves a monitor with the child. */
#include "child.h"
#include "monitor.h"
#include "state.h"
#include "verb.h"
#include "wait.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* How it stands with a child that has just been started. */
static int tell_start(const char *name)
{
	struct state state;
	int status = wait_load(name, &state);

	if (status)
		return status;
	if (!state_is_over(&state)) {
		printf("%s: running\n", name);
	} else {
		wait_tell(&state);
		if (state_exit_status(&state))
			fprintf(stderr, "hvctl: see %s/%s/worker.log\n",
				state_run_directory(), name);
		status = state_exit_status(&state) ? EXIT_FAILED : EXIT_OK;
	}
	state_free(&state);
	return status;
}

static int wait_end(const char *name, double timeout)
{
	struct state state;
	int status = wait_for_end(name, timeout, &state);

	if (status && status != -ETIMEDOUT) {
		verb_complain("%s: its state is gone", name);
		return EXIT_FAILED;
	}
	if (status) {
		verb_complain("%s still runs", name);
		status = EXIT_TIMEOUT;
	} else {
		wait_tell(&state);
		status = state_exit_status(&state);
	}
	state_free(&state);
	return status;
}

static int start_child(const struct child *child, const struct verb_call *call)
{
	const int error = monitor_start(child);

	if (error == -EBUSY) {
		verb_complain("%s is running already", child->name);
		return EXIT_STATE;
	}
	if (error) {
		verb_complain("cannot start %s under %s: %s", child->name,
			      state_run_directory(), strerror(-error));
		return EXIT_FAILED;
	}
	if (call->given & VERB_WAIT)
		return wait_end(child->name, call->timeout);
	return tell_start(child->name);
}

static int run_start(const struct verb_call *call)
{
	struct report report = {.file = call->arguments[0]};
	struct child child;
	int status = EXIT_USAGE;

	if (child_read(&child, &report))
		status = start_child(&child, call);
	else
		report_print(&report, stderr);
	child_free(&child);
	report_free(&report);
	return status;
}

const struct verb verb_start = {
	.name = "start",
	.arguments = "FILE",
	.summary = "Starts the child that FILE describes",
	.help = "Returns when its worker is up, or with --wait when the child\n"
		"has ended, with the exit status of \"hvctl wait\".\n"
		"\n"
		"FILE has keys in libucl's syntax; paths are relative to it:\n"
		"  name        of letters, digits, _ - .\n"
		"  memory      such as 512M (the default) or 2G\n"
		"  processors  1 (the default) to 64\n"
		"  machine     \"enlightened\" (the default) or \"pc\"\n"
		"  kernel      a Linux bzImage\n"
		"  initrd      its initramfs\n"
		"  cmdline     its command line\n"
		"  disk        { file = IMAGE; readonly = yes|no }, repeated\n"
		"  serial      { output = console|FILE }\n"
		"\n"
		"Example:\n"
		"  hvctl start web.conf",
	.options = VERB_WAIT | VERB_TIMEOUT,
	.least = 1,
	.most = 1,
	.run = run_start,
};
