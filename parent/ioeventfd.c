// SPDX-License-Identifier: GPL-2.0-only
/* Guest writes to an address that become an eventfd, without leaving RUN_VP. */
#include <linux/err.h>
#include <linux/eventfd.h>
#include <linux/mm.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include "partition.h"

/*
 * The hypervisor reports where a guest wrote, not what: an entry with a value
 * to match is kept but never matched here. Such a write, like one whose
 * instruction length is unknown, goes to the VMM, which emulates it anyway.
 */
struct ioeventfd {
	struct list_head list;
	struct rcu_head rcu;
	u64 address;
	u64 value;
	u32 length;
	bool match_value;
	struct eventfd_ctx *event;
};

static bool signal_at(struct partition *partition, u64 address)
{
	struct ioeventfd *entry;
	bool found = false;

	rcu_read_lock();
	list_for_each_entry_rcu(entry, &partition->ioeventfds,
				list) if (entry->address == address &&
					  !entry->match_value)
	{
		irqfd_event_signal(entry->event);
		found = true;
	}
	rcu_read_unlock();
	return found;
}

/* Whether the vp's intercept was such a write; then the vp stands behind it. */
bool ioeventfd_consume(struct vp *vp)
{
	const struct hv_message *message = page_address(vp->intercept);
	const struct hv_memory_intercept *body = (const void *)message->payload;
	struct hv_register_page *registers = page_address(vp->registers);
	u8 length;

	if (message->header.type != HVMSG_GPA_INTERCEPT &&
	    message->header.type != HVMSG_UNMAPPED_GPA)
		return false;
	length = body->header.instruction_length_and_cr8 &
		 HV_INTERCEPT_INSTRUCTION_LENGTH_MASK;
	if (body->header.access_type != HV_INTERCEPT_ACCESS_WRITE || !length ||
	    !registers->is_valid)
		return false;
	if (!signal_at(vp->partition, body->gpa))
		return false;
	registers->rip = body->header.rip + length;
	registers->dirty |= HV_REGISTER_PAGE_DIRTY_RIP;
	return true;
}

static void entry_free(struct ioeventfd *entry)
{
	eventfd_ctx_put(entry->event);
	kfree_rcu(entry, rcu);
}

static bool same(const struct ioeventfd *a, const struct ioeventfd *b)
{
	return a->address == b->address && a->length == b->length &&
	       a->match_value == b->match_value &&
	       (!a->match_value || a->value == b->value);
}

static long entry_add(struct partition *partition, struct ioeventfd *new)
{
	struct ioeventfd *entry;

	list_for_each_entry(entry, &partition->ioeventfds,
			    list) if (same(entry, new)) return -EEXIST;
	list_add_tail_rcu(&new->list, &partition->ioeventfds);
	return 0;
}

static long entry_remove(struct partition *partition,
			 const struct ioeventfd *wanted)
{
	struct ioeventfd *entry;

	list_for_each_entry(entry, &partition->ioeventfds, list)
	{
		if (!same(entry, wanted) || entry->event != wanted->event)
			continue;
		list_del_rcu(&entry->list);
		synchronize_rcu();
		entry_free(entry);
		return 0;
	}
	return -ENOENT;
}

static int arguments_check(const struct mshv_user_ioeventfd *user)
{
	const bool match = user->flags & (1 << MSHV_IOEVENTFD_BIT_DATAMATCH);

	if (user->flags & ~MSHV_IOEVENTFD_FLAGS_MASK ||
	    memchr_inv(user->rsvd, 0, sizeof(user->rsvd)))
		return -EINVAL;
	if (user->flags & (1 << MSHV_IOEVENTFD_BIT_PIO))
		return -EOPNOTSUPP;
	if (user->len > 8 || (user->len & (user->len - 1)) ||
	    (match && !user->len) || user->addr + user->len < user->addr)
		return -EINVAL;
	return 0;
}

/* MSHV_IOEVENTFD. partition.mutex is held. */
long ioeventfd_set(struct partition *partition, void __user *arguments)
{
	struct mshv_user_ioeventfd user;
	struct ioeventfd *entry;
	bool remove;
	long ret;

	if (copy_from_user(&user, arguments, sizeof(user)))
		return -EFAULT;
	ret = arguments_check(&user);
	if (ret)
		return ret;
	remove = user.flags & (1 << MSHV_IOEVENTFD_BIT_DEASSIGN);
	entry = kzalloc(sizeof(*entry), GFP_KERNEL_ACCOUNT);
	if (!entry)
		return -ENOMEM;
	entry->address = user.addr;
	entry->length = user.len;
	entry->match_value = user.flags & (1 << MSHV_IOEVENTFD_BIT_DATAMATCH);
	entry->value = user.datamatch;
	entry->event = eventfd_ctx_fdget(user.fd);
	if (IS_ERR(entry->event)) {
		ret = PTR_ERR(entry->event);
		kfree(entry);
		return ret;
	}
	ret = remove ? entry_remove(partition, entry)
		     : entry_add(partition, entry);
	if (ret || remove)
		entry_free(entry);
	return ret;
}

/* Nobody runs a vp any more. */
void ioeventfd_free_all(struct partition *partition)
{
	struct ioeventfd *entry, *next;

	list_for_each_entry_safe(entry, next, &partition->ioeventfds, list)
	{
		list_del(&entry->list);
		entry_free(entry);
	}
}
