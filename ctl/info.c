/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hvctl info: all that is known of one child. */
#include "client.h"
#include "memory.h"
#include "panic.h"
#include "state.h"
#include "table.h"
#include "verb.h"
#include "wait.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define INFO_ANSWER_MS 5000

struct info {
	struct state state;
	json_t *inside; /* the worker's answer, NULL: it does not run */
	json_t *panic;	/* lines of its log, an empty list: none */
	struct table table;
};

static const char *word_of(const json_t *object, const char *key)
{
	const char *word = json_string_value(json_object_get(object, key));

	return word && *word ? word : NULL;
}

/* A row, unless there is nothing to say. Takes text over. */
static void row(struct info *info, const char *label, char *text)
{
	if (text && *text) {
		table_add(&info->table, memory_string(label));
		table_add(&info->table, text);
	} else {
		free(text);
	}
}

static void row_word(struct info *info, const char *label, const char *word)
{
	if (word)
		row(info, label, memory_string(word));
}

/* ---- What its daemon tells ---- */

static void rows_items(struct info *info, const json_t *items)
{
	static const struct {
		const char *label;
		const char *key;
	} rows[] = {
		{"host name", "FullyQualifiedDomainName"},
		{"kernel", "OSBuildNumber"},
		{"architecture", "ProcessorArchitecture"},
		{"IPv4", "NetworkAddressIPv4"},
		{"IPv6", "NetworkAddressIPv6"},
	};
	const char *name = word_of(items, "OSName");
	const char *version = word_of(items, "OSMajorVersion");

	if (!version)
		version = word_of(items, "OSVersion");
	if (name)
		row(info, "system",
		    version ? memory_print("%s %s", name, version)
			    : memory_string(name));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		row_word(info, rows[i].label, word_of(items, rows[i].key));
}

static void rows_adapter(struct info *info, const json_t *adapter)
{
	const char *mac = word_of(adapter, "mac");
	const char *addresses = word_of(adapter, "addresses");
	const char *gateways = word_of(adapter, "gateways");
	const char *servers = word_of(adapter, "name_servers");
	const bool dhcp = json_is_true(json_object_get(adapter, "dhcp"));

	if (!mac || !addresses)
		return;
	row(info, "adapter",
	    memory_print("%s: %s%s%s%s%s%s", mac, addresses,
			 gateways ? ", gateway " : "", gateways ? gateways : "",
			 servers ? ", name server " : "",
			 servers ? servers : "", dhcp ? ", DHCP" : ""));
}

static void rows_kvp(struct info *info)
{
	const json_t *kvp = json_object_get(info->inside, "kvp");
	const char *state = word_of(kvp, "state");
	const json_t *adapter;
	size_t i;

	if (!state || !strcmp(state, "none"))
		row_word(info, "inside", "the guest has no key-value exchange");
	else if (!strcmp(state, "no-daemon"))
		row_word(info, "inside", "the guest runs no KVP daemon");
	else if (!strcmp(state, "asking"))
		row_word(info, "inside", "the guest is being asked");
	rows_items(info, json_object_get(kvp, "items"));
	json_array_foreach(json_object_get(kvp, "adapters"), i, adapter)
		rows_adapter(info, adapter);
}

/* ---- What everybody may know ---- */

static void rows_state(struct info *info)
{
	const struct state *state = &info->state;
	const char *now = word_of(info->inside, "state");
	char *size = table_size(state->memory);
	char *time_text = table_duration(
		(state_is_over(state) ? state->ended : time(NULL)) -
		state->started);

	row_word(info, "name", state->name);
	row_word(info, "state", now ? now : state_phase_name(state->phase));
	row(info, "how it ended", state_describe(state));
	row(info, "machine",
	    memory_print("%s, %u processor%s, %s", state->machine,
			 state->processors, state->processors == 1 ? "" : "s",
			 size));
	if (!state_is_over(state) || state->ended)
		row(info, "time", time_text);
	else
		free(time_text);
	if (state->resets)
		row(info, "resets", memory_print("%u", state->resets));
	free(size);
}

static void print_panic(const struct info *info)
{
	const json_t *line;
	size_t i;

	if (json_array_size(info->panic))
		puts("\nThe last words of its kernel:");
	json_array_foreach(info->panic, i, line)
		printf("  %s\n", json_string_value(line));
}

static void print_text(struct info *info)
{
	rows_state(info);
	if (info->inside) {
		row_word(info, "heartbeat", word_of(info->inside, "heartbeat"));
		row_word(info, "panic", word_of(info->inside, "crash"));
		rows_kvp(info);
	}
	table_print(&info->table, stdout);
	print_panic(info);
}

static void print_json(struct info *info)
{
	json_t *object = state_to_json(&info->state);

	if (info->inside) {
		json_object_del(info->inside, "ok");
		json_object_update(object, info->inside);
	}
	json_object_set(object, "panic", info->panic);
	json_dumpf(object, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(object);
}

static int run_info(const struct verb_call *call)
{
	struct info info = {.table.columns = 2};
	char *error = NULL;
	int status = wait_load(call->arguments[0], &info.state);

	if (status)
		return status;
	if (!state_is_over(&info.state))
		info.inside = client_ask_child(info.state.name, "info",
					       INFO_ANSWER_MS, &error);
	if (error) {
		verb_complain("%s: %s", info.state.name, error);
		status = EXIT_FAILED;
	}
	free(error);
	info.panic = panic_read(info.state.name);
	if (call->given & VERB_JSON)
		print_json(&info);
	else
		print_text(&info);
	table_free(&info.table);
	json_decref(info.inside);
	json_decref(info.panic);
	state_free(&info.state);
	return status;
}

const struct verb verb_info = {
	.name = "info",
	.arguments = "NAME",
	.summary = "Prints all that is known of a child",
	.help = "System, version and addresses are what the child's KVP "
		"daemon\n"
		"tells (Debian: package hyperv-daemons), some seconds old. "
		"After\n"
		"a panic the last words of its kernel follow, also when it "
		"has\n"
		"ended.\n"
		"\n"
		"Example:\n"
		"  hvctl info web",
	.options = VERB_JSON,
	.least = 1,
	.most = 1,
	.run = run_info,
};
