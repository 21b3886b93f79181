/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The little that the core may use of the processor it runs on. Everything
 * else in this folder is for boot and virt only. A fake of this header runs
 * the whole core as a host program.
 */
#pragma once

#include "../lib/types.h"

/* Vectors of the physical local APIC that the hypervisor keeps for itself. */
#define CPU_VECTOR_FIRST_OWN 0xf0
#define CPU_VECTOR_LAST_OWN  0xfe

#define CPU_TIMER_OFF UINT64_MAX

/* Device interrupts taken on one logical processor, one bit a vector. */
struct cpu_interrupts {
	uint64_t edge[4];  /* already acknowledged */
	uint64_t level[4]; /* in service until cpu_interrupt_release() */
	uint64_t pic[4];   /* the part of edge that came from the 8259
			    * (ExtINT): it owes no local APIC an EOI */
};

/* x87, SSE, AVX, AVX-512: the extended states that a vp may have. */
#define CPU_XCR0_STATES 0xe7u

/* Processor state that neither VMCB nor VMCS carries from vp to vp. */
struct cpu_state {
	void *xsave;	  /* one page, valid; XSAVE format, or FXSAVE without */
	uint64_t xcr0;	  /* x87 at least */
	uint64_t dr[4];	  /* DR0..DR3; DR6 and DR7 are the back end's */
	uint64_t tsc_aux; /* MSR C0000103 */
};

/* Index of this logical processor, 0 .. lps-1; 0 is the boot processor. */
uint32_t cpu_lp(void);

/* The time stamp counter, in ticks. */
uint64_t cpu_now(void);

/*
 * Arms this logical processor's one-shot timer for the absolute TSC value
 * deadline (at once if it has passed), or CPU_TIMER_OFF. It only makes the
 * processor leave a guest or cpu_wait(); who armed it looks at the clock.
 */
void cpu_timer_arm(uint64_t deadline);

/*
 * Makes logical processor lp leave the guest it runs, or cpu_wait(), soon.
 * A kick sent before it enters either is not lost. lp may be this one.
 */
void cpu_kick(uint32_t lp);

/*
 * Waits until an interrupt (device, timer or kick) has been taken. Returns at
 * once if a kick or timer came since the last cpu_interrupts_take().
 */
void cpu_wait(void);

/*
 * Lets pending physical interrupts in, then moves the device interrupts taken
 * since the last call to *taken. Returns whether there were any. Vectors
 * F0-FE never show: a device interrupt there is acknowledged, counted, logged.
 */
bool cpu_interrupts_take(struct cpu_interrupts *taken);

/* The parent's virtual EOI of a level interrupt: ends it in silicon too. */
void cpu_interrupt_release(uint8_t vector);

/* The hypervisor's view of one frame; valid for RAM of the machine only. */
void *cpu_map(spa_t page);

/* Swaps the state in: called when a vp becomes, or stops being, current. */
void cpu_state_load(const struct cpu_state *state);
void cpu_state_save(struct cpu_state *state);

/* CPUID of this processor; out is EAX, EBX, ECX, EDX. */
void cpu_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4]);

/* Resets the whole machine; does not return. */
void cpu_reset(void) __attribute__((noreturn));
