// SPDX-License-Identifier: GPL-2.0-or-later
/* One-shot timers, the one that Linux would choose: synthetic, TSC deadline,
 * the local APIC's counter. */
#include "abi/cpuid.h"
#include "abi/msr.h"
#include "abi/synic.h"
#include "guest.h"

#define CPUID_DEADLINE (1u << 24)
#define MSR_DEADLINE   0x6e0u
#define APIC_LVT_TIMER 0x320u
#define APIC_INITIAL   0x380u
#define APIC_DIVIDE    0x3e0u
#define DIVIDE_BY_1    0xbu
#define LVT_DEADLINE   (2u << 17)
#define UNIT_NS	       100u

struct kind {
	const char *name;
	bool (*init)(void);
	void (*arm)(uint64_t nanoseconds);
};

/* Where reference time stood when the TSC stood there. */
static uint64_t reference_base, reference_tsc;

static bool synthetic_init(void)
{
	if (!hyperv_is_here() ||
	    !(cpuid(HV_CPUID_FEATURES).edx & HV_FEATURE_STIMER_DIRECT))
		return false;
	reference_base = msr_read(HV_MSR_TIME_REF_COUNT);
	reference_tsc = tsc_read();
	msr_write(HV_MSR_STIMER0_CONFIG,
		  HV_STIMER_DIRECT | HV_STIMER_AUTO_ENABLE |
			  (uint64_t)VECTOR_TIMER << HV_STIMER_VECTOR_SHIFT);
	return true;
}

static void synthetic_arm(uint64_t nanoseconds)
{
	const uint64_t passed = tsc_read() - reference_tsc + nanoseconds;

	msr_write(HV_MSR_STIMER0_COUNT, reference_base + passed / UNIT_NS);
}

static bool deadline_init(void)
{
	if (!(cpuid(1).ecx & CPUID_DEADLINE))
		return false;
	apic_write(APIC_LVT_TIMER, LVT_DEADLINE | VECTOR_TIMER);
	return true;
}

static void deadline_arm(uint64_t nanoseconds)
{
	msr_write(MSR_DEADLINE, tsc_read() + nanoseconds);
}

/* QEMU's counter runs at 1 GHz. */
static bool counter_init(void)
{
	apic_write(APIC_DIVIDE, DIVIDE_BY_1);
	apic_write(APIC_LVT_TIMER, VECTOR_TIMER);
	return true;
}

static void counter_arm(uint64_t nanoseconds)
{
	apic_write(APIC_INITIAL, (uint32_t)nanoseconds);
}

static const struct kind kinds[] = {
	{"synthetic timer", synthetic_init, synthetic_arm},
	{"TSC deadline", deadline_init, deadline_arm},
	{"APIC counter", counter_init, counter_arm},
};

static const struct kind *chosen;

void timer_init(void)
{
	for (chosen = kinds; !chosen->init(); chosen++)
		;
}

const char *timer_name(void)
{
	return chosen ? chosen->name : "no timer";
}

void timer_arm(uint64_t nanoseconds)
{
	chosen->arm(nanoseconds);
}
