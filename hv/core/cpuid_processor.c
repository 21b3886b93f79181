/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The processor's own CPUID leaves, as a partition may see them. A child sees
 * what is listed here; the parent sees all but what is listed here.
 */
#include "cpuid_processor.h"

#include "../../abi/cpuid.h"
#include "../x86/cpu.h"
#include "vp.h"

enum {
	EAX,
	EBX,
	ECX,
	EDX
};

#define EXTENDED	 0x80000000u
#define BASIC_LEAVES	 0x20
#define EXTENDED_LEAVES	 0x23
#define CACHE_LEAF_INTEL 4u
#define TOPOLOGY_LEAF	 0xbu
#define VENDOR_INTEL	 0x756e6547u /* "Genu" */

#define XSAVE_MIN_SIZE 576u

#define CHILD_ADDRESS_BITS_MAX 46u
#define LINEAR_BITS_MAX	       48u

/* Leaf 1 */
#define ECX_X2APIC  BIT(21)
#define ECX_XSAVE   BIT(26)
#define ECX_OSXSAVE BIT(27)
#define EDX_APIC    BIT(9)
#define EDX_HTT	    BIT(28)
#define CR4_OSXSAVE BIT(18)

/* Leaf 6: the APIC timer runs in every state of sleep. */
#define EAX_ARAT BIT(2)

/* Leaf 80000001h: more than one core, in a word older than leaf Bh. */
#define ECX_CMP_LEGACY BIT(1)

/* Leaf 80000007h */
#define EDX_INVARIANT_TSC BIT(8)

/* ---- The machine ---- */

static uint32_t xsave_size(uint64_t states)
{
	uint32_t size = XSAVE_MIN_SIZE;
	uint32_t out[4];

	for (unsigned int i = 2; i < 32; i++) {
		if (!(states & BIT(i)))
			continue;
		cpu_cpuid(CPUID_XSAVE_LEAF, i, out);
		size = MAX(size, out[EAX] + out[EBX]);
	}
	return size;
}

static void host_read(struct cpuid_host *host)
{
	uint32_t out[4];

	cpu_cpuid(0, 0, out);
	host->basic_max = out[EAX];
	host->amd = out[EBX] != VENDOR_INTEL;
	cpu_cpuid(EXTENDED, 0, out);
	host->extended_max = out[EAX] >= EXTENDED ? out[EAX] : EXTENDED;
	host->address_bits = 36;
	if (host->extended_max >= EXTENDED + 8) {
		cpu_cpuid(EXTENDED + 8, 0, out);
		host->address_bits = out[EAX] & 0xff;
	}
	cpu_cpuid(1, 0, out);
	if ((out[ECX] & ECX_XSAVE) && host->basic_max >= CPUID_XSAVE_LEAF) {
		cpu_cpuid(CPUID_XSAVE_LEAF, 0, out);
		host->xcr0 = out[EAX] & CPU_XCR0_STATES;
		host->xsave_size = xsave_size(host->xcr0);
	}
	__atomic_store_n(&host->known, true, __ATOMIC_RELEASE);
}

/* Two processors may both be first: they write the same. */
const struct cpuid_host *cpuid_host(void)
{
	struct cpuid_host *host = &hypervisor.cpuid_host;

	if (!__atomic_load_n(&host->known, __ATOMIC_ACQUIRE))
		host_read(host);
	return host;
}

/* One read on its way: out is what silicon says, and what comes of it. */
struct query {
	const struct vp *vp;
	uint32_t leaf;
	uint32_t subleaf;
	uint32_t *out;
};

static void set_bit(uint32_t *word, uint64_t bit, bool on)
{
	*word = on ? *word | (uint32_t)bit : *word & ~(uint32_t)bit;
}

/* ---- Topology: each vp of a child is a core of one package ---- */

static uint32_t cores(const struct query *query)
{
	return query->vp->partition->vp_limit;
}

/* How many low bits of the APIC id tell the cores apart. */
static uint32_t core_bits(const struct query *query)
{
	uint32_t count = cores(query);

	return count <= 1 ? 0 : 32 - (uint32_t)__builtin_clz(count - 1);
}

