// SPDX-License-Identifier: GPL-2.0-or-later
/* The interrupt table: interrupts are counted, exceptions are the end. */
#include "guest.h"
#include "test/guest/vmbus.h"

#define VECTORS	      256u
#define EXCEPTIONS    32u
#define CODE_SELECTOR 0x08
#define GATE	      0x8e00u /* present, interrupt gate */

struct gate {
	uint16_t offset_low;
	uint16_t selector;
	uint16_t flags;
	uint16_t offset_middle;
	uint32_t offset_high;
	uint32_t reserved;
};

struct pointer {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

struct frame {
	uint64_t words[5];
};

volatile uint64_t interrupt_count[VECTORS];
static struct gate gates[VECTORS];

#define HANDLER(name, vector)                                                  \
	__attribute__((interrupt)) static void name(struct frame *frame)       \
	{                                                                      \
		(void)frame;                                                   \
		interrupt_count[vector]++;                                     \
		apic_eoi();                                                    \
	}

HANDLER(on_timer, VECTOR_TIMER)
HANDLER(on_ipi, VECTOR_IPI)
HANDLER(on_self, VECTOR_SELF)
HANDLER(on_event, VECTOR_EVENT)

/* The first 64 are as many channels as a child here ever has. */
IN_INTERRUPT static void flags_clear(void)
{
	__atomic_exchange_n(&vmbus_flags.sints[VMBUS_SINT].quads[0], 0,
			    __ATOMIC_SEQ_CST);
}

/* A flag that stays set would keep the next one from interrupting. */
__attribute__((interrupt)) static void on_synic(struct frame *frame)
{
	(void)frame;
	flags_clear();
	interrupt_count[VECTOR_SYNIC]++;
	apic_eoi();
}

__attribute__((interrupt)) static void on_other(struct frame *frame)
{
	(void)frame;
}

/* In entry.S: comes to exception_report(). */
extern void exception_entry(struct frame *frame);
void exception_report(const struct frame *frame);

/* With an error code the first word is that, else the place. */
void exception_report(const struct frame *frame)
{
	print("\nguest: exception, ");
	print_hex(frame->words[0]);
	print(" ");
	print_hex(frame->words[1]);
	print("\n");
	for (;;)
		__asm__ volatile("cli; hlt");
}

static void set(unsigned int vector, void (*handler)(struct frame *frame))
{
	const uint64_t address = (uint64_t)(uintptr_t)handler;

	gates[vector] = (struct gate){
		.offset_low = (uint16_t)address,
		.selector = CODE_SELECTOR,
		.flags = GATE,
		.offset_middle = (uint16_t)(address >> 16),
		.offset_high = (uint32_t)(address >> 32),
	};
}

void interrupt_load(void)
{
	const struct pointer pointer = {sizeof(gates) - 1,
					(uint64_t)(uintptr_t)gates};

	__asm__ volatile("lidt %0" ::"m"(pointer));
}

void interrupt_init(void)
{
	unsigned int vector;

	for (vector = 0; vector < VECTORS; vector++)
		set(vector, vector < EXCEPTIONS ? exception_entry : on_other);
	set(VECTOR_TIMER, on_timer);
	set(VECTOR_IPI, on_ipi);
	set(VECTOR_SYNIC, on_synic);
	set(VECTOR_SELF, on_self);
	set(VECTOR_EVENT, on_event);
	interrupt_load();
	/* The 8259s of an old machine stay quiet. */
	port_write(0x21, 0xff);
	port_write(0xa1, 0xff);
}

void interrupt_wait(unsigned int vector, uint64_t before)
{
	__asm__ volatile("cli" ::: "memory");
	while (interrupt_count[vector] == before)
		__asm__ volatile("sti; hlt; cli" ::: "memory");
}

bool vmbus_wait_until(bool (*is_true)(const void *about), const void *about)
{
	__asm__ volatile("cli" ::: "memory");
	while (!is_true(about))
		__asm__ volatile("sti; hlt; cli" ::: "memory");
	__asm__ volatile("sti" ::: "memory");
	return true;
}
