/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Multiboot 1 (QEMU) and 2 (GRUB) information into one struct boot_info. */
#include "multiboot.h"
#include "../lib/print.h"
#include "../lib/string.h"
#include "../x86/cpu.h"

/* Multiboot 1, section 3.3 */
struct multiboot1_information {
	uint32_t flags;
	uint32_t memory_lower, memory_upper;
	uint32_t boot_device;
	uint32_t command_line;
	uint32_t module_count, module_table;
	uint32_t symbols[4];
	uint32_t memory_size, memory_table;
	uint32_t drives[2];
	uint32_t configuration;
	uint32_t loader_name;
};

#define INFORMATION1_COMMAND_LINE BIT(2)
#define INFORMATION1_MODULES	  BIT(3)
#define INFORMATION1_MEMORY	  BIT(6)
#define INFORMATION1_LOADER_NAME  BIT(9)

struct multiboot1_module {
	uint32_t start, end, string, reserved;
};

struct multiboot1_memory {
	uint32_t size; /* of the rest */
	uint64_t base, length;
	uint32_t type;
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

struct multiboot2_table { /* of memory ranges, plain or EFI's */
	struct multiboot2_tag tag;
	uint32_t entry_size;
	uint32_t entry_version;
	uint8_t entries[];
};

struct multiboot2_memory {
	uint64_t base, length;
	uint32_t type, reserved;
};

struct efi_memory {
	uint32_t type, padding;
	uint64_t base, virtual_base, pages, attributes;
};

struct multiboot2_framebuffer {
	struct multiboot2_tag tag;
	uint64_t base;
	uint32_t pitch, width, height;
	uint8_t depth, kind;
	uint16_t reserved;
	struct boot_colour red, green, blue;
};

#define FRAMEBUFFER_RGB	 1
#define FRAMEBUFFER_TEXT 2

/* UEFI 2.10, table 7.6: by EFI memory type. */
static const uint8_t efi_types[] = {
	[0] = MEMORY_RESERVED,	    [1] = MEMORY_RAM,
	[2] = MEMORY_RAM,	    [3] = MEMORY_RAM,
	[4] = MEMORY_RAM,	    [5] = MEMORY_RESERVED,
	[6] = MEMORY_RESERVED,	    [7] = MEMORY_RAM,
	[8] = MEMORY_BAD,	    [9] = MEMORY_ACPI,
	[10] = MEMORY_ACPI_STORAGE, [11] = MEMORY_RESERVED,
	[12] = MEMORY_RESERVED,	    [13] = MEMORY_RESERVED,
	[14] = MEMORY_PERSISTENT,
};

static void copy_string(char *to, const char *from)
{
	size_t length = strlen(from);

	if (length >= BOOT_STRING_SIZE) {
		print("boot: cut to %u characters: %s\n", BOOT_STRING_SIZE - 1,
		      from);
		length = BOOT_STRING_SIZE - 1;
	}
	memcpy(to, from, length);
	to[length] = '\0';
}

static const char *without_first_word(const char *string)
{
	while (*string != '\0' && *string != ' ')
		string++;
	while (*string == ' ')
		string++;
	return string;
}

static void add_module(struct boot_info *info, spa_t base, uint64_t size,
		       const char *string)
{
	struct boot_module *module = &info->modules[info->module_count];

	if (info->module_count == BOOT_MODULES_MAX) {
		print("boot: module ignored, %u are the limit: %s\n",
		      BOOT_MODULES_MAX, string);
		return;
	}
	info->module_count++;
	module->base = base;
	module->size = size;
	copy_string(module->string, string);
}

/* RAM shrinks to whole pages, all else grows: never too much is called RAM. */
static void add_memory(struct boot_info *info, uint64_t base, uint64_t length,
		       uint32_t type)
{
	struct memory_range range = {.base = base, .end = base + length};

	if (range.end < base)
		range.end = UINT64_MAX & ~(uint64_t)PAGE_MASK;
	range.type = type >= MEMORY_RAM && type <= MEMORY_BAD
			     ? (enum memory_type)type
			     : MEMORY_RESERVED;
	if (type == MEMORY_PERSISTENT)
		range.type = MEMORY_PERSISTENT;
	if (range.type == MEMORY_RAM) {
		range.base = (base + PAGE_MASK) & ~(uint64_t)PAGE_MASK;
		range.end &= ~(uint64_t)PAGE_MASK;
	} else {
		range.base &= ~(uint64_t)PAGE_MASK;
		range.end = (range.end + PAGE_MASK) & ~(uint64_t)PAGE_MASK;
	}
	memory_map_mark(&info->memory, &range);
}

/* Which entries to add: RAM first, so that all else wins where they overlap. */
enum pass {
	PASS_RAM,
	PASS_OTHERS,
	PASSES
};

static bool belongs(uint32_t type, enum pass pass)
{
	return (type == MEMORY_RAM) == (pass == PASS_RAM);
}

static void parse_memory1(const struct multiboot1_information *from,
			  struct boot_info *info, enum pass pass)
{
	const uint8_t *entry = cpu_map(SPA(from->memory_table));
	const uint8_t *end = entry + from->memory_size;

