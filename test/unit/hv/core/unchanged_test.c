/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decode, then do: whichever way a hypercall is wrong, nothing has changed. */
#include "world.h"

#include <stdlib.h>

#include "abi/hypercall_parent_synic.h"
#include "hv/core/gpa.h"
#include "hv/core/hypercall.h"
#include "hv/core/lp.h"

#define INPUT	 0x2a7c000u /* of the parent */
#define OUTPUT	 0x2a7d000u
#define ABSENT	 (FAKE_RAM + 0x1000)
#define VPS	 2
#define MAPPED	 512 /* pages whose mapping is compared */
#define PROGRAMS 20000u

#define VARIABLE(words) ((uint64_t)(words) << HV_HYPERCALL_VARHEAD_SHIFT)
#define REPS(count)	((uint64_t)(count) << HV_HYPERCALL_REP_COUNT_SHIFT)
#define START(index)	((uint64_t)(index) << HV_HYPERCALL_REP_START_SHIFT)

static struct partition *child;

/* ---- All that a call could have changed, but for locks: tickets go on ---- */

struct snapshot {
	struct partition partitions[2];
	struct vp vps[2][VPS];
	struct fake_vp silicon[2][VPS];
	struct virt_mapping mappings[MAPPED];
	struct hv_cpuid_result_parameters cpuid[90];
	uint64_t free_pages;
	uint64_t hidden; /* partitions that there are */
	uint8_t memory[WORLD_CHILD_MEMORY];
	uint8_t input[PAGE_SIZE];
};

static void take_partition(struct snapshot *snapshot, unsigned int index,
			   const struct partition *partition)
{
	snapshot->partitions[index] = *partition;
	snapshot->partitions[index].lock = (struct spinlock){0};
	for (unsigned int i = 0; i < VPS; i++) {
		if (!partition->vps[i])
			continue;
		snapshot->vps[index][i] = *partition->vps[i];
		snapshot->vps[index][i].synic.lock = (struct spinlock){0};
		snapshot->silicon[index][i] = *fake_vp(partition->vps[i]->virt);
	}
}

static void take(struct snapshot *snapshot)
{
	memset(snapshot, 0, sizeof(*snapshot));
	take_partition(snapshot, 0, hypervisor.parent);
	take_partition(snapshot, 1, child);
	for (uint64_t i = 0; i < MAPPED; i++)
		virt->space_lookup(&child->space, GPA(i << PAGE_SHIFT),
				   &snapshot->mappings[i]);
	if (child->cpuid)
		memcpy(snapshot->cpuid, child->cpuid, sizeof(snapshot->cpuid));
	snapshot->free_pages = pool_free_pages();
	LIST_EACH(node, &hypervisor.partitions)
	{
		snapshot->hidden++;
	}
	memcpy(snapshot->memory, world_memory(child, 0), WORLD_CHILD_MEMORY);
	memcpy(snapshot->input, world_memory(hypervisor.parent, INPUT),
	       PAGE_SIZE);
}

/* ---- Calls ---- */

/* The caller's registers are put back: RAX and RIP have to change. */
static enum hv_status call(uint64_t control, uint64_t input, uint64_t output,
			   uint32_t *done)
{
	const struct virt_intercept intercept = {.kind = VIRT_HYPERCALL,
						 .instruction_length = 3,
						 .long_mode = true};
	struct virt_registers *registers =
		&hypervisor_parent_vp(0)->virt->registers;
	const struct virt_registers before = *registers;
	unsigned int skipped = fake_vp(hypervisor_parent_vp(0)->virt)->skipped;
	unsigned int tries = 0;
	uint64_t result;

	registers->gpr[VIRT_RCX] = control;
	registers->gpr[VIRT_RDX] = input;
	registers->gpr[VIRT_R8] = output;
	while (registers->rip == before.rip && tries++ < 1000)
		hypercall_run(hypervisor_parent_vp(0), &intercept);
	/* Still to be made again: it waits for a vp, and has not failed. */
	result = registers->rip == before.rip ? HV_STATUS_SUCCESS
					      : registers->gpr[VIRT_RAX];
	*registers = before;
	fake_vp(hypervisor_parent_vp(0)->virt)->skipped = skipped;
	*done = (uint32_t)(result >> HV_HYPERCALL_RESULT_REPS_SHIFT & 0xfff);
	return result & HV_HYPERCALL_RESULT_STATUS_MASK;
}

static struct snapshot *before, *after;

static void assert_unchanged(uint16_t code, const char *how)
{
	const uint64_t *output = world_memory(hypervisor.parent, OUTPUT);

	take(after);
	const uint8_t *old = (const uint8_t *)before;
	size_t at = 0;

	if (memcmp(before, after, sizeof(*before)) != 0) {
		while (old[at] == ((const uint8_t *)after)[at])
			at++;
		fail_msg("call %x, %s: byte %zu of the snapshot has changed",
			 code, how, at);
	}
	for (unsigned int i = 0; i < PAGE_SIZE / 8; i++)
		if (output[i] != 0xaaaaaaaaaaaaaaaaull)
			fail_msg("call %x, %s: output", code, how);
}

