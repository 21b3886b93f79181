/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the checks share: running them, exceptions and interrupts that are
 * expected, the second processor. */
#pragma once

#include "../guest.h"
#include "processor.h"

/* What a check needs to be run at all. */
#define NEEDS_HYPERVISOR 1u /* Hv#1 is shown */
#define NEEDS_SECOND	 2u /* a second processor */
#define NEEDS_HIDDEN	 4u /* Hv#1 is not shown */
#define NEEDS_AVX	 8u

struct check {
	const char *name;
	void (*run)(void);
	uint32_t needs;
};

/* One file's checks. */
struct chapter {
	const struct check *checks;
	size_t count;
};
#define CHAPTER(name)                                                          \
	const struct chapter name##_chapter = {                                \
		checks, sizeof(checks) / sizeof(checks[0])}

/* ---- Judging: the first thing that is wrong is told ---- */

void check_wrong(const char *what, uint64_t got, uint64_t wanted);

#define EXPECT(condition)                                                      \
	do {                                                                   \
		if (!(condition))                                              \
			check_wrong(#condition, 0, 1);                         \
	} while (0)
#define EXPECT_IS(value, wanted)                                               \
	do {                                                                   \
		const uint64_t got_ = (uint64_t)(value);                       \
		const uint64_t wanted_ = (uint64_t)(wanted);                   \
		if (got_ != wanted_)                                           \
			check_wrong(#value, got_, wanted_);                    \
	} while (0)

/* Whether the running check has found nothing wrong so far. */
bool check_good(void);

/* ---- Exceptions (processor 0 only) ---- */

#define NO_EXCEPTION 256u

/* The last one that TRY() met. */
struct exception {
	uint64_t vector;
	uint64_t error;
	uint64_t rip;
	uint64_t flags;
	uint64_t rsp;
	uint64_t cr2;
};
extern volatile struct exception exception_last;

/* The vector of the exception that the instruction raises, or NO_EXCEPTION;
 * operands as those of asm follow. */
#define TRY(instruction, ...)                                                  \
	({                                                                     \
		exception_last.vector = NO_EXCEPTION;                          \
		__asm__ volatile("movq $1f, fault_resume\n\t" instruction      \
				 "\n1:\tmovq $0, fault_resume" __VA_ARGS__);   \
		exception_last.vector;                                         \
	})

/* Sees every exception of the check first; true: it was that one's. */
extern bool (*volatile exception_hook)(struct frame *frame);

/* Registers whose value matters only by whether one may have it. */
uint64_t msr_get(uint32_t msr);
bool msr_set(uint32_t msr, uint64_t value);
/* False when that does not raise #GP(0). */
bool msr_get_refused(uint32_t msr);
bool msr_set_refused(uint32_t msr, uint64_t value);

/* ---- Interrupts ---- */

#define CPUS 2

struct interrupts {
	volatile uint64_t count[256];
	volatile uint8_t order[16]; /* the first ones' vectors */
	volatile uint32_t total;
	volatile uint64_t rip; /* of the last one */
	volatile uint64_t flags;
	volatile uint32_t depth; /* of handlers that run now */
	volatile uint32_t depth_most;
};
extern struct interrupts interrupts[CPUS];

/* Called in the handler, before the end of interrupt. */
extern void (*volatile interrupt_hook)(struct frame *frame);
/* Vectors that the handler shall not end; 0 for none. */
extern volatile uint8_t interrupt_no_eoi;

void interrupt_start(void);   /* the table, once a processor */
void interrupt_forget(void);  /* counts and hooks */
void interrupt_end(void);     /* EOI in whichever mode the APIC is */
uint32_t interrupt_cpu(void); /* which one runs */
struct gate *interrupt_gate(uint8_t vector);

struct gate {
	uint16_t offset_low;
	uint16_t selector;
	uint16_t flags;
	uint16_t offset_middle;
	uint32_t offset_high;
	uint32_t reserved;
};
#define GATE_PRESENT 0x8000u
#define GATE_DPL_3   0x6000u

/* Waits with interrupts enabled until it is at least that, or for two
 * seconds: then false. */
bool wait_for(const volatile uint64_t *counter, uint64_t least);
/* With interrupts as they are. */
bool wait_word(const volatile uint32_t *word, uint32_t value);
/* A moment in which nothing is to happen, interrupts enabled. */
void wait_moment(void);

/* ---- The local APIC, through its page or by MSR ---- */

uint32_t apic_read(uint32_t offset);
void apic_write(uint32_t offset, uint32_t value);
void apic_send(uint32_t destination, uint32_t command);
void apic_on(void); /* enabled, nothing masked by priority */

#define APIC_ID	      0x20u
#define APIC_VERSION  0x30u
#define APIC_TPR      0x80u
#define APIC_PPR      0xa0u
#define APIC_EOI      0xb0u
#define APIC_LDR      0xd0u
#define APIC_DFR      0xe0u
#define APIC_SPURIOUS 0xf0u
#define APIC_ISR      0x100u
#define APIC_IRR      0x200u
#define APIC_ESR      0x280u
#define APIC_ICR      0x300u
#define APIC_TIMER    0x320u
#define APIC_LINT0    0x350u
#define APIC_LINT1    0x360u
#define APIC_ERROR    0x370u
#define APIC_INITIAL  0x380u
#define APIC_CURRENT  0x390u
#define APIC_DIVIDE   0x3e0u

#define APIC_MASKED   0x10000u
#define APIC_PERIODIC 0x20000u

#define ICR_LOWEST  0x100u
#define ICR_NMI	    0x400u
#define ICR_INIT    0x500u
#define ICR_STARTUP 0x600u
#define ICR_LOGICAL 0x800u
#define ICR_ASSERT  0x4000u
#define ICR_SELF    0x40000u
#define ICR_ALL	    0x80000u
#define ICR_OTHERS  0xc0000u

/* ---- Hypercalls ---- */

/* Sets the OS id and the page up. */
bool calls_enable(void);
/* Status and repetitions; all ones when the call faulted. */
uint64_t call(uint64_t control, uint64_t input, uint64_t output);
uint64_t call_fast(uint64_t control, uint64_t first, uint64_t second);
extern uint64_t call_input[512];
extern uint64_t call_output[512];
extern uint8_t call_page[4096];

/* The partition's time in 100 ns. */
uint64_t time_now(void);

/* ---- The second processor ---- */

/* Starts it by INIT and SIPI; false when it does not come. */
bool second_start(void);
bool second_is_there(void);
/* Has it run a function; false when it is not back within two seconds. */
void second_begin(void (*function)(void));
bool second_end(void);
bool second_run(void (*function)(void));

/* What its start in real mode has found: see startup.S. */
struct real_mode {
	uint32_t segment;     /* CS at the first instruction */
	uint32_t interrupted; /* handler of int 60h has run */
	uint32_t cpuid;	      /* EAX of leaf 40000000h */
	uint32_t port;	      /* AL of a port that nobody has */
	uint32_t product;     /* 32-bit arithmetic with prefixes */
	uint32_t wrapped;     /* a byte at segment:offset */
	uint32_t flags;	      /* on entry */
	uint32_t string;      /* what LODSB and LOOP have added up */
};
extern const volatile struct real_mode *real_mode;

extern const struct chapter cpuid_chapter, msr_chapter, msr_synthetic_chapter,
	hypercall_chapter, intercept_chapter, exception_chapter,
	delivery_chapter, memory_chapter, synic_chapter, message_chapter,
	timer_chapter, apic_chapter, x2apic_chapter, apic_timer_chapter,
	smp_chapter, state_chapter, debug_chapter, code_chapter;
