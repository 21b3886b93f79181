/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The dispatcher: form, privilege, where input and output may lie. */
#include "world.h"

#include "abi/bulkhead.h"
#include "abi/cpuid.h"
#include "abi/hypercall_parent.h"
#include "abi/hypercall_parent_synic.h"
#include "abi/msr.h"
#include "hv/core/handler.h"
#include "hv/core/hypercall.h"
#include "hv/core/lp.h"

#define INTERCEPT_PAGE 0x9000u /* of the parent */

static struct partition *child;
static struct vp *vp;
static uint64_t *gpr;

static void set_control(uint64_t cr0, uint64_t efer)
{
	const struct hv_register_value cr0_value = {.u64 = cr0};
	const struct hv_register_value efer_value = {.u64 = efer};

	virt->vp_set(vp->virt, HV_REGISTER_CR0, &cr0_value);
	virt->vp_set(vp->virt, HV_REGISTER_EFER, &efer_value);
}

static int setup(void **state)
{
	world_setup(state);
	child = world_child(2);
	vp = child->vps[0];
	vp->suspended = 0;
	vp->intercept_page = GPA(INTERCEPT_PAGE);
	gpr = vp->virt->registers.gpr;
	child->guest_os_id = 1;
	set_control(1, BIT(10));
	return 0;
}

static void execute(void)
{
	const struct virt_intercept intercept = {
		.kind = VIRT_HYPERCALL,
		.instruction_length = 3,
		.long_mode = vp_register(vp, HV_REGISTER_EFER).u64 != 0};

	handler_run(vp, &intercept);
}

/* A hypercall of the child, in 64-bit mode. */
static uint64_t call(uint64_t control, uint64_t input, uint64_t output)
{
	uint64_t rip = vp->virt->registers.rip;

	gpr[VIRT_RCX] = control;
	gpr[VIRT_RDX] = input;
	gpr[VIRT_R8] = output;
	execute();
	assert_true(vp->virt->registers.rip == rip + 3);
	return gpr[VIRT_RAX];
}

static const struct hv_message *message(void)
{
	return world_memory(hypervisor.parent, INTERCEPT_PAGE);
}

#define FAST BIT(16)

static void who_may_not_call_gets_ud(void **state)
{
	(void)state;
	vp->virt->registers.cpl = 3;
	execute();
	assert_int_equal(vp->pending.vector, VP_VECTOR_UD);
	vp->virt->registers.cpl = 0;
	vp->pending.valid = false;
	child->guest_os_id = 0;
	execute();
	assert_true(vp->pending.valid);
	vp->pending.valid = false;
	child->guest_os_id = 1;
	set_control(0, 0);
	execute();
	assert_true(vp->pending.valid);
}

static void form_is_checked_first(void **state)
{
	const uint64_t signal = HVCALL_SIGNAL_EVENT;

	(void)state;
	assert_int_equal(call(0x7777, 0, 0), HV_STATUS_INVALID_HYPERCALL_CODE);
	assert_int_equal(call(signal | BIT(27), 0, 0),
			 HV_STATUS_INVALID_HYPERCALL_INPUT);
	assert_int_equal(call(signal | BIT(31), 0, 0),
			 HV_STATUS_INVALID_HYPERCALL_INPUT);
	assert_int_equal(call(signal | BIT(17), 0, 0),
			 HV_STATUS_INVALID_HYPERCALL_INPUT);
	assert_int_equal(call(signal | BIT(32), 0, 0),
			 HV_STATUS_INVALID_HYPERCALL_INPUT);
	assert_int_equal(call(HVCALL_POST_MESSAGE | FAST, 0, 0),
			 HV_STATUS_INVALID_HYPERCALL_INPUT);
	assert_int_equal(call(signal, 0x1004, 0), HV_STATUS_INVALID_ALIGNMENT);
	assert_int_equal(call(HVCALL_POST_MESSAGE, 0x1ff8, 0),
			 HV_STATUS_INVALID_HYPERCALL_INPUT);
	assert_int_equal(call(signal, WORLD_CHILD_MEMORY, 0),
			 HV_STATUS_INVALID_HYPERCALL_INPUT);
	assert_int_equal(call(signal | FAST, 5, 0),
			 HV_STATUS_INVALID_CONNECTION_ID);
	assert_int_equal(call(signal | FAST, 5 | 1ull << 48, 0),
			 HV_STATUS_INVALID_PARAMETER);
}

