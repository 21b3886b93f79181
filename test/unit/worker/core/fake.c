/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A partition that is not there: hypercalls are noted and answered here. */
#include "fake.h"

#include <errno.h>
#include <string.h>

struct fake fake;

static struct hv_register_assoc *slot(uint32_t vp, uint32_t name)
{
	struct hv_register_assoc *elements = fake.registers[vp];

	for (unsigned int i = 0; i < fake.register_count[vp]; i++)
		if (elements[i].name == name)
			return &elements[i];
	elements[fake.register_count[vp]].name = name;
	return &elements[fake.register_count[vp]++];
}

const struct hv_register_value *fake_register(uint32_t vp, uint32_t name)
{
	for (unsigned int i = 0; i < fake.register_count[vp]; i++)
		if (fake.registers[vp][i].name == name)
			return &fake.registers[vp][i].value;
	return NULL;
}

int hvcall_make(int partition_fd, struct hvcall *call)
{
	struct fake_call *noted = &fake.calls[fake.call_count++ % FAKE_CALLS];

	(void)partition_fd;
	noted->code = call->code;
	memcpy(noted->input, call->input,
	       call->input_size < sizeof(noted->input) ? call->input_size
						       : sizeof(noted->input));
	if (call->output)
		memset(call->output, 0, call->output_size);
	call->status = fake.status;
	return fake.status ? -EIO : 0;
}

int hvcall_get_registers(int partition_fd,
			 const struct hvcall_registers *registers)
{
	(void)partition_fd;
	for (unsigned int i = 0; i < registers->count; i++)
		registers->elements[i].value =
			slot(registers->vp, registers->elements[i].name)->value;
	return 0;
}

int hvcall_set_registers(int partition_fd,
			 const struct hvcall_registers *registers)
{
	(void)partition_fd;
	for (unsigned int i = 0; i < registers->count; i++)
		slot(registers->vp, registers->elements[i].name)->value =
			registers->elements[i].value;
	return 0;
}

int hvcall_set_register(int partition_fd, uint32_t vp, uint32_t name,
			struct hv_register_value value)
{
	(void)partition_fd;
	slot(vp, name)->value = value;
	return 0;
}

void machine_end(struct machine *machine, enum control_exit exit)
{
	machine->ending = true;
	machine->exit = exit;
	fake.ends++;
}

static void event(struct machine_port *port, enum machine_event event,
		  const char *why)
{
	(void)port;
	(void)why;
	fake.event = event;
	fake.event_count++;
}

void fake_init(bool pages)
{
	struct machine *machine = &fake.machine;

	memset(&fake, 0, sizeof(fake));
	machine->port = (struct machine_port){event, machine};
	machine->partition.fd = -1;
	machine->memory.view = (struct memory){1, {{0, FAKE_RAM, fake.ram}}};
	machine->vps = fake.vps;
	machine->vp_count = 2;
	loop_create(&machine->loop);
	irq_init(&machine->irq, machine);
	synic_init(&machine->synic, machine);
	for (unsigned int i = 0; i < 2; i++) {
		fake.vps[i].machine = machine;
		fake.vps[i].index = i;
		fake.vps[i].fd = -1;
		if (!pages)
			continue;
		fake.vps[i].page = &fake.pages[i];
		fake.pages[i].version = HV_REGISTER_PAGE_VERSION;
		fake.pages[i].is_valid = 1;
	}
}

void fake_end(void)
{
	synic_destroy(&fake.machine.synic);
	irq_destroy(&fake.machine.irq);
	loop_destroy(&fake.machine.loop);
}
