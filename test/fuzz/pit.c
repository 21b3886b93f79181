/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The interval timer: every mode, latch and gate, at any time. */
#include "device.h"

#include "worker/emulated/pit.h"

static struct fuzz_device device;
static struct fake_line line;
static struct pit pit;

static void event(struct fuzz *fuzz, unsigned int number)
{
	(void)fuzz;
	if (number < 4)
		pit_reset(&pit);
	else
		pit_output(&pit, number % PIT_CHANNELS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = {data, size, 0};

	fuzz_device_start(&device);
	fake_line_init(&line);
	pit_init(&pit, &device.clock.clock, &line.line);
	device.span = PIT_PORTS + 1;
	device.event = event;
	fuzz_device_range(&device, 0, PIT_PORTS, &pit_operations, &pit);
	fuzz_device_range(&device, PIT_PORTS, 1, &pit_control_operations, &pit);
	fuzz_device_run(&device, &fuzz);
	return 0;
}
