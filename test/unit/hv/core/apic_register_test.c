/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The APIC's registers as page and MSRs, its modes, and its timer. */
#include "world.h"

static struct vp *vp;

static int setup(void **state)
{
	world_setup(state);
	vp = world_child(2)->vps[1];
	return 0;
}

/* ---- Modes ---- */

static void modes_change_only_as_the_manual_says(void **state)
{
	const uint64_t off = 0xfee00000, xapic = 0xfee00800,
		       x2apic = 0xfee00c00;

	(void)state;
	assert_int_equal(world_rdmsr(vp, 0x1b), xapic);
	assert_true(world_wrmsr_faults(vp, 0x1b, 0xfee00400));
	world_wrmsr(vp, 0x1b, x2apic);
	assert_true(world_wrmsr_faults(vp, 0x1b, xapic));
	world_wrmsr(vp, 0x1b, off);
	assert_true(world_wrmsr_faults(vp, 0x1b, x2apic));
	world_wrmsr(vp, 0x1b, xapic);
	world_wrmsr(vp, 0x1b, off);
	assert_true(apic_takes_extint(vp));
	world_wrmsr(vp, 0x1b, xapic);
	/* Reserved bits, another page, the boot processor's flag. */
	assert_true(world_wrmsr_faults(vp, 0x1b, xapic | 1));
	assert_true(world_wrmsr_faults(vp, 0x1b, xapic | 1ull << 60));
	assert_true(world_wrmsr_faults(vp, 0x1b, 0xfed00800));
	world_wrmsr(vp, 0x1b, xapic | APIC_BASE_BSP);
	assert_int_equal(world_rdmsr(vp, 0x1b), xapic);
}

static void msrs_only_in_x2apic_mode(void **state)
{
	(void)state;
	assert_true(world_rdmsr_faults(vp, 0x802));
	assert_true(world_wrmsr_faults(vp, 0x80b, 0));
	world_apic_on(vp, true);
	assert_int_equal(world_rdmsr(vp, 0x802), 1);
	assert_int_equal(world_rdmsr(vp, 0x803), APIC_VERSION);
}

static void msrs_that_fault(void **state)
{
	/* Absent, write only, read only, reserved bits. */
	static const uint32_t unreadable[] = {0x800, 0x80b, 0x80e, 0x831,
					      0x83f, 0x82f, 0x840, 0x8ff};
	static const uint32_t unwritable[] = {0x802, 0x803, 0x80a, 0x80d,
					      0x810, 0x818, 0x820, 0x839,
					      0x80e, 0x831, 0x840, 0x8ff};
	static const struct {
		uint32_t msr;
		uint64_t value;
	} reserved[] = {
		{0x808, 0x100}, {0x80b, 1},	      {0x80f, 0x1000},
		{0x828, 1},	{0x832, 0x40000},     {0x832, 0x100000000},
		{0x837, 0x400}, {0x838, 0x100000000}, {0x83e, 0x10},
		{0x83f, 0x100},
	};

	(void)state;
	world_apic_on(vp, true);
	for (size_t i = 0; i < ARRAY_SIZE(unreadable); i++)
		assert_true(world_rdmsr_faults(vp, unreadable[i]));
	for (size_t i = 0; i < ARRAY_SIZE(unwritable); i++)
		assert_true(world_wrmsr_faults(vp, unwritable[i], 0));
	for (size_t i = 0; i < ARRAY_SIZE(reserved); i++)
		assert_true(world_wrmsr_faults(vp, reserved[i].msr,
					       reserved[i].value));
	/* Read-only bits may be written back. */
	world_wrmsr(vp, 0x835, 0x15700);
	assert_int_equal(world_rdmsr(vp, 0x835), 0x10700);
}

/* The parent's kernel may look for what AMD has there. */
static void amds_extension_is_empty_to_the_parent(void **state)
{
	struct vp *parent = hypervisor_parent_vp(0);

	(void)state;
	world_apic_on(parent, true);
	assert_int_equal(world_rdmsr(parent, 0x850), 0);
	world_wrmsr(parent, 0x850, 0x10000);
	assert_int_equal(world_rdmsr(parent, 0x850), 0);
}

/* ---- The page ---- */

static void the_page_keeps_what_may_be_written(void **state)
{
	(void)state;
	apic_page_write(vp, 0xf0, 0xffffffff);
	assert_int_equal(apic_page_read(vp, 0xf0), 0x3ff);
	assert_int_equal(apic_page_read(vp, 0x20), 1u << 24);
	apic_page_write(vp, 0x20, 0x55000000);
	assert_int_equal(apic_page_read(vp, 0x20), 1u << 24);
	apic_page_write(vp, 0xd0, 0xffffffff);
	assert_int_equal(apic_page_read(vp, 0xd0), 0xff000000);
	apic_page_write(vp, 0xe0, 0);
	assert_int_equal(apic_page_read(vp, 0xe0), 0x0fffffff);
	apic_page_write(vp, 0x320, 0xffffffff);
	assert_int_equal(apic_page_read(vp, 0x320), 0x300ff);
	apic_page_write(vp, 0x360, 0xffffffff);
	assert_int_equal(apic_page_read(vp, 0x360), 0x1a7ff);
	apic_page_write(vp, 0x3e0, 0xffffffff);
	assert_int_equal(apic_page_read(vp, 0x3e0), 0xb);
	/* Between registers there is nothing. */
	apic_page_write(vp, 0x324, 0);
	assert_int_equal(apic_page_read(vp, 0x320), 0x300ff);
	assert_int_equal(apic_page_read(vp, 0x324), 0);
	apic_page_write(vp, 0x280, 0);
	apic_page_read(vp, 0x2f0); /* no CMCI here */
	apic_page_write(vp, 0x280, 0);
	assert_int_equal(apic_page_read(vp, 0x280), APIC_ERROR_REGISTER);
}

