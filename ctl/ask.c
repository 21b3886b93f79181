/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asking a child to end in order, and saying what came of it. */
#include "ask.h"
#include "client.h"
#include "verb.h"

#include "abi/control.h"

#include <stdlib.h>
#include <string.h>

#define ASK_ANSWER_MS 5000

int ask_child(const char *name, const char *verb, const char **by)
{
	char *error = NULL;
	json_t *answer = client_ask_child(name, verb, ASK_ANSWER_MS, &error);
	const char *word = json_string_value(json_object_get(answer, "by"));
	const int status = answer ? EXIT_OK : EXIT_FAILED;

	*by = word && !strcmp(word, CONTROL_BY_SERVICE) ? "its shutdown service"
							: "its power button";
	if (!answer)
		verb_complain("%s: %s", name, error);
	json_decref(answer);
	free(error);
	return status;
}

static const char *word_of(const json_t *health, const char *key)
{
	const char *word = json_string_value(json_object_get(health, key));

	return word ? word : "";
}

static const char *reason_of(const json_t *health)
{
	const char *shutdown = word_of(health, "shutdown");

	if (!health)
		return "its worker does not answer";
	if (*word_of(health, "crash"))
		return "its kernel has panicked";
	if (!strcmp(word_of(health, "heartbeat"), "lost"))
		return "it does not answer, its heartbeat is lost";
	if (!strcmp(shutdown, "asked"))
		return "it does not answer";
	if (!strcmp(shutdown, "accepted"))
		return "it agreed, but is not done";
	if (!strcmp(shutdown, "refused"))
		return "it refuses";
	return "it gives no sign";
}

void ask_explain(const char *name, double waited, const char *by)
{
	char *error = NULL;
	json_t *health =
		client_ask_child(name, "status", ASK_ANSWER_MS, &error);

	verb_complain("%s did not end in %.0f s, asked by %s: %s", name, waited,
		      by, reason_of(health));
	json_decref(health);
	free(error);
}
