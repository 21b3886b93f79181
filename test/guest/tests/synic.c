/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proves how messages come: slots, interrupts, the pending flag and EOM, in
 * order and once, while pages, SINTs and the other processor change. Timers
 * send them: what they say about time is timer.c's. */
#include "check.h"
#include "synic.h"

#include "abi/msr.h"

static struct hv_message_page pages[CPUS] __attribute__((aligned(PAGE)));
static struct hv_message_page other __attribute__((aligned(PAGE)));
static struct hv_event_flags_page flags[CPUS] __attribute__((aligned(PAGE)));

struct hv_message *synic_slot(uint32_t sint)
{
	return &pages[interrupt_cpu()].slots[sint];
}

void synic_on(uint32_t sint, uint64_t value)
{
	const uint32_t cpu = interrupt_cpu();

	calls_enable();
	msr_set(HV_MSR_SIMP, (uint64_t)&pages[cpu] | 1);
	msr_set(HV_MSR_SIEFP, (uint64_t)&flags[cpu] | 1);
	msr_set(HV_MSR_SINT0 + sint, value);
	msr_set(HV_MSR_SCONTROL, 1);
}

void synic_off(void)
{
	uint32_t i;

	for (i = 0; i < HV_SYNIC_STIMER_COUNT; i++)
		msr_set(HV_MSR_STIMER0_CONFIG + 2 * i, 0);
	for (i = 0; i < HV_SYNIC_SINT_COUNT; i++) {
		msr_set(HV_MSR_SINT0 + i, HV_SINT_RESET_VALUE);
		synic_release(i);
	}
	msr_set(HV_MSR_SCONTROL, 0);
	msr_set(HV_MSR_SIMP, 0);
	msr_set(HV_MSR_SIEFP, 0);
}

bool synic_release(uint32_t sint)
{
	struct hv_message *slot = synic_slot(sint);
	bool pending;

	__atomic_store_n(&slot->header.type, HVMSG_NONE, __ATOMIC_SEQ_CST);
	pending = __atomic_load_n(&slot->header.flags, __ATOMIC_SEQ_CST) &
		  HV_MESSAGE_FLAG_PENDING;
	if (pending)
		msr_set(HV_MSR_EOM, 0);
	return pending;
}

bool synic_wait(uint32_t sint)
{
	return wait_word(&synic_slot(sint)->header.type, HVMSG_TIMER_EXPIRED);
}

void synic_send(uint32_t timer, uint32_t sint)
{
	msr_set(HV_MSR_STIMER0_CONFIG + 2 * timer, 0);
	msr_set(HV_MSR_STIMER0_COUNT + 2 * timer, 1); /* long ago: now */
	msr_set(HV_MSR_STIMER0_CONFIG + 2 * timer,
		(uint64_t)sint << HV_STIMER_SINT_SHIFT | HV_STIMER_ENABLE);
}

static uint32_t sender(uint32_t sint)
{
	const struct hv_timer_message *body =
		(const void *)synic_slot(sint)->payload;

	return body->timer_index;
}

#define SINT   4u
#define VECTOR 0x56u

static void message(void)
{
	synic_on(SINT, VECTOR);
	synic_send(1, SINT);
	EXPECT(wait_for(&interrupts[0].count[VECTOR], 1));
	EXPECT_IS(synic_slot(SINT)->header.type, HVMSG_TIMER_EXPIRED);
	EXPECT_IS(synic_slot(SINT)->header.payload_size,
		  sizeof(struct hv_timer_message));
	EXPECT_IS(sender(SINT), 1);
	EXPECT_IS(synic_release(SINT), 0);
	synic_off();
}

static void every_sint(void)
{
	uint32_t sint;

	for (sint = 1; sint < HV_SYNIC_SINT_COUNT; sint++) {
		synic_on(sint, 0x60 + sint);
		synic_send(0, sint);
		EXPECT(wait_for(&interrupts[0].count[0x60 + sint], 1));
		EXPECT_IS(synic_slot(sint)->header.type, HVMSG_TIMER_EXPIRED);
		synic_release(sint);
	}
	EXPECT_IS(interrupts[0].total, 15);
	synic_off();
}

