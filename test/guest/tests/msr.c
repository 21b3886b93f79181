/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proves that the processor's own MSRs keep what they should, refuse what the
 * manuals say they refuse, and that those which nobody has fault. */
#include "check.h"

#define TSC	     0x10u
#define APIC_BASE    0x1bu
#define SYSENTER_CS  0x174u
#define MTRR_CAP     0xfeu
#define MTRR_BASE0   0x200u
#define MTRR_MASK0   0x201u
#define MTRR_FIXED   0x250u
#define PAT	     0x277u
#define MTRR_DEFAULT 0x2ffu
#define STAR	     0xc0000081u
#define LSTAR	     0xc0000082u
#define CSTAR	     0xc0000083u
#define SFMASK	     0xc0000084u
#define FS_BASE	     0xc0000100u
#define GS_BASE	     0xc0000101u
#define KERNEL_GS    0xc0000102u
#define VM_CR	     0xc0010114u
#define VM_HSAVE     0xc0010117u

#define CANONICAL 0xffff8000deadb000ull

/* Written, read back, and put back. */
static void expect_keeps(uint32_t msr, uint64_t value)
{
	const uint64_t old = msr_get(msr);

	EXPECT(msr_set(msr, value));
	cpuid(0, 0, (uint32_t[4]){0});
	EXPECT_IS(msr_get(msr), value);
	EXPECT(msr_set(msr, old));
	EXPECT_IS(msr_get(msr), old);
}

static void tsc(void)
{
	const uint64_t first = msr_get(TSC);
	const uint64_t between = tsc_read();

	EXPECT(first <= between);
	EXPECT(between <= msr_get(TSC));
	EXPECT(msr_set(TSC, 1)); /* no effect */
	EXPECT(msr_get(TSC) >= between);
}

static uint64_t second_base;

static void read_base(void)
{
	second_base = msr_get(APIC_BASE);
}

static void apic_base(void)
{
	EXPECT_IS(msr_get(APIC_BASE), 0xfee00900);
	EXPECT(msr_set_refused(APIC_BASE, 0xfee00901));
	EXPECT(msr_set_refused(APIC_BASE, 1ull << 60 | 0xfee00900));
	EXPECT(msr_set_refused(APIC_BASE, 0xfee00500)); /* X2APIC alone */
}

static void apic_base_second(void)
{
	EXPECT(second_run(read_base));
	EXPECT_IS(second_base, 0xfee00800);
}

static void efer_kept(void)
{
	const uint64_t old = msr_get(EFER);

	EXPECT_IS(old & (EFER_LME | EFER_LMA), EFER_LME | EFER_LMA);
	EXPECT(msr_set(EFER, old | EFER_SCE | EFER_NXE));
	EXPECT_IS(msr_get(EFER), old | EFER_SCE | EFER_NXE);
	EXPECT(msr_set(EFER, old));
	EXPECT_IS(msr_get(EFER), old);
}

static void efer_refused(void)
{
	const uint64_t old = msr_get(EFER);

	EXPECT(msr_set_refused(EFER, old & ~EFER_LME));
	EXPECT(msr_set_refused(EFER, old | 1ull << 9));
	EXPECT(msr_set_refused(EFER, old | 1ull << 40));
	EXPECT_IS(msr_get(EFER), old);
}

static void efer_svme(void)
{
	const uint64_t old = msr_get(EFER);

	msr_set(EFER, old | EFER_SVME);
	EXPECT_IS(msr_get(EFER) & EFER_SVME, 0);
	EXPECT_IS(TRY("vmrun", ::"a"(0ull) : "memory"), VECTOR_UD);
	msr_set(EFER, old);
}

static void vm_cr(void)
{
	uint64_t value;

	EXPECT_IS(msr_get(VM_CR) & 0x18, 0x18);
	EXPECT(msr_set_refused(VM_CR, 0));
	EXPECT(!probe_rdmsr(VM_HSAVE, &value));
}

static void bases(void)
{
	expect_keeps(FS_BASE, CANONICAL);
	expect_keeps(GS_BASE, CANONICAL);
	expect_keeps(KERNEL_GS, CANONICAL);
}

static void fs_base_used(void)
{
	static const uint64_t words[] = {0x1111, 0x2222};
	uint64_t value;

	msr_set(FS_BASE, (uint64_t)words);
	port_read(0x2f8); /* another process has run meanwhile */
	__asm__ volatile("movq %%fs:8, %0" : "=r"(value));
	EXPECT_IS(value, 0x2222);
	msr_set(FS_BASE, 0);
}

