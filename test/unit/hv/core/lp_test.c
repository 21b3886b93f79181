/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scheduling: who runs where, wake-ups that come at the worst moment. */
#include "world.h"

#include "abi/msr.h"
#include "hv/core/gpa.h"
#include "hv/core/lp.h"

#define VECTOR 0x60

static struct partition *child;

static int setup(void **state)
{
	world_setup(state);
	child = world_child(4);
	for (uint32_t i = 0; i < 4; i++)
		world_apic_on(child->vps[i], false);
	return 0;
}

/* Puts vp on lp, if it is not there yet, and lets it go. */
static void start(struct vp *vp, uint32_t lp)
{
	hypervisor.lps[vp->lp]->assigned--;
	vp->lp = lp;
	hypervisor.lps[lp]->assigned++;
	vp->virt->registers.rflags |= BIT(9);
	lp_resume(vp, VP_EXPLICIT_SUSPEND);
}

static void compute(struct virt_vp *vp, struct virt_intercept *intercept)
{
	(void)vp;
	(void)intercept;
}

static void halt(struct virt_vp *vp, struct virt_intercept *intercept)
{
	(void)vp;
	intercept->kind = VIRT_HALT;
	intercept->instruction_length = 1;
}

static void an_idle_processor_waits(void **state)
{
	(void)state;
	world_run(1);
	assert_null(world_running(1));
	assert_int_equal(fake.waits, 1);
	assert_true(fake.armed[1] == CPU_TIMER_OFF);
}

static void what_is_ready_runs(void **state)
{
	(void)state;
	start(child->vps[0], 1);
	assert_int_equal(fake.kicks[1], 1);
	world_run(1);
	assert_ptr_equal(world_running(1), child->vps[0]);
	lp_suspend(child->vps[0], VP_EXPLICIT_SUSPEND);
	assert_int_equal(fake.kicks[1], 2);
	assert_true(lp_running(child->vps[0]));
	world_run(1);
	assert_null(world_running(1));
	assert_false(lp_running(child->vps[0]));
}

static void halt_waits_for_an_interrupt(void **state)
{
	struct vp *vp = child->vps[0];

	(void)state;
	fake.guest = halt;
	start(vp, 1);
	world_run(1);
	world_run(1);
	assert_null(world_running(1));
	assert_int_equal(vp->suspended, VP_HALTED);
	apic_post(vp, VECTOR, false);
	assert_int_equal(vp->suspended, 0);
	world_run(1);
	assert_ptr_equal(world_running(1), vp);
	assert_int_equal(fake_vp(vp->virt)->injected.vector, VECTOR);
}

static void an_interrupt_while_going_to_sleep_is_not_lost(void **state)
{
	struct vp *vp = child->vps[0];

	(void)state;
	start(vp, 1);
	world_run(1);
	/* What the processor does between HLT and the switch away from it. */
	fake.lp = 1;
	vp_halt(vp, false);
	assert_false(vp_enter(vp));
	assert_int_equal(vp->suspended, VP_HALTED);
	assert_int_equal(vp->state, VP_RUNNING);
	fake.lp = 0;
	apic_post(vp, VECTOR, false);
	assert_int_equal(vp->suspended, 0);
	world_run(1);
	assert_ptr_equal(world_running(1), vp);
}

static void an_interrupt_before_going_to_sleep_is_not_lost(void **state)
{
	struct vp *vp = child->vps[0];

	(void)state;
	fake.guest = halt;
	start(vp, 1);
	world_run(1);
	apic_post(vp, VECTOR, false);
	world_run(1);
	assert_ptr_equal(world_running(1), vp);
	assert_int_equal(vp->suspended, 0);
	assert_int_equal(fake_vp(vp->virt)->injected.vector, VECTOR);
}