/* A slot that is taken: the second message waits, and the flag tells so. */
static void pending(void)
{
	synic_on(SINT, VECTOR);
	synic_send(1, SINT);
	EXPECT(wait_for(&interrupts[0].count[VECTOR], 1));
	synic_send(2, SINT);
	wait_moment();
	EXPECT_IS(sender(SINT), 1);
	EXPECT(synic_slot(SINT)->header.flags & HV_MESSAGE_FLAG_PENDING);
	EXPECT_IS(interrupts[0].count[VECTOR], 1);
	EXPECT(synic_release(SINT));
	EXPECT(wait_for(&interrupts[0].count[VECTOR], 2));
	EXPECT_IS(sender(SINT), 2);
	synic_off();
}

static void in_order(void)
{
	static const uint32_t order[] = {2, 0, 3, 1};
	uint32_t i;

	synic_on(SINT, VECTOR);
	for (i = 0; i < 4; i++) {
		synic_send(order[i], SINT);
		wait_moment();
	}
	for (i = 0; i < 4; i++) {
		EXPECT(synic_wait(SINT));
		EXPECT_IS(sender(SINT), order[i]);
		EXPECT_IS(synic_release(SINT), i < 3);
	}
	wait_moment();
	EXPECT_IS(synic_slot(SINT)->header.type, HVMSG_NONE);
	synic_off();
}

/* Without EOM the end of the interrupt does: TLFS 11.10. */
static void end_of_interrupt(void)
{
	interrupt_no_eoi = VECTOR;
	synic_on(SINT, VECTOR);
	synic_send(1, SINT);
	EXPECT(wait_for(&interrupts[0].count[VECTOR], 1));
	synic_send(2, SINT);
	wait_moment();
	__atomic_store_n(&synic_slot(SINT)->header.type, HVMSG_NONE,
			 __ATOMIC_SEQ_CST);
	interrupt_no_eoi = 0;
	interrupt_end();
	EXPECT(wait_for(&interrupts[0].count[VECTOR], 2));
	EXPECT_IS(sender(SINT), 2);
	synic_off();
}

static void masked(void)
{
	synic_on(SINT, VECTOR | HV_SINT_MASKED);
	synic_send(1, SINT);
	EXPECT(synic_wait(SINT));
	wait_moment();
	EXPECT_IS(interrupts[0].total, 0);
	synic_off();
}

static void polling(void)
{
	synic_on(SINT, VECTOR | HV_SINT_POLLING);
	synic_send(1, SINT);
	EXPECT(synic_wait(SINT));
	wait_moment();
	EXPECT_IS(interrupts[0].total, 0);
	synic_off();
}

/* The interrupt is over as soon as it is taken. */
static void auto_eoi(void)
{
	interrupt_no_eoi = VECTOR;
	synic_on(SINT, VECTOR | HV_SINT_AUTO_EOI);
	synic_send(1, SINT);
	EXPECT(wait_for(&interrupts[0].count[VECTOR], 1));
	EXPECT_IS(apic_read(APIC_ISR + VECTOR / 32 * 16), 0);
	synic_release(SINT);
	synic_send(2, SINT);
	EXPECT(wait_for(&interrupts[0].count[VECTOR], 2));
	synic_off();
}

/* While the SynIC or its page is off, messages wait. */
static void waits_for_control(void)
{
	synic_on(SINT, VECTOR);
	msr_set(HV_MSR_SCONTROL, 0);
	synic_send(1, SINT);
	wait_moment();
	EXPECT_IS(synic_slot(SINT)->header.type, HVMSG_NONE);
	msr_set(HV_MSR_SCONTROL, 1);
	EXPECT(wait_for(&interrupts[0].count[VECTOR], 1));
	synic_off();
}

