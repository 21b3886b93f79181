/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The processor's MSRs, as far as they are trapped. */
#include "msr.h"

#include "../../abi/msr.h"
#include "../x86/cpu.h"
#include "apic.h"
#include "cpuid_processor.h"
#include "msr_table.h"
#include "vp.h"

#define EFER_LME BIT(8)
#define EFER_LMA BIT(10)
#define CR0_PG	 BIT(31)

/* Fast strings; neither branch tracing nor sampling. Intel volume 4. */
#define MISC_ENABLE_DEFAULT (BIT(0) | BIT(11) | BIT(12))

/* Eight variable ranges, fixed ranges, write combining. All memory is
 * write-back where nothing else is said: what firmware would leave to a
 * kernel, and kernels may be started without any. */
#define MTRR_CAP	      (8 | BIT(8) | BIT(10))
#define MTRR_DEFAULT	      (BIT(11) | 6)
#define MTRR_DEFAULT_RESERVED (~(BIT(11) | BIT(10) | 0xffull))
#define MTRR_MASK_VALID	      BIT(11)

#define FEATURE_CONTROL_LOCKED 1
#define TSC_COUNTS_AT_P0       BIT(24)	    /* HWCR */
#define LFENCE_SERIALIZES      BIT(1)	    /* DE_CFG */
#define SVM_DISABLED_LOCKED    0x18	    /* VM_CR */
#define MICROCODE_INTEL	       (1ull << 32) /* revision in the upper half */

/* ---- What rows say ---- */

bool msr_constant(struct msr_access *access)
{
	access->value = access->row->argument;
	return true;
}

bool msr_ignore(struct msr_access *access)
{
	(void)access;
	return true;
}

bool msr_refuse(struct msr_access *access)
{
	(void)access;
	return false;
}

static uint64_t *field_of(const struct msr_access *access, void *structure)
{
	uint64_t *first =
		(uint64_t *)((char *)structure + access->row->argument);

	return first + (access->msr - access->row->first);
}

bool msr_read_vp(struct msr_access *access)
{
	access->value = *field_of(access, access->vp);
	return true;
}

bool msr_write_vp(struct msr_access *access)
{
	*field_of(access, access->vp) = access->value;
	return true;
}

bool msr_read_partition(struct msr_access *access)
{
	access->value = *field_of(access, access->vp->partition);
	return true;
}

bool msr_write_partition(struct msr_access *access)
{
	__atomic_store_n(field_of(access, access->vp->partition), access->value,
			 __ATOMIC_RELAXED);
	return true;
}

static bool tsc_read(struct msr_access *access)
{
	access->value = cpu_now();
	return true;
}

static bool apic_read(struct msr_access *access)
{
	return apic_msr_read(access->vp, access->msr, &access->value);
}

static bool apic_write(struct msr_access *access)
{
	return apic_msr_write(access->vp, access->msr, access->value);
}

/* ---- Registers that the back end keeps: argument is the name ---- */

static bool register_read(struct msr_access *access)
{
	access->value =
		vp_register(access->vp, (uint32_t)access->row->argument).u64;
	return true;
}

static bool register_write(struct msr_access *access)
{
	const struct hv_register_value value = {.u64 = access->value};

	return virt->vp_set(access->vp->virt, (uint32_t)access->row->argument,
			    &value);
}

/* Silicon alone sets LMA; LME changes only without paging. */
static bool efer_write(struct msr_access *access)
{
	uint64_t old = vp_register(access->vp, HV_REGISTER_EFER).u64;

	if (((old ^ access->value) & EFER_LME) &&
	    (vp_register(access->vp, HV_REGISTER_CR0).u64 & CR0_PG))
		return false;
	access->value = (access->value & ~EFER_LMA) | (old & EFER_LMA);
	return register_write(access);
}

static bool base_read(struct msr_access *access)
{
	uint32_t name = (uint32_t)access->row->argument;

	access->value = vp_register(access->vp, name).segment.base;
	return true;
}

static bool base_write(struct msr_access *access)
{
	uint32_t name = (uint32_t)access->row->argument;
	struct hv_register_value value = vp_register(access->vp, name);

	if (access->value + BIT(47) >= BIT(48))
		return false; /* not canonical */
	value.segment.base = access->value;
	return virt->vp_set(access->vp->virt, name, &value);
}

