/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hypercalls on partition properties. TLFS, HV_PARTITION_PROPERTY_CODE. */
#include "hypercall_calls.h"

#include "cpuid_processor.h"
#include "timer.h"
#include "vp.h"

#define XSAVE_STATES_MAX_SIZE PAGE_SIZE
#define PHYSICAL_ADDRESS_BITS 40

static uint64_t synthetic_features(const struct partition *partition)
{
	if (!partition->hyperv)
		return 0;
	return HV_SYNTHETIC_HYPERVISOR_PRESENT | HV_SYNTHETIC_HV1 |
	       HV_SYNTHETIC_ACCESS_VP_RUN_TIME |
	       HV_SYNTHETIC_ACCESS_REFERENCE_COUNTER |
	       HV_SYNTHETIC_ACCESS_SYNIC | HV_SYNTHETIC_ACCESS_TIMERS |
	       HV_SYNTHETIC_ACCESS_HYPERCALL | HV_SYNTHETIC_ACCESS_VP_INDEX |
	       HV_SYNTHETIC_ACCESS_REFERENCE_TSC |
	       HV_SYNTHETIC_ACCESS_FREQUENCY | HV_SYNTHETIC_DIRECT_TIMERS |
	       HV_SYNTHETIC_SIGNAL_EVENTS;
}

static enum hv_status property_get(const struct partition *partition,
				   uint32_t code, uint64_t *value)
{
	const struct numbered all[] = {
		{HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS, partition->privileges},
		{HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES,
		 synthetic_features(partition)},
		{HV_PARTITION_PROPERTY_ASSIGNABLE_SYNTHETIC_PROC_FEATURES,
		 synthetic_features(partition)},
		{HV_PARTITION_PROPERTY_CPU_WEIGHT, partition->weight},
		{HV_PARTITION_PROPERTY_TIME_FREEZE, partition->frozen},
		{HV_PARTITION_PROPERTY_REFERENCE_TIME,
		 timer_reference_time(partition)},
		{HV_PARTITION_PROPERTY_UNIMPLEMENTED_MSR_ACTION,
		 partition->unimplemented_msr},
		{HV_PARTITION_PROPERTY_PROCESSOR_VENDOR,
		 cpuid_host()->amd ? HV_PROCESSOR_VENDOR_AMD
				   : HV_PROCESSOR_VENDOR_INTEL},
		{HV_PARTITION_PROPERTY_PROCESSOR_XSAVE_FEATURES,
		 cpuid_host()->xcr0},
		{HV_PARTITION_PROPERTY_XSAVE_STATES, cpuid_host()->xcr0},
		{HV_PARTITION_PROPERTY_PROCESSOR_CLOCK_FREQUENCY,
		 hypervisor.config.tsc_hz},
		{HV_PARTITION_PROPERTY_GUEST_OS_ID, partition->guest_os_id},
		{HV_PARTITION_PROPERTY_PROCESSORS_PER_SOCKET,
		 partition->vp_limit},
		{HV_PARTITION_PROPERTY_MAX_XSAVE_DATA_SIZE,
		 XSAVE_STATES_MAX_SIZE},
		{HV_PARTITION_PROPERTY_PHYSICAL_ADDRESS_WIDTH,
		 PHYSICAL_ADDRESS_BITS},
		{HV_PARTITION_PROPERTY_IMPLEMENTED_PHYSICAL_ADDRESS_BITS,
		 PHYSICAL_ADDRESS_BITS},
		{HV_PARTITION_PROPERTY_PROCESSOR_CL_FLUSH_SIZE, 8},
		{HV_PARTITION_PROPERTY_COMPATIBILITY_VERSION,
		 HV_COMPATIBILITY_VERSION},
		{HV_PARTITION_PROPERTY_PROCESSOR_FEATURES0, 0},
		{HV_PARTITION_PROPERTY_PROCESSOR_FEATURES1, 0},
		{HV_PARTITION_PROPERTY_INTEGRATED_SCHEDULER_ENABLED, 0},
		{HV_PARTITION_PROPERTY_GPA_PAGE_ACCESS_TRACKING, 0},
		{HV_PARTITION_PROPERTY_ISOLATION_STATE, 0},
	};

	return numbered_find(all, ARRAY_SIZE(all), code, value)
		       ? HV_STATUS_SUCCESS
		       : HV_STATUS_UNKNOWN_PROPERTY;
}

/* Reference time stands still from freezing to thawing. */
static void time_freeze(struct partition *partition, bool freeze)
{
	if (freeze == partition->frozen)
		return;
	if (freeze)
		partition->frozen_at = cpu_now();
	else
		partition->time_origin += cpu_now() - partition->frozen_at;
	partition->frozen = freeze;
	timer_write_tsc_page(partition);
}

/* Lock P held. */
static enum hv_status property_set(struct partition *partition, uint32_t code,
				   uint64_t value)
{
	switch (code) {
	case HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES:
		partition->hyperv = value != 0;
		partition_cpuid_changed(partition);
		break;
	case HV_PARTITION_PROPERTY_CPU_WEIGHT:
		if (value < 1 || value > 10000)
			return HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE;
		partition->weight = (uint32_t)value;
		break;
	case HV_PARTITION_PROPERTY_TIME_FREEZE:
		if (value > 1)
			return HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE;
		time_freeze(partition, value);
		break;
	case HV_PARTITION_PROPERTY_UNIMPLEMENTED_MSR_ACTION:
		if (value > HV_UNIMPLEMENTED_MSR_ACTION_IGNORE_WRITE_READ_ZERO)
			return HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE;
		partition->unimplemented_msr = value;
		break;
	/* Accepted for clients that set them; nothing here depends on them. */
	case HV_PARTITION_PROPERTY_PROCESSORS_PER_SOCKET:
	case HV_PARTITION_PROPERTY_PHYSICAL_ADDRESS_WIDTH:
	case HV_PARTITION_PROPERTY_PROCESSOR_XSAVE_FEATURES:
	case HV_PARTITION_PROPERTY_GPA_PAGE_ACCESS_TRACKING:
		break;
	default:
		return HV_STATUS_UNKNOWN_PROPERTY;
	}
	return HV_STATUS_SUCCESS;
}

enum hv_status hypercall_get_property(struct hypercall_call *call)
{
	const struct hv_input_get_partition_property *input = call->input;
	struct hv_output_get_partition_property *output = call->output;

	return property_get(call->target, input->property_code,
			    &output->property_value);
}

enum hv_status hypercall_set_property(struct hypercall_call *call)
{
	const struct hv_input_set_partition_property *input = call->input;

	spinlock_take(&call->target->lock);
	enum hv_status status = property_set(call->target, input->property_code,
					     input->property_value);

	spinlock_give(&call->target->lock);
	return status;
}

enum hv_status hypercall_get_property_ex(struct hypercall_call *call)
{
	const struct hv_input_get_partition_property_ex *input = call->input;
	struct hv_vmm_capabilities *output = call->output;

	if (input->property_code == HV_PARTITION_PROPERTY_VMM_CAPABILITIES) {
		output->bank_count = 1;
		output->capabilities =
			HV_VMM_CAPABILITY_PROVIDE_OVERLAY_GPFN |
			HV_VMM_CAPABILITY_ASSIGNABLE_SYNTHETIC_FEATURES;
		return HV_STATUS_SUCCESS;
	}
	call->output_size = sizeof(uint64_t);
	return property_get(call->target, input->property_code, call->output);
}