static void waits_for_page(void)
{
	synic_on(SINT, VECTOR);
	msr_set(HV_MSR_SIMP, 0);
	synic_send(1, SINT);
	wait_moment();
	EXPECT_IS(interrupts[0].total, 0);
	msr_set(HV_MSR_SIMP, (uint64_t)&other | 1);
	EXPECT(wait_for(&interrupts[0].count[VECTOR], 1));
	EXPECT_IS(other.slots[SINT].header.type, HVMSG_TIMER_EXPIRED);
	EXPECT_IS(synic_slot(SINT)->header.type, HVMSG_NONE);
	other.slots[SINT].header.type = HVMSG_NONE;
	synic_off();
}

/* A page where no memory is: nothing comes, nothing breaks. */
static void page_nowhere(void)
{
	synic_on(SINT, VECTOR);
	msr_set(HV_MSR_SIMP, 0x90000001);
	synic_send(1, SINT);
	wait_moment();
	EXPECT_IS(interrupts[0].total, 0);
	synic_on(SINT, VECTOR);
	EXPECT(wait_for(&interrupts[0].count[VECTOR], 1));
	synic_off();
}

/* The slot is emptied while the next message is under way: whether the flag
 * was seen or not, every message comes. */
static void race_eom(void)
{
	uint32_t i;

	synic_on(SINT, VECTOR);
	for (i = 0; i < 500; i++) {
		uint32_t first = 0;

		synic_send(1, SINT);
		EXPECT(synic_wait(SINT));
		first = sender(SINT);
		synic_send(2, SINT);
		synic_release(SINT);
		EXPECT(synic_wait(SINT));
		EXPECT_IS(first, 1);
		EXPECT_IS(sender(SINT), 2);
		synic_release(SINT);
	}
	synic_off();
}

static volatile uint64_t second_good;

static void on_second(void)
{
	synic_on(SINT, VECTOR);
	synic_send(0, SINT);
	second_good =
		synic_wait(SINT) && wait_for(&interrupts[1].count[VECTOR], 1);
	synic_off();
}

/* Each processor has pages, SINTs and timers of its own. */
static void second(void)
{
	second_good = 0;
	EXPECT(second_run(on_second));
	EXPECT(second_good);
	EXPECT_IS(interrupts[0].total, 0);
	EXPECT_IS(pages[0].slots[SINT].header.type, HVMSG_NONE);
}

static volatile uint32_t second_stop;

static void toggle(void)
{
	while (!second_stop) {
		synic_on(SINT, VECTOR);
		synic_send(0, SINT);
		synic_off();
	}
}

/* One sends while the other turns everything on and off. */
static void race_registers(void)
{
	uint32_t i;

	second_stop = 0;
	second_begin(toggle);
	synic_on(SINT, VECTOR);
	for (i = 0; i < 300; i++) {
		synic_send(1, SINT);
		EXPECT(synic_wait(SINT));
		synic_release(SINT);
	}
	second_stop = 1;
	EXPECT(second_end());
	synic_off();
}

#define H NEEDS_HYPERVISOR

static const struct check checks[] = {
	{"synic-message", message, H},
	{"synic-every-sint", every_sint, H},
	{"synic-pending", pending, H},
	{"synic-in-order", in_order, H},
	{"synic-end-of-interrupt", end_of_interrupt, H},
	{"synic-masked", masked, H},
	{"synic-polling", polling, H},
	{"synic-auto-eoi", auto_eoi, H},
	{"synic-waits-for-control", waits_for_control, H},
	{"synic-waits-for-page", waits_for_page, H},
	{"synic-page-nowhere", page_nowhere, H},
	{"synic-race-eom", race_eom, H},
	{"synic-second", second, H | NEEDS_SECOND},
	{"synic-race-registers", race_registers, H | NEEDS_SECOND},
};
CHAPTER(synic);
