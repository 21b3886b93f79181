/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A 16550A serial port (National Semiconductor PC16550D data sheet).
 *
 * Sending takes no time: the transmitter is always empty, and its interrupt
 * comes back as soon as the child has read IIR and written again. Receiving
 * never overruns: what does not fit stays with the sender.
 */
#include "worker/emulated/uart.h"

#include "worker/emulated/bytes.h"

enum uart_register {
	UART_DATA = 0, /* RBR, THR; divisor's low byte */
	UART_IER = 1,  /* divisor's high byte */
	UART_IIR = 2,  /* read */
	UART_FCR = 2,  /* written */
	UART_LCR = 3,
	UART_MCR = 4,
	UART_LSR = 5,
	UART_MSR = 6,
	UART_SCR = 7,
};

#define IER_RECEIVED 0x01u
#define IER_EMPTY    0x02u
#define IER_LINE     0x04u
#define IER_MODEM    0x08u
#define IER_ALL	     0x0fu

#define IIR_NONE     0x01u
#define IIR_MODEM    0x00u
#define IIR_EMPTY    0x02u
#define IIR_RECEIVED 0x04u
#define IIR_LINE     0x06u
#define IIR_TIMEOUT  0x0cu
#define IIR_FIFOS    0xc0u

#define FCR_ENABLE	  0x01u
#define FCR_CLEAR_RECEIVE 0x02u
#define FCR_KEPT	  0xc9u /* trigger, DMA mode, enable */

#define LCR_BREAK 0x40u
#define LCR_DLAB  0x80u

#define MCR_OUT2 0x08u
#define MCR_LOOP 0x10u
#define MCR_ALL	 0x1fu

#define LSR_READY	0x01u
#define LSR_OVERRUN	0x02u
#define LSR_FRAMING	0x08u
#define LSR_BREAK	0x10u
#define LSR_ERRORS	0x1eu
#define LSR_THR_EMPTY	0x20u
#define LSR_ALL_EMPTY	0x40u
#define LSR_FIFO_ERRORS 0x80u

#define MSR_CHANGES 0x0fu
#define MSR_LINES   0xf0u
#define MSR_RI_END  0x04u

/* One bit at divisor 1 is 1/115200 s; a character is ten of them. */
#define CHARACTER_NS(divisor) ((uint64_t)(divisor)*10 * 1000000000 / 115200)
#define TIMEOUT_CHARACTERS    4

static bool uart_has_fifos(const struct uart *uart)
{
	return uart->fifo_control & FCR_ENABLE;
}

static unsigned int uart_capacity(const struct uart *uart)
{
	return uart_has_fifos(uart) ? UART_FIFO_SIZE : 1;
}

static unsigned int uart_trigger(const struct uart *uart)
{
	static const uint8_t levels[] = {1, 4, 8, 14};

	return uart_has_fifos(uart) ? levels[uart->fifo_control >> 6] : 1;
}

static bool uart_fifo_has_errors(const struct uart *uart)
{
	for (unsigned int i = 0; i < uart->fifo_count; i++) {
		unsigned int at = (uart->fifo_first + i) % UART_FIFO_SIZE;

		if (uart->fifo[at].errors)
			return true;
	}
	return false;
}

/* The interrupt of the highest priority, as IIR names it. */
static uint8_t uart_cause(const struct uart *uart)
{
	const uint8_t enabled = uart->interrupt_enable;

	if ((enabled & IER_LINE) && uart->line_errors)
		return IIR_LINE;
	if ((enabled & IER_RECEIVED) && uart->fifo_count >= uart_trigger(uart))
		return IIR_RECEIVED;
	if ((enabled & IER_RECEIVED) && uart->timeout_pending)
		return IIR_TIMEOUT;
	if ((enabled & IER_EMPTY) && uart->transmit_pending)
		return IIR_EMPTY;
	if ((enabled & IER_MODEM) && (uart->modem_status & MSR_CHANGES))
		return IIR_MODEM;
	return IIR_NONE;
}

/*
 * On a PC, OUT2 connects the interrupt pin to its wire; looping back forces
 * the pin OUT2 to its inactive level.
 */
static void uart_update_irq(struct uart *uart)
{
	const bool connected =
		(uart->modem_control & (MCR_OUT2 | MCR_LOOP)) == MCR_OUT2;

	irq_set(uart->options.irq, connected && uart_cause(uart) != IIR_NONE);
}

static void uart_arm_timeout(struct uart *uart)
{
	struct clock *clock = uart->options.clock;
	const unsigned int divisor = uart->divisor ? uart->divisor : 1;

	clock->disarm(&uart->timeout);
	if (uart_has_fifos(uart) && uart->fifo_count)
		clock->arm(&uart->timeout,
			   clock->now_ns(clock) +
				   TIMEOUT_CHARACTERS * CHARACTER_NS(divisor));
}

static void uart_timeout_expired(void *owner)
{
	struct uart *uart = owner;

	uart->timeout_pending = uart->fifo_count != 0;
	uart_update_irq(uart);
}

