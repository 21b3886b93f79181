/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Multiboot 1 (QEMU) and 2 (GRUB) information into one struct boot_info. */
#include "../lib/print.h"
#include "../lib/string.h"
#include "../x86/cpu.h"
#include "boot_info.h"

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

static void add_module(struct boot_info *info, uint32_t start, uint32_t end,
		       const char *string)
{
	struct boot_module *module = &info->modules[info->module_count];

	if (info->module_count == BOOT_MODULES_MAX) {
		print("boot: module ignored, %u are the limit: %s\n",
		      BOOT_MODULES_MAX, string);
		return;
	}
	info->module_count++;
	module->base = SPA(start);
	module->size = end - start;
	copy_string(module->string, string);
}

/* RAM shrinks to whole pages, all else grows: never too much is called RAM. */
static void mark_memory(struct memory_map *map,
			const struct multiboot_memory *memory)
{
	struct memory_range range = {.base = memory->base,
				     .end = memory->base + memory->length,
				     .type = MEMORY_RESERVED};

	if (range.end < range.base)
		range.end = UINT64_MAX & ~(uint64_t)PAGE_MASK;
	if (memory->type >= MEMORY_RAM && memory->type <= MEMORY_PERSISTENT)
		range.type = (enum memory_type)memory->type;
	if (range.type == MEMORY_RAM)
		range.base += PAGE_MASK;
	else
		range.end += PAGE_MASK;
	range.base &= ~(uint64_t)PAGE_MASK;
	range.end &= ~(uint64_t)PAGE_MASK;
	memory_map_mark(map, &range);
}

/* RAM first, so that all else wins where they overlap. */
static void mark_all_memory(struct memory_map *map, const uint8_t *entries,
			    const uint8_t *end, uint32_t entry_size)
{
	for (unsigned int others = 0; others < 2; others++) {
		for (const uint8_t *at = entries;
		     at + sizeof(struct multiboot_memory) <= end;
		     at += entry_size) {
			const struct multiboot_memory *memory =
				(const void *)at;

			if ((memory->type != MEMORY_RAM) == others)
				mark_memory(map, memory);
		}
	}
}

/* QEMU, which alone starts us so, puts a file's name before its arguments. */
static const char *arguments1(uint32_t string)
{
	const char *at = cpu_map(SPA(string));

	while (*at != '\0' && *at != ' ')
		at++;
	while (*at == ' ')
		at++;
	return at;
}

static void parse1(const struct multiboot1_information *from,
		   struct boot_info *info)
{
	const struct multiboot1_module *modules =
		cpu_map(SPA(from->module_table));
	const uint8_t *memory = cpu_map(SPA(from->memory_table));
	uint32_t size;

	info->loader = "Multiboot 1";
	copy_string(info->command_line, arguments1(from->command_line));
	for (uint32_t i = 0; i < from->module_count; i++)
		add_module(info, modules[i].start, modules[i].end,
			   arguments1(modules[i].string));
	/* Before each entry stands how long its rest is: all the same. */
	memcpy(&size, memory, sizeof(size));
	mark_all_memory(&info->memory, memory + sizeof(size),
			memory + from->memory_size,
			size + (uint32_t)sizeof(size));
}

static void parse_rsdp(const struct multiboot2_tag *tag, struct boot_info *info)
{
	uint32_t size = tag->size - (uint32_t)sizeof(*tag);

	if (size <= info->rsdp_size)
		return; /* the new form is longer, and wins */
	info->rsdp_size = MIN(size, (uint32_t)sizeof(info->rsdp));
	memcpy(info->rsdp, tag + 1, info->rsdp_size);
}

static void parse_tag(const struct multiboot2_tag *tag, struct boot_info *info)
{
	const struct multiboot2_module *module = (const void *)tag;
	const struct multiboot2_memory *memory = (const void *)tag;

	switch (tag->type) {
	case MULTIBOOT2_TAG_COMMAND_LINE:
		copy_string(info->command_line, (const char *)(tag + 1));
		break;
	case MULTIBOOT2_TAG_MODULE:
		add_module(info, module->start, module->end, module->string);
		break;
	case MULTIBOOT2_TAG_MEMORY: /* under UEFI made from its own map */
		mark_all_memory(&info->memory, memory->entries,
				(const uint8_t *)tag + tag->size,
				memory->entry_size);
		break;
	case MULTIBOOT2_TAG_FRAMEBUFFER:
		memcpy(&info->framebuffer, tag,
		       MIN(tag->size, sizeof(info->framebuffer)));
		break;
	case MULTIBOOT2_TAG_EFI32:
	case MULTIBOOT2_TAG_EFI64:
		info->efi = true;
		break;
	case MULTIBOOT2_TAG_ACPI_OLD:
	case MULTIBOOT2_TAG_ACPI_NEW:
		parse_rsdp(tag, info);
		break;
	}
}

static void parse2(const struct multiboot2_tag *tag, struct boot_info *info)
{
	info->loader = "Multiboot 2";
	for (; tag->type != MULTIBOOT2_TAG_END;
	     tag = (const void *)((const uint8_t *)tag +
				  ((tag->size + 7) & ~7u)))
		parse_tag(tag, info);
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
	for (uint32_t i = 0; i < info->module_count; i++) {
		uint64_t base = info->modules[i].base.value;
		uint64_t end = base + info->modules[i].size + PAGE_MASK;

		memory_map_mark(
			&info->memory,
			&(struct memory_range){base, end & ~(uint64_t)PAGE_MASK,
					       MEMORY_LOADED});
	}
	return true;
}
