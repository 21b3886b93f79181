/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proves that each CPUID leaf reads as documented: the hypervisor's range, and
 * what of the processor's own leaves depends on the partition or its state. */
#include "check.h"

#include "abi/bulkhead.h"
#include "abi/cpuid.h"

enum {
	EAX,
	EBX,
	ECX,
	EDX
};

static uint32_t out[4];

static void expect_nothing(uint32_t leaf)
{
	cpuid(leaf, 0, out);
	EXPECT_IS(out[EAX] | out[EBX] | out[ECX] | out[EDX], 0);
}

static void vendor(void)
{
	cpuid(HV_CPUID_VENDOR_AND_MAX, 0, out);
	EXPECT_IS(out[EAX], HV_CPUID_MAX);
	EXPECT_IS(out[EBX], HV_CPUID_VENDOR_EBX);
	EXPECT_IS(out[ECX], HV_CPUID_VENDOR_ECX);
	EXPECT_IS(out[EDX], HV_CPUID_VENDOR_EDX);
}

static void interface(void)
{
	cpuid(HV_CPUID_INTERFACE, 0, out);
	EXPECT_IS(out[EAX], HV_CPUID_INTERFACE_HV1);
	EXPECT_IS(out[EBX] | out[ECX] | out[EDX], 0);
}

static void version(void)
{
	cpuid(HV_CPUID_VERSION, 0, out);
	EXPECT(out[EAX] != 0);
	EXPECT_IS(out[ECX] | out[EDX], 0);
}

static void privileges(void)
{
	cpuid(HV_CPUID_FEATURES, 0, out);
	EXPECT_IS(out[EAX],
		  HV_PRIVILEGE_VP_RUNTIME | HV_PRIVILEGE_TIME_REF_COUNT |
			  HV_PRIVILEGE_SYNIC | HV_PRIVILEGE_STIMER |
			  HV_PRIVILEGE_HYPERCALL | HV_PRIVILEGE_VP_INDEX |
			  HV_PRIVILEGE_RESET | HV_PRIVILEGE_REFERENCE_TSC |
			  HV_PRIVILEGE_FREQUENCY);
	EXPECT_IS(out[EBX], HV_PRIVILEGE_EBX_POST_MESSAGES |
				    HV_PRIVILEGE_EBX_SIGNAL_EVENTS);
}

static void features(void)
{
	cpuid(HV_CPUID_FEATURES, 0, out);
	EXPECT_IS(out[EDX], HV_FEATURE_FREQUENCY_MSRS | HV_FEATURE_CRASH_MSRS |
				    HV_FEATURE_STIMER_DIRECT);
}

static void recommendations(void)
{
	cpuid(HV_CPUID_RECOMMENDATIONS, 0, out);
	EXPECT_IS(out[EAX], HV_RECOMMEND_DEPRECATE_AUTO_EOI |
				    HV_RECOMMEND_RELAXED_TIMING);
	EXPECT_IS(out[EBX], HV_SPIN_NEVER_NOTIFY);
	EXPECT(out[ECX] >= 32 && out[ECX] <= 52);
}

static void limits(void)
{
	cpuid(HV_CPUID_LIMITS, 0, out);
	EXPECT_IS(out[EAX], 128);
	EXPECT(out[EBX] >= 1);
}

static void hardware(void)
{
	cpuid(HV_CPUID_HARDWARE_FEATURES, 0, out);
	EXPECT_IS(out[EAX], HV_HARDWARE_MSR_BITMAPS | HV_HARDWARE_SLAT);
}

static void beyond(void)
{
	static const uint32_t leaves[] = {0x40000007, 0x40000008, 0x40000009,
					  0x4000000a, 0x4000000b, 0x4000000c,
					  0x4000000d, 0x40000080, 0x40000082,
					  0x400000ff, 0x40000200, 0x4000ffff};
	size_t i;

	for (i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++)
		expect_nothing(leaves[i]);
}

static void own_range(void)
{
	expect_nothing(BULKHEAD_CPUID_VENDOR);
	expect_nothing(BULKHEAD_CPUID_FEATURES);
}

static void hidden(void)
{
	uint32_t leaf;

	for (leaf = 0x40000000; leaf < 0x40000110; leaf++)
		expect_nothing(leaf);
}

static void processor_features(void)
{
	cpuid(1, 0, out);
	EXPECT(out[ECX] & CPUID_1_ECX_HYPERVISOR);
	EXPECT(out[ECX] & 1u << 21);	   /* x2APIC */
	EXPECT_IS(out[ECX] & 1u << 3, 0);  /* MONITOR */
	EXPECT_IS(out[ECX] & 1u << 5, 0);  /* VMX */
	EXPECT_IS(out[ECX] & 1u << 24, 0); /* TSC deadline */
	cpuid(0x80000001, 0, out);
	EXPECT_IS(out[ECX] & 1u << 2, 0); /* SVM */
}

static uint32_t second_id[2];

static void read_id(void)
{
	uint32_t mine[4];

	cpuid(1, 0, mine);
	second_id[0] = mine[EBX] >> 24;
	cpuid(0xb, 0, mine);
	second_id[1] = mine[EDX];
}

