/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What boot loaders hand over, in the words of the Multiboot specifications
 * 0.6.96 and 2.0. */
#pragma once

#define MULTIBOOT1_HEADER_MAGIC 0x1badb002
#define MULTIBOOT1_HEADER_FLAGS 0x00000003 /* align modules, memory map */
#define MULTIBOOT1_LOADER_MAGIC 0x2badb002

#define MULTIBOOT2_HEADER_MAGIC		  0xe85250d6
#define MULTIBOOT2_LOADER_MAGIC		  0x36d76289
#define MULTIBOOT2_HEADER_TAG_INFORMATION 1
#define MULTIBOOT2_HEADER_TAG_FRAMEBUFFER 5
#define MULTIBOOT2_HEADER_TAG_ALIGN	  6

#define MULTIBOOT2_TAG_END	    0
#define MULTIBOOT2_TAG_COMMAND_LINE 1
#define MULTIBOOT2_TAG_MODULE	    3
#define MULTIBOOT2_TAG_MEMORY	    6
#define MULTIBOOT2_TAG_FRAMEBUFFER  8
#define MULTIBOOT2_TAG_EFI32	    11
#define MULTIBOOT2_TAG_EFI64	    12
#define MULTIBOOT2_TAG_ACPI_OLD	    14
#define MULTIBOOT2_TAG_ACPI_NEW	    15

#ifndef __ASSEMBLER__
#include "../lib/types.h"

/* Multiboot 1, section 3.3 */
struct multiboot1_information {
	uint32_t flags;
	uint32_t memory_lower, memory_upper;
	uint32_t boot_device;
	uint32_t command_line;
	uint32_t module_count, module_table;
	uint32_t symbols[4];
	uint32_t memory_size, memory_table;
};

struct multiboot1_module {
	uint32_t start, end, string, reserved;
};

/* Both versions': behind its own size in 1, tags give it in 2. */
struct multiboot_memory {
	uint64_t base, length;
	uint32_t type; /* the first of enum memory_type */
} __attribute__((packed));

/* Multiboot 2, section 3.4 on */
struct multiboot2_tag {
	uint32_t type;
	uint32_t size;
};

struct multiboot2_module {
	struct multiboot2_tag tag;
	uint32_t start, end;
	char string[];
};

struct multiboot2_memory {
	struct multiboot2_tag tag;
	uint32_t entry_size;
	uint32_t entry_version;
	uint8_t entries[];
};

/* One colour's bits in a pixel. */
struct multiboot2_colour {
	uint8_t position, size;
};

struct multiboot2_framebuffer {
	struct multiboot2_tag tag;
	uint64_t base;
	uint32_t pitch, width, height; /* pitch: bytes a line */
	uint8_t depth, kind;	       /* depth: bits a pixel */
	uint16_t reserved;
	struct multiboot2_colour red, green, blue; /* of RGB */
};
#define MULTIBOOT2_FRAMEBUFFER_RGB 1
#endif