	while (entry + sizeof(struct multiboot1_memory) <= end) {
		struct multiboot1_memory memory;

		memcpy(&memory, entry, sizeof(memory));
		if (belongs(memory.type, pass))
			add_memory(info, memory.base, memory.length,
				   memory.type);
		entry += memory.size + sizeof(memory.size);
	}
}

/* QEMU puts a file's name before its arguments, GRUB does not. */
static const char *arguments1(const struct multiboot1_information *from,
			      uint32_t string)
{
	const char *name = "";

	if ((from->flags & INFORMATION1_LOADER_NAME) != 0)
		name = cpu_map(SPA(from->loader_name));
	return strncmp(name, "qemu", 4) == 0
		       ? without_first_word(cpu_map(SPA(string)))
		       : cpu_map(SPA(string));
}

static void parse1(const struct multiboot1_information *from,
		   struct boot_info *info)
{
	info->loader = "Multiboot 1";
	if ((from->flags & INFORMATION1_COMMAND_LINE) != 0)
		copy_string(info->command_line,
			    arguments1(from, from->command_line));
	if ((from->flags & INFORMATION1_MODULES) != 0) {
		const struct multiboot1_module *modules =
			cpu_map(SPA(from->module_table));

		for (uint32_t i = 0; i < from->module_count; i++)
			add_module(info, SPA(modules[i].start),
				   modules[i].end - modules[i].start,
				   arguments1(from, modules[i].string));
	}
	if ((from->flags & INFORMATION1_MEMORY) != 0)
		for (enum pass pass = PASS_RAM; pass < PASSES; pass++)
			parse_memory1(from, info, pass);
}

static void parse_memory2(const struct multiboot2_table *table,
			  struct boot_info *info, enum pass pass)
{
	const uint8_t *end = (const uint8_t *)table + table->tag.size;

	for (const uint8_t *entry = table->entries;
	     entry + sizeof(struct multiboot2_memory) <= end;
	     entry += table->entry_size) {
		const struct multiboot2_memory *memory = (const void *)entry;

		if (belongs(memory->type, pass))
			add_memory(info, memory->base, memory->length,
				   memory->type);
	}
}

static void parse_efi_memory(const struct multiboot2_table *table,
			     struct boot_info *info, enum pass pass)
{
	const uint8_t *end = (const uint8_t *)table + table->tag.size;