static void apic_id(void)
{
	cpuid(1, 0, out);
	EXPECT_IS(out[EBX] >> 24, 0);
	EXPECT(second_run(read_id));
	EXPECT_IS(second_id[0], 1);
	EXPECT_IS(second_id[1], 1);
}

static void topology(void)
{
	cpuid(1, 0, out);
	EXPECT_IS(out[EBX] >> 16 & 0xff, 2);
	EXPECT(out[EDX] & 1u << 28);
	cpuid(0xb, 0, out);
	EXPECT_IS(out[EBX], 1);
	EXPECT_IS(out[ECX], 0x100);
	cpuid(0xb, 1, out);
	EXPECT_IS(out[EAX], 1);
	EXPECT_IS(out[EBX], 2);
	EXPECT_IS(out[ECX], 0x201);
	cpuid(0xb, 2, out);
	EXPECT_IS(out[EBX], 0);
}

static void osxsave(void)
{
	const uint64_t cr4 = cr4_read();

	cpuid(1, 0, out);
	if (!(out[ECX] & 1u << 26))
		return;
	cr4_write(cr4 & ~CR4_OSXSAVE);
	cpuid(1, 0, out);
	EXPECT_IS(out[ECX] & 1u << 27, 0);
	cr4_write(cr4 | CR4_OSXSAVE);
	cpuid(1, 0, out);
	EXPECT(out[ECX] & 1u << 27);
	cr4_write(cr4);
}

static void xsave(void)
{
	cpuid(0xd, 0, out);
	EXPECT_IS(out[EAX] & 3, 3);
	EXPECT_IS(out[EDX], 0);
	EXPECT(out[ECX] >= 576 && out[ECX] <= PAGE);
	cpuid(0xd, 1, out);
	EXPECT_IS(out[EAX] & 8, 0); /* XSAVES */
	EXPECT_IS(out[ECX] | out[EDX], 0);
	cpuid(0xd, 40, out);
	EXPECT_IS(out[EAX] | out[EBX] | out[ECX] | out[EDX], 0);
}

static void apic_follows_base(void)
{
	const uint64_t base = msr_get(0x1b);

	cpuid(1, 0, out);
	EXPECT(out[EDX] & 1u << 9);
	msr_set(0x1b, base & ~0x800ull);
	cpuid(1, 0, out);
	EXPECT_IS(out[EDX] & 1u << 9, 0);
	msr_set(0x1b, base);
	apic_on();
	cpuid(1, 0, out);
	EXPECT(out[EDX] & 1u << 9);
}

static void addresses(void)
{
	uint64_t wide;

	cpuid(0x80000008, 0, out);
	wide = out[EAX] & 0xff;
	EXPECT(wide >= 32 && wide <= 46);
	EXPECT_IS(out[EAX] >> 8 & 0xff, 48);
}

static void extended_maximum(void)
{
	cpuid(0x80000000, 0, out);
	EXPECT(out[EAX] >= 0x80000008 && out[EAX] <= 0x80000021);
	expect_nothing(0x8000ff00);
	expect_nothing(0x80000025);
}

static void invariant(void)
{
	cpuid(0x80000007, 0, out);
	EXPECT_IS(out[EDX], 1u << 8);
}

static void upper_halves(void)
{
	uint64_t rax = 0xffffffff00000000ull | HV_CPUID_HARDWARE_FEATURES;
	uint64_t rbx = ~0ull, rcx = 0xffffffff00000000ull, rdx = ~0ull;

	__asm__ volatile("cpuid" : "+a"(rax), "+b"(rbx), "+c"(rcx), "+d"(rdx));
	EXPECT_IS((rax | rbx | rcx | rdx) >> 32, 0);
}

static const struct check checks[] = {
	{"cpuid-vendor", vendor, NEEDS_HYPERVISOR},
	{"cpuid-interface", interface, NEEDS_HYPERVISOR},
	{"cpuid-version", version, NEEDS_HYPERVISOR},
	{"cpuid-privileges", privileges, NEEDS_HYPERVISOR},
	{"cpuid-features", features, NEEDS_HYPERVISOR},
	{"cpuid-recommendations", recommendations, NEEDS_HYPERVISOR},
	{"cpuid-limits", limits, NEEDS_HYPERVISOR},
	{"cpuid-hardware", hardware, NEEDS_HYPERVISOR},
	{"cpuid-beyond-the-last", beyond, NEEDS_HYPERVISOR},
	{"cpuid-parents-own-leaves", own_range, NEEDS_HYPERVISOR},
	{"cpuid-hidden", hidden, NEEDS_HIDDEN},
	{"cpuid-hidden-invariant-tsc", invariant, NEEDS_HIDDEN},
	{"cpuid-processor-features", processor_features, 0},
	{"cpuid-apic-id", apic_id, NEEDS_SECOND},
	{"cpuid-topology", topology, NEEDS_SECOND},
	{"cpuid-osxsave-follows-cr4", osxsave, 0},
	{"cpuid-xsave", xsave, NEEDS_AVX},
	{"cpuid-apic-follows-base", apic_follows_base, 0},
	{"cpuid-addresses", addresses, 0},
	{"cpuid-extended-maximum", extended_maximum, 0},
	{"cpuid-clears-upper-halves", upper_halves, 0},
};
CHAPTER(cpuid);
