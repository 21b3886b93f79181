/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The virtual local APIC: accepting, prioritizing and ending interrupts. */
#include "apic.h"

#include "../lib/string.h"
#include "../x86/cpu.h"
#include "apic_timer.h"
#include "vp.h"

#define VECTOR_FIRST 16
#define WORD(vector) ((vector) / 32)
#define MASK(vector) (1u << (vector) % 32)

#define LVT_EXTINT 0x700
#define LVT_NMI	   0x400
#define LVT_MODE   0x700

/* ---- Bitmaps of 256 vectors ---- */

/* The highest vector of the map, or VECTOR_NONE. */
static int vectors_highest(const uint32_t *map)
{
	for (int i = 7; i >= 0; i--) {
		uint32_t word = __atomic_load_n(&map[i], __ATOMIC_RELAXED);

		if (word)
			return i * 32 + 31 - __builtin_clz(word);
	}
	return VECTOR_NONE;
}

static bool vectors_has(const uint32_t *map, uint8_t vector)
{
	return __atomic_load_n(&map[WORD(vector)], __ATOMIC_RELAXED) &
	       MASK(vector);
}

/* Returns whether it was there already. */
static bool vectors_set(uint32_t *map, uint8_t vector)
{
	return __atomic_fetch_or(&map[WORD(vector)], MASK(vector),
				 __ATOMIC_SEQ_CST) &
	       MASK(vector);
}

static void vectors_clear(uint32_t *map, uint8_t vector)
{
	__atomic_fetch_and(&map[WORD(vector)], ~MASK(vector), __ATOMIC_SEQ_CST);
}

/* ---- Taking interrupts in ---- */

void apic_post(struct vp *vp, uint8_t vector, bool level)
{
	struct apic *apic = &vp->apic;

	if (vector < VECTOR_FIRST || !apic_is_on(apic)) {
		/* Nobody will end it: the line must not stay blocked. */
		if (level && partition_is_parent(vp->partition))
			cpu_interrupt_release(vector);
		return;
	}
	if (level)
		vectors_set(apic->tmr, vector);
	else if (vectors_has(apic->tmr, vector))
		vectors_clear(apic->tmr, vector);
	/* Whoever set the bit before wakes the vp, or has done so. */
	if (vectors_set(apic->irr, vector))
		return;
	__atomic_store_n(&apic->pending, true, __ATOMIC_SEQ_CST);
	vp_wake(vp);
}

void apic_post_local(struct vp *vp, uint8_t vector)
{
	if (vector < VECTOR_FIRST)
		apic_error(vp, APIC_ERROR_RECEIVE_VECTOR);
	else
		apic_post(vp, vector, false);
}

void apic_error(struct vp *vp, uint32_t error)
{
	struct apic *apic = &vp->apic;
	uint32_t lvt = apic->lvt[APIC_LVT_ERROR];

	if (apic->error_pending & error)
		return;
	apic->error_pending |= error;
	if (!(lvt & APIC_LVT_MASKED) && (uint8_t)lvt >= VECTOR_FIRST)
		apic_post(vp, (uint8_t)lvt, false);
}

/* ---- Priorities and delivery ---- */

uint8_t apic_priority(const struct vp *vp)
{
	const struct apic *apic = &vp->apic;
	uint8_t task = apic_tpr(apic, vp->virt->registers.cr8);

	return (uint8_t)(apic->isr_top >> 4 > task >> 4 ? apic->isr_top & 0xf0
							: task);
}

/* The highest requested vector; notes when there is none. */
static int apic_highest(struct apic *apic)
{
	int vector = vectors_highest(apic->irr);

	if (vector != VECTOR_NONE)
		return vector;
	/* Who posts sets irr first: seen here, or pending is set again. */
	__atomic_store_n(&apic->pending, false, __ATOMIC_SEQ_CST);
	vector = vectors_highest(apic->irr);
	if (vector != VECTOR_NONE)
		__atomic_store_n(&apic->pending, true, __ATOMIC_SEQ_CST);
	return vector;
}

int apic_deliverable(struct vp *vp, bool *blocked)
{
	struct apic *apic = &vp->apic;

	*blocked = false;
	if (!__atomic_load_n(&apic->pending, __ATOMIC_ACQUIRE) ||
	    !apic_is_enabled(apic))
		return VECTOR_NONE;
	int vector = apic_highest(apic);

	if (vector == VECTOR_NONE || vector >> 4 <= apic->isr_top >> 4)
		return VECTOR_NONE;
	if (vector >> 4 > vp->virt->registers.cr8)
		return vector;
	*blocked = true;
	return VECTOR_NONE;
}

