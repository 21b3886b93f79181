// SPDX-License-Identifier: GPL-2.0-only
/* RUN_VP: resume a vp, sleep until it intercepts or a signal comes. */
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/string.h>

#include "partition.h"

/* How long a message that is known to be posted may take. */
#define IN_FLIGHT_TIMEOUT (2 * HZ)

struct registers_set {
	struct hv_input_set_vp_registers in;
	struct hv_register_assoc elements[2];
};

struct registers_get {
	struct hv_input_get_vp_registers in;
	u32 names[1];
};

static int registers_set(struct vp *vp, struct registers_set *set, u16 count)
{
	struct hypercall call = {
		.code = HVCALL_SET_VP_REGISTERS,
		.reps = count,
		.in = set,
		.in_size = sizeof(set->in) + count * sizeof(set->elements[0]),
	};

	set->in.partition_id = vp->partition->id;
	set->in.vp_index = vp->index;
	return hypercall_do(&call);
}

/* Applied in this order: the explicit suspension is the last obstacle. */
static int vp_resume(struct vp *vp)
{
	struct registers_set set = {
		.elements =
			{
				{.name = HV_REGISTER_INTERCEPT_SUSPEND},
				{.name = HV_REGISTER_EXPLICIT_SUSPEND},
			},
	};

	return registers_set(vp, &set, 2);
}

static int vp_suspend(struct vp *vp)
{
	struct registers_set set = {
		.elements = {{.name = HV_REGISTER_EXPLICIT_SUSPEND,
			      .value.u64 = HV_SUSPENDED}},
	};

	return registers_set(vp, &set, 1);
}

/* Whether the vp stopped for an intercept: then its message is posted or on its
 * way. */
static int vp_intercept_suspended(struct vp *vp, bool *suspended)
{
	struct registers_get get = {
		.in = {.partition_id = vp->partition->id,
		       .vp_index = vp->index},
		.names = {HV_REGISTER_INTERCEPT_SUSPEND},
	};
	struct hv_register_value value;
	struct hypercall call = {
		.code = HVCALL_GET_VP_REGISTERS,
		.reps = 1,
		.in = &get,
		.in_size = sizeof(get.in) + sizeof(get.names),
		.out = &value,
		.out_size = sizeof(value),
	};
	int ret;

	ret = hypercall_do(&call);
	*suspended = !ret && (value.u64 & HV_SUSPENDED);
	return ret;
}

static bool vp_must_wake(struct vp *vp)
{
	/* Pairs with the release in partition_vp_kick. */
	return smp_load_acquire(&vp->kicked) ||
	       READ_ONCE(vp->partition->deleted);
}

/*
 * A signal came while the vp ran. Stopping it is synchronous; an intercept that
 * it took before that has a message, which must not be left for the next run.
 */
static int vp_interrupt(struct vp *vp)
{
	bool in_flight;
	int ret;

	ret = vp_suspend(vp);
	if (!ret)
		ret = vp_intercept_suspended(vp, &in_flight);
	if (ret)
		return READ_ONCE(vp->partition->deleted) ? -ENODEV : ret;
	if (!in_flight && !smp_load_acquire(&vp->kicked))
		return -EINTR;
	if (!wait_event_timeout(vp->wait, vp_must_wake(vp), IN_FLIGHT_TIMEOUT))
		pr_err("mshv: p%llu vp%u: intercept without its message\n",
		       vp->partition->id, vp->index);
	return 0;
}

static int vp_run_once(struct vp *vp)
{
	int ret;

	WRITE_ONCE(vp->kicked, false);
	ret = vp_resume(vp);
	if (ret)
		return ret;
	if (wait_event_interruptible(vp->wait, vp_must_wake(vp))) {
		ret = vp_interrupt(vp);
		if (ret)
			return ret;
	}
	return READ_ONCE(vp->partition->deleted) ? -ENODEV : 0;
}

/* MSHV_RUN_VP. vp.mutex is held. */
long vp_run(struct vp *vp, void __user *arguments)
{
	const void *message = page_address(vp->intercept);
	int ret;

	do {
		if (READ_ONCE(vp->partition->deleted))
			return -ENODEV;
		ret = vp_run_once(vp);
		if (ret)
			return ret;
	} while (ioeventfd_consume(vp));
	return copy_to_user(arguments, message, HV_MESSAGE_SIZE) ? -EFAULT : 0;
}
