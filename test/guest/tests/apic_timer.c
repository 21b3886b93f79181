/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proves the local APIC's timer: once, periodic, masked, stopped, its count
 * and its divisor. */
#include "check.h"

#define VECTOR	0x54u
#define BY_1	0xbu
#define BY_2	0u
#define FOREVER 0xffffffffu
#define SHORTLY 50000u

static volatile uint64_t *const count = &interrupts[0].count[VECTOR];

static void stop(void)
{
	apic_write(APIC_INITIAL, 0);
	apic_write(APIC_TIMER, APIC_MASKED);
}

static void start(uint32_t mode, uint32_t ticks)
{
	apic_write(APIC_DIVIDE, BY_1);
	apic_write(APIC_TIMER, mode | VECTOR);
	apic_write(APIC_INITIAL, ticks);
}

static void once(void)
{
	start(0, SHORTLY);
	EXPECT(wait_for(count, 1));
	EXPECT_IS(apic_read(APIC_CURRENT), 0);
	wait_moment();
	EXPECT_IS(*count, 1);
	stop();
}

static void periodic(void)
{
	start(APIC_PERIODIC, SHORTLY);
	EXPECT(wait_for(count, 5));
	EXPECT(apic_read(APIC_CURRENT) <= SHORTLY);
	stop();
	interrupts_on();
	interrupts_off();
	const uint64_t before = *count;

	wait_moment();
	EXPECT_IS(*count, before);
}

static void masked(void)
{
	start(APIC_MASKED, SHORTLY);
	wait_moment();
	wait_moment();
	EXPECT_IS(*count, 0);
	stop();
}

static void counts_down(void)
{
	uint32_t last, now, i;

	start(APIC_MASKED, FOREVER);
	last = apic_read(APIC_CURRENT);
	EXPECT(last != 0);
	for (i = 0; i < 10; i++) {
		now = apic_read(APIC_CURRENT);
		EXPECT(now <= last);
		last = now;
	}
	EXPECT(last < FOREVER);
	stop();
	EXPECT_IS(apic_read(APIC_CURRENT), 0);
}

/* How far a count gets while the TSC goes a fixed way. */
static uint64_t distance(uint32_t divide)
{
	uint64_t begin, ticks;
	uint32_t first;

	apic_write(APIC_DIVIDE, divide);
	apic_write(APIC_INITIAL, FOREVER);
	begin = tsc_read();
	first = apic_read(APIC_CURRENT);
	while (tsc_read() - begin < 20000000)
		;
	ticks = tsc_read() - begin;
	return (uint64_t)(first - apic_read(APIC_CURRENT)) * 20000000 / ticks;
}

static void divisor(void)
{
	uint64_t one, two;

	apic_write(APIC_TIMER, APIC_MASKED | VECTOR);
	one = distance(BY_1);
	two = distance(BY_2);
	EXPECT(one > two + two / 2 && one < 3 * two);
	EXPECT_IS(apic_read(APIC_DIVIDE), BY_2);
	stop();
}

static void wakes(void)
{
	start(0, SHORTLY);
	__asm__ volatile("sti; hlt; cli" ::: "memory");
	EXPECT_IS(*count, 1);
	stop();
}

static void reload(void)
{
	start(0, FOREVER);
	start(0, SHORTLY);
	EXPECT(wait_for(count, 1));
	stop();
}

static void no_deadline(void)
{
	EXPECT(msr_get_refused(0x6e0));
	apic_write(APIC_TIMER, 0x40000 | VECTOR);
	EXPECT_IS(apic_read(APIC_TIMER), VECTOR);
	stop();
}

static volatile uint64_t second_good;

static void on_second(void)
{
	start(0, SHORTLY);
	second_good = wait_for(&interrupts[1].count[VECTOR], 1);
	stop();
}

static void second(void)
{
	second_good = 0;
	EXPECT(second_run(on_second));
	EXPECT(second_good);
	EXPECT_IS(*count, 0);
}

static const struct check checks[] = {
	{"apic-timer-once", once, 0},
	{"apic-timer-periodic", periodic, 0},
	{"apic-timer-masked", masked, 0},
	{"apic-timer-counts-down", counts_down, 0},
	{"apic-timer-divisor", divisor, 0},
	{"apic-timer-wakes", wakes, 0},
	{"apic-timer-reload", reload, 0},
	{"apic-timer-no-deadline", no_deadline, 0},
	{"apic-timer-second", second, NEEDS_SECOND},
};
CHAPTER(apic_timer);
