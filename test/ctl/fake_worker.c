/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A worker without a child, that keeps the contract of abi/control.h and
 * does what words in the child's command line say:
 *
 *   print=TEXT   the child prints TEXT and a newline
 *   flood=N      it prints N lines of 64 bytes
 *   say=TEXT     the worker says TEXT on its error output ("_" for blanks)
 *   after=MS     then waits so long; without it: for ever
 *   exit=N       ends with that status (default 0)
 *   fault        ends by a fault of its own (a signal sent to itself does
 *                nothing to the first process of a namespace)
 *   reset=N      asks for a reset the first N times
 *   deaf         takes no notice of "stop", "restart" and "kill"
 *   heartbeat=X  says so of its child ("shutdown=X", "crash=X" likewise)
 *   kvp=X        the state of its child's daemon; "known": with some facts
 *   silent       never makes its socket
 *   room=N       takes so many events of "keys" and "pointer" at a time and
 *                prints them, then none once; without it: there is no driver
 */
#define _GNU_SOURCE
#include "abi/control.h"

#include <getopt.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define CLIENTS_MAX 8

struct fake {
	const char *config;
	const char *control;
	int console_fd;
	char *cmdline;
	int listen_fd;
	int clients[CLIENTS_MAX];
	int consoles[CLIENTS_MAX];
	char printed[65536];
	size_t printed_size;
	bool paused;
};

/* The value after "word=", or "" for a word alone; NULL if absent. */
static const char *word(const struct fake *fake, const char *name)
{
	static char value[8][256];
	static unsigned int turn;
	char *out = value[turn++ % 8];
	const char *at = fake->cmdline;
	const size_t size = strlen(name);

	while (*at) {
		const size_t length = strcspn(at, " ");

		if (!strncmp(at, name, size) &&
		    (length == size || at[size] == '=')) {
			snprintf(out, 256, "%.*s",
				 length > size ? (int)(length - size - 1) : 0,
				 length > size ? at + size + 1 : "");
			return out;
		}
		at += length;
		at += strspn(at, " ");
	}
	return NULL;
}

static int number(const struct fake *fake, const char *name, int otherwise)
{
	const char *text = word(fake, name);

	return text ? atoi(text) : otherwise;
}

static void print(struct fake *fake, const char *text, size_t size)
{
	if (fake->printed_size + size <= sizeof(fake->printed)) {
		memcpy(fake->printed + fake->printed_size, text, size);
		fake->printed_size += size;
	}
	if (fake->console_fd >= 0 &&
	    write(fake->console_fd, text, size) != (ssize_t)size)
		exit(CONTROL_EXIT_ERROR);
	for (unsigned int i = 0; i < CLIENTS_MAX; i++) {
		if (fake->consoles[i] > 0)
			(void)!send(fake->consoles[i], text, size,
				    MSG_NOSIGNAL);
	}
}

__attribute__((noreturn)) static void leave(const struct fake *fake, int code)
{
	unlink(fake->control);
	exit(code);
}

static void answer(int fd, const char *line)
{
	(void)!send(fd, line, strlen(line), MSG_NOSIGNAL);
}

/* Prints the events it takes, each on a line behind the verb. */
static void input(struct fake *fake, int fd, const char *line)
{
	static bool full;
	const size_t room = full ? 0 : (size_t)number(fake, "room", 0);
	json_t *request = json_loads(line, 0, NULL);
	const json_t *events = json_object_get(request, "events");
	const char *verb = json_string_value(json_object_get(request, "verb"));
	size_t taken = 0;
	char text[256];

	for (; taken < room && taken < json_array_size(events); taken++) {
		char *event = json_dumps(json_array_get(events, taken),
					 JSON_ENCODE_ANY | JSON_COMPACT);

		snprintf(text, sizeof(text), "%s %s\n", verb, event);
		print(fake, text, strlen(text));
		free(event);
	}
	full = !full;
	snprintf(text, sizeof(text), "{\"ok\": true, \"taken\": %zu}\n", taken);
	answer(fd, word(fake, "room") ? text
				      : "{\"ok\": false, \"error\": "
					"\"the child has no driver\"}\n");
	json_decref(request);
}

static void answer_json(int fd, json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT);
	char line[4096];

	snprintf(line, sizeof(line), "%s\n", text);
	answer(fd, line);
	free(text);
	json_decref(object);
}

static json_t *health(struct fake *fake)
{
	static const char *const keys[] = {"heartbeat", "shutdown", "crash"};
	json_t *object = json_pack("{s:b, s:s}", "ok", 1, "state",
				   fake->paused ? "paused" : "running");

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (word(fake, keys[i]))
			json_object_set_new(object, keys[i],
					    json_string(word(fake, keys[i])));
	return object;
}

