/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control socket's verbs: the table, and those of a few lines. */
#include "control_verb.h"
#include "machine.h"
#include "worker/backend/console.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

json_t *control_refusal(const char *why)
{
	return json_pack("{s:b, s:s}", "ok", 0, "error", why);
}

json_t *control_agreement(void)
{
	return json_pack("{s:b}", "ok", 1);
}

static json_t *verb_status(struct control_client *client, const json_t *request)
{
	struct machine *machine = client->control->machine;
	const struct config *config = &machine->config;
	struct clock *clock = &machine->loop.clock;
	json_t *answer;

	(void)request;
	answer = json_pack("{s:b, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I}",
			   "ok", 1, "name", config->name, "state",
			   machine_state(machine), "machine", config->machine,
			   "processors", (json_int_t)config->processors,
			   "memory", (json_int_t)config->memory, "uptime_ns",
			   (json_int_t)clock->now_ns(clock), "pid",
			   (json_int_t)getpid(), "partition", (json_int_t)0);
	control_tell_health(machine, answer);
	return answer;
}

static json_t *verb_kill(struct control_client *client, const json_t *request)
{
	(void)request;
	machine_end(client->control->machine, CONTROL_EXIT_KILLED);
	return control_agreement();
}

static json_t *verb_pause(struct control_client *client, const json_t *request)
{
	(void)request;
	machine_pause(client->control->machine);
	return control_agreement();
}

static json_t *verb_resume(struct control_client *client, const json_t *request)
{
	(void)request;
	machine_resume(client->control->machine);
	return control_agreement();
}

/* The answer goes out before the console's first byte. */
static json_t *verb_console(struct control_client *client,
			    const json_t *request)
{
	struct machine *machine = client->control->machine;
	int error;

	(void)request;
	if (!machine->console)
		return control_refusal("this child has no console");
	loop_unwatch(&machine->loop, &client->watch);
	client->used = false;
	error = control_answer(client, control_agreement())
			? console_attach(machine->console, client->watch.fd)
			: -EPIPE;
	if (error) {
		device_log("control", "console: %s", strerror(-error));
		close(client->watch.fd);
	}
	return NULL;
}

static const struct {
	const char *name;
	control_verb *run;
} verbs[] = {
	{.name = "status", .run = verb_status},
	{.name = "info", .run = control_info},
	{.name = "stop", .run = control_stop},
	{.name = "restart", .run = control_restart},
	{.name = "reset", .run = control_reset},
	{.name = "kill", .run = verb_kill},
	{.name = "pause", .run = verb_pause},
	{.name = "resume", .run = verb_resume},
	{.name = "stats", .run = control_stats},
	{.name = "link", .run = control_link},
	{.name = "console", .run = verb_console},
	{.name = "keys", .run = control_keys},
	{.name = "pointer", .run = control_pointer},
};

json_t *control_verb_run(struct control_client *client, const char *name,
			 const json_t *request)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return verbs[i].run(client, request);
	return control_refusal("unknown verb");
}
