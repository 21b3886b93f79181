/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A hypervisor that takes everything a machine asks of it, and tells. */
#include "host.h"
#include "worker/core/memory.h"

struct host host;

int hvcall_set_registers(int partition_fd,
			 const struct hvcall_registers *registers)
{
	(void)partition_fd;
	for (unsigned int i = 0; i < registers->count; i++) {
		const struct hv_register_assoc *element =
			&registers->elements[i];

		if (element->name == HV_REGISTER_RIP)
			host.rip = element->value.u64;
		if (element->name == HV_REGISTER_RSI)
			host.rsi = element->value.u64;
	}
	return host.error;
}

uint64_t partition_tsc_khz(const struct partition *partition)
{
	(void)partition;
	return host.tsc_khz;
}

uint64_t guest_memory_end(const struct guest_memory *memory)
{
	const struct memory_range *last =
		&memory->view.ranges[memory->view.count - 1];

	return last->gpa + last->size;
}

void irq_send(struct irq *irq, const struct irq_message *message)
{
	(void)irq;
	host.interrupt = *message;
	host.interrupts++;
}
