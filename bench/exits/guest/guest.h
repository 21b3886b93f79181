/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the measuring guest share. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of test/guest/print.c and acpi.c, which are linked. */
void print(const char *text);
void print_number(uint64_t number);
void print_hex(uint64_t number);
void acpi_power_off(const uint8_t *rsdp);

static inline void port_write(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port));
}

static inline void port_write16(uint16_t port, uint16_t value)
{
	__asm__ volatile("outw %0, %1" ::"a"(value), "Nd"(port));
}

/* In bench/count/mark.S: a line of the counting plugin, 0 to 255. */
void mark(unsigned int number);
/* Turn its profile on and off. */
void mark_profile_0(void);
void mark_profile_1(void);

/* One thing to measure. */
struct operation {
	const char *name;
	unsigned int times;
	bool (*available)(void); /* NULL: always */
	void (*run)(void);
};

extern const struct operation operations[];
extern const unsigned int operation_count;

struct cpuid {
	uint32_t eax;
	uint32_t ebx;
	uint32_t ecx;
	uint32_t edx;
};

static inline struct cpuid cpuid(uint32_t leaf)
{
	struct cpuid out;

	__asm__ volatile("cpuid"
			 : "=a"(out.eax), "=b"(out.ebx), "=c"(out.ecx),
			   "=d"(out.edx)
			 : "a"(leaf), "c"(0));
	return out;
}

static inline uint64_t msr_read(uint32_t number)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number));
	return low | (uint64_t)high << 32;
}

static inline void msr_write(uint32_t number, uint64_t value)
{
	__asm__ volatile("wrmsr" ::"c"(number), "a"((uint32_t)value),
			 "d"((uint32_t)(value >> 32))
			 : "memory");
}

static inline uint64_t tsc_read(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return low | (uint64_t)high << 32;
}

/* Whether this KEY=VALUE is on the command line. */
bool line_says(const char *key, const char *value);

/* ---- Interrupts: each only counts, per processor, and is acknowledged ---- */

#define VECTOR_TIMER 0x40u
#define VECTOR_IPI   0x41u
#define VECTOR_SYNIC 0x42u
#define VECTOR_SELF  0x43u
#define VECTOR_EVENT 0x44u

void interrupt_init(void);
/* The same table for a second processor. */
void interrupt_load(void);
extern volatile uint64_t interrupt_count[256];
/* Halts until this vector has come more often than so many times. */
void interrupt_wait(unsigned int vector, uint64_t before);

/* ---- The local APIC, as x2APIC where there is one ---- */

void apic_init(void);
uint32_t apic_read(uint32_t offset);
void apic_write(uint32_t offset, uint32_t value);
/* Address, whether the registers are in memory now. */
uint32_t apic_version_by_memory(void);
bool apic_is_extended(void);
/* Called by interrupt handlers, which leave registers as they found them. */
#define IN_INTERRUPT __attribute__((no_caller_saved_registers))
IN_INTERRUPT void apic_eoi(void);
void apic_send(uint32_t destination, uint32_t command);
#define APIC_FIXED   0x4000u
#define APIC_INIT    0x4500u
#define APIC_STARTUP 0x4600u

/* ---- The second processor ---- */

/* False where none answers. */
bool second_start(void);
/* One IPI there, and the one it sends back. */
void second_round_trip(void);

/* ---- A timer: the best that is offered ---- */

void timer_init(void);
const char *timer_name(void);
/* One interrupt after so many nanoseconds; 1 tick of the TSC is 1 ns. */
void timer_arm(uint64_t nanoseconds);

/* ---- Hyper-V's interface ---- */

bool hyperv_is_here(void);
bool hyperv_init(void);
uint64_t hyperv_call(uint64_t control, uint64_t input, uint64_t output);

/* ---- The storage device on VMBus ---- */

bool storage_open(void);
/* TEST UNIT READY: one packet, one signal, one completion, one interrupt. */
void storage_ping(void);
