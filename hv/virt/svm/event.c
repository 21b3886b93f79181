/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events into a vp: injection, the windows that the core waits for, and NMI
 * masking, which silicon does not report and is followed by intercepting IRET.
 *
 * An interrupt goes in by V_IRQ, whatever else by EVENTINJ. QEMU does not
 * forget an interrupt that EVENTINJ has delivered: where a processor thread
 * is asked to look up before its next exit, it delivers it once more, even
 * with interrupts off. So V_IRQ cannot be the window for another one at the
 * same time: that one's turn comes at the handler's IRET, or at any exit
 * before, such as its EOI.
 *
 * Where silicon offers no exit behind an instruction (IRET that ends an NMI
 * handler, a write of CR8, the instruction in an interrupt shadow), the
 * instruction is executed alone, with the trap flag set and every exception
 * intercepted. A step never outlives the vp_run() that began it: whatever
 * other exit comes first undoes it, and the intercept that asked for it comes
 * again.
 */
#include "svm.h"

#define VECTOR_DEBUG	  1u
#define VECTOR_BREAKPOINT 3u
#define VECTOR_OVERFLOW	  4u
#define VECTOR_PAGE_FAULT 14u

/* Exceptions that push an error code: 8, 10-14, 17, 21, 29, 30. */
#define EXCEPTIONS_WITH_ERROR 0x60227d00u

#define DR6_BREAKPOINTS 0xfull
#define DR6_STEP	BIT(14)

void svm_vp_inject(struct virt_vp *virt_vp, const struct virt_event *event)
{
	struct svm_vp *vp = svm_vp(virt_vp);
	uint64_t value = SVM_EVENT_VALID | event->vector |
			 (uint64_t)event->type << SVM_EVENT_TYPE_SHIFT;

	if (event->has_error)
		value |= SVM_EVENT_HAS_ERROR | (uint64_t)event->error
						       << SVM_EVENT_ERROR_SHIFT;
	vp->injected = value;
	vp->injected_length = 0;
	if (event->type == VIRT_EVENT_SOFTWARE_INTERRUPT)
		vp->injected_length = event->instruction_length;
	if (event->type == VIRT_EVENT_NMI)
		virt_vp->registers.nmi_masked = true;
	vp->attention = true;
}

/* After INT n the handler returns behind it. */
static void place_return(struct svm_vp *vp)
{
	struct vmcb *vmcb = vp->vmcb;

	if (svm_features()->next_rip)
		vmcb->next_rip = vmcb->rip + vp->injected_length;
	else
		vmcb->rip += vp->injected_length;
}

static bool same_event(uint64_t one, uint64_t other)
{
	const uint64_t what = SVM_EVENT_TYPE | SVM_EVENT_VECTOR;

	return one && !((one ^ other) & what);
}

/*
 * INT n, INT3 and INTO of the guest itself: RIP is still at the instruction,
 * executing it again delivers the event again.
 */
static bool repeats_itself(uint64_t info, uint64_t injected)
{
	unsigned int type = (info & SVM_EVENT_TYPE) >> SVM_EVENT_TYPE_SHIFT;
	unsigned int vector = info & SVM_EVENT_VECTOR;

	if (same_event(injected, info))
		return false;
	return type == VIRT_EVENT_SOFTWARE_INTERRUPT ||
	       (type == VIRT_EVENT_EXCEPTION &&
		(vector == VECTOR_BREAKPOINT || vector == VECTOR_OVERFLOW));
}

void svm_event_interrupted(struct svm_vp *vp, struct virt_event *event)
{
	struct virt_registers *registers = &vp->virt.registers;
	uint64_t info = vp->vmcb->exit_interrupt_info;
	uint64_t injected = vp->injected;
	uint8_t length = vp->injected_length;

	bool by_virq = vp->by_virq;

	vp->injected = 0;
	vp->injected_length = 0;
	vp->by_virq = false;
	vp->vmcb->exit_interrupt_info = 0;
	/* Another exit came before it was taken. */
	if (by_virq && !(info & SVM_EVENT_VALID) &&
	    vp->vmcb->virtual_interrupt & SVM_V_IRQ)
		info = injected;
	if (!(info & SVM_EVENT_VALID) || repeats_itself(info, injected))
		return;

	event->valid = true;
	event->type = (info & SVM_EVENT_TYPE) >> SVM_EVENT_TYPE_SHIFT;
	event->vector = info & SVM_EVENT_VECTOR;
	event->has_error = info & SVM_EVENT_HAS_ERROR;
	event->error = (uint32_t)(info >> SVM_EVENT_ERROR_SHIFT);
	event->instruction_length = 0;
	/* QEMU reports an interrupt by V_IRQ in this way. */
	if (event->type == VIRT_EVENT_EXCEPTION &&
	    (event->vector >= SVM_EXCEPTIONS ||
	     (by_virq && event->vector == (injected & SVM_EVENT_VECTOR))))
		event->type = VIRT_EVENT_INTERRUPT;
	if (event->type == VIRT_EVENT_NMI)
		registers->nmi_masked = false;
	if (length && same_event(injected, info)) {
		event->instruction_length = length;
		if (!svm_features()->next_rip)
			registers->rip -= length;
	}
}

