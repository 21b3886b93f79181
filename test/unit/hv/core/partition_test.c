/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A partition from creation to the end, whatever is short or runs. */
#include "world.h"

#include "abi/hypercall_parent.h"
#include "abi/hypercall_parent_synic.h"
#include "hv/core/gpa.h"
#include "hv/core/lp.h"

#define PAGE(n) ((uint64_t)(n)*PAGE_SIZE)

static enum hv_status create(uint64_t *id)
{
	const struct hv_input_create_partition input = {0};
	struct world_call call = {.code = HVCALL_CREATE_PARTITION,
				  .input = &input,
				  .size = sizeof(input),
				  .output = id,
				  .output_size = sizeof(*id)};

	return world_call(&call);
}

static struct partition *created(void)
{
	uint64_t id;

	assert_int_equal(create(&id), HV_STATUS_SUCCESS);
	struct partition *partition = partition_get(hypervisor.parent, id);

	assert_non_null(partition);
	partition_put(partition);
	return partition;
}

static enum hv_status create_vp(const struct partition *partition,
				uint32_t index)
{
	const struct hv_input_create_vp input = {.partition_id = partition->id,
						 .vp_index = index};

	return world_do(HVCALL_CREATE_VP, &input, sizeof(input));
}

static enum hv_status map(const struct partition *partition, uint64_t page)
{
	struct {
		struct hv_input_map_gpa_pages header;
		uint64_t source;
	} input = {{.target_partition_id = partition->id,
		    .target_gpa_base = page,
		    .map_flags = HV_MAP_GPA_READABLE | HV_MAP_GPA_WRITABLE},
		   0x1000};
	struct world_call call = {.code = HVCALL_MAP_GPA_PAGES,
				  .reps = 1,
				  .input = &input,
				  .size = sizeof(input)};

	return world_call(&call);
}

static enum hv_status register_cpuid(const struct partition *partition,
				     uint32_t leaf)
{
	const struct hv_input_register_intercept_result input = {
		.partition_id = partition->id,
		.intercept_type = HV_INTERCEPT_TYPE_CPUID,
		.cpuid = {.input_eax = leaf, .eax = 1, .eax_mask = 1},
	};

	return world_do(HVCALL_REGISTER_INTERCEPT_RESULT, &input,
			sizeof(input));
}

static enum hv_status connect(const struct partition *partition)
{
	const struct hv_input_create_port port = {
		.port_partition_id = HV_PARTITION_ID_SELF,
		.port_id = 5,
		.connection_partition_id = partition->id,
		.port_info = {.port_type = HV_PORT_TYPE_EVENT,
			      .event = {.target_sint = 2, .flag_count = 1}},
	};
	const struct hv_input_connect_port input = {
		.connection_partition_id = partition->id,
		.connection_id = 7,
		.port_partition_id = HV_PARTITION_ID_SELF,
		.port_id = 5,
		.connection_info = {.port_type = HV_PORT_TYPE_EVENT},
	};

	world_do(HVCALL_CREATE_PORT, &port, sizeof(port));
	return world_do(HVCALL_CONNECT_PORT, &input, sizeof(input));
}

static void everything_is_given_back(void **state)
{
	uint64_t before = pool_free_pages();

	(void)state;
	struct partition *child = created();

	assert_int_equal(world_do(HVCALL_INITIALIZE_PARTITION, &child->id, 8),
			 HV_STATUS_SUCCESS);
	assert_int_equal(world_do(HVCALL_INITIALIZE_PARTITION, &child->id, 8),
			 HV_STATUS_INVALID_PARTITION_STATE);
	assert_int_equal(create_vp(child, 0), HV_STATUS_SUCCESS);
	assert_int_equal(create_vp(child, 0), HV_STATUS_INVALID_VP_INDEX);
	assert_int_equal(create_vp(child, PARTITION_VPS_MAX),
			 HV_STATUS_INVALID_VP_INDEX);
	assert_int_equal(create_vp(child, PARTITION_VPS_MAX - 1),
			 HV_STATUS_SUCCESS);
	for (uint64_t i = 0; i < 3; i++)
		assert_int_equal(map(child, i << 18), HV_STATUS_SUCCESS);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(register_cpuid(child, i), HV_STATUS_SUCCESS);
	assert_int_equal(connect(child), HV_STATUS_SUCCESS);
	assert_true(pool_free_pages() < before);
	world_delete(child);
	assert_true(pool_free_pages() == before);
	assert_true(list_empty(&hypervisor.parent->ports));
}

