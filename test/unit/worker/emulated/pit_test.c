/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The 8254: all modes, latches, read-back, BCD, IRQ 0 and port 61h. */
#include "fake.h"

#include "worker/emulated/pit.h"

#include <stdlib.h>

struct fixture {
	struct fake_clock clock;
	struct fake_line irq;
	struct pit pit;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	fake_clock_init(&f->clock);
	fake_line_init(&f->irq);
	f->clock.now_ns = 123456789;
	pit_init(&f->pit, &f->clock.clock, &f->irq.line);
	f->irq.rises = 0; /* unprogrammed, the output is high */
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static void out(struct fixture *f, uint64_t port, unsigned int value)
{
	if (port == 0x61)
		pit_control_operations.write(&f->pit, 0, 1, value);
	else
		pit_operations.write(&f->pit, port - 0x40, 1, value);
}

static unsigned int in(struct fixture *f, uint64_t port)
{
	if (port == 0x61)
		return (unsigned int)pit_control_operations.read(&f->pit, 0, 1);
	return (unsigned int)pit_operations.read(&f->pit, port - 0x40, 1);
}

/* Time for so many counts, and a bit. */
static uint64_t counts(uint64_t n)
{
	return (n * 1000000000 + PIT_FREQUENCY - 1) / PIT_FREQUENCY;
}

static void pass(struct fixture *f, uint64_t n)
{
	fake_clock_advance(&f->clock, counts(n));
}

/* Both bytes, the low one first. */
static void load(struct fixture *f, uint64_t port, unsigned int count)
{
	out(f, port, count & 0xff);
	out(f, port, count >> 8);
}

static unsigned int latch(struct fixture *f, uint64_t port)
{
	unsigned int value;

	out(f, 0x43, (unsigned int)(port - 0x40) << 6);
	value = in(f, port);
	return value | in(f, port) << 8;
}

static unsigned int status(struct fixture *f, uint64_t port)
{
	out(f, 0x43, 0xe0 | 2u << (port - 0x40));
	return in(f, port);
}

static void test_mode_0(void **state)
{
	struct fixture *f = *state;

	out(f, 0x43, 0x30);
	assert_false(pit_output(&f->pit, 0));
	load(f, 0x40, 1000);
	assert_in_range(latch(f, 0x40), 998, 1000);
	pass(f, 400);
	assert_in_range(latch(f, 0x40), 598, 600);
	assert_false(f->irq.level);
	pass(f, 590);
	assert_int_equal(f->irq.rises, 0);
	pass(f, 20);
	assert_int_equal(f->irq.rises, 1);
	assert_true(f->irq.level);
	/* The counter goes on through zero, the output stays. */
	assert_in_range(latch(f, 0x40), 0xfff0, 0xffff);
	pass(f, 100000);
	assert_int_equal(f->irq.rises, 1);
	assert_true(pit_output(&f->pit, 0));
	out(f, 0x43, 0x30);
	assert_false(f->irq.level);
}

static void test_mode_0_stops_at_first_byte(void **state)
{
	struct fixture *f = *state;

	out(f, 0x43, 0x30);
	load(f, 0x40, 1000);
	pass(f, 100);
	out(f, 0x40, 0xe8);
	pass(f, 5000);
	assert_int_equal(f->irq.rises, 0);
	out(f, 0x40, 0x03);
	pass(f, 990);
	assert_int_equal(f->irq.rises, 0);
	pass(f, 20);
	assert_int_equal(f->irq.rises, 1);
}

static void test_mode_0_gate(void **state)
{
	struct fixture *f = *state;

	out(f, 0x61, 1);
	out(f, 0x43, 0xb0);
	load(f, 0x42, 1000);
	pass(f, 300);
	out(f, 0x61, 0);
	pass(f, 5000);
	assert_in_range(latch(f, 0x42), 698, 700);
	assert_int_equal(in(f, 0x61) & 0x20, 0);
	out(f, 0x61, 1);
	pass(f, 690);
	assert_int_equal(in(f, 0x61) & 0x20, 0);
	pass(f, 20);
	assert_int_equal(in(f, 0x61) & 0x21, 0x21);
	/* Loaded while the gate is low, it waits. */
	out(f, 0x61, 0);
	load(f, 0x42, 50);
	pass(f, 100);
	assert_int_equal(in(f, 0x61) & 0x20, 0);
	out(f, 0x61, 1);
	pass(f, 51);
	assert_int_equal(in(f, 0x61) & 0x20, 0x20);
}

static void test_mode_1(void **state)
{
	struct fixture *f = *state;

	out(f, 0x43, 0xb2);
	load(f, 0x42, 1000);
	assert_true(pit_output(&f->pit, 2));
	pass(f, 2000);
	assert_true(pit_output(&f->pit, 2));
	out(f, 0x61, 1); /* the trigger */
	assert_false(pit_output(&f->pit, 2));
	pass(f, 600);
	out(f, 0x61, 0); /* falling: nothing */
	assert_false(pit_output(&f->pit, 2));
	out(f, 0x61, 1); /* again: from the beginning */
	pass(f, 600);
	assert_false(pit_output(&f->pit, 2));
	load(f, 0x42, 100); /* for the next trigger */
	pass(f, 300);
	assert_false(pit_output(&f->pit, 2));
	pass(f, 110);
	assert_true(pit_output(&f->pit, 2));
	out(f, 0x61, 0);
	out(f, 0x61, 1);
	pass(f, 90);
	assert_false(pit_output(&f->pit, 2));
	pass(f, 20);
	assert_true(pit_output(&f->pit, 2));
}

static void test_mode_2(void **state)
{
	struct fixture *f = *state;

	out(f, 0x43, 0x34);
	load(f, 0x40, 11932); /* 100 Hz */
	assert_true(f->irq.level);
	f->irq.rises = 0;
	pass(f, 5000);
	assert_in_range(latch(f, 0x40), 6930, 6933);
	fake_clock_advance(&f->clock, 1000000000 - counts(5000));
	assert_in_range(f->irq.rises, 99, 100);
	f->irq.rises = 0;
	fake_clock_advance(&f->clock, 10000000000);
	assert_in_range(f->irq.rises, 999, 1001);
}

static void test_mode_2_output(void **state)
{
	struct fixture *f = *state;

	out(f, 0x61, 1);
	out(f, 0x43, 0xb4);
	load(f, 0x42, 100);
	pass(f, 50);
	assert_true(pit_output(&f->pit, 2));
	f->clock.now_ns = 123456789 + counts(99); /* the last of 100 */
	assert_false(pit_output(&f->pit, 2));
	f->clock.now_ns = 123456789 + counts(100);
	assert_true(pit_output(&f->pit, 2));
	out(f, 0x61, 0); /* holds it high; rising begins anew */
	pass(f, 99);
	assert_true(pit_output(&f->pit, 2));
	out(f, 0x61, 1);
	assert_in_range(latch(f, 0x42), 99, 100);
}

/* A new count takes over when the cycle under way is over. */
static void test_mode_2_reload(void **state)
{
	struct fixture *f = *state;

	out(f, 0x43, 0x34);
	load(f, 0x40, 10000);
	f->irq.rises = 0;
	pass(f, 4000);
	load(f, 0x40, 3000);
	assert_int_equal(status(f, 0x40) & 0x40, 0x40); /* null count */
	assert_in_range(latch(f, 0x40), 5998, 6000);
	pass(f, 5990);
	assert_int_equal(f->irq.rises, 0);
	pass(f, 20);
	assert_int_equal(f->irq.rises, 1);
	assert_int_equal(status(f, 0x40) & 0x40, 0);
	assert_in_range(latch(f, 0x40), 2980, 3000);
	pass(f, 3000);
	assert_int_equal(f->irq.rises, 2);
	pass(f, 3000);
	assert_int_equal(f->irq.rises, 3);
}

static void test_mode_3(void **state)
{
	struct fixture *f = *state;

	out(f, 0x61, 1);
	out(f, 0x43, 0xb6);
	load(f, 0x42, 1000);
	assert_true(pit_output(&f->pit, 2));
	pass(f, 100);
	assert_in_range(latch(f, 0x42), 798, 800); /* by two */
	pass(f, 390);
	assert_true(pit_output(&f->pit, 2));
	pass(f, 20);
	assert_false(pit_output(&f->pit, 2));
	assert_in_range(latch(f, 0x42), 976, 980);
	pass(f, 480);
	assert_false(pit_output(&f->pit, 2));
	pass(f, 20);
	assert_true(pit_output(&f->pit, 2));
	out(f, 0x43, 0x36); /* the default of a PC: 18.2 Hz */
	load(f, 0x40, 0);
	f->irq.rises = 0;
	fake_clock_advance(&f->clock, 10000000000);
	assert_in_range(f->irq.rises, 181, 183);
}

static void test_mode_3_odd(void **state)
{
	struct fixture *f = *state;
	const uint64_t begun = f->clock.now_ns;

	out(f, 0x61, 1);
	out(f, 0x43, 0xb6);
	load(f, 0x42, 5);
	for (unsigned int i = 0; i < 20; i++) {
		f->clock.now_ns = begun + counts(i);
		assert_int_equal(pit_output(&f->pit, 2), i % 5 < 3);
		assert_int_equal(latch(f, 0x42) & 1, 0);
	}
}

static void test_mode_4(void **state)
{
	struct fixture *f = *state;
	const uint64_t begun = f->clock.now_ns;

	out(f, 0x43, 0x38);
	assert_true(pit_output(&f->pit, 0));
	load(f, 0x40, 500);
	f->irq.rises = 0;
	f->clock.now_ns = begun + counts(499);
	assert_true(pit_output(&f->pit, 0));
	f->clock.now_ns = begun + counts(500);
	assert_false(pit_output(&f->pit, 0));
	f->clock.now_ns = begun + counts(501);
	assert_true(pit_output(&f->pit, 0));
	fake_clock_advance(&f->clock, 1000000);
	assert_int_equal(f->irq.rises, 1);
	fake_clock_advance(&f->clock, 1000000000);
	assert_int_equal(f->irq.rises, 1);
}

static void test_mode_5(void **state)
{
	struct fixture *f = *state;
	uint64_t begun;

	out(f, 0x43, 0xba);
	load(f, 0x42, 500);
	pass(f, 1000);
	assert_true(pit_output(&f->pit, 2));
	out(f, 0x61, 1);
	begun = f->clock.now_ns;
	f->clock.now_ns = begun + counts(499);
	assert_true(pit_output(&f->pit, 2));
	f->clock.now_ns = begun + counts(500);
	assert_false(pit_output(&f->pit, 2));
	f->clock.now_ns = begun + counts(501);
	assert_true(pit_output(&f->pit, 2));
}

static void test_modes_6_and_7(void **state)
{
	struct fixture *f = *state;

	out(f, 0x43, 0x3c);
	assert_int_equal(status(f, 0x40) & 0x0e, 0x04);
	out(f, 0x43, 0x3e);
	assert_int_equal(status(f, 0x40) & 0x0e, 0x06);
}

static void test_access_modes(void **state)
{
	struct fixture *f = *state;

	out(f, 0x43, 0x10); /* low byte only */
	out(f, 0x40, 200);
	assert_in_range(in(f, 0x40), 198, 200);
	assert_in_range(in(f, 0x40), 198, 200);
	out(f, 0x43, 0x20); /* high byte only */
	out(f, 0x40, 0x80);
	pass(f, 1);
	assert_int_equal(in(f, 0x40), 0x7f);
	out(f, 0x43, 0x30); /* both, without a latch */
	load(f, 0x40, 0x1234);
	assert_in_range(in(f, 0x40), 0x30, 0x34);
	assert_int_equal(in(f, 0x40), 0x12);
	assert_int_equal(in(f, 0x43), 0xff);
}

static void test_latch(void **state)
{
	struct fixture *f = *state;

	out(f, 0x43, 0x30);
	load(f, 0x40, 0x8000);
	pass(f, 0x1000);
	out(f, 0x43, 0x00);
	pass(f, 0x1000);
	out(f, 0x43, 0x00); /* ignored: not read yet */
	assert_in_range(in(f, 0x40), 0, 0xff);
	assert_in_range(in(f, 0x40), 0x6f, 0x70);
	assert_in_range(latch(f, 0x40), 0x5ffd, 0x6000);
}

static void test_read_back(void **state)
{
	struct fixture *f = *state;
	unsigned int value;

	out(f, 0x43, 0x34);
	assert_int_equal(status(f, 0x40), 0xf4); /* null, output high */
	load(f, 0x40, 0x4000);
	assert_int_equal(status(f, 0x40), 0xb4);
	out(f, 0x43, 0x30);
	load(f, 0x40, 0x100);
	assert_int_equal(status(f, 0x40), 0x30);
	pass(f, 0x101);
	out(f, 0x43, 0xc2 | 0x08);	     /* count and status of 0 and 2 */
	assert_int_equal(in(f, 0x40), 0xb0); /* status first */
	value = in(f, 0x40);
	value |= in(f, 0x40) << 8;
	assert_in_range(value, 0xfff0, 0xffff);
	assert_int_equal(in(f, 0x42) & 0x3f, 0x36);
	out(f, 0x43, 0xe2);
	out(f, 0x43, 0x30);
	out(f, 0x43, 0xe2); /* a latched status is not taken anew... */
	assert_int_equal(in(f, 0x40), 0x70); /* but a mode clears it */
	out(f, 0x43, 0xd2);		     /* count only */
	load(f, 0x40, 0x2000);
	assert_int_equal(in(f, 0x40) | in(f, 0x40), 0);
}

static void test_bcd(void **state)
{
	struct fixture *f = *state;

	out(f, 0x43, 0x31);
	load(f, 0x40, 0x1234);
	pass(f, 35);
	assert_in_range(latch(f, 0x40), 0x1197, 0x1199);
	assert_int_equal(status(f, 0x40) & 1, 1);
	out(f, 0x43, 0x35);
	load(f, 0x40, 0); /* ten thousand */
	f->irq.rises = 0;
	pass(f, 9990);
	assert_int_equal(f->irq.rises, 0);
	pass(f, 20);
	assert_int_equal(f->irq.rises, 1);
	load(f, 0x40, 0xffff); /* no digits, but no harm */
	pass(f, 20000);
	latch(f, 0x40);
}

/* As often as it may, not as often as asked for; and no backlog. */
static void test_shortest_period(void **state)
{
	struct fixture *f = *state;

	out(f, 0x43, 0x34);
	load(f, 0x40, 1);
	f->clock.expirations = 0;
	fake_clock_advance(&f->clock, 10000000);
	assert_in_range(f->clock.expirations, 150, 201);
	out(f, 0x43, 0x34);
	load(f, 0x40, 1193); /* 1 kHz */
	f->clock.expirations = 0;
	f->clock.now_ns += 5000000000; /* nobody ran timers meanwhile */
	fake_clock_advance(&f->clock, 10000000);
	assert_in_range(f->clock.expirations, 9, 13);
}

/* A write at the moment of an edge must not swallow it. */
static void test_late_timer(void **state)
{
	struct fixture *f = *state;

	out(f, 0x43, 0x34);
	load(f, 0x40, 10000);
	f->irq.rises = 0;
	f->clock.now_ns += counts(10005); /* the timer is late, */
	out(f, 0x43, 0x00);		  /* the child reads the count */
	assert_int_equal(f->irq.rises, 1);
	fake_clock_advance(&f->clock, 1000);
	assert_int_equal(f->irq.rises, 1);
}

/* Linux measures the TSC so: mode 0 on channel 2, waiting for its output. */
static void test_linux_calibration(void **state)
{
	struct fixture *f = *state;
	unsigned int loops = 0;

	out(f, 0x61, (in(f, 0x61) & ~0x02u) | 0x01);
	out(f, 0x43, 0xb0);
	load(f, 0x42, 1193182 / 20);
	while (!(in(f, 0x61) & 0x20) && loops++ < 1000)
		fake_clock_advance(&f->clock, 1000000);
	assert_in_range(loops, 49, 51);
}

static void test_port_61(void **state)
{
	struct fixture *f = *state;
	unsigned int toggles = 0;

	out(f, 0x61, 0xff);
	assert_int_equal(in(f, 0x61) & 0xcf, 0x0f);
	out(f, 0x61, 0x00);
	assert_int_equal(in(f, 0x61) & 0xcf, 0x00);
	for (unsigned int i = 0; i < 100; i++) {
		const unsigned int before = in(f, 0x61);

		fake_clock_advance(&f->clock, 15085);
		toggles += ((before ^ in(f, 0x61)) & 0x10) != 0;
	}
	assert_in_range(toggles, 99, 100);
}

static void test_reset(void **state)
{
	struct fixture *f = *state;

	out(f, 0x43, 0x34);
	load(f, 0x40, 1000);
	out(f, 0x61, 3);
	pit_reset(&f->pit);
	f->irq.rises = 0;
	fake_clock_advance(&f->clock, 1000000000);
	assert_int_equal(f->irq.rises, 0);
	assert_int_equal(in(f, 0x61) & 0x0f, 0);
	assert_int_equal(latch(f, 0x40), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_mode_0),
		TEST(test_mode_0_stops_at_first_byte),
		TEST(test_mode_0_gate),
		TEST(test_mode_1),
		TEST(test_mode_2),
		TEST(test_mode_2_output),
		TEST(test_mode_2_reload),
		TEST(test_mode_3),
		TEST(test_mode_3_odd),
		TEST(test_mode_4),
		TEST(test_mode_5),
		TEST(test_modes_6_and_7),
		TEST(test_access_modes),
		TEST(test_latch),
		TEST(test_read_back),
		TEST(test_bcd),
		TEST(test_shortest_period),
		TEST(test_late_timer),
		TEST(test_linux_calibration),
		TEST(test_port_61),
		TEST(test_reset),
	};

	return cmocka_run_group_tests_name("pit", tests, NULL, NULL);
}
