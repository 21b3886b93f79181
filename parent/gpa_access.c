// SPDX-License-Identifier: GPL-2.0-only
/* Which guest pages were touched or written: the hypervisor's bytes as a
 * bitmap. */
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/minmax.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "partition.h"

/* One byte of output per page, and whole bytes of bitmap per round. */
#define PAGES_PER_ROUND 4088

/* Not accessed implies not dirty, and dirty implies accessed. */
static const u64 operation_flags[2][3] = {
	[MSHV_GPAP_ACCESS_TYPE_ACCESSED] =
		{
			[MSHV_GPAP_ACCESS_OP_CLEAR] =
				HV_GPA_ACCESS_CLEAR_ACCESSED |
				HV_GPA_ACCESS_CLEAR_DIRTY,
			[MSHV_GPAP_ACCESS_OP_SET] = HV_GPA_ACCESS_SET_ACCESSED,
		},
	[MSHV_GPAP_ACCESS_TYPE_DIRTY] =
		{
			[MSHV_GPAP_ACCESS_OP_CLEAR] = HV_GPA_ACCESS_CLEAR_DIRTY,
			[MSHV_GPAP_ACCESS_OP_SET] = HV_GPA_ACCESS_SET_DIRTY |
						    HV_GPA_ACCESS_SET_ACCESSED,
		},
};

static int states_get(const struct partition *partition, u64 flags, u64 first,
		      u16 count, u8 *states)
{
	struct hv_input_get_gpa_pages_access_state in = {
		.partition_id = partition->id,
		.flags = flags,
		.gpa_page_number = first,
	};
	struct hypercall call = {
		.code = HVCALL_GET_GPA_PAGES_ACCESS_STATE,
		.reps = count,
		.in = &in,
		.in_size = sizeof(in),
		.out = states,
		.out_size = count,
	};
	int ret;

	ret = hypercall_do(&call);
	return !ret && call.done != count ? -EIO : ret;
}

static void bitmap_make(const u8 *states, u16 count, u8 mask, u8 *bitmap)
{
	u16 i;

	memset(bitmap, 0, DIV_ROUND_UP(count, 8));
	for (i = 0; i < count; i++)
		if (states[i] & mask)
			bitmap[i / 8] |= 1u << (i % 8);
}

static long rounds(const struct partition *partition,
		   const struct mshv_gpap_access_bitmap *user, u8 *states,
		   u8 *bitmap)
{
	const u64 flags = operation_flags[user->access_type][user->access_op];
	const u8 mask = user->access_type == MSHV_GPAP_ACCESS_TYPE_DIRTY
				? HV_GPA_ACCESS_STATE_DIRTY
				: HV_GPA_ACCESS_STATE_ACCESSED;
	u64 done = 0;

	while (done < user->page_count) {
		const u16 count =
			min_t(u64, PAGES_PER_ROUND, user->page_count - done);
		int ret;

		ret = states_get(partition, flags, user->gpap_base + done,
				 count, states);
		if (ret)
			return ret;
		bitmap_make(states, count, mask, bitmap);
		if (copy_to_user(u64_to_user_ptr(user->bitmap_ptr + done / 8),
				 bitmap, DIV_ROUND_UP(count, 8)))
			return -EFAULT;
		done += count;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

/* MSHV_GET_GPAP_ACCESS_BITMAP. partition.mutex is held. */
long gpa_access_bitmap(struct partition *partition, void __user *arguments)
{
	struct mshv_gpap_access_bitmap user;
	u8 *buffers;
	long ret;

	if (copy_from_user(&user, arguments, sizeof(user)))
		return -EFAULT;
	if (user.access_type > MSHV_GPAP_ACCESS_TYPE_DIRTY ||
	    user.access_op > MSHV_GPAP_ACCESS_OP_SET ||
	    memchr_inv(user.rsvd, 0, sizeof(user.rsvd)) || !user.page_count ||
	    !user.bitmap_ptr ||
	    user.gpap_base + user.page_count < user.gpap_base)
		return -EINVAL;
	buffers = kmalloc(2 * HV_PAGE_SIZE, GFP_KERNEL);
	if (!buffers)
		return -ENOMEM;
	ret = rounds(partition, &user, buffers, buffers + HV_PAGE_SIZE);
	kfree(buffers);
	return ret;
}
