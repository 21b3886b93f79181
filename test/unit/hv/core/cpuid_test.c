/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPUID: hypervisor leaves, masks, topology, overrides. */
#include "world.h"

#include "abi/bulkhead.h"
#include "abi/cpuid.h"
#include "abi/msr.h"
#include "hv/core/cpuid.h"

enum {
	EAX,
	EBX,
	ECX,
	EDX
};

/* A machine with everything: 48 address bits, AVX-512, PKU and AMX states. */
static void a_rich_machine(bool amd)
{
	static const uint32_t ones[4] = {~0u, ~0u, ~0u, ~0u};
	static const uint32_t none[4];
	const uint32_t intel0[4] = {0x20, 0x756e6547, 0x6c65746e, 0x49656e69};
	const uint32_t amd0[4] = {0x20, 0x68747541, 0x444d4163, 0x69746e65};
	const uint32_t max[4] = {0x80000026, 0, 0, 0};
	const uint32_t sizes[4] = {0x3934, 0x1e7, 0, 0};
	const uint32_t d0[4] = {0x602e7, 0x340, 11008, 0};
	const uint32_t d1[4] = {0x1f, 0x340, 0x1800, 0};
	const uint32_t avx[4] = {256, 576, 0, 0};
	const uint32_t opmask[4] = {64, 1088, 0, 0};
	const uint32_t zmm_high[4] = {512, 1152, 0, 0};
	const uint32_t zmm_16[4] = {1024, 1664, 0, 0};
	const uint32_t cache[4] = {0xfc004143, 0, 0, 0};

	for (uint32_t leaf = 1; leaf <= 0x20; leaf++)
		fake_cpuid_set(leaf, UINT32_MAX, ones);
	for (uint32_t leaf = 1; leaf <= 0x26; leaf++)
		fake_cpuid_set(0x80000000 + leaf, UINT32_MAX, ones);
	fake_cpuid_set(0, UINT32_MAX, amd ? amd0 : intel0);
	fake_cpuid_set(0x80000000, UINT32_MAX, max);
	fake_cpuid_set(0x80000008, UINT32_MAX, sizes);
	fake_cpuid_set(4, UINT32_MAX, cache);
	fake_cpuid_set(0x8000001d, UINT32_MAX, cache);
	fake_cpuid_set(0xd, UINT32_MAX, none);
	fake_cpuid_set(0xd, 0, d0);
	fake_cpuid_set(0xd, 1, d1);
	fake_cpuid_set(0xd, 2, avx);
	fake_cpuid_set(0xd, 5, opmask);
	fake_cpuid_set(0xd, 6, zmm_high);
	fake_cpuid_set(0xd, 7, zmm_16);
}

static struct partition *child;
static struct vp *vp;
static uint32_t out[4];

static int setup(void **state)
{
	world_setup(state);
	a_rich_machine(true);
	child = world_child(6);
	vp = child->vps[3];
	return 0;
}

static int setup_intel(void **state)
{
	world_setup(state);
	a_rich_machine(false);
	child = world_child(6);
	vp = child->vps[3];
	return 0;
}

static const uint32_t *read_leaf(struct vp *who, uint32_t leaf,
				 uint32_t subleaf)
{
	memset(out, 0xa5, sizeof(out));
	cpuid_read(who, leaf, subleaf, out);
	return out;
}

static bool is_zero(struct vp *who, uint32_t leaf)
{
	read_leaf(who, leaf, 0);
	return !(out[EAX] | out[EBX] | out[ECX] | out[EDX]);
}

/* ---- The hypervisor's leaves ---- */

static void hyper_v_shows_itself(void **state)
{
	(void)state;
	read_leaf(vp, 0x40000000, 0);
	assert_memory_equal(&out[EBX], "Microsoft Hv", 12);
	assert_in_range(out[EAX], 0x40000005, 0x4000ffff);
	assert_memory_equal(&read_leaf(vp, 0x40000001, 0)[EAX], "Hv#1", 4);
	read_leaf(vp, 0x40000003, 0);
	assert_int_equal(out[EAX] & 0x60, 0x60);
	assert_int_equal(out[EAX], (uint32_t)child->privileges);
	assert_int_equal(out[EBX], child->privileges >> 32);
	assert_false(out[EBX] & (HV_PRIVILEGE_EBX_CREATE_PARTITIONS |
				 HV_PRIVILEGE_EBX_CPU_MANAGEMENT));
	assert_int_equal(out[EDX], 1 << 8 | 1 << 10 | 1 << 19);
	read_leaf(vp, 0x40000004, 0);
	assert_int_equal(out[EAX], HV_RECOMMEND_DEPRECATE_AUTO_EOI |
					   HV_RECOMMEND_RELAXED_TIMING);
	assert_int_equal(out[EBX], 0xffffffff);
	assert_int_equal(read_leaf(vp, 0x40000005, 0)[EAX], 128);
}

