// SPDX-License-Identifier: GPL-2.0-only
/* A virtual processor: creation, its two shared pages, and its descriptor. */
#include <linux/anon_inodes.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/slab.h>

#include "partition.h"

/* The hypervisor writes to the pages no more; a mapping has its own count. */
void vp_free(struct vp *vp)
{
	if (vp->registers)
		__free_page(vp->registers);
	if (vp->intercept)
		__free_page(vp->intercept);
	kfree(vp);
}

static int page_map(struct vp *vp, u16 type, struct page *page)
{
	struct hv_input_map_vp_state_page in = {
		.partition_id = vp->partition->id,
		.vp_index = vp->index,
		.type = type,
		.flags = HV_MAP_VP_STATE_PAGE_LOCATION_PROVIDED,
		.requested_location = page_to_pfn(page),
	};
	struct hv_output_map_vp_state_page out;
	struct hypercall call = {
		.code = HVCALL_MAP_VP_STATE_PAGE,
		.in = &in,
		.in_size = sizeof(in),
		.out = &out,
		.out_size = sizeof(out),
	};
	int ret;

	ret = hypercall_do_with_memory(&vp->partition->pool, &call);
	if (!ret && out.map_location != in.requested_location) {
		pr_err("mshv: p%llu vp%u: page %u is elsewhere (%#llx)\n",
		       vp->partition->id, vp->index, type, out.map_location);
		ret = -EIO;
	}
	return ret;
}

static int page_unmap(struct vp *vp, u16 type)
{
	struct hv_input_unmap_vp_state_page in = {
		.partition_id = vp->partition->id,
		.vp_index = vp->index,
		.type = type,
	};
	struct hypercall call = {
		.code = HVCALL_UNMAP_VP_STATE_PAGE,
		.in = &in,
		.in_size = sizeof(in),
	};

	return hypercall_do(&call);
}

static int vp_pages_map(struct vp *vp)
{
	int ret;

	vp->registers = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	vp->intercept = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);
	if (!vp->registers || !vp->intercept)
		return -ENOMEM;
	ret = page_map(vp, HV_VP_STATE_PAGE_REGISTERS, vp->registers);
	if (!ret)
		ret = page_map(vp, HV_VP_STATE_PAGE_INTERCEPT_MESSAGE,
			       vp->intercept);
	return ret;
}

static int vp_create_call(struct vp *vp)
{
	struct hv_input_create_vp in = {
		.partition_id = vp->partition->id,
		.vp_index = vp->index,
	};
	struct hypercall call = {
		.code = HVCALL_CREATE_VP,
		.in = &in,
		.in_size = sizeof(in),
	};

	return hypercall_do_with_memory(&vp->partition->pool, &call);
}

static int vp_delete_call(struct vp *vp)
{
	struct hv_input_delete_vp in = {
		.partition_id = vp->partition->id,
		.vp_index = vp->index,
	};
	struct hypercall call = {
		.code = HVCALL_DELETE_VP,
		.in = &in,
		.in_size = sizeof(in),
	};

	return hypercall_do(&call);
}

/* Takes a new vp back. Pages that the hypervisor may still write to are never
 * freed. */
static void vp_undo(struct vp *vp)
{
	page_unmap(vp, HV_VP_STATE_PAGE_REGISTERS);
	page_unmap(vp, HV_VP_STATE_PAGE_INTERCEPT_MESSAGE);
	if (!vp_delete_call(vp))
		vp_free(vp);
	else
		pr_err("mshv: p%llu vp%u: could not be deleted\n",
		       vp->partition->id, vp->index);
}

static long vp_ioctl(struct file *file, unsigned int command,
		     unsigned long argument)
{
	void __user *arguments = (void __user *)argument;
	struct vp *vp = file->private_data;
	long ret;

	/* Registers may be asked for while the vp runs: the hypervisor judges.
	 */
	if (command == MSHV_ROOT_HVCALL)
		return passthrough_hypercall(vp->partition, arguments);
	if (mutex_lock_killable(&vp->mutex))
		return -EINTR;
	switch (command) {
	case MSHV_RUN_VP:
		ret = vp_run(vp, arguments);
		break;
	case MSHV_GET_VP_STATE:
		ret = vp_state_get(vp, arguments);
		break;
	case MSHV_SET_VP_STATE:
		ret = vp_state_set(vp, arguments);
		break;
	default:
		ret = -ENOTTY;
	}
	mutex_unlock(&vp->mutex);
	return ret;
}

static int vp_mmap(struct file *file, struct vm_area_struct *area)
{
	struct vp *vp = file->private_data;
	struct page *page;

	switch (area->vm_pgoff) {
	case MSHV_VP_MMAP_OFFSET_REGISTERS:
		page = vp->registers;
		break;
	case MSHV_VP_MMAP_OFFSET_INTERCEPT_MESSAGE:
		page = vp->intercept;
		break;
	default:
		return -EINVAL;
	}
	/* A private copy would show nothing of what the hypervisor writes. */
	if (area->vm_end - area->vm_start != PAGE_SIZE ||
	    !(area->vm_flags & VM_SHARED))
		return -EINVAL;
	return vm_insert_page(area, area->vm_start, page);
}

static int vp_release(struct inode *inode, struct file *file)
{
	struct vp *vp = file->private_data;

	partition_put(vp->partition);
	return 0;
}

static const struct file_operations vp_operations = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = vp_ioctl,
	.mmap = vp_mmap,
	.release = vp_release,
	.llseek = noop_llseek,
};

static struct vp *vp_allocate(struct partition *partition, u32 index)
{
	struct vp *vp = kzalloc(sizeof(*vp), GFP_KERNEL_ACCOUNT);

	if (!vp)
		return NULL;
	vp->partition = partition;
	vp->index = index;
	mutex_init(&vp->mutex);
	init_waitqueue_head(&vp->wait);
	return vp;
}

/* MSHV_CREATE_VP: a descriptor, or -errno. partition.mutex is held. */
long vp_create(struct partition *partition, void __user *arguments)
{
	struct mshv_create_vp user;
	struct vp *vp;
	int ret;

	if (copy_from_user(&user, arguments, sizeof(user)))
		return -EFAULT;
	if (!partition->initialized || user.vp_index >= PARTITION_VPS_MAX)
		return -EINVAL;
	if (partition->vps[user.vp_index])
		return -EEXIST;
	vp = vp_allocate(partition, user.vp_index);
	if (!vp)
		return -ENOMEM;
	ret = vp_create_call(vp);
	if (ret) {
		vp_free(vp);
		return ret;
	}
	ret = vp_pages_map(vp);
	if (ret)
		goto undo;
	/* Published before the descriptor: whoever gets that may run the vp. */
	smp_store_release(&partition->vps[vp->index], vp);
	partition_get(partition);
	ret = anon_inode_getfd("mshv_vp", &vp_operations, vp,
			       O_RDWR | O_CLOEXEC);
	if (ret >= 0)
		return ret;
	WRITE_ONCE(partition->vps[vp->index], NULL);
	synchronize_rcu();
	/* Cannot be the last reference: the caller's descriptor holds another.
	 */
	partition_put(partition);
undo:
	vp_undo(vp);
	return ret;
}