static void children_do_not_call_as_parents(void **state)
{
	(void)state;
	for (uint32_t code = 0; code < 0x10000; code++) {
		const struct hypercall *known = hypercall_find((uint16_t)code);

		if (!known || code == HVCALL_POST_MESSAGE ||
		    code == HVCALL_SIGNAL_EVENT)
			continue;
		uint64_t reps = known->form & HYPERCALL_REP ? BIT(32) : 0;

		assert_int_equal(call(code | reps, 0x1000, 0x2000),
				 HV_STATUS_ACCESS_DENIED);
	}
}

/* The output of somebody's call before must not come out here. */
static void a_refused_call_gives_no_output(void **state)
{
	const uint64_t *output = world_memory(child, 0x2000);

	(void)state;
	memset(hypervisor.lps[0]->output, 0x5e, PAGE_SIZE);
	assert_int_equal(
		call(HVCALL_GET_VP_REGISTERS | 100ull << 32 | 99ull << 48,
		     0x1000, 0x2000) &
			0xffff,
		HV_STATUS_ACCESS_DENIED);
	for (unsigned int i = 0; i < PAGE_SIZE / 8; i++)
		assert_int_equal(output[i], 0);
}

static void registers_of_32_bits(void **state)
{
	(void)state;
	set_control(1, 0);
	gpr[VIRT_RDX] = 0;
	gpr[VIRT_RAX] = HVCALL_SIGNAL_EVENT | FAST;
	gpr[VIRT_RBX] = 0;
	gpr[VIRT_RCX] = 5;
	execute();
	assert_int_equal(gpr[VIRT_RAX], HV_STATUS_INVALID_CONNECTION_ID);
	assert_int_equal(gpr[VIRT_RDX], 0);
}

static void what_the_parent_wants_to_see(void **state)
{
	struct hv_input_install_intercept input = {
		.partition_id = child->id,
		.access_type = 4,
		.intercept_type = HV_INTERCEPT_TYPE_HYPERCALL};
	uint64_t rip = vp->virt->registers.rip;

	(void)state;
	assert_int_equal(
		world_do(HVCALL_INSTALL_INTERCEPT, &input, sizeof(input)),
		HV_STATUS_SUCCESS);
	gpr[VIRT_RCX] = 0x7777;
	execute();
	assert_int_equal(message()->header.type, HVMSG_HYPERCALL_INTERCEPT);
	assert_true(vp->virt->registers.rip == rip);
	vp->suspended = 0;
	/* An unknown connection, the other kind. */
	gpr[VIRT_RCX] = HVCALL_SIGNAL_EVENT | FAST;
	gpr[VIRT_RDX] = 5;
	execute();
	assert_int_equal(gpr[VIRT_RAX], HV_STATUS_INVALID_CONNECTION_ID);
	input.intercept_type = HV_INTERCEPT_TYPE_UNKNOWN_SYNIC_CONNECTION;
	assert_int_equal(
		world_do(HVCALL_INSTALL_INTERCEPT, &input, sizeof(input)),
		HV_STATUS_SUCCESS);
	memset(world_memory(hypervisor.parent, INTERCEPT_PAGE), 0, 64);
	gpr[VIRT_RCX] = HVCALL_SIGNAL_EVENT | FAST;
	execute();
	assert_int_equal(message()->header.type, HVMSG_HYPERCALL_INTERCEPT);
	assert_int_equal(vp->suspended, VP_INTERCEPT_SUSPEND);
	input.access_type = 0;
	assert_int_equal(
		world_do(HVCALL_INSTALL_INTERCEPT, &input, sizeof(input)),
		HV_STATUS_SUCCESS);
	vp->suspended = 0;
	assert_int_equal(call(HVCALL_SIGNAL_EVENT | FAST, 5, 0),
			 HV_STATUS_INVALID_CONNECTION_ID);
	input.intercept_type = 0x44;
	assert_int_equal(
		world_do(HVCALL_INSTALL_INTERCEPT, &input, sizeof(input)),
		HV_STATUS_INVALID_PARAMETER);
}

