/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The real-time clock: registers, and a wall clock that is set meanwhile. */
#include "device.h"

#include "worker/emulated/rtc.h"

static struct fuzz_device device;
static struct fake_line line;
static struct rtc rtc;

static void event(struct fuzz *fuzz, unsigned int number)
{
	if (number < 4)
		rtc_reset(&rtc);
	else if (number < 8)
		device.clock.wall_seconds += (int32_t)fuzz_32(fuzz);
	else if (number < 12)
		rtc_set_memory(&rtc, fuzz_32(fuzz), fuzz_64(fuzz) >> 16);
	else
		rtc_set_cmos(&rtc, fuzz_8(fuzz) % RTC_SIZE, fuzz_8(fuzz));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = {data, size, 0};

	fuzz_device_start(&device);
	fake_line_init(&line);
	rtc_init(&rtc, &device.clock.clock, &line.line);
	device.base = 0x70;
	device.span = RTC_PORTS;
	device.event = event;
	fuzz_device_range(&device, 0x70, RTC_PORTS, &rtc_operations, &rtc);
	fuzz_device_run(&device, &fuzz);
	return 0;
}
