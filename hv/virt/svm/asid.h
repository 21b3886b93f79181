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
	uint32_t stale; /* atomic: translations must go before the next run */
};

/* The first vp to run begins a generation: nothing left by firmware stays. */
void svm_asid_start(struct svm_asid_lp *lp, uint32_t count, bool flush_one);

/* What svm_asid_prepare() does when there is something to do. */
uint8_t svm_asid_renew(struct svm_asid_lp *lp, struct svm_asid *vp);

/*
 * Before each run of vp on lp: makes vp->asid good and returns the
 * SVM_TLB_* value that this one VMRUN must carry.
 */
static inline uint8_t svm_asid_prepare(struct svm_asid_lp *lp,
				       struct svm_asid *vp)
{
	if (__builtin_expect(
		    vp->owner == lp && vp->generation == lp->generation &&
			    !__atomic_load_n(&vp->stale, __ATOMIC_ACQUIRE),
		    1))
		return SVM_TLB_KEEP;
	return svm_asid_renew(lp, vp);
}

/* Any logical processor: vp's translations are stale. */
static inline void svm_asid_flush(struct svm_asid *vp)
{
	__atomic_store_n(&vp->stale, 1, __ATOMIC_RELEASE);
}

/*
 * The VMRUN was refused, so a flush that it carried did not happen: nothing
 * handed out on lp so far may be used again.
 */
void svm_asid_refused(struct svm_asid_lp *lp);
