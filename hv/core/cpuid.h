/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each partition sees of CPUID. */
#pragma once

#include "../lib/types.h"
#include "hypervisor.h"

/* EAX..EDX of vp for leaf and subleaf: fills out. Topology and APIC ids are
 * the vp's; the features are the processor's less what a partition lacks. */
void cpuid_read(struct vp *vp, uint32_t leaf, uint32_t subleaf,
		uint32_t out[4]);

/* Whether the vp may have that value in XCR0: what CPUID shows it, and states
 * only as silicon takes them together. */
bool cpuid_xcr0_valid(struct vp *vp, uint64_t value);
