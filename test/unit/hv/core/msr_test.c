/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MSRs: the tables' order, privileges, what is kept, what faults. */
#include "world.h"

#include "abi/cpuid.h"
#include "abi/msr.h"
#include "hv/core/msr_table.h"

#define INTERCEPT_PAGE 0x9000 /* of the parent */

static struct partition *child;
static struct vp *vp;

static int setup(void **state)
{
	const uint32_t max[4] = {0x80000008, 0, 0, 0};
	const uint32_t sizes[4] = {40 | 48 << 8, 0, 0, 0};

	world_setup(state);
	fake_cpuid_set(0x80000000, UINT32_MAX, max);
	fake_cpuid_set(0x80000008, UINT32_MAX, sizes);
	child = world_child(2);
	vp = child->vps[1];
	return 0;
}

static enum msr_result read_result(uint32_t msr)
{
	uint64_t value = 0x5a5a;
	enum msr_result result = msr_read(vp, msr, &value);

	/* A read that fails leaves the value alone. */
	if (result != MSR_DONE)
		assert_int_equal(value, 0x5a5a);
	return result;
}

/* ---- Finding ---- */

static void finding_is_right_at_every_edge(void **state)
{
	static const struct msr_row rows[] = {
		{0x10, 0x10, NULL, NULL, 0, 0},
		{0x20, 0x2f, NULL, NULL, 0, 0},
		{0x30, 0x30, NULL, NULL, 0, 0},
		{0xc0000080, 0xc0000084, NULL, NULL, 0, 0},
		{0xfffffff0, 0xffffffff, NULL, NULL, 0, 0},
	};
	static const struct {
		uint32_t msr;
		int row;
	} cases[] = {
		{0, -1},	  {0x0f, -1},	   {0x10, 0},
		{0x11, -1},	  {0x1f, -1},	   {0x20, 1},
		{0x2f, 1},	  {0x30, 2},	   {0x31, -1},
		{0xc000007f, -1}, {0xc0000080, 3}, {0xc0000084, 3},
		{0xc0000085, -1}, {0xffffffff, 4},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct msr_row *row =
			msr_find(rows, ARRAY_SIZE(rows), cases[i].msr);

		assert_ptr_equal(row,
				 cases[i].row < 0 ? NULL : &rows[cases[i].row]);
	}
	assert_null(msr_find(rows, 0, 0x10));
}

/* If a table were out of order, some of its rows could not be found. */
static void everything_promised_is_found(void **state)
{
	static const uint32_t known[] = {
		0x10,	    0x17,	0x1b,	    0x2a,	0x34,
		0x3a,	    0x3b,	0x79,	    0x8b,	0xce,
		0xe2,	    0xfe,	0x11e,	    0x140,	0x174,
		0x175,	    0x176,	0x179,	    0x17a,	0x198,
		0x19c,	    0x1a0,	0x1d9,	    0x1db,	0x1de,
		0x1fc,	    0x200,	0x20f,	    0x250,	0x258,
		0x259,	    0x268,	0x26f,	    0x277,	0x2ff,
		0xc0000080, 0xc0000081, 0xc0000082, 0xc0000083, 0xc0000084,
		0xc0000100, 0xc0000101, 0xc0000102, 0xc0010000, 0xc0010007,
		0xc0010010, 0xc0010015, 0xc0010016, 0xc001001a, 0xc001001d,
		0xc001001f, 0xc0010055, 0xc0010058, 0xc0010061, 0xc0010111,
		0xc0010114, 0xc0010115, 0xc0010131, 0xc0011004, 0xc0011020,
		0xc0011029, 0xc001102a, 0xc001102d, 0x40000000, 0x40000001,
		0x40000002, 0x40000003, 0x40000010, 0x40000020, 0x40000021,
		0x40000022, 0x40000023, 0x40000073, 0x40000080, 0x40000081,
		0x40000082, 0x40000083, 0x40000084, 0x40000090, 0x4000009f,
		0x400000b0, 0x400000b7, 0x40000100, 0x40000105,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		assert_int_equal(read_result(known[i]), MSR_DONE);
}

static void the_unknown_is_the_parents_or_a_fault(void **state)
{
	static const uint32_t elsewhere[] = {
		0, 0x9, 0x48, 0x10a, 0x6e0, 0xd90, 0xc0000105, 0xc0010200};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(elsewhere); i++) {
		assert_int_equal(read_result(elsewhere[i]), MSR_UNIMPLEMENTED);
		assert_int_equal(msr_write(vp, elsewhere[i], 0),
				 MSR_UNIMPLEMENTED);
	}
	for (uint32_t msr = 0x40000000; msr < 0x40001000; msr++) {
		assert_int_not_equal(read_result(msr), MSR_UNIMPLEMENTED);
	}
	assert_true(world_rdmsr_faults(vp, 0x40000024));
	assert_true(world_wrmsr_faults(vp, 0x4000ffff, 0));
}

