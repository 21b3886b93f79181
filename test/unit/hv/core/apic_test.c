/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The local APIC: delivery, priorities, ends, reset and saved state. */
#include "world.h"

#include "abi/intercept.h"

static struct vp *child_vp(void)
{
	struct vp *vp = world_child(1)->vps[0];

	world_apic_on(vp, false);
	return vp;
}

static void a_posted_vector_is_delivered_once(void **state)
{
	struct vp *vp = child_vp();

	(void)state;
	apic_post(vp, 0x40, false);
	apic_post(vp, 0x40, false);
	assert_true(vp->apic.pending);
	assert_int_equal(world_take(vp), 0x40);
	assert_int_equal(world_take(vp), VECTOR_NONE);
	assert_false(vp->apic.pending);
	assert_int_equal(vp->apic.isr_top, 0x40);
	apic_eoi(vp);
	assert_int_equal(vp->apic.isr_top, 0);
	apic_eoi(vp); /* nothing in service: nothing happens */
	assert_int_equal(world_take(vp), VECTOR_NONE);
}

static void the_higher_class_comes_first_and_nests(void **state)
{
	struct vp *vp = child_vp();

	(void)state;
	apic_post(vp, 0x41, false);
	apic_post(vp, 0x52, false);
	assert_int_equal(world_take(vp), 0x52);
	assert_int_equal(world_take(vp), VECTOR_NONE);
	apic_post(vp, 0x5f, false); /* same class: not now */
	assert_int_equal(world_take(vp), VECTOR_NONE);
	apic_post(vp, 0x60, false);
	assert_int_equal(world_take(vp), 0x60);
	assert_int_equal(apic_page_read(vp, 0xa0), 0x60);
	apic_eoi(vp);
	assert_int_equal(vp->apic.isr_top, 0x52);
	apic_eoi(vp);
	assert_int_equal(world_take(vp), 0x5f);
	apic_eoi(vp);
	assert_int_equal(world_take(vp), 0x41);
}

static void cr8_blocks_and_says_so(void **state)
{
	struct vp *vp = child_vp();
	bool blocked;

	(void)state;
	vp->virt->registers.cr8 = 5;
	apic_post(vp, 0x5f, false);
	assert_int_equal(apic_deliverable(vp, &blocked), VECTOR_NONE);
	assert_true(blocked);
	vp->virt->registers.cr8 = 4;
	assert_int_equal(apic_deliverable(vp, &blocked), 0x5f);
	assert_false(blocked);
	/* What service alone blocks is no matter of CR8. */
	apic_accept(vp, 0x5f);
	apic_post(vp, 0x51, false);
	assert_int_equal(apic_deliverable(vp, &blocked), VECTOR_NONE);
	assert_false(blocked);
}

static void tpr_is_cr8_with_a_lower_half(void **state)
{
	struct vp *vp = child_vp();

	(void)state;
	apic_page_write(vp, 0x80, 0x3a);
	assert_int_equal(vp->virt->registers.cr8, 3);
	assert_int_equal(apic_page_read(vp, 0x80), 0x3a);
	assert_int_equal(apic_page_read(vp, 0xa0), 0x3a);
	vp->virt->registers.cr8 = 7;
	assert_int_equal(apic_page_read(vp, 0x80), 0x70);
	assert_int_equal(apic_priority(vp), 0x70);
}

static void vectors_below_16_are_dropped(void **state)
{
	struct vp *vp = child_vp();

	(void)state;
	apic_post(vp, 15, false);
	assert_int_equal(world_take(vp), VECTOR_NONE);
	apic_post_local(vp, 15);
	apic_page_write(vp, 0x280, 0);
	assert_int_equal(apic_page_read(vp, 0x280), APIC_ERROR_RECEIVE_VECTOR);
	apic_page_write(vp, 0x280, 0);
	assert_int_equal(apic_page_read(vp, 0x280), 0);
}

