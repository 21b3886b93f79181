/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The serial port: registers, characters that arrive, modem lines, time. */
#include "device.h"

#include "worker/emulated/uart.h"

static struct fuzz_device device;
static struct fake_line line;
static struct uart uart;
static size_t written;

static void console_write(struct console *console, const uint8_t *data,
			  size_t size)
{
	uint8_t sum = 0;

	(void)console;
	for (size_t i = 0; i < size; i++)
		sum = (uint8_t)(sum + data[i]);
	written += size + (sum & 0);
}

static void room(void *owner)
{
	(void)owner;
	uart_receive(&uart, (const uint8_t *)"more", 4);
}

static void event(struct fuzz *fuzz, unsigned int number)
{
	uint8_t data[64];
	size_t size;

	if (number < 8) {
		uart_set_modem_lines(&uart, fuzz_8(fuzz));
	} else if (number < 10) {
		uart_receive_break(&uart);
	} else if (number < 11) {
		uart_reset(&uart);
	} else {
		size = fuzz_bytes(fuzz, data, number * 2);
		FUZZ_CHECK(uart_receive(&uart, data, size) <= size);
	}
}

static void check(void)
{
	FUZZ_CHECK(uart.fifo_count <= UART_FIFO_SIZE);
	FUZZ_CHECK(uart.fifo_first < UART_FIFO_SIZE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = {data, size, 0};
	static struct console console = {.write = console_write};
	struct uart_options options = {.irq = &line.line,
				       .clock = &device.clock.clock,
				       .console = &console,
				       .room = room};

	fuzz_device_start(&device);
	fake_line_init(&line);
	written = 0;
	uart_init(&uart, &options);
	device.base = 0x3f8;
	device.span = UART_PORTS;
	device.event = event;
	device.check = check;
	fuzz_device_range(&device, 0x3f8, UART_PORTS, &uart_operations, &uart);
	fuzz_device_run(&device, &fuzz);
	return 0;
}
