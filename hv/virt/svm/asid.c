/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hands out address space identifiers and decides what VMRUN flushes. */
#include "asid.h"

void svm_asid_start(struct svm_asid_lp *lp, uint32_t count, bool flush_one)
{
	lp->count = count;
	lp->next = count;
	lp->generation = 0;
	lp->flush_one = flush_one;
}

void svm_asid_refused(struct svm_asid_lp *lp, struct svm_asid *vp)
{
	lp->generation++;
	lp->next = lp->count;
	svm_asid_doubt(vp, SVM_ASID_MOVED);
}

uint8_t svm_asid_renew(struct svm_asid_lp *lp, struct svm_asid *vp)
{
	/* Cleared first: a flush asked for from now on counts next time. */
	bool stale = __atomic_exchange_n(&vp->doubts, 0, __ATOMIC_ACQ_REL) &
		     SVM_ASID_STALE;
	bool own = vp->owner == lp && vp->generation == lp->generation;
	uint8_t control = SVM_TLB_KEEP;

	if (own && (!stale || lp->flush_one))
		return stale ? SVM_TLB_FLUSH_ASID : SVM_TLB_KEEP;

	if (lp->next >= lp->count) {
		lp->generation++;
		lp->next = 1;
		control = SVM_TLB_FLUSH_ALL;
	}
	vp->owner = lp;
	vp->generation = lp->generation;
	vp->asid = lp->next++;
	return control;
}