static int setup(void **state)
{
	const struct hv_register_value lma = {.u64 = BIT(10)};
	const struct hv_register_value pe = {.u64 = 1};

	world_setup(state);
	child = world_child(VPS);
	hypervisor.parent->guest_os_id = 1;
	virt->vp_set(hypervisor_parent_vp(0)->virt, HV_REGISTER_EFER, &lma);
	virt->vp_set(hypervisor_parent_vp(0)->virt, HV_REGISTER_CR0, &pe);
	before = calloc(1, sizeof(*before));
	after = calloc(1, sizeof(*after));
	memset(world_memory(hypervisor.parent, OUTPUT), 0xaa, PAGE_SIZE);
	return 0;
}

static int teardown(void **state)
{
	free(before);
	free(after);
	return world_teardown(state);
}

/* ---- Each way that the table tells of ---- */

/* One thing that is wrong, and which calls it can be wrong with. */
struct wrong {
	const char *how;
	uint64_t control; /* these bits are inverted */
	uint64_t input;	  /* 0: as it should be */
	uint64_t output;
	uint8_t form; /* calls of this form ... */
	uint8_t not ; /* ... and not of that one */
	bool has_output;
};

#define F(x) HYPERCALL_##x

static const struct wrong wrongs[] = {
	{.how = "reserved bit 27", .control = BIT(27)},
	{.how = "reserved bit 44", .control = BIT(44)},
	{.how = "reserved bit 60", .control = BIT(60)},
	{.how = "nested", .control = HV_HYPERCALL_NESTED},
	{.how = "variable header", .control = VARIABLE(1), .not = F(VARIABLE)},
	{.how = "variable header too large",
	 .control = VARIABLE(0x3ff),
	 .form = F(VARIABLE)},
	{.how = "reps", .control = REPS(1)}, /* none, for a rep call */
	{.how = "start of reps", .control = START(1)},
	{.how = "too many reps", .control = REPS(0xffe), .form = F(REP)},
	{.how = "input not aligned", .input = INPUT + 4, .form = F(TARGET)},
	{.how = "input across pages",
	 .input = INPUT + PAGE_SIZE - 8,
	 .form = F(REP)},
	{.how = "no input", .input = ABSENT, .form = F(TARGET)},
	{.how = "output not aligned", .output = OUTPUT + 4, .has_output = true},
	{.how = "no output", .output = ABSENT, .has_output = true},
};

static bool applies(const struct wrong *wrong, const struct hypercall *row)
{
	if ((row->form & wrong->form) != wrong->form ||
	    (row->form & wrong->not ))
		return false;
	/* With one more word of output less than a page may do. */
	if (wrong->control == REPS(0xffe) && !row->rep_input &&
	    !row->rep_output)
		return false;
	return !wrong->has_output || row->output || row->rep_output;
}

static uint64_t usual(uint16_t code, const struct hypercall *row)
{
	return code | (row->form & HYPERCALL_REP ? REPS(1) : 0);
}

static void place_target(uint64_t id, uint32_t vp)
{
	uint64_t *input = world_memory(hypervisor.parent, INPUT);

	memset(input, 0, PAGE_SIZE);
	input[0] = id;
	input[1] = vp;
}

static void expect_failure(uint16_t code, uint64_t control,
			   const struct wrong *wrong)
{
	uint32_t done;

	take(before);
	enum hv_status status =
		call(control, wrong->input ? wrong->input : INPUT,
		     wrong->output ? wrong->output : OUTPUT, &done);

	if (status == HV_STATUS_SUCCESS)
		fail_msg("call %x, %s: success", code, wrong->how);
	assert_true(done <= (control & HV_HYPERCALL_REP_START_MASK) >>
		    HV_HYPERCALL_REP_START_SHIFT);
	assert_unchanged(code, wrong->how);
}

static void wrong_forms(void **state)
{
	unsigned int count = 0;

	(void)state;
	for (uint32_t code = 0; code < 0x10000; code++) {
		const struct hypercall *row = hypercall_find((uint16_t)code);

		for (size_t i = 0; row && i < ARRAY_SIZE(wrongs); i++) {
			const struct wrong *wrong = &wrongs[i];

			if (!applies(wrong, row))
				continue;
			place_target(child->id, 0);
			expect_failure((uint16_t)code,
				       usual((uint16_t)code, row) ^
					       wrong->control,
				       wrong);
			count++;
		}
	}
	assert_true(count > 300);
}