/* It is the guest's own: the core delivers it. */
void svm_event_exception(struct svm_vp *vp, struct virt_intercept *intercept)
{
	struct vmcb *vmcb = vp->vmcb;
	uint32_t vector = (uint32_t)vmcb->exit_code - SVM_EXIT_EXCEPTION;
	bool has_error = EXCEPTIONS_WITH_ERROR & BIT(vector);

	intercept->interrupted = (struct virt_event){
		.valid = true,
		.type = VIRT_EVENT_EXCEPTION,
		.vector = (uint8_t)vector,
		.has_error = has_error,
		.error = has_error ? (uint32_t)vmcb->exit_info_1 : 0,
	};
	if (vector == VECTOR_PAGE_FAULT)
		vmcb->cr2 = vmcb->exit_info_2;
}

void svm_vp_window(struct virt_vp *vp, unsigned int windows)
{
	if (svm_vp(vp)->windows == windows)
		return;
	svm_vp(vp)->windows = (uint8_t)windows;
	svm_vp(vp)->attention = true;
}

static bool is_takeable_interrupt(const struct svm_vp *vp)
{
	const struct virt_registers *registers = &vp->virt.registers;

	return vp->injected && !(vp->injected & SVM_EVENT_TYPE) &&
	       registers->rflags & RFLAGS_IF && !registers->interrupt_shadow;
}

/* Makes the VMCB's intercepts what windows and NMI masking need. */
static void arm(struct svm_vp *vp)
{
	struct vmcb *vmcb = vp->vmcb;
	bool masked = vp->virt.registers.nmi_masked;
	bool window = vp->windows & VIRT_WINDOW_INTERRUPT;
	bool virq;

	vp->by_virq = is_takeable_interrupt(vp);
	virq = window || vp->by_virq;
	vmcb->intercept_3 = vp->intercept_3;
	vmcb->intercept_control = 0;
	vmcb->virtual_interrupt = vmcb->virtual_interrupt & SVM_V_TPR;
	vmcb->event_injection = vp->by_virq ? 0 : vp->injected;
	if (masked || (window && vp->by_virq))
		vmcb->intercept_3 |= SVM_INTERCEPT(IRET);
	if (virq)
		vmcb->virtual_interrupt |=
			SVM_V_IRQ | SVM_V_INTR_PRIORITY | SVM_V_IGNORE_TPR;
	if (vp->by_virq) {
		vmcb->intercept_3 &= ~SVM_INTERCEPT(VINTR);
		vmcb->virtual_interrupt |=
			SVM_V_INTR_MASKING | (vp->injected & SVM_EVENT_VECTOR)
						     << SVM_V_VECTOR_SHIFT;
	} else {
		vmcb->virtual_interrupt |= SVM_V_BASE;
	}
	/* QEMU aborts on a plain write of CR8 while V_IRQ is set. */
	if (virq || vp->windows & VIRT_WINDOW_CR8)
		vmcb->intercept_control |= SVM_INTERCEPT_CR8_WRITE;
	vp->attention = masked || vp->windows || vp->by_virq;
}

/* Sets the VMCB up for one instruction. */
static void step_begin(struct svm_vp *vp, enum svm_step step)
{
	struct vmcb *vmcb = vp->vmcb;

	vmcb->intercept_exception = SVM_INTERCEPT_ALL_EXCEPTIONS;
	vmcb->intercept_control = 0;
	vmcb->intercept_3 = vp->intercept_3;
	/* In a shadow, nothing is stepped that sees the trap flag. */
	if (step == SVM_STEP_SHADOW)
		vmcb->intercept_3 |= SVM_INTERCEPT(PUSHF) |
				     SVM_INTERCEPT(POPF) | SVM_INTERCEPT(IRET) |
				     SVM_INTERCEPT(SOFTWARE_INTERRUPT);
	vmcb->virtual_interrupt =
		SVM_V_BASE | (vmcb->virtual_interrupt & SVM_V_TPR);
	vmcb->event_injection = 0;
	vp->by_virq = false;
	vmcb->dr6 &= ~DR6_STEP;
	vmcb->rflags |= RFLAGS_TF;
}

