/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loader: any file as a kernel, in children of several sizes. */
#include "fuzz.h"

#include "worker/machine/linux.h"

#define LOW_SIZE  (32u << 20)
#define HIGH_SIZE (4u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t *low, *high;
	static char cmdline[300];
	struct fuzz fuzz = {data, size, 0};
	const uint64_t low_size = (4ull + fuzz_8(&fuzz) % 28) << 20;
	struct memory memory = {
		.count = 1 + fuzz_8(&fuzz) % 2,
		.ranges = {{0, low_size, NULL}, {1ull << 32, HIGH_SIZE, NULL}},
	};
	const size_t cmdline_size = fuzz_8(&fuzz);
	const bool initrd = fuzz_8(&fuzz) & 1;
	struct linux_options options = {.cmdline = cmdline, .rsdp = 0xe0000};
	struct hv_register_assoc registers[LINUX_REGISTERS];
	struct linux_start start;

	if (!low) {
		low = fuzz_pages(LOW_SIZE);
		high = fuzz_pages(HIGH_SIZE);
	}
	fuzz_pages_clear(low, LOW_SIZE);
	fuzz_pages_clear(high, HIGH_SIZE);
	/* Its end is that of the mapping, behind which there is nothing. */
	memory.ranges[0].base = low + LOW_SIZE - low_size;
	memory.ranges[1].base = high;
	memset(cmdline, 'x', cmdline_size);
	cmdline[cmdline_size] = '\0';
	options.kernel = fuzz_file(data + fuzz.at, size - fuzz.at);
	/* The same file will do for both. */
	options.initrd = initrd ? options.kernel : NULL;
	if (linux_load(&memory, &options, &start) == 0) {
		FUZZ_CHECK(memory_at(&memory, start.entry - 0x200, 1));
		FUZZ_CHECK(linux_registers(&start, registers) ==
			   LINUX_REGISTERS);
	}
	return 0;
}
