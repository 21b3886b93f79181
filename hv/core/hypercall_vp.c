/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hypercalls on virtual processors: life, registers, state. */
#include "hypercall_calls.h"

#include "../lib/string.h"
#include "cpuid.h"
#include "gpa.h"
#include "intercept.h"
#include "lp.h"
#include "vp.h"
#include "vp_register.h"

/* ---- Life ---- */

enum hv_status hypercall_create_vp(struct hypercall_call *call)
{
	const struct hv_input_create_vp *input = call->input;
	struct partition *target = call->target;
	uint32_t index = input->vp_index;
	uint32_t suspended =
		VP_EXPLICIT_SUSPEND | (index ? VP_WAIT_STARTUP : 0);

	if (index >= PARTITION_VPS_MAX)
		return HV_STATUS_INVALID_VP_INDEX;
	spinlock_take(&target->lock);
	struct vp *vp =
		target->vps[index] ? NULL : vp_create(target, index, suspended);
	enum hv_status status = target->vps[index]
					? HV_STATUS_INVALID_VP_INDEX
					: HV_STATUS_INSUFFICIENT_MEMORY;

	if (vp) {
		target->vps[index] = vp;
		target->vp_limit = MAX(target->vp_limit, index + 1);
		partition_cpuid_changed(target);
		status = HV_STATUS_SUCCESS;
	}
	spinlock_give(&target->lock);
	return status;
}

/* A vp ends with its partition: another processor may be about to send it an
 * interrupt. Here it only stops for good. */
enum hv_status hypercall_delete_vp(struct hypercall_call *call)
{
	const struct hv_input_delete_vp *input = call->input;
	struct vp *vp = hypercall_vp(call, input->vp_index);

	if (!vp)
		return HV_STATUS_INVALID_VP_INDEX;
	lp_suspend(vp, VP_STOPPED);
	call->again = lp_running(vp);
	return HV_STATUS_SUCCESS;
}

/* ---- Registers ---- */

enum hv_status hypercall_get_registers(struct hypercall_call *call)
{
	const struct hv_input_get_vp_registers *input = call->input;
	const uint32_t *name = hypercall_rep_input(call);
	struct hv_register_value *value = hypercall_rep_output(call);
	struct vp *vp = hypercall_vp(call, input->vp_index);

	if (!vp)
		return HV_STATUS_INVALID_VP_INDEX;
	enum hv_status status = HV_STATUS_SUCCESS;

	if (!vp_register_live(*name))
		status = hypercall_hold(call, input->vp_index);
	if (status != HV_STATUS_SUCCESS || call->again)
		return status;
	return vp_register_get(vp, *name, value);
}

static enum hv_status set_live(struct hypercall_call *call, struct vp *vp,
			       const struct hv_register_assoc *element)
{
	bool suspend = element->value.u64 & HV_SUSPENDED;

	/* What the parent has edited is taken over: that needs a stopped vp. */
	if (element->name == HV_REGISTER_INTERCEPT_SUSPEND && !suspend &&
	    (vp->suspended & VP_INTERCEPT_SUSPEND)) {
		enum hv_status stopped = hypercall_hold(call, vp->index);

		if (stopped != HV_STATUS_SUCCESS || call->again)
			return stopped;
		intercept_resume(vp);
	}
	enum hv_status status =
		vp_register_set_live(vp, element->name, element->value.u64);

	/* A suspension counts when the vp has left its processor. */
	if (element->name == HV_REGISTER_EXPLICIT_SUSPEND && suspend)
		call->again = lp_running(vp);
	return status;
}

enum hv_status hypercall_set_registers(struct hypercall_call *call)
{
	const struct hv_input_set_vp_registers *input = call->input;
	const struct hv_register_assoc *element = hypercall_rep_input(call);
	struct vp *vp = hypercall_vp(call, input->vp_index);

	if (!vp)
		return HV_STATUS_INVALID_VP_INDEX;
	if (vp_register_live(element->name))
		return set_live(call, vp, element);
	enum hv_status status = hypercall_hold(call, input->vp_index);

	if (status != HV_STATUS_SUCCESS || call->again)
		return status;
	return vp_register_set(vp, element->name, &element->value);
}

/* ---- State pages ---- */

static gpa_t *page_of(struct vp *vp, uint16_t type)
{
	return type == HV_VP_STATE_PAGE_REGISTERS ? &vp->register_page
						  : &vp->intercept_page;
}

enum hv_status hypercall_map_state_page(struct hypercall_call *call)
{
	const struct hv_input_map_vp_state_page *input = call->input;
	struct hv_output_map_vp_state_page *output = call->output;
	gpa_t page = GPA(input->requested_location << PAGE_SHIFT);

