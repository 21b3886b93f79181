/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PC's pair of 8259A interrupt controllers (Intel 8259A data sheet,
 * order number 231468) and the edge/level control registers of the PIIX.
 *
 * An edge stays latched when its wire falls again before the acknowledge:
 * devices here may pulse their wires without holding them. A level request
 * follows its wire, so a spurious interrupt comes from masking, from a level
 * that went away, or from polling.
 */
#include "worker/emulated/pic.h"

#include "worker/emulated/bytes.h"

#define ICW1_SELECT 0x10u
#define ICW1_IC4    0x01u
#define ICW1_SINGLE 0x02u
#define ICW4_AEOI   0x02u
#define ICW4_SFNM   0x10u

#define OCW3_SELECT   0x08u
#define OCW3_READ     0x02u
#define OCW3_READ_ISR 0x01u
#define OCW3_POLL     0x04u
#define OCW3_ESMM     0x40u
#define OCW3_SMM      0x20u

/* OCW2 bits 7-5 */
enum pic_command {
	PIC_ROTATE_AUTO_OFF,
	PIC_EOI,
	PIC_NOTHING,
	PIC_EOI_SPECIFIC,
	PIC_ROTATE_AUTO_ON,
	PIC_EOI_ROTATE,
	PIC_SET_LOWEST,
	PIC_EOI_SPECIFIC_ROTATE,
};

#define PIC_SPURIOUS 7u
#define PIC_NONE     8u

/* Inputs 0, 1, 2, 8 and 13 are wired to edge devices of the board. */
static const uint8_t level_allowed[2] = {0xf8, 0xde};

static uint8_t pic_bit(unsigned int input)
{
	return (uint8_t)(1u << input);
}

/* The n-th input in order of priority, n from 0. */
static unsigned int pic_input_of(const struct pic_chip *chip, unsigned int n)
{
	return (chip->lowest + 1 + n) & 7;
}

/* The rank of the most urgent input in a set; PIC_NONE if it is empty. */
static unsigned int pic_rank(const struct pic_chip *chip, uint8_t inputs)
{
	for (unsigned int n = 0; n < 8; n++) {
		if (inputs & pic_bit(pic_input_of(chip, n)))
			return n;
	}
	return PIC_NONE;
}

/* The input that may interrupt now; PIC_NONE if there is none. */
static unsigned int pic_pending(const struct pic_chip *chip)
{
	const uint8_t wanted = chip->requests & (uint8_t)~chip->masked;
	const unsigned int rank = pic_rank(chip, wanted);
	uint8_t holding = chip->in_service;

	if (rank == PIC_NONE)
		return PIC_NONE;
	if (chip->special_mask)
		holding &= (uint8_t)~chip->masked;
	/* The slave may interrupt itself with what is more urgent there. */
	if (chip->fully_nested && chip->master)
		holding &= (uint8_t)~pic_bit(PIC_CASCADE);
	if (rank >= pic_rank(chip, holding))
		return PIC_NONE;
	return pic_input_of(chip, rank);
}

static void pic_chip_input(struct pic_chip *chip, unsigned int input, bool high)
{
	const uint8_t bit = pic_bit(input);

	if (chip->level & bit)
		chip->requests = (uint8_t)(high ? chip->requests | bit
						: chip->requests & ~bit);
	else if (high && !(chip->inputs & bit))
		chip->requests |= bit;
	chip->inputs =
		(uint8_t)(high ? chip->inputs | bit : chip->inputs & ~bit);
}

/*
 * Passes the slave's output to the master and the master's to the processor.
 * The cascade behaves as a level whatever the mode: the slave holds its
 * output as long as it has a request to deliver.
 */
static void pic_update(struct pic *pic)
{
	struct pic_chip *master = &pic->chips[0];
	const bool slave = pic_pending(&pic->chips[1]) != PIC_NONE;
	const uint8_t bit = pic_bit(PIC_CASCADE);
	bool level;

	master->inputs =
		(uint8_t)(slave ? master->inputs | bit : master->inputs & ~bit);
	master->requests = (uint8_t)(slave ? master->requests | bit
					   : master->requests & ~bit);
	level = pic_pending(master) != PIC_NONE;
	if (level == pic->output_level)
		return;
	pic->output_level = level;
	irq_set(pic->output, level);
}