static void leaves_beyond_the_last_are_zero(void **state)
{
	(void)state;
	assert_true(is_zero(vp, 0x40000007));
	assert_true(is_zero(vp, 0x4000000c));
	assert_true(is_zero(vp, 0x40000082));
	assert_true(is_zero(vp, 0x4000ffff));
}

static void a_hidden_hypervisor_is_a_bit_only(void **state)
{
	(void)state;
	child->hyperv = false;
	for (uint32_t leaf = 0x40000000; leaf < 0x40000010; leaf++)
		assert_true(is_zero(vp, leaf));
	assert_true(read_leaf(vp, 1, 0)[ECX] & CPUID_1_ECX_HYPERVISOR);
}

static void our_own_range_is_the_parents(void **state)
{
	struct vp *parent = hypervisor_parent_vp(1);

	(void)state;
	read_leaf(parent, BULKHEAD_CPUID_VENDOR, 0);
	assert_memory_equal(&out[EBX], "Bulkhead", 8);
	assert_int_equal(out[EAX], BULKHEAD_CPUID_FEATURES);
	assert_true(read_leaf(parent, BULKHEAD_CPUID_FEATURES, 0)[EBX] &
		    BULKHEAD_FEATURE_EVENT_PORTS);
	assert_true(is_zero(vp, BULKHEAD_CPUID_VENDOR));
	read_leaf(parent, 0x40000003, 0);
	assert_true(out[EBX] & HV_PRIVILEGE_EBX_CREATE_PARTITIONS);
	assert_false(out[EBX] & HV_PRIVILEGE_EBX_CPU_MANAGEMENT);
	assert_int_equal(read_leaf(parent, 0x40000004, 0)[EAX],
			 HV_RECOMMEND_DEPRECATE_AUTO_EOI);
}

/* ---- The processor's leaves, to a child ---- */

static void leaf_1_is_the_vps_own(void **state)
{
	struct hv_register_value cr4 = {.u64 = 1 << 18};

	(void)state;
	read_leaf(vp, 1, 0);
	assert_int_equal(out[EBX] >> 24, 3);
	assert_int_equal(out[EBX] >> 16 & 0xff, 6);
	/* MONITOR, VMX, PDCM, TSC deadline; x2APIC, the hypervisor. */
	assert_false(out[ECX] & (1u << 3 | 1u << 5 | 1u << 15 | 1u << 24));
	assert_true(out[ECX] & 1u << 21);
	assert_true(out[ECX] & 1u << 31);
	/* MCE, MCA, ACPI, TM; APIC, MTRR, HTT */
	assert_false(out[EDX] & (1u << 7 | 1u << 14 | 1u << 22 | 1u << 29));
	assert_int_equal(out[EDX] & (1u << 9 | 1u << 12 | 1u << 28),
			 1u << 9 | 1u << 12 | 1u << 28);
	/* OSXSAVE is a mirror of CR4, APIC of APIC_BASE. */
	assert_false(out[ECX] & 1u << 27);
	virt->vp_set(vp->virt, HV_REGISTER_CR4, &cr4);
	world_wrmsr(vp, 0x1b, 0xfee00000);
	read_leaf(vp, 1, 0);
	assert_true(out[ECX] & 1u << 27);
	assert_false(out[EDX] & 1u << 9);
}

static void features_without_a_home_are_hidden(void **state)
{
	(void)state;
	read_leaf(vp, 7, 0);
	assert_int_equal(out[EAX], 1);
	assert_false(out[EBX] & (1u << 1 | 1u << 2 | 1u << 25));
	assert_false(out[ECX] & (1u << 3 | 1u << 7 | 1u << 16));
	assert_false(out[EDX] & (1u << 22 | 1u << 26 | 1u << 29));
	assert_true(out[EBX] & 1u << 5);
	assert_true(is_zero(vp, 5));
	assert_true(is_zero(vp, 0xa));
	assert_true(is_zero(vp, 0x14));
	assert_true(is_zero(vp, 0x15));
	assert_true(is_zero(vp, 0x20));
	assert_true(is_zero(vp, 0x1000));
	assert_int_equal(read_leaf(vp, 6, 0)[EAX], 4);
	read_leaf(vp, 0x80000001, 0);
	assert_false(out[ECX] & (1u << 2 | 1u << 3 | 1u << 12));
	assert_true(is_zero(vp, 0x8000000a));
	assert_true(is_zero(vp, 0x8000001f));
	assert_true(is_zero(vp, 0x80000022));
	assert_true(is_zero(vp, 0xc0000000));
}

