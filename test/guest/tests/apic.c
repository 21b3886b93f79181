/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proves the local APIC in xAPIC mode: registers, priorities, ends of
 * interrupts, errors, destinations. */
#include "check.h"

#define LOW  0x41u
#define HIGH 0x91u

static bool is_set(uint32_t first, uint8_t vector)
{
	return apic_read(first + vector / 32 * 16) >> vector % 32 & 1;
}

static void identity(void)
{
	EXPECT_IS(apic_read(APIC_ID), 0);
	EXPECT_IS(apic_read(APIC_VERSION) & 0xff, 0x14);
	EXPECT_IS(apic_read(APIC_VERSION) >> 16 & 0xff, 5);
}

static void local_vectors(void)
{
	const uint32_t old = apic_read(APIC_LINT1);

	apic_write(APIC_LINT1, ~0u);
	EXPECT_IS(apic_read(APIC_LINT1), 0x1a7ff);
	apic_write(APIC_LINT1, old);
	apic_write(APIC_ERROR, ~0u);
	EXPECT_IS(apic_read(APIC_ERROR), 0x100ff);
	apic_write(APIC_TIMER, ~0u);
	EXPECT_IS(apic_read(APIC_TIMER), 0x300ff);
}

/* Switched off by software, all local vectors are masked, and nothing comes. */
static void software_off(void)
{
	apic_write(APIC_ERROR, 0x45);
	apic_write(APIC_SPURIOUS, 0xff);
	EXPECT_IS(apic_read(APIC_ERROR), APIC_MASKED | 0x45);
	apic_write(APIC_ERROR, 0x45);
	EXPECT_IS(apic_read(APIC_ERROR), APIC_MASKED | 0x45);
	apic_send(0, ICR_SELF | LOW);
	wait_moment();
	EXPECT_IS(interrupts[0].total, 0);
	apic_on();
	apic_write(APIC_ERROR, 0x45);
	EXPECT_IS(apic_read(APIC_ERROR), 0x45);
	apic_write(APIC_ERROR, APIC_MASKED);
}

static void self(void)
{
	apic_send(0, ICR_SELF | LOW);
	EXPECT(is_set(APIC_IRR, LOW));
	EXPECT_IS(is_set(APIC_ISR, LOW), 0);
	EXPECT(wait_for(&interrupts[0].count[LOW], 1));
	EXPECT_IS(is_set(APIC_IRR, LOW), 0);
	EXPECT_IS(is_set(APIC_ISR, LOW), 0);
	EXPECT_IS(apic_read(APIC_ICR) & 0x1000, 0);
}

static void physical(void)
{
	apic_send(0, LOW);
	EXPECT(wait_for(&interrupts[0].count[LOW], 1));
	apic_send(77, LOW); /* nobody */
	wait_moment();
	EXPECT_IS(interrupts[0].count[LOW], 1);
}

static void end_of_interrupt(void)
{
	interrupt_no_eoi = LOW;
	apic_send(0, ICR_SELF | LOW);
	EXPECT(wait_for(&interrupts[0].count[LOW], 1));
	EXPECT(is_set(APIC_ISR, LOW));
	EXPECT_IS(apic_read(APIC_PPR), LOW & 0xf0);
	apic_send(0, ICR_SELF | LOW);
	apic_send(0, ICR_SELF | (LOW - 1));
	wait_moment();
	EXPECT_IS(interrupts[0].total, 1);
	interrupt_no_eoi = 0;
	interrupt_end();
	EXPECT(wait_for(&interrupts[0].count[LOW], 2));
	EXPECT(wait_for(&interrupts[0].count[LOW - 1], 1));
	EXPECT_IS(apic_read(APIC_PPR), 0);
}

static void task_priority(void)
{
	apic_write(APIC_TPR, 0x50);
	EXPECT_IS(cr8_read(), 5);
	EXPECT_IS(apic_read(APIC_PPR), 0x50);
	apic_send(0, ICR_SELF | LOW);
	apic_send(0, ICR_SELF | HIGH);
	wait_moment();
	EXPECT_IS(interrupts[0].count[LOW], 0);
	EXPECT_IS(interrupts[0].count[HIGH], 1);
	apic_write(APIC_TPR, 0);
	EXPECT(wait_for(&interrupts[0].count[LOW], 1));
}

static void cr8(void)
{
	cr8_write(6);
	EXPECT_IS(apic_read(APIC_TPR), 0x60);
	apic_send(0, ICR_SELF | LOW);
	wait_moment();
	EXPECT_IS(interrupts[0].count[LOW], 0);
	interrupts_on();
	cr8_write(3);
	__asm__ volatile("nop");
	interrupts_off();
	EXPECT_IS(interrupts[0].count[LOW], 1);
	cr8_write(0);
}

static void nest(struct frame *frame)
{
	if (frame->vector != LOW)
		return;
	apic_send(0, ICR_SELF | HIGH);
	apic_send(0, ICR_SELF | (LOW + 1)); /* of the same class */
	interrupts_on();
	interrupts_off();
}

