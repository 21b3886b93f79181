/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The dispatcher of hypercalls: decodes, checks, runs, answers. TLFS 3. */
#include "hypercall.h"

#include "../../abi/msr.h"
#include "../lib/string.h"
#include "gpa.h"
#include "intercept.h"
#include "lp.h"
#include "vp.h"

#define CR0_PE BIT(0)

/* How long the reps of one entry may take, as the TLFS wants it; then the
 * caller's RCX tells where to go on. */
#define REPS_PER_SECOND 20000

struct registers {
	uint64_t control;
	uint64_t input;	 /* address, or first 8 bytes */
	uint64_t output; /* address, or second 8 bytes */
	bool is_long;
};

static uint64_t pair(const uint64_t *gpr, unsigned int high, unsigned int low)
{
	return gpr[high] << 32 | (uint32_t)gpr[low];
}

static struct registers registers_of(const uint64_t *gpr, bool long_mode)
{
	if (long_mode)
		return (struct registers){gpr[VIRT_RCX], gpr[VIRT_RDX],
					  gpr[VIRT_R8], true};
	return (struct registers){pair(gpr, VIRT_RDX, VIRT_RAX),
				  pair(gpr, VIRT_RBX, VIRT_RCX),
				  pair(gpr, VIRT_RDI, VIRT_RSI), false};
}

static void answer(struct vp *vp, const struct registers *registers,
		   uint64_t result)
{
	uint64_t *gpr = vp->virt->registers.gpr;

	gpr[VIRT_RAX] = registers->is_long ? result : (uint32_t)result;
	if (!registers->is_long)
		gpr[VIRT_RDX] = result >> 32;
}

static void set_rep_start(struct vp *vp, const struct registers *registers,
			  uint32_t start)
{
	uint64_t *gpr = vp->virt->registers.gpr;
	uint64_t control = (registers->control & ~HV_HYPERCALL_REP_START_MASK) |
			   (uint64_t)start << HV_HYPERCALL_REP_START_SHIFT;

	if (registers->is_long)
		gpr[VIRT_RCX] = control;
	else
		gpr[VIRT_RDX] = control >> 32;
}

/* ---- Input and output ---- */

static uint32_t input_size(const struct hypercall_call *call)
{
	return call->definition->input + call->variable +
	       call->count * call->definition->rep_input;
}

static uint32_t output_size(const struct hypercall_call *call)
{
	return call->definition->output +
	       call->count * call->definition->rep_output;
}

static enum hv_status check_page(uint64_t address, uint32_t size)
{
	if (address & 7)
		return HV_STATUS_INVALID_ALIGNMENT;
	if ((address & PAGE_MASK) + size > PAGE_SIZE)
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	return HV_STATUS_SUCCESS;
}

static enum hv_status take_input(struct hypercall_call *call,
				 const struct registers *registers)
{
	uint32_t size = input_size(call);
	uint64_t *words = call->input;

	if (call->fast) {
		if (size > 16 || output_size(call))
			return HV_STATUS_INVALID_HYPERCALL_INPUT;
		words[0] = registers->input;
		words[1] = registers->output;
		return HV_STATUS_SUCCESS;
	}
	if (!size)
		return HV_STATUS_SUCCESS;
	enum hv_status status = check_page(registers->input, size);

	if (status != HV_STATUS_SUCCESS)
		return status;
	if (!gpa_read(call->vp->partition, GPA(registers->input), call->input,
		      size))
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	return HV_STATUS_SUCCESS;
}

static enum hv_status check_output(struct hypercall_call *call,
				   const struct registers *registers)
{
	uint32_t size = output_size(call);

	if (!size)
		return HV_STATUS_SUCCESS;
	enum hv_status status = check_page(registers->output, size);

	if (status != HV_STATUS_SUCCESS)
		return status;
	if (!gpa_pointer(call->vp->partition, GPA(registers->output),
			 VIRT_MAP_READ | VIRT_MAP_WRITE))
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	memset(call->output, 0, size);
	return HV_STATUS_SUCCESS;
}

static void give_output(struct hypercall_call *call,
			const struct registers *registers, uint32_t size)
{
	if (size)
		gpa_write(call->vp->partition, GPA(registers->output),
			  call->output, size);
}

void *hypercall_rep_input(const struct hypercall_call *call)
{
	return (char *)call->input + call->definition->input + call->variable +
	       call->index * call->definition->rep_input;
}

void *hypercall_rep_output(const struct hypercall_call *call)
{
	return (char *)call->output + call->definition->output +
	       call->index * call->definition->rep_output;
}

struct vp *hypercall_vp(const struct hypercall_call *call, uint32_t index)
{
	if (index == HV_VP_INDEX_SELF && call->target == call->vp->partition)
		return call->vp;
	if (index >= call->target->vp_limit)
		return NULL;
	return call->target->vps[index];
}

enum hv_status hypercall_hold(struct hypercall_call *call, uint32_t index)
{
	struct vp *vp = hypercall_vp(call, index);

