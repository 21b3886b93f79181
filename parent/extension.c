// SPDX-License-Identifier: GPL-2.0-only
/* Ioctls beyond the standard interface, as far as the hypervisor below offers
 * them. */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>

#include "abi/bulkhead.h"
#include "partition.h"

static u64 features __ro_after_init; /* MSHV_BULKHEAD_* */

/* What the hypervisor's own CPUID range announces. */
void extension_init(void)
{
	struct cpuid_result leaf = hypervisor_cpuid(BULKHEAD_CPUID_VENDOR);

	if (leaf.ebx != BULKHEAD_CPUID_EBX || leaf.ecx != BULKHEAD_CPUID_ECX ||
	    leaf.edx != BULKHEAD_CPUID_EDX ||
	    leaf.eax < BULKHEAD_CPUID_FEATURES)
		return;
	leaf = hypervisor_cpuid(BULKHEAD_CPUID_FEATURES);
	if (leaf.eax < BULKHEAD_EXTENSION_VERSION)
		return;
	if (leaf.ebx & BULKHEAD_FEATURE_EVENT_PORTS)
		features |= MSHV_BULKHEAD_EVENT_PORT;
	if (leaf.ebx & BULKHEAD_FEATURE_STATS)
		features |= MSHV_BULKHEAD_PARTITION_STATS;
	if (leaf.ebx & BULKHEAD_FEATURE_LOG)
		features |= MSHV_BULKHEAD_HV_LOG;
	if (leaf.ebx & BULKHEAD_FEATURE_SCHEDULE)
		features |= MSHV_BULKHEAD_SCHEDULE;
}

/* MSHV_BULKHEAD_PROBE */
long extension_probe(void __user *arguments)
{
	const struct mshv_bulkhead_probe user = {
		.version = MSHV_BULKHEAD_VERSION,
		.features = features,
	};

	return copy_to_user(arguments, &user, sizeof(user)) ? -EFAULT : 0;
}

/*
 * MSHV_HV_LOG: one portion of the log. A portion larger than the caller's
 * buffer is cut, and the cursor with it.
 */
long extension_log(void __user *arguments)
{
	struct bulkhead_input_read_log in;
	struct bulkhead_output_read_log *out;
	struct hypercall call = {
		.code = HVCALL_BULKHEAD_READ_LOG,
		.in = &in,
		.in_size = sizeof(in),
		.out_size = sizeof(*out),
	};
	struct mshv_hv_log user;
	long ret;

	if (!(features & MSHV_BULKHEAD_HV_LOG))
		return -EOPNOTSUPP;
	if (copy_from_user(&user, arguments, sizeof(user)))
		return -EFAULT;
	if (user.rsvd || !user.buf_sz)
		return -EINVAL;
	out = kmalloc(sizeof(*out), GFP_KERNEL);
	if (!out)
		return -ENOMEM;
	in.cursor = user.cursor;
	call.out = out;
	ret = hypercall_do(&call);
	if (!ret && out->length > BULKHEAD_LOG_TEXT_SIZE)
		ret = -EIO;
	if (!ret) {
		const u32 length = min(user.buf_sz, out->length);

		user.cursor = out->next_cursor - (out->length - length);
		user.lost = out->lost;
		user.buf_sz = length;
		if (copy_to_user(u64_to_user_ptr(user.buf_ptr), out->text,
				 length) ||
		    copy_to_user(arguments, &user, sizeof(user)))
			ret = -EFAULT;
	}
	kfree(out);
	return ret;
}

/* MSHV_PARTITION_STATS. No lock is held. */
long extension_stats(struct partition *partition, void __user *arguments)
{
	struct bulkhead_input_get_stats in = {.partition_id = partition->id};
	struct hypercall call = {
		.code = HVCALL_BULKHEAD_GET_STATS,
		.in = &in,
		.in_size = sizeof(in),
	};
	struct mshv_partition_stats *user;
	long ret;

	if (!(features & MSHV_BULKHEAD_PARTITION_STATS))
		return -EOPNOTSUPP;
	if (READ_ONCE(partition->deleted))
		return -ENODEV;
	user = memdup_user(arguments, sizeof(*user));
	if (IS_ERR(user))
		return PTR_ERR(user);
	in.vp_index = user->vp_index;
	call.out = &user->stats;
	call.out_size = sizeof(user->stats);
	ret = user->rsvd ? -EINVAL : hypercall_do(&call);
	if (!ret && copy_to_user(arguments, user, sizeof(*user)))
		ret = -EFAULT;
	kfree(user);
	return ret;
}

/* MSHV_SET_SCHEDULE. partition.mutex is held. */
long extension_schedule(struct partition *partition, void __user *arguments)
{
	struct bulkhead_input_set_schedule in = {.partition_id = partition->id};
	struct hypercall call = {
		.code = HVCALL_BULKHEAD_SET_SCHEDULE,
		.in = &in,
		.in_size = sizeof(in),
	};
	struct mshv_schedule user;

	if (!(features & MSHV_BULKHEAD_SCHEDULE))
		return -EOPNOTSUPP;
	if (copy_from_user(&user, arguments, sizeof(user)))
		return -EFAULT;
	if (!user.schedule.valid ||
	    user.schedule.valid & ~BULKHEAD_SCHEDULE_MASK)
		return -EINVAL;
	in.schedule = user.schedule;
	return hypercall_do(&call);
}
