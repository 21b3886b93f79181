/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Our own hypercalls: counters, log, scheduling. abi/bulkhead.h. */
#include "hypercall_calls.h"

#include "../../abi/bulkhead.h"
#include "../lib/print.h"
#include "vp.h"

/* 100 ns units of TSC ticks. */
static uint64_t ticks_to_time(uint64_t ticks)
{
	uint64_t hz = hypervisor.config.tsc_hz;

	return ticks / hz * 10000000 + ticks % hz * 10000000 / hz;
}

static const uint8_t exit_kinds[VIRT_KINDS] = {
	[VIRT_HOST] = BULKHEAD_EXIT_EXTERNAL_INTERRUPT,
	[VIRT_INTERRUPT_WINDOW] = BULKHEAD_EXIT_INTERRUPT_WINDOW,
	[VIRT_NMI_WINDOW] = BULKHEAD_EXIT_NMI,
	[VIRT_CR8_WINDOW] = BULKHEAD_EXIT_CR_ACCESS,
	[VIRT_CPUID] = BULKHEAD_EXIT_CPUID,
	[VIRT_MSR] = BULKHEAD_EXIT_MSR_READ,
	[VIRT_IO] = BULKHEAD_EXIT_IO_PORT,
	[VIRT_GPA] = BULKHEAD_EXIT_PAGE_FAULT,
	[VIRT_HYPERCALL] = BULKHEAD_EXIT_HYPERCALL,
	[VIRT_HALT] = BULKHEAD_EXIT_HALT,
	[VIRT_XSETBV] = BULKHEAD_EXIT_XSETBV,
	[VIRT_CACHE] = BULKHEAD_EXIT_WBINVD,
	[VIRT_UNDEFINED] = BULKHEAD_EXIT_VIRTUALIZATION,
	[VIRT_TRIPLE_FAULT] = BULKHEAD_EXIT_TRIPLE_FAULT,
	[VIRT_FAILED] = BULKHEAD_EXIT_INVALID_STATE,
};

static void add_vp(struct bulkhead_stats *stats, const struct vp *vp)
{
	for (unsigned int kind = 0; kind < VIRT_KINDS; kind++)
		stats->exits[exit_kinds[kind]] +=
			vp->counters[VP_COUNT_EXITS + kind];
	stats->parent_intercepts += vp->counters[VP_COUNT_INTERCEPTS];
	stats->signals += vp->counters[VP_COUNT_SIGNALS];
	stats->messages += vp->counters[VP_COUNT_MESSAGES];
	stats->interrupts_injected += vp->counters[VP_COUNT_INTERRUPTS];
	stats->event_flags_set += vp->counters[VP_COUNT_FLAGS];
	stats->preemptions += vp->counters[VP_COUNT_PREEMPTIONS];
	stats->migrations += vp->counters[VP_COUNT_MIGRATIONS];
	stats->run_time += ticks_to_time(vp->time[VP_RUNNING]);
	stats->ready_time += ticks_to_time(vp->time[VP_READY]);
	stats->wait_time += ticks_to_time(vp->time[VP_BLOCKED]);
	stats->vp_count++;
}

enum hv_status hypercall_get_stats(struct hypercall_call *call)
{
	const struct bulkhead_input_get_stats *input = call->input;
	struct bulkhead_stats *stats = call->output;
	const struct partition *target = call->target;

	stats->version = BULKHEAD_EXTENSION_VERSION;
	if (input->vp_index == HV_VP_INDEX_ANY) {
		for (uint32_t i = 0; i < target->vp_limit; i++) {
			if (target->vps[i])
				add_vp(stats, target->vps[i]);
		}
	} else {
		const struct vp *vp = hypercall_vp(call, input->vp_index);

		if (!vp)
			return HV_STATUS_INVALID_VP_INDEX;
		add_vp(stats, vp);
	}
	stats->mapped_4k_pages = target->pages_small;
	stats->mapped_2m_pages = target->pages_large;
	stats->pool_used = target->account.used_pages;
	stats->pool_quota = target->account.quota_pages;
	stats->pool_free = pool_free_pages();
	stats->scrap_accesses = target->scrap_accesses;
	return HV_STATUS_SUCCESS;
}

enum hv_status hypercall_read_log(struct hypercall_call *call)
{
	const struct bulkhead_input_read_log *input = call->input;
	struct bulkhead_output_read_log *output = call->output;
	uint64_t cursor = input->cursor;
	size_t length = print_read(&cursor, output->text, sizeof(output->text));

	output->length = (uint32_t)length;
	output->next_cursor = cursor;
	output->lost = cursor - input->cursor - length;
	return HV_STATUS_SUCCESS;
}

enum hv_status hypercall_set_schedule(struct hypercall_call *call)
{
	const struct bulkhead_input_set_schedule *input = call->input;
	const struct bulkhead_schedule *schedule = &input->schedule;

	/* Caps, reserves and affinity are not served yet: say so. */
	if (schedule->valid & ~BULKHEAD_SCHEDULE_WEIGHT)
		return HV_STATUS_FEATURE_UNAVAILABLE;
	if (schedule->weight < 1 ||
	    schedule->weight > BULKHEAD_SCHEDULE_WEIGHT_MAX)
		return HV_STATUS_INVALID_PARAMETER;
	call->target->weight = schedule->weight;
	return HV_STATUS_SUCCESS;
}
