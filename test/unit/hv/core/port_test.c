/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event ports and connections: life, limits, signals. */
#include "world.h"

#include "abi/msr.h"
#include "hv/core/port.h"

#define SINT   5
#define VECTOR 0xf3

static struct partition *child;
static struct partition *parent;
static struct hv_event_flags_page *flags[2]; /* of the parent's vps */

static int setup(void **state)
{
	world_setup(state);
	child = world_child(1);
	parent = hypervisor.parent;
	for (uint32_t i = 0; i < 2; i++) {
		struct vp *vp = parent->vps[i];

		flags[i] = world_memory(parent, 0x2000 + i * PAGE_SIZE);
		world_apic_on(vp, true);
		world_wrmsr(vp, HV_MSR_SIEFP, (0x2000 + i * PAGE_SIZE) | 1);
		world_wrmsr(vp, HV_MSR_SINT0 + SINT, VECTOR);
		world_wrmsr(vp, HV_MSR_SCONTROL, 1);
	}
	return 0;
}

static struct hv_input_create_port port_input(uint32_t id)
{
	return (struct hv_input_create_port){
		.port_partition_id = parent->id,
		.port_id = id,
		.connection_partition_id = child->id,
		.port_info = {.port_type = HV_PORT_TYPE_EVENT,
			      .event = {.target_sint = SINT,
					.target_vp = 1,
					.base_flag_number = 100,
					.flag_count = 2}},
	};
}

static enum hv_status create(uint32_t id)
{
	const struct hv_input_create_port input = port_input(id);

	return port_create(parent, &input);
}

static enum hv_status connect(uint32_t connection, uint32_t port)
{
	const struct hv_input_connect_port connect = {
		.connection_id = connection,
		.port_id = port,
		.connection_info.port_type = HV_PORT_TYPE_EVENT,
	};

	return port_connect(child, parent, &connect);
}

