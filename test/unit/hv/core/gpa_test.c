/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest memory: what may be mapped, counted, reached, and walked to. */
#include "world.h"

#include "abi/hypercall_parent.h"
#include "abi/msr.h"
#include "hv/core/gpa.h"
#include "hv/core/gva.h"
#include "hv/core/handler.h"
#include "hv/core/hypercall.h"
#include "hv/core/lp.h"

#define LARGE_AT (4ull << 20) /* in the child: beyond what it starts with */
#define TABLES	 0x10000ull

static struct partition *child;
static struct vp *vp;

static int setup(void **state)
{
	world_setup(state);
	child = world_child(1);
	vp = child->vps[0];
	child->guest_os_id = 1;
	return 0;
}

static enum hv_status map(uint64_t gpa, uint64_t source, uint64_t size,
			  uint32_t rights)
{
	const struct virt_mapping mapping = {GPA(gpa), SPA(source), size,
					     rights};

	return gpa_map(child, &mapping);
}

static enum hv_status unmap(uint64_t gpa, uint64_t size)
{
	return map(gpa, 0, size, 0);
}

#define RW (VIRT_MAP_READ | VIRT_MAP_WRITE)

static void only_the_parents_ram_is_mapped(void **state)
{
	const uint64_t large = LARGE_PAGE_SIZE;

	(void)state;
	assert_int_equal(map(0, FAKE_POOL, PAGE_SIZE, RW),
			 HV_STATUS_ACCESS_DENIED);
	assert_int_equal(map(0, FAKE_RAM, PAGE_SIZE, RW),
			 HV_STATUS_ACCESS_DENIED);
	assert_int_equal(map(LARGE_AT, FAKE_POOL, large, RW),
			 HV_STATUS_ACCESS_DENIED);
	assert_int_equal(map(LARGE_AT + PAGE_SIZE, 0, large, RW),
			 HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(map(PARTITION_GPA_LIMIT, 0, PAGE_SIZE, RW),
			 HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(unmap(PARTITION_GPA_LIMIT, PAGE_SIZE),
			 HV_STATUS_INVALID_PARAMETER);
	/* A hole between two pieces of RAM, inside one large page. */
	hypervisor.config.ram[0].size = 5 << 20;
	hypervisor.config.ram[1] =
		(struct spa_range){SPA((5 << 20) + PAGE_SIZE), 10 << 20};
	hypervisor.config.ram_count = 2;
	assert_int_equal(map(LARGE_AT, 4 << 20, large, RW),
			 HV_STATUS_ACCESS_DENIED);
	assert_int_equal(map(LARGE_AT, 2 << 20, large, RW), HV_STATUS_SUCCESS);
	assert_null(
		gpa_pointer(hypervisor.parent, GPA(5 << 20), VIRT_MAP_READ));
	assert_non_null(gpa_pointer(hypervisor.parent,
				    GPA((5 << 20) + PAGE_SIZE), VIRT_MAP_READ));
}

static void counts(uint64_t small, uint64_t large)
{
	assert_true(child->pages_small == small);
	assert_true(child->pages_large == large);
}

static void pages_are_counted(void **state)
{
	uint64_t small = child->pages_small;

	(void)state;
	counts(WORLD_CHILD_MEMORY / PAGE_SIZE, 0);
	assert_int_equal(map(LARGE_AT, 2 << 20, LARGE_PAGE_SIZE, RW), 0);
	counts(small, 1);
	assert_int_equal(map(LARGE_AT, 2 << 20, LARGE_PAGE_SIZE, RW), 0);
	counts(small, 1);
	/* The hypercall page over it splits it. */
	assert_true(gpa_overlay(child, GPA(LARGE_AT + 5 * PAGE_SIZE)));
	counts(small + 512, 0);
	gpa_overlay_remove(child);
	counts(small + 512, 0);
	assert_int_equal(unmap(LARGE_AT + PAGE_SIZE, PAGE_SIZE), 0);
	counts(small + 511, 0);
	assert_int_equal(unmap(LARGE_AT, LARGE_PAGE_SIZE), 0);
	counts(small, 0);
	assert_int_equal(unmap(LARGE_AT, LARGE_PAGE_SIZE), 0);
	counts(small, 0);
	assert_int_equal(map(LARGE_AT, 2 << 20, LARGE_PAGE_SIZE, RW), 0);
	assert_int_equal(unmap(LARGE_AT + PAGE_SIZE, PAGE_SIZE), 0);
	counts(small + 511, 0);
	assert_int_equal(map(LARGE_AT, 2 << 20, LARGE_PAGE_SIZE, RW), 0);
	counts(small, 1);
}

static spa_t behind(uint64_t gpa)
{
	struct virt_mapping mapping;

	return virt->space_lookup(&child->space, GPA(gpa), &mapping)
		       ? mapping.spa
		       : SPA(0);
}

static void the_hypercall_page_lies_over_memory(void **state)
{

	(void)state;
	assert_true(hypercall_page_set(vp, 0x3001));
	assert_true(behind(0x3000).value == hypervisor.hypercall_page.value);
	/* What changes below is seen when it goes. */
	assert_int_equal(map(0x3000, 8 << 20, PAGE_SIZE, RW), 0);
	assert_true(behind(0x3000).value == hypervisor.hypercall_page.value);
	assert_true(hypercall_page_set(vp, 0x5001));
	assert_int_equal(behind(0x3000).value, 8 << 20);
	assert_true(hypercall_page_set(vp, 0x3001));
	assert_int_equal(unmap(0x3000, PAGE_SIZE), 0);
	assert_true(hypercall_page_set(vp, 0));
	assert_int_equal(behind(0x3000).value, 0);
	/* Over nothing; and away with a large page that takes its place. */
	assert_true(hypercall_page_set(vp, LARGE_AT | 1));
	assert_int_equal(map(LARGE_AT, 2 << 20, LARGE_PAGE_SIZE, RW), 0);
	assert_false(child->overlay.active);
	assert_false(child->hypercall_msr & 1);
	assert_int_equal(behind(LARGE_AT).value, 2 << 20);
	assert_false(hypercall_page_set(vp, PARTITION_GPA_LIMIT | 1));
	child->guest_os_id = 0;
	assert_true(hypercall_page_set(vp, 0x3001));
	assert_false(child->overlay.active);
	assert_true(hypercall_page_set(vp, HV_MSR_HYPERCALL_LOCKED));
	assert_true(hypercall_page_set(vp, 0x3001));
	assert_true(child->hypercall_msr == HV_MSR_HYPERCALL_LOCKED);
}

static void no_room_for_the_hypercall_page(void **state)
{
	(void)state;
	child->account.quota_pages = child->account.used_pages;
	assert_false(hypercall_page_set(vp, (1ull << 35) | 1));
	assert_false(child->overlay.active);
	child->account.quota_pages++;
	assert_true(hypercall_page_set(vp, (1ull << 35) | 1));
}

/* The frame is the parent's again only when nobody can still use it. */
static void unmapping_waits_for_all_processors(void **state)
{
	const struct hv_input_unmap_gpa_pages input = {
		.target_partition_id = child->id, .target_gpa_base = 3};
	struct world_call call = {.code = HVCALL_UNMAP_GPA_PAGES,
				  .reps = 2,
				  .input = &input,
				  .size = sizeof(input)};

	(void)state;
	vp->lp = 1;
	lp_resume(vp, VP_EXPLICIT_SUSPEND);
	world_run(1);
	uint64_t seen = hypervisor.lps[1]->seen;
	unsigned int flushes = fake_vp(vp->virt)->flushes;

	assert_int_equal(world_call(&call), HV_STATUS_SUCCESS);
	assert_int_equal(call.done, 2);
	assert_true(call.entries > 1);
	assert_true(hypervisor.lps[1]->seen > seen);
	assert_true(fake_vp(vp->virt)->flushes > flushes);
	assert_int_equal(behind(0x3000).value, 0);
	assert_int_equal(behind(0x4000).value, 0);
	/* Nothing there, nothing to wait for. */
	assert_int_equal(world_call(&call), HV_STATUS_SUCCESS);
	assert_int_equal(call.entries, 1);
}

static void reads_and_writes_cross_pages(void **state)
{
	uint64_t value = 0x1122334455667788, got = 0;

	(void)state;
	assert_true(gpa_write(child, GPA(0x1ffc), &value, 8));
	assert_true(gpa_read(child, GPA(0x1ffc), &got, 8));
	assert_true(got == value);
	assert_false(gpa_read(child, GPA(WORLD_CHILD_MEMORY - 4), &got, 8));
	assert_false(gpa_write(child, GPA(WORLD_CHILD_MEMORY - 4), &got, 8));
}

/* ---- The parent's own faults ---- */

static void parent_access(uint64_t gpa, uint8_t access)
{
	const struct virt_intercept intercept = {
		.kind = VIRT_GPA,
		.memory = {.gpa = GPA(gpa), .access = access}};

	handler_run(hypervisor_parent_vp(0), &intercept);
}

static bool faulted(void)
{
	struct vp *parent = hypervisor_parent_vp(0);
	bool valid = parent->pending.valid;

	parent->pending.valid = false;
	return valid;
}

static void the_parent_sees_all_but_us(void **state)
{
	struct partition *parent = hypervisor.parent;
	struct virt_mapping mapping;

	(void)state;
	parent_access(3 << 20, VIRT_ACCESS_WRITE);
	assert_true(virt->space_lookup(&parent->space, GPA(2 << 20), &mapping));
	assert_int_equal(mapping.size, LARGE_PAGE_SIZE);
	parent_access(1ull << 36, VIRT_ACCESS_READ); /* a device's window */
	assert_false(faulted());
	parent_access(FAKE_POOL + 0x5000, VIRT_ACCESS_WRITE);
	assert_true(virt->space_lookup(&parent->space, GPA(FAKE_POOL + 0x5000),
				       &mapping));
	assert_true(mapping.spa.value == hypervisor.scrap_page.value);
	assert_int_equal(parent->scrap_accesses, 1);
	assert_false(faulted());
	/* Executing what is hidden, or writing the hypercall page, ends. */
	parent_access(FAKE_POOL + 0x5000, VIRT_ACCESS_EXECUTE);
	assert_true(faulted());
	assert_true(gpa_overlay(parent, GPA(0x7000)));
	parent_access(0x7000, VIRT_ACCESS_READ);
	assert_false(faulted());
	parent_access(0x7000, VIRT_ACCESS_WRITE);
	assert_true(faulted());
	parent_access(PARTITION_GPA_LIMIT, VIRT_ACCESS_READ);
	assert_true(faulted());
	/* The page of the APIC in x2APIC mode. */
	world_apic_on(hypervisor_parent_vp(0), true);
	parent_access(APIC_PAGE_GPA, VIRT_ACCESS_READ);
	assert_true(faulted());
}

/* ---- Walks ---- */

static void set_control(uint64_t cr0, uint64_t cr4, uint64_t efer)
{
	const struct {
		uint32_t name;
		uint64_t value;
	} all[] = {{HV_REGISTER_CR0, cr0},
		   {HV_REGISTER_CR4, cr4},
		   {HV_REGISTER_EFER, efer},
		   {HV_REGISTER_CR3, TABLES}};

	for (unsigned int i = 0; i < ARRAY_SIZE(all); i++)
		virt->vp_set(vp->virt, all[i].name,
			     &(struct hv_register_value){.u64 = all[i].value});
}

#define PE_PG	(BIT(0) | BIT(31))
#define WP	BIT(16)
#define PAE	BIT(5)
#define PSE	BIT(4)
#define LMA_NXE (BIT(10) | BIT(11))

static void entry64(uint64_t table, uint64_t index, uint64_t value)
{
	((uint64_t *)world_memory(child, table))[index] = value;
}

static void entry32(uint64_t table, uint64_t index, uint32_t value)
{
	((uint32_t *)world_memory(child, table))[index] = value;
}

static uint32_t walk(uint64_t gva, uint32_t access, bool user, uint64_t *found)
{
	const struct gva_query query = {GVA(gva), access, user};
	uint32_t error;
	gpa_t gpa = GPA(0);
	bool done = gva_translate(vp, &query, &gpa, &error);

	*found = gpa.value;
	return done ? 0 : error | 1u << 30;
}

#define FAILED(error) ((uint32_t)(error) | 1u << 30)

static void long_mode_tables(void)
{
	set_control(PE_PG, PAE, LMA_NXE);
	entry64(TABLES, 1, (TABLES + 0x1000) | 7);
	entry64(TABLES + 0x1000, 2, (TABLES + 0x2000) | 7);
	entry64(TABLES + 0x2000, 3, (TABLES + 0x3000) | 7);
	entry64(TABLES + 0x2000, 4, 0x00200000 | 0x87);
	entry64(TABLES + 0x2000, 5, (1ull << 40) | 7); /* not in memory */
	entry64(TABLES + 0x3000, 6, 0x5000 | 5);
	entry64(TABLES + 0x3000, 7, 0x6000 | 3 | BIT(63));
}

#define LONG(pd, pt)                                                           \
	(1ull << 39 | 2ull << 30 | (uint64_t)(pd) << 21 | (pt) << 12)

static void walks_in_long_mode(void **state)
{
	uint64_t found;

	(void)state;
	long_mode_tables();
	assert_int_equal(
		walk(LONG(3, 6) + 0x123, VIRT_ACCESS_READ, true, &found), 0);
	assert_int_equal(found, 0x5123);
	assert_int_equal(walk(LONG(4, 9) + 1, VIRT_ACCESS_WRITE, true, &found),
			 0);
	assert_int_equal(found, 0x209001);
	/* Read-only: user may not write, the kernel only without WP. */
	assert_int_equal(walk(LONG(3, 6), VIRT_ACCESS_WRITE, true, &found),
			 FAILED(7));
	assert_int_equal(walk(LONG(3, 6), VIRT_ACCESS_WRITE, false, &found), 0);
	set_control(PE_PG | WP, PAE, LMA_NXE);
	assert_int_equal(walk(LONG(3, 6), VIRT_ACCESS_WRITE, false, &found),
			 FAILED(3));
	assert_int_equal(walk(LONG(3, 7), VIRT_ACCESS_READ, true, &found),
			 FAILED(5));
	assert_int_equal(walk(LONG(3, 7), VIRT_ACCESS_EXECUTE, false, &found),
			 FAILED(0x11));
	assert_int_equal(walk(LONG(3, 8), VIRT_ACCESS_READ, false, &found),
			 FAILED(0));
	assert_int_equal(walk(LONG(5, 0), VIRT_ACCESS_READ, false, &found),
			 FAILED(GVA_UNMAPPED));
}

static void walks_in_other_modes(void **state)
{
	uint64_t found;

	(void)state;
	set_control(BIT(0), 0, 0);
	assert_int_equal(walk(0x1ffffffff, VIRT_ACCESS_READ, false, &found), 0);
	assert_true(found == 0xffffffff);
	set_control(PE_PG, PSE, 0);
	entry32(TABLES, 1, (uint32_t)(TABLES + 0x1000) | 7);
	entry32(TABLES, 2, 0x00400000 | 0x83);
	entry32(TABLES + 0x1000, 3, 0x9000 | 7);
	assert_int_equal(
		walk(1 << 22 | 3 << 12 | 5, VIRT_ACCESS_READ, true, &found), 0);
	assert_int_equal(found, 0x9005);
	assert_int_equal(
		walk(2 << 22 | 0x1234, VIRT_ACCESS_READ, false, &found), 0);
	assert_int_equal(found, 0x401234);
	memset(world_memory(child, TABLES), 0, 0x4000);
	set_control(PE_PG, PAE, 0);
	entry64(TABLES, 3, (TABLES + 0x1000) | 1);
	entry64(TABLES + 0x1000, 1, (TABLES + 0x2000) | 7);
	entry64(TABLES + 0x2000, 2, 0xa000 | 7);
	assert_int_equal(walk(3u << 30 | 1 << 21 | 2 << 12, VIRT_ACCESS_WRITE,
			      true, &found),
			 0);
	assert_int_equal(found, 0xa000);
}

static void instructions_are_fetched_across_pages(void **state)
{
	const struct hv_register_value code = {
		.segment = {.base = 0x10, .attributes = 0x209b}};
	uint8_t bytes[15];

	(void)state;
	long_mode_tables();
	entry64(TABLES + 0x3000, 7, 0x6000 | 7);
	virt->vp_set(vp->virt, HV_REGISTER_CS, &code);
	memset(world_memory(child, 0x5ffc), 1, 4);
	memset(world_memory(child, 0x6000), 2, 11);
	vp->virt->registers.rip = LONG(3, 6) + 0xffc;
	assert_int_equal(gva_fetch(vp, bytes, 15), 15);
	assert_int_equal(bytes[3], 1);
	assert_int_equal(bytes[4], 2);
	entry64(TABLES + 0x3000, 7, 0);
	assert_int_equal(gva_fetch(vp, bytes, 15), 4);
	set_control(0, 0, 0);
	vp->virt->registers.rip = 0x5ff0;
	assert_int_equal(gva_fetch(vp, bytes, 15), 15);
	assert_int_equal(bytes[0], 2);
}

static void translation_by_hypercall(void **state)
{
	struct hv_input_translate_virtual_address input = {
		.partition_id = child->id,
		.control_flags = HV_TRANSLATE_GVA_VALIDATE_WRITE |
				 HV_TRANSLATE_GVA_VALIDATE_READ |
				 HV_TRANSLATE_GVA_VALIDATE_EXECUTE,
		.gva_page = LONG(4, 9) >> 12};
	struct hv_output_translate_virtual_address output;
	struct world_call call = {.code = HVCALL_TRANSLATE_VIRTUAL_ADDRESS,
				  .input = &input,
				  .size = sizeof(input),
				  .output = &output,
				  .output_size = sizeof(output)};

	(void)state;
	long_mode_tables();
	vp->virt->registers.cpl = 3;
	assert_int_equal(world_call(&call), HV_STATUS_SUCCESS);
	assert_int_equal(output.result_code, HV_TRANSLATE_GVA_SUCCESS);
	assert_int_equal(output.gpa_page, 0x209);
	input.gva_page = LONG(3, 7) >> 12;
	assert_int_equal(world_call(&call), HV_STATUS_SUCCESS);
	assert_int_equal(output.result_code,
			 HV_TRANSLATE_GVA_PRIVILEGE_VIOLATION);
	input.gva_page = LONG(3, 8) >> 12;
	assert_int_equal(world_call(&call), HV_STATUS_SUCCESS);
	assert_int_equal(output.result_code, HV_TRANSLATE_GVA_PAGE_NOT_PRESENT);
	input.gva_page = LONG(5, 0) >> 12;
	assert_int_equal(world_call(&call), HV_STATUS_SUCCESS);
	assert_int_equal(output.result_code, HV_TRANSLATE_GVA_GPA_UNMAPPED);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(only_the_parents_ram_is_mapped),
		TEST(pages_are_counted),
		TEST(the_hypercall_page_lies_over_memory),
		TEST(no_room_for_the_hypercall_page),
		TEST(unmapping_waits_for_all_processors),
		TEST(reads_and_writes_cross_pages),
		TEST(the_parent_sees_all_but_us),
		TEST(walks_in_long_mode),
		TEST(walks_in_other_modes),
		TEST(instructions_are_fetched_across_pages),
		TEST(translation_by_hypercall),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
