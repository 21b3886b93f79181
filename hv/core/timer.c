/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The partition's clock and the synthetic timers. TLFS chapter 12. */
#include "timer.h"

#include "../../abi/msr.h"
#include "../lib/string.h"
#include "../x86/cpu.h"
#include "apic.h"
#include "gpa.h"
#include "vp.h"

/* What a guest cannot make shorter: else it would do nothing but interrupts. */
#define PERIOD_MIN_100NS 200

/* A periodic timer that is later than that many periods gives them up. */
#define BACKLOG_MAX 64

/* While reference time stands still, timers look again that often. */
#define FROZEN_RETRY_PER_SECOND 100

/* ---- Reference time ---- */

static uint64_t reference_at(const struct partition *partition, uint64_t tsc)
{
	const struct clock_ratio *ratio = &hypervisor.clock.reference;

	return clock_scale(ratio, tsc) -
	       clock_scale(ratio, partition->time_origin);
}

/* Processors whose TSCs differ must still not see time go back. */
static uint64_t reference_monotonic(const struct partition *partition,
				    uint64_t time)
{
	uint64_t *last = (uint64_t *)&partition->time_last;
	uint64_t seen = __atomic_load_n(last, __ATOMIC_RELAXED);

	while (time > seen &&
	       !__atomic_compare_exchange_n(last, &seen, time, true,
					    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
	return MAX(time, seen);
}

uint64_t timer_reference_time(const struct partition *partition)
{
	uint64_t tsc = partition->frozen ? partition->frozen_at : cpu_now();
	uint64_t time = reference_at(partition, tsc);

	if (partition->frozen || hypervisor.config.tsc_synchronous)
		return time;
	return reference_monotonic(partition, time);
}

uint64_t timer_to_tsc(const struct partition *partition, uint64_t reference)
{
	const struct clock *clock = &hypervisor.clock;
	uint64_t origin =
		clock_scale(&clock->reference, partition->time_origin);
	uint64_t target = reference + origin;

	if (target < reference)
		return UINT64_MAX;
	uint64_t tsc = clock_scale(&clock->tsc, target);

	/* Rounded down; one tick may be missing, never two. */
	while (tsc != UINT64_MAX &&
	       clock_scale(&clock->reference, tsc) < target)
		tsc++;
	return tsc;
}

/* ---- The reference TSC page ---- */

void timer_write_tsc_page(struct partition *partition)
{
	const struct clock_ratio *ratio = &hypervisor.clock.reference;
	uint64_t value =
		__atomic_load_n(&partition->reference_tsc, __ATOMIC_RELAXED);
	struct hv_reference_tsc_page *page =
		gpa_pointer(partition, GPA(value & HV_MSR_PAGE_GPA_MASK),
			    VIRT_MAP_READ | VIRT_MAP_WRITE);
	uint32_t sequence;

	if (!(value & HV_MSR_PAGE_ENABLE) || !page)
		return;
	sequence = __atomic_load_n(&page->sequence, __ATOMIC_RELAXED) + 1;
	__atomic_store_n(&page->sequence, HV_REFERENCE_TSC_SEQUENCE_INVALID,
			 __ATOMIC_SEQ_CST);
	page->scale = ratio->fraction;
	page->offset = -(int64_t)clock_scale(ratio, partition->time_origin);
	if (sequence == UINT32_MAX || sequence == 0)
		sequence = 1;
	if (hypervisor.config.tsc_synchronous && !partition->frozen)
		__atomic_store_n(&page->sequence, sequence, __ATOMIC_RELEASE);
}

/* ---- Deadlines ---- */

static uint64_t timer_earliest(const struct vp *vp)
{
	uint64_t deadline = vp->apic.timer_deadline;

	for (unsigned int i = 0; i < STIMERS; i++)
		deadline = MIN(deadline, vp->timers.stimer[i].expiry_tsc);
	return deadline;
}

void timer_update(struct vp *vp)
{
	uint64_t deadline = timer_earliest(vp);

	if (deadline == vp->timers.deadline)
		return;
	vp->timers.deadline = deadline;
	vp_deadline_changed(vp);
}

/* ---- Synthetic timers ---- */

static uint32_t stimer_sint(const struct stimer *stimer)
{
	return (uint32_t)((stimer->config & HV_STIMER_SINT_MASK) >>
			  HV_STIMER_SINT_SHIFT);
}

static uint8_t stimer_vector(uint64_t config)
{
	return (uint8_t)((config & HV_STIMER_VECTOR_MASK) >>
			 HV_STIMER_VECTOR_SHIFT);
}

static void stimer_arm(struct vp *vp, struct stimer *stimer)
{
	const struct partition *partition = vp->partition;

	if (stimer->expiry == TIMER_NEVER)
		stimer->expiry_tsc = TIMER_NEVER;
	else if (partition->frozen)
		stimer->expiry_tsc =
			cpu_now() +
			hypervisor.config.tsc_hz / FROZEN_RETRY_PER_SECOND;
	else
		stimer->expiry_tsc = timer_to_tsc(partition, stimer->expiry);
}

/* From now on, by config and count. */
static void stimer_start(struct vp *vp, struct stimer *stimer)
{
	stimer->expiry = TIMER_NEVER;
	if ((stimer->config & HV_STIMER_ENABLE) && stimer->count) {
		uint64_t base = stimer->config & HV_STIMER_PERIODIC
					? timer_reference_time(vp->partition)
					: 0;

		if (!__builtin_add_overflow(base, stimer->count, &stimer->due))
			stimer->expiry = stimer->due;
	}
	stimer_arm(vp, stimer);
}

/* A message that still waits belongs to what the timer was before. */
static void stimer_stop(struct vp *vp, struct stimer *stimer)
{
	stimer->expiry = TIMER_NEVER;
	stimer->expiry_tsc = TIMER_NEVER;
	if (!stimer->message_pending)
		return;
	synic_withdraw(vp, stimer_sint(stimer), &stimer->source);
	stimer->message_pending = false;
}

static bool stimer_fill(struct synic_source *source, struct hv_message *message)
{
	struct stimer *stimer = CONTAINER(source, struct stimer, source);
	const struct vp *vp = stimer->vp;
	const struct hv_timer_message body = {
		.timer_index = (uint32_t)(stimer - vp->timers.stimer),
		.expiration_time = stimer->expired_at,
		.delivery_time = timer_reference_time(vp->partition),
	};

	message->header.type = HVMSG_TIMER_EXPIRED;
	message->header.payload_size = sizeof(body);
	memcpy(message->payload, &body, sizeof(body));
	stimer->message_pending = false;
	return false;
}

static void stimer_signal(struct vp *vp, struct stimer *stimer, uint64_t due)
{
	if (stimer->config & HV_STIMER_DIRECT) {
		apic_post(vp, stimer_vector(stimer->config), false);
		return;
	}
	/* One message at a time: what comes while it waits is told by it. */
	if (__atomic_load_n(&stimer->message_pending, __ATOMIC_ACQUIRE))
		return;
	stimer->expired_at = due;
	__atomic_store_n(&stimer->message_pending, true, __ATOMIC_RELEASE);
	synic_post(vp, stimer_sint(stimer), &stimer->source);
}

/*
 * The next signal of a periodic timer. One that is late catches up by shorter
 * periods, so that none is lost (TLFS 12.4); a lazy one skips them.
 */
static void stimer_next(struct stimer *stimer, uint64_t now)
{
	uint64_t period = MAX(stimer->count, PERIOD_MIN_100NS);
	uint64_t late = now - stimer->due;

	if ((stimer->config & HV_STIMER_LAZY) || late / period > BACKLOG_MAX)
		stimer->due += late / period * period;
	if (__builtin_add_overflow(stimer->due, period, &stimer->due)) {
		stimer->expiry = TIMER_NEVER;
		return;
	}
	stimer->expiry =
		MAX(stimer->due, now + MAX(period / 2, PERIOD_MIN_100NS));
}

static void stimer_expire(struct vp *vp, struct stimer *stimer, uint64_t now)
{
	uint64_t due = stimer->due;

	if (stimer->expiry > now)
		return; /* reference time has been frozen meanwhile */
	if (stimer->config & HV_STIMER_PERIODIC) {
		stimer_next(stimer, now);
	} else {
		stimer->config &= ~HV_STIMER_ENABLE;
		stimer->expiry = TIMER_NEVER;
	}
	stimer_signal(vp, stimer, due);
}

static void stimers_expire(struct vp *vp, uint64_t now_tsc)
{
	uint64_t now = timer_reference_time(vp->partition);

	for (unsigned int i = 0; i < STIMERS; i++) {
		struct stimer *stimer = &vp->timers.stimer[i];

		if (stimer->expiry_tsc > now_tsc)
			continue;
		stimer_expire(vp, stimer, now);
		stimer_arm(vp, stimer);
	}
}

void timer_expire(struct vp *vp, uint64_t now)
{
	if (__atomic_load_n(&vp->timers.stop, __ATOMIC_ACQUIRE))
		timer_reset(vp);
	if (vp->apic.timer_deadline <= now)
		apic_timer_expire(vp, now);
	stimers_expire(vp, now);
	/* The scheduler has dropped the deadline: tell it in any case. */
	vp->timers.deadline = timer_earliest(vp);
	vp_deadline_changed(vp);
}

/* ---- Life ---- */

void timer_init(struct vp *vp)
{
	struct timers *timers = &vp->timers;

	timers->deadline = TIMER_NEVER;
	vp->apic.timer_deadline = TIMER_NEVER;
	for (unsigned int i = 0; i < STIMERS; i++) {
		struct stimer *stimer = &timers->stimer[i];

		list_init(&stimer->source.node);
		stimer->source.fill = stimer_fill;
		stimer->vp = vp;
		stimer->expiry = TIMER_NEVER;
		stimer->expiry_tsc = TIMER_NEVER;
	}
}

void timer_reset(struct vp *vp)
{
	__atomic_store_n(&vp->timers.stop, false, __ATOMIC_RELEASE);
	for (unsigned int i = 0; i < STIMERS; i++) {
		struct stimer *stimer = &vp->timers.stimer[i];

		stimer_stop(vp, stimer);
		stimer->config = 0;
		stimer->count = 0;
	}
	timer_update(vp);
}

void timer_stop(struct vp *vp)
{
	__atomic_store_n(&vp->timers.stop, true, __ATOMIC_RELEASE);
}

/* ---- Registers ---- */

static bool config_write(struct vp *vp, struct stimer *stimer, uint64_t value)
{
	if ((value & HV_STIMER_RESERVED_MASK) ||
	    ((value & HV_STIMER_DIRECT) &&
	     stimer_vector(value) < HV_SINT_LOWEST_VECTOR))
		return false;
	stimer_stop(vp, stimer);
	/* SINT 0 is no place for timer messages: such a timer stays off. */
	if (!(value & (HV_STIMER_DIRECT | HV_STIMER_SINT_MASK)))
		value &= ~HV_STIMER_ENABLE;
	stimer->config = value;
	stimer_start(vp, stimer);
	return true;
}

static void count_write(struct vp *vp, struct stimer *stimer, uint64_t value)
{
	stimer_stop(vp, stimer);
	stimer->count = value;
	if (value == 0)
		stimer->config &= ~HV_STIMER_ENABLE;
	else if (stimer->config & HV_STIMER_AUTO_ENABLE)
		stimer->config |= HV_STIMER_ENABLE;
	stimer_start(vp, stimer);
}

const uint64_t *timer_register(const struct vp *vp, uint32_t number)
{
	const struct stimer *stimer = &vp->timers.stimer[number / 2];

	return number & 1 ? &stimer->count : &stimer->config;
}

bool timer_write(struct vp *vp, uint32_t number, uint64_t value)
{
	struct stimer *stimer = &vp->timers.stimer[number / 2];

	if (__builtin_expect(vp->timers.stop, 0))
		timer_reset(vp);
	if (number & 1)
		count_write(vp, stimer, value);
	else if (!config_write(vp, stimer, value))
		return false;
	timer_update(vp);
	return true;
}
