/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The physical local APIC, as x2APIC where the processor has it, else xAPIC. */
#include "local_apic.h"
#include "tsc.h"
#include "feature.h"
#include "interrupt.h"
#include "paging.h"
#include "processor.h"
#include "register.h"

/* Registers by their xAPIC offset. AMD64 volume 2, 16.3.2. */
enum local_apic_register {
	REGISTER_ID = 0x20,
	REGISTER_PRIORITY = 0x80,
	REGISTER_END = 0xb0,
	REGISTER_LOGICAL = 0xd0,
	REGISTER_FORMAT = 0xe0,
	REGISTER_SPURIOUS = 0xf0,
	REGISTER_IN_SERVICE = 0x100,
	REGISTER_TRIGGER = 0x180,
	REGISTER_ERROR = 0x280,
	REGISTER_COMMAND = 0x300,
	REGISTER_COMMAND_HIGH = 0x310,
	REGISTER_LVT_TIMER = 0x320,
	REGISTER_LVT_LINT0 = 0x350,
	REGISTER_LVT_LINT1 = 0x360,
	REGISTER_LVT_ERROR = 0x370,
	REGISTER_TIMER_INITIAL = 0x380,
	REGISTER_TIMER_CURRENT = 0x390,
	REGISTER_TIMER_DIVIDE = 0x3e0,
};

#define BASE_X2APIC  BIT(10)
#define BASE_ENABLED BIT(11)
#define BASE_ADDRESS 0x000ffffffffff000ull

#define SPURIOUS_ENABLED  (1u << 8)
#define LVT_MASKED	  (1u << 16)
#define LVT_NMI		  0x400u
#define LVT_EXTINT	  0x700u
#define TIMER_DIVIDE_BY_1 0xbu

#define COMMAND_PENDING (1u << 12)
#define COMMAND_ASSERT	(1u << 14)

static struct {
	volatile uint32_t *page; /* xAPIC; NULL for x2APIC */
	uint64_t ratio;		 /* timer ticks a TSC tick, times 2^32 */
} apic;

static uint32_t read(unsigned int offset)
{
	if (apic.page)
		return apic.page[offset / 4];
	return (uint32_t)register_read_msr(MSR_X2APIC + offset / 16);
}

static void write(unsigned int offset, uint32_t value)
{
	if (apic.page)
		apic.page[offset / 4] = value;
	else
		register_write_msr(MSR_X2APIC + offset / 16, value);
}

void local_apic_start(void)
{
	uint64_t base = register_read_msr(MSR_APIC_BASE);

	if (!features()->x2apic)
		apic.page = paging_map_device(SPA(base & BASE_ADDRESS));
}

static void enable_timer(void)
{
	write(REGISTER_TIMER_DIVIDE, TIMER_DIVIDE_BY_1);
	write(REGISTER_TIMER_INITIAL, 0);
	write(REGISTER_LVT_TIMER, INTERRUPT_TIMER);
}

void local_apic_enable(uint32_t lp)
{
	uint64_t base = register_read_msr(MSR_APIC_BASE) | BASE_ENABLED;

	/* x2APIC may be entered from the enabled state only. */
	register_write_msr(MSR_APIC_BASE, base);
	if (!apic.page)
		register_write_msr(MSR_APIC_BASE, base | BASE_X2APIC);
	/*
	 * The wires of LINT0 (8259) and LINT1 (NMI) stay as firmware left
	 * them; where it left the APIC off, the boot processor's were wired
	 * straight through.
	 */
	if (lp == 0 && !(read(REGISTER_SPURIOUS) & SPURIOUS_ENABLED)) {
		write(REGISTER_SPURIOUS, INTERRUPT_SPURIOUS | SPURIOUS_ENABLED);
		write(REGISTER_LVT_LINT0, LVT_EXTINT);
		write(REGISTER_LVT_LINT1, LVT_NMI);
	}
	write(REGISTER_SPURIOUS, INTERRUPT_SPURIOUS | SPURIOUS_ENABLED);
	write(REGISTER_PRIORITY, 0);
	/* Flat logical ids, as a parent would choose for its I/O APIC. */
	if (apic.page && lp < 8) {
		write(REGISTER_FORMAT, 0xffffffff);
		write(REGISTER_LOGICAL, 1u << (24 + lp));
	}
	write(REGISTER_ERROR, 0);
	write(REGISTER_LVT_ERROR, INTERRUPT_ERROR);
	while (local_apic_highest_in_service() != VECTOR_NONE)
		local_apic_end(); /* firmware's */
	enable_timer();
}

uint32_t local_apic_id(void)
{
	return apic.page ? read(REGISTER_ID) >> 24 : read(REGISTER_ID);
}

static bool read_bit(unsigned int offset, uint8_t vector)
{
	uint32_t bits = read(offset + vector / 32u * 16);

	return (bits >> vector % 32u & 1) != 0;
}

bool local_apic_in_service(uint8_t vector)
{
	return read_bit(REGISTER_IN_SERVICE, vector);
}

bool local_apic_is_level(uint8_t vector)
{
	return read_bit(REGISTER_TRIGGER, vector);
}

int local_apic_highest_in_service(void)
{
	for (int i = 7; i >= 0; i--) {
		uint32_t bits =
			read(REGISTER_IN_SERVICE + (unsigned int)i * 16);

		if (bits != 0)
			return i * 32 + 31 - __builtin_clz(bits);
	}
	return VECTOR_NONE;
}

void local_apic_end(void)
{
	write(REGISTER_END, 0);
}

uint32_t local_apic_error(void)
{
	write(REGISTER_ERROR, 0);
	return read(REGISTER_ERROR);
}

void local_apic_send(uint32_t apic_id, uint32_t command)
{
	command |= COMMAND_ASSERT;
	/* What the other side shall see is written before it is told. */
	__asm__ volatile("mfence; lfence" : : : "memory");
	if (!apic.page) {
		register_write_msr(MSR_X2APIC + REGISTER_COMMAND / 16,
				   (uint64_t)apic_id << 32 | command);
		return;
	}
	while ((read(REGISTER_COMMAND) & COMMAND_PENDING) != 0)
		__builtin_ia32_pause();
	write(REGISTER_COMMAND_HIGH, apic_id << 24);
	write(REGISTER_COMMAND, command);
}

void local_apic_timer_measure(void)
{
	write(REGISTER_LVT_TIMER, INTERRUPT_TIMER | LVT_MASKED);
	write(REGISTER_TIMER_INITIAL, UINT32_MAX);
}

uint32_t local_apic_timer_count(void)
{
	return read(REGISTER_TIMER_CURRENT);
}

void local_apic_timer_start(uint64_t tsc_hz, uint64_t timer_hz)
{
	apic.ratio = tsc_scale(timer_hz, BIT(32), tsc_hz);
	enable_timer();
}

void cpu_timer_arm(uint64_t deadline)
{
	struct processor *processor = processor_this();
	unsigned __int128 count = 0;
	uint64_t now;

	if (processor->armed == deadline)
		return;
	processor->armed = deadline;
	now = cpu_now();
	/* A long way off is a long count: early is allowed, late is not. */
	if (deadline > now)
		count = (unsigned __int128)(deadline - now) * apic.ratio >> 32;
	write(REGISTER_TIMER_INITIAL, deadline == CPU_TIMER_OFF ? 0
				      : count >= UINT32_MAX
					      ? UINT32_MAX
					      : (uint32_t)count + 1);
}