/* Every act that takes pages, with only so many of them left. */
static void each_page_may_be_the_one_too_many(void **state)
{
	uint64_t before = pool_free_pages();
	bool enough = false;

	(void)state;
	for (uint64_t left = 0; !enough; left++) {
		struct partition *child = created();

		child->account.quota_pages = child->account.used_pages + left;
		enough = create_vp(child, 0) == HV_STATUS_SUCCESS;
		enough &= map(child, 1) == HV_STATUS_SUCCESS;
		enough &= register_cpuid(child, 1) == HV_STATUS_SUCCESS;
		enough &= connect(child) == HV_STATUS_SUCCESS;
		enough &= create_vp(child, 1) == HV_STATUS_SUCCESS;
		enough &= map(child, 1ull << 30) == HV_STATUS_SUCCESS;
		world_delete(child);
		assert_true(pool_free_pages() == before);
		assert_true(left < 20);
	}
}

static void the_last_pages_are_the_parents(void **state)
{
	struct partition *parent = hypervisor.parent;
	uint64_t before = pool_free_pages();
	uint64_t id[4096];
	unsigned int count = 0;

	(void)state;
	while (count < 4096 && create(&id[count]) == HV_STATUS_SUCCESS)
		count++;
	assert_in_range(count, 100, 4095);
	assert_true(pool_free_pages() > 100);
	void *page = pool_take(&parent->account);

	assert_non_null(page);
	pool_give(&parent->account, page);
	while (count--)
		assert_int_equal(
			world_do(HVCALL_DELETE_PARTITION, &id[count], 8),
			HV_STATUS_SUCCESS);
	assert_true(pool_free_pages() == before);
}

static void compute(struct virt_vp *vp, struct virt_intercept *intercept)
{
	/* Whatever it is: not the processor's own business. */
	intercept->kind = VIRT_CPUID;
	intercept->instruction_length = 2;
	(void)vp;
}

static void a_running_partition_can_be_deleted(void **state)
{
	uint64_t before;

	(void)state;
	fake.guest = compute;
	world_run(1);
	before = pool_free_pages();
	struct partition *child = created();

	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(create_vp(child, i), HV_STATUS_SUCCESS);
		child->vps[i]->lp = 1;
		child->vps[i]->waiting_startup = false;
		lp_resume(child->vps[i], VP_EXPLICIT_SUSPEND | VP_WAIT_STARTUP);
	}
	world_run(1);
	assert_ptr_equal(world_running(1)->partition, child);
	world_delete(child);
	assert_null(world_running(1));
	assert_true(pool_free_pages() == before);
	world_run(1);
}

static void who_holds_it_puts_the_end_off(void **state)
{
	uint64_t before = pool_free_pages();

	(void)state;
	struct partition *child = created();

	assert_int_equal(create_vp(child, 0), HV_STATUS_SUCCESS);
	/* Two hypercalls have found it, say on two processors. */
	partition_get(hypervisor.parent, child->id);
	partition_get(hypervisor.parent, child->id);
	assert_false(partition_finalize(child));
	assert_false(partition_delete(child));
	assert_non_null(child->vps[0]);
	assert_int_equal(partition_initialize(child),
			 HV_STATUS_INVALID_PARTITION_STATE);
	partition_put(child);
	assert_true(partition_finalize(child));
	assert_null(child->vps[0]);
	assert_true(partition_finalize(child));
	assert_true(partition_delete(child));
	assert_true(pool_free_pages() == before);
}