	if (!vp)
		return HV_STATUS_INVALID_VP_INDEX;
	if (!(vp->suspended & (VP_EXPLICIT_SUSPEND | VP_INTERCEPT_SUSPEND)))
		return HV_STATUS_INVALID_VP_STATE;
	call->again = call->held != vp && !lp_hold(vp);
	if (!call->again)
		call->held = vp;
	return HV_STATUS_SUCCESS;
}

/* ---- Checks ---- */

static enum hv_status check_form(struct hypercall_call *call, uint64_t control)
{
	const struct hypercall *definition = call->definition;
	bool rep = definition->form & HYPERCALL_REP;

	if (control & (HV_HYPERCALL_RESERVED_MASK | HV_HYPERCALL_NESTED))
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	if (call->variable && !(definition->form & HYPERCALL_VARIABLE))
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	if (!rep && (call->count || call->index))
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	if (rep && (!call->count || call->index >= call->count))
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	if (input_size(call) > PAGE_SIZE || output_size(call) > PAGE_SIZE)
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	return HV_STATUS_SUCCESS;
}

/* Finds and holds the partition that the input begins with. */
static enum hv_status take_target(struct hypercall_call *call)
{
	struct partition *caller = call->vp->partition;
	const struct hypercall *definition = call->definition;
	uint64_t id;

	if (!(definition->form & HYPERCALL_TARGET))
		return HV_STATUS_SUCCESS;
	memcpy(&id, call->input, sizeof(id));
	struct partition *target = partition_get(caller, id);

	if (!target)
		return HV_STATUS_INVALID_PARTITION_ID;
	bool own = target == caller;

	if (own ? (definition->form & HYPERCALL_CHILD)
		: target->parent != caller) {
		partition_put(target);
		return own ? HV_STATUS_OPERATION_DENIED
			   : HV_STATUS_INVALID_PARTITION_ID;
	}
	if (!(BIT(target->state) & definition->states)) {
		partition_put(target);
		return HV_STATUS_INVALID_PARTITION_STATE;
	}
	call->target = target;
	return HV_STATUS_SUCCESS;
}

static enum hv_status decode(struct hypercall_call *call,
			     const struct registers *registers)
{
	const struct hypercall *definition = call->definition;
	uint64_t granted = call->vp->partition->privileges >> 32;
	enum hv_status status = check_form(call, registers->control);

	if (status != HV_STATUS_SUCCESS)
		return status;
	if ((granted & definition->privilege) != definition->privilege)
		return HV_STATUS_ACCESS_DENIED;
	status = take_input(call, registers);
	if (status == HV_STATUS_SUCCESS)
		status = check_output(call, registers);
	if (status == HV_STATUS_SUCCESS)
		status = take_target(call);
	return status;
}

/* ---- Doing ---- */

static enum hv_status run_reps(struct hypercall_call *call)
{
	uint64_t end = cpu_now() + hypervisor.config.tsc_hz / REPS_PER_SECOND;

	do {
		enum hv_status status = call->definition->run(call);

		if (status != HV_STATUS_SUCCESS || call->again)
			return status;
		call->index++;
	} while (call->index < call->count && cpu_now() < end);
	return HV_STATUS_SUCCESS;
}

static enum hv_status perform(struct hypercall_call *call)
{
	enum hv_status status = HV_STATUS_SUCCESS;
	uint32_t vp_index;

	if (call->definition->form & HYPERCALL_STOPPED) {
		memcpy(&vp_index, (uint64_t *)call->input + 1,
		       sizeof(vp_index));
		status = hypercall_hold(call, vp_index);
	}
	if (status != HV_STATUS_SUCCESS || call->again)
		return status;
	status = call->definition->form & HYPERCALL_REP
			 ? run_reps(call)
			 : call->definition->run(call);
	if (call->definition->finish && !call->again && !call->intercepted)
		call->definition->finish(call);
	return status;
}

/* The caller has its answer, and goes on. */
static void reply(struct hypercall_call *call,
		  const struct registers *registers,
		  const struct virt_intercept *intercept, enum hv_status status)
{
	uint64_t result = status;

	if (call->definition->form & HYPERCALL_REP)
		result |= (uint64_t)call->index
			  << HV_HYPERCALL_RESULT_REPS_SHIFT;
	answer(call->vp, registers, result);
	virt->vp_skip(call->vp->virt, intercept);
}

static void conclude(struct hypercall_call *call,
		     const struct registers *registers,
		     const struct virt_intercept *intercept,
		     enum hv_status status)
{
	bool rep = call->definition->form & HYPERCALL_REP;

	if (call->intercepted)
		return;
	/* Whom it waits for may have to share our core. */
	if (call->again)
		__builtin_ia32_pause();
	/* With a finish the reps are done again, and change nothing. */
	if (call->again && (!rep || call->definition->finish))
		return;
	if (rep)
		give_output(call, registers,
			    call->index * call->definition->rep_output);
	else if (status == HV_STATUS_SUCCESS)
		give_output(call, registers, call->output_size);
	if (rep && status == HV_STATUS_SUCCESS && call->index < call->count)
		set_rep_start(call->vp, registers, call->index);
	else
		reply(call, registers, intercept, status);
}

