/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A virtual processor's life, and what happens before each entry to it. */
#include "vp.h"

#include "../lib/string.h"
#include "intercept.h"
#include "lp.h"

#define RFLAGS_IF BIT(9)
#define DR6_STEP  BIT(14)
#define VECTOR_DF 8

/* ---- Life ---- */

static bool vp_pages(struct vp *vp)
{
	struct pool_account *account = &vp->partition->account;
	struct virt_vp_config config = {
		.parent = partition_is_parent(vp->partition),
		.space = &vp->partition->space,
		.pages = &account->source,
		.own_port = hypervisor.config.log_port,
	};

	vp->cpu.xsave = pool_take(account);
	if (vp->cpu.xsave)
		vp->virt = virt->vp_create(&config);
	return vp->virt != NULL;
}

static void vp_give_pages(struct vp *vp)
{
	struct pool_account *account = &vp->partition->account;

	if (vp->virt)
		virt->vp_destroy(vp->virt, &account->source);
	pool_give(account, vp->cpu.xsave);
	pool_give(account, vp);
}

/* FCW 037Fh and MXCSR 1F80h: the reset state of x87 and SSE. */
static void vp_reset_cpu(struct vp *vp)
{
	uint8_t *legacy = vp->cpu.xsave;
	const uint16_t control = 0x037f;
	const uint32_t mxcsr = 0x1f80;

	memset(legacy, 0, PAGE_SIZE);
	memcpy(legacy, &control, sizeof(control));
	memcpy(legacy + 24, &mxcsr, sizeof(mxcsr));
	vp->cpu.xcr0 = 1;
	memset(vp->cpu.dr, 0, sizeof(vp->cpu.dr));
	vp->cpu.tsc_aux = 0;
}

struct vp *vp_create(struct partition *partition, uint32_t index,
		     uint32_t suspended)
{
	struct vp *vp = pool_take(&partition->account);

	_Static_assert(sizeof(struct vp) <= PAGE_SIZE, "one page each");
	if (!vp)
		return NULL;
	vp->partition = partition;
	vp->index = index;
	if (!vp_pages(vp)) {
		vp_give_pages(vp);
		return NULL;
	}
	vp->lp = partition_is_parent(partition) ? index : lp_choose();
	vp->suspended = suspended;
	vp->waiting_startup = suspended & VP_WAIT_STARTUP;
	vp->since = cpu_now();
	vp->apic.id = partition_is_parent(partition)
			      ? hypervisor.config.apic_id[index]
			      : index;
	list_init(&vp->run_node);
	list_init(&vp->timer_node);
	vp_reset_cpu(vp);
	synic_init(vp);
	timer_init(vp);
	intercept_init(vp);
	apic_reset(vp);
	synic_reset(vp);
	timer_reset(vp);
	msr_reset(vp);
	vp->flushed =
		__atomic_load_n(&partition->flush_generation, __ATOMIC_RELAXED);
	return vp;
}

void vp_destroy(struct vp *vp)
{
	lp_forget(vp);
	intercept_withdraw(vp);
	vp_give_pages(vp);
}

void vp_move(struct vp *vp, uint64_t rip)
{
	static const struct virt_intercept done = {.instruction_length = 0};

	if (vp->virt->registers.rip == rip)
		return;
	if (vp->reinject.type >= VIRT_EVENT_EXCEPTION)
		vp->reinject.valid = false;
	/* The instruction is over, and so is the shadow it stood in. */
	virt->vp_skip(vp->virt, &done);
	vp->virt->registers.rip = rip;
}

uint64_t vp_pending_interruption(const struct vp *vp)
{
	const struct virt_event *event = &vp->reinject;

	if (!event->valid)
		return 0;
	return HV_PENDING_INTERRUPTION_PENDING |
	       (uint64_t)event->type << HV_PENDING_INTERRUPTION_TYPE_SHIFT |
	       (event->has_error ? HV_PENDING_INTERRUPTION_DELIVER_ERROR_CODE
				 : 0) |
	       (uint64_t)event->vector << HV_PENDING_INTERRUPTION_VECTOR_SHIFT |
	       (uint64_t)event->error
		       << HV_PENDING_INTERRUPTION_ERROR_CODE_SHIFT;
}

