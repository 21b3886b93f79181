/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads and writes every model-specific register of the ranges where any are.
 */
#include "guest.h"

#define EFER 0xc0000080u

static const struct range {
	uint32_t first;
	uint32_t last;
} ranges[] = {
	{0x0, 0x1fff},
	{0x40000000, 0x400002ff},
	{0xc0000000, 0xc0001fff},
	{0xc0010000, 0xc0011fff},
};

/*
 * Not written: what this guest itself could not survive on a real
 * processor either. Guest crash and reset would end it, as they should.
 */
static bool is_ending(uint32_t number)
{
	return number == EFER || number == 0x40000003 ||
	       (number >= 0x40000100 && number <= 0x40000105);
}

void msr_hostile(void)
{
	uint64_t read = 0, written = 0, value;
	uint32_t number;
	size_t i;

	for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		for (number = ranges[i].first; number <= ranges[i].last;
		     number++) {
			read += probe_rdmsr(number, &value);
			if (is_ending(number))
				continue;
			written += probe_wrmsr(number, random_next());
			written += probe_wrmsr(number, ~0ull);
		}
	}
	print("guest: registers read ");
	print_number(read);
	print(", writes taken ");
	print_number(written);
	print(", faults ");
	print_number(fault_count());
	print("\n");
}
