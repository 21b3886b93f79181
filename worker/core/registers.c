/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A suspended vp's registers: by its page where mapped, else by hypercall. */
#include "hvcall.h"
#include "machine.h"
#include "vp.h"

#include <string.h>

#define INSN_REGISTERS (HV_GPR_COUNT + 6 + INSN_SEGMENT_COUNT)

static bool page_usable(const struct vp *vp)
{
	return vp->page && vp->page->is_valid &&
	       vp->page->version == HV_REGISTER_PAGE_VERSION;
}

static void set(struct vp *vp, struct hv_register_assoc *elements,
		unsigned int count)
{
	const struct hvcall_registers registers = {
		.vp = vp->index,
		.count = count,
		.elements = elements,
	};
	int error = hvcall_set_registers(vp->machine->partition.fd, &registers);

	if (error)
		device_log("vp", "%u: setting registers: %s", vp->index,
			   strerror(-error));
}

static struct hv_register_assoc quad(uint32_t name, uint64_t value)
{
	return (struct hv_register_assoc){.name = name, .value.u64 = value};
}

/* Real mode and 32-bit code wrap at the size of their instruction pointer. */
static uint64_t next_rip(const struct hv_intercept_header *header)
{
	uint64_t length = header->instruction_length_and_cr8 &
			  HV_INTERCEPT_INSTRUCTION_LENGTH_MASK;
	uint64_t next = header->rip + length;

	return header->execution_state & HV_EXECUTION_STATE_EFER_LMA
		       ? next
		       : next & 0xffffffffu;
}

void vp_complete(struct vp *vp, const struct hv_intercept_header *header,
		 const struct vp_results *results)
{
	struct hv_register_assoc elements[5];

	vp_leave_shadow(vp, header);
	if (page_usable(vp)) {
		for (unsigned int i = 0; i < results->count; i++)
			vp->page->gprs[results->gprs[i].index] =
				results->gprs[i].value;
		vp->page->rip = next_rip(header);
		vp->page->dirty |= HV_REGISTER_PAGE_DIRTY_RIP;
		if (results->count)
			vp->page->dirty |= HV_REGISTER_PAGE_DIRTY_GPR;
		return;
	}
	for (unsigned int i = 0; i < results->count; i++)
		elements[i] = quad(HV_REGISTER_RAX + results->gprs[i].index,
				   results->gprs[i].value);
	elements[results->count] = quad(HV_REGISTER_RIP, next_rip(header));
	set(vp, elements, results->count + 1);
}

static void load_from_page(const struct vp *vp, struct insn_cpu *cpu)
{
	const struct hv_register_page *page = vp->page;

	memcpy(cpu->gprs, page->gprs, sizeof(cpu->gprs));
	memcpy(cpu->segments, &page->es, sizeof(cpu->segments));
	cpu->rip = page->rip;
	cpu->rflags = page->rflags;
	cpu->cr0 = page->cr0;
	cpu->cr3 = page->cr3;
	cpu->cr4 = page->cr4;
	cpu->efer = page->efer;
}

/* General ones, then the six, then segments: the order vp_load() reads. */
static void name_registers(struct hv_register_assoc *elements)
{
	static const uint32_t six[] = {
		HV_REGISTER_RIP, HV_REGISTER_RFLAGS, HV_REGISTER_CR0,
		HV_REGISTER_CR3, HV_REGISTER_CR4,    HV_REGISTER_EFER,
	};
	unsigned int at = 0;

	for (unsigned int i = 0; i < HV_GPR_COUNT; i++)
		elements[at++].name = HV_REGISTER_RAX + i;
	for (unsigned int i = 0; i < 6; i++)
		elements[at++].name = six[i];
	for (unsigned int i = 0; i < INSN_SEGMENT_COUNT; i++)
		elements[at++].name = HV_REGISTER_ES + i;
}

