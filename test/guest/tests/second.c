/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The second processor: started by INIT and SIPI, given functions to run. */
#include "check.h"

#define IMAGE	    0x8000ull
#define WAKE_VECTOR 0xf0u

extern const uint8_t second_image[], second_image_end[], second_record[];

static void (*volatile job)(void);
static volatile uint32_t alive;
static volatile uint32_t busy;

const volatile struct real_mode *real_mode;

void second_main(void);
void second_main(void)
{
	interrupt_start();
	apic_on();
	alive = 1;
	for (;;) {
		void (*function)(void);

		interrupts_off();
		function = job;
		if (!function) {
			__asm__ volatile("sti; hlt" ::: "memory");
			continue;
		}
		function();
		job = NULL;
		busy = 0;
	}
}

bool second_is_there(void)
{
	return alive;
}

bool second_start(void)
{
	uint8_t *to = (uint8_t *)IMAGE;
	const uint8_t *from;

	for (from = second_image; from < second_image_end; from++)
		*to++ = *from;
	real_mode =
		(const volatile struct real_mode *)(IMAGE +
						    (uint64_t)(second_record -
							       second_image));
	alive = 0;
	job = NULL;
	busy = 0;
	apic_send(1, ICR_INIT | ICR_ASSERT);
	wait_moment();
	apic_send(1, ICR_STARTUP | IMAGE >> 12);
	return wait_word(&alive, 1);
}

void second_begin(void (*function)(void))
{
	busy = 1;
	job = function;
	apic_send(1, WAKE_VECTOR);
}

bool second_end(void)
{
	return wait_word(&busy, 0);
}

bool second_run(void (*function)(void))
{
	second_begin(function);
	return second_end();
}
