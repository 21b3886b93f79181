/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each message of the hypervisor makes the worker do. */
#include "crash.h"
#include "machine.h"
#include "vp.h"

#include "abi/hypercall.h"
#include "abi/msr.h"

#include <inttypes.h>
#include <string.h>

#define VECTOR_UD	 6
#define VECTOR_GP	 13
#define HYPERCALL_LENGTH 3u /* VMCALL and VMMCALL alike */

static const struct vp_results nothing;

static const struct hv_intercept_header *header_of(const struct vp *vp)
{
	return (const void *)vp->message.payload;
}

/* Called by emulated instructions, with the lock held. */
static uint64_t bus_read(void *owner, enum io_space space, uint64_t address,
			 unsigned int size)
{
	struct machine *machine = owner;

	return io_map_read(&machine->io, space, address, size);
}

static void bus_write(void *owner, enum io_space space, uint64_t address,
		      unsigned int size, uint64_t value)
{
	struct machine *machine = owner;

	io_map_write(&machine->io, space, address, size, value);
}

static void raise_ud(struct vp *vp)
{
	const struct insn_fault fault = {.vector = VECTOR_UD};

	vp_inject_fault(vp, &fault);
}

static void raise_gp(struct vp *vp)
{
	const struct insn_fault fault = {
		.vector = VECTOR_GP,
		.has_error_code = true,
	};

	vp_inject_fault(vp, &fault);
}

static void report_unsupported(const struct insn_cpu *cpu, const uint8_t *bytes)
{
	char text[3 * 16 + 1] = "";

	for (unsigned int i = 0; i < 15; i++)
		for (unsigned int j = 0; j < 2; j++)
			text[3 * i + j] =
				"0123456789abcdef"[(bytes[i] >> (j ? 0 : 4)) &
						   15];
	for (unsigned int i = 0; i < 15; i++)
		text[3 * i + 2] = ' ';
	device_log("insn", "cannot emulate at %#" PRIx64 ": %s", cpu->rip,
		   text);
}

/* Emulates what the vp stands at. bytes has 16, count of them valid. */
static void emulate(struct vp *vp, const uint8_t *bytes, size_t count)
{
	struct machine *machine = vp->machine;
	const struct insn_bus bus = {
		.memory = &machine->memory.view,
		.read = bus_read,
		.write = bus_write,
		.owner = machine,
	};
	struct insn_fault fault = {0};
	struct insn_cpu cpu;
	enum insn_result result;

	if (!vp_load(vp, &cpu)) {
		raise_ud(vp);
		return;
	}
	loop_lock(&machine->loop);
	result = insn_emulate(&cpu, &bus, bytes, count > 16 ? 16 : count,
			      &fault);
	loop_unlock(&machine->loop);
	if (result == INSN_UNSUPPORTED) {
		report_unsupported(&cpu, bytes);
		raise_ud(vp);
		return;
	}
	vp_store(vp, &cpu);
	if (result == INSN_DONE)
		vp_leave_shadow(vp, header_of(vp));
	else if (result == INSN_FAULT)
		vp_inject_fault(vp, &fault);
}

static uint64_t merge(uint64_t old, uint64_t value, unsigned int size)
{
	uint64_t mask = (1ULL << (size * 8)) - 1;

	/* As everywhere: 32 bits clear the upper half, fewer keep it. */
	return size == 4 ? value & mask : (old & ~mask) | (value & mask);
}

static void on_io_port(struct vp *vp)
{
	const struct hv_io_port_intercept *body =
		(const void *)vp->message.payload;
	unsigned int size = body->access_info & HV_IO_PORT_ACCESS_SIZE_MASK;
	struct machine *machine = vp->machine;
	struct vp_results results = nothing;

	if (body->access_info & HV_IO_PORT_ACCESS_STRING) {
		emulate(vp, body->instruction_bytes,
			body->instruction_byte_count);
		return;
	}
	loop_lock(&machine->loop);
	if (body->header.access_type == HV_INTERCEPT_ACCESS_WRITE) {
		io_map_write(&machine->io, IO_PORT, body->port, size,
			     body->rax);
	} else {
		uint64_t value =
			io_map_read(&machine->io, IO_PORT, body->port, size);

		results.count = 1;
		results.gprs[0].index = HV_GPR_RAX;
		results.gprs[0].value = merge(body->rax, value, size);
	}
	loop_unlock(&machine->loop);
	vp_complete(vp, &body->header, &results);
}

/* Code fetched from nowhere is all ones, and that is no instruction. */
static void on_memory(struct vp *vp)
{
	const struct hv_memory_intercept *body =
		(const void *)vp->message.payload;

	if (body->header.access_type == HV_INTERCEPT_ACCESS_EXECUTE) {
		device_log("vp",
			   "%u: executes at %#" PRIx64 ", where nothing is",
			   vp->index, body->gpa);
		raise_ud(vp);
		return;
	}
	emulate(vp, body->instruction_bytes, body->instruction_byte_count);
}

/*
 * Synthetic MSRs whose write is done and only told of: no instruction length,
 * nothing to emulate.
 */
