/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hypercalls about our partition, passed through its file descriptor. */
#include "hvcall.h"

#include "abi/mshv.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

int hvcall_make(int partition_fd, struct hvcall *call)
{
	struct mshv_root_hvcall arguments = {
		.code = call->code,
		.reps = call->reps,
		.in_sz = call->input_size,
		.out_sz = call->output_size,
		.in_ptr = (uint64_t)(uintptr_t)call->input,
		.out_ptr = (uint64_t)(uintptr_t)call->output,
	};
	int result;

	do {
		result = ioctl(partition_fd, MSHV_ROOT_HVCALL, &arguments);
	} while (result < 0 && errno == EINTR && !arguments.status);
	call->status = arguments.status;
	if (result < 0)
		return -errno;
	return call->status == HV_STATUS_SUCCESS ? 0 : -EIO;
}

/* Room for an input and the elements behind it, aligned for both. */
#define INPUT_WORDS(head, element)                                             \
	((sizeof(head) + HVCALL_REGISTERS_MAX * sizeof(element) + 7) / 8)

int hvcall_get_registers(int partition_fd,
			 const struct hvcall_registers *registers)
{
	uint64_t room[INPUT_WORDS(struct hv_input_get_vp_registers, uint32_t)] =
		{0};
	struct hv_input_get_vp_registers *input = (void *)room;
	struct hv_register_value values[HVCALL_REGISTERS_MAX];
	struct hvcall call = {
		.code = HVCALL_GET_VP_REGISTERS,
		.reps = (uint16_t)registers->count,
		.input = input,
		.input_size = (uint16_t)(sizeof(*input) +
					 registers->count * sizeof(uint32_t)),
		.output = values,
		.output_size = (uint16_t)(registers->count * sizeof(*values)),
	};
	int error;

	if (registers->count > HVCALL_REGISTERS_MAX)
		return -EINVAL;
	input->vp_index = registers->vp;
	for (unsigned int i = 0; i < registers->count; i++)
		input->names[i] = registers->elements[i].name;
	error = hvcall_make(partition_fd, &call);
	if (error)
		return error;
	for (unsigned int i = 0; i < registers->count; i++)
		registers->elements[i].value = values[i];
	return 0;
}

int hvcall_set_registers(int partition_fd,
			 const struct hvcall_registers *registers)
{
	uint64_t room[INPUT_WORDS(struct hv_input_set_vp_registers,
				  struct hv_register_assoc)];
	struct hv_input_set_vp_registers *input = (void *)room;
	size_t size = registers->count * sizeof(input->elements[0]);
	struct hvcall call = {
		.code = HVCALL_SET_VP_REGISTERS,
		.reps = (uint16_t)registers->count,
		.input = input,
		.input_size = (uint16_t)(sizeof(*input) + size),
	};

	if (registers->count > HVCALL_REGISTERS_MAX)
		return -EINVAL;
	*input = (struct hv_input_set_vp_registers){.vp_index = registers->vp};
	memcpy(input->elements, registers->elements, size);
	return hvcall_make(partition_fd, &call);
}

int hvcall_set_register(int partition_fd, uint32_t vp, uint32_t name,
			struct hv_register_value value)
{
	struct hv_register_assoc element = {.name = name, .value = value};
	const struct hvcall_registers registers = {
		.vp = vp,
		.count = 1,
		.elements = &element,
	};

	return hvcall_set_registers(partition_fd, &registers);
}

int hvcall_get_property(int partition_fd, uint32_t code, uint64_t *value)
{
	const struct hv_input_get_partition_property input = {
		.property_code = code,
	};
	struct hv_output_get_partition_property output;
	struct hvcall call = {
		.code = HVCALL_GET_PARTITION_PROPERTY,
		.input = &input,
		.input_size = sizeof(input),
		.output = &output,
		.output_size = sizeof(output),
	};
	int error = hvcall_make(partition_fd, &call);

	if (!error)
		*value = output.property_value;
	return error;
}

int hvcall_set_property(int partition_fd, uint32_t code, uint64_t value)
{
	const struct hv_input_set_partition_property input = {
		.property_code = code,
		.property_value = value,
	};
	struct hvcall call = {
		.code = HVCALL_SET_PARTITION_PROPERTY,
		.input = &input,
		.input_size = sizeof(input),
	};

	return hvcall_make(partition_fd, &call);
}

int hvcall_install_intercept(int partition_fd, uint32_t type, uint32_t access)
{
	const struct hv_input_install_intercept input = {
		.access_type = access,
		.intercept_type = type,
	};
	struct hvcall call = {
		.code = HVCALL_INSTALL_INTERCEPT,
		.input = &input,
		.input_size = sizeof(input),
	};

	return hvcall_make(partition_fd, &call);
}
