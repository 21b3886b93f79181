/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proves synthetic timers in both modes: by message and by interrupt, once and
 * periodic, never early, stopped, started by themselves. */
#include "check.h"
#include "synic.h"

#include "abi/msr.h"

#define SINT   5u
#define VECTOR 0x57u
#define SOON   20000u /* 2 ms */

#define CONFIG(n) (HV_MSR_STIMER0_CONFIG + 2 * (n))
#define COUNT(n)  (HV_MSR_STIMER0_COUNT + 2 * (n))
#define MESSAGE	  ((uint64_t)SINT << HV_STIMER_SINT_SHIFT)
#define DIRECT	  (HV_STIMER_DIRECT | (uint64_t)VECTOR << HV_STIMER_VECTOR_SHIFT)

static volatile uint64_t *const count = &interrupts[0].count[VECTOR];

static void start(uint32_t timer, uint64_t config, uint64_t ticks)
{
	msr_set(CONFIG(timer), 0);
	msr_set(COUNT(timer), ticks);
	msr_set(CONFIG(timer), config | HV_STIMER_ENABLE);
}

static void stop(uint32_t timer)
{
	msr_set(CONFIG(timer), 0);
	msr_set(COUNT(timer), 0);
}

static const struct hv_timer_message *told(void)
{
	return (const void *)synic_slot(SINT)->payload;
}

static void message_once(void)
{
	uint64_t due;

	synic_on(SINT, VECTOR);
	due = time_now() + SOON;
	start(0, MESSAGE, due);
	EXPECT(wait_for(count, 1));
	EXPECT(time_now() >= due);
	EXPECT_IS(told()->timer_index, 0);
	EXPECT_IS(told()->expiration_time, due);
	EXPECT(told()->delivery_time >= due);
	EXPECT_IS(msr_get(CONFIG(0)) & HV_STIMER_ENABLE, 0);
	EXPECT_IS(msr_get(COUNT(0)), due);
	synic_release(SINT);
	wait_moment();
	EXPECT_IS(*count, 1);
	stop(0);
	synic_off();
}

static void message_periodic(void)
{
	uint64_t first, last = 0;
	uint32_t i;

	synic_on(SINT, VECTOR);
	first = time_now();
	start(1, MESSAGE | HV_STIMER_PERIODIC, SOON);
	for (i = 1; i <= 5; i++) {
		EXPECT(wait_for(count, i));
		EXPECT_IS(told()->timer_index, 1);
		EXPECT(told()->expiration_time >= first + i * SOON);
		EXPECT(told()->expiration_time > last);
		EXPECT(told()->delivery_time >= told()->expiration_time);
		last = told()->expiration_time;
		synic_release(SINT);
	}
	EXPECT(msr_get(CONFIG(1)) & HV_STIMER_ENABLE);
	stop(1);
	synic_off();
}

static void direct_once(void)
{
	uint64_t due = time_now() + SOON;

	start(0, DIRECT, due);
	EXPECT(wait_for(count, 1));
	EXPECT(time_now() >= due);
	EXPECT_IS(msr_get(CONFIG(0)) & HV_STIMER_ENABLE, 0);
	wait_moment();
	EXPECT_IS(*count, 1);
	stop(0);
}

static void direct_periodic(void)
{
	uint64_t begin = time_now();

	start(2, DIRECT | HV_STIMER_PERIODIC, SOON);
	EXPECT(wait_for(count, 5));
	EXPECT(time_now() - begin >= 5 * SOON - SOON / 2);
	stop(2);
	interrupts_on();
	interrupts_off();
	begin = *count;
	wait_moment();
	EXPECT_IS(*count, begin);
}

static void direct_past(void)
{
	start(0, DIRECT, 1);
	EXPECT(wait_for(count, 1));
	stop(0);
}

static void direct_wakes(void)
{
	start(3, DIRECT, time_now() + SOON);
	__asm__ volatile("sti; hlt; cli" ::: "memory");
	EXPECT_IS(*count, 1);
	stop(3);
}

static void auto_enable(void)
{
	uint64_t due = time_now() + SOON;

	msr_set(CONFIG(0), DIRECT | HV_STIMER_AUTO_ENABLE);
	EXPECT_IS(msr_get(CONFIG(0)) & HV_STIMER_ENABLE, 0);
	msr_set(COUNT(0), due);
	EXPECT(wait_for(count, 1));
	EXPECT(time_now() >= due);
	msr_set(COUNT(0), time_now() + SOON);
	EXPECT(msr_get(CONFIG(0)) & HV_STIMER_ENABLE);
	EXPECT(wait_for(count, 2));
	stop(0);
}