/* Reps done in earlier entries wrote their output already: keep it. */
static void restore_output(struct hypercall_call *call,
			   const struct registers *registers)
{
	uint32_t done = call->index * call->definition->rep_output;

	if (done)
		gpa_read(call->vp->partition, GPA(registers->output),
			 call->output, done);
}

static bool permitted(struct vp *vp, const struct registers *registers)
{
	const struct partition *partition = vp->partition;

	return vp->virt->registers.cpl == 0 && partition->hyperv &&
	       partition->guest_os_id != 0 &&
	       (registers->is_long ||
		(vp_register(vp, HV_REGISTER_CR0).u64 & CR0_PE));
}

static void unknown(struct vp *vp, const struct registers *registers,
		    const struct virt_intercept *intercept)
{
	if (vp->partition->intercepts & BIT(HV_INTERCEPT_TYPE_HYPERCALL)) {
		intercept_hypercall(vp);
		return;
	}
	answer(vp, registers, HV_STATUS_INVALID_HYPERCALL_CODE);
	virt->vp_skip(vp->virt, intercept);
}

static void run(struct vp *vp, const struct hypercall *definition,
		const struct registers *registers,
		const struct virt_intercept *intercept)
{
	const struct lp *lp = lp_this();
	uint64_t control = registers->control;
	struct hypercall_call call = {
		.vp = vp,
		.definition = definition,
		.input = lp->input,
		.output = lp->output,
		.output_size = definition->output,
		.fast = control & HV_HYPERCALL_FAST,
		.variable = (uint32_t)((control & HV_HYPERCALL_VARHEAD_MASK) >>
				       HV_HYPERCALL_VARHEAD_SHIFT) *
			    8,
		.count = (uint32_t)((control & HV_HYPERCALL_REP_COUNT_MASK) >>
				    HV_HYPERCALL_REP_COUNT_SHIFT),
		.index = (uint32_t)((control & HV_HYPERCALL_REP_START_MASK) >>
				    HV_HYPERCALL_REP_START_SHIFT),
	};

	enum hv_status status = decode(&call, registers);

	if (status == HV_STATUS_SUCCESS) {
		restore_output(&call, registers);
		status = perform(&call);
		conclude(&call, registers, intercept, status);
	} else {
		reply(&call, registers, intercept, status);
	}
	if (call.held)
		lp_resume(call.held, VP_HELD);
	if (call.target)
		partition_put(call.target);
}

/* Whether it is, in the usual form, a call that its caller may not make:
 * nothing else about it needs to be looked at. */
static inline bool forbidden(const struct vp *vp, uint64_t control)
{
	const struct partition *partition = vp->partition;
	uint32_t code = control & HV_HYPERCALL_CODE_MASK;

	return !(control & ~(HV_HYPERCALL_CODE_MASK | HV_HYPERCALL_FAST)) &&
	       code < HYPERCALL_STANDARD &&
	       !(hypercall_table[code].form & HYPERCALL_REP) &&
	       (hypercall_table[code].privilege &
		~(partition->privileges >> 32)) &&
	       vp->virt->registers.cpl == 0 && partition->hyperv &&
	       partition->guest_os_id;
}

static __attribute__((noinline)) void
run_decoded(struct vp *vp, const struct virt_intercept *intercept)
{
	const struct registers registers =
		registers_of(vp->virt->registers.gpr, intercept->long_mode);
	const struct hypercall *definition =
		hypercall_find(registers.control & HV_HYPERCALL_CODE_MASK);

	if (!permitted(vp, &registers))
		vp_fault(vp, VP_VECTOR_UD);
	else if (!definition)
		unknown(vp, &registers, intercept);
	else
		run(vp, definition, &registers, intercept);
}

void hypercall_run(struct vp *vp, const struct virt_intercept *intercept)
{
	uint64_t *gpr = vp->virt->registers.gpr;

	if (intercept->long_mode && forbidden(vp, gpr[VIRT_RCX])) {
		gpr[VIRT_RAX] = HV_STATUS_ACCESS_DENIED;
		virt->vp_skip(vp->virt, intercept);
	} else {
		run_decoded(vp, intercept);
	}
}

bool hypercall_page_set(struct vp *vp, uint64_t value)
{
	struct partition *partition = vp->partition;
	uint64_t page = value & HV_MSR_PAGE_GPA_MASK;

	if (partition->hypercall_msr & HV_MSR_HYPERCALL_LOCKED)
		return true; /* writes are ignored until reset */
	if (!partition->guest_os_id)
		value &= ~HV_MSR_HYPERCALL_ENABLE;
	if (value & HV_MSR_HYPERCALL_ENABLE) {
		if (!gpa_overlay(partition, GPA(page)))
			return false;
	} else {
		gpa_overlay_remove(partition);
	}
	partition->hypercall_msr = value;
	return true;
}
