// SPDX-License-Identifier: GPL-2.0-only
/* Receives the hypervisor's messages (SINT0) and event flags (SINT5) on every
 * processor. */
#include <linux/bitops.h>
#include <linux/cpuhotplug.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <asm/irq_vectors.h>
#include <asm/msr.h>

#include "abi/msr.h"
#include "abi/synic.h"
#include "partition.h"
#include "synic.h"

/* A page that a synthetic MSR names: the hypervisor's if it provided one, else
 * ours. */
struct synic_page {
	void *address;
	bool provided;
	bool was_enabled; /* VMBus uses it as well: leave it so */
};

struct synic_cpu {
	struct synic_page messages;
	struct synic_page flags;
	bool enabled; /* read by this processor's interrupts */
};

static DEFINE_PER_CPU(struct synic_cpu, synic_cpus);
static int hotplug_state;

static u64 msr_read(u32 msr)
{
	u32 low, high;

	rdmsr(msr, low, high);
	return (u64)high << 32 | low;
}

static void msr_write(u32 msr, u64 value)
{
	wrmsr(msr, (u32)value, (u32)(value >> 32));
}

static void message_dispatch(const struct hv_message *message)
{
	const u64 sender = message->header.sender;

	switch (message->header.type) {
	case HVMSG_OPAQUE_INTERCEPT: {
		const struct hv_opaque_intercept *body =
			(const void *)message->payload;

		partition_vp_kick(sender, body->vp_index);
		break;
	}
	case HVMSG_APIC_EOI: {
		const struct hv_apic_eoi_message *body =
			(const void *)message->payload;

		partition_apic_eoi(sender, body->vector);
		break;
	}
	default:
		pr_warn_once("mshv: message of unknown type %#x from partition "
			     "%llu\n",
			     message->header.type, sender);
	}
}

/*
 * TLFS, "SynIC Message Flags": free the slot first, then look whether another
 * message waits; the barrier pairs with the hypervisor's recheck.
 */
static void messages_receive(struct hv_message *slot)
{
	u32 type;

	while ((type = READ_ONCE(slot->header.type)) != HVMSG_NONE) {
		/* The type is written last: what it describes is there. */
		smp_rmb();
		message_dispatch(slot);
		WRITE_ONCE(slot->header.type, HVMSG_NONE);
		mb(); /* the slot is seen free before the flag is read */
		if (READ_ONCE(slot->header.flags) & HV_MESSAGE_FLAG_PENDING)
			msr_write(HV_MSR_EOM, 0);
	}
}

static void flags_receive(struct hv_event_flags *flags)
{
	unsigned int i, bit;

	for (i = 0; i < ARRAY_SIZE(flags->quads); i++) {
		unsigned long bits;

		if (!READ_ONCE(flags->quads[i]))
			continue;
		bits = xchg(&flags->quads[i], 0);
		for_each_set_bit(bit, &bits, BITS_PER_LONG)
			event_port_signal(i * BITS_PER_LONG + bit);
	}
}

/* Runs on the callback vector, interrupts off. */
static void synic_interrupt(void)
{
	struct synic_cpu *cpu = this_cpu_ptr(&synic_cpus);
	struct hv_event_flags_page *flags;
	struct hv_message_page *messages;

	if (!READ_ONCE(cpu->enabled))
		return;
	flags = cpu->flags.address;
	messages = cpu->messages.address;
	flags_receive(&flags->sints[HV_SYNIC_DOORBELL_SINT]);
	messages_receive(&messages->slots[HV_SYNIC_INTERCEPTION_SINT]);
}

static int page_enable(struct synic_page *page, u32 msr)
{
	const u64 value = msr_read(msr);
	const u64 base = value & HV_MSR_PAGE_GPA_MASK;

	page->provided = base != 0;
	page->was_enabled = value & HV_MSR_PAGE_ENABLE;
	if (page->provided)
		page->address = memremap(base, PAGE_SIZE, MEMREMAP_WB);
	else
		page->address = (void *)get_zeroed_page(GFP_KERNEL);
	if (!page->address)
		return -ENOMEM;
	if (page->provided)
		msr_write(msr, value | HV_MSR_PAGE_ENABLE);
	else
		msr_write(msr,
			  virt_to_phys(page->address) | HV_MSR_PAGE_ENABLE);
	return 0;
}

