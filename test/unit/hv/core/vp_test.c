/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Before an entry: what is injected, in which order, and what has to wait. */
#include "world.h"

#include "abi/intercept.h"
#include "hv/core/gpa.h"
#include "hv/core/handler.h"
#include "hv/core/intercept.h"
#include "hv/core/lp.h"
#include "hv/core/vp_register.h"

#define INTERCEPT_PAGE 0x9000u /* of the parent */

static struct partition *child;
static struct vp *vp;
static struct virt_registers *registers;
static const struct virt_event *injected;

static int setup(void **state)
{
	world_setup(state);
	child = world_child(2);
	vp = child->vps[0];
	world_apic_on(vp, false);
	vp->suspended = 0;
	vp->intercept_page = GPA(INTERCEPT_PAGE);
	registers = &vp->virt->registers;
	registers->rflags |= BIT(9);
	injected = &fake_vp(vp->virt)->injected;
	return 0;
}

static unsigned int injections(void)
{
	return fake_vp(vp->virt)->injections;
}

static uint32_t message_type(void)
{
	const struct hv_message *message =
		world_memory(hypervisor.parent, INTERCEPT_PAGE);

	return message->header.type;
}

static void faults_go_in_whatever_the_flags_say(void **state)
{
	(void)state;
	registers->rflags = 2;
	vp_fault_error(vp, VP_VECTOR_GP, 8);
	assert_true(vp_enter(vp));
	assert_int_equal(injected->vector, VP_VECTOR_GP);
	assert_int_equal(injected->error, 8);
	assert_true(injected->has_error);
	assert_true(vp_enter(vp));
	assert_int_equal(injections(), 1);
}

static void two_contributory_faults_are_a_double_fault(void **state)
{
	(void)state;
	vp->reinject = (struct virt_event){
		.valid = true, .type = VIRT_EVENT_EXCEPTION, .vector = 13};
	vp_fault_error(vp, VP_VECTOR_PF, 2);
	assert_true(vp_enter(vp));
	assert_int_equal(injected->vector, 8);
	vp_fault(vp, VP_VECTOR_UD);
	assert_true(vp_enter(vp));
	assert_int_equal(injected->vector, VP_VECTOR_UD);
}

static void an_nmi_waits_for_the_last_one(void **state)
{
	(void)state;
	registers->nmi_masked = true;
	vp_request(vp, VP_REQUEST_NMI);
	assert_true(vp_enter(vp));
	assert_int_equal(injections(), 0);
	assert_int_equal(vp->windows, VIRT_WINDOW_NMI);
	registers->nmi_masked = false;
	assert_true(vp_enter(vp));
	assert_int_equal(injected->type, VIRT_EVENT_NMI);
	assert_int_equal(vp->windows, 0);
}

static void an_interrupt_waits_for_its_flag(void **state)
{
	(void)state;
	registers->rflags = 2;
	apic_post(vp, 0x70, false);
	assert_true(vp_enter(vp));
	assert_int_equal(injections(), 0);
	assert_int_equal(vp->windows, VIRT_WINDOW_INTERRUPT);
	registers->rflags |= BIT(9);
	registers->interrupt_shadow = true;
	assert_true(vp_enter(vp));
	assert_int_equal(injections(), 0);
	registers->interrupt_shadow = false;
	assert_true(vp_enter(vp));
	assert_int_equal(injected->vector, 0x70);
	assert_int_equal(vp->windows, 0);
}

static void priority_asks_for_the_cr8_window(void **state)
{
	(void)state;
	registers->cr8 = 9;
	apic_post(vp, 0x70, false);
	assert_true(vp_enter(vp));
	assert_int_equal(vp->windows, VIRT_WINDOW_CR8);
}

static void one_event_an_entry(void **state)
{
	(void)state;
	apic_post(vp, 0x70, false);
	apic_post(vp, 0x80, false);
	vp_external(vp, 0x21);
	vp_request(vp, VP_REQUEST_NMI);
	vp_fault(vp, VP_VECTOR_UD);
	vp->reinject = (struct virt_event){
		.valid = true, .type = VIRT_EVENT_INTERRUPT, .vector = 0x55};
	static const uint8_t order[] = {0x55, VP_VECTOR_UD, 2, 0x21, 0x80};

	for (unsigned int i = 0; i < ARRAY_SIZE(order); i++) {
		assert_true(vp_enter(vp));
		assert_int_equal(injections(), i + 1);
		assert_int_equal(injected->vector, order[i]);
	}
	apic_eoi(vp);
	assert_true(vp_enter(vp));
	assert_int_equal(injected->vector, 0x70);
}