static void a_signal_sets_the_ports_flag(void **state)
{
	(void)state;
	assert_int_equal(create(7), 0);
	assert_int_equal(connect(0x10001, 7), 0);
	assert_int_equal(connection_signal(child, 0x10001, 1), 0);
	assert_int_equal(flags[1]->sints[SINT].quads[1], 1ull << (101 - 64));
	assert_int_equal(world_take(parent->vps[1]), VECTOR);
	assert_int_equal(world_take(parent->vps[0]), VECTOR_NONE);
	assert_int_equal(connection_signal(child, 0x10001, 2),
			 HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(connection_signal(child, 0x10002, 0),
			 HV_STATUS_INVALID_CONNECTION_ID);
}

static void any_vp_is_the_near_one_that_listens(void **state)
{
	struct hv_input_create_port input = port_input(8);

	(void)state;
	input.port_info.event.target_vp = HV_VP_INDEX_ANY;
	assert_int_equal(port_create(parent, &input), 0);
	assert_int_equal(connect(1, 8), 0);
	fake.lp = 1;
	assert_int_equal(connection_signal(child, 1, 0), 0);
	assert_int_equal(world_take(parent->vps[1]), VECTOR);
	world_wrmsr(parent->vps[1], HV_MSR_SCONTROL, 0);
	assert_int_equal(connection_signal(child, 1, 0), 0);
	assert_int_equal(world_take(parent->vps[0]), VECTOR);
}

static void what_cannot_be_a_port(void **state)
{
	struct hv_input_create_port good = port_input(9), bad;

	(void)state;
	assert_int_equal(port_create(child, &good), HV_STATUS_ACCESS_DENIED);
#define REFUSED(assignment, status)                                            \
	bad = good;                                                            \
	bad.assignment;                                                        \
	assert_int_equal(port_create(parent, &bad), HV_STATUS_##status)
	REFUSED(port_id = 0x1000000, INVALID_PORT_ID);
	REFUSED(port_vtl = 1, INVALID_PARAMETER);
	REFUSED(min_connection_vtl = 1, INVALID_PARAMETER);
	REFUSED(port_info.port_type = HV_PORT_TYPE_MONITOR, INVALID_PARAMETER);
	REFUSED(port_info.event.target_sint = 16, INVALID_PARAMETER);
	REFUSED(port_info.event.flag_count = 0, INVALID_PARAMETER);
	REFUSED(port_info.event.flag_count = 1949, INVALID_PARAMETER);
	REFUSED(port_info.event.target_vp = 2, INVALID_VP_INDEX);
	REFUSED(port_info.event.flag_count = 1948, SUCCESS);
	assert_int_equal(port_create(parent, &good), HV_STATUS_INVALID_PORT_ID);
}

static void what_cannot_be_connected(void **state)
{
	struct partition *other = world_child(1);
	const struct hv_input_connect_port theirs = {
		.connection_id = 1,
		.port_id = 7,
		.connection_info.port_type = HV_PORT_TYPE_EVENT};
	const struct hv_input_connect_port doorbell = {
		.connection_id = 1,
		.port_id = 7,
		.connection_info.port_type = 4};

	(void)state;
	assert_int_equal(create(7), 0);
	assert_int_equal(connect(0x1000000, 7),
			 HV_STATUS_INVALID_CONNECTION_ID);
	assert_int_equal(connect(1, 6), HV_STATUS_INVALID_PORT_ID);
	assert_int_equal(port_connect(other, parent, &theirs),
			 HV_STATUS_INVALID_PORT_ID);
	assert_int_equal(port_connect(child, parent, &doorbell),
			 HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(connect(1, 7), 0);
	assert_int_equal(connect(1, 7), HV_STATUS_INVALID_CONNECTION_ID);
	/* The refusals hold nothing: the port goes with its connection. */
	assert_int_equal(port_delete(parent, 7), 0);
	assert_non_null(parent->port_pages);
	assert_int_equal(port_disconnect(child, 1), 0);
	assert_null(parent->port_pages);
	assert_null(child->port_pages);
}

static void a_deleted_port_answers_until_disconnected(void **state)
{
	(void)state;
	assert_int_equal(create(7), 0);
	assert_int_equal(connect(1, 7), 0);
	assert_int_equal(port_delete(parent, 7), 0);
	assert_int_equal(port_delete(parent, 7), HV_STATUS_INVALID_PORT_ID);
	assert_int_equal(connection_signal(child, 1, 0),
			 HV_STATUS_INVALID_PORT_ID);
	assert_int_equal(create(7), 0); /* the id is free */
	assert_int_equal(connection_signal(child, 1, 0),
			 HV_STATUS_INVALID_PORT_ID);
	assert_int_equal(port_disconnect(child, 1), 0);
	assert_int_equal(port_disconnect(child, 1),
			 HV_STATUS_INVALID_CONNECTION_ID);
}

static void a_child_that_goes_leaves_nothing(void **state)
{
	uint64_t parents = parent->account.used_pages;
	uint64_t childs = child->account.used_pages;

	(void)state;
	for (uint32_t i = 0; i < 200; i++) {
		assert_int_equal(create(i), 0);
		if (i % 2)
			assert_int_equal(connect(i, i), 0);
	}
	assert_true(parent->account.used_pages > parents);
	assert_true(child->account.used_pages > childs);
	port_forget(child);
	assert_int_equal(parent->account.used_pages, parents);
	assert_int_equal(child->account.used_pages, childs);
	assert_int_equal(connection_signal(child, 1, 0),
			 HV_STATUS_INVALID_CONNECTION_ID);
}

static void the_number_of_ports_is_bounded(void **state)
{
	uint32_t count = 0;

	(void)state;
	while (create(count) == HV_STATUS_SUCCESS)
		count++;
	assert_in_range(count, 1000, 4000);
	assert_int_equal(create(count), HV_STATUS_INSUFFICIENT_MEMORY);
	assert_int_equal(port_delete(parent, 0), 0);
	assert_int_equal(create(count), 0);
	port_forget(child);
	assert_null(parent->port_pages);
}

static void a_quota_holds_for_connections(void **state)
{
	(void)state;
	assert_int_equal(create(7), 0);
	child->account.quota_pages = child->account.used_pages;
	assert_int_equal(connect(1, 7), HV_STATUS_INSUFFICIENT_MEMORY);
	assert_int_equal(port_delete(parent, 7), 0);
	assert_null(parent->port_pages);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_signal_sets_the_ports_flag),
		TEST(any_vp_is_the_near_one_that_listens),
		TEST(what_cannot_be_a_port),
		TEST(what_cannot_be_connected),
		TEST(a_deleted_port_answers_until_disconnected),
		TEST(a_child_that_goes_leaves_nothing),
		TEST(the_number_of_ports_is_bounded),
		TEST(a_quota_holds_for_connections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
