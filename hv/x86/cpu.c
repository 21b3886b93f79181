/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of cpu.h that need no file of their own: clock, CPUID, reset. */
#include "cpu.h"
#include "feature.h"
#include "register.h"

#define LEAF_EXTENDED_STATE 0xd
#define PORT_RESET_CONTROL  0xcf9
#define PORT_KEYBOARD	    0x64

uint64_t cpu_now(void)
{
	return register_read_tsc();
}

/* Size of the standard-format area for all of the states kept. */
static uint32_t state_size(void)
{
	uint32_t size = 576;

	for (unsigned int i = 2; i < 63; i++) {
		uint32_t out[4];

		if ((features()->xcr0 & BIT(i)) == 0)
			continue;
		register_cpuid(LEAF_EXTENDED_STATE, i, out);
		size = MAX(size, out[0] + out[1]);
	}
	return size;
}

static void hide_states(uint32_t subleaf, uint32_t out[4])
{
	if (subleaf == 0) {
		out[0] &= (uint32_t)features()->xcr0;
		out[2] = state_size();
		out[3] &= (uint32_t)(features()->xcr0 >> 32);
	} else if (subleaf > 1 &&
		   (subleaf > 62 || (features()->xcr0 & BIT(subleaf)) == 0)) {
		out[0] = out[1] = out[2] = out[3] = 0;
	}
}

void cpu_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
	register_cpuid(leaf, subleaf, out);
	if (leaf == LEAF_EXTENDED_STATE)
		hide_states(subleaf, out);
}

static void pause_a_while(void)
{
	for (unsigned int i = 0; i < 1000000; i++)
		__builtin_ia32_pause();
}

/* Reset control register, keyboard controller, triple fault: one will do. */
void cpu_reset(void)
{
	const struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) nothing = {0};

	port_write8(PORT_RESET_CONTROL, 0x02);
	port_write8(PORT_RESET_CONTROL, 0x06);
	pause_a_while();
	port_write8(PORT_KEYBOARD, 0xfe);
	pause_a_while();
	__asm__ volatile("lidt %0; int3" : : "m"(nothing));
	for (;;)
		__asm__ volatile("hlt");
}
