// SPDX-License-Identifier: GPL-2.0-only
/* Eventfds that assert a virtual interrupt, and those that hear of its EOI. */
#include <linux/err.h>
#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/poll.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/version.h>

#include "partition.h"

struct irqfd {
	struct list_head list; /* partition.irqfds */
	struct list_head gone; /* removed, waiting for a grace period */
	struct partition *partition;
	u32 gsi;
	struct eventfd_ctx *event;
	struct eventfd_ctx *resample; /* may be NULL */
	wait_queue_entry_t wait;
	poll_table poll;
};

/* Adds one to an eventfd. Any context. */
void irqfd_event_signal(struct eventfd_ctx *event)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
	eventfd_signal(event);
#else
	eventfd_signal(event, 1);
#endif
}

static void interrupt_assert(const struct partition *partition,
			     const struct interrupt *interrupt)
{
	struct hv_input_assert_virtual_interrupt in = {
		.partition_id = partition->id,
		.control = interrupt->control,
		.destination = interrupt->destination,
		.vector = interrupt->vector,
	};
	struct hypercall call = {
		.code = HVCALL_ASSERT_VIRTUAL_INTERRUPT,
		.in = &in,
		.in_size = sizeof(in),
	};

	/* The guest may have put anything into its MSI: an error is its own
	 * affair. */
	hypercall_do(&call);
}

/* Somebody wrote to the eventfd. Its lock is held, interrupts are off. */
static int irqfd_wake(wait_queue_entry_t *wait, unsigned int mode, int sync,
		      void *key)
{
	struct irqfd *irqfd = container_of(wait, struct irqfd, wait);
	struct interrupt interrupt;
	u64 count;

	if (!(key_to_poll(key) & EPOLLIN))
		return 0;
	eventfd_ctx_do_read(irqfd->event, &count);
	if (routing_find(irqfd->partition, irqfd->gsi, &interrupt))
		interrupt_assert(irqfd->partition, &interrupt);
	return 1;
}

static void irqfd_queue(struct file *file, wait_queue_head_t *head,
			poll_table *poll)
{
	struct irqfd *irqfd = container_of(poll, struct irqfd, poll);

	add_wait_queue(head, &irqfd->wait);
}

/* The hypervisor saw the guest's EOI. Interrupt context, under RCU. */
void irqfd_acknowledge(struct partition *partition, u32 vector)
{
	struct interrupt interrupt;
	struct irqfd *irqfd;

	list_for_each_entry_rcu(
		irqfd, &partition->irqfds,
		list) if (irqfd->resample &&
			  routing_find(partition, irqfd->gsi, &interrupt) &&
			  interrupt.vector == vector)
		irqfd_event_signal(irqfd->resample);
}

/* After a grace period. */
static void irqfd_free(struct irqfd *irqfd)
{
	if (irqfd->resample)
		eventfd_ctx_put(irqfd->resample);
	eventfd_ctx_put(irqfd->event);
	kfree(irqfd);
}

/* No wake-up runs afterwards: the wait queue's lock is taken. */
static void irqfd_unhook(struct irqfd *irqfd)
{
	u64 count;

	eventfd_ctx_remove_wait_queue(irqfd->event, &irqfd->wait, &count);
}

static struct irqfd *irqfd_find(struct partition *partition,
				struct eventfd_ctx *event, u32 gsi,
				bool any_gsi)
{
	struct irqfd *irqfd;

	list_for_each_entry(
		irqfd, &partition->irqfds,
		list) if (irqfd->event == event &&
			  (any_gsi || irqfd->gsi == gsi)) return irqfd;
	return NULL;
}

static long irqfd_remove(struct partition *partition,
			 const struct mshv_user_irqfd *user)
{
	struct eventfd_ctx *event = eventfd_ctx_fdget(user->fd);
	struct irqfd *irqfd;

	if (IS_ERR(event))
		return PTR_ERR(event);
	irqfd = irqfd_find(partition, event, user->gsi, false);
	eventfd_ctx_put(event);
	if (!irqfd)
		return -ENOENT;
	list_del_rcu(&irqfd->list);
	irqfd_unhook(irqfd);
	synchronize_rcu();
	irqfd_free(irqfd);
	return 0;
}

static int irqfd_events_get(struct irqfd *irqfd,
			    const struct mshv_user_irqfd *user,
			    struct file **file)
{
	*file = eventfd_fget(user->fd);
	if (IS_ERR(*file))
		return PTR_ERR(*file);
	irqfd->event = eventfd_ctx_fileget(*file);
	if (user->flags & (1 << MSHV_IRQFD_BIT_RESAMPLE)) {
		irqfd->resample = eventfd_ctx_fdget(user->resamplefd);
		if (IS_ERR(irqfd->resample)) {
			const int ret = PTR_ERR(irqfd->resample);

			eventfd_ctx_put(irqfd->event);
			fput(*file);
			return ret;
		}
	}
	return 0;
}

static long irqfd_add(struct partition *partition,
		      const struct mshv_user_irqfd *user)
{
	struct interrupt interrupt;
	struct irqfd *irqfd;
	struct file *file;
	int ret;

	irqfd = kzalloc(sizeof(*irqfd), GFP_KERNEL_ACCOUNT);
	if (!irqfd)
		return -ENOMEM;
	irqfd->partition = partition;
	irqfd->gsi = user->gsi;
	ret = irqfd_events_get(irqfd, user, &file);
	if (ret) {
		kfree(irqfd);
		return ret;
	}
	if (irqfd_find(partition, irqfd->event, 0, true)) {
		irqfd_free(irqfd);
		fput(file);
		return -EBUSY;
	}
	init_waitqueue_func_entry(&irqfd->wait, irqfd_wake);
	init_poll_funcptr(&irqfd->poll, irqfd_queue);
	list_add_tail_rcu(&irqfd->list, &partition->irqfds);

	/* What was written before we listened counts as well. */
	if (vfs_poll(file, &irqfd->poll) & EPOLLIN &&
	    routing_find(partition, irqfd->gsi, &interrupt))
		interrupt_assert(partition, &interrupt);
	fput(file);
	return 0;
}

/* MSHV_IRQFD. partition.mutex is held. */
long irqfd_set(struct partition *partition, void __user *arguments)
{
	struct mshv_user_irqfd user;

	if (copy_from_user(&user, arguments, sizeof(user)))
		return -EFAULT;
	if (user.flags & ~MSHV_IRQFD_FLAGS_MASK ||
	    user.gsi >= MSHV_MAX_GUEST_IRQS)
		return -EINVAL;
	if (user.flags & (1 << MSHV_IRQFD_BIT_DEASSIGN))
		return irqfd_remove(partition, &user);
	return irqfd_add(partition, &user);
}

/* At the partition's end, while its id is still valid. */
void irqfd_free_all(struct partition *partition)
{
	struct irqfd *irqfd, *next;
	LIST_HEAD(gone);

	list_for_each_entry_safe(irqfd, next, &partition->irqfds, list)
	{
		irqfd_unhook(irqfd);
		list_del_rcu(&irqfd->list);
		list_add(&irqfd->gone, &gone);
	}
	synchronize_rcu();
	list_for_each_entry_safe(irqfd, next, &gone, gone) irqfd_free(irqfd);
}
