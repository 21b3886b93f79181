/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The registers of the virtual local APIC, as a page and as MSRs. */
#include "apic.h"
#include "apic_timer.h"
#include "vp.h"

/* Number of a register: offset in the page / 16, or MSR - 800h. */
enum {
	REGISTER_ID = 0x02,
	REGISTER_VERSION = 0x03,
	REGISTER_TPR = 0x08,
	REGISTER_PPR = 0x0a,
	REGISTER_EOI = 0x0b,
	REGISTER_LDR = 0x0d,
	REGISTER_DFR = 0x0e,
	REGISTER_SPURIOUS = 0x0f,
	REGISTER_ISR = 0x10,
	REGISTER_TMR = 0x18,
	REGISTER_IRR = 0x20,
	REGISTER_ESR = 0x28,
	REGISTER_ICR = 0x30,
	REGISTER_ICR_HIGH = 0x31,
	REGISTER_LVT_TIMER = 0x32,
	REGISTER_LVT_ERROR = 0x37,
	REGISTER_INITIAL_COUNT = 0x38,
	REGISTER_CURRENT_COUNT = 0x39,
	REGISTER_DIVIDE = 0x3e,
	REGISTER_SELF_IPI = 0x3f,
};

#define MSR_APIC_BASE 0x1b
#define MSR_X2APIC    0x800

/* AMD's extended registers, which a parent may look for; none of them here. */
#define MSR_EXTENDED_FIRST (MSR_X2APIC + 0x40)
#define MSR_EXTENDED_LAST  (MSR_X2APIC + 0x53)

#define BASE_RESERVED                                                          \
	(0xfffull & ~(APIC_BASE_BSP | APIC_BASE_X2APIC | APIC_BASE_ENABLED))

const uint32_t apic_lvt_mask[APIC_LVTS] = {
	[APIC_LVT_TIMER] = 0x300ff,   [APIC_LVT_THERMAL] = 0x107ff,
	[APIC_LVT_PERFMON] = 0x107ff, [APIC_LVT_LINT0] = 0x1a7ff,
	[APIC_LVT_LINT1] = 0x1a7ff,   [APIC_LVT_ERROR] = 0x100ff,
};
#define LVT_READ_ONLY 0x5000u /* delivery status, remote IRR */
#define DIVIDE_MASK   0xbu

/* ---- In both modes ---- */

/* Where a register is kept that reads as it is; NULL: it is not one. */
static const uint32_t *register_kept(const struct apic *apic,
				     unsigned int number)
{
	switch (number) {
	case REGISTER_SPURIOUS:
		return &apic->spurious;
	case REGISTER_ISR ... REGISTER_ISR + 7:
		return &apic->isr[number - REGISTER_ISR];
	case REGISTER_TMR ... REGISTER_TMR + 7:
		return &apic->tmr[number - REGISTER_TMR];
	case REGISTER_IRR ... REGISTER_IRR + 7:
		return &apic->irr[number - REGISTER_IRR];
	case REGISTER_ESR:
		return &apic->error;
	case REGISTER_LVT_TIMER ... REGISTER_LVT_ERROR:
		return &apic->lvt[number - REGISTER_LVT_TIMER];
	case REGISTER_INITIAL_COUNT:
		return &apic->initial_count;
	case REGISTER_DIVIDE:
		return &apic->divide;
	default:
		return NULL;
	}
}

static bool register_read(struct vp *vp, unsigned int number, uint32_t *value)
{
	const uint32_t *kept = register_kept(&vp->apic, number);

	if (kept)
		*value = *kept;
	else if (number == REGISTER_VERSION)
		*value = APIC_VERSION;
	else if (number == REGISTER_TPR)
		*value = apic_tpr(&vp->apic, vp->virt->registers.cr8);
	else if (number == REGISTER_PPR)
		*value = apic_priority(vp);
	else if (number == REGISTER_CURRENT_COUNT)
		*value = apic_timer_current(vp);
	else
		return false;
	return true;
}

static bool register_write(struct vp *vp, unsigned int number, uint32_t value)
{
	struct apic *apic = &vp->apic;
	unsigned int lvt = number - REGISTER_LVT_TIMER;
	uint32_t masked =
		apic->spurious & APIC_SPURIOUS_ON ? 0 : APIC_LVT_MASKED;

	switch (number) {
	case REGISTER_TPR:
		apic->tpr = (uint8_t)value;
		vp->virt->registers.cr8 = (uint8_t)value >> 4;
		break;
	case REGISTER_EOI:
		apic_eoi(vp);
		break;
	case REGISTER_SPURIOUS:
		apic->spurious = value & APIC_SPURIOUS_MASK;
		for (lvt = 0; lvt < APIC_LVTS; lvt++)
			if (!(value & APIC_SPURIOUS_ON))
				apic->lvt[lvt] |= APIC_LVT_MASKED;
		break;
	case REGISTER_ESR:
		apic->error = apic->error_pending;
		apic->error_pending = 0;
		break;
	case REGISTER_LVT_TIMER ... REGISTER_LVT_ERROR:
		apic->lvt[lvt] = (value & apic_lvt_mask[lvt]) | masked;
		break;
	case REGISTER_INITIAL_COUNT:
		apic_timer_load(vp, value);
		break;
	case REGISTER_DIVIDE:
		apic_timer_divide(vp, value & DIVIDE_MASK);
		break;
	default:
		return false;
	}
	return true;
}