	for (const uint8_t *entry = table->entries;
	     entry + sizeof(struct efi_memory) <= end;
	     entry += table->entry_size) {
		const struct efi_memory *memory = (const void *)entry;
		uint32_t type = memory->type < sizeof(efi_types)
					? efi_types[memory->type]
					: (uint32_t)MEMORY_RESERVED;

		if (belongs(type, pass))
			add_memory(info, memory->base,
				   memory->pages << PAGE_SHIFT, type);
	}
}

static void parse_framebuffer(const struct multiboot2_framebuffer *from,
			      struct boot_framebuffer *to)
{
	if (from->kind == FRAMEBUFFER_RGB)
		to->display = DISPLAY_PIXELS;
	else if (from->kind == FRAMEBUFFER_TEXT)
		to->display = DISPLAY_TEXT;
	to->base = from->base;
	to->pitch = from->pitch;
	to->width = from->width;
	to->height = from->height;
	to->depth = from->depth;
	if (to->display == DISPLAY_PIXELS) {
		to->red = from->red;
		to->green = from->green;
		to->blue = from->blue;
	}
}

static void parse_rsdp(const struct multiboot2_tag *tag, struct boot_info *info)
{
	uint32_t size = tag->size - (uint32_t)sizeof(*tag);

	if (size <= info->rsdp_size)
		return; /* the new form is longer, and wins */
	info->rsdp_size = MIN(size, (uint32_t)sizeof(info->rsdp));
	memcpy(info->rsdp, tag + 1, info->rsdp_size);
}

/* What the tags hold apart from memory ranges. */
static void parse_tag(const struct multiboot2_tag *tag, struct boot_info *info)
{
	const struct multiboot2_module *module = (const void *)tag;

	switch (tag->type) {
	case MULTIBOOT2_TAG_COMMAND_LINE:
		copy_string(info->command_line, (const char *)(tag + 1));
		break;
	case MULTIBOOT2_TAG_MODULE:
		add_module(info, SPA(module->start),
			   module->end - module->start, module->string);
		break;
	case MULTIBOOT2_TAG_FRAMEBUFFER:
		parse_framebuffer((const void *)tag, &info->framebuffer);
		break;
	case MULTIBOOT2_TAG_ACPI_OLD:
	case MULTIBOOT2_TAG_ACPI_NEW:
		parse_rsdp(tag, info);
		break;
	case MULTIBOOT2_TAG_EFI_MEMORY:
		info->efi = true;
		break;
	}
}

static const struct multiboot2_tag *next_tag(const struct multiboot2_tag *tag)
{
	return (const void *)((const uint8_t *)tag + ((tag->size + 7) & ~7u));
}

/* EFI's own map tells more than what the loader made of it. */
static void parse_memory_tag(const struct multiboot2_tag *tag,
			     struct boot_info *info, enum pass pass)
{
	if (tag->type == MULTIBOOT2_TAG_EFI_MEMORY)
		parse_efi_memory((const void *)tag, info, pass);
	else if (tag->type == MULTIBOOT2_TAG_MEMORY && !info->efi)
		parse_memory2((const void *)tag, info, pass);
}

static void parse2(const struct multiboot2_tag *first, struct boot_info *info)
{
	const struct multiboot2_tag *tag;

	info->loader = "Multiboot 2";
	for (tag = first; tag->type != MULTIBOOT2_TAG_END; tag = next_tag(tag))
		parse_tag(tag, info);
	for (enum pass pass = PASS_RAM; pass < PASSES; pass++)
		for (tag = first; tag->type != MULTIBOOT2_TAG_END;
		     tag = next_tag(tag))
			parse_memory_tag(tag, info, pass);
}

bool multiboot_parse(uint32_t magic, spa_t information, struct boot_info *info)
{
	if (magic == MULTIBOOT1_LOADER_MAGIC)
		parse1(cpu_map(information), info);
	else if (magic == MULTIBOOT2_LOADER_MAGIC)
		/* A header of 8 bytes, then the tags. */
		parse2((const struct multiboot2_tag *)cpu_map(information) + 1,
		       info);
	else
		return false;
	return true;
}