/* ---- Privileges ---- */

static void each_privilege_opens_its_msrs(void **state)
{
	static const struct {
		uint32_t msr;
		uint64_t privilege;
	} gates[] = {
		{HV_MSR_GUEST_OS_ID, HV_PRIVILEGE_HYPERCALL},
		{HV_MSR_HYPERCALL, HV_PRIVILEGE_HYPERCALL},
		{HV_MSR_VP_INDEX, HV_PRIVILEGE_VP_INDEX},
		{HV_MSR_RESET, HV_PRIVILEGE_RESET},
		{HV_MSR_VP_RUNTIME, HV_PRIVILEGE_VP_RUNTIME},
		{HV_MSR_TIME_REF_COUNT, HV_PRIVILEGE_TIME_REF_COUNT},
		{HV_MSR_REFERENCE_TSC, HV_PRIVILEGE_REFERENCE_TSC},
		{HV_MSR_TSC_FREQUENCY, HV_PRIVILEGE_FREQUENCY},
		{HV_MSR_APIC_FREQUENCY, HV_PRIVILEGE_FREQUENCY},
		{HV_MSR_ICR, HV_PRIVILEGE_APIC},
		{HV_MSR_TPR, HV_PRIVILEGE_APIC},
		{HV_MSR_SCONTROL, HV_PRIVILEGE_SYNIC},
		{HV_MSR_SINT15, HV_PRIVILEGE_SYNIC},
		{HV_MSR_STIMER0_CONFIG, HV_PRIVILEGE_STIMER},
		{HV_MSR_TSC_INVARIANT_CONTROL, HV_PRIVILEGE_TSC_INVARIANT},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(gates); i++) {
		child->privileges = gates[i].privilege;
		assert_int_equal(read_result(gates[i].msr), MSR_DONE);
		child->privileges = ~gates[i].privilege;
		assert_int_equal(read_result(gates[i].msr), MSR_FAULT);
	}
	child->privileges = ~0ull;
	child->hyperv = false;
	for (size_t i = 0; i < ARRAY_SIZE(gates); i++)
		assert_int_equal(read_result(gates[i].msr), MSR_FAULT);
	assert_true(world_rdmsr_faults(vp, HV_MSR_VP_ASSIST_PAGE));
}

/* ---- The hypervisor's own ---- */

static void what_a_guest_reads_of_itself(void **state)
{
	(void)state;
	assert_int_equal(world_rdmsr(vp, HV_MSR_VP_INDEX), 1);
	assert_true(world_wrmsr_faults(vp, HV_MSR_VP_INDEX, 0));
	assert_int_equal(world_rdmsr(vp, HV_MSR_TSC_FREQUENCY), FAKE_TSC_HZ);
	assert_int_equal(world_rdmsr(vp, HV_MSR_APIC_FREQUENCY), FAKE_APIC_HZ);
	vp->time[VP_RUNNING] = FAKE_TSC_HZ;
	vp->since = fake.now - FAKE_TSC_HZ / 2;
	assert_in_range(world_rdmsr(vp, HV_MSR_VP_RUNTIME), 14999999, 15000000);
	world_wrmsr(vp, HV_MSR_VP_ASSIST_PAGE, 0x7001);
	assert_int_equal(world_rdmsr(vp, HV_MSR_VP_ASSIST_PAGE), 0x7001);
	world_wrmsr(vp, HV_MSR_GUEST_OS_ID, 0x8100000000000000);
	assert_int_equal(world_rdmsr(child->vps[0], HV_MSR_GUEST_OS_ID),
			 0x8100000000000000);
}

static void crash_registers(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 5; i++)
		world_wrmsr(vp, HV_MSR_CRASH_P0 + i, 100 + i);
	for (uint32_t i = 0; i < 5; i++)
		assert_int_equal(world_rdmsr(vp, HV_MSR_CRASH_P0 + i), 100 + i);
	assert_int_equal(world_rdmsr(vp, HV_MSR_CRASH_CTL), 3ull << 62);
	assert_int_equal(vp->counters[VP_COUNT_INTERCEPTS], 0);
	world_wrmsr(vp, HV_MSR_CRASH_CTL, 0);
	assert_int_equal(vp->counters[VP_COUNT_INTERCEPTS], 0);
	vp->intercept_page = GPA(INTERCEPT_PAGE);
	world_wrmsr(vp, HV_MSR_CRASH_CTL, HV_MSR_CRASH_NOTIFY);
	assert_int_equal(vp->counters[VP_COUNT_INTERCEPTS], 1);
	const struct hv_message *message =
		world_memory(hypervisor.parent, INTERCEPT_PAGE);

	assert_int_equal(message->header.type, HVMSG_MSR_INTERCEPT);
}