static void tell_inside(struct fake *fake, int fd)
{
	const char *state = word(fake, "kvp");
	json_t *object = health(fake);
	json_t *kvp = NULL;

	if (state && !strcmp(state, "known"))
		kvp = json_pack("{s:s, s:{s:s, s:s, s:s}, s:[{s:s, s:b, s:s, "
				"s:s, s:s, s:s}, {s:s}]}",
				"state", "known", "items", "OSName", "Debian",
				"OSMajorVersion", "12", "NetworkAddressIPv4",
				"10.0.2.15", "adapters", "mac",
				"02:00:00:00:00:01", "dhcp", 1, "addresses",
				"10.0.2.15", "masks", "255.255.255.0",
				"gateways", "10.0.2.2", "name_servers",
				"10.0.2.3", "mac", "02:00:00:00:00:02");
	else if (state)
		kvp = json_pack("{s:s}", "state", state);
	if (kvp)
		json_object_set_new(object, "kvp", kvp);
	answer_json(fd, object);
}

/* What it takes to manage a child; false: another verb. */
static bool serve_management(struct fake *fake, int fd, const char *line)
{
	if (strstr(line, "\"status\"")) {
		answer_json(fd, health(fake));
	} else if (strstr(line, "\"info\"")) {
		tell_inside(fake, fd);
	} else if (strstr(line, "\"pause\"") || strstr(line, "\"resume\"")) {
		fake->paused = strstr(line, "\"pause\"");
		answer(fd, "{\"ok\": true}\n");
	} else if (strstr(line, "\"restart\"")) {
		answer(fd, "{\"ok\": true, \"by\": \"service\"}\n");
		if (!word(fake, "deaf"))
			leave(fake, CONTROL_EXIT_RESET);
	} else if (strstr(line, "\"reset\"")) {
		answer(fd, "{\"ok\": true}\n");
		leave(fake, CONTROL_EXIT_RESET);
	} else {
		return false;
	}
	return true;
}

static void serve(struct fake *fake, unsigned int which, const char *line)
{
	const int fd = fake->clients[which];
	const bool deaf = word(fake, "deaf");

	if (strstr(line, "\"console\"")) {
		answer(fd, "{\"ok\": true}\n");
		(void)!send(fd, fake->printed, fake->printed_size,
			    MSG_NOSIGNAL);
		fake->consoles[which] = fd;
		fake->clients[which] = 0;
	} else if (strstr(line, "\"stats\"")) {
		answer(fd, "{\"ok\": true, \"intercepts\": {\"io_port\": 7, "
			   "\"memory\": 3}, \"hypervisor\": "
			   "{\"mapped_4k_pages\": 512, \"mapped_2m_pages\": 3, "
			   "\"exits\": [5, 0, 0, 9]}}\n");
	} else if (strstr(line, "\"link\"")) {
		const bool known =
			strstr(line, "\"down\"") && strstr(line, "\"index\":1");

		answer(fd, known ? "{\"ok\": true}\n"
				 : "{\"ok\": false, \"error\": "
				   "\"no such network\"}\n");
	} else if (strstr(line, "\"events\"")) {
		input(fake, fd, line);
	} else if (serve_management(fake, fd, line)) {
		return;
	} else if (strstr(line, "\"stop\"")) {
		answer(fd, "{\"ok\": true}\n");
		if (!deaf)
			leave(fake, CONTROL_EXIT_POWER_OFF);
	} else if (strstr(line, "\"kill\"") && !deaf) {
		answer(fd, "{\"ok\": true}\n");
		leave(fake, CONTROL_EXIT_KILLED);
	} else {
		answer(fd, "{\"ok\": false, \"error\": \"not today\"}\n");
	}
}

static void client(struct fake *fake, unsigned int which)
{
	char line[CONTROL_LINE_MAX] = "";
	const ssize_t n = read(fake->clients[which], line, sizeof(line) - 1);

	if (n > 0) {
		serve(fake, which, line);
	} else {
		close(fake->clients[which]);
		fake->clients[which] = 0;
	}
}

