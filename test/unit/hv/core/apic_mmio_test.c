/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MOVs on the local-APIC page: every form, in every mode, and what is none. */
#include "world.h"

#include "hv/core/apic_mmio.h"

#define CS_64	  0xa09b
#define CS_32	  0xc09b
#define CS_16	  0x009b
#define EFER_LONG 0x500

#define ICR_HIGH 0x310
#define VALUE	 0x77000000u

static struct vp *vp;

static int setup(void **state)
{
	world_setup(state);
	vp = world_child(1)->vps[0];
	world_apic_on(vp, false);
	return 0;
}

static void set_mode(uint16_t attributes)
{
	const struct hv_register_value cs = {
		.segment = {.limit = 0xffffffff, .attributes = attributes}};
	const struct hv_register_value efer = {
		.u64 = attributes == CS_64 ? EFER_LONG : 0};

	virt->vp_set(vp->virt, HV_REGISTER_CS, &cs);
	virt->vp_set(vp->virt, HV_REGISTER_EFER, &efer);
}

struct form {
	uint16_t mode;
	bool store;
	uint8_t gpr;
	uint8_t length;
	uint8_t bytes[15];
};

static struct virt_intercept access_by(const struct form *form)
{
	struct virt_intercept intercept = {
		.kind = VIRT_GPA,
		.byte_count = 15,
		.memory = {.gpa = GPA(APIC_PAGE_GPA + ICR_HIGH),
			   .access = form->store ? VIRT_ACCESS_WRITE
						 : VIRT_ACCESS_READ},
	};

	memcpy(intercept.bytes, form->bytes, 15);
	return intercept;
}

static const struct form forms[] = {
	/* 64 bit: every addressing form by length */
	{CS_64, true, VIRT_RAX, 2, {0x89, 0x00}},
	{CS_64, false, VIRT_RCX, 2, {0x8b, 0x08}},
	{CS_64, true, VIRT_R15, 3, {0x44, 0x89, 0x3f}},
	{CS_64, false, VIRT_R9, 4, {0x45, 0x8b, 0x4f, 0x10}},
	{CS_64, true, VIRT_RDX, 6, {0x89, 0x90, 0, 3, 0, 0}},
	{CS_64, true, VIRT_RDX, 3, {0x89, 0x14, 0x08}},
	{CS_64, true, VIRT_RDX, 7, {0x89, 0x14, 0x25, 0, 0, 0xe0, 0xfe}},
	{CS_64, true, VIRT_RDX, 4, {0x89, 0x54, 0x08, 0x40}},
	{CS_64, true, VIRT_RDX, 7, {0x89, 0x94, 0x08, 0, 1, 0, 0}},
	{CS_64, true, VIRT_RSI, 6, {0x89, 0x35, 0, 0, 0, 0}}, /* RIP */
	{CS_64, false, VIRT_RAX, 9, {0xa1, 0x10, 3, 0xe0, 0xfe}},
	{CS_64, false, VIRT_RAX, 6, {0x67, 0xa1, 0x10, 3, 0xe0, 0xfe}},
	{CS_64, true, VIRT_RAX, 9, {0xa3, 0x10, 3, 0xe0, 0xfe}},
	{CS_64, true, VIRT_RBX, 4, {0x65, 0x67, 0x89, 0x18}},
	/* 32 bit */
	{CS_32, true, VIRT_RDI, 6, {0x89, 0x3d, 0x10, 3, 0xe0, 0xfe}},
	{CS_32, false, VIRT_RBP, 3, {0x8b, 0x68, 0x10}},
	{CS_32, false, VIRT_RAX, 5, {0xa1, 0x10, 3, 0xe0, 0xfe}},
	{CS_32, true, VIRT_RBX, 5, {0x67, 0x89, 0x1e, 0x10, 3}},
	{CS_32, true, VIRT_RBX, 3, {0x3e, 0x89, 0x1a}},
	/* 16 bit: both sizes need a prefix */
	{CS_16, true, VIRT_RAX, 4, {0x66, 0x67, 0x89, 0x00}},
	{CS_16, false, VIRT_RCX, 3, {0x66, 0x8b, 0x0f}},
	{CS_16, false, VIRT_RCX, 4, {0x66, 0x8b, 0x4f, 0x10}},
	{CS_16, false, VIRT_RCX, 5, {0x66, 0x8b, 0x8f, 0x10, 0}},
	{CS_16, false, VIRT_RAX, 4, {0x66, 0xa1, 0x10, 3}},
};

static void every_form_moves_and_is_skipped(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		const struct form *form = &forms[i];
		struct virt_intercept intercept = access_by(form);
		uint64_t *gpr = &vp->virt->registers.gpr[form->gpr];

		set_mode(form->mode);
		vp->virt->registers.rip = 0x1000;
		*gpr = form->store ? 0xffffffff00000000ull | VALUE : ~0ull;
		apic_page_write(vp, ICR_HIGH, form->store ? 0 : VALUE);
		assert_true(apic_mmio(vp, &intercept));
		assert_int_equal(apic_page_read(vp, ICR_HIGH), VALUE);
		if (!form->store)
			assert_int_equal(*gpr, VALUE);
		assert_int_equal(vp->virt->registers.rip,
				 0x1000 + form->length);
	}
}

