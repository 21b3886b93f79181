/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupts and exceptions of the processor itself, taken in the hypervisor.
 */
#pragma once

#include "../lib/types.h"

/* The hypervisor's own vectors. */
enum interrupt_vector {
	INTERRUPT_TIMER = 0xf0,
	INTERRUPT_KICK = 0xf1,
	INTERRUPT_ERROR = 0xf2, /* of the local APIC */
	INTERRUPT_SPURIOUS = 0xfe,
};

/* As interrupt.S pushes it. */
struct interrupt_frame {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
	uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
	uint64_t vector;
	uint64_t error;
	uint64_t rip, cs, rflags, rsp, ss;
};

/* Fills the interrupt descriptor table; boot processor, once. */
void interrupt_start(void);

/* Loads the table: every processor. */
void interrupt_load(void);

/* Called by interrupt.S, interrupts off. */
void interrupt_dispatch(struct interrupt_frame *frame);
