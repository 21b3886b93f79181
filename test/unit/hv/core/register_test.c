/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers by name, state pages, state by page list, properties. */
#include "world.h"

#include "abi/cpuid.h"
#include "abi/hypercall_parent.h"
#include "abi/msr.h"
#include "hv/core/gpa.h"
#include "hv/core/intercept.h"
#include "hv/core/lp.h"
#include "hv/core/vp_register.h"

#define REGISTER_PAGE  0x9000u /* of the parent */
#define INTERCEPT_PAGE 0xa000u
#define STATE_PAGE     0xb000u

static struct partition *child;
static struct vp *vp;

static int setup(void **state)
{
	const uint32_t max[4] = {0xd, 0, 0, 0};
	const uint32_t features[4] = {0, 0, BIT(26), 0};
	const uint32_t states[4] = {0x2ff, 0, 0, 0};

	world_setup(state);
	fake_cpuid_set(0, UINT32_MAX, max);
	fake_cpuid_set(1, UINT32_MAX, features);
	fake_cpuid_set(0xd, 0, states);
	child = world_child(2);
	vp = child->vps[0];
	return 0;
}

static void expect(uint32_t name, uint64_t value)
{
	struct hv_register_value got;

	assert_int_equal(world_get(vp, name, &got), HV_STATUS_SUCCESS);
	assert_true(got.u64 == value);
}

static void what_is_set_is_read(void **state)
{
	static const uint32_t names[] = {
		HV_REGISTER_RAX,
		HV_REGISTER_RAX + 15,
		HV_REGISTER_RIP,
		HV_REGISTER_DR0,
		HV_REGISTER_DR0 + 3,
		HV_REGISTER_CR0,
		HV_REGISTER_CR3,
		HV_REGISTER_XMM0,
		HV_REGISTER_XMM0 + 15,
		HV_REGISTER_FP_MMX0,
		HV_REGISTER_FP_CONTROL_STATUS,
		HV_REGISTER_TSC_AUX,
		HV_REGISTER_GUEST_CRASH_P0,
		HV_REGISTER_MISC_ENABLE,
		HV_REGISTER_STIMER0_CONFIG + 1,
		HV_REGISTER_GUEST_OS_ID,
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		assert_int_equal(world_set(vp, names[i], 0x1000 + i),
				 HV_STATUS_SUCCESS);
		expect(names[i], 0x1000 + i);
	}
}

