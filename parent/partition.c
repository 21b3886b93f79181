// SPDX-License-Identifier: GPL-2.0-only
/* The life of a partition: creation, ioctls, and the end with its last
 * descriptor. */
#include <linux/anon_inodes.h>
#include <linux/errno.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "partition.h"

static DEFINE_MUTEX(partitions_mutex);
static LIST_HEAD(partitions);
/* By the hypervisor's id, for messages; erased before a partition is freed. */
static DEFINE_XARRAY(partitions_by_id);

/* A posted intercept: wakes the thread in RUN_VP. Interrupt context. */
void partition_vp_kick(u64 id, u32 vp_index)
{
	struct partition *partition;
	struct vp *vp;

	rcu_read_lock();
	partition = xa_load(&partitions_by_id, id);
	vp = partition && vp_index < PARTITION_VPS_MAX
		     ? READ_ONCE(partition->vps[vp_index])
		     : NULL;
	if (vp) {
		/* Pairs with the acquire in vp_run: the page is complete. */
		smp_store_release(&vp->kicked, true);
		wake_up(&vp->wait);
	}
	rcu_read_unlock();
}

/* Interrupt context. */
void partition_apic_eoi(u64 id, u32 vector)
{
	struct partition *partition;

	rcu_read_lock();
	partition = xa_load(&partitions_by_id, id);
	if (partition)
		irqfd_acknowledge(partition, vector);
	rcu_read_unlock();
}

static int simple_call(struct partition *partition, u16 code)
{
	struct hv_input_delete_partition in = {.partition_id = partition->id};
	struct hypercall call = {
		.code = code, .in = &in, .in_size = sizeof(in)};

	return hypercall_do_with_memory(&partition->pool, &call);
}

/*
 * Ends the partition in the hypervisor. Finalizing stops its vps and drops its
 * mappings, synchronously. Returns whether its memory is certainly free of it.
 * Called with partition.mutex held or with no other reference left.
 */
static bool partition_delete(struct partition *partition)
{
	unsigned int i;
	int ret = 0;

	if (partition->deleted)
		return true;
	event_port_disconnect_all(partition);
	if (partition->initialized)
		ret = simple_call(partition, HVCALL_FINALIZE_PARTITION);
	memory_pool_withdraw(&partition->pool);
	if (!ret)
		ret = simple_call(partition, HVCALL_DELETE_PARTITION);
	if (ret)
		pr_err("mshv: p%llu: could not be deleted: %d\n", partition->id,
		       ret);
	WRITE_ONCE(partition->deleted, true);
	for (i = 0; i < PARTITION_VPS_MAX; i++)
		if (partition->vps[i])
			wake_up(&partition->vps[i]->wait);
	return !ret;
}

static void partition_free(struct kref *references)
{
	struct partition *partition =
		container_of(references, struct partition, references);
	unsigned int i;
	bool gone;

	mutex_lock(&partitions_mutex);
	list_del(&partition->all);
	mutex_unlock(&partitions_mutex);

	irqfd_free_all(partition);
	gone = partition_delete(partition);
	xa_erase(&partitions_by_id, partition->id);
	synchronize_rcu(); /* no interrupt looks at vps, ports or irqfds any
			      more */

	event_port_free_all(partition);
	ioeventfd_free_all(partition);
	routing_free(partition);
	region_free_all(partition, gone);
	for (i = 0; i < PARTITION_VPS_MAX; i++)
		if (partition->vps[i] && gone)
			vp_free(partition->vps[i]);
	kfree(partition);
}

void partition_get(struct partition *partition)
{
	kref_get(&partition->references);
}

void partition_put(struct partition *partition)
{
	kref_put(&partition->references, partition_free);
}

/* For reboot: the partitions go, their descriptors stay and answer ENODEV. */
void partition_delete_all(void)
{
	struct partition *partition;

	mutex_lock(&partitions_mutex);
	list_for_each_entry(partition, &partitions, all)
	{
		mutex_lock(&partition->mutex);
		partition_delete(partition);
		mutex_unlock(&partition->mutex);
	}
	mutex_unlock(&partitions_mutex);
}

static long partition_initialize(struct partition *partition)
{
	int ret;

	if (partition->initialized)
		return -EINVAL;
	ret = simple_call(partition, HVCALL_INITIALIZE_PARTITION);
	if (!ret)
		partition->initialized = true;
	return ret;
}

static long partition_command(struct partition *partition, unsigned int command,
			      void __user *arguments)
{
	switch (command) {
	case MSHV_INITIALIZE_PARTITION:
		return partition_initialize(partition);
	case MSHV_CREATE_VP:
		return vp_create(partition, arguments);
	case MSHV_SET_GUEST_MEMORY:
		return region_set(partition, arguments);
	case MSHV_IRQFD:
		return irqfd_set(partition, arguments);
	case MSHV_IOEVENTFD:
		return ioeventfd_set(partition, arguments);
	case MSHV_SET_MSI_ROUTING:
		return routing_set(partition, arguments);
	case MSHV_GET_GPAP_ACCESS_BITMAP:
		return gpa_access_bitmap(partition, arguments);
	case MSHV_EVENT_PORT:
		return event_port_set(partition, arguments);
	case MSHV_SET_SCHEDULE:
		return extension_schedule(partition, arguments);
	default:
		return -ENOTTY;
	}
}