static void pic_line_set(struct irq_line *line, bool level)
{
	struct pic *pic = line->owner;

	if (line->number == PIC_CASCADE)
		return;
	pic_chip_input(&pic->chips[line->number / 8], line->number % 8, level);
	pic_update(pic);
}

static void pic_begin_service(struct pic_chip *chip, unsigned int input)
{
	const uint8_t bit = pic_bit(input);

	if (!(chip->level & bit))
		chip->requests &= (uint8_t)~bit;
	if (!chip->auto_eoi)
		chip->in_service |= bit;
	else if (chip->rotate_auto_eoi)
		chip->lowest = (uint8_t)input;
}

uint8_t pic_acknowledge(struct pic *pic)
{
	struct pic_chip *chip = &pic->chips[0];
	unsigned int input = pic_pending(chip);

	if (input != PIC_NONE)
		pic_begin_service(chip, input);
	if (input == PIC_CASCADE) {
		chip = &pic->chips[1];
		input = pic_pending(chip);
		if (input != PIC_NONE)
			pic_begin_service(chip, input);
	}
	pic_update(pic);
	if (input == PIC_NONE)
		input = PIC_SPURIOUS;
	return (uint8_t)(chip->base + input);
}

static void pic_end_of_interrupt(struct pic_chip *chip, uint8_t value)
{
	const enum pic_command command = value >> 5;
	unsigned int input = value & 7;
	unsigned int rank;

	if (command == PIC_EOI || command == PIC_EOI_ROTATE) {
		uint8_t candidates = chip->in_service;

		/* Masked ones are passed over (data sheet, "EOI"). */
		if (chip->special_mask)
			candidates &= (uint8_t)~chip->masked;
		rank = pic_rank(chip, candidates);
		if (rank == PIC_NONE)
			return;
		input = pic_input_of(chip, rank);
	}
	chip->in_service &= (uint8_t)~pic_bit(input);
	if (command == PIC_EOI_ROTATE || command == PIC_EOI_SPECIFIC_ROTATE)
		chip->lowest = (uint8_t)input;
}

static void pic_write_ocw2(struct pic_chip *chip, uint8_t value)
{
	switch ((enum pic_command)(value >> 5)) {
	case PIC_ROTATE_AUTO_OFF:
	case PIC_ROTATE_AUTO_ON:
		chip->rotate_auto_eoi = value >> 5 == PIC_ROTATE_AUTO_ON;
		break;
	case PIC_NOTHING:
		break;
	case PIC_SET_LOWEST:
		chip->lowest = value & 7;
		break;
	case PIC_EOI:
	case PIC_EOI_SPECIFIC:
	case PIC_EOI_ROTATE:
	case PIC_EOI_SPECIFIC_ROTATE:
		pic_end_of_interrupt(chip, value);
		break;
	}
}

static void pic_write_ocw3(struct pic_chip *chip, uint8_t value)
{
	if (value & OCW3_POLL)
		chip->polled = true;
	else if (value & OCW3_READ)
		chip->reads_in_service = value & OCW3_READ_ISR;
	if (value & OCW3_ESMM)
		chip->special_mask = value & OCW3_SMM;
}

static void pic_write_icw1(struct pic_chip *chip, uint8_t value)
{
	chip->step = PIC_WANTS_ICW2;
	chip->single = value & ICW1_SINGLE;
	chip->wants_icw4 = value & ICW1_IC4;
	chip->masked = 0;
	chip->in_service = 0;
	chip->lowest = 7;
	chip->special_mask = false;
	chip->polled = false;
	chip->reads_in_service = false;
	chip->auto_eoi = false;
	chip->rotate_auto_eoi = false;
	chip->fully_nested = false;
	/* Edge latches are cleared; a level that is high still asks. */
	chip->requests = chip->level & chip->inputs;
}

static void pic_write_data(struct pic_chip *chip, uint8_t value)
{
	switch (chip->step) {
	case PIC_READY:
		chip->masked = value; /* OCW1 */
		return;
	case PIC_WANTS_ICW2:
		chip->base = value & 0xf8;
		if (!chip->single) {
			chip->step = PIC_WANTS_ICW3;
			return;
		}
		break;
	case PIC_WANTS_ICW3: /* the cascade is soldered */
		break;
	case PIC_WANTS_ICW4:
		chip->auto_eoi = value & ICW4_AEOI;
		chip->fully_nested = value & ICW4_SFNM;
		chip->step = PIC_READY;
		return;
	}
	chip->step = chip->wants_icw4 ? PIC_WANTS_ICW4 : PIC_READY;
}

