/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pair of 8259As: registers, wires, and the processor's acknowledgement. */
#include "device.h"

#include "worker/emulated/pic.h"

static struct fuzz_device device;
static struct fake_line output;
static struct pic pic;

static void acknowledge(void)
{
	const uint8_t master = pic.chips[0].base & 0xf8;
	const uint8_t slave = pic.chips[1].base & 0xf8;
	const uint8_t vector = pic_acknowledge(&pic);

	FUZZ_CHECK((vector & 0xf8) == master || (vector & 0xf8) == slave);
}

static void event(struct fuzz *fuzz, unsigned int number)
{
	(void)fuzz;
	if (number < 16)
		irq_set(pic_line(&pic, number), true);
	else if (number == 16)
		pic_reset(&pic);
	else if (number < 20)
		acknowledge();
	else
		irq_set(pic_line(&pic, number - 16), false);
}

static void check(void)
{
	FUZZ_CHECK(output.level == pic.output_level);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = {data, size, 0};

	fuzz_device_start(&device);
	fake_line_init(&output);
	pic_init(&pic, &output.line);
	device.span = 6;
	device.event = event;
	device.check = check;
	/* Side by side here, so that every port of a program is one of them. */
	fuzz_device_range(&device, 0, PIC_PORTS, &pic_operations,
			  &pic.chips[0]);
	fuzz_device_range(&device, 2, PIC_PORTS, &pic_operations,
			  &pic.chips[1]);
	fuzz_device_range(&device, 4, PIC_ELCR_PORTS, &pic_elcr_operations,
			  &pic.chips[0]);
	fuzz_device_run(&device, &fuzz);
	return 0;
}
