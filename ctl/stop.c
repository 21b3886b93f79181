/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hvctl stop: asks a child to power off, and waits until it has. */
#include "client.h"
#include "kill.h"
#include "state.h"
#include "verb.h"
#include "wait.h"

#include <errno.h>
#include <stdlib.h>

#define STOP_ANSWER_MS	5000
#define STOP_TIMEOUT_S	60.0
#define STOP_PATIENCE_S 10.0 /* before --force kills */

static int stop_ask(const char *name)
{
	char *error = NULL;
	json_t *answer = client_ask_child(name, "stop", STOP_ANSWER_MS, &error);
	const int status = answer ? EXIT_OK : EXIT_FAILED;

	if (!answer)
		verb_complain("%s: %s", name, error);
	json_decref(answer);
	free(error);
	return status;
}

static int stop_wait(const char *name, double timeout, bool force)
{
	struct state state;
	int status = wait_for_end(name, timeout, &state);

	if (status && status != -ETIMEDOUT) {
		verb_complain("%s: its state is gone", name);
		return EXIT_FAILED;
	}
	if (!status) {
		wait_tell(&state);
		status = state_exit_status(&state) ? EXIT_FAILED : EXIT_OK;
	} else if (force) {
		verb_complain("%s did not power off in %.0f s, killing it",
			      name, timeout);
		status = kill_child(&state);
	} else {
		verb_complain("%s did not power off in %.0f s; it still runs",
			      name, timeout);
		status = EXIT_TIMEOUT;
	}
	state_free(&state);
	return status;
}

static int run_stop(const struct verb_call *call)
{
	const char *name = call->arguments[0];
	const bool force = call->given & VERB_FORCE;
	double timeout = force ? STOP_PATIENCE_S : STOP_TIMEOUT_S;
	struct state state;
	int status = wait_load_running(name, &state);

	if (status)
		return status;
	if (call->timeout >= 0)
		timeout = call->timeout;
	status = stop_ask(name);
	if (!status)
		status = stop_wait(name, timeout, force);
	else if (force)
		status = kill_child(&state);
	state_free(&state);
	return status;
}

const struct verb verb_stop = {
	.name = "stop",
	.arguments = "NAME",
	.summary = "Asks a child to power off and waits until it has",
	.help = "It is asked by its power button or its shutdown service and "
		"may\n"
		"take its time: 60 seconds, or what --timeout says. With "
		"--force\n"
		"it is killed when it has not done so after 10 seconds.\n"
		"\n"
		"Example:\n"
		"  hvctl stop web --timeout 30",
	.options = VERB_FORCE | VERB_TIMEOUT,
	.least = 1,
	.most = 1,
	.run = run_stop,
};