static void states_are_kept_to(void **state)
{
	(void)state;
	struct partition *child = created();
	const uint64_t id = child->id;
	const uint64_t wrong = id + 100;

	assert_int_equal(world_do(HVCALL_FINALIZE_PARTITION, &id, 8),
			 HV_STATUS_SUCCESS);
	assert_int_equal(create_vp(child, 0),
			 HV_STATUS_INVALID_PARTITION_STATE);
	assert_int_equal(world_do(HVCALL_FINALIZE_PARTITION, &id, 8),
			 HV_STATUS_INVALID_PARTITION_STATE);
	assert_int_equal(world_do(HVCALL_DELETE_PARTITION, &id, 8),
			 HV_STATUS_SUCCESS);
	assert_int_equal(world_do(HVCALL_DELETE_PARTITION, &id, 8),
			 HV_STATUS_INVALID_PARTITION_ID);
	assert_int_equal(world_do(HVCALL_DELETE_PARTITION, &wrong, 8),
			 HV_STATUS_INVALID_PARTITION_ID);
	assert_int_equal(
		world_do(HVCALL_DELETE_PARTITION, &hypervisor.parent->id, 8),
		HV_STATUS_OPERATION_DENIED);
}

static void create_with_flags_nobody_knows(void **state)
{
	const struct hv_input_create_partition strange = {.flags = 1ull << 60};
	const struct hv_input_create_partition isolated = {.isolation = 1};

	(void)state;
	assert_int_equal(
		world_do(HVCALL_CREATE_PARTITION, &strange, sizeof(strange)),
		HV_STATUS_INVALID_PARAMETER);
	assert_int_equal(
		world_do(HVCALL_CREATE_PARTITION, &isolated, sizeof(isolated)),
		HV_STATUS_INVALID_PARAMETER);
}

/* ---- Deposits ---- */

struct frames {
	struct hv_input_deposit_memory header;
	uint64_t page[200];
};

static enum hv_status deposit(const struct partition *child, uint64_t first,
			      uint32_t count, uint32_t *done)
{
	struct frames input = {{.partition_id = child->id}, {0}};
	struct world_call call = {
		.code = HVCALL_DEPOSIT_MEMORY,
		.reps = count,
		.input = &input,
		.size = (uint32_t)(sizeof(input.header) + count * 8)};

	for (uint32_t i = 0; i < count; i++)
		input.page[i] = first + i;
	enum hv_status status = world_call(&call);

	*done = call.done;
	return status;
}

static uint32_t withdraw(uint64_t id, uint32_t count)
{
	const struct hv_input_withdraw_memory input = {.partition_id = id};
	uint64_t page[500];
	struct world_call call = {.code = HVCALL_WITHDRAW_MEMORY,
				  .reps = count,
				  .input = &input,
				  .size = sizeof(input),
				  .output = page,
				  .output_size = count * 8};

	world_call(&call);
	return call.done;
}

static void deposits_are_used_and_come_back(void **state)
{
	struct partition *parent = hypervisor.parent;
	uint64_t before = pool_free_pages();
	uint32_t done;

	(void)state;
	struct partition *child = created();

	child->account.quota_pages = child->account.used_pages;
	assert_int_equal(create_vp(child, 0), HV_STATUS_INSUFFICIENT_MEMORY);
	assert_int_equal(deposit(child, 0x100, 100, &done), HV_STATUS_SUCCESS);
	assert_int_equal(done, 100);
	assert_int_equal(create_vp(child, 0), HV_STATUS_SUCCESS);
	/* The parent reaches it no more, by no way. */
	assert_null(gpa_pointer(parent, GPA(PAGE(0x100)), VIRT_MAP_READ));
	assert_int_equal(deposit(child, 0x100, 1, &done),
			 HV_STATUS_ACCESS_DENIED);
	assert_int_equal(withdraw(child->id, 20), 20);
	assert_in_range(withdraw(child->id, 100), 70, 79);
	assert_int_equal(withdraw(child->id, 1), 0);
	world_delete(child);
	for (uint64_t i = 0; i < 100; i++)
		assert_non_null(gpa_pointer(parent, GPA(PAGE(0x100 + i)),
					    VIRT_MAP_READ));
	/* All but what the parent's tables and the processor's start took. */
	assert_true(pool_free_pages() + 2 == before);
}

