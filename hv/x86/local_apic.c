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

#define SPURIOUS_ENABLED   BIT(8)
#define LVT_MASKED	   BIT(16)
#define LVT_NMI		   0x400u
#define LVT_EXTINT	   0x700u
#define LVT_TIMER_DEADLINE BIT(18)
#define TIMER_DIVIDE_BY_1  0xbu

#define COMMAND_INIT	0x500u
#define COMMAND_STARTUP 0x600u
#define COMMAND_PENDING BIT(12)
#define COMMAND_ASSERT	BIT(14)

static struct {
	bool x2apic;
	volatile uint32_t *page; /* xAPIC */
	uint64_t ratio;		 /* timer ticks a TSC tick, times 2^32 */
} apic;

static uint32_t read(unsigned int offset)
{
	if (apic.x2apic)
		return (uint32_t)register_read_msr(MSR_X2APIC + offset / 16);
	return apic.page[offset / 4];
}

static void write(unsigned int offset, uint32_t value)
{
	if (apic.x2apic)
		register_write_msr(MSR_X2APIC + offset / 16, value);
	else
		apic.page[offset / 4] = value;
}

void local_apic_start(void)
{
	uint64_t base = register_read_msr(MSR_APIC_BASE);

	apic.x2apic = features()->x2apic;
	if (!apic.x2apic)
		apic.page = paging_map_device(SPA(base & BASE_ADDRESS));
}

static void enable_mode(void)
{
	uint64_t base = register_read_msr(MSR_APIC_BASE);

	/* x2APIC may be entered from the enabled state only. */
	base |= BASE_ENABLED;
	register_write_msr(MSR_APIC_BASE, base);
	if (apic.x2apic)
		register_write_msr(MSR_APIC_BASE, base | BASE_X2APIC);
}

/*
 * The wires of LINT0 (8259) and LINT1 (NMI) stay as firmware left them; where
 * it left the APIC off, the boot processor's were wired straight through.
 */
static void keep_wires(bool was_on, uint32_t lp)
{
	if (was_on || lp != 0)
		return;
	write(REGISTER_LVT_LINT0, LVT_EXTINT);
	write(REGISTER_LVT_LINT1, LVT_NMI);
}

/* Flat logical ids, as a parent would have chosen for its I/O APIC entries. */
static void set_logical_id(uint32_t lp)
{
	if (apic.x2apic || lp >= 8)
		return;
	write(REGISTER_FORMAT, 0xffffffff);
	write(REGISTER_LOGICAL, 1u << (24 + lp));
}

static bool use_deadline(void)
{
	return features()->tsc_deadline;
}

static void enable_timer(void)
{
	write(REGISTER_TIMER_DIVIDE, TIMER_DIVIDE_BY_1);
	if (use_deadline()) {
		write(REGISTER_LVT_TIMER,
		      INTERRUPT_TIMER | (uint32_t)LVT_TIMER_DEADLINE);
		/* The MSR write must not overtake the mode. */
		__asm__ volatile("mfence" : : : "memory");
	} else {
		write(REGISTER_TIMER_INITIAL, 0);
		write(REGISTER_LVT_TIMER, INTERRUPT_TIMER);
	}
}

void local_apic_enable(uint32_t lp)
{
	bool was_on;

	enable_mode();
	was_on = (read(REGISTER_SPURIOUS) & SPURIOUS_ENABLED) != 0;
	write(REGISTER_SPURIOUS,
	      INTERRUPT_SPURIOUS | (uint32_t)SPURIOUS_ENABLED);
	write(REGISTER_PRIORITY, 0);
	keep_wires(was_on, lp);
	set_logical_id(lp);
	write(REGISTER_ERROR, 0);
	write(REGISTER_LVT_ERROR, INTERRUPT_ERROR);
	while (local_apic_highest_in_service() != VECTOR_NONE)
		local_apic_end(); /* firmware's */
	enable_timer();
}

uint32_t local_apic_id(void)
{
	return apic.x2apic ? read(REGISTER_ID) : read(REGISTER_ID) >> 24;
}

bool local_apic_is_x2apic(void)
{
	return apic.x2apic;
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

static void send(uint32_t apic_id, uint32_t command)
{
	/* What the other side shall see is written before it is told. */
	__asm__ volatile("mfence; lfence" : : : "memory");
	if (apic.x2apic) {
		register_write_msr(MSR_X2APIC + REGISTER_COMMAND / 16,
				   (uint64_t)apic_id << 32 | command);
		return;
	}
	while ((read(REGISTER_COMMAND) & COMMAND_PENDING) != 0)
		__builtin_ia32_pause();
	write(REGISTER_COMMAND_HIGH, apic_id << 24);
	write(REGISTER_COMMAND, command);
}

void local_apic_send(uint32_t apic_id, uint8_t vector)
{
	send(apic_id, vector | (uint32_t)COMMAND_ASSERT);
}

void local_apic_send_init(uint32_t apic_id)
{
	send(apic_id, COMMAND_INIT | (uint32_t)COMMAND_ASSERT);
}

void local_apic_send_startup(uint32_t apic_id, uint8_t page)
{
	send(apic_id, COMMAND_STARTUP | (uint32_t)COMMAND_ASSERT | page);
}

void local_apic_timer_measure(void)
{
	write(REGISTER_LVT_TIMER, INTERRUPT_TIMER | (uint32_t)LVT_MASKED);
	write(REGISTER_TIMER_DIVIDE, TIMER_DIVIDE_BY_1);
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

/* A long way off is a long count: early is allowed, late is not. */
static uint32_t count_until(uint64_t deadline)
{
	uint64_t now = cpu_now();
	unsigned __int128 count;

	if (deadline <= now)
		return 1;
	count = (unsigned __int128)(deadline - now) * apic.ratio >> 32;
	return count >= UINT32_MAX ? UINT32_MAX : (uint32_t)count + 1;
}

void cpu_timer_arm(uint64_t deadline)
{
	struct processor *processor = processor_this();

	if (processor->armed == deadline)
		return;
	processor->armed = deadline;
	if (use_deadline())
		/* 0 disarms; a deadline that has passed fires at once. */
		register_write_msr(
			MSR_TSC_DEADLINE,
			deadline == CPU_TIMER_OFF ? 0 : MAX(deadline, 1));
	else
		write(REGISTER_TIMER_INITIAL,
		      deadline == CPU_TIMER_OFF ? 0 : count_until(deadline));
}
