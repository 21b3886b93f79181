/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hvctl list: the children that run and those that have ended. */
#include "health.h"
#include "memory.h"
#include "state.h"
#include "table.h"
#include "verb.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const char *const headers[] = {
	"NAME", "STATE",  "HEARTBEAT", "MACHINE",
	"CPUS", "MEMORY", "TIME",      "HOW IT ENDED",
};

#define COLUMNS (sizeof(headers) / sizeof(headers[0]))

/* How long it has run, or ran; one whose end nobody saw has no time. */
static char *list_time(const struct state *state)
{
	if (!state_is_over(state))
		return table_duration(time(NULL) - state->started);
	if (!state->ended)
		return memory_string("?");
	return table_duration(state->ended - state->started);
}

static char *list_end(const struct state *state, const struct health *health)
{
	char *text = health->crash ? memory_print("panicked: %s", health->crash)
				   : state_describe(state);
	char *full;

	if (!state->resets)
		return text;
	full = memory_print("%s%s(%u reset%s)", text, *text ? " " : "",
			    state->resets, state->resets == 1 ? "" : "s");
	free(text);
	return full;
}

static void list_row(struct table *table, const struct state *state)
{
	struct health health;

	health_take(&health, state);
	table_add(table, memory_string(state->name));
	table_add(table, memory_string(health.state));
	table_add(table, memory_string(health.heartbeat));
	table_add(table, memory_string(state->machine));
	table_add(table, memory_print("%u", state->processors));
	table_add(table, table_size(state->memory));
	table_add(table, list_time(state));
	table_add(table, list_end(state, &health));
	health_free(&health);
}

static void list_table(const struct state *list, size_t count)
{
	struct table table = {.columns = COLUMNS,
			      .right = {[4] = true, [5] = true, [6] = true}};

	for (size_t i = 0; i < COLUMNS; i++)
		table_add(&table, memory_string(headers[i]));
	for (size_t i = 0; i < count; i++)
		list_row(&table, &list[i]);
	table_print(&table, stdout);
	table_free(&table);
}

static json_t *list_object(const struct state *state)
{
	json_t *object = state_to_json(state);
	struct health health;

	health_take(&health, state);
	json_object_set_new(object, "state", json_string(health.state));
	json_object_set_new(object, "heartbeat", json_string(health.heartbeat));
	if (health.crash)
		json_object_set_new(object, "crash", json_string(health.crash));
	health_free(&health);
	return object;
}

static void list_json(const struct state *list, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, list_object(&list[i]));
	json_dumpf(array, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(array);
}

static int run_list(const struct verb_call *call)
{
	size_t count;
	struct state *list = state_list(&count);

	if (call->given & VERB_JSON)
		list_json(list, count);
	else
		list_table(list, count);
	state_list_free(list, count);
	return EXIT_OK;
}

const struct verb verb_list = {
	.name = "list",
	.arguments = "",
	.summary = "Lists the children, how they run or how they ended",
	.help = "A child stays in the list after its end, until one of its "
		"name\n"
		"is started again. HEARTBEAT: \"ok\", \"lost\", or \"-\" "
		"where\n"
		"the child does not serve it. \"orphaned\": its monitor was "
		"killed, its\n"
		"worker runs on; \"hvctl kill\" ends it.\n"
		"\n"
		"Example:\n"
		"  hvctl list",
	.options = VERB_JSON,
	.least = 0,
	.most = 0,
	.run = run_list,
};