static void values_silicon_refuses_are_refused(void **state)
{
	static const struct {
		uint32_t name;
		uint64_t value;
	} bad[] = {
		{HV_REGISTER_CR8, 16},
		{HV_REGISTER_EFER, 1ull << 40},
		{HV_REGISTER_XFEM, 0},	  /* x87 is always on */
		{HV_REGISTER_XFEM, 5},	  /* AVX without SSE */
		{HV_REGISTER_XFEM, 0xb},  /* half of MPX */
		{HV_REGISTER_XFEM, 0x27}, /* a third of AVX-512 */
		{HV_REGISTER_XFEM, 0xe3}, /* AVX-512 without AVX */
		{HV_REGISTER_XFEM, 1 | 1ull << 40},
		{HV_REGISTER_PENDING_INTERRUPTION, 1 | 1 << 1},
		{HV_REGISTER_PENDING_INTERRUPTION, 1 | 3 << 1 | 40 << 16},
		{HV_REGISTER_PENDING_EVENT0, 1 | 2 << 1},
		{HV_REGISTER_SINT0, 3},
		{HV_REGISTER_APIC_BASE, ~0ull},
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(world_set(vp, bad[i].name, bad[i].value),
				 HV_STATUS_INVALID_REGISTER_VALUE);
	assert_int_equal(world_set(vp, 0x12345678, 0),
			 HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(world_set(vp, HV_REGISTER_XFEM, 0xe7),
			 HV_STATUS_SUCCESS);
	expect(HV_REGISTER_XFEM, 0xe7);
	/* The parent cannot promise what silicon does not have. */
	const struct hv_input_register_intercept_result promise = {
		.partition_id = child->id,
		.intercept_type = HV_INTERCEPT_TYPE_CPUID,
		.cpuid = {.input_eax = 0xd, .eax = ~0u, .eax_mask = ~0u}};

	assert_int_equal(world_do(HVCALL_REGISTER_INTERCEPT_RESULT, &promise,
				  sizeof(promise)),
			 HV_STATUS_SUCCESS);
	assert_int_equal(world_set(vp, HV_REGISTER_XFEM, 0x2e7),
			 HV_STATUS_INVALID_REGISTER_VALUE);
}

/* A reserved bit would fault in the hypervisor when it is loaded. */
static void mxcsr_loses_reserved_bits(void **state)
{
	struct hv_register_value value = {
		.u128 = {7, 0xffffffff00000000 | 0xfff01f80}};

	(void)state;
	assert_int_equal(
		vp_register_set(vp, HV_REGISTER_XMM_CONTROL_STATUS, &value),
		HV_STATUS_SUCCESS);
	assert_int_equal(world_get(vp, HV_REGISTER_XMM_CONTROL_STATUS, &value),
			 HV_STATUS_SUCCESS);
	assert_int_equal(value.u128.low, 7);
	assert_int_equal((uint32_t)value.u128.high, 0x1f80);
}

static void flags_keep_their_fixed_bit(void **state)
{
	(void)state;
	assert_int_equal(world_set(vp, HV_REGISTER_RFLAGS, ~0ull),
			 HV_STATUS_SUCCESS);
	expect(HV_REGISTER_RFLAGS, 0x3f7fd7);
	assert_int_equal(world_set(vp, HV_REGISTER_RFLAGS, 0),
			 HV_STATUS_SUCCESS);
	expect(HV_REGISTER_RFLAGS, 2);
}

static void special_names(void **state)
{
	(void)state;
	expect(HV_REGISTER_EXPLICIT_SUSPEND, 1);
	expect(HV_REGISTER_INTERCEPT_SUSPEND, 0);
	assert_int_equal(world_set(vp, HV_REGISTER_CR8, 9), HV_STATUS_SUCCESS);
	expect(HV_REGISTER_CR8, 9);
	assert_int_equal(world_set(vp, HV_REGISTER_INTERRUPT_STATE,
				   HV_INTERRUPT_STATE_NMI_MASKED),
			 HV_STATUS_SUCCESS);
	vp->virt->registers.interrupt_shadow = true;
	expect(HV_REGISTER_INTERRUPT_STATE,
	       HV_INTERRUPT_STATE_NMI_MASKED | HV_INTERRUPT_STATE_SHADOW);
	expect(HV_REGISTER_APIC_ID, 0);
	expect(HV_REGISTER_APIC_BASE, vp->apic.base);
	assert_int_equal(world_set(vp, HV_REGISTER_APIC_BASE,
				   vp->apic.base | APIC_BASE_X2APIC),
			 HV_STATUS_SUCCESS);
	assert_true(apic_is_x2apic(&vp->apic));
	assert_int_equal(world_set(vp, HV_REGISTER_APIC_ID, 5),
			 HV_STATUS_SUCCESS);
	expect(HV_REGISTER_APIC_ID, 0);
	expect(HV_REGISTER_MTRR_PHYS_BASE0, 0);
	assert_int_equal(world_set(vp, HV_REGISTER_MTRR_PHYS_MASK0 + 7, 0x800),
			 HV_STATUS_SUCCESS);
	expect(HV_REGISTER_MTRR_PHYS_MASK0 + 7, 0x800);
}

static void activity_is_read_and_set(void **state)
{
	(void)state;
	expect(HV_REGISTER_INTERNAL_ACTIVITY_STATE, 0);
	assert_int_equal(world_set(vp, HV_REGISTER_INTERNAL_ACTIVITY_STATE,
				   HV_INTERNAL_ACTIVITY_STARTUP_SUSPEND),
			 HV_STATUS_SUCCESS);
	expect(HV_REGISTER_INTERNAL_ACTIVITY_STATE,
	       HV_INTERNAL_ACTIVITY_STARTUP_SUSPEND);
	assert_true(vp->suspended & VP_WAIT_STARTUP);
	assert_int_equal(world_set(vp, HV_REGISTER_INTERNAL_ACTIVITY_STATE,
				   HV_INTERNAL_ACTIVITY_HALT_SUSPEND),
			 HV_STATUS_SUCCESS);
	assert_int_equal(vp->suspended, VP_EXPLICIT_SUSPEND);
	assert_true(vp->halted);
}

static void pending_events_are_read_back(void **state)
{
	const uint64_t extint = HV_PENDING_EVENT_PENDING |
				HV_PENDING_EVENT_TYPE_EXTINT
					<< HV_PENDING_EVENT_TYPE_SHIFT |
				0x61ull << HV_PENDING_EVENT_EXTINT_VECTOR_SHIFT;
	const uint64_t fault =
		HV_PENDING_EVENT_PENDING | HV_PENDING_EVENT_DELIVER_ERROR_CODE |
		14ull << HV_PENDING_EVENT_EXCEPTION_VECTOR_SHIFT |
		6ull << HV_PENDING_EVENT_ERROR_CODE_SHIFT;
	const uint64_t cut = HV_PENDING_INTERRUPTION_PENDING |
			     3ull << HV_PENDING_INTERRUPTION_TYPE_SHIFT |
			     HV_PENDING_INTERRUPTION_DELIVER_ERROR_CODE |
			     13ull << HV_PENDING_INTERRUPTION_VECTOR_SHIFT |
			     4ull << HV_PENDING_INTERRUPTION_ERROR_CODE_SHIFT;

	(void)state;
	expect(HV_REGISTER_PENDING_EVENT0, 0);
	world_set(vp, HV_REGISTER_PENDING_EVENT0, extint);
	expect(HV_REGISTER_PENDING_EVENT0, extint);
	/* A fault does not take the interrupt's place. */
	world_set(vp, HV_REGISTER_PENDING_EVENT0, fault);
	expect(HV_REGISTER_PENDING_EVENT0, fault);
	vp->pending.valid = false;
	expect(HV_REGISTER_PENDING_EVENT0, extint);
	world_set(vp, HV_REGISTER_PENDING_EVENT0, 0);
	expect(HV_REGISTER_PENDING_EVENT0, 0);
	expect(HV_REGISTER_PENDING_INTERRUPTION, 0);
	world_set(vp, HV_REGISTER_PENDING_INTERRUPTION, cut);
	expect(HV_REGISTER_PENDING_INTERRUPTION, cut);
	/* The exception belonged to the instruction. */
	world_set(vp, HV_REGISTER_RIP, 0x7777);
	expect(HV_REGISTER_PENDING_INTERRUPTION, 0);
	world_set(vp, HV_REGISTER_PENDING_INTERRUPTION, 1 | 0x40 << 16);
	world_set(vp, HV_REGISTER_RIP, 0x8888);
	expect(HV_REGISTER_PENDING_INTERRUPTION, 1 | 0x40 << 16);
	world_set(vp, HV_REGISTER_PENDING_INTERRUPTION, 0);
	expect(HV_REGISTER_PENDING_INTERRUPTION, 0);
}

static void a_running_vp_keeps_its_registers(void **state)
{
	struct hv_register_value value;

	(void)state;
	vp->lp = 1;
	lp_resume(vp, VP_EXPLICIT_SUSPEND);
	world_run(1);
	assert_int_equal(world_get(vp, HV_REGISTER_RIP, &value),
			 HV_STATUS_INVALID_VP_STATE);
	assert_int_equal(world_set(vp, HV_REGISTER_RIP, 0),
			 HV_STATUS_INVALID_VP_STATE);
	/* A suspension is over only when the processor has left it. */
	assert_int_equal(world_set(vp, HV_REGISTER_EXPLICIT_SUSPEND, 1),
			 HV_STATUS_SUCCESS);
	assert_null(world_running(1));
	assert_int_equal(world_set(vp, HV_REGISTER_RIP, 0), HV_STATUS_SUCCESS);
	/* Another call has it: this one waits until that ends. */
	assert_true(lp_hold(vp));
	assert_false(lp_hold(vp));
	lp_resume(vp, VP_HELD);
}

/* The first rep is done at once, the second has to wait for the vp. */
static void reps_before_a_wait_keep_their_output(void **state)
{
	struct {
		struct hv_input_get_vp_registers header;
		uint32_t names[2];
	} input = {{.partition_id = child->id, .vp_index = 0},
		   {HV_REGISTER_EXPLICIT_SUSPEND, HV_REGISTER_RIP}};
	struct hv_register_value output[2];
	struct world_call call = {.code = HVCALL_GET_VP_REGISTERS,
				  .reps = 2,
				  .input = &input,
				  .size = sizeof(input),
				  .output = output,
				  .output_size = sizeof(output)};

	(void)state;
	vp->lp = 1;
	lp_resume(vp, VP_EXPLICIT_SUSPEND);
	world_run(1);
	vp->virt->registers.rip = 0x1234;
	lp_suspend(vp, VP_EXPLICIT_SUSPEND);
	assert_int_equal(world_call(&call), HV_STATUS_SUCCESS);
	assert_true(call.entries > 1);
	assert_int_equal(call.done, 2);
	assert_int_equal(output[0].u64, 1);
	assert_int_equal(output[1].u64, 0x1234);
}

/* ---- State pages ---- */

static enum hv_status map_page(uint16_t type, uint64_t page)
{
	const struct hv_input_map_vp_state_page input = {
		.partition_id = child->id,
		.type = type,
		.flags = HV_MAP_VP_STATE_PAGE_LOCATION_PROVIDED,
		.requested_location = page,
	};

	return world_do(HVCALL_MAP_VP_STATE_PAGE, &input, sizeof(input));
}

static void pages_carry_registers_both_ways(void **state)
{
	struct hv_register_page *page =
		world_memory(hypervisor.parent, REGISTER_PAGE);
	struct hv_message *message =
		world_memory(hypervisor.parent, INTERCEPT_PAGE);

	(void)state;
	assert_int_equal(map_page(HV_VP_STATE_PAGE_REGISTERS,
				  REGISTER_PAGE >> PAGE_SHIFT),
			 HV_STATUS_SUCCESS);
	assert_int_equal(map_page(HV_VP_STATE_PAGE_INTERCEPT_MESSAGE,
				  INTERCEPT_PAGE >> PAGE_SHIFT),
			 HV_STATUS_SUCCESS);
	vp->virt->registers.gpr[VIRT_RBX] = 77;
	vp->virt->registers.rip = 0x55;
	vp->reinject = (struct virt_event){
		.valid = true, .type = VIRT_EVENT_EXCEPTION, .vector = 13};
	intercept_reset(vp);
	assert_int_equal(message->header.type, HVMSG_MSR_INTERCEPT);
	assert_int_equal(page->gprs[VIRT_RBX], 77);
	assert_int_equal(page->rip, 0x55);
	assert_int_equal(page->is_valid, 1);
	page->gprs[VIRT_RBX] = 78;
	page->rip = 0x57;
	page->rflags = ~0ull;
	page->xmm[1].low = 99;
	page->ds.base = 0x4000;
	page->dirty = HV_REGISTER_PAGE_DIRTY_MASK;
	assert_int_equal(world_set(vp, HV_REGISTER_INTERCEPT_SUSPEND, 0),
			 HV_STATUS_SUCCESS);
	expect(HV_REGISTER_RBX, 78);
	expect(HV_REGISTER_RIP, 0x57);
	expect(HV_REGISTER_RFLAGS, 0x3f7fd7);
	expect(HV_REGISTER_XMM0 + 1, 99);
	assert_int_equal(vp_register(vp, HV_REGISTER_DS).segment.base, 0x4000);
	assert_false(vp->reinject.valid);
	assert_int_equal(page->dirty, 0);
	/* Taken over once. */
	page->gprs[VIRT_RBX] = 79;
	assert_int_equal(world_set(vp, HV_REGISTER_INTERCEPT_SUSPEND, 0),
			 HV_STATUS_SUCCESS);
	expect(HV_REGISTER_RBX, 78);
}

static void pages_that_are_not_the_parents(void **state)
{
	const struct hv_input_unmap_vp_state_page unmap = {
		.partition_id = child->id, .type = HV_VP_STATE_PAGE_REGISTERS};

	(void)state;
	assert_int_equal(map_page(2, 9), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(map_page(0, FAKE_POOL >> PAGE_SHIFT),
			 HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(map_page(0, 0), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(map_page(0, ~0ull), HV_STATUS_INVALID_PARAMETER);
	/* Deposited after it was mapped: nothing is written there. */
	assert_int_equal(map_page(0, 9), HV_STATUS_SUCCESS);
	assert_int_equal(gpa_hide(hypervisor.parent, SPA(9 << PAGE_SHIFT)),
			 HV_STATUS_SUCCESS);
	memset(world_memory(hypervisor.parent, 0x9000), 0x11, PAGE_SIZE);
	intercept_reset(vp);
	assert_int_equal(*(uint64_t *)world_memory(hypervisor.parent, 0x9000),
			 0x1111111111111111);
	assert_int_equal(
		world_do(HVCALL_UNMAP_VP_STATE_PAGE, &unmap, sizeof(unmap)),
		HV_STATUS_SUCCESS);
	assert_int_equal(vp->register_page.value, 0);
}

/* ---- State by page list ---- */

static enum hv_status vp_state(uint16_t code, uint32_t type, uint64_t page)
{
	struct {
		struct hv_input_get_vp_state header;
		uint64_t page;
	} input = {{.partition_id = child->id, .type = type}, page};
	struct world_call call = {.code = code,
				  .input = &input,
				  .size = sizeof(input),
				  .variable = 8};

	return world_call(&call);
}

static void state_goes_out_and_in_again(void **state)
{
	struct hv_local_apic_state *apic =
		world_memory(hypervisor.parent, STATE_PAGE);
	uint64_t *xsave = world_memory(hypervisor.parent, STATE_PAGE);
	const uint64_t page = STATE_PAGE >> PAGE_SHIFT;

	(void)state;
	assert_int_equal(vp_state(HVCALL_GET_VP_STATE, HV_VP_STATE_LAPIC, page),
			 HV_STATUS_SUCCESS);
	apic->spurious = 0x1f0;
	assert_int_equal(vp_state(HVCALL_SET_VP_STATE, HV_VP_STATE_LAPIC, page),
			 HV_STATUS_SUCCESS);
	assert_int_equal(vp->apic.spurious, 0x1f0);
	apic->isr[0] = 1;
	assert_int_equal(vp_state(HVCALL_SET_VP_STATE, HV_VP_STATE_LAPIC, page),
			 HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(vp_state(HVCALL_GET_VP_STATE, HV_VP_STATE_XSAVE, page),
			 HV_STATUS_SUCCESS);
	xsave[20] = 55;
	xsave[3] = 0xffffffff12345678;
	assert_int_equal(vp_state(HVCALL_SET_VP_STATE, HV_VP_STATE_XSAVE, page),
			 HV_STATUS_SUCCESS);
	expect(HV_REGISTER_XMM0, 55);
	assert_int_equal(((uint32_t *)vp->cpu.xsave)[6], 0x5678);
	for (unsigned int i = 0; i < 3; i++) {
		xsave[64 + i] = 1ull << 40;
		assert_int_equal(
			vp_state(HVCALL_SET_VP_STATE, HV_VP_STATE_XSAVE, page),
			HV_STATUS_INVALID_PARAMETER);
		xsave[64 + i] = 0;
	}
	assert_int_equal(vp_state(HVCALL_GET_VP_STATE,
				  HV_VP_STATE_SYNTHETIC_TIMERS, page),
			 HV_STATUS_SUCCESS);
	assert_int_equal(vp_state(HVCALL_GET_VP_STATE, 77, page),
			 HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(vp_state(HVCALL_SET_VP_STATE, 77, page),
			 HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(vp_state(HVCALL_SET_VP_STATE, HV_VP_STATE_XSAVE,
				  FAKE_POOL >> PAGE_SHIFT),
			 HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(
		vp_state(HVCALL_GET_VP_STATE, HV_VP_STATE_XSAVE, ~0ull),
		HV_STATUS_INVALID_PARAMETER);
}

/* ---- Properties ---- */

static enum hv_status get_property(uint32_t code, uint64_t *value)
{
	const struct hv_input_get_partition_property input = {
		.partition_id = child->id, .property_code = code};
	struct world_call call = {.code = HVCALL_GET_PARTITION_PROPERTY,
				  .input = &input,
				  .size = sizeof(input),
				  .output = value,
				  .output_size = sizeof(*value)};

	return world_call(&call);
}

static enum hv_status set_property(uint32_t code, uint64_t value)
{
	const struct hv_input_set_partition_property input = {
		.partition_id = child->id,
		.property_code = code,
		.property_value = value};

	return world_do(HVCALL_SET_PARTITION_PROPERTY, &input, sizeof(input));
}

static void properties(void **state)
{
	static const uint32_t known[] = {
		HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS,
		HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES,
		HV_PARTITION_PROPERTY_REFERENCE_TIME,
		HV_PARTITION_PROPERTY_PROCESSOR_VENDOR,
		HV_PARTITION_PROPERTY_XSAVE_STATES,
		HV_PARTITION_PROPERTY_MAX_XSAVE_DATA_SIZE,
		HV_PARTITION_PROPERTY_PROCESSOR_CLOCK_FREQUENCY,
		HV_PARTITION_PROPERTY_PHYSICAL_ADDRESS_WIDTH,
		HV_PARTITION_PROPERTY_PROCESSOR_CL_FLUSH_SIZE,
		HV_PARTITION_PROPERTY_GUEST_OS_ID,
		HV_PARTITION_PROPERTY_COMPATIBILITY_VERSION,
		HV_PARTITION_PROPERTY_PROCESSORS_PER_SOCKET,
		HV_PARTITION_PROPERTY_ISOLATION_STATE,
	};
	uint64_t value;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(known); i++)
		assert_int_equal(get_property(known[i], &value),
				 HV_STATUS_SUCCESS);
	assert_int_equal(get_property(0x99, &value),
			 HV_STATUS_UNKNOWN_PROPERTY);
	assert_int_equal(set_property(0x99, 0), HV_STATUS_UNKNOWN_PROPERTY);
	assert_int_equal(set_property(HV_PARTITION_PROPERTY_CPU_WEIGHT, 0),
			 HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE);
	assert_int_equal(set_property(HV_PARTITION_PROPERTY_CPU_WEIGHT, 200),
			 HV_STATUS_SUCCESS);
	get_property(HV_PARTITION_PROPERTY_CPU_WEIGHT, &value);
	assert_int_equal(value, 200);
	assert_int_equal(
		set_property(HV_PARTITION_PROPERTY_UNIMPLEMENTED_MSR_ACTION, 1),
		HV_STATUS_SUCCESS);
	assert_int_equal(
		set_property(HV_PARTITION_PROPERTY_UNIMPLEMENTED_MSR_ACTION, 9),
		HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE);
	get_property(HV_PARTITION_PROPERTY_UNIMPLEMENTED_MSR_ACTION, &value);
	assert_int_equal(value, 1);
	assert_int_equal(
		set_property(HV_PARTITION_PROPERTY_PROCESSORS_PER_SOCKET, 2),
		HV_STATUS_SUCCESS);
	set_property(HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES, 0);
	get_property(HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES, &value);
	assert_int_equal(value, 0);
	assert_false(child->hyperv);
}

static void frozen_time_stands_still(void **state)
{
	uint64_t before, value;

	(void)state;
	assert_int_equal(set_property(HV_PARTITION_PROPERTY_TIME_FREEZE, 2),
			 HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE);
	get_property(HV_PARTITION_PROPERTY_REFERENCE_TIME, &before);
	set_property(HV_PARTITION_PROPERTY_TIME_FREEZE, 1);
	set_property(HV_PARTITION_PROPERTY_TIME_FREEZE, 1);
	fake.now += FAKE_TSC_HZ;
	get_property(HV_PARTITION_PROPERTY_TIME_FREEZE, &value);
	assert_int_equal(value, 1);
	get_property(HV_PARTITION_PROPERTY_REFERENCE_TIME, &value);
	assert_true(value == before);
	set_property(HV_PARTITION_PROPERTY_TIME_FREEZE, 0);
	fake.now += FAKE_TSC_HZ;
	get_property(HV_PARTITION_PROPERTY_REFERENCE_TIME, &value);
	assert_in_range(value - before, 9999999, 10000001);
}

static void extended_properties(void **state)
{
	struct hv_vmm_capabilities value = {0};
	struct hv_input_get_partition_property_ex input = {
		.partition_id = HV_PARTITION_ID_SELF,
		.property_code = HV_PARTITION_PROPERTY_VMM_CAPABILITIES};
	struct world_call call = {.code = HVCALL_GET_PARTITION_PROPERTY_EX,
				  .input = &input,
				  .size = sizeof(input),
				  .output = &value,
				  .output_size = sizeof(value)};

	(void)state;
	assert_int_equal(world_call(&call), HV_STATUS_SUCCESS);
	assert_int_equal(value.bank_count, 1);
	input.property_code = HV_PARTITION_PROPERTY_CPU_WEIGHT;
	assert_int_equal(world_call(&call), HV_STATUS_SUCCESS);
	assert_int_equal(*(uint64_t *)&value, 100);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(what_is_set_is_read),
		TEST(values_silicon_refuses_are_refused),
		TEST(mxcsr_loses_reserved_bits),
		TEST(flags_keep_their_fixed_bit),
		TEST(special_names),
		TEST(activity_is_read_and_set),
		TEST(pending_events_are_read_back),
		TEST(a_running_vp_keeps_its_registers),
		TEST(reps_before_a_wait_keep_their_output),
		TEST(pages_carry_registers_both_ways),
		TEST(pages_that_are_not_the_parents),
		TEST(state_goes_out_and_in_again),
		TEST(properties),
		TEST(frozen_time_stands_still),
		TEST(extended_properties),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
