/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The MC146818: time in every format, setting it, interrupts, CMOS. */
#include "fake.h"

#include "worker/emulated/rtc.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Sunday 22 November 2026, 13:45:30 UTC */
#define NOW	  1795355130
#define SECOND_NS 1000000000ull

struct fixture {
	struct fake_clock clock;
	struct fake_line irq;
	struct rtc rtc;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	fake_clock_init(&f->clock);
	fake_line_init(&f->irq);
	f->clock.wall_seconds = NOW;
	rtc_init(&f->rtc, &f->clock.clock, &f->irq.line);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static void put(struct fixture *f, unsigned int at, unsigned int value)
{
	rtc_operations.write(&f->rtc, 0, 1, at);
	rtc_operations.write(&f->rtc, 1, 1, value);
}

static unsigned int get(struct fixture *f, unsigned int at)
{
	rtc_operations.write(&f->rtc, 0, 1, at);
	return (unsigned int)rtc_operations.read(&f->rtc, 1, 1);
}

/* century year month day hour minute second weekday */
static void expect(struct fixture *f, const unsigned int values[8])
{
	static const unsigned int at[8] = {0x32, 9, 8, 7, 4, 2, 0, 6};

	for (unsigned int i = 0; i < 8; i++) {
		if (get(f, at[i]) != values[i])
			fail_msg("register %02x is %02x, not %02x", at[i],
				 get(f, at[i]), values[i]);
	}
}

#define EXPECT(f, ...) expect(f, (const unsigned int[]){__VA_ARGS__})

static void test_formats(void **state)
{
	struct fixture *f = *state;

	EXPECT(f, 0x20, 0x26, 0x11, 0x22, 0x13, 0x45, 0x30, 0x01);
	put(f, 11, 0x06); /* binary, 24 hours */
	EXPECT(f, 20, 26, 11, 22, 13, 45, 30, 1);
	put(f, 11, 0x00); /* BCD, 12 hours */
	EXPECT(f, 0x20, 0x26, 0x11, 0x22, 0x81, 0x45, 0x30, 0x01);
	put(f, 11, 0x04);
	EXPECT(f, 20, 26, 11, 22, 0x81, 45, 30, 1);
}

static void test_hours_of_12(void **state)
{
	static const unsigned int hours[24] = {
		0x12, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07,
		0x08, 0x09, 0x10, 0x11, 0x92, 0x81, 0x82, 0x83,
		0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x90, 0x91,
	};
	struct fixture *f = *state;

	for (unsigned int i = 0; i < 24; i++) {
		put(f, 11, 0x80);
		put(f, 4, hours[i]);
		put(f, 11, 0x00);
		assert_int_equal(get(f, 4), hours[i]);
		put(f, 11, 0x06);
		assert_int_equal(get(f, 4), i);
	}
}

/* Against the C library, over leap years and centuries. */
static void test_calendar(void **state)
{
	struct fixture *f = *state;

	for (int64_t t = 0; t < 8000000000; t += 86400 * 37 + 12345) {
		const time_t time = (time_t)t;
		struct tm tm;

		gmtime_r(&time, &tm);
		f->clock.now_ns = 0;
		f->clock.wall_seconds = t;
		rtc_init(&f->rtc, &f->clock.clock, &f->irq.line);
		put(f, 11, 0x06);
		EXPECT(f, (unsigned int)(tm.tm_year / 100 + 19),
		       (unsigned int)tm.tm_year % 100,
		       (unsigned int)tm.tm_mon + 1, (unsigned int)tm.tm_mday,
		       (unsigned int)tm.tm_hour, (unsigned int)tm.tm_min,
		       (unsigned int)tm.tm_sec, (unsigned int)tm.tm_wday + 1);
	}
}

static void test_time_passes(void **state)
{
	struct fixture *f = *state;

	fake_clock_advance(&f->clock, 29 * SECOND_NS + 999999999);
	EXPECT(f, 0x20, 0x26, 0x11, 0x22, 0x13, 0x45, 0x59, 0x01);
	fake_clock_advance(&f->clock, 1);
	EXPECT(f, 0x20, 0x26, 0x11, 0x22, 0x13, 0x46, 0x00, 0x01);
	fake_clock_advance(&f->clock, 39 * 86400 * SECOND_NS);
	EXPECT(f, 0x20, 0x26, 0x12, 0x31, 0x13, 0x46, 0x00, 0x05);
	fake_clock_advance(&f->clock, 86400 * SECOND_NS);
	EXPECT(f, 0x20, 0x27, 0x01, 0x01, 0x13, 0x46, 0x00, 0x06);
}

static void test_update_in_progress(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(get(f, 10), 0x26);
	fake_clock_advance(&f->clock, SECOND_NS - 245000);
	assert_int_equal(get(f, 10), 0x26);
	fake_clock_advance(&f->clock, 1000);
	assert_int_equal(get(f, 10), 0xa6);
	assert_int_equal(get(f, 0), 0x30);
	fake_clock_advance(&f->clock, 244000);
	assert_int_equal(get(f, 10), 0x26);
	assert_int_equal(get(f, 0), 0x31);
	fake_clock_advance(&f->clock, SECOND_NS - 1000);
	put(f, 11, 0x82); /* no updates while SET */
	assert_int_equal(get(f, 10), 0x26);
}

static void test_setting(void **state)
{
	struct fixture *f = *state;

	put(f, 11, 0x82);
	put(f, 0, 0x58);
	put(f, 2, 0x59);
	put(f, 4, 0x23);
	put(f, 7, 0x28);
	put(f, 8, 0x02);
	put(f, 9, 0x28);
	put(f, 0x32, 0x20);
	fake_clock_advance(&f->clock, 5 * SECOND_NS);
	assert_int_equal(get(f, 0), 0x58);
	put(f, 11, 0x02);
	EXPECT(f, 0x20, 0x28, 0x02, 0x28, 0x23, 0x59, 0x58, 0x02);
	fake_clock_advance(&f->clock, 2 * SECOND_NS);
	EXPECT(f, 0x20, 0x28, 0x02, 0x29, 0x00, 0x00, 0x00, 0x03);
	/* It stays apart from the wall's time from now on. */
	fake_clock_advance(&f->clock, 100 * SECOND_NS);
	EXPECT(f, 0x20, 0x28, 0x02, 0x29, 0x00, 0x01, 0x40, 0x03);
}

static void test_setting_while_it_runs(void **state)
{
	struct fixture *f = *state;

	put(f, 4, 0x07);
	EXPECT(f, 0x20, 0x26, 0x11, 0x22, 0x07, 0x45, 0x30, 0x01);
	put(f, 7, 0x31); /* there is no 31 November */
	EXPECT(f, 0x20, 0x26, 0x12, 0x01, 0x07, 0x45, 0x30, 0x03);
	put(f, 8, 0x00); /* nonsense does no harm */
	put(f, 0, 0xff);
	put(f, 0x32, 0xff);
	get(f, 9);
	fake_clock_advance(&f->clock, SECOND_NS);
	get(f, 9);
}

static void test_divider_holds(void **state)
{
	struct fixture *f = *state;

	put(f, 10, 0x76);
	fake_clock_advance(&f->clock, 10 * SECOND_NS);
	assert_int_equal(get(f, 0), 0x30);
	assert_int_equal(get(f, 10), 0x76);
	put(f, 10, 0x26);
	fake_clock_advance(&f->clock, SECOND_NS);
	assert_int_equal(get(f, 0), 0x31);
}

/* The machine was paused for an hour: its clock stood, the wall's did not. */
static void test_follows_the_wall(void **state)
{
	struct fixture *f = *state;

	get(f, 0);
	f->clock.wall_seconds += 3600;
	assert_int_equal(get(f, 4), 0x13); /* not in the middle of a look */
	fake_clock_advance(&f->clock, 3 * SECOND_NS);
	assert_int_equal(get(f, 4), 0x14);
	assert_int_equal(get(f, 0), 0x33);
	f->clock.wall_seconds++; /* only out of phase: left alone */
	fake_clock_advance(&f->clock, 3 * SECOND_NS);
	assert_int_equal(get(f, 0), 0x36);
}

static void test_periodic(void **state)
{
	static const unsigned int rates[16] = {
		0,   256, 128, 8192, 4096, 2048, 1024, 512,
		256, 128, 64,  32,   16,   8,	 4,    2,
	};
	struct fixture *f = *state;

	put(f, 11, 0x42);
	for (unsigned int rate = 0; rate < 16; rate++) {
		put(f, 10, 0x20 | rate);
		get(f, 12);
		f->irq.rises = 0;
		for (unsigned int i = 0; i < 20000; i++) {
			fake_clock_advance(&f->clock, 50000);
			if (f->irq.level)
				assert_int_equal(get(f, 12) & 0xc0, 0xc0);
		}
		assert_in_range(f->irq.rises + 1, rates[rate], rates[rate] + 2);
	}
}

static void test_periodic_waits_for_c(void **state)
{
	struct fixture *f = *state;

	put(f, 11, 0x42);
	f->clock.expirations = 0;
	fake_clock_advance(&f->clock, 10 * SECOND_NS);
	assert_int_equal(f->irq.rises, 1); /* nobody reads C: no storm */
	assert_int_equal(f->clock.expirations, 1);
	assert_int_equal(get(f, 12) & 0xc0, 0xc0);
	assert_false(f->irq.level);
	assert_int_equal(get(f, 12) & 0xc0, 0);
	fake_clock_advance(&f->clock, SECOND_NS);
	assert_true(f->irq.level);
	put(f, 11, 0x02);
	assert_false(f->irq.level);
}

static void test_flags_without_enables(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(get(f, 12), 0);
	fake_clock_advance(&f->clock, 2 * SECOND_NS);
	assert_int_equal(get(f, 12), 0x50); /* periodic and update */
	assert_int_equal(get(f, 12), 0);
	assert_int_equal(f->irq.rises, 0);
	put(f, 10, 0x20); /* no rate */
	fake_clock_advance(&f->clock, 2 * SECOND_NS);
	assert_int_equal(get(f, 12), 0x10);
}

static void test_update_interrupt(void **state)
{
	struct fixture *f = *state;

	put(f, 11, 0x12);
	for (unsigned int i = 0; i < 5; i++) {
		fake_clock_advance(&f->clock, SECOND_NS - 1000);
		assert_false(f->irq.level);
		fake_clock_advance(&f->clock, 1000);
		assert_true(f->irq.level);
		assert_int_equal(get(f, 12) & 0x90, 0x90);
		assert_false(f->irq.level);
	}
	put(f, 11, 0x92); /* SET clears UIE */
	assert_int_equal(get(f, 11), 0x82);
	fake_clock_advance(&f->clock, 5 * SECOND_NS);
	assert_int_equal(f->irq.rises, 5);
}

static void set_alarm(struct fixture *f, unsigned int hour, unsigned int minute,
		      unsigned int second)
{
	put(f, 5, hour);
	put(f, 3, minute);
	put(f, 1, second);
	get(f, 12);
}

static void test_alarm(void **state)
{
	struct fixture *f = *state;

	set_alarm(f, 0x13, 0x46, 0x10);
	put(f, 11, 0x22);
	fake_clock_advance(&f->clock, 39 * SECOND_NS);
	assert_false(f->irq.level);
	fake_clock_advance(&f->clock, SECOND_NS);
	assert_true(f->irq.level);
	assert_int_equal(get(f, 12) & 0xa0, 0xa0);
	fake_clock_advance(&f->clock, 86399 * SECOND_NS);
	assert_false(f->irq.level);
	fake_clock_advance(&f->clock, SECOND_NS);
	assert_true(f->irq.level);
}

static void test_alarm_any(void **state)
{
	struct fixture *f = *state;

	set_alarm(f, 0xff, 0xc0, 0x05); /* once a minute */
	put(f, 11, 0x22);
	for (unsigned int i = 0; i < 600; i++) {
		fake_clock_advance(&f->clock, SECOND_NS);
		if (f->irq.level)
			get(f, 12);
	}
	assert_int_equal(f->irq.rises, 10);
	set_alarm(f, 0xff, 0xff, 0xff); /* every second */
	f->irq.rises = 0;
	for (unsigned int i = 0; i < 10; i++) {
		fake_clock_advance(&f->clock, SECOND_NS);
		get(f, 12);
	}
	assert_int_equal(f->irq.rises, 10);
}

static void test_alarm_binary_12(void **state)
{
	struct fixture *f = *state;

	put(f, 11, 0x24); /* binary, 12 hours: 1 p.m. is 81h */
	set_alarm(f, 0x81, 45, 35);
	fake_clock_advance(&f->clock, 5 * SECOND_NS);
	assert_true(f->irq.level);
	get(f, 12);
	set_alarm(f, 0x01, 45, 40); /* 1 a.m. */
	fake_clock_advance(&f->clock, 5 * SECOND_NS);
	assert_false(f->irq.level);
}

/* Years in one step: flags are right and the search is short. */
static void test_alarm_long_ago(void **state)
{
	struct fixture *f = *state;

	set_alarm(f, 0x13, 0x00, 0x00);
	f->clock.now_ns += 3 * 365 * 86400 * SECOND_NS;
	assert_int_equal(get(f, 12) & 0x30, 0x30);
	set_alarm(f, 0x99, 0x99, 0x99); /* never */
	f->clock.now_ns += 365 * 86400 * SECOND_NS;
	assert_int_equal(get(f, 12) & 0x30, 0x10);
}

static void test_cmos(void **state)
{
	struct fixture *f = *state;

	for (unsigned int i = 0x0e; i < 128; i++) {
		if (i != 0x32)
			put(f, i, i ^ 0x5a);
	}
	for (unsigned int i = 0x0e; i < 128; i++) {
		if (i != 0x32)
			assert_int_equal(get(f, i), i ^ 0x5a);
	}
	put(f, 13, 0);
	assert_int_equal(get(f, 13), 0x80); /* battery good, read only */
	put(f, 12, 0xff);
	assert_int_equal(get(f, 12) & 0x8f, 0);
	assert_int_equal(get(f, 0x80 | 0x10), 0x4a); /* bit 7 is the NMI's */
	assert_int_equal(rtc_operations.read(&f->rtc, 0, 1), 0xff);
	rtc_set_cmos(&f->rtc, 0x5f, 3);
	assert_int_equal(get(f, 0x5f), 3);
	rtc_reset(&f->rtc); /* the battery keeps it */
	assert_int_equal(get(f, 0x20), 0x7a);
}

static unsigned int get16(struct fixture *f, unsigned int at)
{
	return get(f, at) | get(f, at + 1) << 8;
}

static void test_memory_size(void **state)
{
	struct fixture *f = *state;

	rtc_set_memory(&f->rtc, 512ull << 20, 0);
	assert_int_equal(get16(f, 0x15), 640);
	assert_int_equal(get16(f, 0x17), 0xffff); /* 511 MiB do not fit */
	assert_int_equal(get16(f, 0x30), 0xffff);
	assert_int_equal(get16(f, 0x34), 496 * 16);
	assert_int_equal(get16(f, 0x5b), 0);
	rtc_set_memory(&f->rtc, 16ull << 20, 0);
	assert_int_equal(get16(f, 0x17), 15 * 1024);
	assert_int_equal(get16(f, 0x34), 0);
	rtc_set_memory(&f->rtc, 3ull << 30, 5ull << 30);
	assert_int_equal(get16(f, 0x34), (3072 - 16) * 16);
	assert_int_equal(get16(f, 0x5b), 0x4000);
	assert_int_equal(get(f, 0x5d), 0x01);
}

static void test_reset(void **state)
{
	struct fixture *f = *state;

	put(f, 11, 0x7a);
	fake_clock_advance(&f->clock, SECOND_NS);
	assert_true(f->irq.level);
	rtc_reset(&f->rtc);
	assert_false(f->irq.level);
	assert_int_equal(get(f, 11), 0x02);
	fake_clock_advance(&f->clock, SECOND_NS);
	assert_int_equal(f->irq.rises, 1);
	assert_int_equal(get(f, 0), 0x32);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_formats),
		TEST(test_hours_of_12),
		TEST(test_calendar),
		TEST(test_time_passes),
		TEST(test_update_in_progress),
		TEST(test_setting),
		TEST(test_setting_while_it_runs),
		TEST(test_divider_holds),
		TEST(test_follows_the_wall),
		TEST(test_periodic),
		TEST(test_periodic_waits_for_c),
		TEST(test_flags_without_enables),
		TEST(test_update_interrupt),
		TEST(test_alarm),
		TEST(test_alarm_any),
		TEST(test_alarm_binary_12),
		TEST(test_alarm_long_ago),
		TEST(test_cmos),
		TEST(test_memory_size),
		TEST(test_reset),
	};

	return cmocka_run_group_tests_name("rtc", tests, NULL, NULL);
}