static void deposits_left_come_back_with_the_end(void **state)
{
	uint32_t done;

	(void)state;
	struct partition *child = created();

	assert_int_equal(deposit(child, 0x100, 200, &done), HV_STATUS_SUCCESS);
	world_delete(child);
	for (uint64_t i = 0; i < 200; i++)
		assert_non_null(gpa_pointer(hypervisor.parent,
					    GPA(PAGE(0x100 + i)),
					    VIRT_MAP_READ));
}

static void what_is_not_the_parents_is_no_deposit(void **state)
{
	const uint64_t bad[] = {0, FAKE_POOL >> PAGE_SHIFT,
				FAKE_RAM >> PAGE_SHIFT, 1ull << 40,
				hypervisor.scrap_page.value >> PAGE_SHIFT};
	uint32_t done;

	(void)state;
	struct partition *child = created();

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_not_equal(deposit(child, bad[i], 1, &done),
				     HV_STATUS_SUCCESS);
		assert_int_equal(done, 0);
	}
}

/* The parent's processor was interrupted between two entries. */
static void an_abandoned_deposit_comes_back(void **state)
{
	struct vp *vp = hypervisor_parent_vp(0);
	uint32_t done;

	(void)state;
	struct partition *child = created();

	assert_int_equal(gpa_hide(hypervisor.parent, SPA(PAGE(0x80))),
			 HV_STATUS_SUCCESS);
	vp->deposit = SPA(PAGE(0x80));
	assert_int_equal(deposit(child, 0x90, 1, &done), HV_STATUS_SUCCESS);
	assert_int_equal(vp->deposit.value, 0);
	assert_non_null(
		gpa_pointer(hypervisor.parent, GPA(PAGE(0x80)), VIRT_MAP_READ));
	world_delete(child);
}

static void delete_vp_stops_it_for_good(void **state)
{
	const struct hv_input_delete_vp input = {.partition_id = 2,
						 .vp_index = 0};
	const struct hv_input_delete_vp wrong = {.partition_id = 2,
						 .vp_index = 9};

	(void)state;
	struct partition *child = created();

	assert_int_equal(child->id, 2);
	assert_int_equal(create_vp(child, 0), HV_STATUS_SUCCESS);
	assert_int_equal(world_do(HVCALL_DELETE_VP, &wrong, sizeof(wrong)),
			 HV_STATUS_INVALID_VP_INDEX);
	assert_int_equal(world_do(HVCALL_DELETE_VP, &input, sizeof(input)),
			 HV_STATUS_SUCCESS);
	assert_int_equal(
		world_set(child->vps[0], HV_REGISTER_EXPLICIT_SUSPEND, 0),
		HV_STATUS_SUCCESS);
	assert_int_equal(child->vps[0]->suspended, VP_STOPPED);
	world_delete(child);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(everything_is_given_back),
		TEST(each_page_may_be_the_one_too_many),
		TEST(the_last_pages_are_the_parents),
		TEST(a_running_partition_can_be_deleted),
		TEST(who_holds_it_puts_the_end_off),
		TEST(states_are_kept_to),
		TEST(create_with_flags_nobody_knows),
		TEST(deposits_are_used_and_come_back),
		TEST(deposits_left_come_back_with_the_end),
		TEST(what_is_not_the_parents_is_no_deposit),
		TEST(an_abandoned_deposit_comes_back),
		TEST(delete_vp_stops_it_for_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
