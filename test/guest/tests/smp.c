/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proves start and reset of the second processor, real mode there, interrupts
 * from one to the other in all modes, and two that race. */
#include "check.h"

#include "abi/cpuid.h"

#define VECTOR 0x55u
#define START  0x8000u

static volatile uint64_t *const theirs = &interrupts[1].count[VECTOR];
static volatile uint64_t *const ours = &interrupts[0].count[VECTOR];

static void real(void)
{
	uint32_t out[4];

	cpuid(HV_CPUID_FIRST, 0, out);
	EXPECT_IS(real_mode->segment, START >> 4);
	EXPECT_IS(real_mode->flags, 2);
	EXPECT_IS(real_mode->interrupted, 0x60);
	EXPECT_IS(real_mode->cpuid, out[0]);
	EXPECT_IS(real_mode->port, 0xff);
	EXPECT_IS(real_mode->product, 0x23462345);
	EXPECT_IS(real_mode->wrapped, 0x5a);
	EXPECT_IS(real_mode->string, 10);
}

static void again(void)
{
	EXPECT(second_start());
	EXPECT(second_is_there());
}

static volatile uint32_t spinning;

static void spin(void)
{
	for (;;)
		spinning++;
}

/* INIT takes a processor away from whatever it does, with interrupts off. */
static void init_stops(void)
{
	uint32_t before, i;

	second_begin(spin);
	before = spinning;
	for (i = 0; i < 1000 && spinning == before; i++)
		wait_moment();
	EXPECT(spinning != before);
	apic_send(1, ICR_INIT | ICR_ASSERT);
	wait_moment();
	wait_moment();
	before = spinning;
	wait_moment();
	EXPECT_IS(spinning, before);
	EXPECT(second_start());
}

/* A start-up message is for who waits for one; others do not mind. */
static void startup_ignored(void)
{
	apic_send(1, ICR_STARTUP | 0x99);
	wait_moment();
	apic_send(1, VECTOR);
	EXPECT(wait_for(theirs, 1));
}

/* Between INIT and SIPI there are no interrupts, and none is kept. */
static void waits_for_startup(void)
{
	apic_send(1, ICR_INIT | ICR_ASSERT);
	wait_moment();
	apic_send(1, VECTOR);
	wait_moment();
	EXPECT_IS(*theirs, 0);
	EXPECT(second_start());
	wait_moment();
	EXPECT_IS(*theirs, 0);
}

static void fixed(void)
{
	uint32_t i;

	for (i = 1; i <= 50; i++) {
		apic_send(1, VECTOR);
		EXPECT(wait_for(theirs, i));
	}
	EXPECT_IS(*ours, 0);
}

static void to_all(void)
{
	apic_send(0, ICR_ALL | VECTOR);
	EXPECT(wait_for(ours, 1));
	EXPECT(wait_for(theirs, 1));
	apic_send(0xff, VECTOR);
	EXPECT(wait_for(ours, 2));
	EXPECT(wait_for(theirs, 2));
}

static void to_others(void)
{
	apic_send(0, ICR_OTHERS | VECTOR);
	EXPECT(wait_for(theirs, 1));
	wait_moment();
	EXPECT_IS(*ours, 0);
}

static void set_logical(void)
{
	apic_write(APIC_LDR, 0x02000000);
}

static void logical(void)
{
	apic_write(APIC_LDR, 0x01000000);
	EXPECT(second_run(set_logical));
	apic_send(2, ICR_LOGICAL | VECTOR);
	EXPECT(wait_for(theirs, 1));
	EXPECT_IS(*ours, 0);
	apic_send(3, ICR_LOGICAL | VECTOR);
	EXPECT(wait_for(theirs, 2));
	EXPECT(wait_for(ours, 1));
}

static void raise_priority(void)
{
	apic_write(APIC_TPR, 0x80);
}

static void lower_priority(void)
{
	apic_write(APIC_TPR, 0);
}

/* To one of the two: the one whose priority is lower. */
static void lowest(void)
{
	apic_write(APIC_LDR, 0x01000000);
	EXPECT(second_run(set_logical));
	apic_write(APIC_TPR, 0x40);
	apic_send(3, ICR_LOGICAL | ICR_LOWEST | VECTOR);
	EXPECT(wait_for(theirs, 1));
	apic_write(APIC_TPR, 0);
	wait_moment();
	EXPECT_IS(*ours, 0);
	EXPECT(second_run(set_logical));
	/* With its TPR at 80h our wake-up, F0h, still comes through. */
	EXPECT(second_run(raise_priority));
	apic_send(3, ICR_LOGICAL | ICR_LOWEST | VECTOR);
	EXPECT(wait_for(ours, 1));
	EXPECT(second_run(lower_priority));
	EXPECT_IS(*theirs, 1);
}

