/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The I/O APIC: registers, edges, levels, remote IRR, both ways of EOI. */
#include "fake.h"

#include "worker/emulated/ioapic.h"

#include <stdlib.h>

struct fixture {
	struct ioapic ioapic;
	struct ioapic_message last;
	unsigned int count;
	bool ends_at_once; /* EOI from within the delivery */
};

static void deliver(void *owner, const struct ioapic_message *message)
{
	struct fixture *f = owner;

	f->last = *message;
	f->count++;
	assert_true(f->count < 100);
	if (f->ends_at_once && message->level && f->count < 3)
		ioapic_eoi(&f->ioapic, message->vector);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	ioapic_init(&f->ioapic, &(struct ioapic_options){
					.deliver = deliver,
					.owner = f,
					.id = 5,
				});
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static void put(struct fixture *f, unsigned int index, unsigned int value)
{
	ioapic_operations.write(&f->ioapic, 0x00, 4, index);
	ioapic_operations.write(&f->ioapic, 0x10, 4, value);
}

static unsigned int get(struct fixture *f, unsigned int index)
{
	ioapic_operations.write(&f->ioapic, 0x00, 4, index);
	return (unsigned int)ioapic_operations.read(&f->ioapic, 0x10, 4);
}

static void line(struct fixture *f, unsigned int number, bool level)
{
	irq_set(ioapic_line(&f->ioapic, number), level);
}

static void test_registers(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(get(f, 0), 0x05000000);
	assert_int_equal(get(f, 1), 0x00170020);
	assert_int_equal(get(f, 2), 0x05000000);
	put(f, 0, 0xff000000);
	assert_int_equal(get(f, 0), 0x0f000000);
	put(f, 1, 0); /* read only */
	assert_int_equal(get(f, 1), 0x00170020);
	for (unsigned int i = 0; i < 24; i++) {
		assert_int_equal(get(f, 0x10 + 2 * i), 0x10000);
		assert_int_equal(get(f, 0x11 + 2 * i), 0);
	}
	put(f, 0x10 + 48, 0xffffffff); /* past the table */
	assert_int_equal(get(f, 0x10 + 48), 0);
	put(f, 0x05, 0xffffffff);
	assert_int_equal(get(f, 0x05), 0);
	assert_int_equal(get(f, 0xff), 0);
	assert_int_equal(ioapic_operations.read(&f->ioapic, 0, 4), 0xff);
	assert_int_equal(ioapic_operations.read(&f->ioapic, 0x20, 4), 0);
	ioapic_operations.write(&f->ioapic, 0x20, 4, 1);
	assert_null(ioapic_line(&f->ioapic, 24));
}

static void test_entry_bits(void **state)
{
	struct fixture *f = *state;

	put(f, 0x16, 0xffffffff);
	assert_int_equal(get(f, 0x16), 0x1afff); /* not status, not IRR */
	put(f, 0x17, 0xffffffff);
	assert_int_equal(get(f, 0x17), 0xff000000);
	put(f, 0x16, 0x00010041);
	assert_int_equal(get(f, 0x16), 0x00010041);
	assert_int_equal(get(f, 0x17), 0xff000000);
}

static void test_edge(void **state)
{
	struct fixture *f = *state;

	put(f, 0x19, 0x03000000);
	put(f, 0x18, 0x00000034);
	line(f, 4, true);
	assert_int_equal(f->count, 1);
	assert_int_equal(f->last.vector, 0x34);
	assert_int_equal(f->last.mode, IOAPIC_FIXED);
	assert_int_equal(f->last.destination, 3);
	assert_false(f->last.logical);
	assert_false(f->last.level);
	assert_int_equal(f->last.address, 0xfee03000);
	assert_int_equal(f->last.data, 0x4034);
	line(f, 4, true);
	assert_int_equal(f->count, 1);
	line(f, 4, false);
	assert_int_equal(f->count, 1);
	line(f, 4, true); /* needs no EOI in between */
	assert_int_equal(f->count, 2);
	assert_int_equal(get(f, 0x18), 0x34);
}

static void test_logical_lowest(void **state)
{
	struct fixture *f = *state;

	put(f, 0x19, 0x81000000);
	put(f, 0x18, 0x00000951);
	line(f, 4, true);
	assert_int_equal(f->last.mode, IOAPIC_LOWEST);
	assert_true(f->last.logical);
	assert_int_equal(f->last.destination, 0x81);
	assert_int_equal(f->last.address, 0xfee81004);
	assert_int_equal(f->last.data, 0x4151);
}

static void test_masked_edge_is_lost(void **state)
{
	struct fixture *f = *state;

	put(f, 0x18, 0x00010034);
	line(f, 4, true);
	put(f, 0x18, 0x00000034);
	assert_int_equal(f->count, 0);
	line(f, 4, false);
	line(f, 4, true);
	assert_int_equal(f->count, 1);
}

static void test_level(void **state)
{
	struct fixture *f = *state;

	put(f, 0x22, 0x0000a049); /* level, active low */
	line(f, 9, true);
	assert_int_equal(f->count, 1);
	assert_true(f->last.level);
	assert_int_equal(f->last.data, 0xc049);
	assert_int_equal(get(f, 0x22), 0x0000e049); /* remote IRR */
	line(f, 9, false);
	line(f, 9, true);
	assert_int_equal(f->count, 1);
	ioapic_eoi(&f->ioapic, 0x48); /* another's */
	assert_int_equal(f->count, 1);
	ioapic_eoi(&f->ioapic, 0x49); /* still asked for */
	assert_int_equal(f->count, 2);
	line(f, 9, false);
	ioapic_eoi(&f->ioapic, 0x49);
	assert_int_equal(f->count, 2);
	assert_int_equal(get(f, 0x22), 0x0000a049);
	ioapic_eoi(&f->ioapic, 0x49); /* nothing in service */
	line(f, 9, true);
	assert_int_equal(f->count, 3);
}

static void test_level_masked(void **state)
{
	struct fixture *f = *state;

	put(f, 0x22, 0x00018049);
	line(f, 9, true);
	assert_int_equal(f->count, 0);
	put(f, 0x22, 0x00008049); /* it still asks */
	assert_int_equal(f->count, 1);
	put(f, 0x22, 0x00018049); /* masked in service: EOI frees it */
	ioapic_eoi(&f->ioapic, 0x49);
	assert_int_equal(f->count, 1);
	put(f, 0x22, 0x00008049);
	assert_int_equal(f->count, 2);
}

static void test_eoi_register(void **state)
{
	struct fixture *f = *state;

	put(f, 0x22, 0x00008049);
	line(f, 9, true);
	line(f, 9, false);
	ioapic_operations.write(&f->ioapic, 0x40, 4, 0x49);
	assert_int_equal(get(f, 0x22), 0x00008049);
}

/* How Linux ends an interrupt by hand where it does not trust the EOI. */
static void test_eoi_by_edge(void **state)
{
	struct fixture *f = *state;

	put(f, 0x22, 0x00008049);
	line(f, 9, true);
	put(f, 0x22, 0x00010049); /* masked, edge */
	assert_int_equal(get(f, 0x22), 0x00010049);
	put(f, 0x22, 0x00008049);
	assert_int_equal(f->count, 2);
}

static void test_two_of_one_vector(void **state)
{
	struct fixture *f = *state;

	put(f, 0x22, 0x00008049);
	put(f, 0x24, 0x00008049);
	line(f, 9, true);
	line(f, 10, true);
	assert_int_equal(f->count, 2);
	line(f, 9, false);
	ioapic_eoi(&f->ioapic, 0x49); /* both are free, one asks still */
	assert_int_equal(f->count, 3);
}

static void test_eoi_within_delivery(void **state)
{
	struct fixture *f = *state;

	f->ends_at_once = true;
	put(f, 0x22, 0x00008049);
	line(f, 9, true);
	assert_int_equal(f->count, 3);
	assert_int_equal(get(f, 0x22) & 0x4000, 0x4000);
}

/* NMI, ExtINT and their kin are never levels, whatever the bit says. */
static void test_other_modes(void **state)
{
	static const unsigned int modes[] = {IOAPIC_SMI, IOAPIC_NMI,
					     IOAPIC_INIT, IOAPIC_EXTINT};
	struct fixture *f = *state;

	for (unsigned int i = 0; i < 4; i++) {
		put(f, 0x10, 0x8000 | modes[i] << 8);
		line(f, 0, true);
		line(f, 0, false);
		assert_int_equal(f->count, i + 1);
		assert_int_equal(f->last.mode, modes[i]);
		assert_false(f->last.level);
		assert_int_equal(get(f, 0x10) & 0x4000, 0);
	}
}

static void test_reset(void **state)
{
	struct fixture *f = *state;

	put(f, 0x22, 0x00008049);
	put(f, 0, 0x02000000);
	line(f, 9, true);
	ioapic_reset(&f->ioapic);
	assert_int_equal(get(f, 0x22), 0x10000);
	assert_int_equal(get(f, 0), 0x05000000);
	put(f, 0x22, 0x00008049); /* the wire is as it was */
	assert_int_equal(f->count, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_registers),
		TEST(test_entry_bits),
		TEST(test_edge),
		TEST(test_logical_lowest),
		TEST(test_masked_edge_is_lost),
		TEST(test_level),
		TEST(test_level_masked),
		TEST(test_eoi_register),
		TEST(test_eoi_by_edge),
		TEST(test_two_of_one_vector),
		TEST(test_eoi_within_delivery),
		TEST(test_other_modes),
		TEST(test_reset),
	};

	return cmocka_run_group_tests_name("ioapic", tests, NULL, NULL);
}
