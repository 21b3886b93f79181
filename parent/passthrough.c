// SPDX-License-Identifier: GPL-2.0-only
/* ROOT_HVCALL: hypercalls that a VMM may make about its own partition, and no
 * others. */
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "partition.h"

/* Bytes of what comes often: a signal, a message's answer. */
#define SMALL 64

/* What may pass, and whether the bare device may ask it about this partition
 * itself. */
static const struct {
	u16 code;
	bool self;
} allowed[] = {
	{HVCALL_GET_PARTITION_PROPERTY, true},
	{HVCALL_GET_PARTITION_PROPERTY_EX, true},
	{HVCALL_SET_PARTITION_PROPERTY, false},
	{HVCALL_INSTALL_INTERCEPT, false},
	{HVCALL_GET_VP_REGISTERS, false},
	{HVCALL_SET_VP_REGISTERS, false},
	{HVCALL_TRANSLATE_VIRTUAL_ADDRESS, false},
	{HVCALL_CLEAR_VIRTUAL_INTERRUPT, false},
	{HVCALL_REGISTER_INTERCEPT_RESULT, false},
	{HVCALL_ASSERT_VIRTUAL_INTERRUPT, false},
	{HVCALL_SIGNAL_EVENT_DIRECT, false},
	{HVCALL_POST_MESSAGE_DIRECT, false},
	{HVCALL_GET_GPA_PAGES_ACCESS_STATE, false},
	{HVCALL_GET_VP_CPUID_VALUES, false},
};

static bool may_pass(u16 code, bool self)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(allowed); i++)
		if (allowed[i].code == code)
			return !self || allowed[i].self;
	return false;
}

static int arguments_check(const struct mshv_root_hvcall *user, bool self)
{
	if (!may_pass(user->code, self))
		return -EINVAL;
	/* Every input begins with the partition's id, which is filled in here.
	 */
	if (user->in_sz < sizeof(u64) || user->in_sz > HV_PAGE_SIZE ||
	    user->out_sz > HV_PAGE_SIZE || !user->in_ptr)
		return -EINVAL;
	if (!user->out_ptr != !user->out_sz)
		return -EINVAL;
	if (user->status || memchr_inv(user->rsvd, 0, sizeof(user->rsvd)) ||
	    user->reps > HV_HYPERCALL_REP_MAX)
		return -EINVAL;
	return 0;
}

static long call_and_answer(struct memory_pool *pool,
			    struct mshv_root_hvcall *user, void *in, void *out)
{
	struct hypercall call = {
		.code = user->code,
		.reps = user->reps,
		.in = in,
		.in_size = user->in_sz,
		.out = out,
		.out_size = user->out_sz,
	};
	u16 status;
	int ret;

	ret = hypercall_status_with_memory(pool, &call, &status);
	if (ret)
		return ret;
	user->status = status;
	user->reps = call.done;
	if (user->out_sz && (status == HV_STATUS_SUCCESS || call.done) &&
	    copy_to_user(u64_to_user_ptr(user->out_ptr), out, user->out_sz))
		return -EFAULT;
	return hypercall_errno(status);
}

/* All zero: small, which is zero already, if that has room. */
static void *buffer_take(void *small, size_t size)
{
	return size <= SMALL ? small : kzalloc(size, GFP_KERNEL);
}

static void buffer_give(void *small, void *buffer)
{
	if (buffer != small)
		kfree(buffer);
}

/* MSHV_ROOT_HVCALL; no partition means the device. No lock is held. */
long passthrough_hypercall(struct partition *partition, void __user *arguments)
{
	struct memory_pool *pool =
		partition ? &partition->pool : &memory_pool_self;
	u64 small_in[SMALL / sizeof(u64)] = {},
			     small_out[SMALL / sizeof(u64)] = {};
	struct mshv_root_hvcall user;
	void *in, *out;
	long ret;

	if (copy_from_user(&user, arguments, sizeof(user)))
		return -EFAULT;
	ret = arguments_check(&user, !partition);
	if (ret)
		return ret;
	if (partition && READ_ONCE(partition->deleted))
		return -ENODEV;
	in = buffer_take(small_in, user.in_sz);
	out = buffer_take(small_out, user.out_sz);
	if (!in || !out) {
		ret = -ENOMEM;
	} else if (copy_from_user(in, u64_to_user_ptr(user.in_ptr),
				  user.in_sz)) {
		ret = -EFAULT;
	} else {
		*(u64 *)in = pool->partition;
		ret = call_and_answer(pool, &user, in, out);
		/* The status is the answer, whatever the error. */
		if (copy_to_user(arguments, &user, sizeof(user)))
			ret = -EFAULT;
	}
	buffer_give(small_out, out);
	buffer_give(small_in, in);
	return ret;
}