static void count_zero(void)
{
	start(0, DIRECT | HV_STIMER_PERIODIC, SOON);
	msr_set(COUNT(0), 0);
	EXPECT_IS(msr_get(CONFIG(0)) & HV_STIMER_ENABLE, 0);
	wait_moment();
	wait_moment();
	EXPECT_IS(*count, 0);
	stop(0);
}

static void disabled(void)
{
	start(0, DIRECT, time_now() + 10 * SOON);
	msr_set(CONFIG(0), DIRECT);
	wait_moment();
	EXPECT_IS(*count, 0);
	stop(0);
}

static void moved(void)
{
	uint64_t due = time_now() + SOON;

	start(0, DIRECT, due + 100000000);
	msr_set(COUNT(0), due); /* earlier, while it runs */
	EXPECT(wait_for(count, 1));
	EXPECT(time_now() >= due);
	stop(0);
}

static void lazy(void)
{
	start(0, DIRECT | HV_STIMER_PERIODIC | HV_STIMER_LAZY, SOON);
	EXPECT(wait_for(count, 3));
	stop(0);
}

/* SINT 0 is no place for messages. */
static void sint_zero(void)
{
	synic_on(SINT, VECTOR);
	msr_set(COUNT(0), 1);
	EXPECT(msr_set(CONFIG(0), HV_STIMER_ENABLE));
	EXPECT_IS(msr_get(CONFIG(0)) & HV_STIMER_ENABLE, 0);
	wait_moment();
	EXPECT_IS(synic_slot(0)->header.type, HVMSG_NONE);
	stop(0);
	synic_off();
}

static void all_four(void)
{
	uint64_t now = time_now();
	uint32_t i;

	/* The last one started is the first one due. */
	for (i = 0; i < 4; i++)
		start(i,
		      HV_STIMER_DIRECT | (uint64_t)(VECTOR + i)
						 << HV_STIMER_VECTOR_SHIFT,
		      now + (8 - i) * SOON);
	for (i = 0; i < 4; i++)
		EXPECT(wait_for(&interrupts[0].count[VECTOR + i], 1));
	for (i = 0; i < 4; i++) {
		EXPECT_IS(interrupts[0].order[i], VECTOR + 3 - i);
		stop(i);
	}
}

static volatile uint64_t second_good;

static void on_second(void)
{
	start(0, DIRECT, time_now() + SOON);
	second_good = wait_for(&interrupts[1].count[VECTOR], 1);
	stop(0);
}

static void second(void)
{
	second_good = 0;
	EXPECT(second_run(on_second));
	EXPECT(second_good);
	EXPECT_IS(*count, 0);
}

/* Only the processor's own reset takes them away. */
static void init_stops(void)
{
	EXPECT(second_start());
	EXPECT(second_run(on_second));
	EXPECT(second_good);
}

/* A timer that is started and stopped all the time: what was stopped before it
 * was due never comes. */
static void race_stop(void)
{
	uint32_t i;

	for (i = 0; i < 200; i++) {
		start(0, DIRECT, time_now() + 100000000);
		stop(0);
	}
	wait_moment();
	EXPECT_IS(*count, 0);
}

#define H NEEDS_HYPERVISOR

static const struct check checks[] = {
	{"timer-message-once", message_once, H},
	{"timer-message-periodic", message_periodic, H},
	{"timer-direct-once", direct_once, H},
	{"timer-direct-periodic", direct_periodic, H},
	{"timer-direct-past", direct_past, H},
	{"timer-direct-wakes", direct_wakes, H},
	{"timer-auto-enable", auto_enable, H},
	{"timer-count-zero", count_zero, H},
	{"timer-disabled", disabled, H},
	{"timer-moved", moved, H},
	{"timer-lazy", lazy, H},
	{"timer-sint-zero", sint_zero, H},
	{"timer-all-four", all_four, H},
	{"timer-second", second, H | NEEDS_SECOND},
	{"timer-after-reset", init_stops, H | NEEDS_SECOND},
	{"timer-race-stop", race_stop, H},
};
CHAPTER(timer);
