/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nothing of a deleted partition is left where others find it. */
#include "world.h"

#include "abi/intercept.h"
#include "abi/msr.h"
#include "hv/core/intercept.h"

static void a_message_that_waits_goes_with_its_sender(void **state)
{
	struct vp *parent = hypervisor_parent_vp(0);
	struct hv_message_page *page = world_memory(hypervisor.parent, 0x1000);
	struct partition *child = world_child(1);

	(void)state;
	intercept_hypercall(child->vps[0]);
	assert_true(parent->synic.queued);
	world_delete(child);
	assert_false(parent->synic.queued);
	world_wrmsr(parent, HV_MSR_SIMP, 0x1001);
	world_wrmsr(parent, HV_MSR_SCONTROL, 1);
	assert_int_equal(page->slots[0].header.type, HVMSG_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_message_that_waits_goes_with_its_sender, world_setup,
			world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
