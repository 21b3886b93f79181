/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The processor's own CPUID leaves, as a partition may see them. */
#pragma once

#include "../lib/types.h"

struct vp;

/* What a leaf said. */
struct cpuid_known {
	uint64_t generation; /* of the partition's; 0 does not last */
	uint32_t leaf;
	uint32_t subleaf;
	uint32_t out[4];
};
#define CPUID_KNOWN 8

#define CPUID_XSAVE_LEAF 0xdu
#define CPUID_POWER_LEAF 0x80000007u

/* What is asked of silicon once, for the sake of the many reads after. */
struct cpuid_host {
	bool known;
	bool amd; /* AMD's or Hygon's leaves, else Intel's */
	uint32_t basic_max;
	uint32_t extended_max;
	uint32_t address_bits;
	uint64_t xcr0;	     /* states that a vp may have; 0 without XSAVE */
	uint32_t xsave_size; /* of all these states */
};

/* Fills out for a leaf outside the hypervisor's range. */
void cpuid_processor(struct vp *vp, uint32_t leaf, uint32_t subleaf,
		     uint32_t out[4]);

/* This machine's; all its processors are taken to be alike. */
const struct cpuid_host *cpuid_host(void);
