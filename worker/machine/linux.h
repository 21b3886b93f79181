/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loads a Linux kernel by its 64-bit boot protocol. */
#pragma once

#include "worker/device.h"
#include "abi/register.h"

/*
 *   0x01000  GDT
 *   0x10000  boot_params ("zero page")
 *   0x20000  command line
 *   0x30000  page tables: the first 4 GiB, identical
 *   0xe0000  ACPI tables (acpi.h)
 *  0x100000  or where the kernel prefers: kernel, then its working space
 *       ...  initrd, at the end of low RAM
 */
#define LINUX_GDT	  0x1000u
#define LINUX_BOOT_PARAMS 0x10000u
#define LINUX_CMDLINE	  0x20000u
#define LINUX_CMDLINE_MAX 0x10000u
#define LINUX_PAGE_TABLES 0x30000u

struct linux_options {
	const char *kernel; /* path of a bzImage */
	const char *initrd; /* path, or NULL */
	const char *cmdline;
	uint64_t rsdp; /* gpa of the ACPI root pointer */
};

/* Where the boot processor starts. */
struct linux_start {
	uint64_t entry;
	uint64_t boot_params;
};

/* 0 or -errno, with a log line naming the file and what is wrong with it. */
int linux_load(const struct memory *memory, const struct linux_options *options,
	       struct linux_start *start);

#define LINUX_REGISTERS 20u

/* The registers that put a vp there; returns how many. */
unsigned int
linux_registers(const struct linux_start *start,
		struct hv_register_assoc elements[LINUX_REGISTERS]);
