/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A logical processor and its run queue: which vp runs here, and until when.
 *
 * Policy. Vps compete by virtual time: TSC ticks run, scaled by the weight of
 * their partition. The parent's vp runs at once when it has an interrupt to
 * take, as long as it stays within its share of the current window; beyond
 * that it competes like the others. A signal of the vp that runs is no hurry:
 * that one goes on for a moment, and says more for the price of one switch.
 * Vps of children move to idle processors.
 */
#pragma once

#include "../lib/list.h"
#include "../lib/spinlock.h"
#include "../lib/types.h"
#include "hypervisor.h"

struct vp;

/* A frame of the parent's that was looked up here. */
struct lp_frame {
	uint64_t frame;
	char *page;	     /* NULL: nothing is known */
	uint32_t generation; /* the parent's flush_generation then */
};
#define LP_FRAMES 16

struct lp {
	uint32_t index;		/* constant */
	struct vp *parent_vp;	/* constant: pinned here */
	struct spinlock lock;	/* R */
	struct list ready;	/* R: vps in VP_READY, by virtual time */
	struct list timed;	/* R: vps with a timer deadline */
	uint64_t next_deadline; /* R to change: earliest of timed, TSC */
	uint32_t assigned;	/* atomic: children's vps whose home this is */
	struct vp *current;	/* R to change: the vp loaded here, or NULL */
	uint64_t clock; /* R: virtual time that ready vps have reached */
	bool attention; /* atomic: look at the queue again */
	uint64_t seen;	/* atomic: hypervisor.epoch, last looked at */

	/* Only this processor: */
	uint64_t slice_end;    /* TSC */
	uint64_t window_start; /* TSC: of the parent's share */
	uint64_t window_used;  /* TSC ticks the parent ran boosted in it */
	struct vp *signaller;  /* in SignalEvent just now, or NULL */
	bool patient;	       /* the parent is ready, and waits a little */
	void *input;	       /* one page: a hypercall's input, copied */
	void *output;	       /* one page: its output */
	struct lp_frame frames[LP_FRAMES];
};

/* This logical processor. */
struct lp *lp_this(void);

/* Makes one; page_count pages come from the parent's account. */
struct lp *lp_create(uint32_t index);

/* The home for a new vp of a child: the least assigned processor. */
uint32_t lp_choose(void);

/* Sets or clears VP_* suspend reasons and does what follows. Setting one for a
 * vp that runs elsewhere asks it to stop; lp_running() tells when it has. */
void lp_suspend(struct vp *vp, uint32_t reasons);
void lp_resume(struct vp *vp, uint32_t reasons);
bool lp_running(struct vp *vp);

/* Keeps a suspended vp for the caller, who may touch its state, until
 * lp_resume(vp, VP_HELD). False: it has not quite stopped, or another has it.
 */
bool lp_hold(struct vp *vp);

/* This processor's vp has executed HLT; suspends it unless it has work. */
void lp_halt(struct vp *vp);

/* Takes a vp that is suspended for good out of every list. */
void lp_forget(struct vp *vp);

/* Whether processor index has looked at the epoch since it became that; makes
 * it do so. True for this one. */
bool lp_passed(uint32_t index, uint64_t epoch);