	if (input->type > HV_VP_STATE_PAGE_INTERCEPT_MESSAGE ||
	    !(input->flags & HV_MAP_VP_STATE_PAGE_LOCATION_PROVIDED) ||
	    input->requested_location >= PARTITION_GPA_LIMIT >> PAGE_SHIFT ||
	    !page.value ||
	    !gpa_pointer(call->vp->partition, page,
			 VIRT_MAP_READ | VIRT_MAP_WRITE))
		return HV_STATUS_INVALID_PARAMETER;
	*page_of(call->held, input->type) = page;
	output->map_location = input->requested_location;
	return HV_STATUS_SUCCESS;
}

enum hv_status hypercall_unmap_state_page(struct hypercall_call *call)
{
	const struct hv_input_unmap_vp_state_page *input = call->input;

	if (input->type > HV_VP_STATE_PAGE_INTERCEPT_MESSAGE)
		return HV_STATUS_INVALID_PARAMETER;
	*page_of(call->held, input->type) = GPA(0);
	return HV_STATUS_SUCCESS;
}

/* ---- State by page list ---- */

/* The one page that LAPIC and XSAVE state fit in. */
static void *state_page(struct hypercall_call *call, const uint64_t *pages)
{
	if (call->variable < sizeof(uint64_t) ||
	    *pages >= PARTITION_GPA_LIMIT >> PAGE_SHIFT)
		return NULL;
	return gpa_pointer(call->vp->partition, GPA(*pages << PAGE_SHIFT),
			   VIRT_MAP_READ | VIRT_MAP_WRITE);
}

static void get_timers(struct vp *vp, struct hv_synthetic_timers_state *state)
{
	for (unsigned int i = 0; i < STIMERS; i++) {
		state->timers[i].config = vp->timers.stimer[i].config;
		state->timers[i].count = vp->timers.stimer[i].count;
		state->timers[i].flags = vp->timers.stimer[i].message_pending;
	}
}

enum hv_status hypercall_get_vp_state(struct hypercall_call *call)
{
	const struct hv_input_get_vp_state *input = call->input;
	struct hv_output_get_vp_state *output = call->output;
	struct vp *vp = call->held;
	void *page;

	if (input->type == HV_VP_STATE_SYNTHETIC_TIMERS) {
		get_timers(vp, &output->synthetic_timers);
		return HV_STATUS_SUCCESS;
	}
	page = state_page(call, input->page_list);
	if (!page)
		return HV_STATUS_INVALID_PARAMETER;
	call->output_size = 0;
	if (input->type == HV_VP_STATE_LAPIC)
		apic_state_get(vp, page);
	else if (input->type == HV_VP_STATE_XSAVE)
		memcpy(page, vp->cpu.xsave, PAGE_SIZE);
	else
		return HV_STATUS_INVALID_PARAMETER;
	return HV_STATUS_SUCCESS;
}

enum hv_status hypercall_set_vp_state(struct hypercall_call *call)
{
	const struct hv_input_set_vp_state *input = call->input;
	struct vp *vp = call->held;
	const void *page = state_page(call, input->data);

	if (!page)
		return HV_STATUS_INVALID_PARAMETER;
	struct hv_local_apic_state state;
	bool taken = false;

	memcpy(&state, page, sizeof(state));
	if (input->type == HV_VP_STATE_LAPIC)
		taken = apic_state_set(vp, &state);
	else if (input->type == HV_VP_STATE_XSAVE)
		taken = vp_register_set_xsave(vp, page);
	return taken ? HV_STATUS_SUCCESS : HV_STATUS_INVALID_PARAMETER;
}

/* ---- Questions ---- */

enum hv_status hypercall_get_cpuid(struct hypercall_call *call)
{
	const struct hv_cpuid_leaf_info *leaf = hypercall_rep_input(call);
	struct hv_output_get_vp_cpuid_values *output =
		hypercall_rep_output(call);
	uint32_t out[4];

	cpuid_read(call->held, leaf->eax, leaf->ecx, out);
	*output = (struct hv_output_get_vp_cpuid_values){out[0], out[1], out[2],
							 out[3]};
	return HV_STATUS_SUCCESS;
}

enum hv_status hypercall_vp_from_apic_id(struct hypercall_call *call)
{
	const uint32_t *id = hypercall_rep_input(call);
	uint32_t *index = hypercall_rep_output(call);
	const struct vp *vp = vp_by_apic_id(call->target, *id);

	if (!vp)
		return HV_STATUS_INVALID_PARAMETER;
	*index = vp->index;
	return HV_STATUS_SUCCESS;
}