static void who_waits_ends_the_others_slice(void **state)
{
	(void)state;
	fake.guest = compute;
	start(child->vps[0], 1);
	world_run(1);
	assert_true(fake.armed[1] == CPU_TIMER_OFF);
	/* From another processor: this one must look at its timer again. */
	unsigned int kicks = fake.kicks[1];

	start(child->vps[1], 1);
	assert_true(fake.kicks[1] > kicks);
	world_run(1);
	assert_true(fake.armed[1] <= fake.now + FAKE_TSC_HZ / 100);
	/* From itself, as by an IPI. */
	lp_suspend(child->vps[1], VP_EXPLICIT_SUSPEND);
	fake.armed[1] = CPU_TIMER_OFF;
	fake.lp = 1;
	start(child->vps[2], 1);
	fake.lp = 0;
	assert_true(fake.armed[1] <= fake.now + FAKE_TSC_HZ / 100);
}

/* How often each of the child's vps ran in steps turns of 5 ms. */
static void measure(unsigned int steps, unsigned int runs[4])
{
	for (unsigned int i = 0; i < steps; i++) {
		struct vp *vp = world_running(1);

		if (vp && vp->partition == child)
			runs[vp->index]++;
		fake.now += FAKE_TSC_HZ / 200;
		world_run(1);
	}
}

static void vps_share_a_processor_evenly(void **state)
{
	unsigned int runs[4] = {0};

	(void)state;
	fake.guest = compute;
	for (uint32_t i = 0; i < 3; i++)
		start(child->vps[i], 1);
	measure(300, runs);
	for (uint32_t i = 0; i < 3; i++) {
		const uint64_t *counters = child->vps[i]->counters;

		assert_in_range(runs[i], 90, 110);
		assert_true(counters[VP_COUNT_PREEMPTIONS] > 0);
		assert_true(counters[VP_COUNT_PREEMPTIONS] <= runs[i]);
	}
}

static void weight_counts(void **state)
{
	struct partition *heavy = world_child(1);
	unsigned int runs[4] = {0};

	(void)state;
	fake.guest = compute;
	heavy->weight = 300;
	start(heavy->vps[0], 1);
	start(child->vps[0], 1);
	measure(400, runs);
	assert_in_range(runs[0], 90, 110);
}

static void wake_parent(struct vp *parent)
{
	world_apic_on(parent, false);
	parent->virt->registers.rflags |= BIT(9);
	parent->waiting_startup = false;
	lp_resume(parent, VP_WAIT_STARTUP);
}

static void the_parent_comes_first_up_to_its_share(void **state)
{
	struct vp *parent = hypervisor_parent_vp(1);
	unsigned int runs[4] = {0};

	(void)state;
	fake.guest = compute;
	wake_parent(parent);
	start(child->vps[0], 1);
	world_run(1);
	for (unsigned int i = 0; i < 50; i++) {
		apic_post(parent, VECTOR, false);
		measure(4, runs);
	}
	assert_in_range(runs[0], 80, 120);
}

/* The parent's boosted turns must not put who wakes up behind everybody. */
static void waking_is_not_behind_the_parents_time(void **state)
{
	struct vp *parent = hypervisor_parent_vp(1);
	unsigned int runs[4] = {0};

	(void)state;
	fake.guest = compute;
	wake_parent(parent);
	for (uint32_t i = 0; i < 3; i++)
		start(child->vps[i], 1);
	for (unsigned int i = 0; i < 200; i++) {
		apic_post(parent, VECTOR, false);
		measure(4, runs);
	}
	start(child->vps[3], 1);
	memset(runs, 0, sizeof(runs));
	measure(20, runs);
	assert_true(runs[3] >= 3);
}

static void an_idle_processor_takes_work_over(void **state)
{
	struct vp *vp = child->vps[1];

	(void)state;
	fake.guest = compute;
	start(child->vps[0], 0);
	start(vp, 0);
	lp_suspend(hypervisor_parent_vp(0), VP_EXPLICIT_SUSPEND);
	world_run(0);
	vp->timers.stimer[0].expiry_tsc = fake.now + 1000;
	timer_update(vp);
	world_run(1);
	assert_non_null(world_running(1));
	assert_int_equal(world_running(1)->lp, 1);
	assert_int_equal(world_running(1)->counters[VP_COUNT_MIGRATIONS], 1);
	assert_int_equal(
		hypervisor.lps[0]->assigned + hypervisor.lps[1]->assigned, 4);
	/* Its timer came along. */
	assert_true(world_running(0) != world_running(1));
	assert_true(hypervisor.lps[vp->lp]->next_deadline ==
		    vp->timers.deadline);
}