static void xsave_is_what_fits(void **state)
{
	(void)state;
	read_leaf(vp, 0xd, 0);
	assert_int_equal(out[EAX], 0xe7);
	assert_int_equal(out[EBX], 0x340);
	assert_int_equal(out[ECX], 2688);
	assert_int_equal(out[EDX], 0);
	read_leaf(vp, 0xd, 1);
	assert_int_equal(out[EAX], 7);
	assert_int_equal(out[ECX], 0);
	assert_int_equal(read_leaf(vp, 0xd, 2)[EAX], 256);
	assert_int_equal(read_leaf(vp, 0xd, 9)[EAX], 0);
	assert_int_equal(read_leaf(vp, 0xd, 18)[EAX], 0);
	assert_int_equal(read_leaf(vp, 0xd, 70)[EAX], 0);
}

static void each_vp_is_a_core(void **state)
{
	(void)state;
	read_leaf(vp, 0xb, 0);
	assert_int_equal(out[EAX], 0);
	assert_int_equal(out[EBX], 1);
	assert_int_equal(out[ECX], 0x100);
	assert_int_equal(out[EDX], 3);
	read_leaf(vp, 0xb, 1);
	assert_int_equal(out[EAX], 3); /* six cores: three bits */
	assert_int_equal(out[EBX], 6);
	assert_int_equal(out[ECX], 0x201);
	read_leaf(vp, 0xb, 2);
	assert_int_equal(out[EBX], 0);
	assert_int_equal(out[ECX], 2);
	assert_int_equal(out[EDX], 3);
	assert_int_equal(read_leaf(vp, 0x80000008, 0)[ECX], 3 << 12 | 5);
	assert_true(read_leaf(vp, 0x80000001, 0)[ECX] & 2);
	assert_int_equal(read_leaf(vp, 0x8000001e, 0)[EAX], 3);
	assert_int_equal(read_leaf(vp, 0x8000001d, 0)[EAX] >> 14 & 0xfff, 0);
	child->vps[0]->apic.id = 0;
	read_leaf(world_child(1)->vps[0], 0xb, 1);
	assert_int_equal(out[EAX], 0);
	assert_int_equal(out[EBX], 1);
}

static void intels_way_to_tell_cores(void **state)
{
	const uint32_t level_3[4] = {0xfc00c163, 0, 0, 0};

	(void)state;
	assert_int_equal(read_leaf(vp, 4, 0)[EAX], 7u << 26 | 0x143);
	fake_cpuid_set(4, UINT32_MAX, level_3);
	assert_int_equal(read_leaf(vp, 4, 0)[EAX], 7u << 26 | 5u << 14 | 0x163);
	assert_int_equal(read_leaf(vp, 0x80000008, 0)[ECX], 0);
}

static void addresses_end_where_a_childs_do(void **state)
{
	(void)state;
	assert_int_equal(read_leaf(vp, 0x80000008, 0)[EAX], 46 | 48 << 8);
}

static void the_invariant_tsc_is_shown_when_asked_for(void **state)
{
	(void)state;
	assert_int_equal(read_leaf(vp, 0x80000007, 0)[EDX], 0);
	child->privileges |= HV_PRIVILEGE_TSC_INVARIANT;
	world_wrmsr(child->vps[0], HV_MSR_TSC_INVARIANT_CONTROL, 1);
	assert_int_equal(read_leaf(vp, 0x80000007, 0)[EDX], 0x100);
	child->hyperv = false;
	world_wrmsr(vp, 0x10, 0);
	assert_int_equal(read_leaf(vp, 0x80000007, 0)[EDX], 0x100);
}

static void a_poor_machine_is_no_trouble(void **state)
{
	const uint32_t max[4] = {4, 0x68747541, 0, 0};
	const uint32_t extended[4] = {0x80000004, 0, 0, 0};

	(void)state;
	world_setup(state);
	fake_cpuid_set(0, UINT32_MAX, max);
	fake_cpuid_set(0x80000000, UINT32_MAX, extended);
	child = world_child(1);
	vp = child->vps[0];
	assert_int_equal(read_leaf(vp, 0, 0)[EAX], 0xb);
	assert_true(is_zero(vp, 7));
	assert_true(is_zero(vp, 0xd));
	assert_true(is_zero(vp, 0x80000008));
	assert_int_equal(read_leaf(vp, 0xb, 1)[EBX], 1);
	assert_true(read_leaf(vp, 1, 0)[ECX] & 1u << 21);
}

/* ---- To the parent ---- */

static void the_parent_sees_silicon_less_a_few(void **state)
{
	struct vp *parent = hypervisor_parent_vp(1);

	(void)state;
	read_leaf(parent, 1, 0);
	assert_int_equal(out[EBX], 0x01ffffff);
	assert_int_equal(out[ECX], 0xfeff7f83 & ~(1u << 27));
	assert_int_equal(out[EDX], 0xffdfffff);
	assert_true(is_zero(parent, 0x8000000a));
	assert_true(is_zero(parent, 0xa));
	assert_true(is_zero(parent, 0x15));
	assert_false(read_leaf(parent, 0x80000001, 0)[ECX] & 4);
	assert_int_equal(read_leaf(parent, 0xb, 0)[EDX], 1);
	assert_int_equal(read_leaf(parent, 0x80000007, 0)[EDX], ~0u);
	assert_int_equal(read_leaf(parent, 0xd, 0)[EAX], 0xe7);
}

