/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reference time, the TSC page, and synthetic timers in both modes. */
#include "world.h"

#include "abi/msr.h"

typedef unsigned __int128 u128;

#define TSC_PER_100NS  (FAKE_TSC_HZ / 10000000)
#define DIRECT(vector) (HV_STIMER_DIRECT | (uint64_t)(vector) << 4)
#define MESSAGE(sint)  ((uint64_t)(sint) << 16)
#define CONFIG(n)      (HV_MSR_STIMER0_CONFIG + 2 * (n))
#define COUNT(n)       (HV_MSR_STIMER0_COUNT + 2 * (n))

static struct partition *child;
static struct vp *vp;

static int setup(void **state)
{
	world_setup(state);
	child = world_child(2);
	vp = child->vps[0];
	world_apic_on(vp, true);
	return 0;
}

/* ---- Reference time ---- */

static void time_starts_at_zero_with_the_partition(void **state)
{
	(void)state;
	assert_int_equal(timer_reference_time(child), 0);
	fake.now += FAKE_TSC_HZ;
	assert_in_range(timer_reference_time(child), 9999999, 10000000);
	assert_int_equal(world_rdmsr(vp, HV_MSR_TIME_REF_COUNT),
			 timer_reference_time(child));
	assert_true(world_wrmsr_faults(vp, HV_MSR_TIME_REF_COUNT, 0));
}

/* What a guest computes from the page is what the MSR says, at odd rates. */
static void the_page_and_the_msr_are_one_function(void **state)
{
	const struct hv_reference_tsc_page *page = world_memory(child, 0x3000);

	(void)state;
	clock_start(&hypervisor.clock, 2399998765, FAKE_APIC_HZ);
	child->time_origin = fake.now - 12345;
	world_wrmsr(vp, HV_MSR_REFERENCE_TSC, 0x3001);
	assert_int_not_equal(page->sequence, 0);
	for (unsigned int i = 0; i < 100000; i++) {
		uint64_t scaled =
			(uint64_t)(((u128)fake.now * page->scale) >> 64);

		assert_int_equal(scaled + (uint64_t)page->offset,
				 timer_reference_time(child));
		fake.now += 37 + i * 11;
	}
}

static void the_page_says_when_it_is_of_no_use(void **state)
{
	struct hv_reference_tsc_page *page = world_memory(child, 0x3000);
	uint32_t sequence;

	(void)state;
	world_wrmsr(vp, HV_MSR_REFERENCE_TSC, 0x3001);
	sequence = page->sequence;
	timer_write_tsc_page(child);
	assert_int_not_equal(page->sequence, sequence);
	page->sequence = UINT32_MAX - 1; /* FFFFFFFFh is not to be used */
	timer_write_tsc_page(child);
	assert_int_equal(page->sequence, 1);
	child->frozen = true;
	timer_write_tsc_page(child);
	assert_int_equal(page->sequence, 0);
	child->frozen = false;
	hypervisor.config.tsc_synchronous = false;
	timer_write_tsc_page(child);
	assert_int_equal(page->sequence, 0);
	/* Off, and outside of memory: nothing is written, nothing breaks. */
	page->scale = 0;
	world_wrmsr(vp, HV_MSR_REFERENCE_TSC, 0x3000);
	world_wrmsr(vp, HV_MSR_REFERENCE_TSC, WORLD_CHILD_MEMORY | 1);
	assert_int_equal(page->scale, 0);
}

static void unlike_tscs_never_show_time_going_back(void **state)
{
	uint64_t before;

	(void)state;
	hypervisor.config.tsc_synchronous = false;
	fake.now += FAKE_TSC_HZ;
	before = timer_reference_time(child);
	fake.now -= 1000 * TSC_PER_100NS; /* another processor */
	assert_int_equal(timer_reference_time(child), before);
	fake.now += 2000 * TSC_PER_100NS;
	assert_in_range(timer_reference_time(child), before + 999,
			before + 1000);
}

static void the_tsc_of_a_time_is_the_first_that_shows_it(void **state)
{
	static const uint64_t rates[] = {1000000000, 2399998765, 3999999999};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(rates); i++) {
		clock_start(&hypervisor.clock, rates[i], FAKE_APIC_HZ);
		child->time_origin = fake.now;
		for (uint64_t time = 1; time < 1ull << 50;
		     time = time * 3 + 1) {
			fake.now = timer_to_tsc(child, time);
			assert_true(timer_reference_time(child) >= time);
			fake.now--;
			assert_true(timer_reference_time(child) < time);
		}
		fake.now = child->time_origin;
	}
	assert_int_equal(timer_to_tsc(child, UINT64_MAX), UINT64_MAX);
}

