/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which address space identifier a vp's translations carry, and when they are
 * dropped. Pure bookkeeping: it touches no silicon, so that it can be tested
 * against a model (the reference machine flushes everything at every VMRUN,
 * which hides each mistake made here).
 *
 * Each logical processor hands out its own ASIDs in rising order. When they
 * are used up a new generation begins with a flush of everything, and every
 * vp draws a new one before it runs there again. ASID 0 is the hypervisor's.
 */
#pragma once

#include "../../lib/types.h"
#include "vmcb.h"

/* One per logical processor; touched by it alone. */
struct svm_asid_lp {
	uint32_t count;	     /* ASIDs of the processor, 0 included */
	uint32_t next;	     /* the next to hand out; count: none is left */
	uint64_t generation; /* rises with every flush of everything */
	bool flush_one;	     /* the processor can flush a single ASID */
};

/* One per vp; touched by the logical processor it is on, but for stale. */
struct svm_asid {
	const struct svm_asid_lp *owner; /* whose ASID it is, NULL none */
	uint64_t generation;
	uint32_t asid;
	uint32_t doubts; /* atomic: SVM_ASID_*, to be settled before a run */
};

#define SVM_ASID_STALE BIT(0) /* its translations must go */
#define SVM_ASID_MOVED BIT(1) /* the ASID may be another's by now */

/* The first vp to run begins a generation: nothing left by firmware stays. */
void svm_asid_start(struct svm_asid_lp *lp, uint32_t count, bool flush_one);

/* Whether svm_asid_renew() is due before vp's next run. */
static inline bool svm_asid_doubtful(const struct svm_asid *vp)
{
	return __atomic_load_n(&vp->doubts, __ATOMIC_ACQUIRE);
}

/* Makes vp->asid good for runs on lp; returns the SVM_TLB_* value that the
 * next VMRUN alone must carry. */
uint8_t svm_asid_renew(struct svm_asid_lp *lp, struct svm_asid *vp);

/* STALE from any logical processor, MOVED whenever the vp begins to run where
 * another one, or elsewhere itself, may have run in between. */
static inline void svm_asid_doubt(struct svm_asid *vp, uint32_t doubt)
{
	__atomic_or_fetch(&vp->doubts, doubt, __ATOMIC_RELEASE);
}

/*
 * The VMRUN was refused, so a flush that it carried did not happen: nothing
 * handed out on lp so far may be used again, vp's neither.
 */
void svm_asid_refused(struct svm_asid_lp *lp, struct svm_asid *vp);