static void software_disabled_accepts_nothing_and_masks(void **state)
{
	struct vp *vp = child_vp();

	(void)state;
	apic_page_write(vp, 0x350, 0x700);
	assert_true(apic_takes_extint(vp));
	apic_post(vp, 0x80, false);
	apic_page_write(vp, 0xf0, 0xff);
	assert_int_equal(apic_page_read(vp, 0x350), 0x10700);
	apic_page_write(vp, 0x350, 0x700);
	assert_int_equal(apic_page_read(vp, 0x350), 0x10700);
	apic_post(vp, 0x90, false);
	/* What was pending stays; nothing is added. */
	assert_int_equal(world_take(vp), 0x80);
	assert_int_equal(world_take(vp), VECTOR_NONE);
}

/* ---- Level-triggered ends ---- */

static void a_childs_level_end_is_a_message_to_the_parent(void **state)
{
	struct vp *parent = hypervisor_parent_vp(0);
	struct hv_message_page *page = world_memory(hypervisor.parent, 0x1000);
	struct partition *child = world_child(2);
	struct vp *vp = child->vps[1];
	const struct hv_apic_eoi_message *body =
		(const void *)page->slots[0].payload;

	(void)state;
	world_apic_on(vp, false);
	world_apic_on(parent, false);
	world_wrmsr(parent, 0x40000080, 1);
	world_wrmsr(parent, 0x40000083, 0x1001);
	world_wrmsr(parent, 0x40000090, 0xf3);
	apic_post(vp, 0x51, true);
	assert_int_equal(world_take(vp), 0x51);
	assert_int_equal(apic_page_read(vp, 0x180 + 0x20), 1u << 17);
	assert_int_equal(page->slots[0].header.type, 0);
	apic_eoi(vp);
	assert_int_equal(page->slots[0].header.type, HVMSG_APIC_EOI);
	assert_int_equal(page->slots[0].header.sender, child->id);
	assert_int_equal(body->vp_index, 1);
	assert_int_equal(body->vector, 0x51);
	assert_true(world_requested(parent, 0xf3));

	/* Two more while the slot is full: one at a time after EOM. */
	apic_post(vp, 0x51, true);
	apic_post(vp, 0x62, true);
	assert_int_equal(world_take(vp), 0x62);
	apic_eoi(vp);
	assert_int_equal(world_take(vp), 0x51);
	apic_eoi(vp);
	assert_true(page->slots[0].header.flags & HV_MESSAGE_FLAG_PENDING);
	page->slots[0].header.type = 0;
	world_wrmsr(parent, 0x40000084, 0);
	assert_int_equal(body->vector, 0x62);
	assert_true(page->slots[0].header.flags & HV_MESSAGE_FLAG_PENDING);
	page->slots[0].header.type = 0;
	world_wrmsr(parent, 0x40000084, 0);
	assert_int_equal(body->vector, 0x51);
	assert_false(page->slots[0].header.flags & HV_MESSAGE_FLAG_PENDING);

	/* An edge says nothing, also where a level was before. */
	page->slots[0].header.type = 0;
	apic_post(vp, 0x51, false);
	assert_int_equal(world_take(vp), 0x51);
	apic_eoi(vp);
	assert_int_equal(page->slots[0].header.type, 0);
}

static void a_source_that_is_withdrawn_sends_nothing(void **state)
{
	struct vp *parent = hypervisor_parent_vp(0);
	struct hv_message_page *page = world_memory(hypervisor.parent, 0x1000);
	struct partition *child = world_child(1);
	struct vp *vp = child->vps[0];

	(void)state;
	world_apic_on(vp, false);
	apic_post(vp, 0x51, true);
	assert_int_equal(world_take(vp), 0x51);
	apic_eoi(vp);
	assert_true(parent->synic.queued);
	apic_eoi_source_withdraw(child);
	assert_false(parent->synic.queued);
	world_wrmsr(parent, 0x40000083, 0x1001);
	world_wrmsr(parent, 0x40000080, 1);
	assert_int_equal(page->slots[0].header.type, 0);
}

