/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a child's worker says of it now, beside what its monitor wrote. */
#include "health.h"
#include "client.h"
#include "state.h"

#include <stdlib.h>
#include <string.h>

/* A list is not to hang on one worker that is busy. */
#define HEALTH_ANSWER_MS 1000

static const char *word_of(const json_t *answer, const char *key)
{
	return json_string_value(json_object_get(answer, key));
}

void health_take(struct health *health, const struct state *state)
{
	const char *word;

	*health = (struct health){
		.heartbeat = "-",
		.state = state_phase_name(state->phase),
	};
	if (state->phase != STATE_RUNNING && state->phase != STATE_ORPHANED)
		return;

	char *error = NULL;

	health->answer = client_ask_child(state->name, "status",
					  HEALTH_ANSWER_MS, &error);
	free(error);
	word = word_of(health->answer, "heartbeat");
	if (word && strcmp(word, "none") != 0)
		health->heartbeat = word;
	health->crash = word_of(health->answer, "crash");
	word = word_of(health->answer, "state");
	if (word && !strcmp(word, "paused") && state->phase == STATE_RUNNING)
		health->state = word;
}

void health_free(struct health *health)
{
	json_decref(health->answer);
	*health = (struct health){0};
}