/* ---- Synthetic timers, direct ---- */

static void one_shot_direct(void **state)
{
	uint64_t due = timer_reference_time(child) + 1000; /* 100 us */

	(void)state;
	world_wrmsr(vp, CONFIG(0), DIRECT(0xed) | HV_STIMER_AUTO_ENABLE);
	assert_int_equal(vp->timers.deadline, TIMER_NEVER);
	world_wrmsr(vp, COUNT(0), due);
	assert_true(world_rdmsr(vp, CONFIG(0)) & HV_STIMER_ENABLE);
	assert_int_equal(vp->timers.deadline, timer_to_tsc(child, due));
	world_pass_us(vp, 99);
	assert_int_equal(world_take(vp), VECTOR_NONE);
	world_pass_us(vp, 2);
	assert_int_equal(world_take(vp), 0xed);
	assert_false(world_rdmsr(vp, CONFIG(0)) & HV_STIMER_ENABLE);
	assert_int_equal(world_rdmsr(vp, COUNT(0)), due);
	assert_int_equal(vp->timers.deadline, TIMER_NEVER);
	/* In the past: at once. */
	world_wrmsr(vp, COUNT(0), 1);
	world_pass_us(vp, 0);
	apic_eoi(vp);
	assert_int_equal(world_take(vp), 0xed);
}

static void what_the_config_refuses(void **state)
{
	(void)state;
	assert_true(world_wrmsr_faults(vp, CONFIG(1), DIRECT(15)));
	assert_true(world_wrmsr_faults(vp, CONFIG(1), 1ull << 13));
	assert_true(world_wrmsr_faults(vp, CONFIG(1), 1ull << 20));
	assert_int_equal(world_rdmsr(vp, CONFIG(1)), 0);
	/* SINT 0 by message: accepted, and off. */
	world_wrmsr(vp, CONFIG(1), HV_STIMER_ENABLE | MESSAGE(0));
	assert_int_equal(world_rdmsr(vp, CONFIG(1)), 0);
	world_wrmsr(vp, CONFIG(1), HV_STIMER_ENABLE | MESSAGE(2));
	assert_int_equal(world_rdmsr(vp, CONFIG(1)),
			 HV_STIMER_ENABLE | MESSAGE(2));
	assert_int_equal(vp->timers.deadline, TIMER_NEVER); /* no count yet */
}

static void count_zero_disables(void **state)
{
	(void)state;
	world_wrmsr(vp, CONFIG(0), DIRECT(0xed) | HV_STIMER_AUTO_ENABLE);
	world_wrmsr(vp, COUNT(0), 5000);
	assert_int_not_equal(vp->timers.deadline, TIMER_NEVER);
	world_wrmsr(vp, COUNT(0), 0);
	assert_int_equal(vp->timers.deadline, TIMER_NEVER);
	assert_false(world_rdmsr(vp, CONFIG(0)) & HV_STIMER_ENABLE);
}

static void the_earliest_of_all_timers_is_the_deadline(void **state)
{
	(void)state;
	world_wrmsr(vp, CONFIG(2), DIRECT(0x52) | HV_STIMER_AUTO_ENABLE);
	world_wrmsr(vp, CONFIG(3), DIRECT(0x63) | HV_STIMER_AUTO_ENABLE);
	world_wrmsr(vp, COUNT(2), 2000);
	world_wrmsr(vp, COUNT(3), 1000);
	assert_int_equal(vp->timers.deadline, timer_to_tsc(child, 1000));
	world_wrmsr(vp, 0x832, 0x74);
	world_wrmsr(vp, 0x83e, 0xb);
	world_wrmsr(vp, 0x838, 15000); /* 150 us */
	world_pass_us(vp, 101);
	assert_int_equal(world_take(vp), 0x63);
	assert_true(vp->timers.deadline < timer_to_tsc(child, 2000));
	world_pass_us(vp, 50);
	assert_int_equal(world_take(vp), 0x74);
	assert_int_equal(vp->timers.deadline, timer_to_tsc(child, 2000));
}

static unsigned int count_ticks(uint64_t us, uint64_t step_us)
{
	unsigned int ticks = 0;

	for (uint64_t i = 0; i < us; i += step_us) {
		world_pass_us(vp, step_us);
		while (world_take(vp) == 0xed) {
			apic_eoi(vp);
			ticks++;
		}
	}
	return ticks;
}