static void topology(const struct query *query)
{
	uint32_t subleaf = query->subleaf;
	uint32_t *out = query->out;

	out[EAX] = subleaf == 1 ? core_bits(query) : 0;
	out[EBX] = subleaf == 0 ? 1 : subleaf == 1 ? cores(query) : 0;
	out[ECX] = (subleaf & 0xff) | (subleaf < 2 ? (subleaf + 1) << 8 : 0);
	out[EDX] = query->vp->apic.id;
}

/* How many cores share a cache, less one, in bits 25:14; how many there are,
 * as powers of two, in Intel's bits 31:26. */
static void cache(const struct query *query)
{
	uint32_t eax = query->out[EAX];

	if (!(eax & 0x1f))
		return;
	eax &= ~0x03ffc000u;
	if ((eax >> 5 & 7) >= 3)
		eax |= (cores(query) - 1) << 14;
	if (query->leaf == CACHE_LEAF_INTEL)
		eax = (eax & 0x03ffffff) |
		      MIN((1u << core_bits(query)) - 1, 63u) << 26;
	query->out[EAX] = eax;
}

static void node_amd(const struct query *query)
{
	query->out[EAX] = query->vp->apic.id;
	query->out[EBX] = query->vp->apic.id & 0xff;
}

/* ---- Leaves that need more than a mask ---- */

static void maximum(const struct query *query)
{
	uint32_t max = MIN(query->out[EAX], BASIC_LEAVES - 1u);

	query->out[EAX] = MAX(max, TOPOLOGY_LEAF);
}

static void extended_maximum(const struct query *query)
{
	query->out[EAX] = MIN(query->out[EAX], EXTENDED + 0x21);
}

/* What in leaf 1 depends on the vp, the same for everybody. */
static void features_parent(const struct query *query)
{
	const struct vp *vp = query->vp;
	uint32_t *out = query->out;

	out[EBX] = (out[EBX] & 0x00ffffff) | vp->apic.id << 24;
	out[ECX] |= ECX_X2APIC | CPUID_1_ECX_HYPERVISOR;
	if (!apic_is_enabled(&vp->apic))
		set_bit(&out[EDX], EDX_APIC, false);
	if (out[ECX] & ECX_XSAVE)
		set_bit(&out[ECX], ECX_OSXSAVE,
			vp_register(vp, HV_REGISTER_CR4).u64 & CR4_OSXSAVE);
}

static void features(const struct query *query)
{
	uint32_t *out = query->out;

	features_parent(query);
	out[EBX] = (out[EBX] & 0xff00ff00) | cores(query) << 16;
	set_bit(&out[EDX], EDX_HTT, cores(query) > 1);
}

static void thermal(const struct query *query)
{
	query->out[EAX] |= EAX_ARAT;
}

/* FSGSBASE BMI1 AVX2 SMEP BMI2 ERMS INVPCID AVX512F,DQ RDSEED ADX SMAP IFMA
 * CLFLUSHOPT CLWB AVX512PF,ER,CD SHA AVX512BW,VL */
#define STRUCTURED_EBX 0xfdbf07a9u
/* AVX512VBMI UMIP VBMI2 GFNI VAES VPCLMUL VNNI BITALG VPOPCNTDQ RDPID CLDEMOTE
 * MOVDIRI MOVDIR64B */
#define STRUCTURED_ECX 0x1a405f46u
/* AVX512-4VNNIW,4FMAPS FSRM VP2INTERSECT MD_CLEAR SERIALIZE AVX512-FP16 */
#define STRUCTURED_EDX 0x0080451cu
/* AVX-VNNI AVX512-BF16 FZRM FSRS FSRC AVX-IFMA */
#define STRUCTURED_1_EAX 0x00801c30u

static void structured(const struct query *query)
{
	static const uint32_t masks[2][4] = {
		{1, STRUCTURED_EBX, STRUCTURED_ECX, STRUCTURED_EDX},
		{STRUCTURED_1_EAX, 0, 0, 0},
	};

	for (unsigned int r = 0; r < 4; r++)
		query->out[r] &=
			query->subleaf < 2 ? masks[query->subleaf][r] : 0;
}

