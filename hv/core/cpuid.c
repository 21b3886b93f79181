/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each partition sees of CPUID: the hypervisor's leaves, and overrides. */
#include "cpuid.h"

#include "../../abi/bulkhead.h"
#include "../../abi/cpuid.h"
#include "../x86/cpu.h"
#include "cpuid_processor.h"
#include "vp.h"

#define VERSION_MAJOR 0u
#define VERSION_MINOR 1u
#define VERSION_BUILD 1u

#define FEATURES                                                               \
	(HV_FEATURE_FREQUENCY_MSRS | HV_FEATURE_CRASH_MSRS |                   \
	 HV_FEATURE_STIMER_DIRECT)

static void set(uint32_t out[4], uint32_t eax, uint32_t ebx, uint32_t ecx)
{
	out[0] = eax;
	out[1] = ebx;
	out[2] = ecx;
}

/* Hv#1; beyond what there is, all the range reads as zero. */
static void read_hv1(const struct partition *partition, uint32_t leaf,
		     uint32_t out[4])
{
	uint64_t privileges = partition->privileges;
	/* A child may lose its processor for longer than a watchdog likes. */
	uint32_t relaxed = partition_is_parent(partition)
				   ? 0
				   : HV_RECOMMEND_RELAXED_TIMING;

	switch (leaf) {
	case HV_CPUID_VENDOR_AND_MAX:
		set(out, HV_CPUID_MAX, HV_CPUID_VENDOR_EBX,
		    HV_CPUID_VENDOR_ECX);
		out[3] = HV_CPUID_VENDOR_EDX;
		break;
	case HV_CPUID_INTERFACE:
		out[0] = HV_CPUID_INTERFACE_HV1;
		break;
	case HV_CPUID_VERSION:
		set(out, VERSION_BUILD, VERSION_MAJOR << 16 | VERSION_MINOR, 0);
		break;
	case HV_CPUID_FEATURES:
		set(out, (uint32_t)privileges, (uint32_t)(privileges >> 32), 0);
		out[3] = FEATURES;
		break;
	case HV_CPUID_RECOMMENDATIONS:
		set(out, HV_RECOMMEND_DEPRECATE_AUTO_EOI | relaxed,
		    HV_SPIN_NEVER_NOTIFY, cpuid_host()->address_bits);
		break;
	case HV_CPUID_LIMITS:
		set(out, PARTITION_VPS_MAX, hypervisor.config.lps, 0);
		break;
	case HV_CPUID_HARDWARE_FEATURES:
		out[0] = HV_HARDWARE_MSR_BITMAPS | HV_HARDWARE_SLAT;
		break;
	}
}

/* Our own range, the parent's alone. */
static void read_bulkhead(uint32_t leaf, uint32_t out[4])
{
	if (leaf == BULKHEAD_CPUID_VENDOR) {
		set(out, BULKHEAD_CPUID_FEATURES, BULKHEAD_CPUID_EBX,
		    BULKHEAD_CPUID_ECX);
		out[3] = BULKHEAD_CPUID_EDX;
	} else if (leaf == BULKHEAD_CPUID_FEATURES) {
		set(out, BULKHEAD_EXTENSION_VERSION,
		    BULKHEAD_FEATURE_STATS | BULKHEAD_FEATURE_LOG |
			    BULKHEAD_FEATURE_SCHEDULE |
			    BULKHEAD_FEATURE_EVENT_PORTS,
		    0);
	}
}

static void read_hypervisor(const struct partition *partition, uint32_t leaf,
			    uint32_t out[4])
{
	bool parent = partition_is_parent(partition);

	out[0] = out[1] = out[2] = out[3] = 0;
	if (parent || partition->hyperv)
		read_hv1(partition, leaf, out);
	if (parent)
		read_bulkhead(leaf, out);
}

/* ---- All of it ---- */

/* What the parent has registered for the leaf replaces the masked bits. */
static void override(const struct partition *partition, uint32_t leaf,
		     uint32_t subleaf, uint32_t out[4])
{
	for (uint32_t i = 0; i < partition->cpuid_count; i++) {
		const struct hv_cpuid_result_parameters *result =
			&partition->cpuid[i];
		const uint32_t *pair = &result->eax; /* value and mask */

		if (result->input_eax != leaf ||
		    (result->subleaf_specific && result->input_ecx != subleaf))
			continue;
		for (unsigned int r = 0; r < 4; r++, pair += 2)
			out[r] = (out[r] & ~pair[1]) | (pair[0] & pair[1]);
	}
}

static inline void read_own(struct vp *vp, uint32_t leaf, uint32_t subleaf,
			    uint32_t out[4])
{
	if (leaf - HV_CPUID_FIRST <= HV_CPUID_LAST - HV_CPUID_FIRST)
		read_hypervisor(vp->partition, leaf, out);
	else
		cpuid_processor(vp, leaf, subleaf, out);
}

void cpuid_read(struct vp *vp, uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
	read_own(vp, leaf, subleaf, out);
	override(vp->partition, leaf, subleaf, out);
}

/* The parent's are silicon's, and three of a child's change as it goes on. */
static bool lasting(const struct vp *vp, uint32_t leaf)
{
	return !partition_is_parent(vp->partition) && leaf != 1 &&
	       leaf != CPUID_XSAVE_LEAF && leaf != CPUID_POWER_LEAF;
}

const uint32_t *cpuid_learn(struct vp *vp, uint32_t leaf, uint32_t subleaf)
{
	struct cpuid_known *known = &vp->cpuid[leaf % CPUID_KNOWN];

	*known = (struct cpuid_known){
		.generation =
			lasting(vp, leaf)
				? __atomic_load_n(
					  &vp->partition->cpuid_generation,
					  __ATOMIC_ACQUIRE)
				: 0,
		.leaf = leaf,
		.subleaf = subleaf,
	};
	cpuid_read(vp, leaf, subleaf, known->out);
	return known->out;
}

/* AMD64 manual volume 2, 11.5.2. What the parent registers for the leaf can
 * only take away: silicon, which faults here and not there, knows the rest. */
bool cpuid_xcr0_valid(struct vp *vp, uint64_t value)
{
	const uint64_t avx512 = BIT(5) | BIT(6) | BIT(7);
	uint32_t shown[4];

	cpuid_read(vp, 0xd, 0, shown);
	if (!(value & 1) || (value & ~(cpuid_host()->xcr0 & shown[0])))
		return false;
	/* SSE before AVX, and that before AVX-512, which is all or none. */
	return (value & 6) != 4 &&
	       (!(value & avx512) ||
		((value & avx512) == avx512 && (value & 4)));
}
