/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The debug UART: a 16550 that the log is written to, nothing read. */
#include "uart.h"
#include "register.h"

enum uart_register {
	UART_DATA = 0,
	UART_INTERRUPTS = 1,
	UART_FIFO = 2,
	UART_LINE = 3,
	UART_MODEM = 4,
	UART_STATUS = 5,
	UART_SCRATCH = 7,
};

#define LINE_8N1       0x03
#define LINE_DIVISOR   0x80
#define STATUS_EMPTY   0x20
#define DIVISOR_115200 1
/* Longer than a character at 115200 takes, whatever one read costs. */
#define POLLS_MAX 100000

static uint16_t base;

bool uart_start(uint16_t port)
{
	port_write8(port + UART_SCRATCH, 0x5a);
	if (port_read8(port + UART_SCRATCH) != 0x5a)
		return false;
	port_write8(port + UART_INTERRUPTS, 0);
	port_write8(port + UART_LINE, LINE_DIVISOR);
	port_write8(port + UART_DATA, DIVISOR_115200);
	port_write8(port + UART_INTERRUPTS, 0);
	port_write8(port + UART_LINE, LINE_8N1);
	port_write8(port + UART_FIFO, 0x07);
	port_write8(port + UART_MODEM, 0x03);
	base = port;
	return true;
}

static void write_byte(uint8_t byte)
{
	for (unsigned int i = 0; i < POLLS_MAX; i++)
		if ((port_read8(base + UART_STATUS) & STATUS_EMPTY) != 0)
			break;
	port_write8(base + UART_DATA, byte);
}

void uart_write(char c)
{
	if (c == '\n')
		write_byte('\r');
	write_byte((uint8_t)c);
}
