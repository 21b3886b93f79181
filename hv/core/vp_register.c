/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A vp's registers by TLFS name, as the parent reads and writes them. */
#include "vp_register.h"

#include "../../abi/msr.h"
#include "../lib/string.h"
#include "cpuid.h"
#include "lp.h"
#include "vp.h"

#define RFLAGS_WRITABLE 0x3f7fd7ull
#define RFLAGS_FIXED	2ull
#define XSAVE_FIELD	16
#define XSAVE_XMM	160
#define XSAVE_HEADER	512
#define XSTATE_SSE	2ull
#define FXSAVE_ST	32
#define FXSAVE_MXCSR	24
#define MXCSR_MASK	0xffffu

/* ---- Names that are MSRs under another number ---- */

static const struct {
	uint32_t name;
	uint32_t count;
	uint32_t msr;
} msr_names[] = {
	{HV_REGISTER_VP_RUNTIME, 1, HV_MSR_VP_RUNTIME},
	{HV_REGISTER_HYPERCALL, 1, HV_MSR_HYPERCALL},
	{HV_REGISTER_GUEST_OS_ID, 1, HV_MSR_GUEST_OS_ID},
	{HV_REGISTER_VP_INDEX, 1, HV_MSR_VP_INDEX},
	{HV_REGISTER_TIME_REF_COUNT, 1, HV_MSR_TIME_REF_COUNT},
	{HV_REGISTER_VP_ASSIST_PAGE, 1, HV_MSR_VP_ASSIST_PAGE},
	{HV_REGISTER_REFERENCE_TSC, 1, HV_MSR_REFERENCE_TSC},
	{HV_REGISTER_SINT0, 16, HV_MSR_SINT0},
	{HV_REGISTER_SCONTROL, 1, HV_MSR_SCONTROL},
	{HV_REGISTER_SVERSION, 1, HV_MSR_SVERSION},
	{HV_REGISTER_SIEFP, 1, HV_MSR_SIEFP},
	{HV_REGISTER_SIMP, 1, HV_MSR_SIMP},
	{HV_REGISTER_EOM, 1, HV_MSR_EOM},
	{HV_REGISTER_SIRBP, 1, HV_MSR_SIRBP},
	{HV_REGISTER_STIMER0_CONFIG, 8, HV_MSR_STIMER0_CONFIG},
	{HV_REGISTER_GUEST_CRASH_P0, 5, HV_MSR_CRASH_P0},
	{HV_REGISTER_MTRR_CAP, 1, 0xfe},
	{HV_REGISTER_MTRR_DEF_TYPE, 1, 0x2ff},
	{HV_REGISTER_MTRR_FIX64K_00000, 1, 0x250},
	{HV_REGISTER_MTRR_FIX16K_80000, 2, 0x258},
	{HV_REGISTER_MTRR_FIX4K_C0000, 8, 0x268},
	{HV_REGISTER_MISC_ENABLE, 1, 0x1a0},
	{HV_REGISTER_TSC, 1, 0x10},
	{HV_REGISTER_APIC_BASE, 1, 0x1b},
	{HV_REGISTER_TSC_ADJUST, 1, 0x3b},
};

static uint32_t msr_of(uint32_t name)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(msr_names); i++) {
		if (name - msr_names[i].name < msr_names[i].count)
			return msr_names[i].msr + name - msr_names[i].name;
	}
	/* Base and mask pairs interleave as MSRs. */
	if (name - HV_REGISTER_MTRR_PHYS_BASE0 < 8)
		return 0x200 + 2 * (name - HV_REGISTER_MTRR_PHYS_BASE0);
	if (name - HV_REGISTER_MTRR_PHYS_MASK0 < 8)
		return 0x201 + 2 * (name - HV_REGISTER_MTRR_PHYS_MASK0);
	return 0;
}

/* ---- XSAVE area ---- */

/* All have 16 bytes. */
static uint8_t *xsave_field(struct vp *vp, uint32_t name)
{
	uint8_t *area = vp->cpu.xsave;

	if (name - HV_REGISTER_XMM0 < 16)
		return area + XSAVE_XMM + 16 * (name - HV_REGISTER_XMM0);
	if (name - HV_REGISTER_FP_MMX0 < 8)
		return area + FXSAVE_ST + 16 * (name - HV_REGISTER_FP_MMX0);
	if (name == HV_REGISTER_FP_CONTROL_STATUS)
		return area;
	/* The x87 operand's address; MXCSR and its mask. */
	if (name == HV_REGISTER_XMM_CONTROL_STATUS)
		return area + FXSAVE_MXCSR - 8;
	return NULL;
}

