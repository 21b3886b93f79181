/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hvctl stats: what children cost, as their workers and the hypervisor count.
 */
#define _GNU_SOURCE
#include "client.h"
#include "memory.h"
#include "state.h"
#include "table.h"
#include "verb.h"
#include "wait.h"

#include "abi/bulkhead.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATS_ANSWER_MS 5000

/* Each child's answer under its name. */
struct stats {
	json_t *children;
	int status;
};

static const char *const exit_names[BULKHEAD_EXIT_COUNT] = {
	[BULKHEAD_EXIT_EXTERNAL_INTERRUPT] = "external_interrupt",
	[BULKHEAD_EXIT_NMI] = "nmi",
	[BULKHEAD_EXIT_EXCEPTION] = "exception",
	[BULKHEAD_EXIT_IO_PORT] = "io_port",
	[BULKHEAD_EXIT_MSR_READ] = "msr_read",
	[BULKHEAD_EXIT_MSR_WRITE] = "msr_write",
	[BULKHEAD_EXIT_CPUID] = "cpuid",
	[BULKHEAD_EXIT_HALT] = "halt",
	[BULKHEAD_EXIT_HYPERCALL] = "hypercall",
	[BULKHEAD_EXIT_PAGE_FAULT] = "page_fault",
	[BULKHEAD_EXIT_MMIO] = "mmio",
	[BULKHEAD_EXIT_APIC_ACCESS] = "apic_access",
	[BULKHEAD_EXIT_CR_ACCESS] = "cr_access",
	[BULKHEAD_EXIT_DR_ACCESS] = "dr_access",
	[BULKHEAD_EXIT_INTERRUPT_WINDOW] = "interrupt_window",
	[BULKHEAD_EXIT_PAUSE] = "pause",
	[BULKHEAD_EXIT_INVLPG] = "invlpg",
	[BULKHEAD_EXIT_WBINVD] = "wbinvd",
	[BULKHEAD_EXIT_XSETBV] = "xsetbv",
	[BULKHEAD_EXIT_TRIPLE_FAULT] = "triple_fault",
	[BULKHEAD_EXIT_SMI] = "smi",
	[BULKHEAD_EXIT_INIT_SIPI] = "init_sipi",
	[BULKHEAD_EXIT_RDTSC] = "rdtsc",
	[BULKHEAD_EXIT_TASK_SWITCH] = "task_switch",
	[BULKHEAD_EXIT_DESCRIPTOR_TABLE] = "descriptor_table",
	[BULKHEAD_EXIT_MONITOR_MWAIT] = "monitor_mwait",
	[BULKHEAD_EXIT_VIRTUALIZATION] = "virtualization",
	[BULKHEAD_EXIT_INVALID_STATE] = "invalid_state",
	[BULKHEAD_EXIT_OTHER] = "other",
};

/* The list of exits becomes an object; kinds that never came are left out. */
static json_t *name_exits(const json_t *list)
{
	json_t *object = json_object();

	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *value = json_array_get(list, i);
		const char *name =
			i < BULKHEAD_EXIT_COUNT ? exit_names[i] : NULL;

		if (name && json_integer_value(value))
			json_object_set(object, name, value);
	}
	return object;
}

/* Guest memory mapped by 2 MiB pages, in percent of what is mapped. */
static void add_large_share(json_t *hypervisor)
{
	const json_int_t small = json_integer_value(
		json_object_get(hypervisor, "mapped_4k_pages"));
	const json_int_t large = 512 * json_integer_value(json_object_get(
					       hypervisor, "mapped_2m_pages"));

	if (small + large > 0)
		json_object_set_new(hypervisor, "mapped_2m_percent",
				    json_real((double)large * 100.0 /
					      (double)(small + large)));
}

static void stats_refine(json_t *answer)
{
	json_t *hypervisor = json_object_get(answer, "hypervisor");
	json_t *exits = json_object_get(hypervisor, "exits");

	json_object_del(answer, "ok");
	if (json_is_array(exits))
		json_object_set_new(hypervisor, "exits", name_exits(exits));
	if (json_is_object(hypervisor))
		add_large_share(hypervisor);
}