struct vp *vp_by_apic_id(struct partition *partition, uint32_t apic_id)
{
	/* Children's ids are their indexes, and so, mostly, the parent's. */
	if (apic_id < partition->vp_limit && partition->vps[apic_id] &&
	    partition->vps[apic_id]->apic.id == apic_id)
		return partition->vps[apic_id];
	for (uint32_t i = 0; i < partition->vp_limit; i++) {
		if (partition->vps[i] && partition->vps[i]->apic.id == apic_id)
			return partition->vps[i];
	}
	return NULL;
}

/* ---- Faults ---- */

static bool contributory(const struct virt_event *event)
{
	return event->valid && event->type == VIRT_EVENT_EXCEPTION &&
	       (event->vector == 0 ||
		(event->vector >= 10 && event->vector <= VP_VECTOR_PF));
}

void vp_raise(struct vp *vp, const struct virt_event *event)
{
	struct virt_event *being =
		vp->reinject.valid ? &vp->reinject : &vp->pending;

	/* An exception while one of that class is delivered: #DF. */
	if (contributory(being) && contributory(event)) {
		*being = (struct virt_event){
			.valid = true,
			.type = VIRT_EVENT_EXCEPTION,
			.vector = VECTOR_DF,
			.has_error = true,
		};
		return;
	}
	vp->pending = *event;
}

void vp_fault(struct vp *vp, uint8_t vector)
{
	vp_raise(vp, &(const struct virt_event){.valid = true,
						.type = VIRT_EVENT_EXCEPTION,
						.vector = vector});
}

void vp_step(struct vp *vp, uint64_t rip)
{
	struct hv_register_value dr6;

	if (!(vp->virt->registers.rflags & VP_RFLAGS_TF) ||
	    vp->virt->registers.rip == rip)
		return;
	dr6 = vp_register(vp, HV_REGISTER_DR6);
	dr6.u64 |= DR6_STEP;
	virt->vp_set(vp->virt, HV_REGISTER_DR6, &dr6);
	vp_fault(vp, VP_VECTOR_DB);
}

void vp_fault_error(struct vp *vp, uint8_t vector, uint32_t error)
{
	vp_raise(vp, &(const struct virt_event){.valid = true,
						.type = VIRT_EVENT_EXCEPTION,
						.vector = vector,
						.has_error = true,
						.error = error});
}

/* ---- Before an entry ---- */

void vp_request(struct vp *vp, uint32_t requests)
{
	__atomic_or_fetch(&vp->requests, requests, __ATOMIC_RELEASE);
	if (requests & (VP_REQUEST_INIT | VP_REQUEST_STARTUP))
		lp_resume(vp, VP_WAIT_STARTUP);
	vp_wake(vp);
}

void vp_reset(struct vp *vp)
{
	virt->vp_reset(vp->virt);
	virt->vp_window(vp->virt, 0);
	vp->reinject.valid = false;
	vp->pending.valid = false;
	vp->nmi_pending = false;
	vp->halted = false;
	vp->windows = 0;
	apic_reset(vp);
}

/* INIT leaves a vp waiting; the start-up IPI gives it CS and lets it go. */
static void vp_startup(struct vp *vp)
{
	const struct hv_register_value cs = {
		.segment = {
			.base = (uint64_t)vp->startup_vector << 12,
			.limit = 0xffff,
			.selector = (uint16_t)(vp->startup_vector << 8),
			.attributes = 0x9b,
		}};

	virt->vp_set(vp->virt, HV_REGISTER_CS, &cs);
	vp->virt->registers.rip = 0;
}

