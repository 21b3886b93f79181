/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What belongs to one logical processor. The private block lies at the bottom
 * of its stack, because no segment register and no task register is ours: a
 * guest's stay loaded after an exit.
 *
 *   base + 32 KiB  top of the stack
 *        |         stack, growing down
 *   base +  8 KiB
 *        |         guard page, not mapped
 *   base +  4 KiB
 *   base           struct processor
 */
#pragma once

#include "cpu.h"

#define PROCESSORS_MAX	       64u
#define PROCESSOR_AREA_SIZE    32768ul
#define PROCESSOR_GUARD_OFFSET 4096ul

/* Touched by its own logical processor only. */
struct processor {
	uint32_t index;
	bool pending;	/* something came since the last take */
	uint64_t armed; /* deadline that the timer holds; CPU_TIMER_OFF none */
	struct cpu_interrupts taken;
	uint64_t released[4]; /* level vectors the parent has ended */
	uint64_t strays; /* device interrupts on the hypervisor's vectors */
};

/* What other logical processors may touch. */
struct processor_public {
	uint32_t apic_id;
	uint32_t kicked; /* atomic: a kick is on its way */
	uint32_t online; /* atomic */
} __attribute__((aligned(64)));

static inline struct processor *processor_this(void)
{
	uintptr_t stack;

	__asm__("mov %%rsp, %0" : "=r"(stack));
	return (struct processor *)(stack & ~(PROCESSOR_AREA_SIZE - 1));
}

/* The public part of logical processor index, 0 .. PROCESSORS_MAX - 1. */
struct processor_public *processor_public(uint32_t index);

/* Fills the private block of an area before its processor uses it. */
void processor_init(void *area, uint32_t index);
