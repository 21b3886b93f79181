/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keyboard controller and port 92h. */
#include "device.h"

#include "worker/emulated/i8042.h"

static struct fuzz_device device;
static struct fake_machine machine;
static struct i8042 controller;

static void event(struct fuzz *fuzz, unsigned int number)
{
	(void)fuzz;
	if (number < 2)
		i8042_reset(&controller);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = {data, size, 0};

	fuzz_device_start(&device);
	fake_machine_init(&machine);
	i8042_init(&controller, &machine.port);
	device.span = 3;
	device.event = event;
	fuzz_device_range(&device, 0, 1, &i8042_data_operations, &controller);
	fuzz_device_range(&device, 1, 1, &i8042_command_operations,
			  &controller);
	fuzz_device_range(&device, 2, 1, &i8042_control_operations,
			  &controller);
	fuzz_device_run(&device, &fuzz);
	return 0;
}