/* ---- Timer: 100 MHz, the TSC 2 GHz ---- */

static void one_shot(void **state)
{
	(void)state;
	world_apic_on(vp, true);
	world_wrmsr(vp, 0x832, 0xef);
	world_wrmsr(vp, 0x83e, 0xb);  /* by 1 */
	world_wrmsr(vp, 0x838, 1000); /* 10 us */
	assert_in_range(world_rdmsr(vp, 0x839), 999, 1000);
	world_pass_us(vp, 4);
	assert_in_range(world_rdmsr(vp, 0x839), 599, 601);
	assert_int_equal(world_take(vp), VECTOR_NONE);
	world_pass_us(vp, 7);
	assert_int_equal(world_take(vp), 0xef);
	assert_int_equal(world_rdmsr(vp, 0x839), 0);
	assert_int_equal(world_rdmsr(vp, 0x838), 1000);
	assert_int_equal(vp->timers.deadline, TIMER_NEVER);
}

static void never_early(void **state)
{
	(void)state;
	world_apic_on(vp, true);
	world_wrmsr(vp, 0x83e, 0xb);
	for (uint32_t count = 1; count < 5000; count += 7) {
		uint64_t exact =
			fake.now + count * (FAKE_TSC_HZ / FAKE_APIC_HZ);

		world_wrmsr(vp, 0x838, count);
		assert_in_range(vp->timers.deadline, exact, exact + 2);
	}
	world_wrmsr(vp, 0x838, 0);
	assert_int_equal(vp->timers.deadline, TIMER_NEVER);
}

static void divides_by_powers_of_two(void **state)
{
	static const uint8_t codes[] = {0xb, 0, 1, 2, 3, 8, 9, 0xa};

	(void)state;
	world_apic_on(vp, true);
	for (unsigned int i = 0; i < ARRAY_SIZE(codes); i++) {
		uint64_t ticks = (1000ull << i) * (FAKE_TSC_HZ / FAKE_APIC_HZ);

		world_wrmsr(vp, 0x83e, codes[i]);
		world_wrmsr(vp, 0x838, 1000);
		assert_in_range(vp->timers.deadline - fake.now, ticks,
				ticks + 2);
	}
	/* Half way, then twice as slow: the rest takes twice as long. */
	world_wrmsr(vp, 0x83e, 0xb);
	world_wrmsr(vp, 0x838, 1000);
	world_pass_us(vp, 5);
	world_wrmsr(vp, 0x83e, 0);
	assert_in_range(world_rdmsr(vp, 0x839), 499, 501);
	assert_in_range(vp->timers.deadline - fake.now, 19900, 20100);
}

static void periodic_keeps_its_grid(void **state)
{
	uint64_t first;

	(void)state;
	world_apic_on(vp, true);
	world_wrmsr(vp, 0x83e, 0xb);
	world_wrmsr(vp, 0x832, 0x200ef);
	world_wrmsr(vp, 0x838, 10000); /* 100 us */
	first = vp->timers.deadline;
	world_pass_us(vp, 101);
	assert_int_equal(world_take(vp), 0xef);
	apic_eoi(vp);
	assert_in_range(vp->timers.deadline - first, 200000, 200002);
	/* Three were missed: one interrupt, and the same grid. */
	world_pass_us(vp, 330);
	assert_int_equal(world_take(vp), 0xef);
	apic_eoi(vp);
	assert_int_equal(world_take(vp), VECTOR_NONE);
	assert_in_range(vp->timers.deadline - first, 800000, 800010);
	assert_in_range(world_rdmsr(vp, 0x839), 6800, 7000);
}

static void a_short_period_cannot_starve_the_vp(void **state)
{
	(void)state;
	world_apic_on(vp, true);
	world_wrmsr(vp, 0x832, 0x200ef);
	world_wrmsr(vp, 0x838, 1);
	fake.now = vp->timers.deadline;
	timer_expire(vp, fake.now);
	assert_in_range(vp->timers.deadline - fake.now, 20 * 2000, 21 * 2000);
}

static void a_masked_timer_counts_in_silence(void **state)
{
	(void)state;
	world_apic_on(vp, true);
	world_wrmsr(vp, 0x832, 0x100ef);
	world_wrmsr(vp, 0x838, 100);
	world_pass_us(vp, 50);
	assert_int_equal(world_take(vp), VECTOR_NONE);
	assert_int_equal(world_rdmsr(vp, 0x839), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(modes_change_only_as_the_manual_says),
		TEST(msrs_only_in_x2apic_mode),
		TEST(msrs_that_fault),
		TEST(amds_extension_is_empty_to_the_parent),
		TEST(the_page_keeps_what_may_be_written),
		TEST(one_shot),
		TEST(never_early),
		TEST(divides_by_powers_of_two),
		TEST(periodic_keeps_its_grid),
		TEST(a_short_period_cannot_starve_the_vp),
		TEST(a_masked_timer_counts_in_silence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