static void swapgs(void)
{
	msr_set(GS_BASE, 0x1000);
	msr_set(KERNEL_GS, 0x2000);
	__asm__ volatile("swapgs");
	EXPECT_IS(msr_get(GS_BASE), 0x2000);
	EXPECT_IS(msr_get(KERNEL_GS), 0x1000);
	msr_set(GS_BASE, 0);
	msr_set(KERNEL_GS, 0);
}

static void system_call(void)
{
	expect_keeps(STAR, 0x0023001000000000ull);
	expect_keeps(LSTAR, CANONICAL);
	expect_keeps(CSTAR, CANONICAL);
	expect_keeps(SFMASK, 0x47700);
}

static void sysenter(void)
{
	expect_keeps(SYSENTER_CS, 0x10);
	expect_keeps(SYSENTER_CS + 1, CANONICAL);
	expect_keeps(SYSENTER_CS + 2, CANONICAL);
}

static void pat(void)
{
	EXPECT_IS(msr_get(PAT), 0x0007040600070406ull);
	expect_keeps(PAT, 0x0407050600070106ull);
	EXPECT(msr_set_refused(PAT, 2));
	EXPECT(msr_set_refused(PAT, 0x08ull << 56));
	EXPECT_IS(msr_get(PAT), 0x0007040600070406ull);
}

static void mtrr(void)
{
	EXPECT_IS(msr_get(MTRR_CAP) & 0xff, 8);
	EXPECT(msr_set_refused(MTRR_CAP, 0));
	expect_keeps(MTRR_DEFAULT, 0xc06);
	EXPECT(msr_set_refused(MTRR_DEFAULT, 0x802)); /* type 2 */
	EXPECT(msr_set_refused(MTRR_DEFAULT, 0x1806));
	expect_keeps(MTRR_BASE0, 0x80000006);
	expect_keeps(MTRR_MASK0, 0x80000800);
	EXPECT(msr_set_refused(MTRR_BASE0, 0x80000003));
	EXPECT(msr_set_refused(MTRR_BASE0, 1ull << 60));
	expect_keeps(MTRR_FIXED, 0x0606060606060606ull);
	EXPECT(msr_set_refused(MTRR_FIXED, 0x02));
}

static void read_only(void)
{
	static const uint32_t numbers[] = {0x34, 0x3a, 0x179, 0xc0010131};
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		msr_get(numbers[i]);
		EXPECT(msr_set_refused(numbers[i], 0));
	}
}

static void without_effect(void)
{
	static const uint32_t numbers[] = {
		0x17,	    0x2a,	0x3b,	    0x79,	0xce,
		0xe2,	    0x17a,	0x198,	    0x1d9,	0x1fc,
		0xc0010000, 0xc0010010, 0xc001001a, 0xc001001f, 0xc0010061};
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		EXPECT(msr_set(numbers[i], 0xff));
		EXPECT_IS(msr_get(numbers[i]), 0);
	}
}

/* The parent decides: our worker refuses. */
static void nobodys(void)
{
	static const uint32_t numbers[] = {0x12345678, 0x480, 0xc0002000,
					   0xc0011fff, 0xffffffff};
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		EXPECT(msr_get_refused(numbers[i]));
		EXPECT(msr_set_refused(numbers[i], 0));
	}
}

static void upper_half(void)
{
	uint64_t rax = ~0ull, rdx = ~0ull;

	__asm__ volatile("rdmsr" : "=a"(rax), "=d"(rdx) : "c"(PAT));
	EXPECT_IS(rax >> 32, 0);
	EXPECT_IS(rdx >> 32, 0);
}

static const struct check checks[] = {
	{"msr-tsc", tsc, 0},
	{"msr-apic-base", apic_base, 0},
	{"msr-apic-base-second", apic_base_second, NEEDS_SECOND},
	{"msr-efer", efer_kept, 0},
	{"msr-efer-refused", efer_refused, 0},
	{"msr-efer-svme", efer_svme, 0},
	{"msr-vm-cr", vm_cr, 0},
	{"msr-bases", bases, 0},
	{"msr-fs-base-used", fs_base_used, 0},
	{"msr-swapgs", swapgs, 0},
	{"msr-system-call", system_call, 0},
	{"msr-sysenter", sysenter, 0},
	{"msr-pat", pat, 0},
	{"msr-mtrr", mtrr, 0},
	{"msr-read-only", read_only, 0},
	{"msr-without-effect", without_effect, 0},
	{"msr-nobodys", nobodys, 0},
	{"msr-clears-upper-halves", upper_half, 0},
};
CHAPTER(msr);
