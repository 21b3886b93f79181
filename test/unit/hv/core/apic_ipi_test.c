/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupts between local APICs: destinations, modes, the command register. */
#include "world.h"

#define VPS 4

static struct partition *child;

static int setup(void **state)
{
	world_setup(state);
	child = world_child(VPS);
	return 0;
}

static void all_on(bool x2apic)
{
	for (unsigned int i = 0; i < VPS; i++)
		world_apic_on(child->vps[i], x2apic);
}

/* Which vps have vector requested, as a mask; and forgets it. */
static unsigned int who_got(uint8_t vector)
{
	unsigned int mask = 0;

	for (unsigned int i = 0; i < VPS; i++) {
		struct apic *apic = &child->vps[i]->apic;

		if (world_requested(child->vps[i], vector))
			mask |= 1u << i;
		apic->irr[vector / 32] &= ~(1u << vector % 32);
	}
	return mask;
}

/* Which vps have that request, as a mask; and forgets it. */
static unsigned int who_is_asked(uint32_t request)
{
	unsigned int mask = 0;

	for (unsigned int i = 0; i < VPS; i++) {
		if (child->vps[i]->requests & request)
			mask |= 1u << i;
		child->vps[i]->requests &= ~request;
	}
	return mask;
}

static void icr_xapic(struct vp *vp, uint32_t destination, uint32_t low)
{
	apic_page_write(vp, 0x310, destination << 24);
	apic_page_write(vp, 0x300, low);
}

static void physical_destinations(void **state)
{
	struct vp *vp = child->vps[0];

	(void)state;
	all_on(false);
	icr_xapic(vp, 2, 0x4040);
	assert_int_equal(who_got(0x40), 1 << 2);
	icr_xapic(vp, 9, 0x4040);
	assert_int_equal(who_got(0x40), 0);
	icr_xapic(vp, 0xff, 0x4040);
	assert_int_equal(who_got(0x40), 0xf);
	assert_int_equal(apic_page_read(vp, 0x300), 0x4040);
	assert_int_equal(apic_page_read(vp, 0x310), 0xff000000);
	/* In x2APIC mode FFh is but a number. */
	world_apic_on(vp, true);
	world_wrmsr(vp, 0x830, 0xffull << 32 | 0x4040);
	assert_int_equal(who_got(0x40), 0);
	world_wrmsr(vp, 0x830, 0xffffffffull << 32 | 0x4040);
	assert_int_equal(who_got(0x40), 0xf);
}

static void logical_flat_destinations(void **state)
{
	struct vp *vp = child->vps[0];

	(void)state;
	all_on(false);
	for (unsigned int i = 0; i < VPS; i++)
		apic_page_write(child->vps[i], 0xd0, 1u << (24 + i));
	icr_xapic(vp, 0x0a, 0x4841);
	assert_int_equal(who_got(0x41), 0xa);
	icr_xapic(vp, 0x10, 0x4841);
	assert_int_equal(who_got(0x41), 0);
	icr_xapic(vp, 0xff, 0x4841);
	assert_int_equal(who_got(0x41), 0xf);
}

static void logical_cluster_destinations(void **state)
{
	(void)state;
	all_on(false);
	for (unsigned int i = 0; i < VPS; i++) {
		/* Two clusters of two. */
		uint32_t ldr = (i / 2) << 28 | 1u << (24 + i % 2);

		apic_page_write(child->vps[i], 0xe0, 0x0fffffff);
		apic_page_write(child->vps[i], 0xd0, ldr);
	}
	icr_xapic(child->vps[0], 0x12, 0x4841);
	assert_int_equal(who_got(0x41), 1 << 3);
	icr_xapic(child->vps[0], 0x03, 0x4841);
	assert_int_equal(who_got(0x41), 0x3);
	icr_xapic(child->vps[0], 0x23, 0x4841);
	assert_int_equal(who_got(0x41), 0);
}

static void logical_x2apic_destinations(void **state)
{
	(void)state;
	child->vps[3]->apic.id = 0x25; /* cluster 2, bit 5 */
	all_on(true);
	assert_int_equal(world_rdmsr(child->vps[3], 0x80d), 0x00020020);
	assert_int_equal(world_rdmsr(child->vps[1], 0x80d), 0x2);
	world_wrmsr(child->vps[0], 0x830, 0x6ull << 32 | 0x4841);
	assert_int_equal(who_got(0x41), 0x6);
	world_wrmsr(child->vps[0], 0x830, 0x00020020ull << 32 | 0x4841);
	assert_int_equal(who_got(0x41), 1 << 3);
	/* An 8-bit destination, as of an MSI. */
	const struct apic_message msi = {
		.destination = 3, .logical = true, .vector = 0x42};

	assert_int_equal(apic_send(child, &msi), 2);
	assert_int_equal(who_got(0x42), 3);
}