/* Not begun, and the flags have changed: it waits, and is not lost. */
static void an_interrupt_cut_short_waits_for_its_flag(void **state)
{
	(void)state;
	registers->rflags = 2;
	vp->reinject = (struct virt_event){
		.valid = true, .type = VIRT_EVENT_INTERRUPT, .vector = 0x55};
	vp_fault(vp, VP_VECTOR_UD);
	assert_true(vp_enter(vp));
	assert_int_equal(injected->vector, VP_VECTOR_UD);
	assert_int_equal(vp->windows, VIRT_WINDOW_INTERRUPT);
	registers->rflags |= BIT(9);
	assert_true(vp_enter(vp));
	assert_int_equal(injected->vector, 0x55);
}

/* What was injected runs; else the next event would take its place. */
static void a_suspension_meanwhile_loses_no_event(void **state)
{
	(void)state;
	vp_fault(vp, VP_VECTOR_UD);
	apic_post(vp, 0x70, false);
	assert_true(vp_enter(vp));
	lp_suspend(vp, VP_EXPLICIT_SUSPEND);
	assert_false(vp_enter(vp));
	assert_int_equal(injections(), 1);
	lp_resume(vp, VP_EXPLICIT_SUSPEND);
	assert_true(vp_enter(vp));
	assert_int_equal(injected->vector, 0x70);
}

static void the_8259_may_be_acknowledged(void **state)
{
	(void)state;
	registers->rflags = 2;
	assert_int_equal(vp_register_set_live(
				 vp, HV_REGISTER_DELIVERABILITY_NOTIFICATIONS,
				 HV_DELIVERABILITY_INTERRUPT),
			 HV_STATUS_SUCCESS);
	vp->apic.lvt[APIC_LVT_LINT0] = 0x700;
	assert_true(vp_enter(vp));
	assert_int_equal(vp->windows, VIRT_WINDOW_INTERRUPT);
	registers->rflags |= BIT(9);
	assert_false(vp_enter(vp));
	assert_int_equal(message_type(), HVMSG_INTERRUPTION_DELIVERABLE);
	assert_int_equal(vp->suspended, VP_INTERCEPT_SUSPEND);
	vp_external(vp, 0x21);
	lp_resume(vp, VP_INTERCEPT_SUSPEND);
	assert_true(vp_enter(vp));
	assert_int_equal(injected->vector, 0x21);
	assert_int_equal(vp->counters[VP_COUNT_INTERCEPTS], 1);
}

static void a_free_slot_is_told_after_a_suspension(void **state)
{
	(void)state;
	vp->suspended = VP_EXPLICIT_SUSPEND;
	intercept_sint_deliverable(vp, 4);
	assert_false(vp_enter(vp));
	assert_int_equal(vp->counters[VP_COUNT_INTERCEPTS], 0);
	vp->suspended = 0;
	assert_false(vp_enter(vp));
	assert_int_equal(message_type(), HVMSG_SYNIC_SINT_DELIVERABLE);
	vp->suspended = 0;
	assert_true(vp_enter(vp));
	assert_int_equal(vp->counters[VP_COUNT_INTERCEPTS], 1);
}

static void what_ends_a_halt(void **state)
{
	(void)state;
	registers->rflags = 2;
	vp_halt(vp, false);
	assert_false(vp_has_work(vp));
	apic_post(vp, 0x70, false);
	assert_false(vp_has_work(vp));
	vp->idle_any = true;
	assert_true(vp_has_work(vp));
	vp->idle_any = false;
	vp->nmi_pending = true;
	assert_true(vp_has_work(vp));
	vp->nmi_pending = false;
	vp_fault(vp, VP_VECTOR_UD);
	assert_true(vp_has_work(vp));
	vp->pending.valid = false;
	registers->rflags |= BIT(9);
	assert_true(vp_has_work(vp));
	vp->apic.pending = false;
	vp->external[0] = BIT(33);
	assert_true(vp_has_work(vp));
	vp->external[0] = 0;
	vp->deliverable_wanted = HV_DELIVERABILITY_INTERRUPT;
	vp->apic.lvt[APIC_LVT_LINT0] = 0x700;
	assert_true(vp_has_work(vp));
}