/* The errors of a character show in LSR when it comes to the top. */
static void uart_show_errors(struct uart *uart)
{
	if (uart->fifo_count)
		uart->line_errors |= uart->fifo[uart->fifo_first].errors;
}

static void uart_put(struct uart *uart, struct uart_character character)
{
	unsigned int at;

	if (uart->fifo_count >= uart_capacity(uart)) {
		uart->line_errors |= LSR_OVERRUN;
		if (uart_has_fifos(uart))
			return;	      /* the FIFO keeps what it has, */
		uart->fifo_count = 0; /* the single register does not */
	}
	at = (uart->fifo_first + uart->fifo_count) % UART_FIFO_SIZE;
	uart->fifo[at] = character;
	if (++uart->fifo_count == 1)
		uart_show_errors(uart);
	uart->timeout_pending = false;
	uart_arm_timeout(uart);
}

/* Last thing in whatever made room: the sender may call back at once. */
static void uart_offer_room(struct uart *uart)
{
	if (!uart->refused || (uart->modem_control & MCR_LOOP) ||
	    uart->fifo_count >= uart_capacity(uart))
		return;
	uart->refused = false;
	if (uart->options.room)
		uart->options.room(uart->options.owner);
}

static void uart_clear_fifo(struct uart *uart)
{
	uart->fifo_first = 0;
	uart->fifo_count = 0;
	uart->timeout_pending = false;
	uart_arm_timeout(uart);
}

static uint8_t uart_read_data(struct uart *uart)
{
	const uint8_t data = uart->fifo[uart->fifo_first].data;

	if (!uart->fifo_count)
		return data; /* the last one again */
	/* Emptied, the pointer stays: the last character reads again. */
	if (--uart->fifo_count)
		uart->fifo_first =
			(uint8_t)((uart->fifo_first + 1) % UART_FIFO_SIZE);
	uart->timeout_pending = false;
	uart_show_errors(uart);
	uart_arm_timeout(uart);
	uart_update_irq(uart);
	uart_offer_room(uart);
	return data;
}

static uint8_t uart_read_iir(struct uart *uart)
{
	const uint8_t cause = uart_cause(uart);

	if (cause == IIR_EMPTY) {
		uart->transmit_pending = false;
		uart_update_irq(uart);
	}
	return (uint8_t)(cause | (uart_has_fifos(uart) ? IIR_FIFOS : 0));
}

static uint8_t uart_read_lsr(struct uart *uart)
{
	uint8_t status = LSR_THR_EMPTY | LSR_ALL_EMPTY;

	status = (uint8_t)(status | uart->line_errors);
	if (uart->fifo_count)
		status |= LSR_READY;
	if (uart_has_fifos(uart) && uart_fifo_has_errors(uart))
		status |= LSR_FIFO_ERRORS;
	if (uart->fifo_count)
		uart->fifo[uart->fifo_first].errors = 0;
	uart->line_errors = 0;
	uart_update_irq(uart);
	return status;
}

static uint8_t uart_read_msr(struct uart *uart)
{
	const uint8_t status = uart->modem_status;

	uart->modem_status &= MSR_LINES;
	uart_update_irq(uart);
	return status;
}

/* Recomputes MSR from the cable, or from MCR when looped back. */
static void uart_update_modem(struct uart *uart)
{
	const uint8_t control = uart->modem_control;
	const uint8_t before = uart->modem_status & MSR_LINES;
	uint8_t lines = uart->modem_lines;
	uint8_t changes;

	if (control & MCR_LOOP) /* RTS, DTR, OUT1, OUT2 in MSR's order */
		lines = (uint8_t)((control & 0x02) << 3 |
				  (control & 0x01) << 5 |
				  (control & 0x04) << 4 |
				  (control & 0x08) << 4);
	changes = (uint8_t)((before ^ lines) >> 4);
	if (lines & UART_MODEM_RI) /* only the end of ringing counts */
		changes &= (uint8_t)~MSR_RI_END;
	uart->modem_status =
		(uint8_t)(lines | changes | (uart->modem_status & MSR_CHANGES));
}

static void uart_write_data(struct uart *uart, uint8_t value)
{
	struct console *console = uart->options.console;

	if (uart->modem_control & MCR_LOOP)
		uart_put(uart, (struct uart_character){.data = value});
	else if (console)
		console->write(console, &value, 1);
	uart->transmit_pending = true;
	uart_update_irq(uart);
}

static void uart_write_ier(struct uart *uart, uint8_t value)
{
	/* Enabling it with an empty transmitter raises it at once. */
	if (value & ~uart->interrupt_enable & IER_EMPTY)
		uart->transmit_pending = true;
	uart->interrupt_enable = value & IER_ALL;
	uart_update_irq(uart);
}

static void uart_write_fcr(struct uart *uart, uint8_t value)
{
	const bool switched = (value ^ uart->fifo_control) & FCR_ENABLE;

	/* Without the enable bit the others are not programmed. */
	uart->fifo_control = (value & FCR_ENABLE) ? value & FCR_KEPT : 0;
	if (switched || ((value & FCR_ENABLE) && (value & FCR_CLEAR_RECEIVE)))
		uart_clear_fifo(uart);
	uart_update_irq(uart);
	uart_offer_room(uart);
}