/* ---- Registered results ---- */

static void registered_results_replace_masked_bits(void **state)
{
	static struct hv_cpuid_result_parameters results[2] = {
		{.input_eax = 0x40000082,
		 .eax = 1,
		 .eax_mask = ~0u,
		 .ebx = 2,
		 .ecx = 3,
		 .ecx_mask = ~0u,
		 .edx = 4},
		{.input_eax = 0xb,
		 .input_ecx = 1,
		 .subleaf_specific = true,
		 .eax = 0x50,
		 .eax_mask = 0xf0},
	};

	(void)state;
	child->cpuid = results;
	child->cpuid_count = 2;
	read_leaf(vp, 0x40000082, 9);
	assert_int_equal(out[EAX], 1);
	assert_int_equal(out[EBX], 0);
	assert_int_equal(out[ECX], 3);
	assert_int_equal(read_leaf(vp, 0xb, 0)[EAX], 0);
	assert_int_equal(read_leaf(vp, 0xb, 1)[EAX], 0x53);
	child->cpuid = NULL;
	child->cpuid_count = 0;
}

static uint32_t answer(uint32_t leaf, uint32_t subleaf, unsigned int which)
{
	return cpuid_answer(vp, leaf, subleaf)[which];
}

/* Asked by the vp itself, answers are remembered: not when they change. */
static void what_changes_is_told_anew(void **state)
{
	const struct hv_input_register_intercept_result result = {
		.partition_id = child->id,
		.intercept_type = HV_INTERCEPT_TYPE_CPUID,
		.cpuid = {.input_eax = 0, .ecx = 5, .ecx_mask = ~0u},
	};
	const struct hv_input_create_vp seventh = {.partition_id = child->id,
						   .vp_index = 6};

	(void)state;
	assert_memory_equal(cpuid_answer(vp, 0, 0), read_leaf(vp, 0, 0), 16);
	assert_memory_equal(cpuid_answer(vp, 0, 0), read_leaf(vp, 0, 0), 16);
	/* Leaf and subleaf tell answers apart, the same place or not. */
	assert_int_equal(answer(0xb, 0, EBX), 1);
	assert_int_equal(answer(0xb, 1, EBX), 6);
	assert_memory_equal(cpuid_answer(vp, 8, 0), read_leaf(vp, 8, 0), 16);
	assert_memory_equal(cpuid_answer(vp, 0, 0), read_leaf(vp, 0, 0), 16);
	assert_int_equal(world_do(HVCALL_REGISTER_INTERCEPT_RESULT, &result,
				  sizeof(result)),
			 HV_STATUS_SUCCESS);
	assert_int_equal(answer(0, 0, ECX), 5);
	assert_int_equal(world_do(HVCALL_CREATE_VP, &seventh, sizeof(seventh)),
			 HV_STATUS_SUCCESS);
	assert_int_equal(answer(0xb, 1, EBX), 7);
	/* These the vp changes by itself. */
	assert_true(answer(1, 0, EDX) & 1u << 9);
	vp->apic.base &= ~(uint64_t)APIC_BASE_ENABLED;
	assert_false(answer(1, 0, EDX) & 1u << 9);
	child->tsc_invariant_control = 0;
	assert_int_equal(answer(0x80000007, 0, EDX), 0);
	child->tsc_invariant_control = 1;
	assert_memory_equal(cpuid_answer(vp, 0x80000007, 0),
			    read_leaf(vp, 0x80000007, 0), 16);
}

int main(void)
{
#define TEST(f)	 cmocka_unit_test_setup_teardown(f, setup, world_teardown)
#define INTEL(f) cmocka_unit_test_setup_teardown(f, setup_intel, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(hyper_v_shows_itself),
		TEST(leaves_beyond_the_last_are_zero),
		TEST(a_hidden_hypervisor_is_a_bit_only),
		TEST(our_own_range_is_the_parents),
		TEST(leaf_1_is_the_vps_own),
		TEST(features_without_a_home_are_hidden),
		TEST(xsave_is_what_fits),
		TEST(each_vp_is_a_core),
		INTEL(intels_way_to_tell_cores),
		TEST(addresses_end_where_a_childs_do),
		TEST(the_invariant_tsc_is_shown_when_asked_for),
		TEST(a_poor_machine_is_no_trouble),
		TEST(the_parent_sees_silicon_less_a_few),
		TEST(registered_results_replace_masked_bits),
		TEST(what_changes_is_told_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
