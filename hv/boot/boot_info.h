/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What any boot loader told us, in one shape. */
#pragma once

#include "../lib/types.h"
#include "memory_map.h"

#define BOOT_MODULES_MAX 4u
#define BOOT_STRING_SIZE 2048u

struct boot_module {
	spa_t base;
	uint64_t size;
	char string[BOOT_STRING_SIZE]; /* arguments, without a file name */
};

enum boot_display {
	DISPLAY_NONE,
	DISPLAY_TEXT,
	DISPLAY_PIXELS
};

/* One colour's bits in a pixel. */
struct boot_colour {
	uint8_t position;
	uint8_t size;
};

struct boot_framebuffer {
	enum boot_display display;
	uint64_t base;
	uint32_t pitch; /* bytes a line */
	uint32_t width;
	uint32_t height;
	uint8_t depth; /* bits a pixel */
	struct boot_colour red, green, blue;
};

struct boot_info {
	const char *loader; /* which protocol it spoke */
	bool efi;	    /* started by UEFI firmware */
	char command_line[BOOT_STRING_SIZE];
	uint32_t module_count;
	struct boot_module modules[BOOT_MODULES_MAX];
	struct memory_map memory;
	uint32_t rsdp_size; /* 0: not given */
	uint8_t rsdp[36];   /* a copy of ACPI's root pointer */
	struct boot_framebuffer framebuffer;
};
