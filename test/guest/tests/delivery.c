/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proves when events are taken: after interrupt shadows, by priority, once;
 * and what comes of exceptions while an event is being delivered. */
#include "check.h"

#define VECTOR 0x51u

static volatile uint64_t mark;
static volatile uint64_t mark_seen;

static void look(struct frame *frame)
{
	(void)frame;
	mark_seen = mark;
}

static void request(void)
{
	interrupts_off();
	mark = mark_seen = 0;
	interrupt_hook = look;
	apic_send(0, ICR_SELF | VECTOR);
	EXPECT_IS(interrupts[0].count[VECTOR], 0);
}

static void shadow_sti(void)
{
	request();
	__asm__ volatile("sti; movq $1, %0; movq $2, %0; cli" : "=m"(mark));
	EXPECT_IS(interrupts[0].count[VECTOR], 1);
	EXPECT_IS(mark_seen, 1);
}

static void shadow_sti_cli(void)
{
	request();
	__asm__ volatile("sti; cli; nop" ::: "memory");
	EXPECT_IS(interrupts[0].count[VECTOR], 0);
	interrupts_on();
	EXPECT_IS(interrupts[0].count[VECTOR], 1);
}

/* The instruction in the shadow exits: it comes first all the same. */
static void shadow_cpuid(void)
{
	uint64_t after = 0;

	request();
	__asm__ volatile("lea 1f(%%rip), %%rsi\n\tmov %%rsi, %0\n\t"
			 "xor %%eax, %%eax\n\tsti\n\tcpuid\n1:\tnop\n\tcli"
			 : "=m"(after)
			 :
			 : "rax", "rbx", "rcx", "rdx", "rsi", "memory");
	EXPECT_IS(interrupts[0].count[VECTOR], 1);
	EXPECT_IS(interrupts[0].rip, after);
}

static void shadow_port(void)
{
	uint64_t after = 0;

	request();
	__asm__ volatile(
		"lea 1f(%%rip), %%rsi\n\tmov %%rsi, %0\n\t"
		"mov $0x2f8, %%edx\n\tsti\n\tin %%dx, %%al\n1:\tnop\n\tcli"
		: "=m"(after)
		:
		: "rax", "rdx", "rsi", "memory");
	EXPECT_IS(interrupts[0].count[VECTOR], 1);
	EXPECT_IS(interrupts[0].rip, after);
}

static void shadow_halt(void)
{
	request();
	__asm__ volatile("sti; hlt; movq $1, %0; cli" : "=m"(mark));
	EXPECT_IS(interrupts[0].count[VECTOR], 1);
	EXPECT_IS(mark_seen, 0);
	EXPECT_IS(mark, 1);
}

static void popf(void)
{
	request();
	__asm__ volatile("pushfq; orq $0x200, (%%rsp); popfq; nop; cli" ::
				 : "memory", "cc");
	EXPECT_IS(interrupts[0].count[VECTOR], 1);
	EXPECT(interrupts[0].flags & FLAG_IF);
}

static void once(void)
{
	uint32_t i;

	request();
	for (i = 0; i < 10; i++)
		apic_send(0, ICR_SELF | VECTOR);
	wait_moment();
	EXPECT_IS(interrupts[0].count[VECTOR], 1);
}

static void many(void)
{
	uint32_t i;

	for (i = 0; i < 500; i++) {
		apic_send(0, ICR_SELF | VECTOR);
		interrupts_on();
		interrupts_off();
	}
	EXPECT_IS(interrupts[0].count[VECTOR], 500);
}

static void all_vectors(void)
{
	uint32_t vector;

	for (vector = 32; vector < 256; vector++)
		apic_send(0, ICR_SELF | vector);
	interrupts_on();
	wait_moment();
	for (vector = 32; vector < 256; vector++)
		EXPECT_IS(interrupts[0].count[vector], 1);
	EXPECT_IS(interrupts[0].order[0], 255);
	EXPECT_IS(interrupts[0].order[15], 240);
}

/* ---- Exceptions while an event is delivered ---- */

static void software_not_present(void)
{
	struct gate *gate = interrupt_gate(0x70);

	gate->flags &= (uint16_t)~GATE_PRESENT;
	EXPECT_IS(TRY("int $0x70"), VECTOR_NP);
	EXPECT_IS(exception_last.error & 7, 2); /* in the IDT, not external */
	gate->flags |= GATE_PRESENT;
	TRY("int $0x70");
	EXPECT_IS(interrupts[0].count[0x70], 1);
}

