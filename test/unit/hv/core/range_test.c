/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page numbers that are no addresses, indexes of processors that are none. */
#include "world.h"

#include "abi/hypercall.h"
#include "abi/hypercall_parent.h"

#define SOURCE 0x1000u /* a page of the parent's */

static enum hv_status map(const struct partition *child, uint64_t page,
			  uint64_t source, uint32_t flags)
{
	struct {
		struct hv_input_map_gpa_pages header;
		uint64_t source;
	} input = {{.target_partition_id = child->id,
		    .target_gpa_base = page,
		    .map_flags = flags},
		   source};
	struct world_call call = {.code = HVCALL_MAP_GPA_PAGES,
				  .reps = 1,
				  .input = &input,
				  .size = sizeof(input)};

	return world_call(&call);
}

static enum hv_status unmap(const struct partition *child, uint64_t page)
{
	const struct hv_input_unmap_gpa_pages input = {
		.target_partition_id = child->id, .target_gpa_base = page};
	struct world_call call = {.code = HVCALL_UNMAP_GPA_PAGES,
				  .reps = 1,
				  .input = &input,
				  .size = sizeof(input)};

	return world_call(&call);
}

/* Shifted to an address each of these would lose its upper bits. */
static const uint64_t wrapping[] = {
	1ull << 36,	       /* the first that is out of range */
	1ull << 52,	       /* 0, with its bits lost */
	(1ull << 52) + 1,      /* 1 */
	1ull << 63,	       /* 0 */
	UINT64_MAX,	       /* the last page there could be */
	UINT64_MAX - (1 << 9), /* the same by large pages */
};

static void numbers_that_overflow_are_refused(void **state)
{
	struct partition *child = world_child(1);
	const uint32_t flags = HV_MAP_GPA_READABLE | HV_MAP_GPA_WRITABLE;
	char *memory = world_memory(child, 0);

	(void)state;
	memory[0] = 'x';
	assert_int_equal(map(child, 0x800, SOURCE, flags), HV_STATUS_SUCCESS);
	for (size_t i = 0; i < sizeof(wrapping) / sizeof(wrapping[0]); i++) {
		assert_int_equal(map(child, wrapping[i], SOURCE, flags),
				 HV_STATUS_INVALID_PARAMETER);
		assert_int_equal(map(child, wrapping[i], SOURCE,
				     flags | HV_MAP_GPA_LARGE_PAGE),
				 HV_STATUS_INVALID_PARAMETER);
		assert_int_not_equal(map(child, 0x900, wrapping[i], flags),
				     HV_STATUS_SUCCESS);
		assert_int_equal(unmap(child, wrapping[i]),
				 HV_STATUS_INVALID_PARAMETER);
	}
	/* What was there still is. */
	assert_ptr_equal(world_memory(child, 0), memory);
	assert_int_equal(*(char *)world_memory(child, 0), 'x');
	world_delete(child);
}

/* Of a partition that has the last that there can be. */
static void indexes_end_before_the_limit(void **state)
{
	struct partition *child = world_child(1);
	struct hv_input_create_vp create = {
		.partition_id = child->id,
		.vp_index = PARTITION_VPS_MAX,
	};
	struct {
		struct hv_input_get_vp_registers header;
		uint32_t name;
	} input = {{.partition_id = child->id}, HV_REGISTER_RIP};
	struct hv_register_value value;
	struct world_call call = {.code = HVCALL_GET_VP_REGISTERS,
				  .reps = 1,
				  .input = &input,
				  .size = sizeof(input),
				  .output = &value,
				  .output_size = sizeof(value)};
	const uint32_t beyond[] = {PARTITION_VPS_MAX, PARTITION_VPS_MAX + 1,
				   UINT32_MAX - 2};

	(void)state;
	assert_int_equal(world_do(HVCALL_CREATE_VP, &create, sizeof(create)),
			 HV_STATUS_INVALID_VP_INDEX);
	create.vp_index = PARTITION_VPS_MAX - 1;
	assert_int_equal(world_do(HVCALL_CREATE_VP, &create, sizeof(create)),
			 HV_STATUS_SUCCESS);
	for (size_t i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++) {
		input.header.vp_index = beyond[i];
		assert_int_equal(world_call(&call), HV_STATUS_INVALID_VP_INDEX);
	}
	world_delete(child);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(indexes_end_before_the_limit,
						world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
			numbers_that_overflow_are_refused, world_setup,
			world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