static void the_parents_level_end_releases_silicons(void **state)
{
	struct vp *vp = hypervisor_parent_vp(1);

	(void)state;
	/* Off: nobody would ever end it. */
	apic_post(vp, 0x31, true);
	assert_int_equal(fake.released[0x31], 1);
	world_apic_on(vp, true);
	apic_post(vp, 0x31, true);
	assert_int_equal(fake.released[0x31], 1);
	assert_int_equal(world_take(vp), 0x31);
	world_wrmsr(vp, 0x80b, 0);
	assert_int_equal(fake.released[0x31], 2);
	apic_post(vp, 0x31, false);
	assert_int_equal(world_take(vp), 0x31);
	world_wrmsr(vp, 0x80b, 0);
	assert_int_equal(fake.released[0x31], 2);
}

static void a_reset_releases_what_is_in_service(void **state)
{
	struct vp *vp = hypervisor_parent_vp(0);

	(void)state;
	world_apic_on(vp, false);
	apic_post(vp, 0x31, true);
	assert_int_equal(world_take(vp), 0x31);
	apic_post(vp, 0x42, true);
	apic_post(vp, 0x53, false);
	apic_reset(vp);
	assert_int_equal(fake.released[0x31], 1);
	assert_int_equal(fake.released[0x42], 1);
	assert_int_equal(fake.released[0x53], 0);
}

/* ---- Reset and saved state ---- */

static void power_on_and_init(void **state)
{
	struct partition *child = world_child(2);
	struct vp *vp = child->vps[1];

	(void)state;
	assert_int_equal(child->vps[0]->apic.base, 0xfee00900);
	assert_true(apic_takes_extint(child->vps[0]));
	assert_int_equal(vp->apic.base, 0xfee00800);
	assert_false(apic_takes_extint(vp));
	assert_int_equal(vp->apic.spurious, 0xff);
	assert_int_equal(vp->apic.dfr, 0xffffffff);

	world_apic_on(vp, true);
	apic_post(vp, 0x77, false);
	world_wrmsr(vp, 0x838, 1000);
	apic_reset(vp);
	assert_int_equal(vp->apic.base, 0xfee00c00);
	assert_int_equal(vp->apic.spurious, 0xff);
	assert_int_equal(vp->apic.id, 1);
	assert_int_equal(vp->timers.deadline, TIMER_NEVER);
	assert_int_equal(world_take(vp), VECTOR_NONE);
}

static void state_goes_out_and_in_again(void **state)
{
	struct partition *child = world_child(2);
	struct vp *from = child->vps[0], *to = child->vps[1];
	struct hv_local_apic_state saved;

	(void)state;
	world_apic_on(from, false);
	world_apic_on(to, false);
	apic_page_write(from, 0xd0, 0x02000000);
	apic_page_write(from, 0x320, 0x20041);
	apic_page_write(from, 0x3e0, 0xb);
	apic_page_write(from, 0x380, 1000000);
	apic_post(from, 0x61, true);
	apic_post(from, 0x33, false);
	assert_int_equal(world_take(from), 0x61);
	fake.now += FAKE_TSC_HZ / 1000; /* 100000 counts of the APIC's clock */
	apic_state_get(from, &saved);
	assert_in_range(saved.current_count, 899999, 900001);
	assert_true(apic_state_set(to, &saved));
	assert_int_equal(to->apic.isr_top, 0x61);
	assert_int_equal(apic_page_read(to, 0xd0), 0x02000000);
	assert_in_range(apic_page_read(to, 0x390), 899990, 900010);
	assert_int_equal(world_take(to), VECTOR_NONE);
	apic_eoi(to);
	assert_int_equal(world_take(to), 0x33);

	saved.irr[0] = 1;
	assert_false(apic_state_set(to, &saved));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_posted_vector_is_delivered_once),
		TEST(the_higher_class_comes_first_and_nests),
		TEST(cr8_blocks_and_says_so),
		TEST(tpr_is_cr8_with_a_lower_half),
		TEST(vectors_below_16_are_dropped),
		TEST(software_disabled_accepts_nothing_and_masks),
		TEST(a_childs_level_end_is_a_message_to_the_parent),
		TEST(a_source_that_is_withdrawn_sends_nothing),
		TEST(the_parents_level_end_releases_silicons),
		TEST(a_reset_releases_what_is_in_service),
		TEST(power_on_and_init),
		TEST(state_goes_out_and_in_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
