/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the boot processor can do beyond plain 64-bit mode; asked once. */
#include "feature.h"
#include "../lib/string.h"
#include "cpu.h"
#include "register.h"

#define EXTENDED 0x80000000u

static struct features found;

/* Which bit of CPUID says what; out is EAX, EBX, ECX, EDX. */
static const struct {
	uint32_t leaf;
	uint8_t out;
	uint8_t bit;
	bool *feature;
} table[] = {
	{1, 2, 21, &found.x2apic},
	{1, 2, 26, &found.xsave},
	{7, 1, 7, &found.smep},
	{7, 1, 20, &found.smap},
	{EXTENDED + 1, 3, 20, &found.nx},
	{EXTENDED + 1, 3, 27, &found.rdtscp},
	{EXTENDED + 7, 3, 8, &found.invariant_tsc},
};

/* Zeroes beyond the last leaf, where silicon may answer anything. */
static void ask(uint32_t leaf, uint32_t out[4])
{
	register_cpuid(leaf & EXTENDED, 0, out);
	if (leaf <= out[0])
		register_cpuid(leaf, 0, out);
	else
		memset(out, 0, 4 * sizeof(out[0]));
}

void feature_start(void)
{
	uint32_t out[4];

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		ask(table[i].leaf, out);
		*table[i].feature = out[table[i].out] >> table[i].bit & 1;
	}
	if (found.xsave) {
		ask(0xd, out);
		found.xcr0 = out[0] & CPU_XCR0_STATES;
	}
	for (uint32_t i = 0; i < 3; i++) {
		ask(EXTENDED + 2 + i, out);
		memcpy(found.brand + sizeof(out) * i, out, sizeof(out));
	}
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
	cr4 |= CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT |
	       (found.smep ? CR4_SMEP : 0) | (found.smap ? CR4_SMAP : 0) |
	       (found.xsave ? CR4_OSXSAVE : 0);
	if (found.nx)
		register_write_msr(MSR_EFER,
				   register_read_msr(MSR_EFER) | EFER_NXE);
	register_write_cr0(cr0);
	register_write_cr4(cr4);
	if (found.xsave)
		register_write_xcr0(found.xcr0);
}
