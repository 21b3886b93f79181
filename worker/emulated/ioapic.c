/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An I/O APIC (Intel 82093AA data sheet, and the EOI register of its
 * version 20h successors in the ICH).
 *
 * Polarity bits are kept but mean nothing: a wire's level here is whether
 * the device asks, whatever the voltage.
 */
#include "worker/emulated/ioapic.h"

#define IOAPIC_VERSION 0x20u

/* Offsets in memory */
#define IOAPIC_INDEX 0x00u
#define IOAPIC_DATA  0x10u
#define IOAPIC_EOI   0x40u

/* Indices */
#define IOAPIC_ID	   0x00u
#define IOAPIC_VER	   0x01u
#define IOAPIC_ARBITRATION 0x02u
#define IOAPIC_TABLE	   0x10u

/* A redirection entry */
#define ENTRY_VECTOR	  0xffull
#define ENTRY_MODE_SHIFT  8
#define ENTRY_LOGICAL	  (1ull << 11)
#define ENTRY_REMOTE_IRR  (1ull << 14)
#define ENTRY_LEVEL	  (1ull << 15)
#define ENTRY_MASKED	  (1ull << 16)
#define ENTRY_DESTINATION 56
#define ENTRY_WRITABLE	  0xff0000000001afffull /* all but status and IRR */

#define MSI_ADDRESS	0xfee00000u
#define MSI_LOGICAL	(1u << 2)
#define MSI_DESTINATION 12
#define MSI_ASSERT	(1u << 14)
#define MSI_LEVEL	(1u << 15)

static unsigned int entry_mode(uint64_t entry)
{
	return entry >> ENTRY_MODE_SHIFT & 7;
}

/* Only what ends by an EOI can be a level; the rest are treated as edges. */
static bool entry_is_level(uint64_t entry)
{
	return (entry & ENTRY_LEVEL) && entry_mode(entry) <= IOAPIC_LOWEST;
}

static void ioapic_deliver(struct ioapic *ioapic, unsigned int input)
{
	uint64_t *entry = &ioapic->entries[input];
	const bool level = entry_is_level(*entry);
	const struct ioapic_message message = {
		.address = MSI_ADDRESS |
			   (uint32_t)(*entry >> ENTRY_DESTINATION)
				   << MSI_DESTINATION |
			   (*entry & ENTRY_LOGICAL ? MSI_LOGICAL : 0),
		.data = (uint32_t)(*entry & 0x7ff) | MSI_ASSERT |
			(level ? MSI_LEVEL : 0),
		.vector = (uint8_t)(*entry & ENTRY_VECTOR),
		.mode = (uint8_t)entry_mode(*entry),
		.destination = (uint8_t)(*entry >> ENTRY_DESTINATION),
		.logical = *entry & ENTRY_LOGICAL,
		.level = level,
	};

	/* Before the call: the EOI may come from within. */
	if (level)
		*entry |= ENTRY_REMOTE_IRR;
	ioapic->options.deliver(ioapic->options.owner, &message);
}

/* A level that is there and not yet in service. */
static void ioapic_service_level(struct ioapic *ioapic, unsigned int input)
{
	const uint64_t entry = ioapic->entries[input];

	if (entry_is_level(entry) && (ioapic->inputs & 1u << input) &&
	    !(entry & (ENTRY_MASKED | ENTRY_REMOTE_IRR)))
		ioapic_deliver(ioapic, input);
}

static void ioapic_line_set(struct irq_line *line, bool level)
{
	struct ioapic *ioapic = line->owner;
	const uint32_t bit = 1u << line->number;
	const uint64_t entry = ioapic->entries[line->number];
	const bool rising = level && !(ioapic->inputs & bit);

	if (level)
		ioapic->inputs |= bit;
	else
		ioapic->inputs &= ~bit;
	if (entry_is_level(entry))
		ioapic_service_level(ioapic, line->number);
	else if (rising && !(entry & ENTRY_MASKED))
		ioapic_deliver(ioapic, line->number); /* masked: it is lost */
}