static void nesting(void)
{
	interrupt_hook = nest;
	apic_send(0, ICR_SELF | LOW);
	EXPECT(wait_for(&interrupts[0].count[LOW + 1], 1));
	EXPECT_IS(interrupts[0].depth_most, 2);
	EXPECT_IS(interrupts[0].order[0], LOW);
	EXPECT_IS(interrupts[0].order[1], HIGH);
	EXPECT_IS(interrupts[0].order[2], LOW + 1);
}

static void errors(void)
{
	apic_write(APIC_ESR, 0);
	apic_write(APIC_ESR, 0);
	EXPECT_IS(apic_read(APIC_ESR), 0);
	apic_write(APIC_ERROR, 0x45);
	apic_send(0, ICR_SELF | 5); /* an illegal vector */
	EXPECT(wait_for(&interrupts[0].count[0x45], 1));
	apic_write(APIC_ESR, 0);
	EXPECT_IS(apic_read(APIC_ESR), 0x20);
	apic_write(APIC_ERROR, APIC_MASKED);
	apic_write(0x40, 1); /* no such register */
	apic_write(APIC_ESR, 0);
	EXPECT_IS(apic_read(APIC_ESR), 0x80);
	apic_write(APIC_ESR, 0);
}

static void logical(void)
{
	apic_write(APIC_DFR, ~0u);
	apic_write(APIC_LDR, 0x04000000);
	EXPECT_IS(apic_read(APIC_LDR), 0x04000000);
	apic_send(4, ICR_LOGICAL | LOW);
	EXPECT(wait_for(&interrupts[0].count[LOW], 1));
	apic_send(8, ICR_LOGICAL | LOW);
	wait_moment();
	EXPECT_IS(interrupts[0].count[LOW], 1);
	apic_write(APIC_DFR, 0x0fffffff); /* clusters */
	apic_write(APIC_LDR, 0x21000000);
	apic_send(0x23, ICR_LOGICAL | LOW);
	EXPECT(wait_for(&interrupts[0].count[LOW], 2));
	apic_send(0x33, ICR_LOGICAL | LOW);
	wait_moment();
	EXPECT_IS(interrupts[0].count[LOW], 2);
	apic_write(APIC_DFR, ~0u);
	apic_write(APIC_LDR, 0);
}

/* Every form of access that compilers use, on the page itself. */
static void instructions(void)
{
	volatile uint32_t *const tpr = (volatile uint32_t *)0xfee00080;
	volatile uint32_t *const version = (volatile uint32_t *)0xfee00030;
	uint64_t value;

	__asm__ volatile("movl $0x20, (%0)" ::"r"(tpr) : "memory");
	EXPECT_IS(*tpr, 0x20);
	__asm__ volatile("mov %1, (%0)" ::"r"(tpr), "a"(0x30) : "memory");
	__asm__ volatile("mov (%1), %k0" : "=r"(value) : "r"(tpr));
	EXPECT_IS(value, 0x30);
	__asm__ volatile("mov %%r9d, (%0,%1,8)" ::"r"(tpr), "r"(0ull)
			 : "memory");
	__asm__ volatile("mov 0x10(%1), %%r10d\n\tmov %%r10, %0"
			 : "=r"(value)
			 : "r"((uint64_t)version - 16)
			 : "r10");
	EXPECT_IS(value & 0xff, 0x14);
	__asm__ volatile("orl $0x40, (%0)" ::"r"(tpr) : "memory", "cc");
	*tpr = 0;
	EXPECT_IS(cr8_read(), 0);
}

static void spurious(void)
{
	apic_write(APIC_SPURIOUS, 0x1ef);
	EXPECT_IS(apic_read(APIC_SPURIOUS), 0x1ef);
	apic_on();
	EXPECT_IS(apic_read(APIC_SPURIOUS), 0x1ff);
}

/* Off by MSR: the page is nobody's; on again, everything is as after reset. */
static void off_and_on(void)
{
	apic_write(APIC_TPR, 0x30);
	EXPECT(msr_set(0x1b, 0xfee00100));
	EXPECT_IS(*(volatile uint32_t *)0xfee00030, ~0u);
	EXPECT(msr_set(0x1b, 0xfee00900));
	EXPECT_IS(apic_read(APIC_SPURIOUS), 0xff);
	EXPECT_IS(apic_read(APIC_LINT1), APIC_MASKED);
	apic_on();
	EXPECT_IS(apic_read(APIC_TPR), 0);
}

static const struct check checks[] = {
	{"apic-identity", identity, 0},
	{"apic-local-vectors", local_vectors, 0},
	{"apic-software-off", software_off, 0},
	{"apic-self", self, 0},
	{"apic-physical", physical, 0},
	{"apic-end-of-interrupt", end_of_interrupt, 0},
	{"apic-task-priority", task_priority, 0},
	{"apic-cr8", cr8, 0},
	{"apic-nesting", nesting, 0},
	{"apic-errors", errors, 0},
	{"apic-logical", logical, 0},
	{"apic-instructions", instructions, 0},
	{"apic-spurious", spurious, 0},
	{"apic-off-and-on", off_and_on, 0},
};
CHAPTER(apic);
