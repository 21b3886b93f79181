/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The I/O APIC: its registers, wires and ends of interrupts. */
#include "device.h"

#include "worker/emulated/ioapic.h"

static struct fuzz_device device;
static struct ioapic ioapic;

static void deliver(void *owner, const struct ioapic_message *message)
{
	(void)owner;
	FUZZ_CHECK(message->mode <= IOAPIC_EXTINT);
	FUZZ_CHECK((uint8_t)message->data == message->vector);
	FUZZ_CHECK(message->address >> 20 == 0xfee);
}

static void event(struct fuzz *fuzz, unsigned int number)
{
	if (number < IOAPIC_INPUTS)
		irq_set(ioapic_line(&ioapic, number), fuzz_8(fuzz) & 1);
	else if (number < 30)
		ioapic_eoi(&ioapic, fuzz_8(fuzz));
	else
		ioapic_reset(&ioapic);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = {data, size, 0};
	const struct ioapic_options options = {.deliver = deliver};

	fuzz_device_start(&device);
	ioapic_init(&ioapic, &options);
	device.space = IO_MEMORY;
	device.base = IOAPIC_BASE;
	device.span = 0x50;
	device.event = event;
	fuzz_device_range(&device, IOAPIC_BASE, IOAPIC_SIZE, &ioapic_operations,
			  &ioapic);
	fuzz_device_run(&device, &fuzz);
	return 0;
}
