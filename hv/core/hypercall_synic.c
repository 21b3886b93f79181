/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hypercalls on messages, events, interrupts, ports and connections. */
#include "hypercall_calls.h"

#include "../lib/string.h"
#include "apic.h"
#include "intercept.h"
#include "lp.h"
#include "port.h"
#include "synic.h"
#include "vp.h"

/* A connection that nobody here knows: the parent may know it. */
static enum hv_status unknown_connection(struct hypercall_call *call)
{
	const uint32_t wanted =
		(uint32_t)BIT(HV_INTERCEPT_TYPE_UNKNOWN_SYNIC_CONNECTION);

	if (!(call->vp->partition->intercepts & wanted))
		return HV_STATUS_INVALID_CONNECTION_ID;
	call->intercepted = true;
	intercept_hypercall(call->vp);
	return HV_STATUS_SUCCESS;
}

enum hv_status hypercall_post_message(struct hypercall_call *call)
{
	const struct hv_input_post_message *input = call->input;

	if (input->payload_size > HV_MESSAGE_PAYLOAD_SIZE ||
	    (input->message_type & HV_MESSAGE_TYPE_HYPERVISOR))
		return HV_STATUS_INVALID_PARAMETER;
	enum hv_status status = unknown_connection(call);

	call->vp->counters[VP_COUNT_MESSAGES] += call->intercepted;
	return status;
}

enum hv_status hypercall_signal_event(struct hypercall_call *call)
{
	const struct hv_input_signal_event *input = call->input;

	if (input->reserved)
		return HV_STATUS_INVALID_PARAMETER;
	struct lp *lp = lp_this();

	lp->signaller = call->vp;
	enum hv_status status = connection_signal(
		call->vp->partition, input->connection_id, input->flag_number);

	lp->signaller = NULL;
	if (status == HV_STATUS_INVALID_CONNECTION_ID)
		return unknown_connection(call);
	if (status == HV_STATUS_SUCCESS)
		call->vp->counters[VP_COUNT_SIGNALS]++;
	return status;
}

enum hv_status hypercall_post_message_direct(struct hypercall_call *call)
{
	const struct hv_input_post_message_direct *input = call->input;
	struct vp *vp = hypercall_vp(call, input->vp_index);
	struct hv_message message;

	if (!vp)
		return HV_STATUS_INVALID_VP_INDEX;
	memcpy(&message, input->message, sizeof(message));
	return synic_post_direct(vp, input->sint_index, &message);
}

enum hv_status hypercall_signal_event_direct(struct hypercall_call *call)
{
	const struct hv_input_signal_event_direct *input = call->input;
	struct hv_output_signal_event_direct *output = call->output;
	struct vp *vp = hypercall_vp(call, input->target_vp);
	bool newly = false;

	if (!vp)
		return HV_STATUS_INVALID_VP_INDEX;
	enum hv_status status = synic_signal(vp, input->target_sint,
					     input->flag_number, &newly);

	output->newly_signaled = newly;
	return status;
}

enum hv_status hypercall_assert_interrupt(struct hypercall_call *call)
{
	const struct hv_input_assert_virtual_interrupt *input = call->input;
	uint64_t type = input->control & HV_INTERRUPT_CONTROL_TYPE_MASK;
	const struct apic_message message = {
		.destination = (uint32_t)input->destination,
		.logical = input->control &
			   HV_INTERRUPT_CONTROL_LOGICAL_DESTINATION,
		.level = input->control & HV_INTERRUPT_CONTROL_LEVEL_TRIGGERED,
		.vector = (uint8_t)input->vector,
		.mode = (enum apic_mode)type,
	};

	bool vectored = type == HV_INTERRUPT_TYPE_FIXED ||
			type == HV_INTERRUPT_TYPE_LOWEST_PRIORITY;

	if (vectored ? input->vector < 16 || input->vector > 255
		     : type != HV_INTERRUPT_TYPE_NMI &&
			       type != HV_INTERRUPT_TYPE_INIT &&
			       type != HV_INTERRUPT_TYPE_SIPI)
		return HV_STATUS_INVALID_PARAMETER;
	apic_send(call->target, &message);
	return HV_STATUS_SUCCESS;
}

/* Interrupts asserted here are edges in the APIC: nothing stays asserted. */
enum hv_status hypercall_clear_interrupt(struct hypercall_call *call)
{
	(void)call;
	return HV_STATUS_SUCCESS;
}

/* ---- Ports ---- */

enum hv_status hypercall_create_port(struct hypercall_call *call)
{
	return port_create(call->target, call->input);
}

enum hv_status hypercall_delete_port(struct hypercall_call *call)
{
	const struct hv_input_delete_port *input = call->input;

	return port_delete(call->target, input->port_id);
}

enum hv_status hypercall_connect_port(struct hypercall_call *call)
{
	const struct hv_input_connect_port *input = call->input;
	struct partition *owner = call->vp->partition;

	if (input->port_partition_id != HV_PARTITION_ID_SELF &&
	    input->port_partition_id != owner->id)
		return HV_STATUS_ACCESS_DENIED;
	return port_connect(call->target, owner, input);
}

enum hv_status hypercall_disconnect_port(struct hypercall_call *call)
{
	const struct hv_input_disconnect_port *input = call->input;

	return port_disconnect(call->target, input->connection_id);
}
