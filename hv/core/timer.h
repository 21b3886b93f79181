/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The partition's clock, the synthetic timers, and each lp's next deadline. */
#pragma once

#include "../lib/types.h"
#include "hypervisor.h"
#include "synic.h"

#define STIMERS 4

struct stimer {
	uint64_t config;
	uint64_t count;
	uint64_t due;	     /* reference time, 100 ns, that it was set for */
	uint64_t expiry;     /* reference time of the next signal: due, or later
			      * when     catching up; UINT64_MAX when not running */
	uint64_t expiry_tsc; /* the same as TSC */
	uint64_t expired_at; /* of the message that waits; Y while it does */
	struct synic_source source; /* message mode */
	struct vp *vp;		    /* constant: whose it is */
	bool message_pending;	    /* Y */
};

struct timers {
	struct stimer stimer[STIMERS];
	uint64_t deadline; /* TSC of the earliest of these and the APIC timer */
	bool stop;	   /* atomic: the partition gave its OS id up */
};

#define TIMER_NEVER UINT64_MAX

/* Partition reference time in 100 ns: starts at 0 with the partition, never
 * goes back; the same function as the reference TSC page. */
uint64_t timer_reference_time(const struct partition *partition);

/* Reference time (100 ns) to absolute TSC, rounded up; saturates. */
uint64_t timer_to_tsc(const struct partition *partition, uint64_t reference);

/* Once, before anything else. */
void timer_init(struct vp *vp);

/* All synthetic timers off; the vp is this lp's or not running. */
void timer_reset(struct vp *vp);

/* The same for a vp that runs elsewhere: before any of them fires again. */
void timer_stop(struct vp *vp);

/* STIMER registers by number: config and count of each in turn. False: #GP. */
const uint64_t *timer_register(const struct vp *vp, uint32_t number);
bool timer_write(struct vp *vp, uint32_t number, uint64_t value);

/* Recomputes timers.deadline after any timer of the vp changed and tells the
 * scheduler (lp_timer_changed). */
void timer_update(struct vp *vp);

/* Expires whatever of the vp's timers is due at TSC now. */
void timer_expire(struct vp *vp, uint64_t now);

/* Partition-wide: writes the reference TSC page where the MSR says. */
void timer_write_tsc_page(struct partition *partition);