/* What is typed is printed, as a terminal's echo does. */
static void console(struct fake *fake, unsigned int which)
{
	char typed[256];
	const ssize_t n = read(fake->consoles[which], typed, sizeof(typed));

	if (n > 0) {
		print(fake, typed, (size_t)n);
	} else {
		close(fake->consoles[which]);
		fake->consoles[which] = 0;
	}
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void turn(struct fake *fake, int timeout)
{
	struct pollfd waits[2 * CLIENTS_MAX + 1] = {
		{.fd = fake->listen_fd, .events = POLLIN},
	};

	for (unsigned int i = 0; i < CLIENTS_MAX; i++) {
		waits[1 + i].fd = fake->clients[i] > 0 ? fake->clients[i] : -1;
		waits[1 + i].events = POLLIN;
		waits[1 + CLIENTS_MAX + i].fd =
			fake->consoles[i] > 0 ? fake->consoles[i] : -1;
		waits[1 + CLIENTS_MAX + i].events = POLLIN;
	}
	if (poll(waits, 2 * CLIENTS_MAX + 1, timeout) <= 0)
		return;
	for (unsigned int i = 0; i < CLIENTS_MAX; i++) {
		if (waits[1 + CLIENTS_MAX + i].revents)
			console(fake, i);
		if (waits[1 + i].revents)
			client(fake, i);
	}
	for (unsigned int i = 0; waits[0].revents && i < CLIENTS_MAX; i++) {
		if (fake->clients[i] || fake->consoles[i])
			continue;
		fake->clients[i] = accept(fake->listen_fd, NULL, NULL);
		break;
	}
}

static void open_socket(struct fake *fake)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	fake->listen_fd = -1;
	if (word(fake, "silent"))
		return;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s",
		 fake->control);
	fake->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(fake->listen_fd, (struct sockaddr *)&address,
		 sizeof(address)) < 0 ||
	    listen(fake->listen_fd, 4) < 0) {
		perror(fake->control);
		exit(CONTROL_EXIT_ERROR);
	}
}

static void read_config(struct fake *fake)
{
	json_t *config = json_load_file(fake->config, 0, NULL);
	const char *cmdline =
		json_string_value(json_object_get(config, "cmdline"));

	if (!cmdline) {
		fprintf(stderr, "%s: no description\n", fake->config);
		exit(CONTROL_EXIT_CONFIG);
	}
	fake->cmdline = strdup(cmdline);
	json_decref(config);
}

static void talk(struct fake *fake)
{
	const char *text = word(fake, "say");

	if (text) {
		char said[256];

		snprintf(said, sizeof(said), "%s\n", text);
		for (char *c = said; *c; c++)
			*c = *c == '_' ? ' ' : *c;
		fputs(said, stderr);
	}
	text = word(fake, "print");
	if (text) {
		print(fake, text, strlen(text));
		print(fake, "\n", 1);
	}
	for (int i = 0; i < number(fake, "flood", 0); i++) {
		char line[65];

		snprintf(line, sizeof(line), "%-63d\n", i);
		print(fake, line, 64);
	}
}

/* How often this child was started, kept beside its socket. */
static int count_start(const struct fake *fake)
{
	char path[256];
	int count = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s.starts", fake->control);
	file = fopen(path, "r");
	if (file) {
		if (fscanf(file, "%d", &count) != 1)
			count = 0;
		fclose(file);
	}
	file = fopen(path, "w");
	if (file) {
		fprintf(file, "%d\n", count + 1);
		fclose(file);
	}
	return count;
}

static void read_options(struct fake *fake, int argc, char **argv)
{
	static const struct option table[] = {
		{"config", required_argument, NULL, 'c'},
		{"control", required_argument, NULL, 's'},
		{"console-fd", required_argument, NULL, 'f'},
		{0},
	};
	int which;

	fake->console_fd = -1;
	while ((which = getopt_long(argc, argv, "", table, NULL)) >= 0) {
		if (which == 'c')
			fake->config = optarg;
		else if (which == 's')
			fake->control = optarg;
		else if (which == 'f')
			fake->console_fd = atoi(optarg);
		else
			exit(CONTROL_EXIT_ERROR);
	}
	if (!fake->config || !fake->control)
		exit(CONTROL_EXIT_ERROR);
}

int main(int argc, char **argv)
{
	static struct fake fake;
	int after, resets;
	int64_t end;

	read_options(&fake, argc, argv);
	read_config(&fake);
	open_socket(&fake);
	talk(&fake);
	after = number(&fake, "after", -1);
	resets = number(&fake, "reset", 0);
	if (resets && count_start(&fake) < resets)
		leave(&fake, CONTROL_EXIT_RESET);
	end = now_ms() + after;
	while (after < 0 || now_ms() < end)
		turn(&fake, after < 0 ? -1 : (int)(end - now_ms()));
	if (word(&fake, "fault"))
		*(volatile char *)0 = 0;
	leave(&fake, number(&fake, "exit", 0));
}
