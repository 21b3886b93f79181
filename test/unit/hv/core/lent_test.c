/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A frame that lies in a child is never the hypervisor's, nor the reverse. */
#include "world.h"

#include "abi/hypercall_parent.h"
#include "hv/core/gpa.h"
#include "hv/core/handler.h"
#include "hv/core/hypercall.h"
#include "hv/core/lp.h"

#define RW    (VIRT_MAP_READ | VIRT_MAP_WRITE)
#define LARGE LARGE_PAGE_SIZE
#define AT    (64ull << 20) /* in the children: beyond what they start with */
#define FRAME (8ull << 20)  /* the parent's: large, no child's */

static struct partition *child, *other;

static int setup(void **state)
{
	world_setup(state);
	child = world_child(1);
	other = world_child(0);
	return 0;
}

static enum hv_status map(struct partition *partition, uint64_t gpa,
			  uint64_t source, uint64_t size)
{
	const struct virt_mapping mapping = {GPA(gpa), SPA(source), size, RW};

	return gpa_map(partition, &mapping);
}

static enum hv_status unmap(struct partition *partition, uint64_t gpa,
			    uint64_t size)
{
	const struct virt_mapping mapping = {.gpa = GPA(gpa), .size = size};

	return gpa_map(partition, &mapping);
}

static enum hv_status deposit(uint64_t frame, uint32_t *entries)
{
	const struct {
		struct hv_input_deposit_memory header;
		uint64_t page;
	} input = {{.partition_id = other->id}, frame >> PAGE_SHIFT};
	struct world_call call = {.code = HVCALL_DEPOSIT_MEMORY,
				  .reps = 1,
				  .input = &input,
				  .size = sizeof(input)};
	enum hv_status status = world_call(&call);

	if (entries)
		*entries = call.entries;
	return status;
}

static void refused(uint64_t frame)
{
	uint64_t before = other->account.deposited_pages;

	assert_int_equal(deposit(frame, NULL), HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(other->account.deposited_pages, before);
	assert_non_null(
		gpa_pointer(hypervisor.parent, GPA(frame), VIRT_MAP_READ));
}

static void taken(uint64_t frame)
{
	assert_int_equal(deposit(frame, NULL), HV_STATUS_SUCCESS);
	assert_null(gpa_pointer(hypervisor.parent, GPA(frame), VIRT_MAP_READ));
	/* And nobody maps it any more. */
	assert_int_equal(map(child, AT, frame, PAGE_SIZE),
			 HV_STATUS_ACCESS_DENIED);
	assert_int_equal(map(child, AT, frame & ~LARGE_PAGE_MASK, LARGE),
			 HV_STATUS_ACCESS_DENIED);
}

static void a_page_of_a_child_is_refused(void **state)
{
	(void)state;
	assert_int_equal(map(child, AT, FRAME, PAGE_SIZE), 0);
	assert_int_equal(map(child, AT, FRAME, PAGE_SIZE), 0); /* again */
	assert_int_equal(map(other, AT, FRAME, PAGE_SIZE), 0);
	refused(FRAME);
	assert_int_equal(unmap(child, AT, PAGE_SIZE), 0);
	assert_int_equal(unmap(child, AT, PAGE_SIZE), 0);
	refused(FRAME); /* the other child has it yet */
	assert_int_equal(map(other, AT, FRAME + PAGE_SIZE, PAGE_SIZE), 0);
	taken(FRAME);
	refused(FRAME + PAGE_SIZE);
}

static void parts_of_large_pages_are_refused(void **state)
{
	(void)state;
	assert_int_equal(map(child, AT, FRAME, LARGE), 0);
	refused(FRAME);
	refused(FRAME + LARGE - PAGE_SIZE);
	/* A hole in it, and a page of another place. */
	assert_int_equal(unmap(child, AT + 3 * PAGE_SIZE, PAGE_SIZE), 0);
	assert_int_equal(
		map(child, AT + 4 * PAGE_SIZE, FRAME + LARGE, PAGE_SIZE), 0);
	refused(FRAME);
	refused(FRAME + 5 * PAGE_SIZE);
	refused(FRAME + LARGE);
	taken(FRAME + 3 * PAGE_SIZE);
	taken(FRAME + 4 * PAGE_SIZE);
	/* A large page in the small ones' place. */
	assert_int_equal(map(child, AT, FRAME + 2 * LARGE, LARGE), 0);
	taken(FRAME);
	taken(FRAME + LARGE);
	refused(FRAME + 2 * LARGE + PAGE_SIZE);
	assert_int_equal(unmap(child, AT, LARGE), 0);
	taken(FRAME + 2 * LARGE + PAGE_SIZE);
}

static void what_the_hypercall_page_hides_is_refused(void **state)
{
	(void)state;
	assert_int_equal(map(child, AT, FRAME, LARGE), 0);
	assert_true(gpa_overlay(child, GPA(AT + PAGE_SIZE)));
	refused(FRAME + PAGE_SIZE);
	refused(FRAME);
	/* It is replaced below, where nobody sees it yet. */
	assert_int_equal(map(child, AT + PAGE_SIZE, FRAME + LARGE, PAGE_SIZE),
			 0);
	refused(FRAME + LARGE);
	taken(FRAME + PAGE_SIZE);
	gpa_overlay_remove(child);
	refused(FRAME + LARGE);
	assert_true(gpa_overlay(child, GPA(AT + PAGE_SIZE)));
	assert_int_equal(unmap(child, AT + PAGE_SIZE, PAGE_SIZE), 0);
	taken(FRAME + LARGE);
	gpa_overlay_remove(child);
	assert_int_equal(unmap(child, AT, LARGE), 0);
	taken(FRAME);
}

/* Bytes do not wrap: what is lent too often stays lent. */
static void too_many_pages_of_one_frame(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 300; i++)
		assert_int_equal(
			map(child, AT + i * PAGE_SIZE, FRAME, PAGE_SIZE), 0);
	refused(FRAME);
	assert_int_equal(unmap(child, AT, LARGE), 0);
	refused(FRAME);
	for (uint64_t i = 0; i < 254; i++)
		assert_int_equal(map(child, AT + i * PAGE_SIZE,
				     FRAME + PAGE_SIZE, PAGE_SIZE),
				 0);
	assert_int_equal(unmap(child, AT, LARGE), 0);
	taken(FRAME + PAGE_SIZE);
}

