// SPDX-License-Identifier: GPL-2.0-or-later
/* The local APIC: registers in memory at first, by MSRs where that is offered.
 */
#include "guest.h"

#define MSR_BASE      0x1bu
#define BASE_EXTENDED (1u << 10)
#define BASE_ENABLED  (1u << 11)
#define MSR_REGISTERS 0x800u
#define MEMORY	      0xfee00000u
#define CPUID_X2APIC  (1u << 21)
#define VERSION	      0x030u
#define EOI	      0x0b0u
#define SPURIOUS      0x0f0u
#define COMMAND_LOW   0x300u
#define COMMAND_HIGH  0x310u
#define ENABLE	      0x1ffu /* software enable, spurious vector ff */

static bool extended;

static volatile uint32_t *at(uint32_t offset)
{
	return (volatile uint32_t *)(uintptr_t)(MEMORY + offset);
}

uint32_t apic_version_by_memory(void)
{
	return *at(VERSION);
}

bool apic_is_extended(void)
{
	return extended;
}

uint32_t apic_read(uint32_t offset)
{
	if (extended)
		return (uint32_t)msr_read(MSR_REGISTERS + (offset >> 4));
	return *at(offset);
}

void apic_write(uint32_t offset, uint32_t value)
{
	if (extended)
		msr_write(MSR_REGISTERS + (offset >> 4), value);
	else
		*at(offset) = value;
}

void apic_init(void)
{
	uint64_t base = msr_read(MSR_BASE) | BASE_ENABLED;

	if (cpuid(1).ecx & CPUID_X2APIC) {
		base |= BASE_EXTENDED;
		extended = true;
	}
	msr_write(MSR_BASE, base);
	apic_write(SPURIOUS, ENABLE);
}

void apic_eoi(void)
{
	apic_write(EOI, 0);
}

void apic_send(uint32_t destination, uint32_t command)
{
	if (extended) {
		msr_write(MSR_REGISTERS + (COMMAND_LOW >> 4),
			  (uint64_t)destination << 32 | command);
		return;
	}
	*at(COMMAND_HIGH) = destination << 24;
	*at(COMMAND_LOW) = command;
}
