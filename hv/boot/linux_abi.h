/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Linux's x86 boot protocol 2.15: layouts (Documentation/arch/x86/boot.rst,
 * zero-page.rst). */
#pragma once

#include "../../abi/types.h"

#define LINUX_HEADER_MAGIC	 0x53726448u /* "HdrS" */
#define LINUX_HEADER_VERSION_MIN 0x020a
#define LINUX_HEADER_OFFSET	 0x1f1
#define LINUX_LOADER_UNDEFINED	 0xff
#define LINUX_SECTOR_SIZE	 512u
#define LINUX_E820_MAX		 128u

/* screen_info.type */
#define LINUX_SCREEN_VGA_TEXT 0x01
#define LINUX_SCREEN_VESA     0x23
#define LINUX_SCREEN_EFI      0x70

#define LINUX_SCREEN_64_BIT_BASE 2 /* in capabilities */

/* Of these two, what nobody here looks at has no name. */
struct linux_screen {
	uint8_t unused1[6];
	uint8_t mode;
	uint8_t columns;
	uint8_t unused2[6];
	uint8_t lines;
	uint8_t type; /* LINUX_SCREEN_* */
	uint16_t character_height;
	uint16_t width, height, depth;
	uint32_t base, size;
	uint8_t unused3[4];
	uint16_t pitch;
	uint8_t red_size, red_position;
	uint8_t green_size, green_position;
	uint8_t blue_size, blue_position;
	uint8_t unused4[10];
	uint32_t capabilities;
	uint32_t base_high;
	uint8_t unused5[2];
} ABI_PACKED;
ABI_SIZE(struct linux_screen, 0x40);
ABI_OFFSET(struct linux_screen, type, 0x0f);
ABI_OFFSET(struct linux_screen, base, 0x18);
ABI_OFFSET(struct linux_screen, red_size, 0x26);
ABI_OFFSET(struct linux_screen, base_high, 0x3a);

/* From LINUX_HEADER_OFFSET of the file, and of the parameters too. */
struct linux_header {
	uint8_t setup_sectors;
	uint8_t unused1[14];
	uint16_t jump; /* high byte: how far the header goes past 0x202 */
	uint32_t magic;
	uint16_t version;
	uint8_t unused2[8];
	uint8_t loader_type;
	uint8_t unused3[7];
	uint32_t ramdisk_base, ramdisk_size;
	uint8_t unused4[8];
	uint32_t command_line;
	uint32_t ramdisk_max;
	uint32_t alignment;
	uint8_t relocatable;
	uint8_t unused5[3];
	uint32_t command_line_size;
	uint8_t unused6[28];
	uint64_t preferred_address;
	uint32_t init_size;
	uint8_t unused7[8];
} ABI_PACKED;
ABI_OFFSET(struct linux_header, magic, 0x202 - LINUX_HEADER_OFFSET);
ABI_OFFSET(struct linux_header, loader_type, 0x210 - LINUX_HEADER_OFFSET);
ABI_OFFSET(struct linux_header, command_line, 0x228 - LINUX_HEADER_OFFSET);
ABI_OFFSET(struct linux_header, preferred_address, 0x258 - LINUX_HEADER_OFFSET);
ABI_SIZE(struct linux_header, 0x26c - LINUX_HEADER_OFFSET);

struct linux_e820 {
	uint64_t base, size;
	uint32_t type;
} ABI_PACKED;
ABI_SIZE(struct linux_e820, 20);

/* The "zero page". */
struct linux_params {
	struct linux_screen screen;
	uint8_t unused1[0x70 - 0x40];
	uint64_t rsdp;
	uint8_t unused2[0x1e8 - 0x78];
	uint8_t e820_count;
	uint8_t unused3[LINUX_HEADER_OFFSET - 0x1e9];
	struct linux_header header;
	uint8_t unused4[0x2d0 - LINUX_HEADER_OFFSET -
			sizeof(struct linux_header)];
	struct linux_e820 e820[LINUX_E820_MAX];
	uint8_t unused5[4096 - 0x2d0 - LINUX_E820_MAX * 20];
} ABI_PACKED;
ABI_SIZE(struct linux_params, 4096);
ABI_OFFSET(struct linux_params, rsdp, 0x70);
ABI_OFFSET(struct linux_params, header, LINUX_HEADER_OFFSET);
ABI_OFFSET(struct linux_params, e820, 0x2d0);
