/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hvctl kill: ends a child at once. */
#define _GNU_SOURCE
#include "kill.h"
#include "client.h"
#include "state.h"
#include "verb.h"
#include "wait.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define KILL_ANSWER_MS 2000
#define KILL_END_S     5.0

/* True when it has ended within a while. */
static bool has_ended(const char *name)
{
	struct state state;
	const int status = wait_for_end(name, KILL_END_S, &state);

	if (!status || status == -ETIMEDOUT)
		state_free(&state);
	return status != -ETIMEDOUT;
}

/* By the worker's own hand: its sockets and logs are closed in order. */
static bool kill_by_worker(const char *name)
{
	char *error = NULL;
	json_t *answer = client_ask_child(name, "kill", KILL_ANSWER_MS, &error);
	const bool agreed = answer;

	json_decref(answer);
	free(error);
	return agreed && has_ended(name);
}

static bool kill_process(const char *name, const struct state_process *process,
			 int signal)
{
	return state_process_lives(process) && !kill(process->pid, signal) &&
	       has_ended(name);
}

int kill_child(const struct state *state)
{
	if (kill_by_worker(state->name) ||
	    kill_process(state->name, &state->monitor, SIGTERM) ||
	    kill_process(state->name, &state->worker, SIGKILL))
		return EXIT_OK;
	verb_complain("cannot kill %s (worker %d): %s", state->name,
		      (int)state->worker.pid,
		      errno ? strerror(errno) : "it does not end");
	return EXIT_FAILED;
}

static int run_kill(const struct verb_call *call)
{
	struct state state;
	int status = wait_load_running(call->arguments[0], &state);

	if (status)
		return status;
	status = kill_child(&state);
	state_free(&state);
	return status;
}

const struct verb verb_kill = {
	.name = "kill",
	.arguments = "NAME",
	.summary = "Ends a child at once, as pulling its plug would",
	.help = "What the child has not flushed to its disks is lost.\n"
		"\n"
		"Example:\n"
		"  hvctl kill web",
	.least = 1,
	.most = 1,
	.run = run_kill,
};