static void periodic_ticks_at_its_period(void **state)
{
	(void)state;
	world_wrmsr(vp, CONFIG(0),
		    DIRECT(0xed) | HV_STIMER_PERIODIC | HV_STIMER_AUTO_ENABLE);
	world_wrmsr(vp, COUNT(0), 1000); /* 100 us */
	assert_int_equal(count_ticks(9950, 10), 99);
	assert_true(world_rdmsr(vp, CONFIG(0)) & HV_STIMER_ENABLE);
}

/* Away for five periods: then the lost ones come, faster than usual. */
static void a_late_periodic_timer_catches_up(void **state)
{
	(void)state;
	world_wrmsr(vp, CONFIG(0),
		    DIRECT(0xed) | HV_STIMER_PERIODIC | HV_STIMER_AUTO_ENABLE);
	world_wrmsr(vp, COUNT(0), 1000);
	assert_int_equal(count_ticks(551, 551), 1);
	assert_int_equal(count_ticks(2000, 1), 24); /* 25 periods in all */
	assert_int_equal(count_ticks(1000, 1), 10);
}

static void a_lazy_one_skips_what_was_lost(void **state)
{
	(void)state;
	world_wrmsr(vp, CONFIG(0),
		    DIRECT(0xed) | HV_STIMER_PERIODIC | HV_STIMER_LAZY |
			    HV_STIMER_AUTO_ENABLE);
	world_wrmsr(vp, COUNT(0), 1000);
	assert_int_equal(count_ticks(551, 551), 1);
	assert_int_equal(count_ticks(2000, 1), 20);
}

static void a_hopeless_backlog_is_given_up(void **state)
{
	(void)state;
	world_wrmsr(vp, CONFIG(0),
		    DIRECT(0xed) | HV_STIMER_PERIODIC | HV_STIMER_AUTO_ENABLE);
	world_wrmsr(vp, COUNT(0), 1000);
	assert_int_equal(count_ticks(1000000, 1000000), 1);
	assert_in_range(count_ticks(1000, 1), 10, 11);
}

static void a_tiny_period_leaves_time_for_work(void **state)
{
	(void)state;
	world_wrmsr(vp, CONFIG(0),
		    DIRECT(0xed) | HV_STIMER_PERIODIC | HV_STIMER_AUTO_ENABLE);
	world_wrmsr(vp, COUNT(0), 1);
	fake.now = vp->timers.deadline;
	timer_expire(vp, fake.now);
	assert_in_range(vp->timers.deadline - fake.now, 199 * TSC_PER_100NS,
			201 * TSC_PER_100NS);
}

static void frozen_time_holds_timers_back(void **state)
{
	(void)state;
	world_wrmsr(vp, CONFIG(0), DIRECT(0xed) | HV_STIMER_AUTO_ENABLE);
	world_wrmsr(vp, COUNT(0), 1000);
	child->frozen = true;
	child->frozen_at = fake.now;
	fake.now += FAKE_TSC_HZ;
	timer_expire(vp, fake.now);
	assert_int_equal(world_take(vp), VECTOR_NONE);
	child->time_origin += fake.now - child->frozen_at;
	child->frozen = false;
	world_pass_us(vp, 20000); /* looked at again within 10 ms */
	assert_int_equal(world_take(vp), 0xed);
}

/* ---- Synthetic timers, by message ---- */

static struct hv_message *message_slot(void)
{
	struct hv_message_page *page = world_memory(child, 0x4000);

	world_wrmsr(vp, HV_MSR_SIMP, 0x4001);
	world_wrmsr(vp, HV_MSR_SINT0 + 2, 0xf3);
	world_wrmsr(vp, HV_MSR_SCONTROL, 1);
	return &page->slots[2];
}

static void an_expiry_is_told_by_message(void **state)
{
	struct hv_message *slot = message_slot();
	const struct hv_timer_message *body = (const void *)slot->payload;

	(void)state;
	world_wrmsr(vp, CONFIG(3), MESSAGE(2) | HV_STIMER_AUTO_ENABLE);
	world_wrmsr(vp, COUNT(3), 1000);
	world_pass_us(vp, 130);
	assert_int_equal(slot->header.type, HVMSG_TIMER_EXPIRED);
	assert_int_equal(slot->header.payload_size, 24);
	assert_int_equal(body->timer_index, 3);
	assert_int_equal(body->expiration_time, 1000);
	assert_in_range(body->delivery_time, 1299, 1300);
	assert_int_equal(world_take(vp), 0xf3);
}

