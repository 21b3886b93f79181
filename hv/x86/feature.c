/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the boot processor can do beyond plain 64-bit mode; asked once. */
#include "feature.h"
#include "../lib/string.h"
#include "register.h"

#define XSAVE_LEGACY_SIZE 576u /* FXSAVE's part and the header */
#define XCR0_LEGACY	  3u   /* x87 and SSE have no sub-leaf */

static struct features found;

static bool bit(uint32_t value, unsigned int number)
{
	return (value >> number & 1) != 0;
}

/*
 * The user states whose place in the standard format ends within one page:
 * all but AMX tiles today. States of a group (AVX-512, AMX) come together.
 */
static uint64_t xcr0_that_fits(void)
{
	uint32_t out[4];
	uint64_t offered;
	uint64_t fits = XCR0_LEGACY;

	register_cpuid(0xd, 0, out);
	offered = (uint64_t)out[3] << 32 | out[0];
	for (unsigned int i = 2; i < 63; i++) {
		if ((offered & BIT(i)) == 0)
			continue;
		register_cpuid(0xd, i, out);
		if (out[1] >= XSAVE_LEGACY_SIZE && out[0] + out[1] <= PAGE_SIZE)
			fits |= BIT(i);
	}
	if ((fits & (BIT(17) | BIT(18))) != (BIT(17) | BIT(18)))
		fits &= ~(BIT(17) | BIT(18));
	return fits;
}

static void read_basic(void)
{
	uint32_t out[4];
	uint32_t last;

	register_cpuid(0, 0, out);
	last = out[0];
	register_cpuid(1, 0, out);
	found.x2apic = bit(out[2], 21);
	found.tsc_deadline = bit(out[2], 24);
	found.xsave = bit(out[2], 26) && last >= 0xd;
	if (last >= 7) {
		register_cpuid(7, 0, out);
		found.smep = bit(out[1], 7);
		found.smap = bit(out[1], 20);
	}
	if (found.xsave)
		found.xcr0 = xcr0_that_fits();
}

static void read_brand(void)
{
	uint32_t out[4];

	for (uint32_t i = 0; i < 3; i++) {
		register_cpuid(0x80000002 + i, 0, out);
		memcpy(found.brand + sizeof(out) * i, out, sizeof(out));
	}
}

static void read_extended(void)
{
	uint32_t out[4];
	uint32_t last;

	register_cpuid(0x80000000, 0, out);
	last = out[0];
	register_cpuid(0x80000001, 0, out);
	found.nx = bit(out[3], 20);
	found.gigabyte_pages = bit(out[3], 26);
	found.rdtscp = bit(out[3], 27);
	if (last >= 0x80000004)
		read_brand();
	if (last >= 0x80000007) {
		register_cpuid(0x80000007, 0, out);
		found.invariant_tsc = bit(out[3], 8);
	}
}

void feature_start(void)
{
	read_basic();
	read_extended();
}

const struct features *features(void)
{
	return &found;
}

void feature_enable(void)
{
	uint64_t cr0 = register_read_cr0();
	uint64_t cr4 = register_read_cr4();

	cr0 &= ~(CR0_EM | CR0_TS | CR0_NW | CR0_CD);
	cr0 |= CR0_MP | CR0_NE | CR0_WP;
	cr4 |= CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT;
	if (found.smep)
		cr4 |= CR4_SMEP;
	if (found.smap)
		cr4 |= CR4_SMAP;
	if (found.xsave)
		cr4 |= CR4_OSXSAVE;
	if (found.nx)
		register_write_msr(MSR_EFER,
				   register_read_msr(MSR_EFER) | EFER_NXE);
	register_write_cr0(cr0);
	register_write_cr4(cr4);
	if (found.xsave)
		register_write_xcr0(found.xcr0);
}
