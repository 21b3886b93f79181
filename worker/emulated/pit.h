/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An 8254 interval timer with the PC's wiring: IRQ 0, speaker, port 61h. */
#pragma once

#include "worker/device.h"

#define PIT_FREQUENCY 1193182u /* Hz */
#define PIT_CHANNELS  3u
#define PIT_PORTS     4u /* at 40h */

struct pit_channel {
	uint8_t mode;	/* 0 to 5 */
	uint8_t access; /* 1 low byte, 2 high byte, 3 both */
	bool bcd;
	bool gate;

	uint32_t count;	     /* counts per cycle, 2 to 65536; 0: none written */
	uint32_t next_count; /* takes over at the end of the cycle; 0: none */
	uint64_t next_ticks; /* when that is */
	bool running;
	uint64_t start_ns;   /* running since, */
	uint64_t past_ticks; /* with these already counted */

	bool writes_high; /* access 3: the low byte is in write_low */
	uint8_t write_low;
	bool reads_high; /* access 3: the low byte has been read */
	uint8_t latched; /* bytes of the latched count still to read */
	uint16_t latch;
	bool status_latched;
	uint8_t status;
};

struct pit {
	struct clock *clock;
	struct irq_line *irq; /* channel 0's output */
	struct device_timer timer;
	struct pit_channel channels[PIT_CHANNELS];
	uint8_t control; /* port 61h bits 0-3 */
};

/* device is a struct pit: ports 40h-43h, and port 61h. */
extern const struct io_operations pit_operations;
extern const struct io_operations pit_control_operations;

void pit_init(struct pit *pit, struct clock *clock, struct irq_line *irq);
void pit_reset(struct pit *pit);

uint8_t pit_read(struct pit *pit, uint64_t offset);
void pit_write(struct pit *pit, uint64_t offset, uint8_t value);

/* Port 61h: gate of channel 2, speaker, refresh toggle, output of channel 2. */
uint8_t pit_read_control(struct pit *pit);
void pit_write_control(struct pit *pit, uint8_t value);

/* The level of a channel's output pin now. */
bool pit_output(struct pit *pit, unsigned int channel);