static void shorthands(void **state)
{
	struct vp *vp = child->vps[1];

	(void)state;
	all_on(true);
	world_wrmsr(vp, 0x830, 1u << 18 | 0x4044);
	assert_int_equal(who_got(0x44), 1 << 1);
	world_wrmsr(vp, 0x830, 2u << 18 | 0x4044);
	assert_int_equal(who_got(0x44), 0xf);
	world_wrmsr(vp, 0x830, 3u << 18 | 0x4044);
	assert_int_equal(who_got(0x44), 0xd);
	world_wrmsr(vp, 0x83f, 0x45);
	assert_int_equal(who_got(0x45), 1 << 1);
	/* NMI to self, or to all with self, is not sent at all. */
	world_wrmsr(vp, 0x830, 1u << 18 | 0x4400);
	world_wrmsr(vp, 0x830, 2u << 18 | 0x4400);
	assert_int_equal(who_is_asked(VP_REQUEST_NMI), 0);
	world_wrmsr(vp, 0x830, 3u << 18 | 0x4400);
	assert_int_equal(who_is_asked(VP_REQUEST_NMI), 0xd);
}

static void init_startup_and_nmi(void **state)
{
	struct vp *vp = child->vps[0];

	(void)state;
	world_apic_on(vp, true); /* the others still have it off */
	world_wrmsr(vp, 0x830, 2ull << 32 | 0xc500);
	assert_int_equal(who_is_asked(VP_REQUEST_INIT), 1 << 2);
	world_wrmsr(vp, 0x830, 2ull << 32 | 0x8500); /* de-assert */
	assert_int_equal(who_is_asked(VP_REQUEST_INIT), 0);
	world_wrmsr(vp, 0x830, 2ull << 32 | 0x4699);
	assert_int_equal(who_is_asked(VP_REQUEST_STARTUP), 1 << 2);
	assert_int_equal(child->vps[2]->startup_vector, 0x99);
	world_wrmsr(vp, 0x830, 3ull << 32 | 0x4400);
	assert_int_equal(who_is_asked(VP_REQUEST_NMI), 1 << 3);
	world_wrmsr(vp, 0x830, 3ull << 32 | 0x4200); /* SMI: to nobody */
	assert_int_equal(who_is_asked(~0u), 0);
}

static void lowest_priority_arbitrates(void **state)
{
	const struct apic_message message = {.destination = 0xff,
					     .logical = true,
					     .vector = 0x61,
					     .mode = APIC_LOWEST};

	(void)state;
	all_on(false);
	for (unsigned int i = 0; i < VPS; i++) {
		apic_page_write(child->vps[i], 0xd0, 1u << (24 + i));
		child->vps[i]->virt->registers.cr8 = 5;
	}
	child->vps[2]->virt->registers.cr8 = 1;
	assert_int_equal(apic_send(child, &message), 4);
	assert_int_equal(who_got(0x61), 1 << 2);
	apic_page_write(child->vps[2], 0xf0, 0xff); /* off: not a candidate */
	child->vps[3]->virt->registers.cr8 = 4;
	apic_send(child, &message);
	assert_int_equal(who_got(0x61), 1 << 3);
}

static void what_the_command_register_refuses(void **state)
{
	struct vp *vp = child->vps[0];

	(void)state;
	all_on(true);
	assert_true(world_wrmsr_faults(vp, 0x830, 1u << 13 | 0x40));
	assert_true(world_wrmsr_faults(vp, 0x830, 1u << 16 | 0x40));
	assert_true(world_wrmsr_faults(vp, 0x830, 1u << 20 | 0x40));
	world_wrmsr(vp, 0x830, 1u << 12 | 0x40); /* busy: read as zero */
	assert_int_equal(world_rdmsr(vp, 0x830), 0x40);
	assert_int_equal(who_got(0x40), 1);
	world_wrmsr(vp, 0x830, 0x05);
	world_wrmsr(vp, 0x828, 0);
	assert_int_equal(world_rdmsr(vp, 0x828), APIC_ERROR_SEND_VECTOR);
}

static void errors_raise_their_vector(void **state)
{
	struct vp *vp = child->vps[0];

	(void)state;
	all_on(true);
	world_wrmsr(vp, 0x837, 0xfe);
	world_wrmsr(vp, 0x830, 0x05);
	assert_int_equal(who_got(0xfe), 1);
	world_wrmsr(vp, 0x830, 0x05); /* the same error, not yet read */
	assert_int_equal(who_got(0xfe), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(physical_destinations),
		TEST(logical_flat_destinations),
		TEST(logical_cluster_destinations),
		TEST(logical_x2apic_destinations),
		TEST(shorthands),
		TEST(init_startup_and_nmi),
		TEST(lowest_priority_arbitrates),
		TEST(what_the_command_register_refuses),
		TEST(errors_raise_their_vector),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