/* ---- The page ---- */

uint32_t apic_page_read(struct vp *vp, uint32_t offset)
{
	const struct apic *apic = &vp->apic;
	uint32_t value = 0;

	if (offset & 0xf)
		return 0;
	switch (offset >> 4) {
	case REGISTER_ID:
		return apic->id << 24;
	case REGISTER_EOI: /* write only, but read without complaint */
		return 0;
	case REGISTER_LDR:
		return apic->ldr;
	case REGISTER_DFR:
		return apic->dfr;
	case REGISTER_ICR:
		return (uint32_t)apic->icr;
	case REGISTER_ICR_HIGH:
		return (uint32_t)(apic->icr >> 32);
	}
	if (!register_read(vp, offset >> 4, &value))
		apic_error(vp, APIC_ERROR_REGISTER);
	return value;
}

void apic_page_write(struct vp *vp, uint32_t offset, uint32_t value)
{
	struct apic *apic = &vp->apic;

	if (offset & 0xf)
		return;
	switch (offset >> 4) {
	case REGISTER_LDR:
		apic->ldr = value & 0xff000000;
		return;
	case REGISTER_DFR:
		apic->dfr = value | 0x0fffffff;
		return;
	case REGISTER_ICR:
		apic_icr_write(vp, (apic->icr & ~0xffffffffull) | value);
		return;
	case REGISTER_ICR_HIGH:
		apic->icr = (uint64_t)(value & 0xff000000) << 32 |
			    (uint32_t)apic->icr;
		return;
	}
	if (!register_write(vp, offset >> 4, value))
		apic_error(vp, APIC_ERROR_REGISTER);
}

/* ---- APIC_BASE ---- */

/* Intel's manual volume 3, 11.12.5: which changes of mode there are. */
static bool base_transition(uint64_t from, uint64_t to)
{
	if (!(to & APIC_BASE_X2APIC))
		return !(to & APIC_BASE_ENABLED) || !(from & APIC_BASE_X2APIC);
	return to & from & APIC_BASE_ENABLED;
}

static bool base_write(struct vp *vp, uint64_t value)
{
	struct apic *apic = &vp->apic;
	uint64_t old = apic->base;

	/* No system moves the page: refusing it spares remapping it. */
	if ((value & BASE_RESERVED) || (value & ~0xfffull) != APIC_PAGE_GPA ||
	    !base_transition(old, value))
		return false;
	value = (value & ~APIC_BASE_BSP) | (old & APIC_BASE_BSP);
	if ((old & APIC_BASE_ENABLED) && !(value & APIC_BASE_ENABLED)) {
		/* Off and on again is like power-on, but for LINT0. */
		apic_reset(vp);
	} else if ((value & ~old) & APIC_BASE_X2APIC) {
		apic->icr = (uint32_t)apic->icr;
	}
	apic->base = value;
	return true;
}

/* ---- MSRs ---- */

static bool is_extended(const struct vp *vp, uint32_t msr)
{
	return msr >= MSR_EXTENDED_FIRST && msr <= MSR_EXTENDED_LAST &&
	       partition_is_parent(vp->partition);
}

bool apic_msr_read(struct vp *vp, uint32_t msr, uint64_t *value)
{
	const struct apic *apic = &vp->apic;
	uint32_t low = 0;

	if (!apic_is_x2apic(apic))
		return false;
	switch (msr - MSR_X2APIC) {
	case REGISTER_ID:
		*value = apic->id;
		return true;
	case REGISTER_LDR:
		*value = apic_logical_id(apic);
		return true;
	case REGISTER_ICR:
		*value = apic->icr;
		return true;
	}
	if (!register_read(vp, msr - MSR_X2APIC, &low) && !is_extended(vp, msr))
		return false;
	*value = low;
	return true;
}

/* What x2APIC mode lets pass of a write, while the page ignores the rest. */
static uint64_t x2apic_mask(unsigned int number)
{
	switch (number) {
	case REGISTER_TPR:
	case REGISTER_SELF_IPI:
		return 0xff;
	case REGISTER_EOI:
	case REGISTER_ESR:
		return 0;
	case REGISTER_SPURIOUS:
		/* Suppressing EOI broadcasts is not offered. */
		return APIC_SPURIOUS_MASK;
	case REGISTER_LVT_TIMER ... REGISTER_LVT_ERROR:
		return LVT_READ_ONLY |
		       apic_lvt_mask[number - REGISTER_LVT_TIMER];
	case REGISTER_DIVIDE:
		return DIVIDE_MASK;
	default:
		return UINT32_MAX;
	}
}

bool apic_msr_write(struct vp *vp, uint32_t msr, uint64_t value)
{
	unsigned int number = msr - MSR_X2APIC;

	if (msr == MSR_APIC_BASE)
		return base_write(vp, value);
	if (!apic_is_x2apic(&vp->apic))
		return false;
	/* The two that are worth being quick. */
	if (number == REGISTER_EOI && value == 0) {
		apic_eoi(vp);
		return true;
	}
	if (number == REGISTER_ICR)
		return apic_icr_write(vp, value);
	if (is_extended(vp, msr))
		return true;
	if (value & ~x2apic_mask(number))
		return false;
	if (number == REGISTER_SELF_IPI) {
		apic_post_local(vp, (uint8_t)value);
		return true;
	}
	return register_write(vp, number, (uint32_t)value);
}