static void malformed_messages_are_refused(void **state)
{
	struct hv_input_post_message *input = world_memory(child, 0x1000);

	(void)state;
	input->payload_size = HV_MESSAGE_PAYLOAD_SIZE + 1;
	assert_int_equal(call(HVCALL_POST_MESSAGE, 0x1000, 0),
			 HV_STATUS_INVALID_PARAMETER);
	input->payload_size = 4;
	input->message_type = HVMSG_TIMER_EXPIRED;
	assert_int_equal(call(HVCALL_POST_MESSAGE, 0x1000, 0),
			 HV_STATUS_INVALID_PARAMETER);
	input->message_type = 1;
	assert_int_equal(call(HVCALL_POST_MESSAGE, 0x1000, 0),
			 HV_STATUS_INVALID_CONNECTION_ID);
	assert_int_equal(vp->counters[VP_COUNT_MESSAGES], 0);
	child->intercepts = BIT(HV_INTERCEPT_TYPE_UNKNOWN_SYNIC_CONNECTION);
	gpr[VIRT_RCX] = HVCALL_POST_MESSAGE;
	gpr[VIRT_RDX] = 0x1000;
	execute();
	assert_int_equal(vp->counters[VP_COUNT_MESSAGES], 1);
}

/* ---- Intercepts of all kinds ---- */

static void intercepted(const struct virt_intercept *intercept, uint32_t type)
{
	memset(world_memory(hypervisor.parent, INTERCEPT_PAGE), 0, 64);
	vp->suspended = 0;
	handler_run(vp, intercept);
	assert_int_equal(message()->header.type, type);
	assert_int_equal(vp->suspended, VP_INTERCEPT_SUSPEND);
}

static void children_are_intercepted(void **state)
{
	const struct virt_intercept io = {.kind = VIRT_IO,
					  .instruction_length = 1,
					  .io = {.port = 0x3f8,
						 .size = 1,
						 .string = true,
						 .repeat = true}};
	const struct virt_intercept in = {
		.kind = VIRT_IO, .io = {.port = 0x60, .size = 4, .in = true}};
	struct virt_intercept memory = {
		.kind = VIRT_GPA,
		.memory = {.gpa = GPA(1ull << 32),
			   .access = VIRT_ACCESS_WRITE}};
	const struct virt_intercept rdmsr = {.kind = VIRT_MSR, .msr = 0x123456};
	const struct virt_intercept triple = {.kind = VIRT_TRIPLE_FAULT};
	const struct virt_intercept failed = {.kind = VIRT_FAILED, .data = 9};
	const struct hv_memory_intercept *body = (void *)message()->payload;

	(void)state;
	intercepted(&io, HVMSG_IO_PORT_INTERCEPT);
	intercepted(&in, HVMSG_IO_PORT_INTERCEPT);
	intercepted(&memory, HVMSG_UNMAPPED_GPA);
	memory.memory.gpa = GPA(0x1000);
	vp->suspended = 0;
	handler_run(vp, &memory); /* mapped meanwhile */
	assert_int_equal(vp->suspended, 0);
	memory.memory.access = VIRT_ACCESS_EXECUTE;
	memory.memory.gpa = GPA(2ull << 32);
	memory.byte_count = 3;
	memory.bytes[2] = 7;
	intercepted(&memory, HVMSG_UNMAPPED_GPA);
	assert_int_equal(body->instruction_bytes[2], 7);
	intercepted(&rdmsr, HVMSG_MSR_INTERCEPT);
	intercepted(&triple, HVMSG_UNRECOVERABLE_EXCEPTION);
	intercepted(&failed, HVMSG_UNRECOVERABLE_EXCEPTION);
	assert_int_equal(vp->counters[VP_COUNT_INTERCEPTS], 7);
}

