/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs an input as a program of port accesses, events and passing time. */
#include "device.h"

void fuzz_device_start(struct fuzz_device *device)
{
	memset(device, 0, sizeof(*device));
	fake_clock_init(&device->clock);
	/* Not at the machine's first moment. */
	device->clock.now_ns = 1000000007;
	device->clock.wall_seconds = 1700000000;
}

void fuzz_device_range(struct fuzz_device *device, uint64_t base, uint64_t size,
		       const struct io_operations *operations, void *owner)
{
	const struct io_range range = {
		.space = device->space,
		.base = base,
		.size = size,
		.operations = operations,
		.device = owner,
		.name = "fuzzed",
	};

	FUZZ_CHECK(io_map_add(&device->io, &range) == 0);
}

static void access(struct fuzz_device *device, struct fuzz *fuzz, bool write,
		   unsigned int size)
{
	const uint64_t at = device->base + fuzz_below(fuzz, device->span);
	uint64_t value;

	if (write) {
		io_map_write(&device->io, device->space, at, size,
			     fuzz_number(fuzz, size));
		return;
	}
	value = io_map_read(&device->io, device->space, at, size);
	FUZZ_CHECK(size == 8 || value >> (8 * size) == 0);
}

/* All of a while, with every timer when it is due; or late, after a pause. */
static void pass(struct fuzz_device *device, struct fuzz *fuzz,
		 unsigned int shift)
{
	const uint64_t time = (uint64_t)fuzz_16(fuzz) << shift;

	if (shift < 9) {
		fake_clock_advance(&device->clock, time);
	} else {
		device->clock.now_ns += time;
		fake_clock_advance(&device->clock, 0);
	}
}

static void step(struct fuzz_device *device, struct fuzz *fuzz)
{
	const uint8_t operation = fuzz_8(fuzz);
	const unsigned int detail = operation >> 3;

	switch (operation & 7) {
	case 0:
	case 1:
		access(device, fuzz, true, 1);
		break;
	case 2:
		access(device, fuzz, true, 1u << (detail & 3));
		break;
	case 3:
	case 4:
		access(device, fuzz, false, 1);
		break;
	case 5:
		access(device, fuzz, false, 1u << (detail & 3));
		break;
	case 6:
		pass(device, fuzz, detail);
		break;
	case 7:
		if (device->event)
			device->event(fuzz, detail);
		break;
	}
}

void fuzz_device_run(struct fuzz_device *device, struct fuzz *fuzz)
{
	while (fuzz_more(fuzz)) {
		step(device, fuzz);
		if (device->check)
			device->check();
	}
}
