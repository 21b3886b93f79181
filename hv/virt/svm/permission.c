/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which MSRs and ports exit: tables for children, and for the parent. */
#include "../../lib/string.h"
#include "../../x86/paging.h"
#include "../../x86/register.h"
#include "svm.h"

#define READ  1u
#define WRITE 2u
#define BOTH  (READ | WRITE)

/* APM volume 2, 15.11: two bits an MSR, three ranges of 8192 MSRs. */
#define MSR_RANGE_MSRS	0x2000u
#define MSR_RANGE_BYTES 0x800u
#define MSR_MAP_BYTES	8192u

/* APM volume 2, 15.10.1: one bit a port, and some beyond FFFF. */
#define IO_MAP_BYTES 12288u

enum owner {
	CHILD,
	PARENT,
	OWNERS
};

static uint8_t msr_map[OWNERS][MSR_MAP_BYTES]
	__attribute__((aligned(PAGE_SIZE)));
static uint8_t io_map[OWNERS][IO_MAP_BYTES] __attribute__((aligned(PAGE_SIZE)));

struct msr_rule {
	uint32_t first;
	uint32_t last;
	uint8_t trap; /* READ, WRITE: what exits */
};

/*
 * What VMLOAD and VMSAVE, or the core's switch, keep apart. All else of a
 * child exits.
 */
static const struct msr_rule child_rules[] = {
	{0x174, 0x176, 0},	     /* SYSENTER_CS, _ESP, _EIP */
	{0xc0000081, 0xc0000084, 0}, /* STAR, LSTAR, CSTAR, SFMASK */
	{0xc0000100, 0xc0000102, 0}, /* FS, GS, KERNEL_GS bases */
	{MSR_TSC_AUX, MSR_TSC_AUX, 0},
};

/*
 * What of the parent exits: the clock, the local APIC, what turns SVM on or
 * redirects memory behind the hypervisor's back. It owns all else.
 */
static const struct msr_rule parent_rules[] = {
	{0x10, 0x10, BOTH}, /* TSC: some processors read 0 here */
	{MSR_APIC_BASE, MSR_APIC_BASE, BOTH},
	{0x3b, 0x3b, BOTH},   /* TSC_ADJUST */
	{0x79, 0x79, WRITE},  /* microcode, Intel's way */
	{0x277, 0x277, BOTH}, /* PAT */
	{MSR_TSC_DEADLINE, MSR_TSC_DEADLINE, BOTH},
	{0x800, 0x8ff, BOTH}, /* x2APIC */
	{MSR_EFER, MSR_EFER, BOTH},
	{0xc0000104, 0xc0000104, BOTH},	 /* TSC ratio of guests */
	{0xc0010010, 0xc0010010, WRITE}, /* SYSCFG */
	{0xc0010016, 0xc001001a, WRITE}, /* IORR, TOP_MEM */
	{0xc001001d, 0xc001001d, WRITE}, /* TOP_MEM2 */
	{0xc0010020, 0xc0010020, WRITE}, /* microcode */
	{0xc0010111, 0xc0010113, WRITE}, /* SMBASE, SMM_ADDR, SMM_MASK */
	{0xc0010114, 0xc0010114, BOTH},	 /* VM_CR */
	{0xc0010115, 0xc0010116, WRITE}, /* IGNNE, SMM_CTL */
	{0xc0010117, 0xc0010119, BOTH},	 /* VM_HSAVE_PA, SVM and SMM keys */
	{0xc001011b, 0xc001011b, BOTH},	 /* AVIC doorbell */
};

static void msr_apply(uint8_t *map, const struct msr_rule *rule)
{
	for (uint32_t msr = rule->first; msr <= rule->last; msr++) {
		unsigned int range = msr < 0xc0000000u	 ? 0
				     : msr < 0xc0010000u ? 1
							 : 2;
		uint8_t *byte = &map[range * MSR_RANGE_BYTES +
				     msr % MSR_RANGE_MSRS / 4];
		unsigned int shift = msr % 4 * 2;

		*byte = (uint8_t)((*byte & ~(BOTH << shift)) |
				  (unsigned int)rule->trap << shift);
	}
}

void svm_permission_start(void)
{
	memset(msr_map[CHILD], 0xff, MSR_MAP_BYTES);
	memset(io_map[CHILD], 0xff, IO_MAP_BYTES);
	for (size_t i = 0; i < ARRAY_SIZE(child_rules); i++)
		msr_apply(msr_map[CHILD], &child_rules[i]);
	for (size_t i = 0; i < ARRAY_SIZE(parent_rules); i++)
		msr_apply(msr_map[PARENT], &parent_rules[i]);
}

void svm_permission_set(struct vmcb *vmcb, const struct virt_vp_config *config)
{
	enum owner owner = config->parent ? PARENT : CHILD;

	if (config->own_port)
		for (uint32_t i = 0; i < 8; i++) {
			uint32_t port = config->own_port + i;

			io_map[owner][port / 8] |= (uint8_t)(1u << port % 8);
		}
	vmcb->io_permissions = (uintptr_t)io_map[owner] - PAGING_IMAGE;
	vmcb->msr_permissions = (uintptr_t)msr_map[owner] - PAGING_IMAGE;
}