static void the_end_of_a_child_frees_its_frames(void **state)
{
	(void)state;
	assert_int_equal(map(child, AT, FRAME, LARGE), 0);
	assert_int_equal(map(child, 1ull << 40, FRAME + LARGE, PAGE_SIZE), 0);
	assert_true(gpa_overlay(child, GPA(AT + PAGE_SIZE)));
	assert_int_equal(map(child, PARTITION_GPA_LIMIT - LARGE,
			     FRAME + 2 * LARGE, LARGE),
			 0);
	world_delete(child);
	child = other;
	taken(FRAME);
	taken(FRAME + PAGE_SIZE);
	taken(FRAME + LARGE);
	taken(FRAME + 3 * LARGE - PAGE_SIZE);
}

/* ---- On its way ---- */

static void a_frame_on_its_way_is_not_mapped(void **state)
{
	(void)state;
	assert_int_equal(gpa_hide(hypervisor.parent, SPA(FRAME)), 0);
	assert_int_equal(map(child, AT, FRAME, PAGE_SIZE),
			 HV_STATUS_ACCESS_DENIED);
	assert_int_equal(map(child, AT, FRAME, LARGE), HV_STATUS_ACCESS_DENIED);
	/* Nor taken a second time, by another vp of the parent. */
	assert_int_equal(deposit(FRAME, NULL), HV_STATUS_ACCESS_DENIED);
	gpa_unhide(hypervisor.parent, SPA(FRAME));
	assert_int_equal(map(child, AT, FRAME, LARGE), HV_STATUS_SUCCESS);
	refused(FRAME);
}

static unsigned int flushes, stale_runs;

/* What the guest does before it forgets its translations. */
static void stale_guest(struct virt_vp *vp, struct virt_intercept *intercept)
{
	(void)intercept;
	if (vp != child->vps[0]->virt || fake_vp(vp)->flushes != flushes)
		return;
	assert_int_equal(other->account.deposited_pages, 0);
	stale_runs++;
}

static void translations_go_before_the_frame(void **state)
{
	struct vp *vp = child->vps[0];
	uint32_t entries;

	(void)state;
	assert_int_equal(map(child, AT, FRAME, PAGE_SIZE), 0);
	vp->lp = 1;
	lp_resume(vp, VP_EXPLICIT_SUSPEND);
	world_run(1);
	assert_ptr_equal(world_running(1), vp);
	fake.guest = stale_guest;
	flushes = fake_vp(vp->virt)->flushes;
	stale_runs = 0;
	/* Nobody has waited for the processor that runs it. */
	assert_int_equal(unmap(child, AT, PAGE_SIZE), 0);
	assert_int_equal(deposit(FRAME, &entries), HV_STATUS_SUCCESS);
	assert_true(entries > 1);
	assert_true(stale_runs > 0);
	assert_true(fake_vp(vp->virt)->flushes > flushes);
	assert_int_equal(other->account.deposited_pages, 1);
	fake.guest = NULL;
}

/* A page that the parent has never touched, beside a frame that is hidden. */
static void neighbours_stay_small(void **state)
{
	struct virt_space *space = &hypervisor.parent->space;
	const struct virt_intercept fault = {
		.kind = VIRT_GPA, .memory = {.gpa = GPA(FRAME + PAGE_SIZE)}};
	struct virt_mapping mapping;

	(void)state;
	taken(FRAME);
	virt->space_unmap(space, GPA(FRAME + PAGE_SIZE), PAGE_SIZE);
	handler_run(hypervisor_parent_vp(0), &fault);
	assert_true(virt->space_lookup(space, GPA(FRAME), &mapping));
	assert_true(mapping.spa.value == hypervisor.scrap_page.value);
	assert_true(
		virt->space_lookup(space, GPA(FRAME + PAGE_SIZE), &mapping));
	assert_int_equal(mapping.size, PAGE_SIZE);
	assert_int_equal(mapping.spa.value, FRAME + PAGE_SIZE);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_page_of_a_child_is_refused),
		TEST(parts_of_large_pages_are_refused),
		TEST(what_the_hypercall_page_hides_is_refused),
		TEST(too_many_pages_of_one_frame),
		TEST(the_end_of_a_child_frees_its_frames),
		TEST(a_frame_on_its_way_is_not_mapped),
		TEST(translations_go_before_the_frame),
		TEST(neighbours_stay_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
