/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The virtual local APIC of every vp, as xAPIC or x2APIC. */
#pragma once

#include "../../abi/register.h"
#include "../lib/types.h"
#include "hypervisor.h"

#define APIC_PAGE_GPA	  0xfee00000ull
#define APIC_BASE_BSP	  BIT(8)
#define APIC_BASE_X2APIC  BIT(10)
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

enum apic_lvt {
	APIC_LVT_TIMER,
	APIC_LVT_THERMAL,
	APIC_LVT_PERFMON,
	APIC_LVT_LINT0,
	APIC_LVT_LINT1,
	APIC_LVT_ERROR,
	APIC_LVTS
};
#define APIC_LVT_MASKED	  0x10000u
#define APIC_LVT_PERIODIC 0x20000u

#define APIC_VERSION	   0x00050014u /* six LVT entries, no directed EOI */
#define APIC_SPURIOUS_MASK 0x3ffu
#define APIC_SPURIOUS_ON   0x100u

/*
 * Registers. irr and tmr are set by any logical processor with atomic
 * operations; everything else belongs to whoever may touch the vp.
 */
struct apic {
	uint64_t base; /* MSR 1Bh */
	uint32_t id;   /* x2APIC id; never changes */
	uint32_t irr[8];
	uint32_t tmr[8];
	uint32_t isr[8];
	uint8_t isr_top; /* highest vector in service; 0 none */
	uint8_t tpr;	 /* as last written here; its upper half is cr8 */
	uint32_t ldr;	 /* xAPIC */
	uint32_t dfr;
	uint32_t spurious;
	uint32_t error; /* as last latched by a write to ESR */
	uint32_t error_pending;
	uint64_t icr;
	uint32_t lvt[APIC_LVTS];
	uint32_t initial_count;
	uint32_t divide;	 /* the register */
	uint64_t timer_start;	 /* TSC when the count was loaded */
	uint64_t timer_deadline; /* TSC; UINT64_MAX when not running */
	bool pending;		 /* false only while irr is empty */
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

/*
 * The state after INIT, which keeps mode and id; after power-on where base is
 * still 0 (a new vp). The vp is not running, cr8 is the caller's.
 */
void apic_reset(struct vp *vp);

/* Sets vector's IRR and wakes the vp; from any logical processor. Vectors
 * below 16 are errors of the sender and are dropped. */
void apic_post(struct vp *vp, uint8_t vector, bool level);

/* The same for an LVT entry of the vp itself: a vector below 16 is an error
 * that ESR shows. */
void apic_post_local(struct vp *vp, uint8_t vector);

/* APIC_ERROR_* for ESR and the error LVT entry; the vp is this lp's. */
void apic_error(struct vp *vp, uint32_t error);

#define APIC_ERROR_SEND_VECTOR	  BIT(5)
#define APIC_ERROR_RECEIVE_VECTOR BIT(6)
#define APIC_ERROR_REGISTER	  BIT(7)

/* What software may set in each LVT entry. */
extern const uint32_t apic_lvt_mask[APIC_LVTS];

/* The TPR register: its lower half lasts until CR8 is written. */
static inline uint8_t apic_tpr(const struct apic *apic, uint8_t cr8)
{
	return (uint8_t)(apic->tpr >> 4 == cr8 ? apic->tpr : cr8 << 4);
}

/* Processor priority, 0..FFh: what a vector's upper half must exceed. */
uint8_t apic_priority(const struct vp *vp);

/* What APIC_BASE gates: neither mode, or x2APIC. */
static inline bool apic_is_enabled(const struct apic *apic)
{
	return apic->base & APIC_BASE_ENABLED;
}

static inline bool apic_is_x2apic(const struct apic *apic)
{
	return apic->base & APIC_BASE_X2APIC;
}

/* The spurious register's bit: without it only INIT, SIPI and NMI get in. */
static inline bool apic_is_on(const struct apic *apic)
{
	return apic_is_enabled(apic) && (apic->spurious & APIC_SPURIOUS_ON);
}

/* x2APIC's logical id: cluster in 31:16, one bit of 15:0. */
static inline uint32_t apic_logical_id(const struct apic *apic)
{
	return (apic->id >> 4) << 16 | 1u << (apic->id & 15);
}

/* Sends to every match of the partition; returns how many there were.
 * INIT, SIPI and NMI included. sender may be NULL; shorthand is not here. */
unsigned int apic_send(struct partition *partition,
		       const struct apic_message *message);

/* The vector that could be delivered now regarding priorities (cr8 and ISR),
 * or VECTOR_NONE. *blocked: whether one waits only for a lower cr8. */
int apic_deliverable(struct vp *vp, bool *blocked);

/* IRR to ISR: the vp takes vector now. */
void apic_accept(struct vp *vp, uint8_t vector);

/* LINT0 would let the 8259's interrupts through. */
bool apic_takes_extint(const struct vp *vp);

/* Sends what an ICR of the current mode's format (x2APIC: destination in
 * 63:32; xAPIC: in 63:56) asks for. False: #GP. */
bool apic_icr_write(struct vp *vp, uint64_t value);

/* The timer's deadline has come (TSC now). */
void apic_timer_expire(struct vp *vp, uint64_t now);

/* The x2APIC MSRs 800h-8FFh, only while in that mode, and writes of
 * APIC_BASE. False: #GP. */
bool apic_msr_read(struct vp *vp, uint32_t msr, uint64_t *value);
bool apic_msr_write(struct vp *vp, uint32_t msr, uint64_t value);

/* Register at byte offset of the page, xAPIC mode; 32 bits. */
uint32_t apic_page_read(struct vp *vp, uint32_t offset);
void apic_page_write(struct vp *vp, uint32_t offset, uint32_t value);

/* EOI as the guest does it, any mode, also by the synthetic MSR. */
void apic_eoi(struct vp *vp);

/* Ends of level interrupts, as messages to the parent: makes a new child's
 * source ready; takes it out of the parent's queue for good. */
void apic_eoi_source_init(struct partition *partition);
void apic_eoi_source_withdraw(struct partition *partition);

/* Everything of the APIC as GET/SET_VP_STATE moves it; the vp is not running.
 * False: vectors below 16 in service or requested. */
void apic_state_get(struct vp *vp, struct hv_local_apic_state *state);
bool apic_state_set(struct vp *vp, const struct hv_local_apic_state *state);