static void an_immediate_is_stored(void **state)
{
	static const struct form immediates[] = {
		{CS_64, true, 0, 6, {0xc7, 0x00, 0, 0, 0, 0x77}},
		{CS_64,
		 true,
		 0,
		 11,
		 {0xc7, 0x04, 0x25, 0x10, 3, 0xe0, 0xfe, 0, 0, 0, 0x77}},
		{CS_32,
		 true,
		 0,
		 10,
		 {0xc7, 0x05, 0x10, 3, 0xe0, 0xfe, 0, 0, 0, 0x77}},
		{CS_16, true, 0, 7, {0x66, 0xc7, 0x07, 0, 0, 0, 0x77}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(immediates); i++) {
		struct virt_intercept intercept = access_by(&immediates[i]);

		set_mode(immediates[i].mode);
		vp->virt->registers.rip = 0;
		apic_page_write(vp, ICR_HIGH, 0);
		assert_true(apic_mmio(vp, &intercept));
		assert_int_equal(apic_page_read(vp, ICR_HIGH), VALUE);
		assert_int_equal(vp->virt->registers.rip, immediates[i].length);
	}
}

static void other_forms_are_left_alone(void **state)
{
	static const struct form others[] = {
		{CS_64, true, 0, 0, {0x48, 0x89, 0x00}}, /* 64 bit */
		{CS_64, true, 0, 0, {0x66, 0x89, 0x00}}, /* 16 bit */
		{CS_32, true, 0, 0, {0x66, 0x89, 0x00}},
		{CS_16, true, 0, 0, {0x89, 0x07}},
		{CS_64, true, 0, 0, {0x88, 0x00}},	 /* 8 bit */
		{CS_64, true, 0, 0, {0x89, 0xc0}},	 /* a register */
		{CS_64, true, 0, 0, {0xc7, 0x08}},	 /* C7 /1 */
		{CS_64, true, 0, 0, {0x83, 0x08, 0x01}}, /* OR */
		{CS_64, true, 0, 0, {0x0f, 0xb1, 0x08}}, /* CMPXCHG */
		{CS_64, true, 0, 0, {0xf0, 0x89, 0x00}}, /* LOCK */
		{CS_64, true, 0, 0, {0x40, 0x48, 0x89, 0x00}},
		{CS_64, true, 0, 0, {0x8b, 0x00}},  /* reads, they say */
		{CS_64, false, 0, 0, {0x89, 0x00}}, /* writes, they say */
		{CS_64,
		 true,
		 0,
		 0,
		 {0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
		  0x66, 0x66, 0x66, 0x66, 0x66}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		struct virt_intercept intercept = access_by(&others[i]);

		set_mode(others[i].mode);
		vp->virt->registers.rip = 0x1000;
		assert_false(apic_mmio(vp, &intercept));
		assert_int_equal(vp->virt->registers.rip, 0x1000);
	}
}

/* Bytes beyond what could be read are never looked at. */
static void a_cut_instruction_is_none(void **state)
{
	static const uint8_t bytes[] = {0xc7, 0x84, 0x08, 0, 1, 0,
					0,    0x77, 0,	  0, 0};

	(void)state;
	set_mode(CS_64);
	for (uint8_t count = 1; count <= sizeof(bytes); count++) {
		struct form form = {CS_64, true, 0, 0, {0}};
		struct virt_intercept intercept = access_by(&form);

		memset(intercept.bytes, 0, sizeof(intercept.bytes));
		memcpy(intercept.bytes, bytes, count);
		intercept.byte_count = count;
		assert_int_equal(apic_mmio(vp, &intercept),
				 count == sizeof(bytes));
	}
}

static void neither_fetches_nor_page_walks(void **state)
{
	struct virt_intercept intercept = access_by(&forms[0]);

	(void)state;
	set_mode(CS_64);
	intercept.memory.page_walk = true;
	assert_false(apic_mmio(vp, &intercept));
	intercept.memory.page_walk = false;
	intercept.memory.access = VIRT_ACCESS_EXECUTE;
	assert_false(apic_mmio(vp, &intercept));
}

static void in_x2apic_mode_there_is_no_page(void **state)
{
	struct virt_intercept load = access_by(&forms[1]);
	struct virt_intercept store = access_by(&forms[0]);

	(void)state;
	set_mode(CS_64);
	world_apic_on(vp, true);
	assert_true(apic_mmio(vp, &load));
	assert_int_equal(vp->virt->registers.gpr[VIRT_RCX], 0xffffffff);
	vp->virt->registers.gpr[VIRT_RAX] = VALUE;
	assert_true(apic_mmio(vp, &store));
	assert_int_equal(vp->apic.icr, 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(every_form_moves_and_is_skipped),
		TEST(an_immediate_is_stored),
		TEST(other_forms_are_left_alone),
		TEST(a_cut_instruction_is_none),
		TEST(neither_fetches_nor_page_walks),
		TEST(in_x2apic_mode_there_is_no_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
