/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hypercalls on a partition's life and on which of its acts are intercepted. */
#include "hypercall_calls.h"

#include "../lib/print.h"
#include "vp.h"

#define KNOWN_FLAGS                                                            \
	(HV_PARTITION_CREATION_FLAG_SMT_ENABLED |                              \
	 HV_PARTITION_CREATION_FLAG_GPA_SUPER_PAGES |                          \
	 HV_PARTITION_CREATION_FLAG_EXO_PARTITION |                            \
	 HV_PARTITION_CREATION_FLAG_LAPIC_ENABLED |                            \
	 HV_PARTITION_CREATION_FLAG_INTERCEPT_MESSAGE_PAGE |                   \
	 HV_PARTITION_CREATION_FLAG_X2APIC_CAPABLE)

enum hv_status hypercall_create_partition(struct hypercall_call *call)
{
	const struct hv_input_create_partition *input = call->input;
	struct hv_output_create_partition *output = call->output;
	struct partition *created;

	if (input->isolation || (input->flags & ~KNOWN_FLAGS))
		return HV_STATUS_INVALID_PARAMETER;
	enum hv_status status = partition_create(call->vp->partition, &created);

	if (status != HV_STATUS_SUCCESS)
		return status;
	output->partition_id = created->id;
	print("p%lu: created\n", created->id);
	return HV_STATUS_SUCCESS;
}

enum hv_status hypercall_initialize_partition(struct hypercall_call *call)
{
	return partition_initialize(call->target);
}

enum hv_status hypercall_finalize_partition(struct hypercall_call *call)
{
	call->again = !partition_finalize(call->target);
	return HV_STATUS_SUCCESS;
}

enum hv_status hypercall_delete_partition(struct hypercall_call *call)
{
	uint64_t id = call->target->id;

	call->again = !partition_delete(call->target);
	if (!call->again) {
		call->target = NULL;
		print("p%lu: deleted\n", id);
	}
	return HV_STATUS_SUCCESS;
}

enum hv_status hypercall_get_partition_id(struct hypercall_call *call)
{
	struct hv_output_get_partition_id *output = call->output;

	output->partition_id = call->vp->partition->id;
	return HV_STATUS_SUCCESS;
}

#define KNOWN_INTERCEPTS                                                       \
	(BIT(HV_INTERCEPT_TYPE_HYPERCALL) |                                    \
	 BIT(HV_INTERCEPT_TYPE_UNKNOWN_SYNIC_CONNECTION) |                     \
	 BIT(HV_INTERCEPT_TYPE_RETARGET_UNKNOWN_DEVICE) |                      \
	 BIT(HV_INTERCEPT_TYPE_IO_PORT) |                                      \
	 BIT(HV_INTERCEPT_TYPE_IO_PORT_RANGE) | BIT(HV_INTERCEPT_TYPE_MMIO) |  \
	 BIT(HV_INTERCEPT_TYPE_APIC_EOI))

/*
 * I/O ports, unmapped memory and triple faults always go to the parent, and
 * CPUID and the MSRs we own never do: only the calls that change something
 * here are remembered.
 */
enum hv_status hypercall_install_intercept(struct hypercall_call *call)
{
	const struct hv_input_install_intercept *input = call->input;
	uint32_t type = input->intercept_type;

	if (type >= 32 || !(KNOWN_INTERCEPTS & BIT(type)))
		return HV_STATUS_INVALID_PARAMETER;
	uint32_t bit = (uint32_t)BIT(type);

	spinlock_take(&call->target->lock);
	if (input->access_type)
		call->target->intercepts |= bit;
	else
		call->target->intercepts &= ~bit;
	spinlock_give(&call->target->lock);
	return HV_STATUS_SUCCESS;
}

static enum hv_status
register_cpuid(struct partition *partition,
	       const struct hv_cpuid_result_parameters *parameters)
{
	uint32_t i = 0;

	if (!partition->cpuid)
		partition->cpuid = pool_take(&partition->account);
	if (!partition->cpuid)
		return HV_STATUS_INSUFFICIENT_MEMORY;
	while (i < partition->cpuid_count &&
	       (partition->cpuid[i].input_eax != parameters->input_eax ||
		partition->cpuid[i].input_ecx != parameters->input_ecx))
		i++;
	if (i == PAGE_SIZE / sizeof(*parameters))
		return HV_STATUS_NO_RESOURCES;
	partition->cpuid[i] = *parameters;
	if (i == partition->cpuid_count)
		partition->cpuid_count++;
	partition_cpuid_changed(partition);
	return HV_STATUS_SUCCESS;
}

enum hv_status hypercall_register_intercept_result(struct hypercall_call *call)
{
	const struct hv_input_register_intercept_result *input = call->input;
	const struct hv_cpuid_result_parameters parameters = input->cpuid;

	if (input->intercept_type != HV_INTERCEPT_TYPE_CPUID)
		return HV_STATUS_INVALID_PARAMETER;
	spinlock_take(&call->target->lock);
	enum hv_status status = register_cpuid(call->target, &parameters);

	spinlock_give(&call->target->lock);
	return status;
}
