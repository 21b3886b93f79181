/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proves x2APIC mode: how to get there and back, registers as MSRs, what they
 * refuse, and destinations. The last chapter: it changes the mode of both. */
#include "check.h"

#define BASE	    0x1bu
#define XAPIC	    0xfee00900ull
#define X2APIC	    0xfee00d00ull
#define OFF	    0xfee00100ull
#define MSR(offset) (0x800u + (offset) / 16)
#define SELF_IPI    0x83fu
#define VECTOR	    0x53u

static void enter(void)
{
	EXPECT(msr_set(BASE, X2APIC));
}

static void leave(void)
{
	EXPECT(msr_set(BASE, OFF));
	EXPECT(msr_set(BASE, XAPIC));
	apic_on();
}

static void without(void)
{
	EXPECT(msr_get_refused(MSR(APIC_ID)));
	EXPECT(msr_set_refused(MSR(APIC_EOI), 0));
	EXPECT(msr_set_refused(SELF_IPI, VECTOR));
}

static void transitions(void)
{
	enter();
	EXPECT(msr_set_refused(BASE, XAPIC));
	EXPECT(msr_set(BASE, OFF));
	EXPECT(msr_set_refused(BASE, X2APIC)); /* not straight from off */
	EXPECT(msr_set(BASE, XAPIC));
	apic_on();
}

static void identity(void)
{
	enter();
	EXPECT_IS(msr_get(MSR(APIC_ID)), 0);
	EXPECT_IS(msr_get(MSR(APIC_VERSION)) & 0xff, 0x14);
	EXPECT_IS(msr_get(MSR(APIC_LDR)), 1);
	EXPECT(msr_set_refused(MSR(APIC_ID), 0));
	EXPECT(msr_set_refused(MSR(APIC_VERSION), 0));
	EXPECT(msr_set_refused(MSR(APIC_LDR), 0));
	leave();
}

static void not_there(void)
{
	enter();
	EXPECT(msr_get_refused(MSR(APIC_DFR)));
	EXPECT(msr_set_refused(MSR(APIC_DFR), 0));
	EXPECT(msr_get_refused(MSR(APIC_ICR + 0x10)));
	EXPECT(msr_get_refused(0x800));
	EXPECT(msr_get_refused(0x8ff));
	EXPECT(msr_get_refused(MSR(APIC_EOI)));
	EXPECT(msr_get_refused(SELF_IPI));
	leave();
}

static void reserved(void)
{
	enter();
	EXPECT(msr_set_refused(MSR(APIC_TPR), 0x100));
	EXPECT(msr_set_refused(MSR(APIC_EOI), 1));
	EXPECT(msr_set_refused(MSR(APIC_ESR), 1));
	EXPECT(msr_set_refused(MSR(APIC_SPURIOUS), 0x1000));
	EXPECT(msr_set_refused(MSR(APIC_ICR), 1u << 20));
	EXPECT(msr_set_refused(MSR(APIC_TIMER), 1u << 20));
	EXPECT(msr_set_refused(MSR(APIC_DIVIDE), 4));
	EXPECT(msr_set_refused(SELF_IPI, 0x100));
	EXPECT(msr_set_refused(MSR(APIC_TPR), 1ull << 32));
	leave();
}

static void self(void)
{
	enter();
	EXPECT(msr_set(SELF_IPI, VECTOR));
	EXPECT(wait_for(&interrupts[0].count[VECTOR], 1));
	apic_send(0, VECTOR);
	EXPECT(wait_for(&interrupts[0].count[VECTOR], 2));
	apic_send(0, ICR_SELF | VECTOR);
	EXPECT(wait_for(&interrupts[0].count[VECTOR], 3));
	EXPECT_IS(msr_get(MSR(APIC_PPR)), 0);
	leave();
}

static void page_is_nobodys(void)
{
	enter();
	EXPECT_IS(*(volatile uint32_t *)0xfee00030, ~0u);
	leave();
	EXPECT_IS(apic_read(APIC_VERSION) & 0xff, 0x14);
}

static void second_enter(void)
{
	msr_set(BASE, 0xfee00c00);
}

static volatile uint64_t second_ids[2];

static void second_read(void)
{
	second_ids[0] = msr_get(MSR(APIC_ID));
	second_ids[1] = msr_get(MSR(APIC_LDR));
}

static void second_leave(void)
{
	msr_set(BASE, 0xfee00000);
	msr_set(BASE, 0xfee00800);
	apic_on();
}

static void both(void)
{
	EXPECT(second_run(second_enter));
	enter();
	EXPECT(second_run(second_read)); /* woken by an x2APIC's IPI */
	EXPECT_IS(second_ids[0], 1);
	EXPECT_IS(second_ids[1], 2);
	apic_send(1, VECTOR);
	EXPECT(wait_for(&interrupts[1].count[VECTOR], 1));
	apic_send(2, ICR_LOGICAL | VECTOR);
	EXPECT(wait_for(&interrupts[1].count[VECTOR], 2));
	apic_send(3, ICR_LOGICAL | VECTOR);
	EXPECT(wait_for(&interrupts[1].count[VECTOR], 3));
	EXPECT(wait_for(&interrupts[0].count[VECTOR], 1));
	apic_send(0xffffffff, VECTOR);
	EXPECT(wait_for(&interrupts[1].count[VECTOR], 4));
	EXPECT(wait_for(&interrupts[0].count[VECTOR], 2));
	apic_send(255, VECTOR); /* not a broadcast here */
	wait_moment();
	EXPECT_IS(interrupts[0].count[VECTOR], 2);
	EXPECT(second_run(second_leave));
	leave();
}

static const struct check checks[] = {
	{"x2apic-without", without, 0},
	{"x2apic-transitions", transitions, 0},
	{"x2apic-identity", identity, 0},
	{"x2apic-not-there", not_there, 0},
	{"x2apic-reserved", reserved, 0},
	{"x2apic-self", self, 0},
	{"x2apic-page-is-nobodys", page_is_nobodys, 0},
	{"x2apic-both", both, NEEDS_SECOND},
};
CHAPTER(x2apic);
