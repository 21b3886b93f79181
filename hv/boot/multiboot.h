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
#define MULTIBOOT2_TAG_ACPI_OLD	    14
#define MULTIBOOT2_TAG_ACPI_NEW	    15
#define MULTIBOOT2_TAG_EFI_MEMORY   17

#ifndef __ASSEMBLER__
#include "boot_info.h"

/*
 * Copies everything out of the loader's structures, which lie in memory that
 * is reused later. False if magic is neither version's.
 */
bool multiboot_parse(uint32_t magic, spa_t information, struct boot_info *info);
#endif
