/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's own MSRs. TLFS chapters 3, 4, 10, 11 and 12. */
#include "../../abi/cpuid.h"
#include "../../abi/msr.h"
#include "../x86/cpu.h"
#include "apic.h"
#include "hypercall.h"
#include "intercept.h"
#include "msr_table.h"
#include "synic.h"
#include "timer.h"
#include "vp.h"

#define APIC_TPR_OFFSET 0x80

/* What CRASH_CTL tells that a guest can do with it. */
#define CRASH_CAPABILITIES (HV_MSR_CRASH_NOTIFY | HV_MSR_CRASH_MESSAGE)

/* ---- Partition ---- */

static bool os_id_read(struct msr_access *access)
{
	access->value = access->vp->partition->guest_os_id;
	return true;
}

/* The guest ends what it has set up here, on its way to another kernel. Its
 * other vps may still run: their timers go before they could fire. */
static void partition_tear_down(struct vp *vp)
{
	struct partition *partition = vp->partition;

	partition_forget_guest(partition);
	for (uint32_t i = 0; i < partition->vp_limit; i++) {
		struct vp *other = partition->vps[i];

		if (!other)
			continue;
		synic_reset(other);
		if (other == vp)
			timer_reset(vp);
		else
			timer_stop(other);
	}
}

static bool os_id_write(struct msr_access *access)
{
	__atomic_store_n(&access->vp->partition->guest_os_id, access->value,
			 __ATOMIC_RELAXED);
	if (access->value == 0)
		partition_tear_down(access->vp);
	return true;
}

static bool hypercall_read(struct msr_access *access)
{
	access->value = access->vp->partition->hypercall_msr;
	return true;
}

static bool hypercall_write(struct msr_access *access)
{
	return hypercall_page_set(access->vp, access->value);
}

static bool zero_read(struct msr_access *access)
{
	access->value = 0;
	return true;
}

static bool reset_write(struct msr_access *access)
{
	if (access->value & HV_MSR_RESET_REQUEST)
		intercept_reset(access->vp);
	return true;
}

static bool crash_read(struct msr_access *access)
{
	access->value =
		access->msr == HV_MSR_CRASH_CTL
			? CRASH_CAPABILITIES
			: access->vp->partition
				  ->crash[access->msr - HV_MSR_CRASH_P0];
	return true;
}

static bool crash_write(struct msr_access *access)
{
	struct partition *partition = access->vp->partition;

	if (access->msr != HV_MSR_CRASH_CTL) {
		partition->crash[access->msr - HV_MSR_CRASH_P0] = access->value;
		return true;
	}
	partition->crash_control = access->value;
	if (access->value & HV_MSR_CRASH_NOTIFY)
		intercept_crash(access->vp);
	return true;
}

static bool tsc_invariant_read(struct msr_access *access)
{
	access->value = access->vp->msr.tsc_invariant_control;
	return true;
}

/* One vp asks; CPUID shows it on all. */
static bool tsc_invariant_write(struct msr_access *access)
{
	struct partition *partition = access->vp->partition;

	if (access->value & ~HV_MSR_TSC_INVARIANT_ENABLE)
		return false;
	for (uint32_t i = 0; i < partition->vp_limit; i++) {
		if (partition->vps[i])
			partition->vps[i]->msr.tsc_invariant_control =
				access->value;
	}
	return true;
}

/* ---- Virtual processor ---- */

static bool vp_index_read(struct msr_access *access)
{
	access->value = access->vp->index;
	return true;
}

/* The vp runs now, so the time since its last change of state counts. */
static bool runtime_read(struct msr_access *access)
{
	const struct vp *vp = access->vp;

	access->value = clock_scale(&hypervisor.clock.reference,
				    vp->run_time + cpu_now() - vp->since);
	return true;
}

static bool assist_read(struct msr_access *access)
{
	access->value = access->vp->msr.vp_assist;
	return true;
}

/* Kept for who asks; nothing is ever written to the page. */
static bool assist_write(struct msr_access *access)
{
	access->vp->msr.vp_assist = access->value;
	return true;
}

static bool frequency_read(struct msr_access *access)
{
	access->value = access->msr == HV_MSR_TSC_FREQUENCY
				? hypervisor.config.tsc_hz
				: hypervisor.config.apic_hz;
	return true;
}

/* ---- APIC, SynIC, timers ---- */

static bool eoi_write(struct msr_access *access)
{
	apic_eoi(access->vp);
	return true;
}

static bool icr_read(struct msr_access *access)
{
	access->value = access->vp->apic.icr;
	return true;
}

