/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One run of a vp: registers in, VMRUN, registers and neutral intercept out. */
#include "../../lib/string.h"
#include "svm.h"

typedef void (*decode)(struct svm_vp *vp, struct virt_intercept *intercept);

/*
 * How an exit is told above the waist. The length is that of the instruction
 * without prefixes, for processors that do not save nRIP: no compiler puts
 * one before these instructions, and a guest that does executes the tail of
 * its own instruction.
 */
struct exit {
	bool known;
	uint8_t kind; /* enum virt_intercept_kind */
	uint8_t length;
	decode decode; /* the rest of the intercept, NULL none */
};

static void decode_msr(struct svm_vp *vp, struct virt_intercept *intercept)
{
	intercept->msr = (uint32_t)vp->virt.registers.gpr[VIRT_RCX];
	intercept->write = vp->vmcb->exit_info_1; /* 1 or 0 */
}

static void decode_io(struct svm_vp *vp, struct virt_intercept *intercept)
{
	const struct vmcb *vmcb = vp->vmcb;
	uint64_t info = vmcb->exit_info_1;
	bool string = info & SVM_IOIO_STRING;

	intercept->io = (struct virt_io){
		.port = (uint16_t)(info >> SVM_IOIO_PORT_SHIFT),
		.size = info >> SVM_IOIO_SIZE_SHIFT & SVM_IOIO_SIZE_MASK,
		.in = info & SVM_IOIO_IN,
		.string = string,
		.repeat = info & SVM_IOIO_REPEAT,
		.segment = string && svm_features()->decode_assist
				   ? info >> SVM_IOIO_SEGMENT_SHIFT &
					     SVM_IOIO_SEGMENT_MASK
				   : VIRT_SEGMENT_NONE,
	};
	/* With or without nRIP, this exit names the next instruction. */
	intercept->instruction_length =
		(uint8_t)(vmcb->exit_info_2 - vmcb->rip);
}

static void decode_nested_fault(struct svm_vp *vp,
				struct virt_intercept *intercept)
{
	const struct vmcb *vmcb = vp->vmcb;
	uint64_t info = vmcb->exit_info_1;

	intercept->memory = (struct virt_gpa_access){
		.gpa = GPA(vmcb->exit_info_2),
		.access = info & SVM_NPF_FETCH	 ? VIRT_ACCESS_EXECUTE
			  : info & SVM_NPF_WRITE ? VIRT_ACCESS_WRITE
						 : VIRT_ACCESS_READ,
		.page_walk = info & SVM_NPF_PAGE_WALK,
	};
	intercept->byte_count = 0;
	if (svm_features()->decode_assist) {
		intercept->byte_count = MIN(vmcb->byte_count, 15);
		memcpy(intercept->bytes, vmcb->bytes, sizeof(intercept->bytes));
	}
}

static void decode_hypercall(struct svm_vp *vp,
			     struct virt_intercept *intercept)
{
	intercept->long_mode = vp->vmcb->efer & SVM_EFER_LMA;
}

static void decode_xsetbv(struct svm_vp *vp, struct virt_intercept *intercept)
{
	const uint64_t *gpr = vp->virt.registers.gpr;

	intercept->data = gpr[VIRT_RDX] << 32 | (uint32_t)gpr[VIRT_RAX];
}

#define KIND(name, ...)                                                        \
	{                                                                      \
		.known = true, .kind = VIRT_##name, __VA_ARGS__                \
	}
#define EXIT(exit, ...) [SVM_EXIT_##exit] = KIND(__VA_ARGS__)

static const struct exit exits[] = {
	[SVM_EXIT_EXCEPTION... SVM_EXIT_EXCEPTION + 31] =
		KIND(HOST, .decode = svm_event_exception),
	[SVM_EXIT_INTR... SVM_EXIT_INIT] = KIND(HOST),
	EXIT(FERR_FREEZE, HOST),
	EXIT(VINTR, INTERRUPT_WINDOW),
	EXIT(CPUID, CPUID, .length = 2),
	EXIT(MSR, MSR, .length = 2, .decode = decode_msr),
	EXIT(IOIO, IO, .decode = decode_io),
	EXIT(VMMCALL, HYPERCALL, .length = 3, .decode = decode_hypercall),
	EXIT(HLT, HALT, .length = 1),
	EXIT(XSETBV, XSETBV, .length = 3, .decode = decode_xsetbv),
	EXIT(INVD, CACHE, .length = 2),
	EXIT(WBINVD, CACHE, .length = 2),
	EXIT(INVLPGA, UNDEFINED),
	EXIT(VMRUN, UNDEFINED),
	[SVM_EXIT_VMLOAD... SVM_EXIT_SKINIT] = KIND(UNDEFINED),
	[SVM_EXIT_MONITOR... SVM_EXIT_MWAIT] = KIND(UNDEFINED),
	EXIT(SHUTDOWN, TRIPLE_FAULT),
};