static void a_message_waits_for_its_slot(void **state)
{
	struct hv_message *slot = message_slot();
	const struct hv_timer_message *body = (const void *)slot->payload;

	(void)state;
	slot->header.type = 1; /* somebody else's */
	world_wrmsr(vp, CONFIG(1),
		    MESSAGE(2) | HV_STIMER_PERIODIC | HV_STIMER_AUTO_ENABLE);
	world_wrmsr(vp, COUNT(1), 1000);
	world_pass_us(vp, 101);
	assert_true(slot->header.flags & HV_MESSAGE_FLAG_PENDING);
	world_pass_us(vp, 500); /* more of them: still one message */
	slot->header.type = 0;
	world_wrmsr(vp, HV_MSR_EOM, 0);
	assert_int_equal(slot->header.type, HVMSG_TIMER_EXPIRED);
	assert_int_equal(body->expiration_time, 1000);
	assert_in_range(body->delivery_time, 6009, 6010);
	assert_false(vp->synic.queued);
}

static void a_timer_set_anew_takes_its_message_back(void **state)
{
	struct hv_message *slot = message_slot();

	(void)state;
	slot->header.type = 1;
	world_wrmsr(vp, CONFIG(1), MESSAGE(2) | HV_STIMER_AUTO_ENABLE);
	world_wrmsr(vp, COUNT(1), 1000);
	world_pass_us(vp, 101);
	assert_true(vp->synic.queued);
	world_wrmsr(vp, COUNT(1), 0);
	assert_false(vp->synic.queued);
	slot->header.type = 0;
	world_wrmsr(vp, HV_MSR_EOM, 0);
	assert_int_equal(slot->header.type, 0);
}

/* ---- The end of a kernel ---- */

static void os_id_zero_ends_timers_of_all_vps(void **state)
{
	struct vp *other = child->vps[1];

	(void)state;
	world_apic_on(other, true);
	world_wrmsr(vp, HV_MSR_GUEST_OS_ID, 1);
	for (unsigned int i = 0; i < 2; i++) {
		world_wrmsr(child->vps[i], CONFIG(0),
			    DIRECT(0xed) | HV_STIMER_AUTO_ENABLE);
		world_wrmsr(child->vps[i], COUNT(0), 1000);
		world_wrmsr(child->vps[i], HV_MSR_SCONTROL, 1);
	}
	world_wrmsr(vp, HV_MSR_GUEST_OS_ID, 0);
	assert_int_equal(vp->timers.deadline, TIMER_NEVER);
	assert_int_equal(world_rdmsr(other, HV_MSR_SCONTROL), 0);
	world_pass_us(other, 200);
	assert_int_equal(world_take(other), VECTOR_NONE);
	assert_int_equal(world_rdmsr(other, CONFIG(0)), 0);
	/* The next kernel's timers are not affected. */
	world_wrmsr(vp, HV_MSR_GUEST_OS_ID, 0);
	world_wrmsr(other, CONFIG(0), DIRECT(0xed) | HV_STIMER_AUTO_ENABLE);
	world_wrmsr(other, COUNT(0), 5000);
	world_pass_us(other, 500);
	assert_int_equal(world_take(other), 0xed);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(time_starts_at_zero_with_the_partition),
		TEST(the_page_and_the_msr_are_one_function),
		TEST(the_page_says_when_it_is_of_no_use),
		TEST(unlike_tscs_never_show_time_going_back),
		TEST(the_tsc_of_a_time_is_the_first_that_shows_it),
		TEST(one_shot_direct),
		TEST(what_the_config_refuses),
		TEST(count_zero_disables),
		TEST(the_earliest_of_all_timers_is_the_deadline),
		TEST(periodic_ticks_at_its_period),
		TEST(a_late_periodic_timer_catches_up),
		TEST(a_lazy_one_skips_what_was_lost),
		TEST(a_hopeless_backlog_is_given_up),
		TEST(a_tiny_period_leaves_time_for_work),
		TEST(frozen_time_holds_timers_back),
		TEST(an_expiry_is_told_by_message),
		TEST(a_message_waits_for_its_slot),
		TEST(a_timer_set_anew_takes_its_message_back),
		TEST(os_id_zero_ends_timers_of_all_vps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
