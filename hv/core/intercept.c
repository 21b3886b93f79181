/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Intercepts as messages: building them, sending them, taking answers back. */
#include "intercept.h"

#include "../../abi/msr.h"
#include "../lib/print.h"
#include "../lib/string.h"
#include "gpa.h"
#include "lp.h"
#include "vp_register.h"

#define CR0_PE	 BIT(0)
#define CR0_AM	 BIT(18)
#define EFER_LMA BIT(10)

/* The parent's own page: looked up each time, as it may be taken away. */
static void *page_of(gpa_t page)
{
	return page.value ? gpa_pointer(hypervisor.parent, page,
					VIRT_MAP_READ | VIRT_MAP_WRITE)
			  : NULL;
}

/* ---- The opaque message: "look at the intercept page of this vp" ---- */

static bool intercept_fill(struct synic_source *source,
			   struct hv_message *message)
{
	struct vp *vp = CONTAINER(source, struct vp, intercept_source);
	const struct hv_opaque_intercept body = {.vp_index = vp->index};

	message->header.type = HVMSG_OPAQUE_INTERCEPT;
	message->header.payload_size = sizeof(body);
	message->header.sender = vp->partition->id;
	memcpy(message->payload, &body, sizeof(body));
	return false;
}

void intercept_init(struct vp *vp)
{
	list_init(&vp->intercept_source.node);
	vp->intercept_source.fill = intercept_fill;
}

void intercept_withdraw(struct vp *vp)
{
	if (vp->intercept_target)
		synic_withdraw(vp->intercept_target, HV_SYNIC_INTERCEPTION_SINT,
			       &vp->intercept_source);
}

/* ---- Header and sending ---- */

static uint16_t execution_state(struct vp *vp)
{
	const struct virt_registers *registers = &vp->virt->registers;
	uint64_t cr0 = vp_register(vp, HV_REGISTER_CR0).u64;
	unsigned int state = registers->cpl & HV_EXECUTION_STATE_CPL_MASK;

	if (cr0 & CR0_PE)
		state |= HV_EXECUTION_STATE_CR0_PE;
	if (cr0 & CR0_AM)
		state |= HV_EXECUTION_STATE_CR0_AM;
	if (vp_register(vp, HV_REGISTER_EFER).u64 & EFER_LMA)
		state |= HV_EXECUTION_STATE_EFER_LMA;
	if (vp->reinject.valid)
		state |= HV_EXECUTION_STATE_INTERRUPTION_PENDING;
	if (registers->interrupt_shadow)
		state |= HV_EXECUTION_STATE_INTERRUPT_SHADOW;
	return (uint16_t)state;
}

static void fill_header(struct vp *vp, const struct intercept_message *message,
			struct hv_intercept_header *header)
{
	const struct virt_registers *registers = &vp->virt->registers;

	*header = (struct hv_intercept_header){
		.vp_index = vp->index,
		.instruction_length_and_cr8 =
			(uint8_t)((message->length &
				   HV_INTERCEPT_INSTRUCTION_LENGTH_MASK) |
				  (uint32_t)registers->cr8
					  << HV_INTERCEPT_CR8_SHIFT),
		.access_type = message->access,
		.execution_state = execution_state(vp),
		.cs = vp_register(vp, HV_REGISTER_CS).segment,
		.rip = registers->rip,
		.rflags = registers->rflags,
	};
}

static void fill_page(struct vp *vp, const struct intercept_message *message)
{
	struct hv_message *page = page_of(vp->intercept_page);

	fill_header(vp, message, message->body);
	if (!page)
		return;
	page->header = (struct hv_message_header){
		.type = message->type,
		.payload_size = message->size,
		.sender = vp->partition->id,
	};
	memcpy(page->payload, message->body, message->size);
}

void intercept_send(struct vp *vp, const struct intercept_message *message)
{
	assert(!partition_is_parent(vp->partition));
	assert(message->size <= HV_MESSAGE_PAYLOAD_SIZE);
	fill_page(vp, message);
	intercept_fill_registers(vp);
	vp->counters[VP_COUNT_INTERCEPTS]++;
	lp_suspend(vp, VP_INTERCEPT_SUSPEND);
	/* Nobody may have read the last one, and another is told now. */
	intercept_withdraw(vp);
	vp->intercept_target = hypervisor_parent_near(vp->lp);
	synic_post(vp->intercept_target, HV_SYNIC_INTERCEPTION_SINT,
		   &vp->intercept_source);
}

/* ---- The register page ---- */

static const uint32_t page_segments[] = {
	HV_REGISTER_ES, HV_REGISTER_CS, HV_REGISTER_SS,
	HV_REGISTER_DS, HV_REGISTER_FS, HV_REGISTER_GS,
};

#define XSAVE_XMM 160