/* Targets: none, oneself where a child is meant, in no state for that. */
static void wrong_targets(void **state)
{
	static const struct wrong nobody = {.how = "no such partition"};
	static const struct wrong self = {.how = "itself"};
	static const struct wrong late = {.how = "state of the partition"};
	static const struct wrong vp = {.how = "no such vp"};

	(void)state;
	for (uint32_t i = 0; i < 0x10000; i++) {
		const uint16_t code = (uint16_t)i;
		const struct hypercall *row = hypercall_find(code);
		enum partition_state was = child->state;

		if (!row || !(row->form & HYPERCALL_TARGET))
			continue;
		place_target(0x7777, 0);
		expect_failure(code, usual(code, row), &nobody);
		place_target(HV_PARTITION_ID_SELF, 0);
		if (row->form & HYPERCALL_CHILD)
			expect_failure(code, usual(code, row), &self);
		place_target(child->id, 77);
		if (row->form & HYPERCALL_STOPPED)
			expect_failure(code, usual(code, row), &vp);
		place_target(child->id, 0);
		for (unsigned int other = 0; other < 4; other++) {
			child->state = other;
			if (!(BIT(other) & row->states))
				expect_failure(code, usual(code, row), &late);
		}
		child->state = was;
	}
}

static void no_privilege(void **state)
{
	static const struct wrong wrong = {.how = "no privilege"};

	(void)state;
	hypervisor.parent->privileges &= UINT32_MAX;
	for (uint32_t i = 0; i < 0x10000; i++) {
		const struct hypercall *row = hypercall_find((uint16_t)i);

		if (!row)
			continue;
		place_target(child->id, 0);
		expect_failure((uint16_t)i, usual((uint16_t)i, row), &wrong);
	}
}

/* Those that need a vp which stands still, of one that does not. */
static void running_vp(void **state)
{
	static const struct wrong wrong = {.how = "vp not suspended"};

	(void)state;
	child->vps[0]->suspended = VP_HALTED;
	for (uint32_t i = 0; i < 0x10000; i++) {
		const struct hypercall *row = hypercall_find((uint16_t)i);

		if (!row || !(row->form & HYPERCALL_STOPPED))
			continue;
		place_target(child->id, 0);
		expect_failure((uint16_t)i, usual((uint16_t)i, row), &wrong);
	}
	child->vps[0]->suspended = VP_EXPLICIT_SUSPEND;
}

/* ---- What each call looks at itself ---- */

static uint64_t random_state = 88172645463325252ull;

static uint32_t below(uint32_t limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 20) % limit;
}

static uint64_t word(void)
{
	switch (below(5)) {
	case 0:
		return random_state;
	case 1:
		return 1ull << below(64);
	case 2:
		return below(0x40) * 0x100 + below(0x20) +
		       HV_REGISTER_EXPLICIT_SUSPEND % 0x10000;
	case 3:
		return below(4) | (uint64_t)below(4) << 32;
	default:
		return below(20);
	}
}

static void random_input(const struct hypercall *row)
{
	uint64_t *input = world_memory(hypervisor.parent, INPUT);

	for (unsigned int i = 0; i < 40; i++)
		input[i] = word();
	if (row->form & HYPERCALL_TARGET)
		input[0] = row->form & HYPERCALL_CHILD || below(2)
				   ? child->id
				   : HV_PARTITION_ID_SELF;
	if (below(4))
		input[1] = below(VPS);
}

/* Success may change what it likes, and a rep call has done those reps that it
 * tells; but what fails at once has done nothing at all. */
static void random_inputs(void **state)
{
	unsigned int failures = 0;

	(void)state;
	for (unsigned int i = 0; i < PROGRAMS; i++) {
		const uint16_t code = (uint16_t)(0x40 + below(0xc2));
		const struct hypercall *row = hypercall_find(code);
		uint32_t done;

		/* A child that goes would need another one each time; a
		 * deposit takes several entries: see lent_test.c. */
		if (!row || code == HVCALL_FINALIZE_PARTITION ||
		    code == HVCALL_DELETE_PARTITION ||
		    code == HVCALL_CREATE_PARTITION ||
		    code == HVCALL_DELETE_VP || code == HVCALL_DEPOSIT_MEMORY)
			continue;
		random_input(row);
		memset(world_memory(hypervisor.parent, OUTPUT), 0xaa,
		       PAGE_SIZE);
		take(before);
		enum hv_status status =
			call(usual(code, row), INPUT, OUTPUT, &done);

		if (status == HV_STATUS_SUCCESS || done)
			continue;
		failures++;
		assert_unchanged(code, "random input");
	}
	assert_true(failures > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(wrong_forms, setup, teardown),
		cmocka_unit_test_setup_teardown(wrong_targets, setup, teardown),
		cmocka_unit_test_setup_teardown(no_privilege, setup, teardown),
		cmocka_unit_test_setup_teardown(running_vp, setup, teardown),
		cmocka_unit_test_setup_teardown(random_inputs, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
