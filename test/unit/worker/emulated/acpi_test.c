/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ACPI's registers, those of a PC and those of a hardware-reduced machine. */
#include "fake.h"

#include "worker/emulated/acpi_pm.h"
#include "worker/emulated/acpi_reduced.h"

#include <stdlib.h>

struct fixture {
	struct fake_clock clock;
	struct fake_line sci;
	struct fake_machine machine;
	struct acpi_pm pm;
	struct acpi_reduced reduced;
};

static void init_pm(struct fixture *f, bool timer_32_bits)
{
	acpi_pm_init(&f->pm, &(struct acpi_pm_options){
				     .clock = &f->clock.clock,
				     .sci = &f->sci.line,
				     .machine = &f->machine.port,
				     .timer_32_bits = timer_32_bits,
			     });
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	fake_clock_init(&f->clock);
	fake_line_init(&f->sci);
	fake_machine_init(&f->machine);
	init_pm(f, false);
	acpi_reduced_init(&f->reduced, &f->machine.port, &f->sci.line);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static void put(struct fixture *f, uint64_t at, unsigned int size,
		uint64_t value)
{
	acpi_pm_operations.write(&f->pm, at, size, value);
}

static unsigned int get(struct fixture *f, uint64_t at, unsigned int size)
{
	return (unsigned int)acpi_pm_operations.read(&f->pm, at, size);
}

static void test_timer(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(get(f, ACPI_PM_TIMER, 4), 0);
	fake_clock_advance(&f->clock, 1000000000);
	assert_int_equal(get(f, ACPI_PM_TIMER, 4), 3579545);
	fake_clock_advance(&f->clock, 4000000000); /* 24 bits wrap at 4.7 s */
	assert_int_equal(get(f, ACPI_PM_TIMER, 4), 5 * 3579545 - (1 << 24));
	assert_int_equal(get(f, ACPI_PM_TIMER, 2),
			 (5 * 3579545 - (1 << 24)) & 0xffff);
	assert_int_equal(get(f, ACPI_PM_TIMER + 3, 1), 0);
	put(f, ACPI_PM_TIMER, 4, 0); /* read only */
	assert_int_equal(get(f, ACPI_PM_TIMER, 4), 5 * 3579545 - (1 << 24));
	init_pm(f, true);
	assert_int_equal(get(f, ACPI_PM_TIMER, 4), 5 * 3579545);
	fake_clock_advance(&f->clock, 1200000000000);
	assert_int_equal(get(f, ACPI_PM_TIMER, 4),
			 (1205ull * 3579545) & 0xffffffff);
}

static void test_timer_status(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(get(f, 0, 2), 0);
	fake_clock_advance(&f->clock, 2400000000); /* bit 23 has changed */
	assert_int_equal(get(f, 0, 2), 0x0001);
	assert_false(f->sci.level); /* not enabled */
	put(f, 2, 2, 0x0001);
	assert_true(f->sci.level);
	put(f, 0, 2, 0x0001);
	assert_false(f->sci.level);
	for (unsigned int i = 1; i <= 10; i++) {
		fake_clock_advance(&f->clock, 2343500000); /* 2^23 ticks */
		assert_true(f->sci.level);
		put(f, 0, 2, 0x0001);
		assert_int_equal(f->sci.rises, i + 1);
	}
	put(f, 2, 2, 0);
	fake_clock_advance(&f->clock, 2343500000);
	assert_false(f->sci.level);
}

static void test_power_button(void **state)
{
	struct fixture *f = *state;

	acpi_pm_power_button(&f->pm);
	assert_false(f->sci.level);
	put(f, 2, 2, 0x0100);
	assert_true(f->sci.level);
	assert_int_equal(get(f, 0, 2), 0x0100);
	put(f, 0, 2, 0x0020); /* another bit */
	assert_true(f->sci.level);
	put(f, 0, 2, 0x0100);
	assert_false(f->sci.level);
	acpi_pm_power_button(&f->pm);
	assert_true(f->sci.level);
	put(f, 1, 1, 0x01); /* by bytes */
	assert_false(f->sci.level);
	assert_int_equal(get(f, 3, 1), 0x01);
	put(f, 3, 1, 0x00);
	assert_int_equal(get(f, 2, 2), 0);
	put(f, 0, 4, 0x01000000); /* status and enable at once */
	assert_int_equal(get(f, 0, 4), 0x01000000);
	assert_int_equal(get(f, 6, 2), 0);
}

static void test_enable_bits(void **state)
{
	struct fixture *f = *state;

	put(f, 2, 2, 0xffff);
	assert_int_equal(get(f, 2, 2), 0x0721);
}

static void test_sleep(void **state)
{
	struct fixture *f = *state;
	const unsigned int lines = fake_log_lines();

	assert_int_equal(get(f, 4, 2), 0x0001); /* SCI_EN, always */
	put(f, 4, 2, ACPI_PM_S5 << 10);
	assert_int_equal(f->machine.power_offs, 0);
	assert_int_equal(get(f, 4, 2), ACPI_PM_S5 << 10 | 1);
	put(f, 4, 2, 1 << 10 | 1 << 13); /* no such state */
	assert_int_equal(f->machine.power_offs, 0);
	assert_int_equal(fake_log_lines(), lines + 1);
	assert_int_equal(get(f, 0, 2), 0x8000);
	put(f, 0, 2, 0x8000);
	assert_int_equal(get(f, 0, 2), 0);
	put(f, 4, 2, ACPI_PM_S5 << 10 | 1 << 13);
	assert_int_equal(f->machine.power_offs, 1);
	assert_int_equal(get(f, 4, 2) & 0x2000, 0);
	put(f, 5, 1, (ACPI_PM_S5 << 10 | 1 << 13) >> 8); /* as a byte */
	assert_int_equal(f->machine.power_offs, 2);
}

static void test_reset_register(void **state)
{
	struct fixture *f = *state;
	const struct io_operations *reset = &acpi_pm_reset_operations;

	reset->write(&f->pm, 0, 1, 0x02);
	assert_int_equal(f->machine.resets, 0);
	assert_int_equal(reset->read(&f->pm, 0, 1), 0x02);
	reset->write(&f->pm, 0, 1, ACPI_PM_RESET_VALUE);
	assert_int_equal(f->machine.resets, 1);
	assert_int_equal(reset->read(&f->pm, 0, 1), 0x02);
}

static void test_pm_reset(void **state)
{
	struct fixture *f = *state;

	put(f, 2, 2, 0x0101);
	acpi_pm_power_button(&f->pm);
	fake_clock_advance(&f->clock, 3000000000);
	acpi_pm_reset(&f->pm);
	assert_false(f->sci.level);
	assert_int_equal(get(f, 0, 4), 0);
	fake_clock_advance(&f->clock, 3000000000);
	assert_false(f->sci.level);
}

static void put_reduced(struct fixture *f, uint64_t at, unsigned int value)
{
	acpi_reduced_operations.write(&f->reduced, at, 1, value);
}

static unsigned int get_reduced(struct fixture *f, uint64_t at)
{
	return (unsigned int)acpi_reduced_operations.read(&f->reduced, at, 1);
}

static void test_reduced_sleep(void **state)
{
	struct fixture *f = *state;

	put_reduced(f, ACPI_REDUCED_SLEEP_CONTROL, ACPI_REDUCED_S5 << 2);
	assert_int_equal(f->machine.power_offs, 0);
	assert_int_equal(get_reduced(f, 0), ACPI_REDUCED_S5 << 2);
	put_reduced(f, 0, 3 << 2 | 0x20);
	assert_int_equal(f->machine.power_offs, 0);
	assert_int_equal(get_reduced(f, ACPI_REDUCED_SLEEP_STATUS), 0x80);
	put_reduced(f, ACPI_REDUCED_SLEEP_STATUS, 0x80);
	assert_int_equal(get_reduced(f, ACPI_REDUCED_SLEEP_STATUS), 0);
	put_reduced(f, 0, ACPI_REDUCED_S5 << 2 | 0x20);
	assert_int_equal(f->machine.power_offs, 1);
}

static void test_reduced_reset_and_events(void **state)
{
	struct fixture *f = *state;

	put_reduced(f, ACPI_REDUCED_RESET, 0);
	assert_int_equal(f->machine.resets, 0);
	put_reduced(f, ACPI_REDUCED_RESET, ACPI_REDUCED_RESET_VALUE);
	assert_int_equal(f->machine.resets, 1);
	assert_int_equal(get_reduced(f, ACPI_REDUCED_RESET), 0);
	acpi_reduced_power_button(&f->reduced);
	assert_true(f->sci.level);
	assert_int_equal(get_reduced(f, ACPI_REDUCED_EVENTS),
			 ACPI_REDUCED_POWER_BUTTON);
	assert_false(f->sci.level);
	assert_int_equal(get_reduced(f, ACPI_REDUCED_EVENTS), 0);
	put_reduced(f, ACPI_REDUCED_EVENTS, 0xff);
	assert_int_equal(get_reduced(f, ACPI_REDUCED_EVENTS), 0);
	acpi_reduced_power_button(&f->reduced);
	acpi_reduced_reset(&f->reduced);
	assert_false(f->sci.level);
	assert_int_equal(acpi_reduced_operations.read(&f->reduced, 0, 4), 0);
}

static void test_reduced_without_irq(void **state)
{
	struct fixture *f = *state;

	acpi_reduced_init(&f->reduced, &f->machine.port, NULL);
	acpi_reduced_power_button(&f->reduced);
	assert_int_equal(get_reduced(f, ACPI_REDUCED_EVENTS), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_timer),
		TEST(test_timer_status),
		TEST(test_power_button),
		TEST(test_enable_bits),
		TEST(test_sleep),
		TEST(test_reset_register),
		TEST(test_pm_reset),
		TEST(test_reduced_sleep),
		TEST(test_reduced_reset_and_events),
		TEST(test_reduced_without_irq),
	};

	return cmocka_run_group_tests_name("acpi", tests, NULL, NULL);
}
