/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A virtual machine monitor just large enough for mshv_ioctl; its checks. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/hypercall.h"
#include "abi/intercept.h"
#include "abi/mshv.h"
#include "abi/register.h"

#define VMM_MEMORY_SIZE 0x100000u
#define VMM_ENTRY	0x1000u
#define VMM_VECTOR	0x40u

struct vmm {
	int device;
	int partition;
	int vp;
	uint8_t *memory;
	struct hv_register_page *registers;
	const struct hv_message *message;
};

extern const uint8_t guest_code[], guest_isr[], guest_code_end[];

/* Prints PASS or FAIL and what was looked at. */
void check(bool passed, const char *what);
/* ioctl must fail with this errno. */
void check_refused(int fd, unsigned long request, void *arguments, int error,
		   const char *what);
unsigned int check_failures(void);

/* 0 or -1 with errno; what was opened stays open until vmm_close. */
int vmm_partition(struct vmm *vmm);
int vmm_memory(struct vmm *vmm);
int vmm_vp(struct vmm *vmm);
int vmm_guest(struct vmm *vmm);
void vmm_close(struct vmm *vmm);
int vmm_hypercall(int fd, struct mshv_root_hvcall *call);
int vmm_register_set(struct vmm *vmm, uint32_t name,
		     struct hv_register_value value);
int vmm_register_get(struct vmm *vmm, uint32_t name,
		     struct hv_register_value *value);