void apic_accept(struct vp *vp, uint8_t vector)
{
	struct apic *apic = &vp->apic;

	vectors_clear(apic->irr, vector);
	if (vp->synic.auto_eoi_used &&
	    synic_raises(&vp->synic, vector, HV_SINT_AUTO_EOI))
		return;
	apic->isr[WORD(vector)] |= MASK(vector);
	apic->isr_top = vector;
}

bool apic_takes_extint(const struct vp *vp)
{
	const struct apic *apic = &vp->apic;
	uint32_t lvt = apic->lvt[APIC_LVT_LINT0];

	/* Without an APIC the line goes straight to the processor. */
	return !apic_is_enabled(apic) ||
	       (!(lvt & APIC_LVT_MASKED) && (lvt & LVT_MODE) == LVT_EXTINT);
}

/* ---- End of interrupt ---- */

/* The parent's I/O APIC model may have it pending again: tell it. */
static void apic_eoi_level(struct vp *vp, uint8_t vector)
{
	struct partition *partition = vp->partition;

	if (partition_is_parent(partition)) {
		cpu_interrupt_release(vector);
		return;
	}
	partition->eoi_vp[vector] = (uint8_t)vp->index;
	vectors_set(partition->eoi_pending, vector);
	synic_post(hypervisor_parent_vp(0), HV_SYNIC_INTERCEPTION_SINT,
		   &partition->eoi_source);
}

void apic_eoi(struct vp *vp)
{
	struct apic *apic = &vp->apic;
	uint8_t vector = apic->isr_top;

	if (vector == 0)
		return;
	apic->isr[WORD(vector)] &= ~MASK(vector);
	int next = vectors_highest(apic->isr);

	apic->isr_top = next == VECTOR_NONE ? 0 : (uint8_t)next;
	if (vectors_has(apic->tmr, vector))
		apic_eoi_level(vp, vector);
	if (vp->synic.queued)
		synic_eoi(vp, vector);
}

/* One vector a message: whichever is highest. */
static bool apic_eoi_fill(struct synic_source *source,
			  struct hv_message *message)
{
	struct partition *partition =
		CONTAINER(source, struct partition, eoi_source);
	int vector = vectors_highest(partition->eoi_pending);

	if (vector == VECTOR_NONE)
		return false;
	vectors_clear(partition->eoi_pending, (uint8_t)vector);
	const struct hv_apic_eoi_message body = {
		.vp_index = partition->eoi_vp[vector],
		.vector = (uint32_t)vector,
	};

	message->header.type = HVMSG_APIC_EOI;
	message->header.payload_size = sizeof(body);
	message->header.sender = partition->id;
	memcpy(message->payload, &body, sizeof(body));
	return vectors_highest(partition->eoi_pending) != VECTOR_NONE;
}

void apic_eoi_source_init(struct partition *partition)
{
	list_init(&partition->eoi_source.node);
	partition->eoi_source.fill = apic_eoi_fill;
}

void apic_eoi_source_withdraw(struct partition *partition)
{
	synic_withdraw(hypervisor_parent_vp(0), HV_SYNIC_INTERCEPTION_SINT,
		       &partition->eoi_source);
}

/* ---- Reset and saved state ---- */

/* LINT0 and LINT1 of the boot processor are as firmware leaves them, for
 * kernels that are started without any. */
static void apic_reset_power_on(struct vp *vp)
{
	struct apic *apic = &vp->apic;

	apic->base = APIC_PAGE_GPA | APIC_BASE_ENABLED;
	if (vp->index == 0) {
		apic->base |= APIC_BASE_BSP;
		apic->lvt[APIC_LVT_LINT0] = LVT_EXTINT;
		apic->lvt[APIC_LVT_LINT1] = LVT_NMI;
	}
}

/* What the parent will no longer end must not block silicon's APIC. */
static void apic_release_all(const struct apic *apic)
{
	for (unsigned int vector = VECTOR_FIRST; vector < 256; vector++) {
		if (vectors_has(apic->tmr, (uint8_t)vector) &&
		    (vectors_has(apic->isr, (uint8_t)vector) ||
		     vectors_has(apic->irr, (uint8_t)vector)))
			cpu_interrupt_release((uint8_t)vector);
	}
}

