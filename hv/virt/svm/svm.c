/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The AMD SVM back end: its table, and what a processor must have for it. */
#include "../../x86/cpu.h"
#include "../../x86/processor.h"
#include "../../x86/register.h"
#include "svm.h"

#define CPUID_EXTENDED		0x80000000u
#define CPUID_EXTENDED_FEATURES 0x80000001u
#define CPUID_EXTENDED_SIZES	0x80000008u
#define CPUID_SVM		0x8000000au

#define CPUID_SVM_NESTED_PAGING BIT(0)
#define CPUID_SVM_NEXT_RIP	BIT(3)
#define CPUID_SVM_FLUSH_BY_ASID BIT(6)
#define CPUID_SVM_DECODE_ASSIST BIT(7)

/* The root of this back end's state. */
static struct {
	struct svm_features features;
	struct svm_asid_lp lps[PROCESSORS_MAX];
} svm;

const struct svm_features *svm_features(void)
{
	return &svm.features;
}

struct svm_asid_lp *svm_lp(void)
{
	return &svm.lps[cpu_lp()];
}

/* A bit of a control register that exists where a CPUID bit is set. */
struct conditional {
	uint32_t leaf;
	uint8_t output; /* EAX, EBX, ECX, EDX */
	uint8_t bit;
	uint8_t gives;
};

/* Bits 0 to 10 were there from the first 64-bit processor on. */
static const struct conditional cr4_bits[] = {
	{1, 2, 17, 17}, /* PCIDE */
	{1, 2, 26, 18}, /* OSXSAVE */
	{7, 1, 0, 16},	/* FSGSBASE */
	{7, 1, 7, 20},	/* SMEP */
	{7, 1, 20, 21}, /* SMAP */
	{7, 2, 2, 11},	/* UMIP */
	{7, 2, 3, 22},	/* PKE */
	{7, 2, 7, 23},	/* CET */
	{7, 2, 16, 12}, /* LA57 */
};
#define CR4_ALWAYS 0x7ffu

static const struct conditional efer_bits[] = {
	{CPUID_EXTENDED_FEATURES, 3, 11, 0},  /* SCE */
	{CPUID_EXTENDED_FEATURES, 3, 20, 11}, /* NXE */
	{CPUID_EXTENDED_FEATURES, 3, 25, 14}, /* FFXSR */
	{CPUID_EXTENDED_FEATURES, 3, 29, 8},  /* LME */
	{CPUID_EXTENDED_FEATURES, 3, 29, 10}, /* LMA */
	{CPUID_EXTENDED_FEATURES, 2, 17, 15}, /* TCE */
};

static uint64_t bits_of(const struct conditional *table, size_t count)
{
	uint64_t bits = 0;
	uint32_t last[4], cpuid[4];

	for (size_t i = 0; i < count; i++) {
		cpu_cpuid(table[i].leaf & CPUID_EXTENDED, 0, last);
		cpu_cpuid(table[i].leaf, 0, cpuid);
		if (table[i].leaf <= last[0] &&
		    cpuid[table[i].output] & BIT(table[i].bit))
			bits |= BIT(table[i].gives);
	}
	return bits;
}

static void features_read(const uint32_t svm_leaf[4])
{
	struct svm_features *features = &svm.features;
	uint32_t cpuid[4];

	features->asids = svm_leaf[1];
	features->flush_one = svm_leaf[3] & CPUID_SVM_FLUSH_BY_ASID;
	features->next_rip = svm_leaf[3] & CPUID_SVM_NEXT_RIP;
	features->decode_assist = svm_leaf[3] & CPUID_SVM_DECODE_ASSIST;
	features->efer = bits_of(efer_bits, ARRAY_SIZE(efer_bits));
	features->cr4 = CR4_ALWAYS | bits_of(cr4_bits, ARRAY_SIZE(cr4_bits));
	cpu_cpuid(CPUID_EXTENDED_SIZES, 0, cpuid);
	features->cr3 = BIT(cpuid[0] & 0xff) - 1;
}

static bool supported(const char **reason)
{
	uint32_t cpuid[4];

	*reason = "the processor has no AMD SVM";
	cpu_cpuid(CPUID_EXTENDED, 0, cpuid);
	if (cpuid[0] < CPUID_SVM)
		return false;
	cpu_cpuid(CPUID_EXTENDED_FEATURES, 0, cpuid);
	if (!(cpuid[2] & BIT(2)))
		return false;

	*reason = "AMD SVM is switched off by firmware (VM_CR.SVMDIS)";
	if (register_read_msr(SVM_MSR_VM_CR) & SVM_VM_CR_DISABLED)
		return false;

	cpu_cpuid(CPUID_SVM, 0, cpuid);
	*reason = "AMD SVM has no nested paging here";
	if (!(cpuid[3] & CPUID_SVM_NESTED_PAGING))
		return false;
	*reason = "AMD SVM has no address space identifiers here";
	if (cpuid[1] < 2)
		return false;

	features_read(cpuid);
	svm_permission_start();
	*reason = NULL;
	return true;
}

static enum hv_status lp_start(spa_t page)
{
	if (cpu_lp() >= PROCESSORS_MAX)
		return HV_STATUS_INVALID_LP_INDEX;
	if (register_read_msr(SVM_MSR_VM_CR) & SVM_VM_CR_DISABLED)
		return HV_STATUS_FEATURE_UNAVAILABLE;

	/* No-execute bits of nested pages obey the hypervisor's own NXE. */
	register_write_msr(MSR_EFER, register_read_msr(MSR_EFER) |
					     SVM_EFER_SVME | EFER_NXE);
	register_write_msr(SVM_MSR_HSAVE_PA, page.value);
	svm_asid_start(svm_lp(), svm.features.asids, svm.features.flush_one);
	return HV_STATUS_SUCCESS;
}

const struct virt_backend svm_backend = {
	.name = "AMD SVM",
	.supported = supported,
	.lp_start = lp_start,
	.vp_create = svm_vp_create,
	.vp_destroy = svm_vp_destroy,
	.vp_reset = svm_vp_reset,
	.vp_switch = svm_vp_switch,
	.vp_run = svm_vp_run,
	.vp_get = svm_vp_get,
	.vp_set = svm_vp_set,
	.vp_inject = svm_vp_inject,
	.vp_window = svm_vp_window,
	.vp_skip = svm_vp_skip,
	.vp_flush = svm_vp_flush,
	.space_map = svm_space_map,
	.space_unmap = svm_space_unmap,
	.space_lookup = svm_space_lookup,
	.space_release = svm_space_release,
};
