/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the test guest share. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The serial port is printed to without looking whether it is there. */
void print(const char *text);
void print_number(uint64_t number);
void print_hex(uint64_t number);

/* Powers off through ACPI; returns when that did nothing. */
void acpi_power_off(const uint8_t *rsdp);

/* As the stubs in entry.S leave it. */
struct frame {
	uint64_t vector;
	uint64_t error;
	uint64_t rip;
	uint64_t cs;
	uint64_t flags;
	uint64_t rsp;
	uint64_t ss;
};

/* One for each of 256 vectors; sees what comes before anybody else does, and
 * returns whether that was all. */
#define FAULT_STUB_SIZE 16
extern const uint8_t fault_stubs[];
extern bool (*volatile fault_hook)(struct frame *frame);

/* Exceptions go on at fault_resume, if it is set; else they end the guest. */
void fault_init(void);
/* From here on any exception is the end. */
void fault_forget(void);
uint64_t fault_count(void);
extern volatile uint64_t fault_resume;

/* False when the instruction faulted. In entry.S. */
bool probe_rdmsr(uint32_t number, uint64_t *value);
bool probe_wrmsr(uint32_t number, uint64_t value);
/* The hypercall's result, all ones when it faulted. */
uint64_t probe_hypercall(const void *page, uint64_t input, uint64_t operand_in,
			 uint64_t operand_out);

/* Makes hypercalls possible; false where no Hyper-V interface is. */
bool hypercall_enable(void);
/* A random call of this code; its result as probe_hypercall() has it. */
uint64_t hypercall_random(uint32_t code);

/* Writing there may end or reset the machine, or silence our printing. */
bool port_reaches_ending(uint32_t port, uint32_t size);

/* The same numbers in every run, but for what seed=N makes of them. */
uint64_t random_next(void);

static inline void port_write(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port));
}

static inline void port_write16(uint16_t port, uint16_t value)
{
	__asm__ volatile("outw %0, %1" ::"a"(value), "Nd"(port));
}

static inline void port_write32(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" ::"a"(value), "Nd"(port));
}

static inline uint32_t port_read32(uint16_t port)
{
	uint32_t value;

	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

/* What a guest can be told to do; each is one file's. */
void port_hostile(void);
void msr_hostile(void);
void hypercall_hostile(void);
void message_hostile(void);
void overlay_hostile(void);
void memory_hostile(void);
void memory_wild(void);
void fuzz_hostile(void);
void checks_run(void);
void protocols_run(void);
void fault_triple(void);