void pic_write(struct pic_chip *chip, uint64_t offset, uint8_t value)
{
	if (offset % PIC_PORTS)
		pic_write_data(chip, value);
	else if (value & ICW1_SELECT)
		pic_write_icw1(chip, value);
	else if (value & OCW3_SELECT)
		pic_write_ocw3(chip, value);
	else
		pic_write_ocw2(chip, value);
	pic_update(chip->pic);
}

/* A poll is an acknowledge cycle by software: bit 7 and the input. */
static uint8_t pic_poll(struct pic_chip *chip)
{
	const unsigned int input = pic_pending(chip);

	chip->polled = false;
	if (input == PIC_NONE)
		return 0;
	pic_begin_service(chip, input);
	pic_update(chip->pic);
	return (uint8_t)(0x80 | input);
}

uint8_t pic_read(struct pic_chip *chip, uint64_t offset)
{
	if (chip->polled)
		return pic_poll(chip);
	if (offset % PIC_PORTS)
		return chip->masked;
	return chip->reads_in_service ? chip->in_service : chip->requests;
}

uint8_t pic_read_elcr(struct pic_chip *chip)
{
	return chip->level;
}

void pic_write_elcr(struct pic_chip *chip, uint8_t value)
{
	const uint8_t level = value & level_allowed[chip->master ? 0 : 1];

	/* What changes to level follows its wire from now on. */
	chip->requests =
		(uint8_t)((chip->requests & ~level) | (chip->inputs & level));
	chip->level = level;
	pic_update(chip->pic);
}

struct irq_line *pic_line(struct pic *pic, unsigned int number)
{
	return &pic->lines[number % PIC_INPUTS];
}

void pic_reset(struct pic *pic)
{
	for (unsigned int i = 0; i < 2; i++) {
		struct pic_chip *chip = &pic->chips[i];

		pic_write_icw1(chip, 0);
		chip->step = PIC_READY;
		chip->base = 0;
		chip->level = 0;
		chip->requests = 0;
	}
	pic_update(pic);
}

void pic_init(struct pic *pic, struct irq_line *output)
{
	*pic = (struct pic){.output = output};
	for (unsigned int i = 0; i < PIC_INPUTS; i++)
		pic->lines[i] = (struct irq_line){
			.set = pic_line_set,
			.owner = pic,
			.number = i,
		};
	pic->chips[0] = (struct pic_chip){.pic = pic, .master = true};
	pic->chips[1] = (struct pic_chip){.pic = pic};
	pic_reset(pic);
}

static uint8_t pic_read_one(void *device, uint64_t offset)
{
	return pic_read(device, offset);
}

static void pic_write_one(void *device, uint64_t offset, uint8_t value)
{
	pic_write(device, offset, value);
}

static uint64_t pic_io_read(void *device, uint64_t offset, unsigned int size)
{
	return bytes_read(device, offset, size, pic_read_one);
}

static void pic_io_write(void *device, uint64_t offset, unsigned int size,
			 uint64_t value)
{
	bytes_write(device, offset, (struct bytes_value){value, size},
		    pic_write_one);
}

const struct io_operations pic_operations = {pic_io_read, pic_io_write};

/*
 * A 16-bit access to 4D0h reaches both chips' registers: the second byte of
 * the master's belongs to the slave.
 */
static uint8_t pic_elcr_read_one(void *device, uint64_t offset)
{
	struct pic_chip *chip = device;

	if (chip->master)
		return pic_read_elcr(&chip->pic->chips[offset & 1]);
	return pic_read_elcr(chip);
}

static void pic_elcr_write_one(void *device, uint64_t offset, uint8_t value)
{
	struct pic_chip *chip = device;

	if (chip->master)
		chip = &chip->pic->chips[offset & 1];
	pic_write_elcr(chip, value);
}

static uint64_t pic_elcr_io_read(void *device, uint64_t offset,
				 unsigned int size)
{
	return bytes_read(device, offset, size, pic_elcr_read_one);
}

static void pic_elcr_io_write(void *device, uint64_t offset, unsigned int size,
			      uint64_t value)
{
	bytes_write(device, offset, (struct bytes_value){value, size},
		    pic_elcr_write_one);
}

const struct io_operations pic_elcr_operations = {
	pic_elcr_io_read,
	pic_elcr_io_write,
};