/* EBX of subleaves 0 and 1 is for the XCR0 that is loaded: the vp's own. */
static void xsave(const struct query *query)
{
	const struct cpuid_host *host = cpuid_host();
	uint32_t subleaf = query->subleaf;
	uint32_t *out = query->out;

	if (host->xcr0 == 0 ||
	    (subleaf > 1 && (subleaf > 31 || !(host->xcr0 >> subleaf & 1)))) {
		out[EAX] = out[EBX] = out[ECX] = out[EDX] = 0;
	} else if (subleaf == 0) {
		out[EAX] = (uint32_t)host->xcr0;
		out[ECX] = host->xsave_size;
		out[EDX] = 0;
	} else if (subleaf == 1) {
		out[EAX] &= 7; /* XSAVEOPT, XSAVEC, XGETBV; not XSAVES */
		out[ECX] = out[EDX] = 0;
	}
}

static void extended_features(const struct query *query)
{
	if (cpuid_host()->amd && cores(query) > 1)
		query->out[ECX] |= ECX_CMP_LEGACY;
}

/*
 * An enlightened child sees the invariant TSC once it has asked for it by MSR
 * (TLFS, HV_X64_MSR_TSC_INVARIANT_CONTROL); one that knows nothing of us
 * cannot calibrate against ports in another process, and must trust it.
 */
static void power(const struct query *query)
{
	const struct partition *partition = query->vp->partition;

	if (!partition->hyperv)
		query->out[EDX] |= EDX_INVARIANT_TSC;
	else if (!partition->tsc_invariant_control)
		query->out[EDX] = 0;
}

static void addresses(const struct query *query)
{
	const struct cpuid_host *host = cpuid_host();
	uint32_t *out = query->out;
	uint32_t linear = MIN(out[EAX] >> 8 & 0xff, LINEAR_BITS_MAX);

	out[EAX] =
		MIN(host->address_bits, CHILD_ADDRESS_BITS_MAX) | linear << 8;
	if (host->amd)
		out[ECX] = (cores(query) - 1) | core_bits(query) << 12;
}

static void topology_parent(const struct query *query)
{
	if (query->out[EBX] | query->out[EDX])
		query->out[EDX] = query->vp->apic.id;
}

/* ---- Which leaves there are ---- */

struct leaf {
	uint32_t bits[4]; /* a child: shown; the parent: hidden */
	void (*fix)(const struct query *query); /* then; NULL for nothing */
};

#define ALL                                                                    \
	{                                                                      \
		~0u, ~0u, ~0u, ~0u                                             \
	}
#define NONE                                                                   \
	{                                                                      \
		0, 0, 0, 0                                                     \
	}

static const struct leaf child_basic[BASIC_LEAVES] = {
	[0x00] = {ALL, maximum},
	/* SSE3 PCLMUL SSSE3 FMA CX16 PCID SSE4 MOVBE POPCNT AES XSAVE AVX F16C
	 * RDRAND; FPU..CX8 APIC SEP MTRR PGE CMOV PAT PSE36 CLFSH MMX..SS */
	[0x01] = {{~0u, ~0u, 0x76da3203, 0x0f8bbb7f}, features},
	[0x02] = {ALL, NULL},
	[0x04] = {ALL, cache},
	[0x06] = {NONE, thermal},
	[0x07] = {ALL, structured},
	[0x0b] = {NONE, topology},
	[0x0d] = {ALL, xsave},
	[0x18] = {ALL, NULL}, /* TLBs */
};

