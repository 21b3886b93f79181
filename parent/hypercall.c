// SPDX-License-Identifier: GPL-2.0-only
/* Issues hypercalls through a page of input and one of output per processor. */
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include <asm/io.h>
#include <asm/processor.h>

#include "hypercall.h"

/*
 * Deposits are made in small portions: a status does not say how much is
 * missing. So many that changed nothing, and it will never be enough.
 */
#define DEPOSIT_PAGES	     64
#define DEPOSITS_IN_VAIN_MAX 32

struct hypercall_pages {
	void *in;
	void *out;
};

static DEFINE_PER_CPU(struct hypercall_pages, hypercall_pages);
static bool use_vmmcall __ro_after_init;

/* Names what Linux's own driver answers for a status. */
static const struct {
	u16 status;
	int error;
} errors[] = {
	{HV_STATUS_SUCCESS, 0},
	{HV_STATUS_INVALID_HYPERCALL_CODE, -EINVAL},
	{HV_STATUS_INVALID_HYPERCALL_INPUT, -EINVAL},
	{HV_STATUS_INVALID_PARAMETER, -EINVAL},
	{HV_STATUS_INSUFFICIENT_MEMORY, -ENOMEM},
	{HV_STATUS_INSUFFICIENT_ROOT_MEMORY, -ENOMEM},
	{HV_STATUS_INSUFFICIENT_CONTIGUOUS_MEMORY, -ENOMEM},
	{HV_STATUS_INSUFFICIENT_CONTIGUOUS_ROOT_MEMORY, -ENOMEM},
	{HV_STATUS_INVALID_PARTITION_ID, -EINVAL},
	{HV_STATUS_INVALID_VP_INDEX, -EINVAL},
	{HV_STATUS_INVALID_PORT_ID, -EINVAL},
	{HV_STATUS_INVALID_CONNECTION_ID, -EINVAL},
};

/* The errno for a status; statuses without one of their own are -EIO. */
int hypercall_errno(u16 status)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(errors); i++)
		if (errors[i].status == status)
			return errors[i].error;
	return -EIO;
}

static bool hypercall_wants_memory(u16 status)
{
	return status == HV_STATUS_INSUFFICIENT_MEMORY ||
	       status == HV_STATUS_INSUFFICIENT_ROOT_MEMORY ||
	       status == HV_STATUS_INSUFFICIENT_CONTIGUOUS_MEMORY ||
	       status == HV_STATUS_INSUFFICIENT_CONTIGUOUS_ROOT_MEMORY;
}

/* TLFS, "Hypercall Interface": the instruction itself, outside the hypercall
 * page. */
static u64 issue(u64 control, u64 in, u64 out)
{
	register u64 r8 asm("r8") = out;
	u64 result;

	if (use_vmmcall)
		asm volatile("vmmcall"
			     : "=a"(result), "+c"(control), "+d"(in), "+r"(r8)
			     :
			     : "cc", "memory", "r9", "r10", "r11");
	else
		asm volatile("vmcall"
			     : "=a"(result), "+c"(control), "+d"(in), "+r"(r8)
			     :
			     : "cc", "memory", "r9", "r10", "r11");
	return result;
}

/*
 * Makes one call and returns its status. Callable from any context but NMI:
 * the pages are held with interrupts off. Output is copied when reps were
 * done, even if a later one failed.
 */
u16 hypercall_status(struct hypercall *call)
{
	struct hypercall_pages *pages;
	unsigned long flags;
	u64 control, result;
	u16 status;

	if (WARN_ON_ONCE(call->in_size > HV_PAGE_SIZE ||
			 call->out_size > HV_PAGE_SIZE))
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	control = call->code |
		  (u64)call->varhead << HV_HYPERCALL_VARHEAD_SHIFT |
		  (u64)call->reps << HV_HYPERCALL_REP_COUNT_SHIFT |
		  (u64)call->start << HV_HYPERCALL_REP_START_SHIFT;

	local_irq_save(flags);
	pages = this_cpu_ptr(&hypercall_pages);
	memcpy(pages->in, call->in, call->in_size);
	result = issue(control, call->in_size ? virt_to_phys(pages->in) : 0,
		       call->out_size ? virt_to_phys(pages->out) : 0);
	status = result & HV_HYPERCALL_RESULT_STATUS_MASK;
	call->done = (result & HV_HYPERCALL_RESULT_REPS_MASK) >>
		     HV_HYPERCALL_RESULT_REPS_SHIFT;
	if (call->out_size && (status == HV_STATUS_SUCCESS || call->done))
		memcpy(call->out, pages->out, call->out_size);
	local_irq_restore(flags);
	return status;
}

/* As above, with the status as an errno. */
int hypercall_do(struct hypercall *call)
{
	return hypercall_errno(hypercall_status(call));
}

/*
 * A call that may ask for memory on behalf of pool's partition: deposits until
 * it stops asking, and goes on where the reps stopped. The last status is in
 * *status. 0, or -errno when no answer was reached. Sleeps.
 */
int hypercall_status_with_memory(struct memory_pool *pool,
				 struct hypercall *call, u16 *status)
{
	unsigned int in_vain = 0;
	int ret;

	for (;;) {
		*status = hypercall_status(call);
		if (!hypercall_wants_memory(*status))
			return 0;
		if (call->reps && call->done > call->start) {
			call->start = call->done;
			in_vain = 0;
		}
		if (++in_vain > DEPOSITS_IN_VAIN_MAX)
			return 0;
		if (fatal_signal_pending(current))
			return -EINTR;
		ret = memory_pool_deposit(pool, DEPOSIT_PAGES);
		if (ret)
			return ret;
	}
}

/* As above, with the status as an errno. */
int hypercall_do_with_memory(struct memory_pool *pool, struct hypercall *call)
{
	u16 status;
	int ret;

	ret = hypercall_status_with_memory(pool, call, &status);
	return ret ? ret : hypercall_errno(status);
}

void hypercall_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
	{
		struct hypercall_pages *pages =
			per_cpu_ptr(&hypercall_pages, cpu);

		free_page((unsigned long)pages->in);
		free_page((unsigned long)pages->out);
		pages->in = NULL;
		pages->out = NULL;
	}
}

/* Pages for every processor that may ever come. 0 or -ENOMEM. */
int hypercall_init(void)
{
	int cpu;

	use_vmmcall = boot_cpu_data.x86_vendor == X86_VENDOR_AMD ||
		      boot_cpu_data.x86_vendor == X86_VENDOR_HYGON;
	for_each_possible_cpu(cpu)
	{
		struct hypercall_pages *pages =
			per_cpu_ptr(&hypercall_pages, cpu);

		pages->in = (void *)get_zeroed_page(GFP_KERNEL);
		pages->out = (void *)get_zeroed_page(GFP_KERNEL);
		if (!pages->in || !pages->out) {
			hypercall_exit();
			return -ENOMEM;
		}
	}
	return 0;
}
