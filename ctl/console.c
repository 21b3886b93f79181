/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hvctl console: a person's terminal on a child's. */
#define _GNU_SOURCE
#include "client.h"
#include "follow.h"
#include "memory.h"
#include "state.h"
#include "verb.h"
#include "wait.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define CONSOLE_ANSWER_MS 5000
#define CONSOLE_AGAIN_NS  100000000 /* between tries while a child resets */
#define ESCAPE_BYTE	  0x1d	    /* Ctrl-] */

struct terminal {
	struct termios before;
	bool raw;
};

/* What has been typed of "~." at the beginning of a line. */
enum escape {
	ESCAPE_LINE_START,
	ESCAPE_TILDE,
	ESCAPE_INSIDE
};

struct session {
	const char *name;
	int fd;	    /* to the worker */
	bool input; /* standard input is still open */
	enum escape escape;
};

static void terminal_raw(struct terminal *terminal)
{
	struct termios raw;

	terminal->raw = isatty(STDIN_FILENO) &&
			!tcgetattr(STDIN_FILENO, &terminal->before);
	if (!terminal->raw)
		return;
	raw = terminal->before;
	cfmakeraw(&raw);
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

static void terminal_restore(const struct terminal *terminal)
{
	if (terminal->raw)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal->before);
}

/* On a line of its own, whatever the child has left the cursor at. */
static void session_say(const struct session *session, const char *text)
{
	fprintf(stderr, "\r\n[%s: %s]\r\n", session->name, text);
}