/* ---- Memory type ranges: kept, checked, and of no effect ---- */

/* UC, WC, WT, WP, WB in each byte of the mask. */
static bool types_valid(uint64_t value, uint64_t mask)
{
	for (; mask; value >>= 8, mask >>= 8) {
		uint8_t type = value & mask & 0xff;

		if (type > 6 || type == 2 || type == 3)
			return false;
	}
	return true;
}

static bool mtrr_write_default(struct msr_access *access)
{
	return !(access->value & MTRR_DEFAULT_RESERVED) &&
	       types_valid(access->value, 0xff) && msr_write_vp(access);
}

static bool mtrr_write_range(struct msr_access *access)
{
	uint64_t value = access->value;
	bool mask = access->msr & 1;

	if (value >> cpuid_host()->address_bits ||
	    (mask && (value & PAGE_MASK & ~MTRR_MASK_VALID)) ||
	    (!mask && ((value & 0xf00) || !types_valid(value, 0xff))))
		return false;
	return msr_write_vp(access);
}

static bool mtrr_write_fixed(struct msr_access *access)
{
	return types_valid(access->value, UINT64_MAX) && msr_write_vp(access);
}

/* ---- The table ---- */

#define VP(field) offsetof(struct vp, field)
#define KEPT(msr, name)                                                        \
	{                                                                      \
		msr, msr, register_read, register_write, HV_REGISTER_##name, 0 \
	}
#define CONSTANT(msr, value)                                                   \
	{                                                                      \
		msr, msr, msr_constant, msr_ignore, value, 0                   \
	}
#define READ_ONLY(msr, value)                                                  \
	{                                                                      \
		msr, msr, msr_constant, msr_refuse, value, 0                   \
	}
#define MTRR_FIXED(first, last, index)                                         \
	{                                                                      \
		first, last, msr_read_vp, mtrr_write_fixed,                    \
			VP(msr.mtrr_fixed[index]), 0                           \
	}
/* Read as zero, written without effect: what kernels touch on their way up. */
#define NOTHING(first, last)                                                   \
	{                                                                      \
		first, last, msr_constant, msr_ignore, 0, 0                    \
	}

