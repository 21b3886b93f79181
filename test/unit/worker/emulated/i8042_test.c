/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keyboard controller without a keyboard, and port 92h. */
#include "fake.h"

#include "worker/emulated/i8042.h"

#include <stdlib.h>

struct fixture {
	struct fake_machine machine;
	struct i8042 controller;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	fake_machine_init(&f->machine);
	i8042_init(&f->controller, &f->machine.port);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static const struct io_operations *operations(unsigned int port)
{
	if (port == 0x60)
		return &i8042_data_operations;
	return port == 0x64 ? &i8042_command_operations
			    : &i8042_control_operations;
}

static void out(struct fixture *f, unsigned int port, unsigned int value)
{
	operations(port)->write(&f->controller, 0, 1, value);
}

static unsigned int in(struct fixture *f, unsigned int port)
{
	return (unsigned int)operations(port)->read(&f->controller, 0, 1);
}

/* An answer is announced by the status and read once. */
static void expect_answer(struct fixture *f, unsigned int value)
{
	assert_int_equal(in(f, 0x64) & 0x01, 0x01);
	assert_int_equal(in(f, 0x60), value);
	assert_int_equal(in(f, 0x64) & 0x01, 0x00);
}

static void test_tests(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(in(f, 0x64), 0x14);
	out(f, 0x64, 0xaa);
	assert_int_equal(in(f, 0x64), 0x1d);
	expect_answer(f, 0x55);
	out(f, 0x64, 0xab);
	expect_answer(f, 0x00);
	out(f, 0x64, 0xa9);
	expect_answer(f, 0x00);
	out(f, 0x64, 0x99); /* unknown */
	assert_int_equal(in(f, 0x64) & 0x01, 0);
}

static void test_configuration(void **state)
{
	struct fixture *f = *state;

	out(f, 0x64, 0x20);
	expect_answer(f, 0x34);
	out(f, 0x64, 0xa8);
	out(f, 0x64, 0xae);
	out(f, 0x64, 0x20);
	expect_answer(f, 0x04);
	out(f, 0x64, 0xa7);
	out(f, 0x64, 0xad);
	out(f, 0x64, 0x20);
	expect_answer(f, 0x34);
	out(f, 0x64, 0x60);
	out(f, 0x60, 0x41);
	assert_int_equal(in(f, 0x64), 0x10); /* no command, no system flag */
	out(f, 0x64, 0x20);
	expect_answer(f, 0x41);
	out(f, 0x60, 0xff); /* to a keyboard that is not there */
	assert_int_equal(in(f, 0x64) & 0x01, 0);
	out(f, 0x64, 0x60);
	out(f, 0x64, 0xaa); /* another command instead of the byte */
	out(f, 0x60, 0x00);
	out(f, 0x64, 0x20);
	expect_answer(f, 0x41);
}

static void test_resets(void **state)
{
	struct fixture *f = *state;

	out(f, 0x64, 0xfe);
	assert_int_equal(f->machine.resets, 1);
	assert_string_equal(f->machine.why, "keyboard controller");
	out(f, 0x64, 0xff); /* pulses nothing */
	assert_int_equal(f->machine.resets, 1);
	out(f, 0x64, 0xd1);
	out(f, 0x60, 0xdf);
	assert_int_equal(f->machine.resets, 1);
	out(f, 0x64, 0xd0);
	expect_answer(f, 0xdf);
	out(f, 0x64, 0xd1);
	out(f, 0x60, 0xde);
	assert_int_equal(f->machine.resets, 2);
}

static void test_port_92(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(in(f, 0x92), 0x02);
	out(f, 0x92, 0xfc);
	assert_int_equal(in(f, 0x92), 0x00);
	out(f, 0x92, 0x03);
	assert_int_equal(f->machine.resets, 1);
	out(f, 0x92, 0x03); /* only as it is set */
	assert_int_equal(f->machine.resets, 1);
	out(f, 0x92, 0x02);
	out(f, 0x92, 0x01);
	assert_int_equal(f->machine.resets, 2);
	i8042_reset(&f->controller);
	assert_int_equal(in(f, 0x92), 0x02);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_tests),
		TEST(test_configuration),
		TEST(test_resets),
		TEST(test_port_92),
	};

	return cmocka_run_group_tests_name("i8042", tests, NULL, NULL);
}
