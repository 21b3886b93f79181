/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The worker's control socket (abi/control.h). */
#define _GNU_SOURCE
#include "control.h"
#include "control_verb.h"
#include "machine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static void client_close(struct control_client *client)
{
	loop_unwatch(&client->control->machine->loop, &client->watch);
	close(client->watch.fd);
	client->used = false;
}

/* Answers are small and clients read them: one that does not is dropped. */
bool control_answer(struct control_client *client, json_t *answer)
{
	char *text = json_dumps(answer, JSON_COMPACT);
	size_t size = text ? strlen(text) : 0;
	bool sent = false;

	json_decref(answer);
	if (text) {
		text[size] = '\n';
		sent = send(client->watch.fd, text, size + 1,
			    MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)size + 1;
	}
	free(text);
	return sent;
}

/* False: the client is gone, or is no client any more. */
static bool client_request(struct control_client *client, const char *line)
{
	json_t *request = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	const char *verb = json_string_value(json_object_get(request, "verb"));
	json_t *answer = control_verb_run(client, verb ? verb : "", request);

	json_decref(request);
	if (!answer)
		return false;
	if (!control_answer(client, answer)) {
		client_close(client);
		return false;
	}
	return true;
}

/* False: as client_request(). */
static bool client_lines(struct control_client *client)
{
	char *end;

	while ((end = memchr(client->line, '\n', client->filled))) {
		size_t size = (size_t)(end - client->line) + 1;

		*end = '\0';
		if (!client_request(client, client->line))
			return false;
		client->filled -= size;
		memmove(client->line, client->line + size, client->filled);
	}
	return true;
}

static void client_ready(void *owner, uint32_t events)
{
	struct control_client *client = owner;
	ssize_t got;

	(void)events;
	if (!client->used)
		return;
	got = recv(client->watch.fd, client->line + client->filled,
		   sizeof(client->line) - client->filled, MSG_DONTWAIT);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		client_close(client);
		return;
	}
	client->filled += (size_t)got;
	if (!client_lines(client))
		return;
	if (client->filled == sizeof(client->line))
		client_close(client); /* a line too long to be a request */
}

static void client_accept(void *owner, uint32_t events)
{
	struct control *control = owner;
	int fd = accept4(control->listening.fd, NULL, NULL, SOCK_CLOEXEC);

	(void)events;
	for (unsigned int i = 0; fd >= 0 && i < CONTROL_CLIENTS_MAX; i++) {
		struct control_client *client = &control->clients[i];

		if (client->used)
			continue;
		client->control = control;
		client->filled = 0;
		client->used = true;
		client->watch = (struct loop_watch){
			.fd = fd, .ready = client_ready, .owner = client};
		if (loop_watch(&control->machine->loop, &client->watch,
			       EPOLLIN) == 0)
			return;
		client->used = false;
	}
	if (fd >= 0)
		close(fd);
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	mode_t old;
	int fd, error;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	unlink(path);
	old = umask(0177);
	error = bind(fd, (struct sockaddr *)&address, sizeof(address));
	umask(old);
	if (error == 0 && listen(fd, CONTROL_CLIENTS_MAX) == 0)
		return fd;
	error = -errno;
	close(fd);
	return error;
}

int control_open(struct control *control, struct machine *machine,
		 const char *path)
{
	int fd = listen_at(path);

	memset(control, 0, sizeof(*control));
	control->machine = machine;
	control->listening = (struct loop_watch){
		.fd = fd, .ready = client_accept, .owner = control};
	if (fd < 0)
		return fd;
	control->path = strdup(path);
	return loop_watch(&machine->loop, &control->listening, EPOLLIN);
}

void control_close(struct control *control)
{
	if (!control->path)
		return;
	for (unsigned int i = 0; i < CONTROL_CLIENTS_MAX; i++)
		if (control->clients[i].used)
			client_close(&control->clients[i]);
	close(control->listening.fd);
	unlink(control->path);
	free(control->path);
	control->path = NULL;
}