static void stale_translations_go_before_an_entry(void **state)
{
	unsigned int before = fake_vp(vp->virt)->flushes;

	(void)state;
	assert_true(vp_enter(vp));
	gpa_flush(child);
	assert_true(vp_enter(vp));
	assert_true(vp_enter(vp));
	assert_int_equal(fake_vp(vp->virt)->flushes, before + 1);
}

/* The parent never read the first message, and another of its vps is told. */
static void a_message_is_in_one_queue_only(void **state)
{
	struct vp *first = hypervisor_parent_vp(0);
	struct vp *second = hypervisor_parent_vp(1);

	(void)state;
	vp->lp = 0;
	intercept_reset(vp);
	assert_ptr_equal(vp->intercept_target, first);
	assert_false(list_empty(&first->synic.queue[0]));
	vp->suspended = 0;
	vp->lp = 1;
	second->synic.control = 1;
	intercept_reset(vp);
	assert_ptr_equal(vp->intercept_target, second);
	assert_true(list_empty(&first->synic.queue[0]));
	assert_false(list_empty(&second->synic.queue[0]));
	assert_int_equal(second->synic.waiting, 1);
	intercept_withdraw(vp);
	assert_int_equal(second->synic.waiting, 0);
}

/* Silicon traps after none of the instructions that are done for it. */
static void a_step_over_what_is_done_for_it(void **state)
{
	const struct virt_intercept cpuid = {.kind = VIRT_CPUID,
					     .instruction_length = 2};
	const uint64_t rip = registers->rip;

	(void)state;
	registers->gpr[VIRT_RAX] = 0x40000000;
	registers->rflags |= VP_RFLAGS_TF;
	handler_run(vp, &cpuid);
	assert_true(vp->pending.valid);
	assert_int_equal(vp->pending.vector, VP_VECTOR_DB);
	assert_true(vp_register(vp, HV_REGISTER_DR6).u64 & BIT(14));
	assert_true(registers->rip == rip + 2);
	/* Nor after one that the parent has done; not before it is. */
	vp->pending.valid = false;
	vp_step(vp, rip + 2);
	assert_false(vp->pending.valid);
	registers->rflags &= ~VP_RFLAGS_TF;
	handler_run(vp, &cpuid);
	assert_false(vp->pending.valid);
}

static void a_shadow_ends_with_its_instruction(void **state)
{
	(void)state;
	registers->interrupt_shadow = true;
	vp_move(vp, registers->rip);
	assert_true(registers->interrupt_shadow);
	vp_move(vp, registers->rip + 1);
	assert_false(registers->interrupt_shadow);
}

static void init_starts_all_over(void **state)
{
	struct vp *other = child->vps[1];

	(void)state;
	other->suspended = 0;
	other->virt->registers.gpr[VIRT_RAX] = 7;
	other->virt->registers.cr8 = 3;
	vp_fault(other, VP_VECTOR_UD);
	vp_request(other, VP_REQUEST_INIT);
	assert_false(vp_enter(other));
	assert_int_equal(other->suspended, VP_WAIT_STARTUP);
	assert_int_equal(other->virt->registers.gpr[VIRT_RAX], 0);
	assert_int_equal(other->virt->registers.rip, 0xfff0);
	assert_int_equal(other->virt->registers.cr8, 0);
	assert_int_equal(vp_register(other, HV_REGISTER_CR0).u64, 0x60000010);
	assert_false(other->pending.valid);
	/* The first vp does not wait: it starts at once. */
	vp_request(vp, VP_REQUEST_INIT);
	assert_true(vp_enter(vp));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(faults_go_in_whatever_the_flags_say),
		TEST(two_contributory_faults_are_a_double_fault),
		TEST(an_nmi_waits_for_the_last_one),
		TEST(an_interrupt_waits_for_its_flag),
		TEST(priority_asks_for_the_cr8_window),
		TEST(one_event_an_entry),
		TEST(an_interrupt_cut_short_waits_for_its_flag),
		TEST(a_suspension_meanwhile_loses_no_event),
		TEST(the_8259_may_be_acknowledged),
		TEST(a_free_slot_is_told_after_a_suspension),
		TEST(what_ends_a_halt),
		TEST(stale_translations_go_before_an_entry),
		TEST(a_message_is_in_one_queue_only),
		TEST(a_step_over_what_is_done_for_it),
		TEST(a_shadow_ends_with_its_instruction),
		TEST(init_starts_all_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
