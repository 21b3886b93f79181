/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The PC's pair of 8259A interrupt controllers, with edge/level registers. */
#pragma once

#include "worker/device.h"

#define PIC_INPUTS  16u
#define PIC_CASCADE 2u /* the master's input that the slave drives */

#define PIC_PORTS      2u /* at 20h and at A0h */
#define PIC_ELCR_PORTS 2u /* at 4D0h, device = the master: both chips */

/* Where a chip is in its initialization (8259A data sheet, figure 6). */
enum pic_step {
	PIC_READY,
	PIC_WANTS_ICW2,
	PIC_WANTS_ICW3,
	PIC_WANTS_ICW4
};

struct pic_chip {
	struct pic *pic;
	bool master;

	uint8_t inputs;	    /* levels of the wires now */
	uint8_t requests;   /* IRR */
	uint8_t in_service; /* ISR */
	uint8_t masked;	    /* IMR */
	uint8_t level;	    /* ELCR: 1 = level-triggered */

	uint8_t base;	/* vector of input 0 */
	uint8_t lowest; /* input of the lowest priority */
	enum pic_step step;
	bool single;	       /* ICW1 SNGL: no ICW3 */
	bool wants_icw4;       /* ICW1 IC4 */
	bool auto_eoi;	       /* ICW4 AEOI */
	bool rotate_auto_eoi;  /* OCW2, rotate in automatic EOI */
	bool fully_nested;     /* ICW4 SFNM, "special fully nested" */
	bool special_mask;     /* OCW3 SMM */
	bool polled;	       /* OCW3 P: the next read acknowledges */
	bool reads_in_service; /* OCW3 RIS */
};

struct pic {
	struct pic_chip chips[2]; /* master, slave */
	struct irq_line lines[PIC_INPUTS];
	struct irq_line *output; /* INTR */
	bool output_level;
};

/* device is a struct pic_chip. */
extern const struct io_operations pic_operations;
extern const struct io_operations pic_elcr_operations;

/* output is the processor's INTR wire. */
void pic_init(struct pic *pic, struct irq_line *output);
void pic_reset(struct pic *pic);

/* The wire of an input, 0 to 15; 2 is the cascade and leads nowhere. */
struct irq_line *pic_line(struct pic *pic, unsigned int number);

/*
 * The processor's acknowledge cycle: the vector to deliver. When the request
 * has gone by now it is the spurious one, input 7 of the chip asked.
 */
uint8_t pic_acknowledge(struct pic *pic);

uint8_t pic_read(struct pic_chip *chip, uint64_t offset);
void pic_write(struct pic_chip *chip, uint64_t offset, uint8_t value);
uint8_t pic_read_elcr(struct pic_chip *chip);
void pic_write_elcr(struct pic_chip *chip, uint8_t value);
