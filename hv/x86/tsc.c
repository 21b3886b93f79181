/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How fast the TSC and the local APIC's timer run, and whether all TSCs agree.
 */
#include "tsc.h"
#include "../lib/spinlock.h"
#include "local_apic.h"
#include "register.h"

#define EDGES	       64
#define CALIBRATION_MS 110

/* A moment when the reference counter changed. */
struct edge {
	uint64_t count;	  /* its new value */
	uint64_t tsc;	  /* middle of the bracket it happened in */
	uint64_t bracket; /* TSC ticks */
};

/*
 * Waits for the reference to change. The change lies between the start of the
 * last read that saw the old value and the end of the first that saw the new.
 */
static void catch_edge(const struct tsc_reference *reference, struct edge *edge)
{
	uint64_t before = register_read_tsc();
	uint64_t old = reference->read() & reference->mask;

	for (;;) {
		uint64_t start = register_read_tsc();
		uint64_t count = reference->read() & reference->mask;

		if (count != old) {
			edge->count = count;
			edge->bracket = register_read_tsc() - before;
			edge->tsc = before + edge->bracket / 2;
			return;
		}
		before = start;
	}
}

/* The sharpest of many: whatever disturbs only widens a bracket. */
static struct edge catch_best_edge(const struct tsc_reference *reference)
{
	struct edge best = {.bracket = UINT64_MAX};

	for (unsigned int i = 0; i < EDGES; i++) {
		struct edge edge;

		catch_edge(reference, &edge);
		if (edge.bracket < best.bracket)
			best = edge;
	}
	return best;
}

void tsc_calibrate(const struct tsc_reference *reference,
		   struct tsc_rates *rates)
{
	uint64_t most = reference->hz * CALIBRATION_MS / 1000;
	struct edge first, last;
	uint64_t ticks, count, timer_start;
	uint32_t timer;

	local_apic_timer_measure();
	timer_start = register_read_tsc();
	timer = local_apic_timer_count();
	first = catch_best_edge(reference);
	while (((reference->read() - first.count) & reference->mask) < most)
		__builtin_ia32_pause();
	last = catch_best_edge(reference);

	ticks = last.tsc - first.tsc;
	count = (last.count - first.count) & reference->mask;
	rates->tsc_hz = tsc_scale(ticks, reference->hz, count);
	rates->tsc_error_hz = tsc_scale((first.bracket + last.bracket) / 2,
					rates->tsc_hz, ticks) +
			      1;
	ticks = register_read_tsc() - timer_start;
	timer -= local_apic_timer_count();
	rates->timer_hz = tsc_scale(timer, rates->tsc_hz, ticks);
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