static void reset_is_told_to_the_parent(void **state)
{
	(void)state;
	world_wrmsr(vp, HV_MSR_RESET, 0);
	assert_int_equal(vp->counters[VP_COUNT_INTERCEPTS], 0);
	world_wrmsr(vp, HV_MSR_RESET, 1);
	assert_int_equal(vp->counters[VP_COUNT_INTERCEPTS], 1);
	assert_true(vp->suspended & VP_INTERCEPT_SUSPEND);
}

static void the_apic_by_synthetic_msrs(void **state)
{
	(void)state;
	child->privileges |= HV_PRIVILEGE_APIC;
	world_apic_on(vp, true);
	world_wrmsr(vp, HV_MSR_TPR, 0x45);
	assert_int_equal(world_rdmsr(vp, HV_MSR_TPR), 0x45);
	assert_int_equal(vp->virt->registers.cr8, 4);
	assert_true(world_wrmsr_faults(vp, HV_MSR_TPR, 0x100));
	world_wrmsr(vp, HV_MSR_ICR, 1ull << 32 | 0x4060);
	assert_int_equal(world_rdmsr(vp, HV_MSR_ICR), 1ull << 32 | 0x4060);
	assert_int_equal(world_take(vp), 0x60);
	world_wrmsr(vp, HV_MSR_EOI, 0);
	assert_int_equal(vp->apic.isr_top, 0);
	assert_true(world_rdmsr_faults(vp, HV_MSR_EOI));
}

static void the_invariant_tsc_is_the_partitions(void **state)
{
	(void)state;
	child->privileges |= HV_PRIVILEGE_TSC_INVARIANT;
	assert_true(world_wrmsr_faults(vp, HV_MSR_TSC_INVARIANT_CONTROL, 2));
	world_wrmsr(vp, HV_MSR_TSC_INVARIANT_CONTROL, 1);
	assert_int_equal(
		world_rdmsr(child->vps[0], HV_MSR_TSC_INVARIANT_CONTROL), 1);
}

/* ---- The processor's ---- */

static void the_clock_is_read_and_never_set(void **state)
{
	(void)state;
	assert_int_equal(world_rdmsr(vp, 0x10), fake.now);
	world_wrmsr(vp, 0x10, 0);
	world_wrmsr(vp, 0x3b, 12345);
	assert_int_equal(world_rdmsr(vp, 0x10), fake.now);
	assert_int_equal(world_rdmsr(vp, 0x3b), 0);
}

static void registers_of_the_back_end(void **state)
{
	static const struct {
		uint32_t msr;
		uint32_t name;
	} pairs[] = {
		{0x174, HV_REGISTER_SYSENTER_CS},
		{0x175, HV_REGISTER_SYSENTER_ESP},
		{0x176, HV_REGISTER_SYSENTER_EIP},
		{0x277, HV_REGISTER_PAT},
		{0xc0000081, HV_REGISTER_STAR},
		{0xc0000082, HV_REGISTER_LSTAR},
		{0xc0000083, HV_REGISTER_CSTAR},
		{0xc0000084, HV_REGISTER_SFMASK},
		{0xc0000102, HV_REGISTER_KERNEL_GS_BASE},
	};
	struct hv_register_value value;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		world_wrmsr(vp, pairs[i].msr, 0x1000 + i);
		assert_int_equal(world_rdmsr(vp, pairs[i].msr), 0x1000 + i);
		assert_true(virt->vp_get(vp->virt, pairs[i].name, &value));
		assert_int_equal(value.u64, 0x1000 + i);
	}
	world_wrmsr(vp, 0xc0000100, 0xffff888000000000);
	assert_true(virt->vp_get(vp->virt, HV_REGISTER_FS, &value));
	assert_int_equal(value.segment.base, 0xffff888000000000);
	assert_true(world_wrmsr_faults(vp, 0xc0000101, 0x0800000000000000));
}

