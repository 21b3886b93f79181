/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hvctl link: takes a child's network cable out, or puts it in. */
#include "client.h"
#include "state.h"
#include "verb.h"
#include "wait.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINK_ANSWER_MS 5000

/* False: not a number of a network. */
static bool read_index(const char *text, int *index)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (errno || end == text || *end || value < 0 || value > 7)
		return false;
	*index = (int)value;
	return true;
}

static int link_ask(const char *name, const json_t *request)
{
	const int fd = client_connect(name);
	char *error = NULL;
	json_t *answer;
	int status;

	if (fd < 0) {
		verb_complain("%s: its worker cannot be reached: %s", name,
			      strerror(-fd));
		return EXIT_FAILED;
	}
	answer = client_request(fd, request, LINK_ANSWER_MS, &error);
	close(fd);
	status = answer ? EXIT_OK : EXIT_FAILED;
	if (!answer)
		verb_complain("%s: %s", name, error);
	json_decref(answer);
	free(error);
	return status;
}

static int run_link(const struct verb_call *call)
{
	const char *name = call->arguments[0];
	const char *wanted = call->arguments[1];
	struct state state;
	json_t *request;
	int index = 0;
	int status;

	if (strcmp(wanted, "up") != 0 && strcmp(wanted, "down") != 0) {
		verb_complain("link: expected up or down, got \"%s\"", wanted);
		return EXIT_USAGE;
	}
	if (call->count == 3 && !read_index(call->arguments[2], &index)) {
		verb_complain("link: expected a network from 0 to 7, got "
			      "\"%s\"",
			      call->arguments[2]);
		return EXIT_USAGE;
	}
	status = wait_load_running(name, &state);
	if (status)
		return status;
	state_free(&state);
	request = json_pack("{s:s, s:s, s:i}", "verb", "link", "state", wanted,
			    "index", index);
	status = link_ask(name, request);
	json_decref(request);
	return status;
}

const struct verb verb_link = {
	.name = "link",
	.arguments = "NAME up|down [N]",
	.summary = "Puts a child's network cable in, or takes it out",
	.help = "N is the place of the network in the child's file, from 0. "
		"While\n"
		"the link is down the child sees no carrier and nothing goes "
		"either way.\n"
		"\n"
		"Example:\n"
		"  hvctl link web down 1",
	.least = 2,
	.most = 3,
	.run = run_link,
};
