/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control socket's "link": a cable put in or taken out; and its counters.
 */
#include "control_verb.h"
#include "machine.h"

#include <stdio.h>
#include <string.h>

json_t *control_link(struct control_client *client, const json_t *request)
{
	const struct machine *machine = client->control->machine;
	const struct machine_network *network = &machine->network;
	const char *state =
		json_string_value(json_object_get(request, "state"));
	const json_t *given = json_object_get(request, "index");
	const json_int_t index = json_integer_value(given);

	if (!state || (strcmp(state, "up") && strcmp(state, "down")))
		return control_refusal("\"state\" is to be up or down");
	if (index < 0 || index >= CONFIG_NETWORKS_MAX || !network->set_link ||
	    !network->set_link(network->owner, (unsigned int)index,
			       strcmp(state, "up") == 0))
		return control_refusal("this child has no such network, "
				       "or its tap is gone");
	return control_agreement();
}

json_t *control_network_counts(const struct machine *machine)
{
	const struct machine_network *network = &machine->network;
	struct machine_counter counters[MACHINE_COUNTERS_MAX];
	json_t *networks = json_object();

	for (unsigned int i = 0; i < machine->config.network_count; i++) {
		json_t *counts = json_object();
		unsigned int count = 0;
		char name[24];

		if (network->count)
			count = network->count(network->owner, i, counters);
		for (unsigned int n = 0; n < count; n++)
			json_object_set_new(
				counts, counters[n].name,
				json_integer((json_int_t)counters[n].value));
		snprintf(name, sizeof(name), "%u", i);
		json_object_set_new(networks, name, counts);
	}
	return networks;
}
