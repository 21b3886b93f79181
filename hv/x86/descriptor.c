/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The segments of the hypervisor: one of code, one of data, no task. */
#include "descriptor.h"
#include "register.h"

/* Accessed bits are set, so that the processor never writes here. */
static const uint64_t table[] = {
	[DESCRIPTOR_CODE / 8] = 0x00af9b000000ffff,
	[DESCRIPTOR_DATA / 8] = 0x00cf93000000ffff,
};

void descriptor_load(void)
{
	const struct register_table pointer = {sizeof(table) - 1,
					       (uintptr_t)table};

	__asm__ volatile("lgdt %0\n\t"
			 "mov %1, %%ds\n\t"
			 "mov %1, %%es\n\t"
			 "mov %1, %%ss\n\t"
			 "mov %2, %%fs\n\t"
			 "mov %2, %%gs\n\t"
			 "lldt %w2\n\t"
			 "pushq %3\n\t"
			 "lea 1f(%%rip), %%rax\n\t"
			 "pushq %%rax\n\t"
			 "lretq\n"
			 "1:"
			 :
			 : "m"(pointer), "r"(DESCRIPTOR_DATA), "r"(0),
			   "i"(DESCRIPTOR_CODE)
			 : "rax", "memory");
}