/* Loading must not fault: no reserved bit of MXCSR may be set. */
static void mxcsr_mask(struct vp *vp)
{
	uint32_t *mxcsr = (uint32_t *)vp->cpu.xsave + FXSAVE_MXCSR / 4;

	*mxcsr &= MXCSR_MASK;
}

static void xsave_field_set(struct vp *vp, void *field, const void *value)
{
	uint64_t *states = (uint64_t *)vp->cpu.xsave + XSAVE_HEADER / 8;

	memcpy(field, value, XSAVE_FIELD);
	mxcsr_mask(vp);
	*states |= XSTATE_SSE | 1;
}

bool vp_register_set_xsave(struct vp *vp, const void *page)
{
	uint64_t header[3];

	memcpy(header, (const uint8_t *)page + XSAVE_HEADER, sizeof(header));
	/* XRSTOR faults on bits it does not know, and on compaction. */
	if ((header[0] & ~vp->cpu.xcr0) || header[1] || header[2])
		return false;
	memcpy(vp->cpu.xsave, page, PAGE_SIZE);
	memcpy((uint8_t *)vp->cpu.xsave + XSAVE_HEADER, header, sizeof(header));
	mxcsr_mask(vp);
	return true;
}

/* ---- Events ---- */

static uint64_t pending_event(const struct vp *vp)
{
	const struct virt_event *event = &vp->pending;
	int vector = vp_external_pending(vp);

	if (!event->valid)
		return vector == VECTOR_NONE
			       ? 0
			       : HV_PENDING_EVENT_PENDING |
					 HV_PENDING_EVENT_TYPE_EXTINT
						 << HV_PENDING_EVENT_TYPE_SHIFT |
					 (uint64_t)vector
						 << HV_PENDING_EVENT_EXTINT_VECTOR_SHIFT;
	return HV_PENDING_EVENT_PENDING |
	       (event->has_error ? HV_PENDING_EVENT_DELIVER_ERROR_CODE : 0) |
	       (uint64_t)event->vector
		       << HV_PENDING_EVENT_EXCEPTION_VECTOR_SHIFT |
	       (uint64_t)event->error << HV_PENDING_EVENT_ERROR_CODE_SHIFT;
}

static enum hv_status set_pending_event(struct vp *vp,
					const struct hv_register_value *value)
{
	uint64_t low = value->u128.low;
	uint64_t type = (low & HV_PENDING_EVENT_TYPE_MASK) >>
			HV_PENDING_EVENT_TYPE_SHIFT;
	uint64_t vector = (low & HV_PENDING_EVENT_EXCEPTION_VECTOR_MASK) >>
			  HV_PENDING_EVENT_EXCEPTION_VECTOR_SHIFT;
	struct virt_event event = {.valid = low & HV_PENDING_EVENT_PENDING};

	if (!event.valid) {
		vp->pending.valid = false;
		memset(vp->external, 0, sizeof(vp->external));
		return HV_STATUS_SUCCESS;
	}
	if (type == HV_PENDING_EVENT_TYPE_EXTINT) {
		memset(vp->external, 0, sizeof(vp->external));
		vp_external(
			vp,
			(uint8_t)(low >> HV_PENDING_EVENT_EXTINT_VECTOR_SHIFT));
		return HV_STATUS_SUCCESS;
	}
	if (type == HV_PENDING_EVENT_TYPE_EXCEPTION && vector < 32) {
		event.type = VIRT_EVENT_EXCEPTION;
		event.vector = (uint8_t)vector;
		event.has_error = low & HV_PENDING_EVENT_DELIVER_ERROR_CODE;
		event.error =
			(uint32_t)(low >> HV_PENDING_EVENT_ERROR_CODE_SHIFT);
	} else {
		return HV_STATUS_INVALID_REGISTER_VALUE;
	}
	if (event.vector == VP_VECTOR_PF)
		virt->vp_set(
			vp->virt, HV_REGISTER_CR2,
			&(struct hv_register_value){.u64 = value->u128.high});
	vp->pending = event;
	return HV_STATUS_SUCCESS;
}

static enum hv_status set_pending_interruption(struct vp *vp, uint64_t value)
{
	unsigned int type = (value & HV_PENDING_INTERRUPTION_TYPE_MASK) >>
			    HV_PENDING_INTERRUPTION_TYPE_SHIFT;
	uint64_t vector = (value & HV_PENDING_INTERRUPTION_VECTOR_MASK) >>
			  HV_PENDING_INTERRUPTION_VECTOR_SHIFT;

