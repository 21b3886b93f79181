/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The worker's control socket (abi/control.h). */
#define _GNU_SOURCE
#include "control.h"
#include "machine.h"
#include "vp.h"
#include "worker/backend/console.h"

#include <errno.h>
#include <jansson.h>
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
static bool client_answer(struct control_client *client, json_t *answer)
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

static json_t *refusal(const char *why)
{
	return json_pack("{s:b, s:s}", "ok", 0, "error", why);
}

static json_t *agreement(void)
{
	return json_pack("{s:b}", "ok", 1);
}

static json_t *verb_status(struct control_client *client)
{
	struct machine *machine = client->control->machine;
	const struct config *config = &machine->config;
	struct clock *clock = &machine->loop.clock;

	return json_pack("{s:b, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "ok",
			 1, "name", config->name, "state",
			 machine_state(machine), "machine", config->machine,
			 "processors", (json_int_t)config->processors, "memory",
			 (json_int_t)config->memory, "uptime_ns",
			 (json_int_t)clock->now_ns(clock), "pid",
			 (json_int_t)getpid(), "partition", (json_int_t)0);
}

static json_t *verb_stop(struct control_client *client)
{
	struct machine *machine = client->control->machine;

	if (!machine->type->power_button ||
	    !machine->type->power_button(machine))
		return refusal("this child has no power button");
	return agreement();
}

static json_t *verb_kill(struct control_client *client)
{
	machine_end(client->control->machine, CONTROL_EXIT_KILLED);
	return agreement();
}

static json_t *verb_pause(struct control_client *client)
{
	machine_pause(client->control->machine);
	return agreement();
}

static json_t *verb_resume(struct control_client *client)
{
	machine_resume(client->control->machine);
	return agreement();
}

static json_t *intercept_counts(const struct machine *machine)
{
	static const char *const names[VP_COUNTS] = {
		[VP_COUNT_IO_PORT] = "io_port",
		[VP_COUNT_MEMORY] = "memory",
		[VP_COUNT_MSR] = "msr",
		[VP_COUNT_CPUID] = "cpuid",
		[VP_COUNT_HYPERCALL] = "hypercall",
		[VP_COUNT_HALT] = "halt",
		[VP_COUNT_EOI] = "eoi",
		[VP_COUNT_OTHER] = "other",
	};
	json_t *counts = json_object();

	for (unsigned int i = 0; i < VP_COUNTS; i++) {
		uint64_t sum = 0;

		for (unsigned int vp = 0; vp < machine->vp_count; vp++)
			sum += atomic_load(&machine->vps[vp].counts[i]);
		json_object_set_new(counts, names[i],
				    json_integer((json_int_t)sum));
	}
	return counts;
}

static json_t *exit_counts(const struct bulkhead_stats *stats)
{
	json_t *exits = json_array();

	for (unsigned int i = 0; i < BULKHEAD_EXIT_COUNT; i++)
		json_array_append_new(
			exits, json_integer((json_int_t)stats->exits[i]));
	return exits;
}

/* NULL when the hypervisor does not tell. */
static json_t *hypervisor_counts(const struct machine *machine)
{
	struct bulkhead_stats stats;

	if (partition_stats(&machine->partition, &stats))
		return NULL;
#define FIELD(name)                                                            \
	{                                                                      \
#name, stats.name                                              \
	}
	const struct {
		const char *name;
		uint64_t value;
	} fields[] = {
		FIELD(parent_intercepts), FIELD(signals),
		FIELD(messages),	  FIELD(interrupts_injected),
		FIELD(event_flags_set),	  FIELD(run_time),
		FIELD(ready_time),	  FIELD(wait_time),
		FIELD(preemptions),	  FIELD(migrations),
		FIELD(mapped_4k_pages),	  FIELD(mapped_2m_pages),
		FIELD(pool_used),	  FIELD(pool_quota),
		FIELD(pool_free),
	};
#undef FIELD
	json_t *counts = json_object();

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		json_object_set_new(counts, fields[i].name,
				    json_integer((json_int_t)fields[i].value));
	json_object_set_new(counts, "exits", exit_counts(&stats));
	return counts;
}

static json_t *verb_stats(struct control_client *client)
{
	const struct machine *machine = client->control->machine;
	json_t *answer = agreement();
	json_t *counts = hypervisor_counts(machine);

	json_object_set_new(answer, "intercepts", intercept_counts(machine));
	if (counts)
		json_object_set_new(answer, "hypervisor", counts);
	return answer;
}

/* The answer goes out before the console's first byte. */
static json_t *verb_console(struct control_client *client)
{
	struct machine *machine = client->control->machine;
	int error;

	if (!machine->console)
		return refusal("this child has no console");
	loop_unwatch(&machine->loop, &client->watch);
	client->used = false;
	error = client_answer(client, agreement())
			? console_attach(machine->console, client->watch.fd)
			: -EPIPE;
	if (error) {
		device_log("control", "console: %s", strerror(-error));
		close(client->watch.fd);
	}
	return NULL;
}

static const struct {
	const char *verb;
	json_t *(*run)(struct control_client *client);
} verbs[] = {
	{"status", verb_status},   {"stop", verb_stop},
	{"kill", verb_kill},	   {"pause", verb_pause},
	{"resume", verb_resume},   {"stats", verb_stats},
	{"console", verb_console},
};

/* False: the client is gone, or is no client any more. */
static bool client_request(struct control_client *client, const char *line)
{
	json_t *request = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	const char *verb = json_string_value(json_object_get(request, "verb"));
	json_t *answer = refusal("unknown verb");

	for (size_t i = 0; verb && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verbs[i].verb, verb) == 0) {
			json_decref(answer);
			answer = verbs[i].run(client);
			break;
		}
	}
	json_decref(request);
	if (!answer)
		return false;
	if (!client_answer(client, answer)) {
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
