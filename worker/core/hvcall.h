/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hypercalls about our partition, passed through its file descriptor. */
#pragma once

#include <stdint.h>

#include "abi/hypercall.h"
#include "abi/register.h"

/*
 * The partition id, first in every input, is filled in by the kernel. For a
 * repeated call input holds the elements too and reps counts them.
 */
struct hvcall {
	uint16_t code;
	uint16_t reps;
	uint16_t input_size;
	uint16_t output_size;
	uint16_t status; /* out: enum hv_status */
	const void *input;
	void *output;
};

/* 0 or -errno; call->status tells why the hypervisor refused. */
int hvcall_make(int partition_fd, struct hvcall *call);

/* Registers of a vp: at most HVCALL_REGISTERS_MAX at once. */
#define HVCALL_REGISTERS_MAX 64u
struct hvcall_registers {
	uint32_t vp;
	unsigned int count;
	struct hv_register_assoc *elements;
};

/* Fills in each element's value by its name. 0 or -errno. */
int hvcall_get_registers(int partition_fd,
			 const struct hvcall_registers *registers);
int hvcall_set_registers(int partition_fd,
			 const struct hvcall_registers *registers);
int hvcall_set_register(int partition_fd, uint32_t vp, uint32_t name,
			struct hv_register_value value);

/* HV_PARTITION_PROPERTY_*. 0 or -errno. */
int hvcall_get_property(int partition_fd, uint32_t code, uint64_t *value);
int hvcall_set_property(int partition_fd, uint32_t code, uint64_t value);

/* HV_INTERCEPT_TYPE_*, HV_INTERCEPT_ACCESS_MASK_*. 0 or -errno. */
int hvcall_install_intercept(int partition_fd, uint32_t type, uint32_t access);
