// SPDX-License-Identifier: GPL-2.0-only
/* Pages lent to the hypervisor for a partition's metadata, and taken back at
 * its end. */
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/slab.h>

#include "hypercall.h"

/* As many page numbers as fit behind the partition id. */
#define DEPOSIT_MAX                                                            \
	((HV_PAGE_SIZE - sizeof(struct hv_input_deposit_memory)) / sizeof(u64))
#define WITHDRAW_MAX (HV_PAGE_SIZE / sizeof(u64))

/* Pages that every partition may cost; one for so many of its own beyond. */
#define LENT_MAX  4096
#define LENT_UNIT 64

struct memory_pool memory_pool_self = {.partition = HV_PARTITION_ID_SELF};

static bool may_lend(const struct memory_pool *pool, unsigned int pages)
{
	long most = LENT_MAX + atomic_long_read(&pool->mapped) / LENT_UNIT;

	return atomic_long_read(&pool->lent) + pages <= most;
}

static void free_list(const u64 *pfns, unsigned int from, unsigned int to)
{
	unsigned int i;

	for (i = from; i < to; i++)
		__free_page(pfn_to_page(pfns[i]));
}

/* Lends so many pages. 0, -ENOMEM or the hypervisor's refusal. */
int memory_pool_deposit(struct memory_pool *pool, unsigned int pages)
{
	struct hv_input_deposit_memory *in;
	struct hypercall call = {.code = HVCALL_DEPOSIT_MEMORY};
	unsigned int i;
	int ret;

	pages = min_t(unsigned int, pages, DEPOSIT_MAX);
	if (!may_lend(pool, pages))
		return -ENOMEM;
	in = kzalloc(sizeof(*in) + pages * sizeof(u64), GFP_KERNEL);
	if (!in)
		return -ENOMEM;
	in->partition_id = pool->partition;
	for (i = 0; i < pages; i++) {
		struct page *page =
			alloc_page(GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN);

		if (!page)
			break;
		in->gpa_page_list[i] = page_to_pfn(page);
	}
	if (!i) {
		kfree(in);
		return -ENOMEM;
	}
	call.in = in;
	call.in_size = sizeof(*in) + i * sizeof(u64);
	call.reps = i;
	ret = hypercall_do(&call);
	/* Only what the hypervisor did not take is still ours. */
	call.done = min_t(unsigned int, call.done, i);
	free_list(in->gpa_page_list, call.done, i);
	atomic_long_add(call.done, &pool->lent);
	kfree(in);
	return ret;
}

/* Takes everything back that was lent. */
void memory_pool_withdraw(struct memory_pool *pool)
{
	struct hv_input_withdraw_memory in = {.partition_id = pool->partition};
	struct hypercall call = {
		.code = HVCALL_WITHDRAW_MEMORY,
		.reps = WITHDRAW_MAX,
		.in = &in,
		.in_size = sizeof(in),
		.out_size = HV_PAGE_SIZE,
	};
	u16 status;

	call.out = (void *)get_zeroed_page(GFP_KERNEL);
	if (!call.out) {
		pr_warn("mshv: p%llu: no memory to withdraw its pages with\n",
			pool->partition);
		return;
	}
	do {
		status = hypercall_status(&call);
		free_list(call.out, 0,
			  min_t(unsigned int, call.done, WITHDRAW_MAX));
	} while (status == HV_STATUS_SUCCESS && call.done);
	free_page((unsigned long)call.out);
}