static void uart_write_lcr(struct uart *uart, uint8_t value)
{
	const bool breaks = value & ~uart->line_control & LCR_BREAK;

	uart->line_control = value;
	if (breaks && (uart->modem_control & MCR_LOOP)) {
		uart_put(uart, (struct uart_character){.errors = LSR_BREAK |
								 LSR_FRAMING});
		uart_update_irq(uart);
	}
}

static void uart_write_mcr(struct uart *uart, uint8_t value)
{
	uart->modem_control = value & MCR_ALL;
	uart_update_modem(uart);
	uart_update_irq(uart);
	uart_offer_room(uart);
}

uint8_t uart_read(struct uart *uart, uint64_t offset)
{
	const bool divisor = uart->line_control & LCR_DLAB;

	switch ((enum uart_register)(offset % UART_PORTS)) {
	case UART_DATA:
		return divisor ? (uint8_t)uart->divisor : uart_read_data(uart);
	case UART_IER:
		return divisor ? (uint8_t)(uart->divisor >> 8)
			       : uart->interrupt_enable;
	case UART_IIR:
		return uart_read_iir(uart);
	case UART_LCR:
		return uart->line_control;
	case UART_MCR:
		return uart->modem_control;
	case UART_LSR:
		return uart_read_lsr(uart);
	case UART_MSR:
		return uart_read_msr(uart);
	case UART_SCR:
		break;
	}
	return uart->scratch;
}

static void uart_write_divisor(struct uart *uart, uint64_t offset,
			       uint8_t value)
{
	if (offset == UART_DATA)
		uart->divisor = (uint16_t)((uart->divisor & 0xff00) | value);
	else
		uart->divisor = (uint16_t)((uart->divisor & 0xff) | value << 8);
}

void uart_write(struct uart *uart, uint64_t offset, uint8_t value)
{
	static void (*const writers[UART_PORTS])(struct uart *, uint8_t) = {
		[UART_DATA] = uart_write_data, [UART_IER] = uart_write_ier,
		[UART_FCR] = uart_write_fcr,   [UART_LCR] = uart_write_lcr,
		[UART_MCR] = uart_write_mcr,
	};

	offset %= UART_PORTS;
	if ((uart->line_control & LCR_DLAB) && offset <= UART_IER)
		uart_write_divisor(uart, offset, value);
	else if (offset == UART_SCR)
		uart->scratch = value;
	else if (writers[offset]) /* LSR and MSR are read only */
		writers[offset](uart, value);
}

size_t uart_receive(struct uart *uart, const uint8_t *data, size_t size)
{
	size_t taken = 0;

	if (!(uart->modem_control & MCR_LOOP)) {
		while (taken < size && uart->fifo_count < uart_capacity(uart))
			uart_put(uart, (struct uart_character){
					       .data = data[taken++]});
	}
	uart->refused = taken < size;
	uart_update_irq(uart);
	return taken;
}

void uart_receive_break(struct uart *uart)
{
	if (uart->modem_control & MCR_LOOP)
		return;
	uart_put(uart,
		 (struct uart_character){.errors = LSR_BREAK | LSR_FRAMING});
	uart_update_irq(uart);
}

void uart_set_modem_lines(struct uart *uart, uint8_t lines)
{
	uart->modem_lines = lines & MSR_LINES;
	uart_update_modem(uart);
	uart_update_irq(uart);
}

void uart_reset(struct uart *uart)
{
	uart->interrupt_enable = 0;
	uart->fifo_control = 0;
	uart->line_control = 0;
	uart->modem_control = 0;
	uart->line_errors = 0;
	uart->scratch = 0;
	uart->divisor = 12; /* 9600 baud, as firmware leaves it */
	uart->modem_status = uart->modem_lines;
	uart->transmit_pending = false;
	uart_clear_fifo(uart);
	uart_update_irq(uart);
	uart_offer_room(uart);
}

void uart_init(struct uart *uart, const struct uart_options *options)
{
	*uart = (struct uart){.options = *options};
	uart->timeout = (struct device_timer){
		.clock = options->clock,
		.expired = uart_timeout_expired,
		.owner = uart,
	};
	uart->modem_lines = UART_MODEM_CTS | UART_MODEM_DSR | UART_MODEM_DCD;
	uart_reset(uart);
}

static uint8_t uart_read_one(void *device, uint64_t offset)
{
	return uart_read(device, offset);
}

static void uart_write_one(void *device, uint64_t offset, uint8_t value)
{
	uart_write(device, offset, value);
}

static uint64_t uart_io_read(void *device, uint64_t offset, unsigned int size)
{
	return bytes_read(device, offset, size, uart_read_one);
}

static void uart_io_write(void *device, uint64_t offset, unsigned int size,
			  uint64_t value)
{
	bytes_write(device, offset, (struct bytes_value){value, size},
		    uart_write_one);
}

const struct io_operations uart_operations = {uart_io_read, uart_io_write};
