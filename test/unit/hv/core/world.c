/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fake machine with a parent on it, and children made for a test. */
#include "world.h"

#include <sanitizer/asan_interface.h>
#include <stdlib.h>
#include <ucontext.h>

#include "abi/hypercall_parent.h"
#include "abi/msr.h"
#include "hv/core/gpa.h"
#include "hv/core/hypercall.h"
#include "hv/core/lp.h"

/* Children's memory is the parent's from here on, one after the other. */
#define CHILDREN_START (16ull << 20)

/* Each logical processor's hypervisor_run() has a stack of its own. */
#define STACK_SIZE (256u << 10)

static struct runner {
	ucontext_t context;
	void *stack;
	bool started;
} runners[FAKE_LPS];
static ucontext_t test_context;

static void yield(void)
{
	if (runners[fake.lp].started)
		swapcontext(&runners[fake.lp].context, &test_context);
}

int world_setup(void **state)
{
	(void)state;
	fake_start(2);
	fake.yield = yield;
	return 0;
}

int world_teardown(void **state)
{
	(void)state;
	/* The stacks are for the next test as well. */
	for (unsigned int i = 0; i < FAKE_LPS; i++)
		runners[i].started = false;
	fake_stop();
	return 0;
}

void world_run(uint32_t lp)
{
	struct runner *runner = &runners[lp];
	uint32_t before = fake.lp;

	fake.lp = lp;
	if (!runner->started) {
		if (!runner->stack)
			runner->stack = malloc(STACK_SIZE);
		assert_non_null(runner->stack);
		/* Nobody returned from the frames of the test before. */
		ASAN_UNPOISON_MEMORY_REGION(runner->stack, STACK_SIZE);
		getcontext(&runner->context);
		runner->context.uc_stack.ss_sp = runner->stack;
		runner->context.uc_stack.ss_size = STACK_SIZE;
		makecontext(&runner->context, hypervisor_run, 0);
		runner->started = true;
	}
	swapcontext(&test_context, &runner->context);
	fake.lp = before;
}

struct vp *world_running(uint32_t lp)
{
	return hypervisor.lps[lp]->current;
}

/* ---- Hypercalls of the parent ---- */

#define CALL_INPUT  0x2a7c000u
#define CALL_OUTPUT 0x2a7d000u
#define ENTRIES_MAX 100000u

static void long_mode(struct vp *vp)
{
	const struct hv_register_value lma = {.u64 = BIT(10)};
	const struct hv_register_value pe = {.u64 = 1};

	virt->vp_set(vp->virt, HV_REGISTER_EFER, &lma);
	virt->vp_set(vp->virt, HV_REGISTER_CR0, &pe);
	vp->virt->registers.cpl = 0;
}

static void place_input(const struct world_call *call, uint64_t *gpr)
{
	uint64_t words[2] = {CALL_INPUT, CALL_OUTPUT};

	if (call->fast)
		memcpy(words, call->input, MIN(call->size, sizeof(words)));
	else
		memcpy(world_memory(hypervisor.parent, CALL_INPUT), call->input,
		       call->size);
	gpr[VIRT_RCX] = call->code | (uint64_t)call->fast << 16 |
			(uint64_t)(call->variable / 8) << 17 |
			(uint64_t)call->reps << 32;
	gpr[VIRT_RDX] = words[0];
	gpr[VIRT_R8] = words[1];
}

enum hv_status world_call(struct world_call *call)
{
	const struct virt_intercept intercept = {.kind = VIRT_HYPERCALL,
						 .instruction_length = 3,
						 .long_mode = true};
	struct vp *vp = hypervisor_parent_vp(0);
	struct virt_registers *registers = &vp->virt->registers;
	uint64_t rip = registers->rip;

	hypervisor.parent->guest_os_id = 1;
	long_mode(vp);
	place_input(call, registers->gpr);
	memset(world_memory(hypervisor.parent, CALL_OUTPUT), 0xaa, PAGE_SIZE);
	for (call->entries = 1;; call->entries++) {
		hypercall_run(vp, &intercept);
		if (registers->rip != rip)
			break;
		assert_true(call->entries < ENTRIES_MAX);
		for (uint32_t i = 0; i < hypervisor.config.lps; i++) {
			if (i > 0 || runners[0].started)
				world_run(i);
		}
	}
	if (call->output)
		memcpy(call->output,
		       world_memory(hypervisor.parent, CALL_OUTPUT),
		       call->output_size);
	call->done = registers->gpr[VIRT_RAX] >> 32 & 0xfff;
	return registers->gpr[VIRT_RAX] & 0xffff;
}