static bool icr_write(struct msr_access *access)
{
	return apic_icr_write(access->vp, access->value);
}

static bool tpr_read(struct msr_access *access)
{
	access->value = apic_page_read(access->vp, APIC_TPR_OFFSET);
	return true;
}

static bool tpr_write(struct msr_access *access)
{
	if (access->value > 0xff)
		return false;
	apic_page_write(access->vp, APIC_TPR_OFFSET, (uint32_t)access->value);
	return true;
}

static bool synic_read(struct msr_access *access)
{
	return synic_msr_read(access->vp, access->msr, &access->value);
}

static bool synic_write(struct msr_access *access)
{
	return synic_msr_write(access->vp, access->msr, access->value);
}

static bool timer_read(struct msr_access *access)
{
	return timer_msr_read(access->vp, access->msr, &access->value);
}

static bool timer_write(struct msr_access *access)
{
	return timer_msr_write(access->vp, access->msr, access->value);
}

/* ---- The table: argument is the privilege needed, EAX of leaf 3 ---- */

#define ONE(msr, read, write, privilege)                                       \
	{                                                                      \
		msr, msr, read, write, HV_PRIVILEGE_##privilege                \
	}
/* Not asked for: Linux writes VP_ASSIST_PAGE whether it may or not. */
#define HV_PRIVILEGE_FREE 0

static const struct msr_row rows[] = {
	ONE(HV_MSR_GUEST_OS_ID, os_id_read, os_id_write, HYPERCALL),
	ONE(HV_MSR_HYPERCALL, hypercall_read, hypercall_write, HYPERCALL),
	ONE(HV_MSR_VP_INDEX, vp_index_read, NULL, VP_INDEX),
	ONE(HV_MSR_RESET, zero_read, reset_write, RESET),
	ONE(HV_MSR_VP_RUNTIME, runtime_read, NULL, VP_RUNTIME),
	ONE(HV_MSR_TIME_REF_COUNT, timer_read, NULL, TIME_REF_COUNT),
	ONE(HV_MSR_REFERENCE_TSC, timer_read, timer_write, REFERENCE_TSC),
	{HV_MSR_TSC_FREQUENCY, HV_MSR_APIC_FREQUENCY, frequency_read, NULL,
	 HV_PRIVILEGE_FREQUENCY},
	ONE(HV_MSR_EOI, NULL, eoi_write, APIC),
	ONE(HV_MSR_ICR, icr_read, icr_write, APIC),
	ONE(HV_MSR_TPR, tpr_read, tpr_write, APIC),
	ONE(HV_MSR_VP_ASSIST_PAGE, assist_read, assist_write, FREE),
	{HV_MSR_SCONTROL, HV_MSR_SIRBP, synic_read, synic_write,
	 HV_PRIVILEGE_SYNIC},
	{HV_MSR_SINT0, HV_MSR_SINT15, synic_read, synic_write,
	 HV_PRIVILEGE_SYNIC},
	{HV_MSR_STIMER0_CONFIG, HV_MSR_STIMER3_COUNT, timer_read, timer_write,
	 HV_PRIVILEGE_STIMER},
	{HV_MSR_CRASH_P0, HV_MSR_CRASH_CTL, crash_read, crash_write,
	 HV_PRIVILEGE_FREE},
	ONE(HV_MSR_TSC_INVARIANT_CONTROL, tsc_invariant_read,
	    tsc_invariant_write, TSC_INVARIANT),
};

static const struct msr_row *find(const struct vp *vp, uint32_t msr)
{
	const struct partition *partition = vp->partition;
	const struct msr_row *row = NULL;

	if (partition->hyperv || partition_is_parent(partition))
		row = msr_find(rows, ARRAY_SIZE(rows), msr);
	if (row && (row->argument & ~partition->privileges))
		row = NULL;
	return row;
}

enum msr_result msr_synthetic_read(struct vp *vp, uint32_t msr, uint64_t *value)
{
	struct msr_access access = {.vp = vp, .msr = msr};

	access.row = find(vp, msr);
	if (!access.row || !access.row->read || !access.row->read(&access))
		return MSR_FAULT;
	*value = access.value;
	return MSR_DONE;
}

enum msr_result msr_synthetic_write(struct vp *vp, uint32_t msr, uint64_t value)
{
	struct msr_access access = {.vp = vp, .msr = msr, .value = value};

	access.row = find(vp, msr);
	if (!access.row || !access.row->write || !access.row->write(&access))
		return MSR_FAULT;
	return MSR_DONE;
}
