/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The child's description as the worker reads it. */
#include "fuzz.h"

#include "worker/core/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config config;
	char error[200] = "";

	if (config_read(&config, fuzz_file(data, size), error, sizeof(error))) {
		FUZZ_CHECK(error[0]);
		return 0;
	}
	FUZZ_CHECK(config.name && config.machine && config.kernel);
	FUZZ_CHECK(config.cmdline);
	FUZZ_CHECK(config.processors >= 1);
	FUZZ_CHECK(config.processors <= CONFIG_PROCESSORS_MAX);
	FUZZ_CHECK(config.disk_count <= CONFIG_DISKS_MAX);
	config_free(&config);
	return 0;
}