static void efer_follows_the_rules(void **state)
{
	const struct hv_register_value paging = {.u64 = 0x80000001};
	const struct hv_register_value active = {.u64 = 0x500};

	(void)state;
	world_wrmsr(vp, 0xc0000080, 0x901); /* LMA is not software's */
	world_wrmsr(vp, 0xc0000080, 0xd01);
	assert_int_equal(world_rdmsr(vp, 0xc0000080), 0x901);
	assert_true(world_wrmsr_faults(vp, 0xc0000080, 1 << 16));
	virt->vp_set(vp->virt, HV_REGISTER_CR0, &paging);
	virt->vp_set(vp->virt, HV_REGISTER_EFER, &active);
	assert_true(world_wrmsr_faults(vp, 0xc0000080, 0x001));
	world_wrmsr(vp, 0xc0000080, 0x101);
	assert_int_equal(world_rdmsr(vp, 0xc0000080), 0x501);
}

static void mtrrs_are_kept_and_checked(void **state)
{
	(void)state;
	assert_int_equal(world_rdmsr(vp, 0xfe), 0x508);
	assert_true(world_wrmsr_faults(vp, 0xfe, 0));
	assert_int_equal(world_rdmsr(vp, 0x2ff), 0x806);
	world_wrmsr(vp, 0x2ff, 0xc00);
	assert_int_equal(world_rdmsr(vp, 0x2ff), 0xc00);
	assert_true(world_wrmsr_faults(vp, 0x2ff, 0x1000));
	assert_true(world_wrmsr_faults(vp, 0x2ff, 2));
	for (uint32_t i = 0; i < 8; i++) {
		world_wrmsr(vp, 0x200 + 2 * i, (uint64_t)i << 20 | 6);
		world_wrmsr(vp, 0x201 + 2 * i, 0xff00000000 | 0x800);
	}
	for (uint32_t i = 0; i < 8; i++)
		assert_int_equal(world_rdmsr(vp, 0x200 + 2 * i),
				 (uint64_t)i << 20 | 6);
	assert_true(world_wrmsr_faults(vp, 0x200, 7));
	assert_true(world_wrmsr_faults(vp, 0x200, 0x106));
	assert_true(world_wrmsr_faults(vp, 0x200, 1ull << 40));
	assert_true(world_wrmsr_faults(vp, 0x201, 0x801));
	assert_true(world_wrmsr_faults(vp, 0x201, 1ull << 41));
	/* Eleven fixed ranges, each its own. */
	static const uint32_t fixed[] = {0x250, 0x258, 0x259, 0x268,
					 0x269, 0x26a, 0x26b, 0x26c,
					 0x26d, 0x26e, 0x26f};

	for (uint32_t i = 0; i < ARRAY_SIZE(fixed); i++)
		world_wrmsr(vp, fixed[i], i % 2 ? 0x0606060606060606 : 4);
	for (uint32_t i = 0; i < ARRAY_SIZE(fixed); i++)
		assert_int_equal(world_rdmsr(vp, fixed[i]),
				 i % 2 ? 0x0606060606060606 : 4);
	assert_true(world_wrmsr_faults(vp, 0x26f, 0x0200000000000000));
}

static void quiet_ones_read_as_promised(void **state)
{
	(void)state;
	world_wrmsr(vp, 0xc0010010, ~0ull);
	assert_int_equal(world_rdmsr(vp, 0xc0010010), 0);
	assert_true(world_rdmsr(vp, 0xc0010015) & 1 << 24);
	assert_true(world_rdmsr(vp, 0xc0011029) & 2);
	assert_int_equal(world_rdmsr(vp, 0x3a), 1);
	assert_true(world_wrmsr_faults(vp, 0x3a, 5));
	assert_int_equal(world_rdmsr(vp, 0x179), 0);
	assert_true(world_wrmsr_faults(vp, 0xc0010114, 0));
	world_wrmsr(vp, 0x1a0, 0x1801);
	assert_int_equal(world_rdmsr(vp, 0x1a0), 0x1801);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(finding_is_right_at_every_edge),
		TEST(everything_promised_is_found),
		TEST(the_unknown_is_the_parents_or_a_fault),
		TEST(each_privilege_opens_its_msrs),
		TEST(what_a_guest_reads_of_itself),
		TEST(crash_registers),
		TEST(reset_is_told_to_the_parent),
		TEST(the_apic_by_synthetic_msrs),
		TEST(the_invariant_tsc_is_the_partitions),
		TEST(the_clock_is_read_and_never_set),
		TEST(registers_of_the_back_end),
		TEST(efer_follows_the_rules),
		TEST(mtrrs_are_kept_and_checked),
		TEST(quiet_ones_read_as_promised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
