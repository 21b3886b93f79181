/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hypercalls as the checks make them. */
#include "check.h"

#include "abi/hypercall.h"
#include "abi/msr.h"

#define OS_ID 0x8100000000000001ull

uint64_t call_input[512] __attribute__((aligned(PAGE)));
uint64_t call_output[512] __attribute__((aligned(PAGE)));
uint8_t call_page[PAGE] __attribute__((aligned(PAGE)));

bool calls_enable(void)
{
	return msr_set(HV_MSR_GUEST_OS_ID, OS_ID) &&
	       msr_set(HV_MSR_HYPERCALL,
		       (uint64_t)call_page | HV_MSR_HYPERCALL_ENABLE);
}

uint64_t call(uint64_t control, uint64_t input, uint64_t output)
{
	return probe_hypercall(call_page, control, input, output);
}

uint64_t call_fast(uint64_t control, uint64_t first, uint64_t second)
{
	return probe_hypercall(call_page, control | HV_HYPERCALL_FAST, first,
			       second);
}