static bool msr_told(struct vp *vp, const struct hv_msr_intercept *body)
{
	struct machine *machine = vp->machine;

	if (body->header.access_type != HV_INTERCEPT_ACCESS_WRITE)
		return false;
	if (body->msr == HV_MSR_CRASH_CTL) {
		crash_report_message(vp, body->rdx << 32 |
						 (body->rax & 0xffffffff));
		return true;
	}
	if (body->msr != HV_MSR_RESET)
		return false;
	loop_lock(&machine->loop);
	machine->port.event(&machine->port, MACHINE_RESET, "reset register");
	loop_unlock(&machine->loop);
	return true;
}

static void on_msr(struct vp *vp)
{
	const struct hv_msr_intercept *body = (const void *)vp->message.payload;
	bool write = body->header.access_type == HV_INTERCEPT_ACCESS_WRITE;

	if (msr_told(vp, body)) {
		if (body->header.instruction_length_and_cr8 &
		    HV_INTERCEPT_INSTRUCTION_LENGTH_MASK)
			vp_complete(vp, &body->header, &nothing);
		return;
	}
	device_log("vp", "%u: %s MSR %#x, which is not there", vp->index,
		   write ? "writes" : "reads", body->msr);
	raise_gp(vp);
}

static void on_cpuid(struct vp *vp)
{
	const struct hv_cpuid_intercept *body =
		(const void *)vp->message.payload;
	const struct vp_results results = {
		.count = 4,
		.gprs = {{HV_GPR_RAX, body->default_rax},
			 {HV_GPR_RCX, body->default_rcx},
			 {HV_GPR_RDX, body->default_rdx},
			 {HV_GPR_RBX, body->default_rbx}},
	};

	vp_complete(vp, &body->header, &results);
}

/* A hypercall's registers as both calling conventions give them. */
struct hypercall {
	uint64_t control;
	uint64_t input; /* gpa, or the first 8 bytes */
	uint64_t second;
};

static uint64_t pair(uint64_t high, uint64_t low)
{
	return high << 32 | (low & 0xffffffffu);
}

static struct hypercall hypercall_of(const struct hv_hypercall_intercept *body)
{
	if (body->header.execution_state & HV_EXECUTION_STATE_EFER_LMA)
		return (struct hypercall){body->rcx, body->rdx, body->r8};
	return (struct hypercall){
		.control = pair(body->rdx, body->rax),
		.input = pair(body->rbx, body->rcx),
		.second = pair(body->rdi, body->rsi),
	};
}

static uint16_t post_message(struct machine *machine,
			     const struct hypercall *call)
{
	struct hv_input_post_message input;

	if (call->control & HV_HYPERCALL_FAST)
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	if (call->input & 7)
		return HV_STATUS_INVALID_ALIGNMENT;
	if ((call->input & (HV_PAGE_SIZE - 1)) + sizeof(input) > HV_PAGE_SIZE ||
	    !memory_read(&machine->memory.view, call->input, &input,
			 sizeof(input)))
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	if (input.payload_size > HV_MESSAGE_PAYLOAD_SIZE || input.reserved ||
	    (input.message_type & HV_MESSAGE_TYPE_HYPERVISOR))
		return HV_STATUS_INVALID_PARAMETER;
	/* A server of VMBus reads only the type that VMBus uses. */
	if (input.message_type != HVMSG_VMBUS)
		return HV_STATUS_SUCCESS;
	return synic_post(&machine->synic,
			  input.connection_id & HV_CONNECTION_ID_MASK,
			  input.payload, input.payload_size);
}

static uint16_t signal_event(struct machine *machine,
			     const struct hypercall *call)
{
	struct hv_input_signal_event input;

	if (call->control & HV_HYPERCALL_FAST) {
		memcpy(&input, &call->input, sizeof(input));
	} else {
		if (call->input & 7)
			return HV_STATUS_INVALID_ALIGNMENT;
		if (!memory_read(&machine->memory.view, call->input, &input,
				 sizeof(input)))
			return HV_STATUS_INVALID_HYPERCALL_INPUT;
	}
	if (input.flag_number || input.reserved)
		return HV_STATUS_INVALID_PARAMETER;
	return synic_signal(&machine->synic,
			    input.connection_id & HV_CONNECTION_ID_MASK);
}

static uint16_t hypercall_run(struct machine *machine,
			      const struct hypercall *call)
{
	if (call->control & HV_HYPERCALL_RESERVED_MASK)
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	switch (call->control & HV_HYPERCALL_CODE_MASK) {
	case HVCALL_POST_MESSAGE:
		return post_message(machine, call);
	case HVCALL_SIGNAL_EVENT:
		return signal_event(machine, call);
	default:
		return HV_STATUS_INVALID_HYPERCALL_CODE;
	}
}