void intercept_fill_registers(struct vp *vp)
{
	struct hv_register_page *page = page_of(vp->register_page);
	const struct virt_registers *registers = &vp->virt->registers;

	if (!page)
		return;
	page->version = HV_REGISTER_PAGE_VERSION;
	memcpy(page->gprs, registers->gpr, sizeof(page->gprs));
	page->rip = registers->rip;
	page->rflags = registers->rflags;
	for (unsigned int i = 0; i < ARRAY_SIZE(page_segments); i++)
		(&page->es)[i] = vp_register(vp, page_segments[i]).segment;
	page->cr0 = vp_register(vp, HV_REGISTER_CR0).u64;
	page->cr3 = vp_register(vp, HV_REGISTER_CR3).u64;
	page->cr4 = vp_register(vp, HV_REGISTER_CR4).u64;
	page->cr8 = registers->cr8;
	page->efer = vp_register(vp, HV_REGISTER_EFER).u64;
	page->dr7 = vp_register(vp, HV_REGISTER_DR7).u64;
	page->pending_interruption = vp_pending_interruption(vp);
	page->interrupt_state = vp_interrupt_state(vp);
	page->instruction_emulation_hints = 0;
	page->xfem = vp->cpu.xcr0;
	page->interrupt_vector_count = 0;
	page->dirty = 0;
	page->is_valid = 1;
}

static void take_segments(struct vp *vp, const struct hv_register_page *page)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(page_segments); i++) {
		const struct hv_register_value value = {.segment =
								(&page->es)[i]};

		virt->vp_set(vp->virt, page_segments[i], &value);
	}
}

void intercept_resume(struct vp *vp)
{
	struct hv_register_page *page = page_of(vp->register_page);
	struct virt_registers *registers = &vp->virt->registers;

	if (!page || !page->is_valid)
		return;
	uint32_t dirty = page->dirty;
	uint64_t rip = registers->rip;

	if (dirty & HV_REGISTER_PAGE_DIRTY_GPR)
		memcpy(registers->gpr, page->gprs, sizeof(page->gprs));
	if (dirty & HV_REGISTER_PAGE_DIRTY_RIP)
		vp_move(vp, page->rip);
	if (dirty & HV_REGISTER_PAGE_DIRTY_RFLAGS)
		registers->rflags = (page->rflags & 0x3f7fd7) | 2;
	if (dirty & HV_REGISTER_PAGE_DIRTY_SEGMENT)
		take_segments(vp, page);
	if (dirty & HV_REGISTER_PAGE_DIRTY_XMM)
		for (uint32_t i = 0; i < ARRAY_SIZE(page->xmm); i++)
			vp_register_set(vp, HV_REGISTER_XMM0 + i,
					&(const struct hv_register_value){
						.u128 = page->xmm[i]});
	page->dirty = 0;
	page->is_valid = 0;
	vp_step(vp, rip);
}

/* ---- Messages that other rooms ask for ---- */

void intercept_hypercall(struct vp *vp)
{
	const uint64_t *gpr = vp->virt->registers.gpr;
	struct hv_hypercall_intercept body = {
		.rax = gpr[VIRT_RAX],
		.rbx = gpr[VIRT_RBX],
		.rcx = gpr[VIRT_RCX],
		.rdx = gpr[VIRT_RDX],
		.r8 = gpr[VIRT_R8],
		.rsi = gpr[VIRT_RSI],
		.rdi = gpr[VIRT_RDI],
	};
	const struct intercept_message message = {
		.type = HVMSG_HYPERCALL_INTERCEPT,
		.access = HV_INTERCEPT_ACCESS_EXECUTE,
		.length = 3,
		.size = offsetof(struct hv_hypercall_intercept, padding),
		.body = &body,
	};

	/* XMM input is in silicon until the vp stops being current. */
	cpu_state_save(&vp->cpu);
	memcpy(body.xmm, (uint8_t *)vp->cpu.xsave + XSAVE_XMM,
	       sizeof(body.xmm));
	intercept_send(vp, &message);
}

void intercept_deliverable(struct vp *vp, uint32_t type)
{
	struct hv_interruption_deliverable body = {.deliverable_type = type};

	intercept_send(vp, INTERCEPT(INTERRUPTION_DELIVERABLE, 0, 0, body));
}

void intercept_sint_deliverable(struct vp *vp, uint16_t mask)
{
	__atomic_or_fetch(&vp->sint_deliverable, mask, __ATOMIC_RELAXED);
	vp_request(vp, VP_REQUEST_SYNIC);
}

void intercept_send_sint_deliverable(struct vp *vp)
{
	struct hv_sint_deliverable body = {
		.deliverable_sints = (uint16_t)__atomic_exchange_n(
			&vp->sint_deliverable, 0, __ATOMIC_RELAXED),
	};

	intercept_send(vp, INTERCEPT(SYNIC_SINT_DELIVERABLE, 0, 0, body));
}

static void intercept_msr_done(struct vp *vp, uint32_t msr)
{
	const uint64_t *gpr = vp->virt->registers.gpr;
	struct hv_msr_intercept body = {
		.msr = msr, .rdx = gpr[VIRT_RDX], .rax = gpr[VIRT_RAX]};

	intercept_send(vp, INTERCEPT(MSR_INTERCEPT, HV_INTERCEPT_ACCESS_WRITE,
				     0, body));
}

void intercept_reset(struct vp *vp)
{
	if (partition_is_parent(vp->partition)) {
		print("p1: asked for a reset\n");
		cpu_reset();
	}
	intercept_msr_done(vp, HV_MSR_RESET);
}

void intercept_crash(struct vp *vp)
{
	const struct partition *partition = vp->partition;

	print("p%lu vp%u: crash reported: %lx %lx %lx %lx %lx\n", partition->id,
	      vp->index, partition->crash[0], partition->crash[1],
	      partition->crash[2], partition->crash[3], partition->crash[4]);
	if (!partition_is_parent(partition))
		intercept_msr_done(vp, HV_MSR_CRASH_CTL);
}
