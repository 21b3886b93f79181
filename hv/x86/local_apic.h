/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The physical local APIC, as x2APIC where the processor has it, else xAPIC. */
#pragma once

#include "../lib/types.h"

/* Maps the registers; boot processor, once. */
void local_apic_start(void);

/* Turns the local APIC of this logical processor on; lp is its index. */
void local_apic_enable(uint32_t lp);

uint32_t local_apic_id(void);

/* Whether vector is in service, and whether it was last taken as level. */
bool local_apic_in_service(uint8_t vector);
bool local_apic_is_level(uint8_t vector);
int local_apic_highest_in_service(void); /* VECTOR_NONE for none */

/* Ends the highest interrupt in service. */
void local_apic_end(void);

/* Reads and clears the error status. */
uint32_t local_apic_error(void);

/* Sends a fixed interrupt (the vector), INIT, or a start-up IPI (with the
 * number of a page below 1 MiB) to one APIC. */
#define LOCAL_APIC_INIT	   0x500u
#define LOCAL_APIC_STARTUP 0x600u
void local_apic_send(uint32_t apic_id, uint32_t command);

/* Lets the timer count down from 2^32 - 1 without interrupt, to measure it. */
void local_apic_timer_measure(void);
uint32_t local_apic_timer_count(void);

/* Sets the rates for cpu_timer_arm(), both in ticks a second. */
void local_apic_timer_start(uint64_t tsc_hz, uint64_t timer_hz);
