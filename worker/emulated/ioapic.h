/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An I/O APIC of 24 inputs, version 20h: memory-mapped index and data. */
#pragma once

#include "worker/device.h"

#define IOAPIC_INPUTS 24u
#define IOAPIC_BASE   0xfec00000u
#define IOAPIC_SIZE   0x1000u

/* Delivery modes, as in a redirection entry and in an MSI's data. */
enum ioapic_mode {
	IOAPIC_FIXED = 0,
	IOAPIC_LOWEST = 1,
	IOAPIC_SMI = 2,
	IOAPIC_NMI = 4,
	IOAPIC_INIT = 5,
	IOAPIC_EXTINT = 7,
};

/* An interrupt on its way to a local APIC, told twice. */
struct ioapic_message {
	uint64_t address; /* as an MSI would say it */
	uint32_t data;
	uint8_t vector;
	uint8_t mode; /* enum ioapic_mode */
	uint8_t destination;
	bool logical; /* destination is a logical one */
	bool level;   /* wants ioapic_eoi() */
};

struct ioapic_options {
	void (*deliver)(void *owner, const struct ioapic_message *message);
	void *owner;
	uint8_t id;
};

struct ioapic {
	struct ioapic_options options;
	struct irq_line lines[IOAPIC_INPUTS];
	uint64_t entries[IOAPIC_INPUTS]; /* redirection table */
	uint32_t inputs;		 /* levels of the wires now */
	uint8_t index;			 /* IOREGSEL */
	uint8_t id;
};

/* device is a struct ioapic. */
extern const struct io_operations ioapic_operations;

void ioapic_init(struct ioapic *ioapic, const struct ioapic_options *options);
void ioapic_reset(struct ioapic *ioapic);

/* The wire of an input; its level is 1 while the device asks. */
struct irq_line *ioapic_line(struct ioapic *ioapic, unsigned int number);

/* A local APIC ended a level-triggered interrupt of this vector. */
void ioapic_eoi(struct ioapic *ioapic, uint8_t vector);

uint32_t ioapic_read(struct ioapic *ioapic, uint64_t offset);
void ioapic_write(struct ioapic *ioapic, uint64_t offset, uint32_t value);
