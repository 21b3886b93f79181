/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptor tables of the checks, interrupts counted, waiting for them. */
#include "check.h"

#include "abi/msr.h"

#define CODE_SELECTOR  0x08
#define GATE_INTERRUPT 0x8e00u

#define APIC_BASE	 0x1bu
#define APIC_BASE_X2APIC 0x400ull
#define APIC_PAGE	 0xfee00000ull
#define MSR_X2APIC	 0x800u

struct pointer {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

extern const uint8_t second_stack[], second_stack_end[];

struct interrupts interrupts[CPUS];
void (*volatile interrupt_hook)(struct frame *frame);
volatile uint8_t interrupt_no_eoi;

static struct gate gates[256] __attribute__((aligned(PAGE)));

uint32_t interrupt_cpu(void)
{
	const uint8_t *here = __builtin_frame_address(0);

	return here >= second_stack && here < second_stack_end;
}

struct gate *interrupt_gate(uint8_t vector)
{
	return &gates[vector];
}

void interrupt_start(void)
{
	const struct pointer pointer = {sizeof(gates) - 1, (uint64_t)gates};
	size_t i;

	for (i = 0; i < 256 && !(gates[i].flags & GATE_PRESENT); i++) {
		const uint64_t stub =
			(uint64_t)(fault_stubs + i * FAULT_STUB_SIZE);

		gates[i] = (struct gate){
			.offset_low = (uint16_t)stub,
			.selector = CODE_SELECTOR,
			.flags = GATE_INTERRUPT,
			.offset_middle = (uint16_t)(stub >> 16),
			.offset_high = (uint32_t)(stub >> 32),
		};
	}
	__asm__ volatile("lidt %0" ::"m"(pointer));
}

void interrupt_forget(void)
{
	size_t cpu, i;

	interrupt_hook = NULL;
	interrupt_no_eoi = 0;
	for (cpu = 0; cpu < CPUS; cpu++) {
		struct interrupts *all = &interrupts[cpu];

		for (i = 0; i < 256; i++)
			all->count[i] = 0;
		for (i = 0; i < sizeof(all->order); i++)
			all->order[i] = 0;
		all->total = 0;
		all->depth = 0;
		all->depth_most = 0;
	}
}

/* ---- The APIC ---- */

static bool is_x2apic(void)
{
	return msr_get(APIC_BASE) & APIC_BASE_X2APIC;
}

uint32_t apic_read(uint32_t offset)
{
	if (is_x2apic())
		return (uint32_t)msr_get(MSR_X2APIC + offset / 16);
	return *(volatile uint32_t *)(APIC_PAGE + offset);
}

void apic_write(uint32_t offset, uint32_t value)
{
	if (is_x2apic())
		msr_set(MSR_X2APIC + offset / 16, value);
	else
		*(volatile uint32_t *)(APIC_PAGE + offset) = value;
}

void apic_send(uint32_t destination, uint32_t command)
{
	if (is_x2apic()) {
		msr_set(MSR_X2APIC + APIC_ICR / 16,
			(uint64_t)destination << 32 | command);
		return;
	}
	apic_write(APIC_ICR + 0x10, destination << 24);
	apic_write(APIC_ICR, command);
}

void apic_on(void)
{
	apic_write(APIC_SPURIOUS, 0x1ff);
	apic_write(APIC_TPR, 0);
}

void interrupt_end(void)
{
	apic_write(APIC_EOI, 0);
}

/* ---- Waiting: two seconds at 2 GHz or less, by the only clock that both
 * kinds of machine have ---- */

#define PATIENCE 4000000000ull
#define MOMENT	 5000000ull

bool wait_for(const volatile uint64_t *counter, uint64_t least)
{
	uint64_t start = tsc_read();

	interrupts_on();
	while (*counter < least && tsc_read() - start < PATIENCE)
		__asm__ volatile("pause");
	interrupts_off();
	return *counter >= least;
}

bool wait_word(const volatile uint32_t *word, uint32_t value)
{
	uint64_t start = tsc_read();

	while (*word != value && tsc_read() - start < PATIENCE)
		__asm__ volatile("pause");
	return *word == value;
}

void wait_moment(void)
{
	uint64_t start = tsc_read();

	interrupts_on();
	while (tsc_read() - start < MOMENT)
		__asm__ volatile("pause");
	interrupts_off();
}

/* ---- Registers ---- */

/* Not by probe_rdmsr(): an interrupt handler may be in the middle of it. */
uint64_t msr_get(uint32_t msr)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr) : "memory");
	return (uint64_t)high << 32 | low;
}

bool msr_set(uint32_t msr, uint64_t value)
{
	if (fault_resume || interrupt_cpu()) {
		__asm__ volatile("wrmsr" ::"c"(msr), "a"((uint32_t)value),
				 "d"((uint32_t)(value >> 32))
				 : "memory");
		return true;
	}
	return probe_wrmsr(msr, value);
}

bool msr_get_refused(uint32_t msr)
{
	uint64_t value;

	return !probe_rdmsr(msr, &value) &&
	       exception_last.vector == VECTOR_GP && exception_last.error == 0;
}

bool msr_set_refused(uint32_t msr, uint64_t value)
{
	return !probe_wrmsr(msr, value) && exception_last.vector == VECTOR_GP &&
	       exception_last.error == 0;
}

uint64_t time_now(void)
{
	return msr_get(HV_MSR_TIME_REF_COUNT);
}