static void a_timer_ends_a_halt(void **state)
{
	struct vp *vp = child->vps[0];

	(void)state;
	fake.guest = halt;
	start(vp, 1);
	world_wrmsr(vp, HV_MSR_STIMER0_CONFIG,
		    HV_STIMER_DIRECT | HV_STIMER_AUTO_ENABLE |
			    (uint64_t)VECTOR << HV_STIMER_VECTOR_SHIFT);
	world_wrmsr(vp, HV_MSR_STIMER0_COUNT,
		    timer_reference_time(child) + 10000);
	world_run(1);
	world_run(1);
	assert_null(world_running(1));
	assert_true(fake.armed[1] == vp->timers.deadline);
	fake.now = vp->timers.deadline;
	world_run(1);
	assert_ptr_equal(world_running(1), vp);
	assert_int_equal(fake_vp(vp->virt)->injected.vector, VECTOR);
}

static void a_timer_boosts_the_parent_that_waits(void **state)
{
	struct vp *parent = hypervisor_parent_vp(1);

	(void)state;
	fake.guest = compute;
	wake_parent(parent);
	parent->virtual_time = UINT64_MAX / 2;
	start(child->vps[0], 1);
	world_run(1);
	world_run(1);
	assert_ptr_equal(world_running(1), child->vps[0]);
	parent->boosted = false;
	parent->timers.stimer[0].expiry_tsc = fake.now + 10;
	timer_update(parent);
	fake.now += 10;
	world_run(1);
	assert_ptr_equal(world_running(1), parent);
}

static void device_interrupts_reach_the_parent(void **state)
{
	struct vp *parent = hypervisor_parent_vp(1);

	(void)state;
	fake.guest = compute;
	wake_parent(parent);
	fake.taken.edge[1] = BIT(3);
	fake.taken.level[1] = BIT(4);
	fake.taken.pic[2] = BIT(0);
	fake.taken_valid = true;
	world_run(1);
	assert_ptr_equal(world_running(1), parent);
	assert_true(world_requested(parent, 64 + 3));
	assert_true(world_requested(parent, 64 + 4));
	/* The 8259's goes in past the APIC, and first. */
	assert_int_equal(fake_vp(parent->virt)->injected.vector, 128);
}

/* As SignalEvent does it for the vp that runs on lp 1. */
static void signal_parent(struct vp *from)
{
	fake.lp = 1;
	hypervisor.lps[1]->signaller = from;
	apic_post(hypervisor_parent_vp(1), VECTOR, false);
	hypervisor.lps[1]->signaller = NULL;
	fake.lp = 0;
}

/* vp runs, and the parent has halted. */
static void run_beside_parent(struct vp *vp)
{
	wake_parent(hypervisor_parent_vp(1));
	world_run(1);
	fake.guest = halt;
	world_run(1);
	fake.guest = compute;
	start(vp, 1);
	world_run(1);
	assert_ptr_equal(world_running(1), vp);
}

/* The parent takes its interrupt and halts again. */
static void parent_answers(void)
{
	struct vp *parent = hypervisor_parent_vp(1);

	assert_ptr_equal(world_running(1), parent);
	fake.guest = halt;
	world_run(1);
	world_take(parent);
	apic_eoi(parent);
	fake.guest = compute;
	world_run(1);
}

