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
	uint64_t expiry; /* reference time, 100 ns; UINT64_MAX when not running */
	uint64_t expired_at; /* of the message that waits */
	struct synic_source source; /* message mode */
	bool message_pending;
};

struct timers {
	struct stimer stimer[STIMERS];
	uint64_t deadline; /* TSC of the earliest of these and the APIC timer */
};

/* Partition reference time in 100 ns: starts at 0 with the partition, never
 * goes back; the same function as the reference TSC page. */
uint64_t timer_reference_time(const struct partition *partition);

/* Reference time (100 ns) to absolute TSC, rounded up; saturates. */
uint64_t timer_to_tsc(const struct partition *partition, uint64_t reference);

void timer_reset(struct vp *vp);

/* STIMER and reference-TSC and reference-counter MSRs. False: #GP. */
bool timer_msr_read(struct vp *vp, uint32_t msr, uint64_t *value);
bool timer_msr_write(struct vp *vp, uint32_t msr, uint64_t value);

/* Recomputes timers.deadline after any timer of the vp changed and tells the
 * scheduler (lp_timer_changed). */
void timer_update(struct vp *vp);

/* Expires whatever of the vp's timers is due at TSC now. */
void timer_expire(struct vp *vp, uint64_t now);

/* Partition-wide: writes the reference TSC page where the MSR says. */
void timer_write_tsc_page(struct partition *partition);
