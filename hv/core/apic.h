/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The virtual local APIC of every vp, as xAPIC or x2APIC. */
#pragma once

#include "../../abi/register.h"
#include "../lib/types.h"
#include "hypervisor.h"

#define APIC_PAGE_GPA 0xfee00000ull
#define APIC_BASE_BSP BIT(8)
#define APIC_BASE_X2APIC BIT(10)
#define APIC_BASE_ENABLED BIT(11)

/* Delivery modes of the ICR, LVTs and messages. */
enum apic_mode {
	APIC_FIXED = 0,
	APIC_LOWEST = 1,
	APIC_SMI = 2,
	APIC_NMI = 4,
	APIC_INIT = 5,
	APIC_STARTUP = 6,
	APIC_EXTINT = 7,
};

/*
 * Registers. irr and tmr are set by any logical processor with atomic
 * operations; everything else belongs to whoever may touch the vp.
 */
struct apic {
	uint64_t base;	     /* MSR 1Bh */
	uint32_t id;	     /* x2APIC id; never changes */
	uint32_t irr[8];
	uint32_t tmr[8];
	uint32_t isr[8];
	uint32_t ldr;	     /* xAPIC */
	uint32_t dfr;
	uint32_t spurious;
	uint32_t error;	     /* as last latched by a write to ESR */
	uint32_t error_pending;
	uint64_t icr;
	uint32_t lvt[7];     /* CMCI, timer, thermal, perfmon, LINT0, LINT1, error */
	uint32_t initial_count;
	uint32_t divide;     /* the register */
	uint64_t timer_start;	 /* TSC when the count was loaded */
	uint64_t timer_deadline; /* TSC; UINT64_MAX when not running */
	bool pending;	     /* a hint: irr may be non-empty */
};

/* One interrupt on its way to the APICs of a partition. */
struct apic_message {
	uint32_t destination;
	bool logical;
	bool level;
	bool x2apic; /* destination is 32 bits wide, x2APIC's logical form */
	uint8_t vector;
	enum apic_mode mode;
};

/* Reset (keep_id: INIT) state; the vp is not running. */
void apic_reset(struct vp *vp);

/* Sets vector's IRR and wakes the vp; from any logical processor. Vectors
 * below 16 are errors of the sender and are dropped. */
void apic_post(struct vp *vp, uint8_t vector, bool level);

/* Sends to every match of the partition; returns how many there were.
 * INIT, SIPI and NMI included. sender may be NULL; shorthand is not here. */
unsigned int apic_send(struct partition *partition,
		       const struct apic_message *message);

/* The vector that could be delivered now regarding priorities (cr8 and ISR),
 * or VECTOR_NONE. *blocked: whether one waits only for a lower priority. */
int apic_deliverable(struct vp *vp, bool *blocked);

/* Any IRR bit at all above the priority: what ends a halt. */
bool apic_wakes(const struct vp *vp);

/* IRR to ISR: the vp takes vector now. */
void apic_accept(struct vp *vp, uint8_t vector);

/* LINT0 would let the 8259's interrupts through. */
bool apic_takes_extint(const struct vp *vp);

/* The timer's deadline has come (TSC now). */
void apic_timer_expire(struct vp *vp, uint64_t now);

/*
 * APIC_BASE and the x2APIC MSRs 800h-8FFh (only while in x2APIC mode, except
 * APIC_BASE). False: #GP.
 */
bool apic_msr_read(struct vp *vp, uint32_t msr, uint64_t *value);
bool apic_msr_write(struct vp *vp, uint32_t msr, uint64_t value);

/* Register at byte offset of the page, xAPIC mode; 32 bits. */
uint32_t apic_page_read(struct vp *vp, uint32_t offset);
void apic_page_write(struct vp *vp, uint32_t offset, uint32_t value);

/* EOI as the guest does it, any mode, also by the synthetic MSR. */
void apic_eoi(struct vp *vp);

void apic_state_get(struct vp *vp, struct hv_local_apic_state *state);
bool apic_state_set(struct vp *vp, const struct hv_local_apic_state *state);