static const struct exit nested_fault =
	KIND(GPA, .decode = decode_nested_fault);

/* VMRUN refused the state, or an exit that nobody asked for. */
static void fail(struct svm_vp *vp, struct virt_intercept *intercept)
{
	svm_asid_refused(vp->lp, &vp->asid);
	intercept->kind = VIRT_FAILED;
	intercept->instruction_length = 0;
	intercept->data = (uint32_t)vp->vmcb->exit_code;
}

/* Everything of the intercept but what was interrupted. */
static inline void exit_decode(struct svm_vp *vp,
			       struct virt_intercept *intercept)
{
	const struct vmcb *vmcb = vp->vmcb;
	uint32_t code = (uint32_t)vmcb->exit_code;
	const struct exit *exit = code < ARRAY_SIZE(exits) ? &exits[code]
				  : code == SVM_EXIT_NESTED_PAGE_FAULT
					  ? &nested_fault
					  : NULL;

	if (!exit || !exit->known) {
		fail(vp, intercept);
		return;
	}
	intercept->kind = exit->kind;
	intercept->instruction_length = exit->length;
	if (exit->length && vp->next_rip)
		intercept->instruction_length =
			(uint8_t)(vmcb->next_rip - vmcb->rip);
	if (exit->decode)
		exit->decode(vp, intercept);
}

static inline void registers_in(struct svm_vp *vp)
{
	const struct virt_registers *registers = &vp->virt.registers;
	struct vmcb *vmcb = vp->vmcb;

	vmcb->rax = registers->gpr[VIRT_RAX];
	vmcb->rsp = registers->gpr[VIRT_RSP];
	vmcb->rip = registers->rip;
	vmcb->rflags = registers->rflags;
	vmcb->virtual_tpr = registers->cr8;
}

static inline void registers_out(struct svm_vp *vp)
{
	struct virt_registers *registers = &vp->virt.registers;
	const struct vmcb *vmcb = vp->vmcb;

	registers->gpr[VIRT_RAX] = vmcb->rax;
	registers->gpr[VIRT_RSP] = vmcb->rsp;
	registers->rip = vmcb->rip;
	registers->rflags = vmcb->rflags;
	registers->cr8 = vmcb->virtual_tpr; /* its upper half is zero */
	registers->cpl = vmcb->cpl;
	/* One bit at run time: the rest of the quadword is reserved. */
	registers->interrupt_shadow =
		vmcb->interrupt_shadow & SVM_INTERRUPT_SHADOW;
}

void svm_vp_run(struct virt_vp *virt_vp, struct virt_intercept *intercept)
{
	struct svm_vp *vp = svm_vp(virt_vp);

	registers_in(vp);
	intercept->interrupted.valid = false;
	if (__builtin_expect(vp->attention | virt_vp->registers.nmi_masked,
			     0)) {
		bool decoded = svm_event_run(vp, intercept);

		registers_out(vp);
		svm_event_interrupted(vp, &intercept->interrupted);
		if (decoded)
			return;
	} else {
		svm_vp_enter(vp);
		registers_out(vp);
		if (__builtin_expect(
			    vp->vmcb->exit_interrupt_info & SVM_EVENT_VALID, 0))
			svm_event_interrupted(vp, &intercept->interrupted);
	}
	exit_decode(vp, intercept);
}

void svm_vp_skip(struct virt_vp *virt_vp,
		 const struct virt_intercept *intercept)
{
	struct svm_vp *vp = svm_vp(virt_vp);
	struct virt_registers *registers = &vp->virt.registers;
	uint64_t rip = registers->rip + intercept->instruction_length;

	/* EIP wraps at 4 GiB outside 64-bit code. */
	if ((rip ^ registers->rip) >> 32 && !svm_vp_long_code(vp))
		rip = (uint32_t)rip;
	registers->rip = rip;
	registers->rflags &= ~RFLAGS_RF;
	registers->interrupt_shadow = false;
	vp->vmcb->interrupt_shadow = 0;
}