static void on_hypercall(struct vp *vp)
{
	const struct hv_hypercall_intercept *body =
		(const void *)vp->message.payload;
	const struct hypercall call = hypercall_of(body);
	struct hv_intercept_header header = body->header;
	struct machine *machine = vp->machine;
	struct vp_results results = {.count = 1};

	loop_lock(&machine->loop);
	results.gprs[0].index = HV_GPR_RAX;
	results.gprs[0].value = hypercall_run(machine, &call);
	loop_unlock(&machine->loop);
	/* 32-bit callers get the upper half in EDX. */
	if (!(header.execution_state & HV_EXECUTION_STATE_EFER_LMA)) {
		results.count = 2;
		results.gprs[1].index = HV_GPR_RDX;
	}
	if (!(header.instruction_length_and_cr8 &
	      HV_INTERCEPT_INSTRUCTION_LENGTH_MASK))
		header.instruction_length_and_cr8 |= HYPERCALL_LENGTH;
	vp_complete(vp, &header, &results);
}

/* The hypervisor halts vps itself; one that tells us needs nothing more. */
static void on_halt(struct vp *vp)
{
	vp_complete(vp, header_of(vp), &nothing);
}

static void on_eoi(struct vp *vp)
{
	const struct hv_apic_eoi_message *body =
		(const void *)vp->message.payload;
	struct machine *machine = vp->machine;

	loop_lock(&machine->loop);
	irq_ended(&machine->irq, (uint8_t)body->vector);
	loop_unlock(&machine->loop);
}

static void on_deliverable(struct vp *vp)
{
	struct machine *machine = vp->machine;
	uint8_t vector;
	bool taken;

	loop_lock(&machine->loop);
	vp->wanted &= ~HV_DELIVERABILITY_INTERRUPT;
	taken = vp->index == 0 && irq_take_extint(&machine->irq, &vector);
	loop_unlock(&machine->loop);
	if (taken)
		vp_inject_extint(vp, vector);
}

static void on_sint_deliverable(struct vp *vp)
{
	const struct hv_sint_deliverable *body =
		(const void *)vp->message.payload;
	struct machine *machine = vp->machine;

	loop_lock(&machine->loop);
	vp->wanted &= ~((uint64_t)body->deliverable_sints
			<< HV_DELIVERABILITY_SINTS_SHIFT);
	synic_deliverable(&machine->synic);
	loop_unlock(&machine->loop);
}

static void broken(struct vp *vp, const char *why)
{
	struct machine *machine = vp->machine;

	crash_report_state(vp);
	loop_lock(&machine->loop);
	machine->port.event(&machine->port, MACHINE_BROKEN, why);
	loop_unlock(&machine->loop);
}

static void on_unrecoverable(struct vp *vp)
{
	broken(vp, "triple fault");
}

static void on_invalid_register(struct vp *vp)
{
	broken(vp, "invalid processor state");
}

static void on_unsupported(struct vp *vp)
{
	broken(vp, "uses a feature that is not there");
}

static void on_exception(struct vp *vp)
{
	const struct hv_exception_intercept *body =
		(const void *)vp->message.payload;
	const struct insn_fault fault = {
		.vector = (uint8_t)body->vector,
		.has_error_code =
			body->exception_info & HV_EXCEPTION_ERROR_CODE_VALID,
		.error_code = body->error_code,
		.address = body->parameter,
	};

	vp_inject_fault(vp, &fault); /* nobody asked for it: back it goes */
}

struct message_form {
	uint32_t type;
	enum vp_count count;
	void (*handle)(struct vp *vp);
};

/* The frequent ones first. */
static const struct message_form forms[] = {
	{HVMSG_IO_PORT_INTERCEPT, VP_COUNT_IO_PORT, on_io_port},
	{HVMSG_UNMAPPED_GPA, VP_COUNT_MEMORY, on_memory},
	{HVMSG_GPA_INTERCEPT, VP_COUNT_MEMORY, on_memory},
	{HVMSG_HYPERCALL_INTERCEPT, VP_COUNT_HYPERCALL, on_hypercall},
	{HVMSG_INTERRUPTION_DELIVERABLE, VP_COUNT_OTHER, on_deliverable},
	{HVMSG_SYNIC_SINT_DELIVERABLE, VP_COUNT_OTHER, on_sint_deliverable},
	{HVMSG_APIC_EOI, VP_COUNT_EOI, on_eoi},
	{HVMSG_MSR_INTERCEPT, VP_COUNT_MSR, on_msr},
	{HVMSG_CPUID_INTERCEPT, VP_COUNT_CPUID, on_cpuid},
	{HVMSG_HALT, VP_COUNT_HALT, on_halt},
	{HVMSG_EXCEPTION_INTERCEPT, VP_COUNT_OTHER, on_exception},
	{HVMSG_UNRECOVERABLE_EXCEPTION, VP_COUNT_OTHER, on_unrecoverable},
	{HVMSG_INVALID_VP_REGISTER_VALUE, VP_COUNT_OTHER, on_invalid_register},
	{HVMSG_UNSUPPORTED_FEATURE, VP_COUNT_OTHER, on_unsupported},
};

void vp_intercepted(struct vp *vp)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (forms[i].type != vp->message.header.type)
			continue;
		atomic_fetch_add(&vp->counts[forms[i].count], 1);
		forms[i].handle(vp);
		return;
	}
	atomic_fetch_add(&vp->counts[VP_COUNT_OTHER], 1);
	device_log("vp", "%u: message of type %#x is unknown", vp->index,
		   vp->message.header.type);
}