/* A provided page stays named, so that the next user finds it again. */
static void page_disable(struct synic_page *page, u32 msr)
{
	if (!page->address)
		return;
	if (!page->provided)
		msr_write(msr, 0);
	else if (!page->was_enabled)
		msr_write(msr, msr_read(msr) & ~HV_MSR_PAGE_ENABLE);
	if (page->provided)
		memunmap(page->address);
	else
		free_page((unsigned long)page->address);
	page->address = NULL;
}

static int synic_cpu_offline(unsigned int number)
{
	struct synic_cpu *cpu = this_cpu_ptr(&synic_cpus);

	msr_write(HV_MSR_SINT0 + HV_SYNIC_INTERCEPTION_SINT,
		  HV_SINT_RESET_VALUE);
	msr_write(HV_MSR_SINT0 + HV_SYNIC_DOORBELL_SINT, HV_SINT_RESET_VALUE);
	/* Nothing new comes now; what came without its interrupt must not be
	 * lost. */
	local_irq_disable();
	if (cpu->enabled)
		synic_interrupt();
	WRITE_ONCE(cpu->enabled, false);
	local_irq_enable();
	/* With VMBus present the controller and its pages are shared. */
	if (msr_read(HV_MSR_SINT0 + HV_SYNIC_VMBUS_SINT) & HV_SINT_MASKED)
		msr_write(HV_MSR_SCONTROL, 0);
	page_disable(&cpu->flags, HV_MSR_SIEFP);
	page_disable(&cpu->messages, HV_MSR_SIMP);
	return 0;
}

static int synic_cpu_online(unsigned int number)
{
	const u64 sint = HYPERVISOR_CALLBACK_VECTOR;
	struct synic_cpu *cpu = this_cpu_ptr(&synic_cpus);
	int ret;

	ret = page_enable(&cpu->messages, HV_MSR_SIMP);
	if (!ret)
		ret = page_enable(&cpu->flags, HV_MSR_SIEFP);
	if (ret) {
		synic_cpu_offline(number);
		return ret;
	}
	WRITE_ONCE(cpu->enabled, true);
	msr_write(HV_MSR_SINT0 + HV_SYNIC_INTERCEPTION_SINT, sint);
	msr_write(HV_MSR_SINT0 + HV_SYNIC_DOORBELL_SINT, sint);
	msr_write(HV_MSR_SCONTROL, HV_MSR_SCONTROL_ENABLE);
	return 0;
}

/* Before 6.15 the kernel has one handler slot: with VMBus in use, taken. */
static bool vmbus_owns_handler(void)
{
	return !kernel_hyperv_handler_shared() &&
	       !(msr_read(HV_MSR_SINT0 + HV_SYNIC_VMBUS_SINT) & HV_SINT_MASKED);
}

int synic_init(void)
{
	int ret;

	if (vmbus_owns_handler()) {
		pr_err("mshv: VMBus owns the callback interrupt on this "
		       "kernel\n");
		return -EBUSY;
	}
	kernel_hyperv_attach(synic_interrupt);
	ret = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "mshv:online",
				synic_cpu_online, synic_cpu_offline);
	if (ret < 0) {
		kernel_hyperv_detach();
		synchronize_rcu();
		return ret;
	}
	hotplug_state = ret;
	return 0;
}

void synic_exit(void)
{
	if (!hotplug_state)
		return; /* a reboot is on its way */
	cpuhp_remove_state(hotplug_state);
	hotplug_state = 0;
	kernel_hyperv_detach();
	/* An interrupt may have read the handler before it was taken away. */
	synchronize_rcu();
}