static bool mend(struct frame *frame)
{
	if (frame->vector != VECTOR_NP)
		return false;
	mark = frame->error;
	interrupt_gate(VECTOR)->flags |= GATE_PRESENT;
	return true;
}

/* The interrupt has left IRR; it is in service until it is ended. */
static void external_not_present(void)
{
	interrupt_gate(VECTOR)->flags &= (uint16_t)~GATE_PRESENT;
	exception_hook = mend;
	mark = 0;
	apic_send(0, ICR_SELF | VECTOR);
	interrupts_on();
	interrupts_off();
	EXPECT(mark & 2);
	/* Some processors (QEMU's) deliver it again as soon as they can. */
	if (interrupts[0].count[VECTOR] == 0) {
		EXPECT(apic_read(APIC_ISR + VECTOR / 32 * 16) >> VECTOR % 32 &
		       1);
		interrupt_end();
		apic_send(0, ICR_SELF | VECTOR);
		interrupts_on();
		interrupts_off();
	}
	EXPECT_IS(interrupts[0].count[VECTOR], 1);
	EXPECT_IS(apic_read(APIC_ISR + VECTOR / 32 * 16), 0);
}

/* Whoever hands out #PF has no gate for it: a double fault, error 0. */
static void double_fault(void)
{
	struct gate *gate = interrupt_gate(VECTOR_PF);

	gate->flags &= (uint16_t)~GATE_PRESENT;
	EXPECT_IS(TRY("movb (%0), %%al", ::"r"(0x4000000000ull)
		      : "rax"),
		  VECTOR_DF);
	EXPECT_IS(exception_last.error, 0);
	gate->flags |= GATE_PRESENT;
	EXPECT_IS(TRY("movb (%0), %%al", ::"r"(0x4000000000ull)
		      : "rax"),
		  VECTOR_PF);
}

/* ---- NMI ---- */

static void nmi(void)
{
	apic_send(0, ICR_NMI); /* whatever IF says */
	wait_moment();
	EXPECT_IS(interrupts[0].count[VECTOR_NMI], 1);
}

static void nmi_again(struct frame *frame)
{
	uint64_t start = tsc_read();

	if (frame->vector != VECTOR_NMI || mark)
		return;
	mark = 1;
	apic_send(0, ICR_NMI);
	while (tsc_read() - start < 1000000)
		;
	mark_seen = interrupts[0].count[VECTOR_NMI];
}

/* The second waits for the first one's IRET. */
static void nmi_masks_nmi(void)
{
	mark = mark_seen = 0;
	interrupt_hook = nmi_again;
	apic_send(0, ICR_NMI);
	wait_moment();
	EXPECT_IS(mark_seen, 1);
	EXPECT_IS(interrupts[0].count[VECTOR_NMI], 2);
	EXPECT_IS(interrupts[0].depth_most, 1);
}

static void nmi_wakes(void)
{
	mark = 0;
	apic_send(0, ICR_NMI);
	apic_send(0, ICR_SELF | VECTOR); /* in case it came before */
	__asm__ volatile("sti; hlt; cli" ::: "memory");
	wait_moment();
	EXPECT_IS(interrupts[0].count[VECTOR_NMI], 1);
	EXPECT_IS(interrupts[0].count[VECTOR], 1);
}

static const struct check checks[] = {
	{"delivery-shadow-sti", shadow_sti, 0},
	{"delivery-shadow-sti-cli", shadow_sti_cli, 0},
	{"delivery-shadow-cpuid", shadow_cpuid, 0},
	{"delivery-shadow-port", shadow_port, 0},
	{"delivery-shadow-halt", shadow_halt, 0},
	{"delivery-popf", popf, 0},
	{"delivery-once", once, 0},
	{"delivery-many", many, 0},
	{"delivery-all-vectors", all_vectors, 0},
	{"delivery-not-present-software", software_not_present, 0},
	{"delivery-not-present-external", external_not_present, 0},
	{"delivery-double-fault", double_fault, 0},
	{"delivery-nmi", nmi, 0},
	{"delivery-nmi-masks-nmi", nmi_masks_nmi, 0},
	{"delivery-nmi-wakes", nmi_wakes, 0},
};
CHAPTER(delivery);