static void who_signals_goes_on_for_a_moment(void **state)
{
	struct vp *vp = child->vps[0];

	(void)state;
	run_beside_parent(vp);
	signal_parent(vp);
	world_run(1);
	assert_ptr_equal(world_running(1), vp);
	assert_true(fake.armed[1] <= fake.now + FAKE_TSC_HZ / 10000);
	/* Signals after it do not put the parent off. */
	fake.now += FAKE_TSC_HZ / 20000;
	signal_parent(vp);
	assert_true(fake.armed[1] <= fake.now + FAKE_TSC_HZ / 20000);
	fake.now += FAKE_TSC_HZ / 20000;
	world_run(1);
	assert_ptr_equal(world_running(1), hypervisor_parent_vp(1));
}

static void a_device_does_not_wait_for_a_signaller(void **state)
{
	struct vp *vp = child->vps[0];

	(void)state;
	run_beside_parent(vp);
	signal_parent(vp);
	apic_post(hypervisor_parent_vp(1), VECTOR + 1, false);
	world_run(1);
	assert_ptr_equal(world_running(1), hypervisor_parent_vp(1));
}

static void who_signals_and_sleeps_is_answered_at_once(void **state)
{
	struct vp *vp = child->vps[0];

	(void)state;
	run_beside_parent(vp);
	signal_parent(vp);
	fake.guest = halt;
	world_run(1);
	assert_ptr_equal(world_running(1), hypervisor_parent_vp(1));
	assert_true(vp->hasty > 0);
	for (unsigned int left = vp->hasty; left; left--) {
		parent_answers();
		apic_post(vp, VECTOR, false);
		world_run(1);
		assert_ptr_equal(world_running(1), vp);
		signal_parent(vp);
		world_run(1);
		assert_int_equal(vp->hasty, left - 1);
	}
}

static void a_held_vp_stays_where_it_is(void **state)
{
	struct vp *vp = child->vps[0];

	(void)state;
	assert_true(lp_hold(vp));
	assert_false(lp_hold(vp));
	lp_resume(vp, VP_EXPLICIT_SUSPEND);
	world_run(1);
	assert_null(world_running(1));
	lp_resume(vp, VP_HELD);
	assert_false(lp_hold(vp));
}

static void init_of_a_running_vp_waits_for_its_startup(void **state)
{
	struct vp *vp = child->vps[1];

	(void)state;
	fake.guest = compute;
	start(vp, 1);
	world_run(1);
	/* The request is served before its sender says that it may run. */
	__atomic_or_fetch(&vp->requests, VP_REQUEST_INIT, __ATOMIC_RELEASE);
	world_run(1);
	world_run(1);
	lp_resume(vp, VP_WAIT_STARTUP);
	world_run(1);
	assert_null(world_running(1));
	assert_true(vp->suspended & VP_WAIT_STARTUP);
	vp->startup_vector = 0x12;
	vp_request(vp, VP_REQUEST_STARTUP);
	world_run(1);
	assert_ptr_equal(world_running(1), vp);
	assert_int_equal(vp->virt->registers.rip, 0);
	fake.lp = 1;
	assert_int_equal(vp_register(vp, HV_REGISTER_CS).segment.base, 0x12000);
	fake.lp = 0;
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(an_idle_processor_waits),
		TEST(what_is_ready_runs),
		TEST(halt_waits_for_an_interrupt),
		TEST(an_interrupt_while_going_to_sleep_is_not_lost),
		TEST(an_interrupt_before_going_to_sleep_is_not_lost),
		TEST(who_waits_ends_the_others_slice),
		TEST(vps_share_a_processor_evenly),
		TEST(weight_counts),
		TEST(the_parent_comes_first_up_to_its_share),
		TEST(waking_is_not_behind_the_parents_time),
		TEST(an_idle_processor_takes_work_over),
		TEST(a_timer_ends_a_halt),
		TEST(a_timer_boosts_the_parent_that_waits),
		TEST(device_interrupts_reach_the_parent),
		TEST(who_signals_goes_on_for_a_moment),
		TEST(a_device_does_not_wait_for_a_signaller),
		TEST(who_signals_and_sleeps_is_answered_at_once),
		TEST(a_held_vp_stays_where_it_is),
		TEST(init_of_a_running_vp_waits_for_its_startup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
