// SPDX-License-Identifier: GPL-2.0-or-later
/* What is measured, in order; the order matters, see the comments. */
#include "abi/hypercall.h"
#include "guest.h"

#define MSR_APIC_BASE	  0x1bu
#define CODE_OF_NOTHING	  0x3feu
#define SIGNATURE_LEAF	  0x40000000u
#define SIGNATURE_KVM	  0x4b4d564bu /* EBX, "KVMK" */
#define TOUCHED_FIRST	  0x2000000u
#define TOUCHED_STEP	  0x200000u
#define NOWHERE		  0xd0000000u
#define COM1		  0x3f8u
#define DOORBELL	  0x500u
#define TIMER_NANOSECONDS 1000000u
#define SELF		  0u

static void nothing(void)
{
	__asm__ volatile("");
}

static void run_cpuid(void)
{
	cpuid(0);
}

static void run_msr(void)
{
	msr_read(MSR_APIC_BASE);
}

static bool has_hypercalls(void)
{
	return hyperv_is_here() || cpuid(SIGNATURE_LEAF).ebx == SIGNATURE_KVM;
}

/*
 * Nothing but the way there and back: a call that ends at its privilege; KVM
 * answers a number that it does not know by itself.
 */
static void run_hypercall(void)
{
	uint64_t result = CODE_OF_NOTHING;

	if (hyperv_is_here())
		hyperv_call(HVCALL_GET_PARTITION_ID, 0, 0);
	else
		__asm__ volatile("vmmcall" : "+a"(result)::"memory");
}

static void run_apic_memory(void)
{
	apic_version_by_memory();
}

/* Memory that nobody has touched, 2 MiB further each time. */
static void run_touch(void)
{
	static uint32_t next = TOUCHED_FIRST;

	*(volatile uint8_t *)(uintptr_t)next = 1;
	next += TOUCHED_STEP;
}

static void run_nowhere(void)
{
	(void)*(volatile uint32_t *)(uintptr_t)NOWHERE;
}

/* From here on by x2APIC. */
static bool has_interrupts(void)
{
	static bool done;

	if (!done) {
		done = true;
		apic_init();
		timer_init();
	}
	return true;
}

static void run_self(void)
{
	const uint64_t before = interrupt_count[VECTOR_SELF];

	__asm__ volatile("sti" ::: "memory");
	apic_send(SELF, APIC_FIXED | VECTOR_SELF);
	while (interrupt_count[VECTOR_SELF] == before)
		__asm__ volatile("pause");
	__asm__ volatile("cli" ::: "memory");
}

/* The same with HLT: the interrupt is there before it. */
static void run_halt(void)
{
	const uint64_t before = interrupt_count[VECTOR_SELF];

	__asm__ volatile("cli" ::: "memory");
	apic_send(SELF, APIC_FIXED | VECTOR_SELF);
	interrupt_wait(VECTOR_SELF, before);
}

static void run_timer(void)
{
	const uint64_t before = interrupt_count[VECTOR_TIMER];

	timer_arm(TIMER_NANOSECONDS);
	interrupt_wait(VECTOR_TIMER, before);
}

/* With signal=port the other side is bench/exits/kvm_signal.c. */
static bool has_signal(void)
{
	return line_says("signal", "port") || storage_open();
}

static void run_signal(void)
{
	uint64_t before;

	if (hyperv_is_here()) {
		storage_ping();
		return;
	}
	before = interrupt_count[VECTOR_EVENT];
	port_write(DOORBELL, 0);
	interrupt_wait(VECTOR_EVENT, before);
}

static void run_uart(void)
{
	port_write(COM1, '.');
}

const struct operation operations[] = {
	{"empty", 32, NULL, nothing},
	{"cpuid", 32, NULL, run_cpuid},
	{"msr_read", 32, NULL, run_msr},
	{"hypercall_null", 32, has_hypercalls, run_hypercall},
	{"apic_by_memory", 32, NULL, run_apic_memory},
	{"first_touch", 8, NULL, run_touch},
	{"interrupt_to_self", 32, has_interrupts, run_self},
	{"halt_and_wake", 32, NULL, run_halt},
	{"timer_wake", 64, NULL, run_timer},
	{"ipi_round_trip", 64, second_start, second_round_trip},
	{"unmapped_read", 64, NULL, run_nowhere},
	{"signal_and_answer", 256, has_signal, run_signal},
	/* Last: what it starts goes on after it. */
	{"uart_character", 256, NULL, run_uart},
};
const unsigned int operation_count = sizeof(operations) / sizeof(operations[0]);