static void nmi(void)
{
	apic_send(1, ICR_NMI);
	EXPECT(wait_for(&interrupts[1].count[VECTOR_NMI], 1));
	EXPECT_IS(interrupts[0].count[VECTOR_NMI], 0);
}

static volatile uint32_t is_deaf;

static void deaf(void)
{
	uint64_t start = tsc_read();

	is_deaf = 1;
	while (tsc_read() - start < 100000000 &&
	       !interrupts[1].count[VECTOR_NMI])
		;
}

static void nmi_unmasked(void)
{
	is_deaf = 0;
	second_begin(deaf); /* interrupts are off there */
	EXPECT(wait_word(&is_deaf, 1));
	apic_send(1, VECTOR);
	apic_send(1, ICR_NMI);
	EXPECT(second_end());
	EXPECT_IS(interrupts[1].count[VECTOR_NMI], 1);
	EXPECT(wait_for(theirs, 1));
	EXPECT_IS(interrupts[1].order[interrupts[1].total - 1], VECTOR);
}

/* ---- Races ---- */

#define ROUNDS 20000u

static volatile uint64_t shared;
static volatile uint64_t wide[2] __attribute__((aligned(16)));

static void add(void)
{
	uint32_t i;

	for (i = 0; i < ROUNDS; i++)
		__asm__ volatile("lock incq %0" : "+m"(shared)::"cc");
}

static void race_add(void)
{
	shared = 0;
	second_begin(add);
	add();
	EXPECT(second_end());
	EXPECT_IS(shared, 2 * ROUNDS);
}

static void add_wide(void)
{
	uint64_t low = wide[0], high = wide[1];
	uint32_t i;

	for (i = 0; i < ROUNDS / 10; i++) {
		bool done = false;

		while (!done) {
			uint64_t next_low = low + 1, next_high = high + 2;

			__asm__ volatile("lock cmpxchg16b %1"
					 : "=@ccz"(done), "+m"(wide), "+a"(low),
					   "+d"(high)
					 : "b"(next_low), "c"(next_high)
					 : "memory");
		}
	}
}

static void race_wide(void)
{
	wide[0] = wide[1] = 0;
	second_begin(add_wide);
	add_wide();
	EXPECT(second_end());
	EXPECT_IS(wide[0], 2 * (ROUNDS / 10));
	EXPECT_IS(wide[1], 4 * (ROUNDS / 10));
}

static void ping(void)
{
	uint32_t i;

	for (i = 0; i < 200; i++) {
		apic_send(0, VECTOR);
		if (!wait_for(&interrupts[1].count[VECTOR + 1], i + 1))
			return;
	}
}

/* Each answers the other's interrupt: none may be lost. */
static void race_interrupts(void)
{
	uint32_t i;

	second_begin(ping);
	for (i = 0; i < 200; i++) {
		EXPECT(wait_for(ours, i + 1));
		apic_send(1, VECTOR + 1);
	}
	EXPECT(second_end());
	EXPECT_IS(*ours, 200);
	EXPECT_IS(interrupts[1].count[VECTOR + 1], 200);
}

/* The wake-up may come just before the halt, or just after. */
static void race_halt(void)
{
	uint32_t i;

	for (i = 0; i < 200; i++)
		EXPECT(second_run(lower_priority));
}

static const struct check checks[] = {
	{"smp-real-mode", real, NEEDS_SECOND},
	{"smp-start-again", again, NEEDS_SECOND},
	{"smp-init-stops", init_stops, NEEDS_SECOND},
	{"smp-startup-ignored", startup_ignored, NEEDS_SECOND},
	{"smp-waits-for-startup", waits_for_startup, NEEDS_SECOND},
	{"smp-fixed", fixed, NEEDS_SECOND},
	{"smp-to-all", to_all, NEEDS_SECOND},
	{"smp-to-others", to_others, NEEDS_SECOND},
	{"smp-logical", logical, NEEDS_SECOND},
	{"smp-lowest", lowest, NEEDS_SECOND},
	{"smp-nmi", nmi, NEEDS_SECOND},
	{"smp-nmi-unmasked", nmi_unmasked, NEEDS_SECOND},
	{"smp-race-add", race_add, NEEDS_SECOND},
	{"smp-race-wide", race_wide, NEEDS_SECOND},
	{"smp-race-interrupts", race_interrupts, NEEDS_SECOND},
	{"smp-race-halt", race_halt, NEEDS_SECOND},
};
CHAPTER(smp);
