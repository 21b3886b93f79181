/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pair of 8259As: programming, priorities, modes, edges and levels. */
#include "fake.h"

#include "worker/emulated/pic.h"

#include <stdlib.h>

struct fixture {
	struct fake_line intr;
	struct pic pic;
};

static void out(struct fixture *f, unsigned int port, unsigned int value)
{
	const unsigned int chip = port >= 0xa0;

	if (port == 0x4d0 || port == 0x4d1)
		pic_elcr_operations.write(&f->pic.chips[0], port & 1, 1, value);
	else
		pic_operations.write(&f->pic.chips[chip], port & 1, 1, value);
}

static unsigned int in(struct fixture *f, unsigned int port)
{
	const unsigned int chip = port >= 0xa0;

	if (port == 0x4d0 || port == 0x4d1)
		return (unsigned int)pic_elcr_operations.read(&f->pic.chips[0],
							      port & 1, 1);
	return (unsigned int)pic_operations.read(&f->pic.chips[chip], port & 1,
						 1);
}

static void line(struct fixture *f, unsigned int number, bool level)
{
	irq_set(pic_line(&f->pic, number), level);
}

static void edge(struct fixture *f, unsigned int number)
{
	line(f, number, true);
	line(f, number, false);
}

/* As a PC's firmware does: 08h and 70h, everything open. */
static void program(struct fixture *f, unsigned int icw4)
{
	out(f, 0x20, 0x11);
	out(f, 0x21, 0x08);
	out(f, 0x21, 0x04);
	out(f, 0x21, icw4);
	out(f, 0xa0, 0x11);
	out(f, 0xa1, 0x70);
	out(f, 0xa1, 0x02);
	out(f, 0xa1, icw4);
	out(f, 0x21, 0x00);
	out(f, 0xa1, 0x00);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	fake_line_init(&f->intr);
	pic_init(&f->pic, &f->intr.line);
	program(f, 0x01);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static unsigned int isr(struct fixture *f, unsigned int port)
{
	out(f, port, 0x0b);
	return in(f, port);
}

static unsigned int irr(struct fixture *f, unsigned int port)
{
	out(f, port, 0x0a);
	return in(f, port);
}

static void test_vectors(void **state)
{
	struct fixture *f = *state;

	for (unsigned int i = 0; i < 16; i++) {
		if (i == PIC_CASCADE)
			continue;
		edge(f, i);
		assert_true(f->intr.level);
		assert_int_equal(pic_acknowledge(&f->pic),
				 i < 8 ? 0x08 + i : 0x70 + i - 8);
		assert_false(f->intr.level);
		if (i >= 8)
			out(f, 0xa0, 0x20);
		out(f, 0x20, 0x20);
		assert_int_equal(isr(f, 0x20), 0);
		assert_int_equal(isr(f, 0xa0), 0);
	}
}

static void test_cascade_has_no_wire(void **state)
{
	struct fixture *f = *state;

	edge(f, PIC_CASCADE);
	assert_false(f->intr.level);
	assert_int_equal(irr(f, 0x20), 0);
}

static void test_masks(void **state)
{
	struct fixture *f = *state;

	out(f, 0x21, 0xff);
	out(f, 0xa1, 0xa5);
	assert_int_equal(in(f, 0x21), 0xff);
	assert_int_equal(in(f, 0xa1), 0xa5);
	edge(f, 3);
	assert_false(f->intr.level);
	assert_int_equal(irr(f, 0x20), 0x08);
	out(f, 0x21, 0xf7); /* remembered */
	assert_true(f->intr.level);
	assert_int_equal(pic_acknowledge(&f->pic), 0x0b);
	edge(f, 9); /* slave open there, but the cascade is masked */
	assert_false(f->intr.level);
	assert_int_equal(irr(f, 0xa0), 0x02);
	assert_int_equal(irr(f, 0x20), 0x04);
}

static void test_priority(void **state)
{
	struct fixture *f = *state;

	edge(f, 5);
	edge(f, 3);
	edge(f, 12);
	assert_int_equal(pic_acknowledge(&f->pic), 0x74); /* by cascade 2 */
	assert_int_equal(isr(f, 0x20), 0x04);
	assert_int_equal(isr(f, 0xa0), 0x10);
	assert_false(f->intr.level);
	edge(f, 1); /* more urgent than all in service */
	assert_true(f->intr.level);
	assert_int_equal(pic_acknowledge(&f->pic), 0x09);
	out(f, 0x20, 0x20); /* ends 1, the most urgent */
	assert_int_equal(isr(f, 0x20), 0x04);
	assert_false(f->intr.level);
	out(f, 0xa0, 0x20);
	out(f, 0x20, 0x20);
	assert_int_equal(pic_acknowledge(&f->pic), 0x0b);
	out(f, 0x20, 0x63); /* specific */
	assert_int_equal(pic_acknowledge(&f->pic), 0x0d);
	out(f, 0x20, 0x20);
	assert_false(f->intr.level);
	out(f, 0x20, 0x20); /* nothing in service: nothing happens */
}

static void test_edge_again_while_in_service(void **state)
{
	struct fixture *f = *state;

	line(f, 4, true);
	pic_acknowledge(&f->pic);
	assert_int_equal(irr(f, 0x20), 0);
	line(f, 4, true); /* no new edge */
	assert_int_equal(irr(f, 0x20), 0);
	line(f, 4, false);
	line(f, 4, true);
	assert_int_equal(irr(f, 0x20), 0x10);
	assert_false(f->intr.level);
	out(f, 0x20, 0x20);
	assert_true(f->intr.level);
}

static void test_level(void **state)
{
	struct fixture *f = *state;

	out(f, 0x4d0, 0xff);
	out(f, 0x4d1, 0xff);
	assert_int_equal(in(f, 0x4d0), 0xf8); /* 0, 1, 2 are edges */
	assert_int_equal(in(f, 0x4d1), 0xde); /* and 8, 13 */
	line(f, 11, true);
	assert_int_equal(pic_acknowledge(&f->pic), 0x73);
	assert_int_equal(irr(f, 0xa0), 0x08); /* follows the wire */
	out(f, 0xa0, 0x20);
	out(f, 0x20, 0x20);
	assert_true(f->intr.level); /* still asked for */
	pic_acknowledge(&f->pic);
	line(f, 11, false);
	out(f, 0xa0, 0x20);
	out(f, 0x20, 0x20);
	assert_false(f->intr.level);
	assert_int_equal(irr(f, 0xa0), 0);
}

static void test_level_while_high(void **state)
{
	struct fixture *f = *state;

	line(f, 5, true);
	pic_acknowledge(&f->pic);
	out(f, 0x20, 0x20);
	assert_false(f->intr.level);
	out(f, 0x4d0, 0x20); /* edge until now */
	assert_true(f->intr.level);
	assert_int_equal(pic_elcr_operations.read(&f->pic.chips[0], 0, 2),
			 0x0020);
	assert_int_equal(pic_elcr_operations.read(&f->pic.chips[1], 0, 1), 0);
	pic_elcr_operations.write(&f->pic.chips[1], 0, 1, 0x02);
	assert_int_equal(in(f, 0x4d1), 0x02);
}

static void test_spurious(void **state)
{
	struct fixture *f = *state;

	out(f, 0x4d0, 0x20);
	line(f, 5, true);
	assert_true(f->intr.level);
	line(f, 5, false); /* gone before the acknowledge */
	assert_false(f->intr.level);
	assert_int_equal(pic_acknowledge(&f->pic), 0x0f);
	assert_int_equal(isr(f, 0x20), 0);
}

/* The slave's request goes between the two acknowledge pulses. */
static void test_spurious_slave(void **state)
{
	struct fixture *f = *state;

	edge(f, 10);
	f->pic.chips[1].requests = 0;
	assert_int_equal(pic_acknowledge(&f->pic), 0x77);
	assert_int_equal(isr(f, 0x20), 0x04);
	assert_int_equal(isr(f, 0xa0), 0);
}

static void test_auto_eoi(void **state)
{
	struct fixture *f = *state;

	program(f, 0x03);
	edge(f, 6);
	edge(f, 14);
	assert_int_equal(pic_acknowledge(&f->pic), 0x76);
	assert_int_equal(isr(f, 0x20), 0);
	assert_true(f->intr.level);
	assert_int_equal(pic_acknowledge(&f->pic), 0x0e);
	assert_false(f->intr.level);
	out(f, 0x20, 0x80); /* rotate in automatic EOI */
	edge(f, 0);
	pic_acknowledge(&f->pic); /* 0 is the last now */
	edge(f, 0);
	edge(f, 1);
	assert_int_equal(pic_acknowledge(&f->pic), 0x09);
	out(f, 0x20, 0x00); /* and not any more: 1 stays the last */
	assert_int_equal(pic_acknowledge(&f->pic), 0x08);
	edge(f, 0);
	edge(f, 2 + 1);
	assert_int_equal(pic_acknowledge(&f->pic), 0x0b);
}

static void test_rotation(void **state)
{
	struct fixture *f = *state;

	out(f, 0x20, 0xc0 | 4); /* 5 is the most urgent */
	edge(f, 0);
	edge(f, 5);
	assert_int_equal(pic_acknowledge(&f->pic), 0x0d);
	out(f, 0x20, 0xa0); /* rotate on EOI: 5 is the least */
	edge(f, 5);
	assert_int_equal(pic_acknowledge(&f->pic), 0x08);
	out(f, 0x20, 0xe0 | 0); /* specific: 0 is the least */
	edge(f, 0);
	assert_int_equal(pic_acknowledge(&f->pic), 0x0d);
	out(f, 0x20, 0x40); /* no operation */
	assert_int_equal(isr(f, 0x20), 0x20);
	out(f, 0x20, 0x20);
	assert_int_equal(pic_acknowledge(&f->pic), 0x08);
}

static void test_special_mask(void **state)
{
	struct fixture *f = *state;

	edge(f, 3);
	pic_acknowledge(&f->pic);
	edge(f, 6);
	assert_false(f->intr.level);
	out(f, 0x21, 0x08);
	out(f, 0x20, 0x68); /* special mask mode: 3 does not hold up 6 */
	assert_true(f->intr.level);
	assert_int_equal(pic_acknowledge(&f->pic), 0x0e);
	out(f, 0x20, 0x20); /* ends 6: masked ones are passed over */
	assert_int_equal(isr(f, 0x20), 0x08);
	out(f, 0x20, 0x48); /* off */
	edge(f, 6);
	assert_false(f->intr.level);
	out(f, 0x20, 0x63);
	assert_true(f->intr.level);
}

static void test_fully_nested(void **state)
{
	struct fixture *f = *state;

	edge(f, 12);
	pic_acknowledge(&f->pic);
	edge(f, 9); /* more urgent in the slave, same input of the master */
	assert_false(f->intr.level);
	program(f, 0x11);
	edge(f, 12);
	pic_acknowledge(&f->pic);
	edge(f, 9);
	assert_true(f->intr.level);
	assert_int_equal(pic_acknowledge(&f->pic), 0x71);
	edge(f, 13); /* less urgent: not */
	assert_false(f->intr.level);
}

static void test_poll(void **state)
{
	struct fixture *f = *state;

	out(f, 0x20, 0x0c);
	assert_int_equal(in(f, 0x20), 0x00);
	edge(f, 4);
	out(f, 0x20, 0x0c);
	assert_int_equal(in(f, 0x20), 0x84);
	assert_false(f->intr.level);
	assert_int_equal(isr(f, 0x20), 0x10);
	edge(f, 15);
	out(f, 0x20, 0x20);
	out(f, 0xa0, 0x0c);
	assert_int_equal(in(f, 0xa1), 0x87); /* either port */
	assert_false(f->intr.level);
	assert_int_equal(in(f, 0xa1), 0x00); /* the mask again */
}

static void test_reinitialization(void **state)
{
	struct fixture *f = *state;

	edge(f, 3);
	out(f, 0x21, 0xff);
	out(f, 0x20, 0x13); /* single, with ICW4 */
	assert_int_equal(irr(f, 0x20), 0);
	out(f, 0x21, 0x27);
	out(f, 0x21, 0x01); /* ICW4 at once */
	out(f, 0x21, 0x55);
	assert_int_equal(in(f, 0x21), 0x55);
	out(f, 0x20, 0x12); /* single, without */
	out(f, 0x21, 0x30);
	out(f, 0x21, 0x00);
	edge(f, 1);
	assert_int_equal(pic_acknowledge(&f->pic), 0x31);
	out(f, 0x20, 0x10); /* without ICW4, with ICW3 */
	out(f, 0x21, 0x48);
	out(f, 0x21, 0x04);
	edge(f, 1);
	assert_int_equal(pic_acknowledge(&f->pic), 0x49);
}

static void test_level_survives_icw1(void **state)
{
	struct fixture *f = *state;

	out(f, 0x4d0, 0x20);
	line(f, 5, true);
	line(f, 3, true);
	program(f, 1);
	assert_true(f->intr.level);
	assert_int_equal(irr(f, 0x20), 0x20);
	pic_reset(&f->pic);
	assert_false(f->intr.level);
	assert_int_equal(in(f, 0x4d0), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_vectors),
		TEST(test_cascade_has_no_wire),
		TEST(test_masks),
		TEST(test_priority),
		TEST(test_edge_again_while_in_service),
		TEST(test_level),
		TEST(test_level_while_high),
		TEST(test_spurious),
		TEST(test_spurious_slave),
		TEST(test_auto_eoi),
		TEST(test_rotation),
		TEST(test_special_mask),
		TEST(test_fully_nested),
		TEST(test_poll),
		TEST(test_reinitialization),
		TEST(test_level_survives_icw1),
	};

	return cmocka_run_group_tests_name("pic", tests, NULL, NULL);
}
