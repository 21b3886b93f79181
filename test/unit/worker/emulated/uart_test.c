/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The 16550A: every register, every interrupt, what Linux probes for. */
#include "fake.h"

#include "worker/emulated/uart.h"

#include <stdlib.h>

struct fixture {
	struct fake_clock clock;
	struct fake_line irq;
	struct fake_console console;
	struct uart uart;
	unsigned int rooms;
	bool refills; /* room() gives more input at once */
};

static void room(void *owner)
{
	struct fixture *f = owner;

	f->rooms++;
	if (f->refills)
		uart_receive(&f->uart, (const uint8_t *)"refill", 6);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	fake_clock_init(&f->clock);
	fake_line_init(&f->irq);
	fake_console_init(&f->console);
	uart_init(&f->uart, &(struct uart_options){
				    .irq = &f->irq.line,
				    .clock = &f->clock.clock,
				    .console = &f->console.console,
				    .room = room,
				    .owner = f,
			    });
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static void out(struct fixture *f, uint64_t at, unsigned int value)
{
	uart_operations.write(&f->uart, at, 1, value);
}

static unsigned int in(struct fixture *f, uint64_t at)
{
	return (unsigned int)uart_operations.read(&f->uart, at, 1);
}

/* Interrupts on, FIFO on with a trigger level, wire connected. */
static void open_port(struct fixture *f, unsigned int fcr)
{
	out(f, 2, fcr);
	out(f, 4, 0x0b);
}

static void test_after_reset(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(in(f, 1), 0);
	assert_int_equal(in(f, 2), 0x01);
	assert_int_equal(in(f, 3), 0);
	assert_int_equal(in(f, 4), 0);
	assert_int_equal(in(f, 5), 0x60);
	assert_int_equal(in(f, 6), 0xb0);
	assert_int_equal(in(f, 7), 0);
	assert_false(f->irq.level);
}

static void test_registers_keep(void **state)
{
	struct fixture *f = *state;

	out(f, 7, 0xa5);
	assert_int_equal(in(f, 7), 0xa5);
	out(f, 3, 0x1b);
	assert_int_equal(in(f, 3), 0x1b);
	out(f, 4, 0xff);
	assert_int_equal(in(f, 4), 0x1f);
	out(f, 1, 0xff);
	assert_int_equal(in(f, 1), 0x0f);
	out(f, 5, 0xff); /* read only */
	out(f, 6, 0xff);
	assert_int_equal(in(f, 5) & 0x60, 0x60);
}

static void test_divisor(void **state)
{
	struct fixture *f = *state;

	out(f, 3, 0x83);
	assert_int_equal(uart_operations.read(&f->uart, 0, 2), 12);
	uart_operations.write(&f->uart, 0, 2, 0x0180);
	assert_int_equal(in(f, 0), 0x80);
	assert_int_equal(in(f, 1), 0x01);
	out(f, 3, 0x03);
	assert_int_equal(in(f, 1), 0);
	assert_int_equal(f->console.size, 0);
	out(f, 0, 'x');
	assert_int_equal(f->console.size, 1);
}

/* The steps of Linux's autoconfig() and autoconfig_16550a(). */
static void test_linux_finds_16550a(void **state)
{
	struct fixture *f = *state;

	out(f, 1, 0);
	assert_int_equal(in(f, 1), 0);
	out(f, 1, 0x0f);
	assert_int_equal(in(f, 1), 0x0f);
	out(f, 1, 0);
	out(f, 4, 0x10 | 0x0a);
	assert_int_equal(in(f, 6) & 0xf0, 0x90);
	out(f, 4, 0);
	out(f, 3, 0xbf);
	out(f, 2, 0);
	out(f, 3, 0);
	out(f, 2, 1);
	assert_int_equal(in(f, 2) >> 6, 3);
	out(f, 3, 0x80); /* an EFR that reads 0 would be a 16650 */
	assert_int_not_equal(in(f, 2), 0);
	out(f, 3, 0xbf);
	assert_int_not_equal(in(f, 2), 0);
	out(f, 3, 0);
	out(f, 2, 0x01 | 0x20); /* no 64-byte FIFO */
	assert_int_equal(in(f, 2) >> 5, 6);
	out(f, 3, 0x80);
	out(f, 2, 0x01 | 0x20);
	assert_int_equal(in(f, 2) >> 5, 6);
	out(f, 3, 0);
	out(f, 1, 0x40); /* no UART unit enable, no XScale */
	assert_int_equal(in(f, 1), 0);
}

static void test_transmit(void **state)
{
	struct fixture *f = *state;

	open_port(f, 0x01);
	for (const char *c = "hello"; *c; c++) {
		assert_int_equal(in(f, 5) & 0x60, 0x60);
		out(f, 0, (unsigned int)*c);
	}
	assert_int_equal(f->console.size, 5);
	assert_memory_equal(f->console.data, "hello", 5);
	assert_false(f->irq.level);
}

static void test_transmit_interrupt(void **state)
{
	struct fixture *f = *state;

	open_port(f, 0x01);
	out(f, 1, 0x02); /* empty: raised as it is enabled */
	assert_true(f->irq.level);
	assert_int_equal(in(f, 2), 0xc2);
	assert_false(f->irq.level);
	assert_int_equal(in(f, 2), 0xc1);
	out(f, 0, 'a'); /* and again when what was written is out */
	assert_true(f->irq.level);
	assert_int_equal(f->irq.rises, 2);
	out(f, 0, 'b');
	assert_int_equal(f->irq.rises, 2);
	assert_int_equal(in(f, 2), 0xc2);
	out(f, 1, 0x02); /* not enabled anew */
	assert_false(f->irq.level);
	out(f, 1, 0);
	out(f, 1, 0x02);
	assert_true(f->irq.level);
}

static void test_out2_connects(void **state)
{
	struct fixture *f = *state;

	out(f, 1, 0x02);
	assert_false(f->irq.level);
	out(f, 4, 0x08);
	assert_true(f->irq.level);
	out(f, 4, 0x18); /* looped back, the pin is inactive */
	assert_false(f->irq.level);
	out(f, 4, 0x08);
	assert_true(f->irq.level);
	out(f, 4, 0x00);
	assert_false(f->irq.level);
}

static void test_receive_single(void **state)
{
	struct fixture *f = *state;

	open_port(f, 0);
	out(f, 1, 0x01);
	assert_int_equal(uart_receive(&f->uart, (const uint8_t *)"ab", 2), 1);
	assert_true(f->irq.level);
	assert_int_equal(in(f, 2), 0x04);
	assert_int_equal(in(f, 5), 0x61);
	assert_int_equal(f->rooms, 0);
	assert_int_equal(in(f, 0), 'a');
	assert_int_equal(f->rooms, 1);
	assert_false(f->irq.level);
	assert_int_equal(in(f, 5), 0x60);
	assert_int_equal(in(f, 0), 'a'); /* nothing new: the last again */
}

static void test_triggers(void **state)
{
	static const uint8_t levels[] = {1, 4, 8, 14};
	struct fixture *f = *state;

	for (unsigned int i = 0; i < 4; i++) {
		open_port(f, 0x03 | i << 6);
		out(f, 1, 0x01);
		for (unsigned int n = 1; n < levels[i]; n++) {
			uart_receive(&f->uart, (const uint8_t *)"x", 1);
			assert_false(f->irq.level);
			assert_int_equal(in(f, 2), 0xc1);
		}
		uart_receive(&f->uart, (const uint8_t *)"y", 1);
		assert_true(f->irq.level);
		assert_int_equal(in(f, 2), 0xc4);
		in(f, 0);
		assert_false(f->irq.level);
	}
}

static void test_timeout(void **state)
{
	struct fixture *f = *state;

	out(f, 3, 0x83);
	out(f, 0, 1); /* 115200: four characters are 347 us */
	out(f, 3, 0x03);
	open_port(f, 0xc1);
	out(f, 1, 0x01);
	uart_receive(&f->uart, (const uint8_t *)"abc", 3);
	fake_clock_advance(&f->clock, 340000);
	assert_false(f->irq.level);
	fake_clock_advance(&f->clock, 10000);
	assert_true(f->irq.level);
	assert_int_equal(in(f, 2), 0xcc);
	assert_int_equal(in(f, 2), 0xcc); /* until data is read */
	assert_int_equal(in(f, 0), 'a');
	assert_false(f->irq.level);
	fake_clock_advance(&f->clock, 350000);
	assert_true(f->irq.level);
	assert_int_equal(in(f, 0), 'b');
	assert_int_equal(in(f, 0), 'c');
	fake_clock_advance(&f->clock, 1000000);
	assert_false(f->irq.level);
}

static void test_timeout_divisor_zero(void **state)
{
	struct fixture *f = *state;

	out(f, 3, 0x83);
	out(f, 0, 0);
	out(f, 3, 0x03);
	open_port(f, 0xc1);
	out(f, 1, 0x01);
	uart_receive(&f->uart, (const uint8_t *)"a", 1);
	fake_clock_advance(&f->clock, 350000);
	assert_int_equal(in(f, 2), 0xcc);
}

static void test_back_pressure(void **state)
{
	static const uint8_t text[] = "0123456789abcdefghij";
	struct fixture *f = *state;

	open_port(f, 0x01);
	assert_int_equal(uart_receive(&f->uart, text, 20), 16);
	assert_int_equal(uart_receive(&f->uart, text + 16, 4), 0);
	assert_int_equal(f->rooms, 0);
	for (unsigned int i = 0; i < 16; i++)
		assert_int_equal(in(f, 0), text[i]);
	assert_int_equal(f->rooms, 1); /* once, at the first room */
	assert_int_equal(uart_receive(&f->uart, text + 16, 4), 4);
	assert_int_equal(in(f, 5) & 0x02, 0);
	assert_int_equal(in(f, 0), 'g');
}

static void test_room_refills_at_once(void **state)
{
	struct fixture *f = *state;

	open_port(f, 0x01);
	out(f, 1, 0x01);
	f->refills = true;
	assert_int_equal(uart_receive(&f->uart,
				      (const uint8_t *)"0123456789abcdefX", 17),
			 16);
	assert_int_equal(in(f, 0), '0');
	assert_int_equal(f->uart.fifo_count, 16);
	assert_int_equal(f->rooms, 1);
	for (unsigned int i = 0; i < 15; i++)
		in(f, 0);
	assert_int_equal(in(f, 0), 'r');
	assert_true(f->irq.level);
}

static void test_fifo_clear_makes_room(void **state)
{
	struct fixture *f = *state;

	open_port(f, 0x01);
	uart_receive(&f->uart, (const uint8_t *)"0123456789abcdefg", 17);
	out(f, 2, 0x03);
	assert_int_equal(f->rooms, 1);
	assert_int_equal(in(f, 5) & 1, 0);
	uart_receive(&f->uart, (const uint8_t *)"zz", 2);
	out(f, 2, 0x00); /* switching FIFOs off clears as well */
	assert_int_equal(in(f, 5) & 1, 0);
	assert_int_equal(in(f, 2), 0x01);
	uart_receive(&f->uart, (const uint8_t *)"z", 1);
	out(f, 2, 0x02); /* without the enable bit nothing is cleared */
	assert_int_equal(in(f, 5) & 1, 1);
}

static void test_loopback_data(void **state)
{
	struct fixture *f = *state;

	open_port(f, 0x01);
	out(f, 4, 0x10);
	assert_int_equal(uart_receive(&f->uart, (const uint8_t *)"x", 1), 0);
	for (unsigned int i = 0; i < 16; i++)
		out(f, 0, 0x40 + i);
	assert_int_equal(in(f, 5) & 0x03, 0x01);
	out(f, 0, 0xff); /* one too many: lost, and told */
	out(f, 1, 0x04);
	assert_int_equal(in(f, 2), 0xc6);
	assert_int_equal(in(f, 5) & 0x03, 0x03);
	assert_int_equal(in(f, 5) & 0x03, 0x01);
	for (unsigned int i = 0; i < 16; i++)
		assert_int_equal(in(f, 0), 0x40 + i);
	assert_int_equal(f->console.size, 0);
	assert_int_equal(f->rooms, 0);
	out(f, 4, 0x08); /* the cable is back */
	assert_int_equal(f->rooms, 1);
}

static void test_loopback_overrun_single(void **state)
{
	struct fixture *f = *state;

	out(f, 4, 0x10);
	out(f, 0, 'a');
	out(f, 0, 'b');
	assert_int_equal(in(f, 5), 0x63);
	assert_int_equal(in(f, 0), 'b');
}

static void test_loopback_modem(void **state)
{
	struct fixture *f = *state;

	out(f, 4, 0x10);
	in(f, 6);
	out(f, 4, 0x11); /* DTR -> DSR */
	assert_int_equal(in(f, 6), 0x22);
	out(f, 4, 0x12); /* RTS -> CTS */
	assert_int_equal(in(f, 6), 0x13);
	out(f, 4, 0x14); /* OUT1 -> RI: only its end is a change */
	assert_int_equal(in(f, 6), 0x41);
	out(f, 4, 0x18); /* OUT2 -> DCD */
	assert_int_equal(in(f, 6), 0x8c);
}

static void test_modem_interrupt(void **state)
{
	struct fixture *f = *state;

	open_port(f, 0x01);
	out(f, 1, 0x08);
	assert_false(f->irq.level);
	uart_set_modem_lines(&f->uart, UART_MODEM_DSR | UART_MODEM_CTS);
	assert_true(f->irq.level);
	assert_int_equal(in(f, 2), 0xc0);
	assert_int_equal(in(f, 6), 0x38);
	assert_false(f->irq.level);
	assert_int_equal(in(f, 6), 0x30);
}

static void test_break(void **state)
{
	struct fixture *f = *state;

	open_port(f, 0x01);
	out(f, 1, 0x05);
	uart_receive(&f->uart, (const uint8_t *)"a", 1);
	uart_receive_break(&f->uart);
	/* In the FIFO, but not at its top. */
	assert_int_equal(in(f, 5), 0xe1);
	assert_int_equal(in(f, 2), 0xc4);
	assert_int_equal(in(f, 0), 'a');
	assert_int_equal(in(f, 2), 0xc6);
	assert_int_equal(in(f, 5), 0xf9);
	assert_int_equal(in(f, 5), 0x61);
	assert_int_equal(in(f, 0), 0);
	out(f, 4, 0x10);
	uart_receive_break(&f->uart); /* not while looped back */
	assert_int_equal(in(f, 5), 0x60);
	out(f, 3, 0x43); /* but its own comes back */
	assert_int_equal(in(f, 5), 0xf9);
	in(f, 0);
	out(f, 3, 0x43);
	assert_int_equal(in(f, 5), 0x60);
}

static void test_priority(void **state)
{
	struct fixture *f = *state;

	open_port(f, 0x01);
	out(f, 1, 0x0f);
	uart_set_modem_lines(&f->uart, 0);
	uart_receive_break(&f->uart);
	assert_int_equal(in(f, 2), 0xc6);
	in(f, 5);
	assert_int_equal(in(f, 2), 0xc4);
	in(f, 0);
	assert_int_equal(in(f, 2), 0xc2);
	assert_int_equal(in(f, 2), 0xc0);
	in(f, 6);
	assert_int_equal(in(f, 2), 0xc1);
	assert_int_equal(f->irq.rises, 1);
	assert_false(f->irq.level);
}

static void test_reset_clears(void **state)
{
	struct fixture *f = *state;

	open_port(f, 0xc1);
	out(f, 1, 0x0f);
	out(f, 7, 9);
	uart_receive(&f->uart, (const uint8_t *)"abc", 3);
	uart_reset(&f->uart);
	assert_false(f->irq.level);
	fake_clock_advance(&f->clock, 100000000);
	assert_false(f->irq.level);
	test_after_reset(state);
}

static void test_no_console(void **state)
{
	struct fixture *f = *state;

	uart_init(&f->uart, &(struct uart_options){.clock = &f->clock.clock});
	open_port(f, 0);
	out(f, 0, 'x');
	out(f, 1, 2);
	uart_receive(&f->uart, (const uint8_t *)"ab", 2);
	assert_int_equal(in(f, 0), 'a');
	assert_int_equal(f->console.size, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_after_reset),
		TEST(test_registers_keep),
		TEST(test_divisor),
		TEST(test_linux_finds_16550a),
		TEST(test_transmit),
		TEST(test_transmit_interrupt),
		TEST(test_out2_connects),
		TEST(test_receive_single),
		TEST(test_triggers),
		TEST(test_timeout),
		TEST(test_timeout_divisor_zero),
		TEST(test_back_pressure),
		TEST(test_room_refills_at_once),
		TEST(test_fifo_clear_makes_room),
		TEST(test_loopback_data),
		TEST(test_loopback_overrun_single),
		TEST(test_loopback_modem),
		TEST(test_modem_interrupt),
		TEST(test_break),
		TEST(test_priority),
		TEST(test_reset_clears),
		TEST(test_no_console),
	};

	return cmocka_run_group_tests_name("uart", tests, NULL, NULL);
}