static bool vp_serve_requests(struct vp *vp)
{
	uint32_t requests =
		__atomic_exchange_n(&vp->requests, 0, __ATOMIC_ACQUIRE);

	if (requests & VP_REQUEST_INIT) {
		vp_reset(vp);
		vp->waiting_startup = !(vp->apic.base & APIC_BASE_BSP);
	}
	if ((requests & VP_REQUEST_STARTUP) && vp->waiting_startup) {
		vp->waiting_startup = false;
		vp_startup(vp);
	}
	if (requests & VP_REQUEST_NMI)
		vp->nmi_pending = true;
	if (requests & VP_REQUEST_TIMER)
		timer_expire(vp, cpu_now());
	if (!vp->waiting_startup) {
		if (!vp->sint_deliverable)
			return true;
		if (!vp->suspended)
			intercept_send_sint_deliverable(vp);
		else /* not now, but not never */
			__atomic_or_fetch(&vp->requests, VP_REQUEST_SYNIC,
					  __ATOMIC_RELAXED);
		return true;
	}
	lp_suspend(vp, VP_WAIT_STARTUP);
	/* Whoever asked before that line saw nothing to resume. */
	if (__atomic_load_n(&vp->requests, __ATOMIC_ACQUIRE))
		lp_resume(vp, VP_WAIT_STARTUP);
	return false;
}

static bool can_take_interrupt(const struct vp *vp)
{
	const struct virt_registers *registers = &vp->virt->registers;

	return (registers->rflags & RFLAGS_IF) && !registers->interrupt_shadow;
}

bool vp_has_work(struct vp *vp)
{
	bool interrupts =
		vp->idle_any || (vp->virt->registers.rflags & RFLAGS_IF);
	bool blocked;

	if (__atomic_load_n(&vp->requests, __ATOMIC_ACQUIRE))
		return true;
	if (vp->reinject.valid || vp->nmi_pending)
		return true;
	if (vp->pending.valid)
		return true;
	if (!interrupts)
		return false;
	if (vp_external_pending(vp) != VECTOR_NONE)
		return true;
	if ((vp->deliverable_wanted & HV_DELIVERABILITY_INTERRUPT) &&
	    apic_takes_extint(vp))
		return true;
	return vp->apic.pending &&
	       apic_deliverable(vp, &blocked) != VECTOR_NONE;
}

void vp_halt(struct vp *vp, bool any)
{
	vp->halted = true;
	vp->idle_any = any;
}

static void vp_inject(struct vp *vp, const struct virt_event *event)
{
	virt->vp_inject(vp->virt, event);
	if (event->type != VIRT_EVENT_EXCEPTION)
		vp->counters[VP_COUNT_INTERRUPTS]++;
}

/*
 * Exceptions and what was cut short go in whatever the flags say. But an
 * interrupt that was not even begun may meanwhile have to wait again: its APIC
 * has accepted it, so it waits where the 8259's do.
 */
static bool vp_inject_unconditional(struct vp *vp)
{
	struct virt_event *event = &vp->reinject;

	if (event->valid && event->type == VIRT_EVENT_INTERRUPT &&
	    !can_take_interrupt(vp)) {
		vp->external[event->vector / 64] |= BIT(event->vector % 64);
		vp->external_waits = true;
		event->valid = false;
	}
	if (!event->valid)
		event = &vp->pending;
	if (!event->valid)
		return false;
	vp_inject(vp, event);
	event->valid = false;
	return true;
}

static bool vp_inject_nmi(struct vp *vp, bool taken, unsigned int *windows)
{
	const struct virt_registers *registers = &vp->virt->registers;
	const struct virt_event nmi = {
		.valid = true, .type = VIRT_EVENT_NMI, .vector = 2};

	if (!vp->nmi_pending)
		return false;
	if (taken || registers->nmi_masked || registers->interrupt_shadow) {
		*windows |= VIRT_WINDOW_NMI;
		return false;
	}
	vp_inject(vp, &nmi);
	vp->nmi_pending = false;
	return true;
}