static bool write_all(int fd, const char *data, size_t size)
{
	while (size) {
		const ssize_t n = write(fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data += n;
		size -= (size_t)n;
	}
	return true;
}

/* ---- Input ---- */

/*
 * Passes typed bytes through, but for the escapes: Ctrl-] and "~." at the
 * beginning of a line. False: the person wants to leave.
 */
static bool session_type(struct session *session, const char *data, size_t size)
{
	char out[2 * 256];
	size_t used = 0;

	for (size_t i = 0; i < size; i++) {
		const char c = data[i];

		if (c == ESCAPE_BYTE ||
		    (session->escape == ESCAPE_TILDE && c == '.'))
			return false;
		if (session->escape == ESCAPE_TILDE && c != '~')
			out[used++] = '~';
		if (session->escape == ESCAPE_LINE_START && c == '~') {
			session->escape = ESCAPE_TILDE;
			continue;
		}
		out[used++] = c;
		session->escape = c == '\r' || c == '\n' ? ESCAPE_LINE_START
							 : ESCAPE_INSIDE;
	}
	/* A worker that is gone is noticed where its output is read. */
	(void)!write_all(session->fd, out, used);
	return true;
}

static bool session_input(struct session *session)
{
	char data[256];
	const ssize_t n = read(STDIN_FILENO, data, sizeof(data));

	if (n > 0)
		return session_type(session, data, (size_t)n);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	session->input = false; /* goes on watching */
	return true;
}

/* ---- Output ---- */

/* False when the worker has hung up. */
static bool session_output(struct session *session)
{
	char data[4096];
	const ssize_t n = read(session->fd, data, sizeof(data));

	if (n > 0)
		return write_all(STDOUT_FILENO, data, (size_t)n);
	return n < 0 && (errno == EINTR || errno == EAGAIN);
}

enum outcome {
	OUTCOME_LEFT,
	OUTCOME_HUNG_UP
};

static enum outcome session_run(struct session *session)
{
	for (;;) {
		struct pollfd waits[] = {
			{.fd = session->fd, .events = POLLIN},
			{.fd = session->input ? STDIN_FILENO : -1,
			 .events = POLLIN},
		};

		if (poll(waits, 2, -1) < 0 && errno != EINTR)
			return OUTCOME_LEFT;
		if (waits[1].revents && !session_input(session))
			return OUTCOME_LEFT;
		if (waits[0].revents && !session_output(session))
			return OUTCOME_HUNG_UP;
	}
}

/* ---- Attaching ---- */

/*
 * A connection that is a console now; -ENOTSUP with a text in *error when
 * the worker does not want to; another -errno when it may be worth trying
 * again.
 */
static int console_connect(const char *name, char **error)
{
	const int fd = client_connect(name);
	json_t *answer;
	int status;

	if (fd < 0)
		return fd;
	answer = client_ask(fd, "console", CONSOLE_ANSWER_MS, error);
	status = answer ? fd : -errno;
	json_decref(answer);
	if (status < 0)
		close(fd);
	return status;
}

/* One try; true when there is no use in another. */
static bool session_try(struct session *session)
{
	struct state state;
	char *text = NULL;
	bool over;

	session->fd = console_connect(session->name, &text);
	/* It may have ended meanwhile: that says more than its refusal. */
	if (session->fd >= 0 || state_load(&state, session->name)) {
		free(text);
		return true;
	}
	over = state_is_over(&state);
	if (over) {
		free(text);
		text = state_describe(&state);
	}
	if (over || session->fd == -ENOTSUP)
		session_say(session, text);
	state_free(&state);
	free(text);
	return over || session->fd == -ENOTSUP;
}

/* Until attached (true), refused or ended: a worker may be starting. */
static bool session_attach(struct session *session)
{
	const struct timespec pause = {.tv_nsec = CONSOLE_AGAIN_NS};

	while (!session_try(session))
		nanosleep(&pause, NULL);
	return session->fd >= 0;
}

static int console_attach(const char *name, bool input)
{
	struct session session = {.name = name, .input = input};
	struct terminal terminal = {.raw = false};
	bool attached = session_attach(&session);

	if (!attached)
		return session.fd == -ENOTSUP ? EXIT_FAILED : EXIT_OK;
	if (input)
		terminal_raw(&terminal);
	if (terminal.raw)
		session_say(&session, "press Ctrl-] to leave");
	while (attached && session_run(&session) == OUTCOME_HUNG_UP) {
		close(session.fd);
		attached = session_attach(&session);
		if (attached)
			session_say(&session, "attached again");
	}
	if (attached) {
		if (terminal.raw)
			session_say(&session, "left, it runs on");
		close(session.fd);
	}
	terminal_restore(&terminal);
	return EXIT_OK;
}

/* Of a child that has ended, what its log still has. */
static int console_replay(const struct state *state)
{
	static const char *const files[] = {"console.log.1", "console.log"};

	for (unsigned int i = 0; i < 2; i++) {
		char *path = state_path(state->name, files[i]);
		FILE *file = fopen(path, "re");
		char chunk[4096];
		size_t n;

		free(path);
		while (file && (n = fread(chunk, 1, sizeof(chunk), file)) > 0)
			fwrite(chunk, 1, n, stdout);
		if (file)
			fclose(file);
	}
	fflush(stdout);
	fputc('\n', stderr);
	wait_tell(state);
	return EXIT_OK;
}

static int console_one(const char *name, bool input)
{
	struct state state;
	int status = wait_load(name, &state);

	if (status)
		return status;
	if (state_is_over(&state))
		status = console_replay(&state);
	else
		status = console_attach(name, input);
	state_free(&state);
	return status;
}

static int run_console(const struct verb_call *call)
{
	const bool all = call->given & VERB_ALL;
	const bool prefix = call->given & VERB_PREFIX;

	if (all ? call->count != 0 : call->count == 0) {
		verb_complain("console: expected names or --all");
		return EXIT_USAGE;
	}
	for (int i = 0; i < call->count; i++) {
		struct state state;
		const int status = wait_load(call->arguments[i], &state);

		if (status)
			return status;
		state_free(&state);
	}
	if (all || prefix || call->count > 1)
		return follow(call->arguments, call->count, prefix);
	return console_one(call->arguments[0], !(call->given & VERB_NO_INPUT));
}

const struct verb verb_console = {
	.name = "console",
	.arguments = "NAME...|--all",
	.summary = "Attaches this terminal to a child's console",
	.help = "Shows what the child printed last, then all it prints; what "
		"is\n"
		"typed goes to it. Ctrl-], or ~. on a new line, leaves; the\n"
		"child runs on. Of one that has ended, its log is shown. With\n"
		"several names, --all or --prefix it only watches, and ends "
		"when\n"
		"none of them runs any more.\n"
		"\n"
		"Examples:\n"
		"  hvctl console web\n"
		"  hvctl console --all --prefix",
	.options = VERB_ALL | VERB_PREFIX | VERB_NO_INPUT,
	.least = 0,
	.most = -1,
	.run = run_console,
};