static void stats_take(struct stats *stats, const char *name)
{
	char *error = NULL;
	json_t *answer =
		client_ask_child(name, "stats", STATS_ANSWER_MS, &error);

	if (!answer) {
		verb_complain("%s: %s", name, error);
		free(error);
		stats->status = EXIT_FAILED;
		return;
	}
	stats_refine(answer);
	json_object_set_new(stats->children, name, answer);
}

/* ---- As a table: a row per counter, a column per child ---- */

/* Every counter that any child has, "intercepts.io_port", in order. */
static void collect_keys(json_t *keys, const char *prefix, json_t *object)
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value)
	{
		char *full =
			memory_print("%s%s%s", prefix, *prefix ? "." : "", key);

		if (json_is_object(value))
			collect_keys(keys, full, value);
		else if (!json_object_get(keys, full))
			json_object_set_new(keys, full, json_true());
		free(full);
	}
}

static const json_t *find_value(const json_t *object, const char *path)
{
	char *copy = memory_string(path);
	char *rest = copy;
	char *part;

	while (object && (part = strsep(&rest, ".")))
		object = json_object_get(object, part);
	free(copy);
	return object;
}

static char *print_value(const json_t *value)
{
	if (json_is_integer(value))
		return memory_print("%lld",
				    (long long)json_integer_value(value));
	if (json_is_real(value))
		return memory_print("%.1f", json_real_value(value));
	if (json_is_string(value))
		return memory_string(json_string_value(value));
	return memory_string("-");
}

static void stats_table(struct stats *stats)
{
	struct table table = {.columns = 1};
	json_t *keys = json_object();
	json_t *child, *unused;
	const char *name, *key;

	table_add(&table, memory_string("COUNTER"));
	json_object_foreach(stats->children, name, child)
	{
		if (table.columns == TABLE_COLUMNS_MAX)
			break;
		table.right[table.columns++] = true;
		table_add(&table, memory_string(name));
		collect_keys(keys, "", child);
	}
	json_object_foreach(keys, key, unused)
	{
		size_t columns = 1;

		table_add(&table, memory_string(key));
		json_object_foreach(stats->children, name, child)
		{
			if (columns++ == table.columns)
				break;
			table_add(&table, print_value(find_value(child, key)));
		}
	}
	if (table.columns > 1)
		table_print(&table, stdout);
	table_free(&table);
	json_decref(keys);
}

static void stats_all(struct stats *stats)
{
	size_t count;
	struct state *list = state_list(&count);

	for (size_t i = 0; i < count; i++) {
		if (!state_is_over(&list[i]))
			stats_take(stats, list[i].name);
	}
	state_list_free(list, count);
}

static int run_stats(const struct verb_call *call)
{
	struct stats stats = {.children = json_object()};
	struct state state;

	if (call->count) {
		stats.status = wait_load_running(call->arguments[0], &state);
		if (!stats.status) {
			stats_take(&stats, state.name);
			state_free(&state);
		}
	} else {
		stats_all(&stats);
	}
	if (call->given & VERB_JSON) {
		json_dumpf(stats.children, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		stats_table(&stats);
	}
	json_decref(stats.children);
	return stats.status;
}

const struct verb verb_stats = {
	.name = "stats",
	.arguments = "[NAME]",
	.summary = "Prints the counters of a child, or of all that run",
	.help = "intercepts.*: what the worker had to emulate. hypervisor.*: "
		"the\n"
		"partition's own: parent_intercepts is all that was sent to "
		"the\n"
		"parent; times are in 100 ns; mapped_2m_percent is the share "
		"of\n"
		"mapped guest memory in 2 MiB pages; pool counts 4 KiB pages.\n"
		"\n"
		"Example:\n"
		"  hvctl stats web --json",
	.options = VERB_JSON,
	.least = 0,
	.most = 1,
	.run = run_stats,
};
