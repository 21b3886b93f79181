/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hvctl wait: until a child has ended, and how. */
#define _GNU_SOURCE
#include "wait.h"
#include "state.h"
#include "verb.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The state is a file that is replaced: looking again is simple and cheap. */
#define WAIT_STEP_NS 100000000

static double monotonic(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int wait_for_end(const char *name, double timeout, struct state *state)
{
	const struct timespec step = {.tv_nsec = WAIT_STEP_NS};
	const double end = monotonic() + timeout;
	int status = state_load(state, name);

	while (!status && !state_is_over(state)) {
		if (timeout >= 0 && monotonic() >= end)
			return -ETIMEDOUT;
		state_free(state);
		nanosleep(&step, NULL);
		status = state_load(state, name);
	}
	return status;
}

int wait_load(const char *name, struct state *state)
{
	const int error = state_load(state, name);

	if (!error)
		return EXIT_OK;
	if (error == -ENOENT)
		verb_complain("there is no child \"%s\"", name);
	else
		verb_complain("%s: its state.json is damaged", name);
	return error == -ENOENT ? EXIT_NO_CHILD : EXIT_FAILED;
}

int wait_load_running(const char *name, struct state *state)
{
	const int status = wait_load(name, state);
	char *text;

	if (status || !state_is_over(state))
		return status;
	text = state_describe(state);
	verb_complain("%s does not run: %s", name, text);
	free(text);
	state_free(state);
	return EXIT_STATE;
}

void wait_tell(const struct state *state)
{
	char *text = state_describe(state);

	fprintf(state_exit_status(state) ? stderr : stdout, "%s: %s\n",
		state->name, text);
	free(text);
}

static int run_wait(const struct verb_call *call)
{
	const char *name = call->arguments[0];
	struct state state;
	int status = wait_load(name, &state);

	if (status)
		return status;
	state_free(&state);
	status = wait_for_end(name, call->timeout, &state);
	if (status == -ETIMEDOUT) {
		verb_complain("%s still runs", name);
		status = EXIT_TIMEOUT;
	} else if (status) {
		verb_complain("%s: its state is gone", name);
		return EXIT_FAILED;
	} else if (call->given & VERB_JSON) {
		json_t *object = state_to_json(&state);

		json_dumpf(object, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(object);
		status = state_exit_status(&state);
	} else {
		wait_tell(&state);
		status = state_exit_status(&state);
	}
	state_free(&state);
	return status;
}

const struct verb verb_wait = {
	.name = "wait",
	.arguments = "NAME",
	.summary = "Waits until a child has ended and says how",
	.help = "The exit status tells it as well: 0 powered off, 5 crashed,\n"
		"6 killed, 7 its worker failed, 1 nobody knows, 124 it still\n"
		"runs after the time given.\n"
		"\n"
		"Example:\n"
		"  hvctl wait web --timeout 60",
	.options = VERB_TIMEOUT | VERB_JSON,
	.least = 1,
	.most = 1,
	.run = run_wait,
};