static const struct msr_row rows[] = {
	{0x10, 0x10, tsc_read, msr_ignore, 0, 0},
	NOTHING(0x17, 0x17), /* PLATFORM_ID */
	{0x1b, 0x1b, msr_read_vp, apic_write, VP(apic.base), 0},
	NOTHING(0x2a, 0x2a), /* EBL_CR_POWERON */
	READ_ONLY(0x34, 0),  /* SMI_COUNT */
	READ_ONLY(0x3a, FEATURE_CONTROL_LOCKED),
	NOTHING(0x3b, 0x3b), /* TSC_ADJUST */
	NOTHING(0x79, 0x79), /* microcode update */
	CONSTANT(0x8b, MICROCODE_INTEL),
	NOTHING(0xce, 0xce), /* PLATFORM_INFO */
	NOTHING(0xe2, 0xe2), /* PKG_CST_CONFIG_CONTROL */
	READ_ONLY(0xfe, MTRR_CAP),
	NOTHING(0x11e, 0x11e), /* BBL_CR_CTL3 */
	NOTHING(0x140, 0x140), /* MISC_FEATURES_ENABLES */
	KEPT(0x174, SYSENTER_CS),
	KEPT(0x175, SYSENTER_ESP),
	KEPT(0x176, SYSENTER_EIP),
	READ_ONLY(0x179, 0),   /* MCG_CAP */
	NOTHING(0x17a, 0x17a), /* MCG_STATUS */
	NOTHING(0x198, 0x19c), /* PERF_STATUS .. THERM_STATUS */
	{0x1a0, 0x1a0, msr_read_vp, msr_write_vp, VP(msr.misc_enable), 0},
	NOTHING(0x1d9, 0x1d9), /* DEBUGCTL */
	NOTHING(0x1db, 0x1de), /* last branch and exception */
	NOTHING(0x1fc, 0x1fc), /* POWER_CTL */
	{0x200, 0x20f, msr_read_vp, mtrr_write_range, VP(msr.mtrr_range), 0},
	MTRR_FIXED(0x250, 0x250, 0),
	MTRR_FIXED(0x258, 0x259, 1),
	MTRR_FIXED(0x268, 0x26f, 3),
	KEPT(0x277, PAT),
	{0x2ff, 0x2ff, msr_read_vp, mtrr_write_default, VP(msr.mtrr_default),
	 0},
	{0x800, 0x8ff, apic_read, apic_write, 0, 0}, /* x2APIC */
	{0xc0000080, 0xc0000080, register_read, efer_write, HV_REGISTER_EFER,
	 0},
	KEPT(0xc0000081, STAR),
	KEPT(0xc0000082, LSTAR),
	KEPT(0xc0000083, CSTAR),
	KEPT(0xc0000084, SFMASK),
	{0xc0000100, 0xc0000100, base_read, base_write, HV_REGISTER_FS, 0},
	{0xc0000101, 0xc0000101, base_read, base_write, HV_REGISTER_GS, 0},
	KEPT(0xc0000102, KERNEL_GS_BASE),
	NOTHING(0xc0010000, 0xc0010007),	    /* performance counters */
	NOTHING(0xc0010010, 0xc0010010),	    /* SYSCFG */
	CONSTANT(0xc0010015, TSC_COUNTS_AT_P0),	    /* HWCR */
	NOTHING(0xc0010016, 0xc001001a),	    /* IORR, TOP_MEM */
	NOTHING(0xc001001d, 0xc001001d),	    /* TOP_MEM2 */
	NOTHING(0xc001001f, 0xc0010020),	    /* NB_CFG, microcode */
	NOTHING(0xc0010055, 0xc0010055),	    /* INT_PENDING_MSG */
	NOTHING(0xc0010058, 0xc0010058),	    /* MMIO_CFG_BASE */
	NOTHING(0xc0010061, 0xc0010064),	    /* P-states */
	NOTHING(0xc0010111, 0xc0010113),	    /* SMBASE, SMM segments */
	READ_ONLY(0xc0010114, SVM_DISABLED_LOCKED), /* VM_CR */
	NOTHING(0xc0010115, 0xc0010116),	    /* IGNNE, SMM_CTL */
	READ_ONLY(0xc0010131, 0),		    /* SEV_STATUS */
	NOTHING(0xc0011004, 0xc0011005),	    /* CPUID overrides */
	NOTHING(0xc0011020, 0xc0011023),	    /* LS, IC, DC, BU_CFG */
	CONSTANT(0xc0011029, LFENCE_SERIALIZES),    /* DE_CFG */
	NOTHING(0xc001102a, 0xc001102d),	    /* BU_CFG2 .. */
};

/* ---- Dispatch ---- */

const struct msr_row *msr_find(const struct msr_row *table, size_t count,
			       uint32_t msr)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (msr > table[middle].last)
			low = middle + 1;
		else if (msr < table[middle].first)
			high = middle;
		else
			return &table[middle];
	}
	return NULL;
}

enum msr_result msr_search(struct msr_access *access, bool write)
{
	uint32_t msr = access->msr;
	const struct msr_row *row =
		msr_find(msr_synthetic_rows, msr_synthetic_count, msr);

	if (!row)
		row = msr_find(rows, ARRAY_SIZE(rows), msr);
	if (!row)
		return msr - HV_MSR_FIRST <= HV_MSR_LAST - HV_MSR_FIRST
			       ? MSR_FAULT
			       : MSR_UNIMPLEMENTED;
	access->vp->msr.known[msr % MSR_ROWS] = (struct msr_known){msr, row};
	return msr_run(access, write);
}

enum msr_result msr_read(struct vp *vp, uint32_t msr, uint64_t *value)
{
	struct msr_access access = {.vp = vp, .msr = msr};
	enum msr_result result = msr_run(&access, false);

	if (result == MSR_DONE)
		*value = access.value;
	return result;
}

enum msr_result msr_write(struct vp *vp, uint32_t msr, uint64_t value)
{
	struct msr_access access = {.vp = vp, .msr = msr, .value = value};

	return msr_run(&access, true);
}

void msr_reset(struct vp *vp)
{
	vp->msr = (struct msr_state){.mtrr_default = MTRR_DEFAULT,
				     .misc_enable = MISC_ENABLE_DEFAULT,
				     .known[0].msr = 1}; /* not 0's: none */
}
