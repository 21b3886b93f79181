/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How fast the TSC and the local APIC's timer run, and whether all TSCs agree.
 */
#include "tsc.h"
#include "../lib/spinlock.h"
#include "local_apic.h"
#include "register.h"

#define EDGES	       64
#define CALIBRATION_MS 110

/* A moment when the reference counter changed, and what the others said. */
struct edge {
	uint64_t count;	  /* the reference counter's new value */
	uint64_t tsc;	  /* middle of the bracket it happened in */
	uint64_t bracket; /* TSC ticks */
	uint64_t timer_tsc;
	uint32_t timer;
};

/*
 * Waits for the reference to change. The change lies between the start of the
 * last read that saw the old value and the end of the first that saw the new.
 */
static void catch_edge(const struct tsc_reference *reference, struct edge *edge)
{
	uint64_t before = register_read_tsc();
	uint64_t old = reference->read();

	for (;;) {
		uint64_t start = register_read_tsc();
		uint64_t count = reference->read();
		uint64_t end = register_read_tsc();

		if (count != old) {
			edge->count = count;
			edge->bracket = end - before;
			edge->tsc = before + edge->bracket / 2;
			break;
		}
		before = start;
	}
	before = register_read_tsc();
	edge->timer = local_apic_timer_count();
	edge->timer_tsc = before + (register_read_tsc() - before) / 2;
}

/* The sharpest of many: whatever disturbs only widens a bracket. */
static void catch_best_edge(const struct tsc_reference *reference,
			    struct edge *best)
{
	catch_edge(reference, best);
	for (unsigned int i = 1; i < EDGES; i++) {
		struct edge edge;

		catch_edge(reference, &edge);
		if (edge.bracket < best->bracket)
			*best = edge;
	}
}

static void wait_a_while(const struct tsc_reference *reference)
{
	uint64_t start = reference->read();
	uint64_t ticks = reference->hz * CALIBRATION_MS / 1000;

	while (((reference->read() - start) & reference->mask) < ticks)
		__builtin_ia32_pause();
}

void tsc_calibrate(const struct tsc_reference *reference,
		   struct tsc_rates *rates)
{
	struct edge first, last;
	uint64_t ticks, count, timer_ticks;

	local_apic_timer_measure();
	catch_best_edge(reference, &first);
	wait_a_while(reference);
	catch_best_edge(reference, &last);

	ticks = last.tsc - first.tsc;
	count = (last.count - first.count) & reference->mask;
	rates->tsc_hz = tsc_scale(ticks, reference->hz, count);
	rates->tsc_error_hz = tsc_scale((first.bracket + last.bracket) / 2,
					rates->tsc_hz, ticks) +
			      1;
	timer_ticks = first.timer - last.timer;
	rates->timer_hz = tsc_scale(timer_ticks, rates->tsc_hz,
				    last.timer_tsc - first.timer_tsc);
}

static struct {
	struct spinlock lock;
	uint64_t last; /* the highest TSC that any processor has seen */
	bool warped;
} watch;

void tsc_watch(uint64_t ticks)
{
	uint64_t end = register_read_tsc() + ticks;
	uint64_t now;

	do {
		spinlock_take(&watch.lock);
		now = register_read_tsc();
		if (now < watch.last)
			watch.warped = true;
		else
			watch.last = now;
		spinlock_give(&watch.lock);
	} while (now < end);
}

bool tsc_warped(void)
{
	return watch.warped;
}
