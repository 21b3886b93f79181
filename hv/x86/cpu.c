/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of cpu.h that need no file of their own, and the blocks of the
 * logical processors. */
#include "../lib/string.h"
#include "processor.h"
#include "register.h"

#define PORT_RESET_CONTROL 0xcf9
#define PORT_KEYBOARD	   0x64

static struct processor_public publics[PROCESSORS_MAX];

struct processor_public *processor_public(uint32_t index)
{
	return &publics[index];
}

void processor_init(void *area, uint32_t index)
{
	_Static_assert(sizeof(struct processor) <= PROCESSOR_GUARD_OFFSET,
		       "the block is one page");
	*(struct processor *)area =
		(struct processor){.index = index, .armed = CPU_TIMER_OFF};
}

uint32_t cpu_lp(void)
{
	return processor_this()->index;
}

uint64_t cpu_now(void)
{
	return register_read_tsc();
}

void cpu_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
	register_cpuid(leaf, subleaf, out);
}

static void pause_a_while(void)
{
	for (unsigned int i = 0; i < 1000000; i++)
		__builtin_ia32_pause();
}

/* Reset control register, keyboard controller, triple fault: one will do. */
void cpu_reset(void)
{
	const struct register_table nothing = {0};

	port_write8(PORT_RESET_CONTROL, 0x02);
	port_write8(PORT_RESET_CONTROL, 0x06);
	pause_a_while();
	port_write8(PORT_KEYBOARD, 0xfe);
	pause_a_while();
	__asm__ volatile("lidt %0; int3" : : "m"(nothing));
	for (;;)
		__asm__ volatile("hlt");
}