void ioapic_eoi(struct ioapic *ioapic, uint8_t vector)
{
	for (unsigned int i = 0; i < IOAPIC_INPUTS; i++) {
		uint64_t *entry = &ioapic->entries[i];

		if ((*entry & ENTRY_VECTOR) != vector ||
		    !(*entry & ENTRY_REMOTE_IRR))
			continue;
		*entry &= ~ENTRY_REMOTE_IRR;
		ioapic_service_level(ioapic, i);
	}
}

static uint32_t ioapic_read_data(const struct ioapic *ioapic)
{
	const unsigned int at = ioapic->index - IOAPIC_TABLE;

	switch (ioapic->index) {
	case IOAPIC_ID:
	case IOAPIC_ARBITRATION:
		return (uint32_t)ioapic->id << 24;
	case IOAPIC_VER:
		return IOAPIC_VERSION | (IOAPIC_INPUTS - 1) << 16;
	}
	if (ioapic->index < IOAPIC_TABLE || at >= 2 * IOAPIC_INPUTS)
		return 0;
	return (uint32_t)(ioapic->entries[at / 2] >> (at % 2 ? 32 : 0));
}

static void ioapic_write_entry(struct ioapic *ioapic, unsigned int at,
			       uint32_t value)
{
	uint64_t *entry = &ioapic->entries[at / 2];
	const unsigned int shift = at % 2 ? 32 : 0;
	const uint64_t writable = ENTRY_WRITABLE & 0xffffffffull << shift;

	*entry = (*entry & ~writable) | ((uint64_t)value << shift & writable);
	/* Linux ends a stuck level by switching it to edge and back. */
	if (!entry_is_level(*entry))
		*entry &= ~ENTRY_REMOTE_IRR;
	ioapic_service_level(ioapic, at / 2);
}

static void ioapic_write_data(struct ioapic *ioapic, uint32_t value)
{
	const unsigned int at = ioapic->index - IOAPIC_TABLE;

	if (ioapic->index == IOAPIC_ID)
		ioapic->id = value >> 24 & 0xf;
	else if (ioapic->index >= IOAPIC_TABLE && at < 2 * IOAPIC_INPUTS)
		ioapic_write_entry(ioapic, at, value);
}

uint32_t ioapic_read(struct ioapic *ioapic, uint64_t offset)
{
	if (offset == IOAPIC_INDEX)
		return ioapic->index;
	if (offset == IOAPIC_DATA)
		return ioapic_read_data(ioapic);
	return 0;
}

void ioapic_write(struct ioapic *ioapic, uint64_t offset, uint32_t value)
{
	if (offset == IOAPIC_INDEX)
		ioapic->index = (uint8_t)value;
	else if (offset == IOAPIC_DATA)
		ioapic_write_data(ioapic, value);
	else if (offset == IOAPIC_EOI)
		ioapic_eoi(ioapic, (uint8_t)value);
}

struct irq_line *ioapic_line(struct ioapic *ioapic, unsigned int number)
{
	return number < IOAPIC_INPUTS ? &ioapic->lines[number] : NULL;
}

void ioapic_reset(struct ioapic *ioapic)
{
	for (unsigned int i = 0; i < IOAPIC_INPUTS; i++)
		ioapic->entries[i] = ENTRY_MASKED;
	ioapic->index = 0;
	ioapic->id = ioapic->options.id;
}

void ioapic_init(struct ioapic *ioapic, const struct ioapic_options *options)
{
	*ioapic = (struct ioapic){.options = *options};
	for (unsigned int i = 0; i < IOAPIC_INPUTS; i++)
		ioapic->lines[i] = (struct irq_line){
			.set = ioapic_line_set,
			.owner = ioapic,
			.number = i,
		};
	ioapic_reset(ioapic);
}

/* Registers are 32 bits wide; a wider access reaches only the first. */
static uint64_t ioapic_io_read(void *device, uint64_t offset, unsigned int size)
{
	(void)size;
	return ioapic_read(device, offset);
}

static void ioapic_io_write(void *device, uint64_t offset, unsigned int size,
			    uint64_t value)
{
	(void)size;
	ioapic_write(device, offset, (uint32_t)value);
}

const struct io_operations ioapic_operations = {
	ioapic_io_read,
	ioapic_io_write,
};