void vp_external(struct vp *vp, uint8_t vector)
{
	vp->external[vector / 64] |= BIT(vector % 64);
	vp->external_waits = true;
	vp_wake(vp);
}

int vp_external_pending(const struct vp *vp)
{
	for (int word = 0; word < 4; word++) {
		if (vp->external[word])
			return word * 64 + __builtin_ctzll(vp->external[word]);
	}
	return VECTOR_NONE;
}

/* The 8259 has been acknowledged: no APIC knows the vector. */
static bool vp_inject_external(struct vp *vp, bool taken, unsigned int *windows)
{
	int vector = vp_external_pending(vp);
	const struct virt_event event = {.valid = true,
					 .type = VIRT_EVENT_INTERRUPT,
					 .vector = (uint8_t)vector};

	vp->external_waits = vector != VECTOR_NONE;
	if (vector == VECTOR_NONE)
		return false;
	if (taken || !can_take_interrupt(vp)) {
		*windows |= VIRT_WINDOW_INTERRUPT;
		return false;
	}
	vp->external[vector / 64] &= ~BIT(vector % 64);
	vp_inject(vp, &event);
	return true;
}

/* The parent wants to know when its 8259 could be acknowledged. */
static bool vp_offer_external(struct vp *vp, bool taken, unsigned int *windows)
{
	if (!(vp->deliverable_wanted & HV_DELIVERABILITY_INTERRUPT) ||
	    !apic_takes_extint(vp))
		return false;
	if (taken || !can_take_interrupt(vp)) {
		*windows |= VIRT_WINDOW_INTERRUPT;
		return false;
	}
	vp->deliverable_wanted &= ~(uint32_t)HV_DELIVERABILITY_INTERRUPT;
	intercept_deliverable(vp, HV_DELIVERABLE_INTERRUPT);
	return true;
}

static void vp_inject_apic(struct vp *vp, bool taken, unsigned int *windows)
{
	bool blocked = false;
	int vector = apic_deliverable(vp, &blocked);

	if (vector != VECTOR_NONE && !taken && can_take_interrupt(vp)) {
		const struct virt_event event = {
			.valid = true,
			.type = VIRT_EVENT_INTERRUPT,
			.vector = (uint8_t)vector,
		};

		apic_accept(vp, (uint8_t)vector);
		vp_inject(vp, &event);
		vector = apic_deliverable(vp, &blocked);
	}
	if (vector != VECTOR_NONE)
		*windows |= VIRT_WINDOW_INTERRUPT;
	if (blocked)
		*windows |= VIRT_WINDOW_CR8;
}

/* False: an intercept went to the parent instead. What has been injected must
 * run, so from there on nobody's wish to suspend counts. */
static bool vp_deliver(struct vp *vp)
{
	unsigned int windows = 0;
	bool taken = vp_inject_unconditional(vp);

	taken |= vp_inject_nmi(vp, taken, &windows);
	taken |= vp_inject_external(vp, taken, &windows);
	if (vp_offer_external(vp, taken, &windows))
		return false;
	if (vp->apic.pending)
		vp_inject_apic(vp, taken, &windows);
	if (windows != vp->windows) {
		vp->windows = windows;
		virt->vp_window(vp->virt, windows);
	}
	return true;
}

bool vp_enter(struct vp *vp)
{
	uint32_t generation = __atomic_load_n(&vp->partition->flush_generation,
					      __ATOMIC_ACQUIRE);

	if (vp->flushed != generation) {
		virt->vp_flush(vp->virt);
		__atomic_store_n(&vp->flushed, generation, __ATOMIC_RELEASE);
	}
	if ((vp->waiting_startup ||
	     __atomic_load_n(&vp->requests, __ATOMIC_ACQUIRE)) &&
	    !vp_serve_requests(vp))
		return false;
	if (vp->suspended)
		return false;
	if (vp->halted) {
		if (!vp_has_work(vp)) {
			lp_halt(vp);
			return false;
		}
		vp->halted = false;
		vp->idle_any = false;
	}
	return vp_deliver(vp);
}
