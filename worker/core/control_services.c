/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Control verbs about what runs in the child: its end, and what it tells. */
#include "control_verb.h"
#include "machine.h"

static json_t *ask_end(struct machine *machine, bool restart)
{
	static const char *const words[] = {
		[MACHINE_ASKED_SERVICE] = CONTROL_BY_SERVICE,
		[MACHINE_ASKED_BUTTON] = CONTROL_BY_BUTTON,
	};
	enum machine_asked asked;
	json_t *answer;

	if (machine->paused)
		return control_refusal("this child is paused: resume it first");
	asked = machine_ask_end(machine, restart);
	if (asked == MACHINE_ASKED_NOBODY)
		return control_refusal("this child has no power button");
	answer = control_agreement();
	json_object_set_new(answer, "by", json_string(words[asked]));
	return answer;
}

json_t *control_stop(struct control_client *client, const json_t *request)
{
	(void)request;
	return ask_end(client->control->machine, false);
}

json_t *control_restart(struct control_client *client, const json_t *request)
{
	(void)request;
	return ask_end(client->control->machine, true);
}

json_t *control_reset(struct control_client *client, const json_t *request)
{
	(void)request;
	machine_end(client->control->machine, CONTROL_EXIT_RESET);
	return control_agreement();
}

void control_tell_health(struct machine *machine, json_t *answer)
{
	const struct services *services = &machine->services;

	if (services->tell_health)
		services->tell_health(services->owner, answer);
	if (machine->crash_cause[0])
		json_object_set_new(answer, "crash",
				    json_string(machine->crash_cause));
}

json_t *control_info(struct control_client *client, const json_t *request)
{
	struct machine *machine = client->control->machine;
	const struct services *services = &machine->services;
	json_t *answer = control_agreement();

	(void)request;
	json_object_set_new(answer, "state",
			    json_string(machine_state(machine)));
	control_tell_health(machine, answer);
	if (services->tell_facts)
		services->tell_facts(services->owner, answer);
	return answer;
}
