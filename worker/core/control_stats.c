/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control socket's "stats": what worker and hypervisor count. */
#include "control_verb.h"
#include "machine.h"
#include "vp.h"

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

json_t *control_stats(struct control_client *client, const json_t *request)
{
	const struct machine *machine = client->control->machine;
	json_t *answer = control_agreement();
	json_t *counts = hypervisor_counts(machine);

	(void)request;
	json_object_set_new(answer, "intercepts", intercept_counts(machine));
	if (counts)
		json_object_set_new(answer, "hypervisor", counts);
	if (machine->config.network_count)
		json_object_set_new(answer, "networks",
				    control_network_counts(machine));
	return answer;
}
