/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All of hv/core on the fake machine: the input decides what the storm of the
 * unit tests does, hypercalls, MSRs and intercepts of parent and children.
 * Afterwards all children are deleted, and every page must be back.
 */
#include "fuzz.h"

#include "test/unit/hv/core/storm.h"

static struct fuzz input;

static uint64_t decide(uint64_t limit)
{
	return fuzz_below(&input, limit);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	input = (struct fuzz){data, size, 0};
	storm = (struct storm){.random = decide, .words = 8};
	world_setup(NULL);
	storm_start();
	if (size && data[0] & 3)
		storm_children(data[0] & 1 ? 1 : 2);
	while (fuzz_more(&input))
		storm_step();
	storm_end();
	world_teardown(NULL);
	return 0;
}
