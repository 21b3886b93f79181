/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupts into the child: messages to local APICs, and the 8259's wire. */
#include "irq.h"
#include "hvcall.h"
#include "machine.h"
#include "vp.h"

#include "abi/mshv.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define MSI_ADDRESS	0xfee00000u
#define MSI_DATA_ASSERT (1u << 14)
#define MSI_DATA_LEVEL	(1u << 15)

/* Deliverability is told once a request; ask again while the wire is up. */
static void extint_set(struct irq_line *line, bool level)
{
	struct irq *irq = line->owner;

	if (level && !irq->extint_level)
		vp_want(&irq->machine->vps[0], HV_DELIVERABILITY_INTERRUPT);
	irq->extint_level = level;
}

void irq_init(struct irq *irq, struct machine *machine)
{
	memset(irq, 0, sizeof(*irq));
	irq->machine = machine;
	irq->extint = (struct irq_line){.set = extint_set, .owner = irq};
	for (unsigned int i = 0; i < 256; i++)
		irq->resamples[i] = (struct irq_resample){
			.irq = irq, .trigger_fd = -1, .resample_fd = -1};
}

void irq_destroy(struct irq *irq)
{
	for (unsigned int i = 0; i < 256; i++) {
		struct irq_resample *resample = &irq->resamples[i];

		if (resample->trigger_fd >= 0)
			close(resample->trigger_fd);
		if (resample->resample_fd >= 0)
			close(resample->resample_fd);
	}
}

static void resampled(void *owner, uint32_t events)
{
	struct irq_resample *resample = owner;
	uint64_t count;

	(void)events;
	if (read(resample->resample_fd, &count, sizeof(count)) > 0)
		irq_ended(resample->irq,
			  (uint8_t)(resample - resample->irq->resamples));
}

/* The routing table names every vector that has been level-triggered. */
static int route(const struct irq *irq)
{
	uint64_t room[(sizeof(struct mshv_user_irq_table) +
		       256 * sizeof(struct mshv_user_irq_entry)) /
		      8] = {0};
	struct mshv_user_irq_table *table = (void *)room;

	for (uint32_t vector = 0; vector < 256; vector++)
		if (irq->resamples[vector].trigger_fd >= 0)
			table->entries[table->nr++] =
				(struct mshv_user_irq_entry){
					.gsi = vector,
					.address_lo = MSI_ADDRESS,
					.data = vector | MSI_DATA_ASSERT |
						MSI_DATA_LEVEL,
				};
	return ioctl(irq->machine->partition.fd, MSHV_SET_MSI_ROUTING, table) <
			       0
		       ? -errno
		       : 0;
}

static int resample_connect(struct irq_resample *resample, uint8_t vector)
{
	struct machine *machine = resample->irq->machine;
	struct mshv_user_irqfd arguments = {
		.gsi = vector,
		.flags = 1u << MSHV_IRQFD_BIT_RESAMPLE,
	};
	int error;

	resample->trigger_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	resample->resample_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (resample->trigger_fd < 0 || resample->resample_fd < 0)
		return -errno;
	error = route(resample->irq);
	if (error)
		return error;
	arguments.fd = resample->trigger_fd;
	arguments.resamplefd = resample->resample_fd;
	if (ioctl(machine->partition.fd, MSHV_IRQFD, &arguments) < 0)
		return -errno;
	resample->watch = (struct loop_watch){
		.fd = resample->resample_fd,
		.ready = resampled,
		.owner = resample,
	};
	return loop_watch(&machine->loop, &resample->watch, EPOLLIN);
}

/*
 * Before the first level-triggered interrupt of a vector: have its end
 * told. Where the kernel cannot, the message of type APIC_EOI may come.
 */
static void resample_prepare(struct irq *irq, uint8_t vector)
{
	struct irq_resample *resample = &irq->resamples[vector];
	int error;

	if (resample->watched)
		return;
	resample->watched = true;
	error = resample_connect(resample, vector);
	if (error)
		device_log("irq", "end of vector %u is not told: %s", vector,
			   strerror(-error));
}

void irq_send(struct irq *irq, const struct irq_message *message)
{
	const struct hv_input_assert_virtual_interrupt input = {
		.control =
			message->type |
			(message->level ? HV_INTERRUPT_CONTROL_LEVEL_TRIGGERED
					: 0) |
			(message->logical
				 ? HV_INTERRUPT_CONTROL_LOGICAL_DESTINATION
				 : 0),
		.destination = message->destination,
		.vector = message->vector,
	};
	struct hvcall call = {
		.code = HVCALL_ASSERT_VIRTUAL_INTERRUPT,
		.input = &input,
		.input_size = sizeof(input),
	};

	if (message->level)
		resample_prepare(irq, message->vector);
	if (hvcall_make(irq->machine->partition.fd, &call))
		device_log("irq", "vector %u to %#x refused: status %#x",
			   message->vector, message->destination, call.status);
}

void irq_ended(struct irq *irq, uint8_t vector)
{
	if (irq->end)
		irq->end(irq->ioapic, vector);
}

bool irq_take_extint(struct irq *irq, uint8_t *vector)
{
	if (!irq->extint_level || !irq->acknowledge)
		return false;
	/* Drops the wire, and raises it again if another request waits. */
	*vector = irq->acknowledge(irq->pic);
	if (irq->extint_level)
		vp_want(&irq->machine->vps[0], HV_DELIVERABILITY_INTERRUPT);
	return true;
}
