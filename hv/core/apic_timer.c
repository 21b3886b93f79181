/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The timer of the virtual local APIC: a count that is computed, not kept. */
#include "apic_timer.h"

#include "../x86/cpu.h"
#include "apic.h"
#include "vp.h"

/* A child that asks for more interrupts than it could take gets fewer. */
#define PERIOD_MIN_US 20

/* Divide configuration: bits 3, 1, 0 are the exponent less one, modulo 8. */
static unsigned int timer_shift(const struct apic *apic)
{
	unsigned int code = (apic->divide & 3) | (apic->divide & 8) >> 1;

	return (code + 1) & 7;
}

static bool timer_periodic(const struct apic *apic)
{
	return apic->lvt[APIC_LVT_TIMER] & APIC_LVT_PERIODIC;
}

/* Counts to TSC ticks, rounded up so that the timer is never early. */
static uint64_t timer_ticks(const struct apic *apic, uint32_t count)
{
	return clock_scale(&hypervisor.clock.apic_tsc,
			   (uint64_t)count << timer_shift(apic)) +
	       1;
}

static uint64_t timer_period(const struct apic *apic)
{
	uint64_t ticks = timer_ticks(apic, apic->initial_count);

	if (!timer_periodic(apic))
		return ticks;
	return MAX(ticks, hypervisor.config.tsc_hz / 1000000 * PERIOD_MIN_US);
}

void apic_timer_load(struct vp *vp, uint32_t count)
{
	vp->apic.initial_count = count;
	apic_timer_resume(vp, count);
}

uint32_t apic_timer_current(const struct vp *vp)
{
	const struct apic *apic = &vp->apic;
	uint64_t now = cpu_now();
	uint64_t ticks = now > apic->timer_start ? now - apic->timer_start : 0;
	uint64_t elapsed =
		clock_scale(&hypervisor.clock.apic, ticks) >> timer_shift(apic);

	if (apic->timer_deadline == TIMER_NEVER)
		return 0;
	if (elapsed >= apic->initial_count && !timer_periodic(apic))
		return 0;
	return apic->initial_count - (uint32_t)(elapsed % apic->initial_count);
}

void apic_timer_divide(struct vp *vp, uint32_t divide)
{
	uint32_t current = apic_timer_current(vp);

	vp->apic.divide = divide;
	apic_timer_resume(vp, current);
}

void apic_timer_resume(struct vp *vp, uint32_t current)
{
	struct apic *apic = &vp->apic;
	uint32_t gone = apic->initial_count - MIN(current, apic->initial_count);

	apic->timer_deadline = TIMER_NEVER;
	if (current != 0 && apic->initial_count != 0) {
		apic->timer_start = cpu_now();
		if (gone != 0)
			apic->timer_start -= timer_ticks(apic, gone);
		apic->timer_deadline = apic->timer_start + timer_period(apic);
	}
	timer_update(vp);
}

void apic_timer_expire(struct vp *vp, uint64_t now)
{
	struct apic *apic = &vp->apic;
	uint32_t lvt = apic->lvt[APIC_LVT_TIMER];

	if (timer_periodic(apic)) {
		uint64_t period = timer_period(apic);
		uint64_t late = now - apic->timer_deadline;

		/* Periods that were missed while the vp did not run are one
		 * interrupt, as IRR has but one bit. */
		apic->timer_start =
			apic->timer_deadline + late / period * period;
		apic->timer_deadline = apic->timer_start + period;
	} else {
		apic->timer_deadline = TIMER_NEVER;
	}
	if (!(lvt & APIC_LVT_MASKED))
		apic_post_local(vp, (uint8_t)lvt);
}
