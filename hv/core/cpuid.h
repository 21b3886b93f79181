/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each partition sees of CPUID. */
#pragma once

#include "../lib/types.h"
#include "hypervisor.h"
#include "vp.h"

/* EAX..EDX of vp for leaf and subleaf: fills out. Topology and APIC ids are
 * the vp's; the features are the processor's less what a partition lacks. */
void cpuid_read(struct vp *vp, uint32_t leaf, uint32_t subleaf,
		uint32_t out[4]);

/* The same, remembered where it can be: the vp's own processor only. */
const uint32_t *cpuid_learn(struct vp *vp, uint32_t leaf, uint32_t subleaf);

static inline const uint32_t *cpuid_answer(struct vp *vp, uint32_t leaf,
					   uint32_t subleaf)
{
	const struct cpuid_known *known = &vp->cpuid[leaf % CPUID_KNOWN];

	if (known->leaf == leaf && known->subleaf == subleaf &&
	    known->generation ==
		    __atomic_load_n(&vp->partition->cpuid_generation,
				    __ATOMIC_RELAXED))
		return known->out;
	return cpuid_learn(vp, leaf, subleaf);
}

/* Whether the vp may have that value in XCR0: what CPUID shows it, and states
 * only as silicon takes them together. */
bool cpuid_xcr0_valid(struct vp *vp, uint64_t value);