static int load_by_hypercall(const struct vp *vp, struct insn_cpu *cpu)
{
	struct hv_register_assoc elements[INSN_REGISTERS] = {0};
	const struct hvcall_registers registers = {
		.vp = vp->index,
		.count = INSN_REGISTERS,
		.elements = elements,
	};
	const struct hv_register_assoc *six = &elements[HV_GPR_COUNT];
	int error;

	name_registers(elements);
	error = hvcall_get_registers(vp->machine->partition.fd, &registers);
	if (error)
		return error;
	for (unsigned int i = 0; i < HV_GPR_COUNT; i++)
		cpu->gprs[i] = elements[i].value.u64;
	cpu->rip = six[0].value.u64;
	cpu->rflags = six[1].value.u64;
	cpu->cr0 = six[2].value.u64;
	cpu->cr3 = six[3].value.u64;
	cpu->cr4 = six[4].value.u64;
	cpu->efer = six[5].value.u64;
	for (unsigned int i = 0; i < INSN_SEGMENT_COUNT; i++)
		cpu->segments[i] = six[6 + i].value.segment;
	return 0;
}

bool vp_load(struct vp *vp, struct insn_cpu *cpu)
{
	int error = 0;

	memset(cpu, 0, sizeof(*cpu));
	if (page_usable(vp))
		load_from_page(vp, cpu);
	else
		error = load_by_hypercall(vp, cpu);
	if (error)
		device_log("vp", "%u: reading registers: %s", vp->index,
			   strerror(-error));
	cpu->cpl = (cpu->segments[INSN_SS].attributes >> 5) & 3;
	return !error;
}

void vp_store(struct vp *vp, const struct insn_cpu *cpu)
{
	struct hv_register_assoc elements[HV_GPR_COUNT + 2];

	if (page_usable(vp)) {
		memcpy(vp->page->gprs, cpu->gprs, sizeof(cpu->gprs));
		vp->page->rip = cpu->rip;
		vp->page->rflags = cpu->rflags;
		vp->page->dirty |= HV_REGISTER_PAGE_DIRTY_GPR |
				   HV_REGISTER_PAGE_DIRTY_RIP |
				   HV_REGISTER_PAGE_DIRTY_RFLAGS;
		return;
	}
	for (unsigned int i = 0; i < HV_GPR_COUNT; i++)
		elements[i] = quad(HV_REGISTER_RAX + i, cpu->gprs[i]);
	elements[HV_GPR_COUNT] = quad(HV_REGISTER_RIP, cpu->rip);
	elements[HV_GPR_COUNT + 1] = quad(HV_REGISTER_RFLAGS, cpu->rflags);
	set(vp, elements, HV_GPR_COUNT + 2);
}

void vp_leave_shadow(struct vp *vp, const struct hv_intercept_header *header)
{
	struct hv_register_assoc element = {
		.name = HV_REGISTER_INTERRUPT_STATE,
	};
	const struct hvcall_registers registers = {
		.vp = vp->index,
		.count = 1,
		.elements = &element,
	};

	if (!(header->execution_state & HV_EXECUTION_STATE_INTERRUPT_SHADOW))
		return;
	if (hvcall_get_registers(vp->machine->partition.fd, &registers))
		return;
	element.value.u64 &= ~HV_INTERRUPT_STATE_SHADOW;
	set(vp, &element, 1);
}

void vp_inject_fault(struct vp *vp, const struct insn_fault *fault)
{
	struct hv_register_assoc element = {
		.name = HV_REGISTER_PENDING_EVENT0,
		.value.u128 =
			{
				.low = HV_PENDING_EVENT_PENDING |
				       (uint64_t)fault->vector
					       << HV_PENDING_EVENT_EXCEPTION_VECTOR_SHIFT,
				.high = fault->address,
			},
	};

	if (fault->has_error_code)
		element.value.u128.low |=
			HV_PENDING_EVENT_DELIVER_ERROR_CODE |
			(uint64_t)fault->error_code
				<< HV_PENDING_EVENT_ERROR_CODE_SHIFT;
	set(vp, &element, 1);
}

void vp_inject_extint(struct vp *vp, uint8_t vector)
{
	struct hv_register_assoc element = {
		.name = HV_REGISTER_PENDING_EVENT0,
		.value.u128.low =
			HV_PENDING_EVENT_PENDING |
			HV_PENDING_EVENT_TYPE_EXTINT
				<< HV_PENDING_EVENT_TYPE_SHIFT |
			(uint64_t)vector
				<< HV_PENDING_EVENT_EXTINT_VECTOR_SHIFT,
	};

	set(vp, &element, 1);
}
