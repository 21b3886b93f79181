/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hvctl pause and resume: a child stands still, and goes on. */
#include "client.h"
#include "state.h"
#include "verb.h"
#include "wait.h"

#include <stdlib.h>

/* Every processor has to come out first. */
#define PAUSE_ANSWER_MS 10000

static int tell_worker(const struct verb_call *call, const char *verb)
{
	const char *name = call->arguments[0];
	struct state state;
	char *error = NULL;
	int status = wait_load_running(name, &state);
	json_t *answer;

	if (status)
		return status;
	state_free(&state);
	answer = client_ask_child(name, verb, PAUSE_ANSWER_MS, &error);
	if (!answer)
		verb_complain("%s: %s", name, error);
	status = answer ? EXIT_OK : EXIT_FAILED;
	json_decref(answer);
	free(error);
	return status;
}

static int run_pause(const struct verb_call *call)
{
	return tell_worker(call, "pause");
}

static int run_resume(const struct verb_call *call)
{
	return tell_worker(call, "resume");
}

const struct verb verb_pause = {
	.name = "pause",
	.arguments = "NAME",
	.summary = "Lets a child stand still",
	.help = "None of its processors runs and its clocks stand still until\n"
		"\"hvctl resume\"; its memory stays where it is.\n"
		"\n"
		"Example:\n"
		"  hvctl pause web",
	.least = 1,
	.most = 1,
	.run = run_pause,
};

const struct verb verb_resume = {
	.name = "resume",
	.arguments = "NAME",
	.summary = "Lets a child that was paused go on",
	.help = "It is told what time it is, if it serves time "
		"synchronization.\n"
		"\n"
		"Example:\n"
		"  hvctl resume web",
	.least = 1,
	.most = 1,
	.run = run_resume,
};