	if (!(value & HV_PENDING_INTERRUPTION_PENDING)) {
		vp->reinject.valid = false;
		return HV_STATUS_SUCCESS;
	}
	if (type > HV_INTERRUPTION_TYPE_SOFTWARE_INTERRUPT || type == 1 ||
	    vector > 255 ||
	    (type == HV_INTERRUPTION_TYPE_EXCEPTION && vector > 31))
		return HV_STATUS_INVALID_REGISTER_VALUE;
	vp->reinject = (struct virt_event){
		.valid = true,
		.type = (uint8_t)type,
		.vector = (uint8_t)vector,
		.has_error = value & HV_PENDING_INTERRUPTION_DELIVER_ERROR_CODE,
		.error = (uint32_t)(value >>
				    HV_PENDING_INTERRUPTION_ERROR_CODE_SHIFT),
	};
	return HV_STATUS_SUCCESS;
}

static uint64_t activity(const struct vp *vp)
{
	return (vp->waiting_startup ? HV_INTERNAL_ACTIVITY_STARTUP_SUSPEND
				    : 0) |
	       (vp->halted ? HV_INTERNAL_ACTIVITY_HALT_SUSPEND : 0);
}

static enum hv_status set_activity(struct vp *vp, uint64_t value)
{
	vp->waiting_startup = value & HV_INTERNAL_ACTIVITY_STARTUP_SUSPEND;
	vp->halted = value & HV_INTERNAL_ACTIVITY_HALT_SUSPEND;
	if (vp->waiting_startup)
		lp_suspend(vp, VP_WAIT_STARTUP);
	else
		lp_resume(vp, VP_WAIT_STARTUP | VP_HALTED);
	return HV_STATUS_SUCCESS;
}

/* ---- Names that need more than a place ---- */

static bool get_special(struct vp *vp, uint32_t name, uint64_t *value)
{
	const struct virt_registers *registers = &vp->virt->registers;
	const struct numbered all[] = {
		{HV_REGISTER_EXPLICIT_SUSPEND,
		 !!(vp->suspended & VP_EXPLICIT_SUSPEND)},
		{HV_REGISTER_INTERCEPT_SUSPEND,
		 !!(vp->suspended & VP_INTERCEPT_SUSPEND)},
		{HV_REGISTER_INTERNAL_ACTIVITY_STATE, activity(vp)},
		{HV_REGISTER_DELIVERABILITY_NOTIFICATIONS,
		 vp->deliverable_wanted |
			 (uint64_t)vp->synic.deliverable_wanted
				 << HV_DELIVERABILITY_SINTS_SHIFT},
		{HV_REGISTER_PENDING_INTERRUPTION, vp_pending_interruption(vp)},
		{HV_REGISTER_PENDING_EVENT0, pending_event(vp)},
		{HV_REGISTER_INTERRUPT_STATE, vp_interrupt_state(vp)},
		{HV_REGISTER_RFLAGS, registers->rflags},
		{HV_REGISTER_CR8, registers->cr8},
		{HV_REGISTER_XFEM, vp->cpu.xcr0},
		{HV_REGISTER_TSC_AUX, vp->cpu.tsc_aux},
		{HV_REGISTER_INITIAL_APIC_ID, vp->apic.id},
		{HV_REGISTER_APIC_ID, vp->apic.id},
	};

	return numbered_find(all, ARRAY_SIZE(all), name, value);
}

static enum hv_status set_special(struct vp *vp, uint32_t name,
				  const struct hv_register_value *value)
{
	struct virt_registers *registers = &vp->virt->registers;

	switch (name) {
	case HV_REGISTER_INTERNAL_ACTIVITY_STATE:
		return set_activity(vp, value->u64);
	case HV_REGISTER_PENDING_INTERRUPTION:
		return set_pending_interruption(vp, value->u64);
	case HV_REGISTER_PENDING_EVENT0:
		return set_pending_event(vp, value);
	case HV_REGISTER_PENDING_EVENT1:
	case HV_REGISTER_PENDING_DEBUG_EXCEPTION:
	case HV_REGISTER_INITIAL_APIC_ID:
	case HV_REGISTER_APIC_ID:
	case HV_REGISTER_INSTRUCTION_EMULATION_HINTS:
		return HV_STATUS_SUCCESS;
	case HV_REGISTER_INTERRUPT_STATE:
		registers->nmi_masked =
			value->u64 & HV_INTERRUPT_STATE_NMI_MASKED;
		return HV_STATUS_SUCCESS;
	case HV_REGISTER_CR8:
		if (value->u64 > 15)
			return HV_STATUS_INVALID_REGISTER_VALUE;
		registers->cr8 = (uint8_t)value->u64;
		return HV_STATUS_SUCCESS;
	case HV_REGISTER_XFEM:
		if (!cpuid_xcr0_valid(vp, value->u64))
			return HV_STATUS_INVALID_REGISTER_VALUE;
		vp->cpu.xcr0 = value->u64;
		return HV_STATUS_SUCCESS;
	case HV_REGISTER_TSC_AUX:
		vp->cpu.tsc_aux = (uint32_t)value->u64;
		return HV_STATUS_SUCCESS;
	}
	return HV_STATUS_INVALID_PARAMETER;
}

