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
	msr_write_partition(access);
	if (access->value == 0)
		partition_tear_down(access->vp);
	return true;
}

static bool hypercall_write(struct msr_access *access)
{
	return hypercall_page_set(access->vp, access->value);
}

static bool reset_write(struct msr_access *access)
{
	if (access->value & HV_MSR_RESET_REQUEST)
		intercept_reset(access->vp);
	return true;
}

static bool crash_control_write(struct msr_access *access)
{
	msr_write_partition(access);
	if (access->value & HV_MSR_CRASH_NOTIFY)
		intercept_crash(access->vp);
	return true;
}

static bool crash_control_read(struct msr_access *access)
{
	access->value = CRASH_CAPABILITIES;
	return true;
}

static bool tsc_invariant_write(struct msr_access *access)
{
	return !(access->value & ~HV_MSR_TSC_INVARIANT_ENABLE) &&
	       msr_write_partition(access);
}

static bool reference_tsc_write(struct msr_access *access)
{
	msr_write_partition(access);
	timer_write_tsc_page(access->vp->partition);
	return true;
}

static bool time_read(struct msr_access *access)
{
	access->value = timer_reference_time(access->vp->partition);
	return true;
}

static bool frequency_read(struct msr_access *access)
{
	access->value = access->msr == HV_MSR_TSC_FREQUENCY
				? hypervisor.config.tsc_hz
				: hypervisor.config.apic_hz;
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

	access->value =
		clock_scale(&hypervisor.clock.reference,
			    vp->time[VP_RUNNING] + cpu_now() - vp->since);
	return true;
}

/* ---- APIC, SynIC, timers ---- */

static bool eoi_write(struct msr_access *access)
{
	apic_eoi(access->vp);
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

/* SCONTROL, SIEFP, SIMP: the row says where they are kept. */
static bool synic_write(struct msr_access *access)
{
	struct vp *vp = access->vp;

	synic_set(vp, (uint64_t *)((char *)vp + access->row->argument),
		  access->value);
	return true;
}

static bool eom_write(struct msr_access *access)
{
	synic_eom(access->vp);
	return true;
}

static bool sint_write(struct msr_access *access)
{
	return synic_set_sint(access->vp, access->msr - HV_MSR_SINT0,
			      access->value);
}

static bool stimer_read(struct msr_access *access)
{
	access->value = *timer_register(access->vp,
					access->msr - HV_MSR_STIMER0_CONFIG);
	return true;
}

static bool stimer_write(struct msr_access *access)
{
	return timer_write(access->vp, access->msr - HV_MSR_STIMER0_CONFIG,
			   access->value);
}

/* ---- The table ---- */

#define ROW(msr, read, write, argument, privilege)                             \
	{                                                                      \
		HV_MSR_##msr, HV_MSR_##msr, read, write, argument,             \
			HV_PRIVILEGE_##privilege                               \
	}
#define VP(field)	 offsetof(struct vp, field)
#define PARTITION(field) offsetof(struct partition, field)
/* Not asked for: Linux writes VP_ASSIST_PAGE whether it may or not. */
#define HV_PRIVILEGE_NONE 0
/* The event ring page: kept, unused. */
#define HV_PRIVILEGE_RING                                                      \
	(HV_PRIVILEGE_SYNIC | (uint64_t)HV_PRIVILEGE_EBX_CREATE_PARTITIONS     \
				      << 32)

const struct msr_row msr_synthetic_rows[] = {
	ROW(GUEST_OS_ID, msr_read_partition, os_id_write,
	    PARTITION(guest_os_id), HYPERCALL),
	ROW(HYPERCALL, msr_read_partition, hypercall_write,
	    PARTITION(hypercall_msr), HYPERCALL),
	ROW(VP_INDEX, vp_index_read, msr_refuse, 0, VP_INDEX),
	ROW(RESET, msr_constant, reset_write, 0, RESET),
	ROW(VP_RUNTIME, runtime_read, msr_refuse, 0, VP_RUNTIME),
	ROW(TIME_REF_COUNT, time_read, msr_refuse, 0, TIME_REF_COUNT),
	ROW(REFERENCE_TSC, msr_read_partition, reference_tsc_write,
	    PARTITION(reference_tsc), REFERENCE_TSC),
	ROW(TSC_FREQUENCY, frequency_read, msr_refuse, 0, FREQUENCY),
	ROW(APIC_FREQUENCY, frequency_read, msr_refuse, 0, FREQUENCY),
	ROW(EOI, msr_refuse, eoi_write, 0, APIC),
	ROW(ICR, msr_read_vp, icr_write, VP(apic.icr), APIC),
	ROW(TPR, tpr_read, tpr_write, 0, APIC),
	/* Kept for who asks; nothing is ever written to the page. */
	ROW(VP_ASSIST_PAGE, msr_read_vp, msr_write_vp, VP(msr.vp_assist), NONE),
	ROW(SCONTROL, msr_read_vp, synic_write, VP(synic.control), SYNIC),
	ROW(SVERSION, msr_constant, msr_refuse, HV_SYNIC_VERSION, SYNIC),
	ROW(SIEFP, msr_read_vp, synic_write, VP(synic.event_flags_page), SYNIC),
	ROW(SIMP, msr_read_vp, synic_write, VP(synic.message_page), SYNIC),
	ROW(EOM, msr_constant, eom_write, 0, SYNIC),
	ROW(SIRBP, msr_read_vp, msr_write_vp, VP(synic.event_ring_page), RING),
	{HV_MSR_SINT0, HV_MSR_SINT15, msr_read_vp, sint_write, VP(synic.sint),
	 HV_PRIVILEGE_SYNIC},
	{HV_MSR_STIMER0_CONFIG, HV_MSR_STIMER3_COUNT, stimer_read, stimer_write,
	 0, HV_PRIVILEGE_STIMER},
	{HV_MSR_CRASH_P0, HV_MSR_CRASH_P4, msr_read_partition,
	 msr_write_partition, PARTITION(crash), 0},
	ROW(CRASH_CTL, crash_control_read, crash_control_write,
	    PARTITION(crash_control), NONE),
	ROW(TSC_INVARIANT_CONTROL, msr_read_partition, tsc_invariant_write,
	    PARTITION(tsc_invariant_control), TSC_INVARIANT),
};
const size_t msr_synthetic_count = ARRAY_SIZE(msr_synthetic_rows);
