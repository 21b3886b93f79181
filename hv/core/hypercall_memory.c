/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hypercalls on memory: mapping it into children, and giving it to us. */
#include "hypercall_calls.h"

#include "gpa.h"
#include "gva.h"
#include "vp.h"

/* ---- Mapping ---- */

static uint32_t rights_of(uint32_t flags)
{
	uint32_t rights = 0;

	if (flags & HV_MAP_GPA_NO_ACCESS)
		return 0;
	if (flags & HV_MAP_GPA_READABLE)
		rights |= VIRT_MAP_READ;
	if (flags & HV_MAP_GPA_WRITABLE)
		rights |= VIRT_MAP_READ | VIRT_MAP_WRITE;
	if (flags & HV_MAP_GPA_EXECUTABLE)
		rights |= VIRT_MAP_READ | VIRT_MAP_EXECUTE;
	if (rights && (flags & HV_MAP_GPA_NOT_CACHED))
		rights |= VIRT_MAP_UNCACHED;
	return rights;
}

static enum hv_status map_rep(const struct hypercall_call *call, uint64_t base,
			      bool large, struct virt_mapping mapping)
{
	if (base >= PARTITION_GPA_LIMIT >> PAGE_SHIFT ||
	    mapping.spa.value >= PARTITION_GPA_LIMIT)
		return HV_STATUS_INVALID_PARAMETER;
	mapping.size = large ? LARGE_PAGE_SIZE : PAGE_SIZE;
	mapping.gpa = GPA((base << PAGE_SHIFT) + call->index * mapping.size);
	return gpa_map(call->target, &mapping);
}

enum hv_status hypercall_map_gpa_pages(struct hypercall_call *call)
{
	const struct hv_input_map_gpa_pages *input = call->input;
	const uint64_t *source = hypercall_rep_input(call);
	const struct virt_mapping mapping = {
		.spa = SPA(*source > UINT64_MAX >> PAGE_SHIFT
				   ? UINT64_MAX
				   : *source << PAGE_SHIFT),
		.rights = rights_of(input->map_flags),
	};

	return map_rep(call, input->target_gpa_base,
		       input->map_flags & HV_MAP_GPA_LARGE_PAGE, mapping);
}

enum hv_status hypercall_unmap_gpa_pages(struct hypercall_call *call)
{
	const struct hv_input_unmap_gpa_pages *input = call->input;

	return map_rep(call, input->target_gpa_base,
		       input->unmap_flags & HV_UNMAP_GPA_LARGE_PAGE,
		       (struct virt_mapping){0});
}

/* What was unmapped or replaced is the parent's again when we return: so
 * nobody may still use it. Doing the same reps again changes nothing. */
void hypercall_map_finish(struct hypercall_call *call)
{
	call->again = !gpa_quiet(call->target);
}

/* ---- Deposits ---- */

/*
 * First the frame vanishes from the parent's memory; only when no processor
 * of the parent can still reach it, one entry later at least, it becomes the
 * child's. The caller remembers which frame is on its way.
 */
enum hv_status hypercall_deposit_memory(struct hypercall_call *call)
{
	const uint64_t *page = hypercall_rep_input(call);
	struct partition *parent = call->vp->partition;
	spa_t *leaving = &call->vp->deposit;

	if (*page >= PARTITION_GPA_LIMIT >> PAGE_SHIFT || !*page)
		return HV_STATUS_INVALID_PARAMETER;
	spa_t frame = SPA(*page << PAGE_SHIFT);

	if (leaving->value != frame.value) {
		/* The caller has given up what it had begun. */
		if (leaving->value)
			gpa_unhide(parent, *leaving);
		*leaving = SPA(0);
		enum hv_status status = gpa_hide(parent, frame);

		if (status != HV_STATUS_SUCCESS)
			return status;
		*leaving = frame;
	}
	call->again = !gpa_quiet(parent);
	if (!call->again) {
		pool_deposit(&call->target->account, frame);
		*leaving = SPA(0);
	}
	return HV_STATUS_SUCCESS;
}

enum hv_status hypercall_withdraw_memory(struct hypercall_call *call)
{
	uint64_t *page = hypercall_rep_output(call);
	spa_t frame = pool_withdraw(&call->target->account);

	if (!frame.value)
		return HV_STATUS_NO_RESOURCES;
	gpa_unhide(call->vp->partition, frame);
	*page = frame.value >> PAGE_SHIFT;
	return HV_STATUS_SUCCESS;
}

/* ---- Translation ---- */

#define TRANSLATE_ACCESS                                                       \
	(HV_TRANSLATE_GVA_VALIDATE_READ | HV_TRANSLATE_GVA_VALIDATE_WRITE |    \
	 HV_TRANSLATE_GVA_VALIDATE_EXECUTE)
_Static_assert(HV_TRANSLATE_GVA_VALIDATE_READ == VIRT_ACCESS_READ &&
		       HV_TRANSLATE_GVA_VALIDATE_WRITE == VIRT_ACCESS_WRITE &&
		       HV_TRANSLATE_GVA_VALIDATE_EXECUTE == VIRT_ACCESS_EXECUTE,
	       "one numbering");

enum hv_status hypercall_translate(struct hypercall_call *call)
{
	const struct hv_input_translate_virtual_address *input = call->input;
	struct hv_output_translate_virtual_address *output = call->output;
	struct vp *vp = call->held;
	uint64_t flags = input->control_flags;
	struct gva_query query = {
		.gva = GVA(input->gva_page << PAGE_SHIFT),
		.access = flags & TRANSLATE_ACCESS,
	};
	uint32_t error;
	gpa_t gpa;

	query.user = !(flags & HV_TRANSLATE_GVA_PRIVILEGE_EXEMPT) &&
		     vp->virt->registers.cpl == 3;
	output->cache_type = HV_CACHE_TYPE_WRITE_BACK;
	if (gva_translate(vp, &query, &gpa, &error)) {
		output->gpa_page = gpa.value >> PAGE_SHIFT;
		output->result_code = HV_TRANSLATE_GVA_SUCCESS;
	} else if (error & GVA_UNMAPPED) {
		output->result_code = HV_TRANSLATE_GVA_GPA_UNMAPPED;
	} else {
		output->result_code =
			error & 1 ? HV_TRANSLATE_GVA_PRIVILEGE_VIOLATION
				  : HV_TRANSLATE_GVA_PAGE_NOT_PRESENT;
	}
	return HV_STATUS_SUCCESS;
}
