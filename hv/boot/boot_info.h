/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What any boot loader told us, in one shape. */
#pragma once

#include "../lib/types.h"
#include "memory_map.h"
#include "multiboot.h"

#define BOOT_MODULES_MAX 4u
#define BOOT_STRING_SIZE 2048u

struct boot_module {
	spa_t base;
	uint64_t size;
	char string[BOOT_STRING_SIZE]; /* arguments, without a file name */
};

struct boot_info {
	const char *loader; /* which protocol it spoke */
	bool efi;	    /* started by UEFI firmware */
	char command_line[BOOT_STRING_SIZE];
	uint32_t module_count;
	struct boot_module modules[BOOT_MODULES_MAX];
	struct memory_map memory; /* modules are marked as loaded */
	uint32_t rsdp_size;	  /* 0: not given */
	uint8_t rsdp[36];	  /* a copy of ACPI's root pointer */
	struct multiboot2_framebuffer framebuffer; /* zeroes: not given */
};

/*
 * Copies everything out of the loader's structures, which lie in memory that
 * is reused later. False if magic is neither Multiboot version's.
 */
bool multiboot_parse(uint32_t magic, spa_t information, struct boot_info *info);