static void unknown_msrs_as_the_parent_wants(void **state)
{
	struct virt_intercept rdmsr = {
		.kind = VIRT_MSR, .instruction_length = 2, .msr = 0x123456};

	(void)state;
	child->unimplemented_msr =
		HV_UNIMPLEMENTED_MSR_ACTION_IGNORE_WRITE_READ_ZERO;
	gpr[VIRT_RAX] = 5;
	handler_run(vp, &rdmsr);
	assert_int_equal(gpr[VIRT_RAX], 0);
	rdmsr.write = true;
	gpr[VIRT_RAX] = 5;
	handler_run(vp, &rdmsr);
	assert_int_equal(gpr[VIRT_RAX], 5);
	assert_int_equal(fake_vp(vp->virt)->skipped, 4);
	child->unimplemented_msr = HV_UNIMPLEMENTED_MSR_ACTION_FAULT;
	handler_run(vp, &rdmsr);
	assert_int_equal(vp->pending.vector, VP_VECTOR_GP);
}

static void what_is_done_here(void **state)
{
	const struct virt_intercept undefined = {.kind = VIRT_UNDEFINED};
	const struct virt_intercept cache = {.kind = VIRT_CACHE,
					     .instruction_length = 2};
	const struct virt_intercept halt = {.kind = VIRT_HALT,
					    .instruction_length = 1};
	const struct virt_intercept xsetbv = {.kind = VIRT_XSETBV, .data = 4};

	(void)state;
	handler_run(vp, &undefined);
	assert_int_equal(vp->pending.vector, VP_VECTOR_UD);
	vp->pending.valid = false;
	vp->virt->registers.cpl = 3;
	handler_run(vp, &cache);
	assert_int_equal(vp->pending.vector, VP_VECTOR_GP);
	vp->pending.valid = false;
	vp->virt->registers.cpl = 0;
	handler_run(vp, &cache);
	handler_run(vp, &halt);
	assert_true(vp->halted);
	assert_int_equal(fake_vp(vp->virt)->skipped, 3);
	handler_run(vp, &xsetbv);
	assert_int_equal(vp->pending.vector, VP_VECTOR_GP);
}

static void the_debug_uart_is_not_the_parents(void **state)
{
	struct virt_intercept in = {.kind = VIRT_IO,
				    .instruction_length = 1,
				    .io = {.in = true, .size = 1}};

	(void)state;
	vp = hypervisor_parent_vp(0);
	gpr = vp->virt->registers.gpr;
	gpr[VIRT_RAX] = 0x100;
	handler_run(vp, &in);
	assert_int_equal(gpr[VIRT_RAX], 0x1ff);
	in.io.size = 2;
	handler_run(vp, &in);
	assert_int_equal(gpr[VIRT_RAX], 0xffff);
	in.io.size = 4;
	handler_run(vp, &in);
	assert_int_equal(gpr[VIRT_RAX], 0xffffffff);
}

/* ---- Our own ---- */

