// SPDX-License-Identifier: GPL-2.0-or-later
/* The second processor: halts, and answers each IPI by another. */
#include "guest.h"

#define START	  0x8000u
#define FIRST_ID  0u
#define SECOND_ID 1u
#define PATIENCE  40000000ull /* ticks */

extern const uint8_t second_begin[], second_end[];
static volatile bool is_up;
void second_main(void);

void second_main(void)
{
	uint64_t seen = 0;

	interrupt_load();
	apic_init();
	is_up = true;
	for (;; seen++) {
		interrupt_wait(VECTOR_EVENT, seen);
		apic_send(FIRST_ID, APIC_FIXED | VECTOR_IPI);
	}
}

bool second_start(void)
{
	static bool tried;
	uint8_t *const place = (uint8_t *)(uintptr_t)START;
	const uint64_t begin = tsc_read();
	size_t i;

	if (tried)
		return is_up;
	tried = true;
	for (i = 0; i < (size_t)(second_end - second_begin); i++)
		place[i] = second_begin[i];
	apic_send(SECOND_ID, APIC_INIT);
	while (tsc_read() - begin < PATIENCE / 10)
		__asm__ volatile("pause");
	apic_send(SECOND_ID, APIC_STARTUP | START >> 12);
	while (!is_up && tsc_read() - begin < PATIENCE)
		__asm__ volatile("pause");
	return is_up;
}

void second_round_trip(void)
{
	const uint64_t before = interrupt_count[VECTOR_IPI];

	apic_send(SECOND_ID, APIC_FIXED | VECTOR_EVENT);
	interrupt_wait(VECTOR_IPI, before);
}
