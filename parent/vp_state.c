// SPDX-License-Identifier: GPL-2.0-only
/* GET/SET_VP_STATE: the larger pieces of a vp's state, by user pages or by
 * value. */
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "partition.h"

/* What the local APIC, SIMP and SIEFP take; XSAVE is asked for. */
#define STATE_PAGES_MAX 16

struct state_request {
	u32 type; /* HV_VP_STATE_* */
	u32 size; /* bytes of data */
	u64 xsave_states;
};

/* Get and set have the same fixed part. */
struct state_input {
	struct hv_input_get_vp_state head;
	u64 list[STATE_PAGES_MAX +
		 sizeof(struct hv_synthetic_timers_state) / sizeof(u64)];
};

static int property_get(struct vp *vp, u32 code, u64 *value)
{
	struct hv_input_get_partition_property in = {
		.partition_id = vp->partition->id,
		.property_code = code,
	};
	struct hv_output_get_partition_property out;
	struct hypercall call = {
		.code = HVCALL_GET_PARTITION_PROPERTY,
		.in = &in,
		.in_size = sizeof(in),
		.out = &out,
		.out_size = sizeof(out),
	};
	int ret;

	ret = hypercall_do(&call);
	*value = ret ? 0 : out.property_value;
	return ret;
}

static int xsave_request(struct vp *vp, struct state_request *request)
{
	u64 size;
	int ret;

	ret = property_get(vp, HV_PARTITION_PROPERTY_XSAVE_STATES,
			   &request->xsave_states);
	if (!ret)
		ret = property_get(
			vp, HV_PARTITION_PROPERTY_MAX_XSAVE_DATA_SIZE, &size);
	if (ret)
		return ret;
	if (!size || size > STATE_PAGES_MAX * HV_PAGE_SIZE)
		return -EINVAL;
	request->size = size;
	return 0;
}

static int request_make(struct vp *vp, u8 type, struct state_request *request)
{
	*request = (struct state_request){.size = HV_PAGE_SIZE};
	switch (type) {
	case MSHV_VP_STATE_LAPIC:
		request->type = HV_VP_STATE_LAPIC;
		return 0;
	case MSHV_VP_STATE_XSAVE:
		request->type = HV_VP_STATE_XSAVE;
		return xsave_request(vp, request);
	case MSHV_VP_STATE_SIMP:
		request->type = HV_VP_STATE_SIM_PAGE;
		return 0;
	case MSHV_VP_STATE_SIEFP:
		request->type = HV_VP_STATE_SIEF_PAGE;
		return 0;
	case MSHV_VP_STATE_SYNTHETIC_TIMERS:
		request->type = HV_VP_STATE_SYNTHETIC_TIMERS;
		request->size = sizeof(struct hv_synthetic_timers_state);
		return 0;
	default:
		return -EINVAL;
	}
}

/* Reads the arguments, tells the size that the state has, and checks the
 * buffer. */
static int arguments_get(struct vp *vp,
			 struct mshv_get_set_vp_state __user *arguments,
			 struct mshv_get_set_vp_state *user,
			 struct state_request *request)
{
	int ret;

	if (copy_from_user(user, arguments, sizeof(*user)))
		return -EFAULT;
	if (memchr_inv(user->rsvd, 0, sizeof(user->rsvd)) || !user->buf_sz ||
	    user->buf_sz % HV_PAGE_SIZE || user->buf_ptr % HV_PAGE_SIZE)
		return -EINVAL;
	ret = request_make(vp, user->type, request);
	if (ret)
		return ret;
	if (put_user(request->size, &arguments->buf_sz))
		return -EFAULT;
	return request->size > user->buf_sz ? -EINVAL : 0;
}

static void head_fill(struct vp *vp, const struct state_request *request,
		      struct state_input *in)
{
	in->head.partition_id = vp->partition->id;
	in->head.vp_index = vp->index;
	in->head.type = request->type;
	in->head.xsave_states = request->xsave_states;
}

/* State that travels in the caller's own pages. */
static int by_pages(struct vp *vp, const struct state_request *request,
		    u64 buffer, u16 code)
{
	const int count = DIV_ROUND_UP(request->size, HV_PAGE_SIZE);
	const bool get = code == HVCALL_GET_VP_STATE;
	struct page *pages[STATE_PAGES_MAX];
	struct hv_output_get_vp_state out;
	struct state_input in = {};
	struct hypercall call = {
		.code = code,
		.varhead = count,
		.in = &in,
		.in_size = sizeof(in.head) + count * sizeof(u64),
		.out = &out,
		.out_size = get ? sizeof(out) : 0,
	};
	int pinned, i, ret;

	pinned =
		pin_user_pages_fast(buffer, count, get ? FOLL_WRITE : 0, pages);
	if (pinned < 0)
		return pinned;
	head_fill(vp, request, &in);
	for (i = 0; i < pinned; i++)
		in.list[i] = page_to_pfn(pages[i]);
	ret = pinned == count
		      ? hypercall_do_with_memory(&vp->partition->pool, &call)
		      : -EFAULT;
	unpin_user_pages_dirty_lock(pages, pinned, get);
	return ret;
}

static int timers_get(struct vp *vp, const struct state_request *request,
		      u64 buffer)
{
	struct hv_output_get_vp_state out = {};
	struct state_input in = {};
	struct hypercall call = {
		.code = HVCALL_GET_VP_STATE,
		.in = &in,
		.in_size = sizeof(in.head),
		.out = &out,
		.out_size = sizeof(out),
	};
	int ret;

	head_fill(vp, request, &in);
	ret = hypercall_do_with_memory(&vp->partition->pool, &call);
	if (!ret && copy_to_user(u64_to_user_ptr(buffer), &out, request->size))
		ret = -EFAULT;
	return ret;
}

static int timers_set(struct vp *vp, const struct state_request *request,
		      u64 buffer)
{
	struct state_input in = {};
	struct hypercall call = {
		.code = HVCALL_SET_VP_STATE,
		.varhead = request->size / sizeof(u64),
		.in = &in,
		.in_size = sizeof(in.head) + request->size,
	};

	head_fill(vp, request, &in);
	if (copy_from_user(in.list, u64_to_user_ptr(buffer), request->size))
		return -EFAULT;
	return hypercall_do_with_memory(&vp->partition->pool, &call);
}

/* MSHV_GET_VP_STATE. vp.mutex is held. */
long vp_state_get(struct vp *vp, void __user *arguments)
{
	struct mshv_get_set_vp_state user;
	struct state_request request;
	int ret;

	ret = arguments_get(vp, arguments, &user, &request);
	if (ret)
		return ret;
	if (request.type & HV_VP_STATE_TYPE_PFN)
		return by_pages(vp, &request, user.buf_ptr,
				HVCALL_GET_VP_STATE);
	return timers_get(vp, &request, user.buf_ptr);
}

/* MSHV_SET_VP_STATE. vp.mutex is held. */
long vp_state_set(struct vp *vp, void __user *arguments)
{
	struct mshv_get_set_vp_state user;
	struct state_request request;
	int ret;

	ret = arguments_get(vp, arguments, &user, &request);
	if (ret)
		return ret;
	if (request.type & HV_VP_STATE_TYPE_PFN)
		return by_pages(vp, &request, user.buf_ptr,
				HVCALL_SET_VP_STATE);
	return timers_set(vp, &request, user.buf_ptr);
}
