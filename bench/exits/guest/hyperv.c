// SPDX-License-Identifier: GPL-2.0-or-later
/* Hyper-V's interface as a guest uses it: is it there, hypercalls. */
#include "abi/cpuid.h"
#include "abi/msr.h"
#include "guest.h"
#include "test/guest/vmbus.h"

#define LEAF	  0x40000000u
#define MICROSOFT 0x7263694du /* EBX, "Micr" */
#define OS_ID	  0x8100000000000001ull

static uint8_t page[4096] __attribute__((aligned(4096)));

/* Asked once: CPUID is an exit, and this is asked while others are measured. */
bool hyperv_is_here(void)
{
	static enum {
		UNKNOWN,
		ABSENT,
		PRESENT
	} state;

	if (state == UNKNOWN)
		state = cpuid(LEAF).ebx == MICROSOFT ? PRESENT : ABSENT;
	return state == PRESENT;
}

bool hyperv_init(void)
{
	if (!hyperv_is_here())
		return false;
	msr_write(HV_MSR_GUEST_OS_ID, OS_ID);
	msr_write(HV_MSR_HYPERCALL,
		  (uint64_t)(uintptr_t)page | HV_MSR_HYPERCALL_ENABLE);
	return true;
}

uint64_t hyperv_call(uint64_t control, uint64_t input, uint64_t output)
{
	register uint64_t r8 __asm__("r8") = output;
	uint64_t result;

	__asm__ volatile("call *%[page]"
			 : "=a"(result), "+c"(control), "+d"(input), "+r"(r8)
			 : [page] "r"(page)
			 : "memory", "cc", "r9", "r10", "r11");
	return result;
}

uint64_t vmbus_call(uint64_t control, uint64_t input, uint64_t output)
{
	return hyperv_call(control, input, output);
}
