/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The processor's own CPUID leaves, as a partition may see them. */
#pragma once

#include "../lib/types.h"

struct vp;

/* Fills out for a leaf outside the hypervisor's range. */
void cpuid_processor(struct vp *vp, uint32_t leaf, uint32_t subleaf,
		     uint32_t out[4]);

/* Physical address bits that partitions are shown. */
uint32_t cpuid_address_bits(void);

/* States that XCR0 may enable, in every partition: those that fit the page
 * in which a vp's states are kept. 0 without XSAVE. */
uint64_t cpuid_xcr0_mask(void);