static void stats_log_and_schedule(void **state)
{
	struct bulkhead_input_get_stats input = {.partition_id = child->id,
						 .vp_index = HV_VP_INDEX_ANY};
	struct bulkhead_input_set_schedule schedule = {
		.partition_id = child->id,
		.schedule = {.valid = BULKHEAD_SCHEDULE_WEIGHT, .weight = 7}};
	const struct bulkhead_input_read_log from = {0};
	static struct bulkhead_output_read_log log;
	struct bulkhead_stats stats;
	struct world_call get = {.code = HVCALL_BULKHEAD_GET_STATS,
				 .input = &input,
				 .size = sizeof(input),
				 .output = &stats,
				 .output_size = sizeof(stats)};
	struct world_call read = {.code = HVCALL_BULKHEAD_READ_LOG,
				  .input = &from,
				  .size = sizeof(from),
				  .output = &log,
				  .output_size = sizeof(log)};

	(void)state;
	for (unsigned int i = 0; i < VP_COUNTERS; i++)
		vp->counters[i] = i;
	assert_int_equal(world_call(&get), HV_STATUS_SUCCESS);
	assert_int_equal(stats.vp_count, 2);
	assert_int_equal(stats.signals, VP_COUNT_SIGNALS);
	assert_int_equal(stats.messages, VP_COUNT_MESSAGES);
	assert_int_equal(stats.event_flags_set, VP_COUNT_FLAGS);
	assert_int_equal(stats.preemptions, VP_COUNT_PREEMPTIONS);
	assert_int_equal(stats.migrations, VP_COUNT_MIGRATIONS);
	assert_int_equal(stats.mapped_4k_pages, WORLD_CHILD_MEMORY / PAGE_SIZE);
	input.vp_index = 1;
	assert_int_equal(world_call(&get), HV_STATUS_SUCCESS);
	assert_int_equal(stats.vp_count, 1);
	input.vp_index = 5;
	assert_int_equal(world_call(&get), HV_STATUS_INVALID_VP_INDEX);
	assert_int_equal(world_call(&read), HV_STATUS_SUCCESS);
	assert_int_equal(world_do(HVCALL_BULKHEAD_SET_SCHEDULE, &schedule,
				  sizeof(schedule)),
			 HV_STATUS_SUCCESS);
	assert_int_equal(child->weight, 7);
	schedule.schedule.weight = 0;
	assert_int_equal(world_do(HVCALL_BULKHEAD_SET_SCHEDULE, &schedule,
				  sizeof(schedule)),
			 HV_STATUS_INVALID_PARAMETER);
	schedule.schedule.valid = ~0u;
	assert_int_equal(world_do(HVCALL_BULKHEAD_SET_SCHEDULE, &schedule,
				  sizeof(schedule)),
			 HV_STATUS_FEATURE_UNAVAILABLE);
}

static void interrupts_are_asserted(void **state)
{
	struct hv_input_assert_virtual_interrupt input = {
		.partition_id = child->id, .vector = 0x70};

	(void)state;
	world_apic_on(vp, false);
	assert_int_equal(world_do(HVCALL_ASSERT_VIRTUAL_INTERRUPT, &input,
				  sizeof(input)),
			 HV_STATUS_SUCCESS);
	assert_true(world_requested(vp, 0x70));
	input.vector = 15;
	assert_int_equal(world_do(HVCALL_ASSERT_VIRTUAL_INTERRUPT, &input,
				  sizeof(input)),
			 HV_STATUS_INVALID_PARAMETER);
	input.control = HV_INTERRUPT_TYPE_NMI;
	assert_int_equal(world_do(HVCALL_ASSERT_VIRTUAL_INTERRUPT, &input,
				  sizeof(input)),
			 HV_STATUS_SUCCESS);
	assert_true(vp->requests & VP_REQUEST_NMI);
	input.control = 0x55;
	assert_int_equal(world_do(HVCALL_ASSERT_VIRTUAL_INTERRUPT, &input,
				  sizeof(input)),
			 HV_STATUS_INVALID_PARAMETER);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(who_may_not_call_gets_ud),
		TEST(form_is_checked_first),
		TEST(children_do_not_call_as_parents),
		TEST(a_refused_call_gives_no_output),
		TEST(registers_of_32_bits),
		TEST(what_the_parent_wants_to_see),
		TEST(malformed_messages_are_refused),
		TEST(children_are_intercepted),
		TEST(unknown_msrs_as_the_parent_wants),
		TEST(what_is_done_here),
		TEST(the_debug_uart_is_not_the_parents),
		TEST(stats_log_and_schedule),
		TEST(interrupts_are_asserted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