/* ---- Any name ---- */

static uint64_t *place_of(struct vp *vp, uint32_t name)
{
	struct virt_registers *registers = &vp->virt->registers;

	if (name - HV_REGISTER_RAX < VIRT_GPRS)
		return &registers->gpr[name - HV_REGISTER_RAX];
	if (name == HV_REGISTER_RIP)
		return &registers->rip;
	if (name - HV_REGISTER_DR0 < 4)
		return &vp->cpu.dr[name - HV_REGISTER_DR0];
	return NULL;
}

enum hv_status vp_register_get(struct vp *vp, uint32_t name,
			       struct hv_register_value *value)
{
	const uint64_t *place = place_of(vp, name);
	const uint8_t *field = xsave_field(vp, name);
	uint32_t msr = msr_of(name);

	*value = (struct hv_register_value){0};
	if (place)
		value->u64 = *place;
	else if (field)
		memcpy(value, field, XSAVE_FIELD);
	else if (msr)
		return msr_read(vp, msr, &value->u64) == MSR_DONE
			       ? HV_STATUS_SUCCESS
			       : HV_STATUS_INVALID_PARAMETER;
	else if (!get_special(vp, name, &value->u64) &&
		 !virt->vp_get(vp->virt, name, value))
		return HV_STATUS_INVALID_PARAMETER;
	return HV_STATUS_SUCCESS;
}

enum hv_status vp_register_set(struct vp *vp, uint32_t name,
			       const struct hv_register_value *value)
{
	uint64_t *place = place_of(vp, name);
	uint8_t *field = xsave_field(vp, name);
	uint32_t msr = msr_of(name);

	if (name == HV_REGISTER_RIP) {
		vp_move(vp, value->u64);
	} else if (place) {
		*place = value->u64;
	} else if (name == HV_REGISTER_RFLAGS) {
		vp->virt->registers.rflags =
			(value->u64 & RFLAGS_WRITABLE) | RFLAGS_FIXED;
	} else if (field) {
		xsave_field_set(vp, field, value);
	} else if (msr) {
		return msr_write(vp, msr, value->u64) == MSR_DONE
			       ? HV_STATUS_SUCCESS
			       : HV_STATUS_INVALID_REGISTER_VALUE;
	} else {
		enum hv_status status = set_special(vp, name, value);
		struct hv_register_value old;

		if (status != HV_STATUS_INVALID_PARAMETER)
			return status;
		if (virt->vp_set(vp->virt, name, value))
			return HV_STATUS_SUCCESS;
		return virt->vp_get(vp->virt, name, &old)
			       ? HV_STATUS_INVALID_REGISTER_VALUE
			       : HV_STATUS_INVALID_PARAMETER;
	}
	return HV_STATUS_SUCCESS;
}

/* ---- While the vp runs ---- */

bool vp_register_live(uint32_t name)
{
	return name == HV_REGISTER_EXPLICIT_SUSPEND ||
	       name == HV_REGISTER_INTERCEPT_SUSPEND ||
	       name == HV_REGISTER_DELIVERABILITY_NOTIFICATIONS;
}

static void set_deliverability(struct vp *vp, uint64_t value)
{
	uint32_t wanted = (uint32_t)value & HV_DELIVERABILITY_INTERRUPT;
	uint16_t sints = (uint16_t)(value >> HV_DELIVERABILITY_SINTS_SHIFT);

	__atomic_store_n(&vp->deliverable_wanted, wanted, __ATOMIC_RELEASE);
	synic_want_deliverable(vp, sints);
	if (wanted)
		vp_wake(vp);
}

enum hv_status vp_register_set_live(struct vp *vp, uint32_t name,
				    uint64_t value)
{
	uint32_t reason = name == HV_REGISTER_EXPLICIT_SUSPEND
				  ? (uint32_t)VP_EXPLICIT_SUSPEND
				  : (uint32_t)VP_INTERCEPT_SUSPEND;

	if (name == HV_REGISTER_DELIVERABILITY_NOTIFICATIONS) {
		set_deliverability(vp, value);
		return HV_STATUS_SUCCESS;
	}
	if (value & HV_SUSPENDED) {
		lp_suspend(vp, reason);
		return HV_STATUS_SUCCESS;
	}
	lp_resume(vp, reason);
	return HV_STATUS_SUCCESS;
}
