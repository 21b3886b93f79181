/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys and pointer positions on their way to a child. */
#include "input.h"
#include "client.h"
#include "memory.h"
#include "state.h"
#include "verb.h"
#include "wait.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define INPUT_ANSWER_MS	  5000
#define INPUT_REQUEST_MAX 128 /* events, so that a line holds them */
#define INPUT_STEP_NS	  10000000
#define INPUT_STEPS_MAX	  1000 /* without the child taking anything */
#define INPUT_TEXT_MAX	  (1u << 20)

struct input_way {
	const char *name;
	const char *verb;
	int fd;
};

/* How many events from first on were taken; negative with a complaint. */
static long send_some(const struct input_way *way, json_t *events, size_t first)
{
	const size_t left = json_array_size(events) - first;
	const size_t count =
		left < INPUT_REQUEST_MAX ? left : INPUT_REQUEST_MAX;
	json_t *some = json_array();
	json_t *request, *answer;
	char *error = NULL;
	long taken = -1;

	for (size_t i = 0; i < count; i++)
		json_array_append(some, json_array_get(events, first + i));
	request = json_pack("{s:s, s:o}", "verb", way->verb, "events", some);
	answer = client_request(way->fd, request, INPUT_ANSWER_MS, &error);
	if (answer)
		taken = (long)json_integer_value(
			json_object_get(answer, "taken"));
	else
		verb_complain("%s: %s", way->name, error);
	json_decref(request);
	json_decref(answer);
	free(error);
	return taken;
}

static int send_all(const struct input_way *way, json_t *events)
{
	const struct timespec step = {.tv_nsec = INPUT_STEP_NS};
	const size_t count = json_array_size(events);
	unsigned int idle = 0;
	size_t sent = 0;

	while (sent < count) {
		const long taken = send_some(way, events, sent);

		if (taken < 0)
			return EXIT_FAILED;
		if (taken > 0) {
			sent += (size_t)taken;
			idle = 0;
		} else if (idle++ < INPUT_STEPS_MAX) {
			nanosleep(&step, NULL);
		} else {
			verb_complain("%s: the child does not read its input; "
				      "%zu of %zu events sent",
				      way->name, sent, count);
			return EXIT_FAILED;
		}
	}
	return EXIT_OK;
}

int input_send(const char *name, const char *verb, json_t *events)
{
	struct input_way way = {.name = name, .verb = verb};
	struct state state;
	int status = wait_load_running(name, &state);

	if (status)
		return status;
	state_free(&state);
	way.fd = client_connect(name);
	if (way.fd < 0) {
		verb_complain("%s: cannot reach its worker: %s", name,
			      strerror(-way.fd));
		return EXIT_FAILED;
	}
	status = send_all(&way, events);
	close(way.fd);
	return status;
}

char *input_read_all(void)
{
	char *text = memory_resize(NULL, INPUT_TEXT_MAX + 1);
	const size_t size = fread(text, 1, INPUT_TEXT_MAX + 1, stdin);

	if (size <= INPUT_TEXT_MAX && !ferror(stdin) &&
	    !memchr(text, 0, size)) {
		text[size] = '\0';
		return text;
	}
	verb_complain(size > INPUT_TEXT_MAX ? "the input is too long"
					    : "the input is no text");
	free(text);
	return NULL;
}