/* A debug exception: what of it the guest itself asked for. */
static bool step_trap(struct vmcb *vmcb, bool guest_trap, uint64_t dr6)
{
	if (!guest_trap)
		vmcb->dr6 &= ~DR6_STEP;
	return guest_trap || vmcb->dr6 & ~dr6 & DR6_BREAKPOINTS;
}

static bool step_is_over(uint32_t code, enum svm_step step,
			 const struct vmcb *vmcb)
{
	if (code == SVM_EXIT_EXCEPTION + VECTOR_DEBUG)
		return vmcb->dr6 & DR6_STEP;
	return step == SVM_STEP_SHADOW &&
	       (code == SVM_EXIT_PUSHF || code == SVM_EXIT_POPF ||
		code == SVM_EXIT_IRET || code == SVM_EXIT_SOFTWARE_INTERRUPT);
}

/* What the core is told after a step that was executed to its end. */
static enum virt_intercept_kind step_kind(struct svm_vp *vp, enum svm_step step)
{
	unsigned int windows = vp->windows;

	if (step == SVM_STEP_IRET)
		vp->virt.registers.nmi_masked = false;
	if (step == SVM_STEP_CR8)
		return windows & VIRT_WINDOW_CR8 ? VIRT_CR8_WINDOW : VIRT_HOST;
	if (windows & VIRT_WINDOW_NMI && !vp->virt.registers.nmi_masked)
		return VIRT_NMI_WINDOW;
	if (step == SVM_STEP_SHADOW && windows & VIRT_WINDOW_INTERRUPT &&
	    vp->vmcb->rflags & RFLAGS_IF)
		return VIRT_INTERRUPT_WINDOW;
	return VIRT_HOST;
}

/*
 * Executes one instruction. False if another exit came first, which is to be
 * decoded as usual.
 */
static bool step_run(struct svm_vp *vp, enum svm_step step,
		     struct virt_intercept *intercept)
{
	struct vmcb *vmcb = vp->vmcb;
	bool guest_trap = vmcb->rflags & RFLAGS_TF;
	uint64_t dr6 = vmcb->dr6;
	uint32_t code, vector;
	bool over, own;

	step_begin(vp, step);
	svm_vp_enter(vp);

	code = (uint32_t)vmcb->exit_code;
	vector = code - SVM_EXIT_EXCEPTION;
	over = step_is_over(code, step, vmcb);
	vmcb->intercept_exception = vp->intercept_2;
	/* An IRET that was executed has loaded the guest's own trap flag. */
	if (!guest_trap && !(over && step == SVM_STEP_IRET))
		vmcb->rflags &= ~RFLAGS_TF;
	own = vector < SVM_EXCEPTIONS;
	if (vector == VECTOR_DEBUG)
		own = step_trap(vmcb, guest_trap, dr6);
	vmcb->dr6 |= dr6 & DR6_STEP;

	if (!over && vector >= SVM_EXCEPTIONS)
		return false;
	intercept->instruction_length = 0;
	intercept->kind = over ? step_kind(vp, step) : VIRT_HOST;
	if (own)
		svm_event_exception(vp, intercept);
	return true;
}

static bool tell(struct virt_intercept *intercept,
		 enum virt_intercept_kind kind)
{
	intercept->kind = kind;
	intercept->instruction_length = 0;
	return true;
}

bool svm_event_run(struct svm_vp *vp, struct virt_intercept *intercept)
{
	const struct virt_registers *registers = &vp->virt.registers;
	bool nmi = vp->windows & VIRT_WINDOW_NMI && !registers->nmi_masked;
	bool interrupt = vp->windows & VIRT_WINDOW_INTERRUPT &&
			 registers->rflags & RFLAGS_IF;
	uint32_t code;

	arm(vp);
	if (vp->injected_length)
		place_return(vp);
	/*
	 * A window that is open at once, but for a shadow. That is waited for
	 * here, since not every processor (QEMU 7.2) honours the VMCB's: an
	 * interrupt between STI and HLT would be lost.
	 */
	if ((nmi || interrupt) && !vp->injected) {
		if (registers->interrupt_shadow)
			return step_run(vp, SVM_STEP_SHADOW, intercept);
		return tell(intercept,
			    nmi ? VIRT_NMI_WINDOW : VIRT_INTERRUPT_WINDOW);
	}
	svm_vp_enter(vp);
	code = (uint32_t)vp->vmcb->exit_code;
	if (code == SVM_EXIT_IRET && !registers->nmi_masked)
		return tell(intercept, VIRT_HOST);
	if (code == SVM_EXIT_IRET)
		return step_run(vp, SVM_STEP_IRET, intercept);
	if (code == SVM_EXIT_CR8_WRITE)
		return step_run(vp, SVM_STEP_CR8, intercept);
	return false;
}