static const struct leaf child_extended[EXTENDED_LEAVES] = {
	[0x00] = {ALL, extended_maximum},
	/* LAHF CR8_LEGACY ABM SSE4A MISALIGNSSE PREFETCH XOP FMA4 TBM
	 * TOPOEXT; all but MCE and MCA */
	[0x01] = {{~0u, ~0u, 0x006109f1, 0xffffbf7f}, extended_features},
	[0x02 ... 0x06] = {ALL, NULL}, /* brand, caches */
	[0x07] = {{0, 0, 0, EDX_INVARIANT_TSC}, power},
	/* CLZERO RSTR_FP_ERR_PTRS WBNOINVD SSB_NO BTC_NO */
	[0x08] = {{~0u, 0x24000205, 0, 0}, addresses},
	[0x19 ... 0x1a] = {ALL, NULL},
	[0x1d] = {ALL, cache},
	[0x1e] = {NONE, node_amd},
	/* NoNestedDataBp LFENCE_SERIALIZING NULL_SEL_CLEARS_BASE */
	[0x21] = {{0x45, 0, 0, 0}, NULL},
};

static const struct leaf parent_basic[BASIC_LEAVES] = {
	/* DTES64 MONITOR DS_CPL VMX SMX PDCM TSC_DEADLINE; DS */
	[0x01] = {{0, 0, 0x0100807c, 0x00200000}, features_parent},
	[0x05] = {ALL, NULL},
	[0x06] = {NONE, thermal},
	/* TSC_ADJUST SGX MPX PT; PKU OSPKE WAITPKG SHSTK LA57 ENQCMD; UINTR
	 * ARCH_LBR IBT AMX */
	[0x07] = {{0, 0x02004006, 0x200100b8, 0x03580020}, NULL},
	[0x0a] = {ALL, NULL}, /* its counters interrupt by our APIC */
	[0x0b] = {NONE, topology_parent},
	[0x0d] = {NONE, xsave},
	[0x12] = {ALL, NULL},
	[0x14 ... 0x16] = {ALL, NULL}, /* the APIC's timer has no crystal */
	[0x1c ... 0x1e] = {ALL, NULL},
	[0x1f] = {NONE, topology_parent},
};

static const struct leaf parent_extended[EXTENDED_LEAVES] = {
	/* SVM EXTAPIC IBS SKINIT LWP PERFCTR_CORE BPEXT MWAITX */
	[0x01] = {{0, 0, 0x2480940c, 0}, NULL},
	[0x0a] = {ALL, NULL},
	[0x1b ... 0x1c] = {ALL, NULL},
	[0x1f] = {ALL, NULL},
	[0x22] = {ALL, NULL},
};

/* ---- Reading ---- */

static const struct leaf *row_of(const struct leaf *basic,
				 const struct leaf *extended, uint32_t leaf)
{
	if (leaf < BASIC_LEAVES)
		return &basic[leaf];
	if (leaf - EXTENDED < EXTENDED_LEAVES)
		return &extended[leaf - EXTENDED];
	return NULL;
}

static void child_read(const struct query *query)
{
	static const struct leaf nothing;
	const struct cpuid_host *host = cpuid_host();
	const struct leaf *row =
		row_of(child_basic, child_extended, query->leaf);
	uint32_t *out = query->out;
	/* Beyond the last leaf Intel's silicon answers as if to the last. */
	bool there =
		query->leaf <= (query->leaf >= EXTENDED ? host->extended_max
							: host->basic_max);

	if (!row || !there)
		out[EAX] = out[EBX] = out[ECX] = out[EDX] = 0;
	else
		cpu_cpuid(query->leaf, query->subleaf, out);
	row = row ? row : &nothing;
	for (unsigned int r = 0; r < 4; r++)
		out[r] &= row->bits[r];
	if (row->fix && (there || query->leaf == TOPOLOGY_LEAF))
		row->fix(query);
}

static void parent_read(const struct query *query)
{
	const struct leaf *row =
		row_of(parent_basic, parent_extended, query->leaf);

	cpu_cpuid(query->leaf, query->subleaf, query->out);
	if (!row)
		return;
	for (unsigned int r = 0; r < 4; r++)
		query->out[r] &= ~row->bits[r];
	if (row->fix && query->leaf <= cpuid_host()->basic_max)
		row->fix(query);
}

void cpuid_processor(struct vp *vp, uint32_t leaf, uint32_t subleaf,
		     uint32_t out[4])
{
	const struct query query = {vp, leaf, subleaf, out};

	if (partition_is_parent(vp->partition))
		parent_read(&query);
	else
		child_read(&query);
}
