/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hvctl restart: a child ends in order and starts anew. */
#define _GNU_SOURCE
#include "ask.h"
#include "client.h"
#include "state.h"
#include "verb.h"
#include "wait.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define RESTART_TIMEOUT_S  60.0
#define RESTART_PATIENCE_S 10.0 /* before --force resets */
#define RESTART_RESET_S	   10.0 /* for the reset */
#define RESTART_RESET_MS   5000
#define RESTART_STEP_NS	   100000000

struct restart {
	const char *name;
	const char *by;
	double timeout;
	bool force;
	unsigned int resets; /* before */
};

static double monotonic(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* An exit status, once it runs anew or has ended; EXIT_TIMEOUT. */
static int restart_wait(const struct restart *restart, double timeout)
{
	const struct timespec step = {.tv_nsec = RESTART_STEP_NS};
	const double end = monotonic() + timeout;

	while (monotonic() < end) {
		struct state state;
		int status = wait_load(restart->name, &state);
		const bool over = !status && state_is_over(&state);

		if (over)
			wait_tell(&state);
		if (status || over) {
			state_free(&state);
			return status ? status : EXIT_FAILED;
		}
		if (state.resets != restart->resets &&
		    state.phase == STATE_RUNNING) {
			state_free(&state);
			printf("%s: running\n", restart->name);
			return EXIT_OK;
		}
		state_free(&state);
		nanosleep(&step, NULL);
	}
	return EXIT_TIMEOUT;
}

static int restart_by_force(const struct restart *restart)
{
	char *error = NULL;
	json_t *answer;

	verb_complain("resetting %s", restart->name);
	answer = client_ask_child(restart->name, "reset", RESTART_RESET_MS,
				  &error);
	if (!answer)
		verb_complain("%s: %s", restart->name, error);
	free(error);
	if (!answer)
		return EXIT_FAILED;
	json_decref(answer);
	return restart_wait(restart, RESTART_RESET_S);
}

static int run_restart(const struct verb_call *call)
{
	struct restart restart = {
		.name = call->arguments[0],
		.timeout = RESTART_TIMEOUT_S,
		.force = call->given & VERB_FORCE,
	};
	struct state state;
	int status = wait_load_running(restart.name, &state);

	if (status)
		return status;
	restart.resets = state.resets;
	state_free(&state);
	if (restart.force)
		restart.timeout = RESTART_PATIENCE_S;
	if (call->timeout >= 0)
		restart.timeout = call->timeout;
	status = ask_child(restart.name, "restart", &restart.by);
	if (!status) {
		status = restart_wait(&restart, restart.timeout);
		if (status == EXIT_TIMEOUT)
			ask_explain(restart.name, restart.timeout, restart.by);
	}
	if (restart.force && (status == EXIT_TIMEOUT || status == EXIT_FAILED))
		status = restart_by_force(&restart);
	return status;
}

const struct verb verb_restart = {
	.name = "restart",
	.arguments = "NAME",
	.summary = "Lets a child end in order and start anew",
	.help = "It is asked as by \"hvctl stop\"; its worker is started "
		"again\n"
		"with the description it was started with. With --force it "
		"is\n"
		"reset when it has not ended after 10 seconds, or what "
		"--timeout\n"
		"says.\n"
		"\n"
		"Example:\n"
		"  hvctl restart web --timeout 30",
	.options = VERB_FORCE | VERB_TIMEOUT,
	.least = 1,
	.most = 1,
	.run = run_restart,
};
