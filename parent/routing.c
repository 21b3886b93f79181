// SPDX-License-Identifier: GPL-2.0-only
/* The table from GSI to MSI message, replaced as a whole and read without
 * locks. */
#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "partition.h"

struct routing_table {
	struct rcu_head rcu;
	u32 count; /* GSIs 0..count-1 */
	struct {
		struct interrupt interrupt;
		bool valid;
	} entries[];
};

/* MSI address and data: Intel SDM vol. 3, "Message Signalled Interrupts". */
#define MSI_ADDRESS_LOGICAL	      BIT(2)
#define MSI_ADDRESS_DESTINATION_SHIFT 12
#define MSI_DATA_MODE_SHIFT	      8
#define MSI_DATA_MODE_MASK	      7u
#define MSI_DATA_LEVEL		      BIT(15)

static struct interrupt
interrupt_decode(const struct mshv_user_irq_entry *entry)
{
	struct interrupt interrupt = {
		.control = (entry->data >> MSI_DATA_MODE_SHIFT) &
			   MSI_DATA_MODE_MASK,
		/* Wide ids: bits 31:8 of the upper word, as in x2APIC MSIs of
		   VMMs. */
		.destination =
			((entry->address_lo >> MSI_ADDRESS_DESTINATION_SHIFT) &
			 0xff) |
			(entry->address_hi & 0xffffff00u),
		.vector = entry->data & 0xff,
	};

	if (entry->data & MSI_DATA_LEVEL)
		interrupt.control |= HV_INTERRUPT_CONTROL_LEVEL_TRIGGERED;
	if (entry->address_lo & MSI_ADDRESS_LOGICAL)
		interrupt.control |= HV_INTERRUPT_CONTROL_LOGICAL_DESTINATION;
	return interrupt;
}

static struct routing_table *
table_make(const struct mshv_user_irq_entry *entries, u32 number)
{
	struct routing_table *table;
	u32 i, count = 0;

	for (i = 0; i < number; i++) {
		if (entries[i].gsi >= MSHV_MAX_GUEST_IRQS)
			return ERR_PTR(-EINVAL);
		count = max(count, entries[i].gsi + 1);
	}
	table = kvzalloc(struct_size(table, entries, count),
			 GFP_KERNEL_ACCOUNT);
	if (!table)
		return ERR_PTR(-ENOMEM);
	table->count = count;
	for (i = 0; i < number; i++) {
		if (table->entries[entries[i].gsi].valid) {
			kvfree(table);
			return ERR_PTR(-EINVAL);
		}
		table->entries[entries[i].gsi].interrupt =
			interrupt_decode(&entries[i]);
		table->entries[entries[i].gsi].valid = true;
	}
	return table;
}

static void table_replace(struct partition *partition,
			  struct routing_table *table)
{
	struct routing_table *old;

	old = rcu_replace_pointer(partition->routes, table,
				  lockdep_is_held(&partition->mutex));
	if (!old)
		return;
	synchronize_rcu();
	kvfree(old);
}

/* MSHV_SET_MSI_ROUTING. partition.mutex is held. */
long routing_set(struct partition *partition, void __user *arguments)
{
	struct mshv_user_irq_entry *entries;
	struct mshv_user_irq_table user;
	struct routing_table *table;

	if (copy_from_user(&user, arguments, sizeof(user)))
		return -EFAULT;
	if (user.nr > MSHV_MAX_GUEST_IRQS || user.rsvd)
		return -EINVAL;
	entries = vmemdup_user(arguments + sizeof(user),
			       user.nr * sizeof(entries[0]));
	if (IS_ERR(entries))
		return PTR_ERR(entries);
	table = table_make(entries, user.nr);
	kvfree(entries);
	if (IS_ERR(table))
		return PTR_ERR(table);
	table_replace(partition, table);
	return 0;
}

/* Whether gsi has a route, and which. Any context. */
bool routing_find(struct partition *partition, u32 gsi,
		  struct interrupt *interrupt)
{
	const struct routing_table *table;
	bool found;

	rcu_read_lock();
	table = rcu_dereference(partition->routes);
	found = table && gsi < table->count && table->entries[gsi].valid;
	if (found)
		*interrupt = table->entries[gsi].interrupt;
	rcu_read_unlock();
	return found;
}

/* Nobody reads any more. */
void routing_free(struct partition *partition)
{
	kvfree(rcu_dereference_protected(partition->routes, true));
}