void apic_reset(struct vp *vp)
{
	struct apic *apic = &vp->apic;

	if (partition_is_parent(vp->partition))
		apic_release_all(apic);
	/* irr may be set meanwhile: then pending is, and stays so. */
	*apic = (struct apic){
		.base = apic->base,
		.id = apic->id,
		.dfr = 0xffffffff,
		.spurious = 0xff,
		.timer_deadline = TIMER_NEVER,
		.pending = true,
	};
	for (unsigned int i = 0; i < APIC_LVTS; i++)
		apic->lvt[i] = APIC_LVT_MASKED;
	if (apic->base == 0)
		apic_reset_power_on(vp);
	timer_update(vp);
}

/* Where each LVT entry is in a saved state; there is no CMCI here. */
static const uint8_t lvt_offset[APIC_LVTS] = {
	[APIC_LVT_TIMER] = offsetof(struct hv_local_apic_state, lvt_timer),
	[APIC_LVT_THERMAL] = offsetof(struct hv_local_apic_state, lvt_thermal),
	[APIC_LVT_PERFMON] = offsetof(struct hv_local_apic_state, lvt_perfmon),
	[APIC_LVT_LINT0] = offsetof(struct hv_local_apic_state, lvt_lint0),
	[APIC_LVT_LINT1] = offsetof(struct hv_local_apic_state, lvt_lint1),
	[APIC_LVT_ERROR] = offsetof(struct hv_local_apic_state, lvt_error),
};

void apic_state_get(struct vp *vp, struct hv_local_apic_state *state)
{
	const struct apic *apic = &vp->apic;
	bool x2apic = apic_is_x2apic(apic);

	*state = (struct hv_local_apic_state){
		.id = x2apic ? apic->id : apic->id << 24,
		.version = APIC_VERSION,
		.ldr = x2apic ? apic_logical_id(apic) : apic->ldr,
		.dfr = apic->dfr,
		.spurious = apic->spurious,
		.esr = apic->error,
		.icr_high = (uint32_t)(apic->icr >> 32),
		.icr_low = (uint32_t)apic->icr,
		.lvt_cmci = APIC_LVT_MASKED,
		.error_status = apic->error_pending,
		.initial_count = apic->initial_count,
		.current_count = apic_timer_current(vp),
		.divide = apic->divide,
	};
	for (unsigned int i = 0; i < APIC_LVTS; i++)
		memcpy((char *)state + lvt_offset[i], &apic->lvt[i],
		       sizeof(apic->lvt[i]));
	memcpy(state->isr, apic->isr, sizeof(state->isr));
	memcpy(state->tmr, apic->tmr, sizeof(state->tmr));
	memcpy(state->irr, apic->irr, sizeof(state->irr));
}

bool apic_state_set(struct vp *vp, const struct hv_local_apic_state *state)
{
	struct apic *apic = &vp->apic;
	int top = vectors_highest(state->isr);

	if ((state->isr[0] | state->irr[0]) & 0xffff)
		return false;
	memcpy(apic->isr, state->isr, sizeof(apic->isr));
	memcpy(apic->tmr, state->tmr, sizeof(apic->tmr));
	memcpy(apic->irr, state->irr, sizeof(apic->irr));
	apic->isr_top = top == VECTOR_NONE ? 0 : (uint8_t)top;
	__atomic_store_n(&apic->pending, true, __ATOMIC_SEQ_CST);
	apic->ldr = state->ldr & 0xff000000;
	apic->dfr = state->dfr | 0x0fffffff;
	apic->error = state->esr;
	apic->error_pending = state->error_status;
	apic->icr = (uint64_t)state->icr_high << 32 | state->icr_low;
	apic->spurious = state->spurious & APIC_SPURIOUS_MASK;
	for (unsigned int i = 0; i < APIC_LVTS; i++) {
		memcpy(&apic->lvt[i], (const char *)state + lvt_offset[i],
		       sizeof(apic->lvt[i]));
		apic->lvt[i] &= apic_lvt_mask[i];
	}
	apic->divide = state->divide & 0xb;
	apic->initial_count = state->initial_count;
	apic_timer_resume(vp, state->current_count);
	vp_wake(vp);
	return true;
}
