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
	return MAX(timer_ticks(apic, apic->initial_count),
		   hypervisor.config.tsc_hz / 1000000 * PERIOD_MIN_US);
}

/* How far the count is from the initial one at TSC now. */
static uint64_t timer_elapsed(const struct apic *apic, uint64_t now)
{
	uint64_t ticks = now > apic->timer_start ? now - apic->timer_start : 0;

	return clock_scale(&hypervisor.clock.apic, ticks) >> timer_shift(apic);
}

/* The count has gone on since start: sets when it ends. */
static void timer_run(struct vp *vp, uint64_t start)
{
	struct apic *apic = &vp->apic;

	apic->timer_start = start;
	apic->timer_deadline =
		start + (timer_periodic(apic)
				 ? timer_period(apic)
				 : timer_ticks(apic, apic->initial_count));
	timer_update(vp);
}

void apic_timer_load(struct vp *vp, uint32_t count)
{
	struct apic *apic = &vp->apic;

	apic->initial_count = count;
	if (count) {
		timer_run(vp, cpu_now());
	} else if (apic->timer_deadline != TIMER_NEVER) {
		apic->timer_deadline = TIMER_NEVER;
		timer_update(vp);
	}
}

uint32_t apic_timer_current(const struct vp *vp)
{
	const struct apic *apic = &vp->apic;

	if (apic->timer_deadline == TIMER_NEVER)
		return 0;
	uint64_t elapsed = timer_elapsed(apic, cpu_now());

	if (elapsed < apic->initial_count)
		return apic->initial_count - (uint32_t)elapsed;
	if (!timer_periodic(apic))
		return 0;
	return apic->initial_count - (uint32_t)(elapsed % apic->initial_count);
}

void apic_timer_divide(struct vp *vp, uint32_t divide)
{
	struct apic *apic = &vp->apic;
	uint32_t current = apic_timer_current(vp);

	apic->divide = divide;
	apic_timer_resume(vp, current);
}

void apic_timer_resume(struct vp *vp, uint32_t current)
{
	struct apic *apic = &vp->apic;

	if (current == 0 || apic->initial_count == 0) {
		apic->timer_deadline = TIMER_NEVER;
		timer_update(vp);
		return;
	}
	current = MIN(current, apic->initial_count);
	timer_run(vp,
		  cpu_now() - timer_ticks(apic, apic->initial_count - current));
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
		apic->timer_start = apic->timer_deadline;
		if (late >= period)
			apic->timer_start += late / period * period;
		apic->timer_deadline = apic->timer_start + period;
	} else {
		apic->timer_deadline = TIMER_NEVER;
	}
	if (!(lvt & APIC_LVT_MASKED))
		apic_post_local(vp, (uint8_t)lvt);
}
