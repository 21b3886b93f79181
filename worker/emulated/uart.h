/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A 16550A serial port: eight byte-wide registers and one interrupt. */
#pragma once

#include "worker/device.h"

#define UART_FIFO_SIZE 16u
#define UART_PORTS     8u

/* Modem lines as the other end of the cable drives them (bits of MSR). */
#define UART_MODEM_CTS 0x10u
#define UART_MODEM_DSR 0x20u
#define UART_MODEM_RI  0x40u
#define UART_MODEM_DCD 0x80u

struct uart_options {
	struct irq_line *irq;
	struct clock *clock;	 /* for the receiver's time-out */
	struct console *console; /* where characters go; NULL: nowhere */
	/* Called when uart_receive() is worth trying again. */
	void (*room)(void *owner);
	void *owner;
};

struct uart_character {
	uint8_t data;
	uint8_t errors; /* bits of LSR that belong to it */
};

struct uart {
	struct uart_options options;
	struct device_timer timeout;

	uint8_t interrupt_enable; /* IER */
	uint8_t fifo_control;	  /* FCR, the bits that stay */
	uint8_t line_control;	  /* LCR */
	uint8_t modem_control;	  /* MCR */
	uint8_t line_errors;	  /* LSR bits 1-4, until read */
	uint8_t modem_status;	  /* MSR, with its change bits */
	uint8_t modem_lines;	  /* what the cable says */
	uint8_t scratch;
	uint16_t divisor;

	struct uart_character fifo[UART_FIFO_SIZE];
	uint8_t fifo_first;
	uint8_t fifo_count;

	bool transmit_pending; /* THR empty and not yet told through IIR */
	bool timeout_pending;  /* characters lie below the trigger level */
	bool refused;	       /* uart_receive() took less than it was given */
};

/* device is a struct uart; offsets 0 to 7. */
extern const struct io_operations uart_operations;

void uart_init(struct uart *uart, const struct uart_options *options);
void uart_reset(struct uart *uart);

uint8_t uart_read(struct uart *uart, uint64_t offset);
void uart_write(struct uart *uart, uint64_t offset, uint8_t value);

/*
 * Characters that arrive. Returns how many fitted; when that is fewer than
 * size, options.room() is called once there is room again. Takes nothing
 * while the port is looped back.
 */
size_t uart_receive(struct uart *uart, const uint8_t *data, size_t size);

/* A break condition on the line. */
void uart_receive_break(struct uart *uart);

/* Drives the modem lines; UART_MODEM_* bits. */
void uart_set_modem_lines(struct uart *uart, uint8_t lines);
