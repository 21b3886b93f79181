/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hvctl stop: asks a child to power off, and waits until it has. */
#include "ask.h"
#include "kill.h"
#include "state.h"
#include "verb.h"
#include "wait.h"

#include <errno.h>

#define STOP_TIMEOUT_S	60.0
#define STOP_PATIENCE_S 10.0 /* before --force kills */

struct stop {
	const char *name;
	const char *by; /* whom it was asked by */
	double timeout;
	bool force;
};

static int stop_give_up(const struct stop *stop, const struct state *state)
{
	ask_explain(stop->name, stop->timeout, stop->by);
	verb_complain(stop->force ? "killing %s" : "%s still runs", stop->name);
	return stop->force ? kill_child(state) : EXIT_TIMEOUT;
}

static int stop_wait(const struct stop *stop)
{
	struct state state;
	int status = wait_for_end(stop->name, stop->timeout, &state);

	if (status && status != -ETIMEDOUT) {
		verb_complain("%s: its state is gone", stop->name);
		return EXIT_FAILED;
	}
	if (status) {
		status = stop_give_up(stop, &state);
	} else {
		wait_tell(&state);
		status = state_exit_status(&state) ? EXIT_FAILED : EXIT_OK;
	}
	state_free(&state);
	return status;
}

static int run_stop(const struct verb_call *call)
{
	struct stop stop = {
		.name = call->arguments[0],
		.timeout = STOP_TIMEOUT_S,
		.force = call->given & VERB_FORCE,
	};
	struct state state;
	int status = wait_load_running(stop.name, &state);

	if (status)
		return status;
	if (stop.force)
		stop.timeout = STOP_PATIENCE_S;
	if (call->timeout >= 0)
		stop.timeout = call->timeout;
	status = ask_child(stop.name, "stop", &stop.by);
	if (!status)
		status = stop_wait(&stop);
	else if (stop.force)
		status = kill_child(&state);
	state_free(&state);
	return status;
}

const struct verb verb_stop = {
	.name = "stop",
	.arguments = "NAME",
	.summary = "Asks a child to power off and waits until it has",
	.help = "It is asked by its shutdown service, or by its power button\n"
		"where it has none, and may take its time: 60 seconds, or "
		"what\n"
		"--timeout says. With --force it is killed when it has not\n"
		"done so after 10 seconds.\n"
		"\n"
		"Example:\n"
		"  hvctl stop web --timeout 30",
	.options = VERB_FORCE | VERB_TIMEOUT,
	.least = 1,
	.most = 1,
	.run = run_stop,
};
