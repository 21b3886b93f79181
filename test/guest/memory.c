/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses where no memory is: read, written and jumped to. */
#include "guest.h"

/* Below 4 GiB, far above any memory of a small child, away from the APIC pages.
 */
#define WILD_FIRST 0x90000000ull
#define WILD_STEP  0x00100000ull
#define WILD_COUNT 1024

void memory_hostile(void)
{
	uint64_t sum = 0;
	uint64_t i;

	for (i = 0; i < WILD_COUNT; i++) {
		volatile uint32_t *at =
			(volatile uint32_t *)(WILD_FIRST + i * WILD_STEP +
					      (random_next() & 0xffffc));

		sum += *at;
		*at = (uint32_t)random_next();
	}
	print("guest: reads of nothing added up to ");
	print_hex(sum);
	print("\n");
}

/* What is fetched there is no instruction, and nobody handles the exception. */
void memory_wild(void)
{
	fault_forget();
	((void (*)(void))WILD_FIRST)();
}