enum hv_status world_do(uint16_t code, const void *input, uint32_t size)
{
	struct world_call call = {.code = code, .input = input, .size = size};

	return world_call(&call);
}

enum hv_status world_set(struct vp *vp, uint32_t name, uint64_t value)
{
	struct {
		struct hv_input_set_vp_registers header;
		struct hv_register_assoc element;
	} input = {{.partition_id = vp->partition->id, .vp_index = vp->index},
		   {.name = name, .value.u64 = value}};
	struct world_call call = {.code = HVCALL_SET_VP_REGISTERS,
				  .reps = 1,
				  .input = &input,
				  .size = sizeof(input)};

	return world_call(&call);
}

enum hv_status world_get(struct vp *vp, uint32_t name,
			 struct hv_register_value *value)
{
	struct {
		struct hv_input_get_vp_registers header;
		uint32_t name;
	} input = {{.partition_id = vp->partition->id, .vp_index = vp->index},
		   name};
	struct world_call call = {.code = HVCALL_GET_VP_REGISTERS,
				  .reps = 1,
				  .input = &input,
				  .size = sizeof(input),
				  .output = value,
				  .output_size = sizeof(*value)};

	return world_call(&call);
}

void world_delete(struct partition *child)
{
	const uint64_t id = child->id;

	assert_int_equal(world_do(HVCALL_DELETE_PARTITION, &id, sizeof(id)),
			 HV_STATUS_SUCCESS);
	assert_null(partition_get(hypervisor.parent, id));
}

static uint64_t memory_start(const struct partition *partition)
{
	return CHILDREN_START + partition->id * WORLD_CHILD_MEMORY;
}

static void map_memory(struct partition *child)
{
	for (uint64_t at = 0; at < WORLD_CHILD_MEMORY; at += PAGE_SIZE) {
		const struct virt_mapping mapping = {
			.gpa = GPA(at),
			.spa = SPA(memory_start(child) + at),
			.size = PAGE_SIZE,
			.rights = VIRT_MAP_READ | VIRT_MAP_WRITE |
				  VIRT_MAP_EXECUTE,
		};

		assert_int_equal(gpa_map(child, &mapping), HV_STATUS_SUCCESS);
	}
}

struct partition *world_child(uint32_t vps)
{
	struct partition *child;

	assert_int_equal(partition_create(hypervisor.parent, &child),
			 HV_STATUS_SUCCESS);
	child->state = PARTITION_ACTIVE;
	for (uint32_t i = 0; i < vps; i++) {
		child->vps[i] = vp_create(child, i, VP_EXPLICIT_SUSPEND);
		assert_non_null(child->vps[i]);
		child->vp_limit = i + 1;
	}
	map_memory(child);
	return child;
}

void *world_memory(const struct partition *partition, uint64_t gpa)
{
	uint64_t start =
		partition_is_parent(partition) ? 0 : memory_start(partition);

	return fake.ram + start + gpa;
}

uint64_t world_rdmsr(struct vp *vp, uint32_t msr)
{
	uint64_t value = 0;

	assert_int_equal(msr_read(vp, msr, &value), MSR_DONE);
	return value;
}

void world_wrmsr(struct vp *vp, uint32_t msr, uint64_t value)
{
	assert_int_equal(msr_write(vp, msr, value), MSR_DONE);
}

bool world_wrmsr_faults(struct vp *vp, uint32_t msr, uint64_t value)
{
	return msr_write(vp, msr, value) == MSR_FAULT;
}

bool world_rdmsr_faults(struct vp *vp, uint32_t msr)
{
	uint64_t value;

	return msr_read(vp, msr, &value) == MSR_FAULT;
}

void world_apic_on(struct vp *vp, bool x2apic)
{
	if (x2apic)
		world_wrmsr(vp, 0x1b, vp->apic.base | APIC_BASE_X2APIC);
	if (x2apic)
		world_wrmsr(vp, 0x80f, 0x1ff);
	else
		apic_page_write(vp, 0xf0, 0x1ff);
}

bool world_requested(const struct vp *vp, uint8_t vector)
{
	return vp->apic.irr[vector / 32] >> vector % 32 & 1;
}

int world_take(struct vp *vp)
{
	bool blocked;
	int vector = apic_deliverable(vp, &blocked);

	if (vector != VECTOR_NONE)
		apic_accept(vp, (uint8_t)vector);
	return vector;
}

void world_pass_us(struct vp *vp, uint64_t us)
{
	fake.now += us * (FAKE_TSC_HZ / 1000000);
	while (vp->timers.deadline <= fake.now)
		timer_expire(vp, fake.now);
}
