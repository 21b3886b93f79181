/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A child file from its text to the worker's description. */
#include "fuzz.h"

#include "ctl/child.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct report report = {.file = fuzz_file(data, size)};
	struct child child;
	json_t *json;

	if (child_read(&child, &report)) {
		FUZZ_CHECK(child.name && child_name_is_valid(child.name));
		FUZZ_CHECK(child.memory >= CHILD_MEMORY_MIN);
		FUZZ_CHECK(child.memory <= CHILD_MEMORY_MAX);
		FUZZ_CHECK(child.processors >= 1);
		FUZZ_CHECK(child.processors <= CHILD_PROCESSORS_MAX);
		FUZZ_CHECK(child.kernel);
		json = child_to_json(&child);
		FUZZ_CHECK(json);
		json_decref(json);
	} else {
		FUZZ_CHECK(report.count > 0);
	}
	child_free(&child);
	json_decref(report_to_json(&report));
	report_free(&report);
	return 0;
}