static long partition_ioctl(struct file *file, unsigned int command,
			    unsigned long argument)
{
	struct partition *partition = file->private_data;
	void __user *arguments = (void __user *)argument;
	long ret;

	/* These change nothing here: interrupts must not wait for a mapping to
	 * finish. */
	if (command == MSHV_ROOT_HVCALL)
		return passthrough_hypercall(partition, arguments);
	if (command == MSHV_PARTITION_STATS)
		return extension_stats(partition, arguments);

	if (mutex_lock_killable(&partition->mutex))
		return -EINTR;
	ret = partition->deleted
		      ? -ENODEV
		      : partition_command(partition, command, arguments);
	mutex_unlock(&partition->mutex);
	return ret;
}

static int partition_release(struct inode *inode, struct file *file)
{
	partition_put(file->private_data);
	return 0;
}

static const struct file_operations partition_operations = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = partition_ioctl,
	.release = partition_release,
	.llseek = noop_llseek,
};

/* What the user's flag bits mean to the hypervisor. */
static const u64 creation_flags[] = {
	[MSHV_PT_BIT_LAPIC] = HV_PARTITION_CREATION_FLAG_LAPIC_ENABLED,
	[MSHV_PT_BIT_X2APIC] = HV_PARTITION_CREATION_FLAG_X2APIC_CAPABLE,
	[MSHV_PT_BIT_GPA_SUPER_PAGES] =
		HV_PARTITION_CREATION_FLAG_GPA_SUPER_PAGES,
	[MSHV_PT_BIT_NESTED_VIRTUALIZATION] =
		HV_PARTITION_CREATION_FLAG_NESTED_VIRTUALIZATION,
	[MSHV_PT_BIT_SMT_ENABLED_GUEST] =
		HV_PARTITION_CREATION_FLAG_SMT_ENABLED,
};

static int flags_valid(u64 flags, u64 isolation)
{
	if (flags & ~MSHV_PT_FLAGS_MASK || isolation != MSHV_PT_ISOLATION_NONE)
		return -EINVAL;
	return 0;
}

static int v2_arguments(const struct mshv_create_partition_v2 *user,
			struct hv_input_create_partition *in)
{
	if (user->pt_num_cpu_fbanks != MSHV_NUM_CPU_FEATURES_BANKS ||
	    memchr_inv(user->pt_rsvd, 0, sizeof(user->pt_rsvd)) ||
	    memchr_inv(user->pt_rsvd1, 0, sizeof(user->pt_rsvd1)))
		return -EINVAL;
	in->disabled_processor_features[0] = user->pt_cpu_fbanks[0];
	in->disabled_processor_features[1] = user->pt_cpu_fbanks[1];
	in->disabled_xsave_features = user->pt_disabled_xsave;
	return 0;
}

static int creation_arguments(void __user *arguments,
			      struct hv_input_create_partition *in)
{
	struct mshv_create_partition_v2 user = {};
	const u64 v2 = 1ULL << MSHV_PT_BIT_CPU_AND_XSAVE_FEATURES;
	unsigned int bit;
	int ret;

	if (copy_from_user(&user, arguments,
			   sizeof(struct mshv_create_partition)))
		return -EFAULT;
	ret = flags_valid(user.pt_flags, user.pt_isolation);
	if (ret)
		return ret;
	in->flags = HV_PARTITION_CREATION_FLAG_EXO_PARTITION |
		    HV_PARTITION_CREATION_FLAG_INTERCEPT_MESSAGE_PAGE;
	in->compatibility_version = HV_COMPATIBILITY_VERSION;
	if (user.pt_flags & v2) {
		if (copy_from_user(&user, arguments, sizeof(user)))
			return -EFAULT;
		/* Copied anew, so checked anew. */
		ret = flags_valid(user.pt_flags, user.pt_isolation);
		if (!ret)
			ret = v2_arguments(&user, in);
		if (ret)
			return ret;
	}
	for (bit = 0; bit < ARRAY_SIZE(creation_flags); bit++)
		if (user.pt_flags & (1ULL << bit))
			in->flags |= creation_flags[bit];
	return 0;
}

static struct partition *partition_allocate(void)
{
	struct partition *partition = kzalloc(sizeof(*partition), GFP_KERNEL);

	if (!partition)
		return NULL;
	kref_init(&partition->references);
	mutex_init(&partition->mutex);
	INIT_LIST_HEAD(&partition->regions);
	INIT_LIST_HEAD(&partition->event_ports);
	INIT_LIST_HEAD(&partition->ioeventfds);
	INIT_LIST_HEAD(&partition->irqfds);
	return partition;
}

/* MSHV_CREATE_PARTITION: a descriptor, or -errno. */
int partition_create_fd(void __user *arguments)
{
	struct hv_input_create_partition in = {};
	struct hv_output_create_partition out;
	struct hypercall call = {
		.code = HVCALL_CREATE_PARTITION,
		.in = &in,
		.in_size = sizeof(in),
		.out = &out,
		.out_size = sizeof(out),
	};
	struct partition *partition;
	int ret;

	ret = creation_arguments(arguments, &in);
	if (ret)
		return ret;
	partition = partition_allocate();
	if (!partition)
		return -ENOMEM;
	ret = hypercall_do_with_memory(&memory_pool_self, &call);
	if (ret) {
		kfree(partition);
		return ret;
	}
	partition->id = out.partition_id;
	partition->pool.partition = partition->id;
	mutex_lock(&partitions_mutex);
	list_add_tail(&partition->all, &partitions);
	mutex_unlock(&partitions_mutex);

	ret = xa_err(xa_store(&partitions_by_id, partition->id, partition,
			      GFP_KERNEL));
	if (!ret)
		ret = anon_inode_getfd("mshv_partition", &partition_operations,
				       partition, O_RDWR | O_CLOEXEC);
	if (ret < 0)
		partition_put(partition);
	return ret;
}
