/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Handing the machine to the parent: a Linux bzImage and its initramfs. */
#include "linux.h"
#include "../core/vp.h"
#include "../lib/print.h"
#include "../lib/string.h"
#include "../virt/virt.h"
#include "../x86/cpu.h"
#include "../x86/register.h"
#include "linux_abi.h"

#define LOW_MIN	       0x1000u
#define LOW_MAX	       0xa0000u
#define FOUR_GIGABYTES (4ull << 30)

/* The boot protocol's selectors, flat segments of ring 0. */
#define SELECTOR_CODE 0x10
#define SELECTOR_DATA 0x18

/*
 * What the kernel needs until it has its own: one block below 1 MiB, which
 * the parent's map shows as RAM like the rest.
 */
struct linux_start {
	struct linux_params params;
	char command_line[4096];
	uint64_t descriptors[4];
};

/* Zeroed pages below 1 MiB; UINT64_MAX if there is no room. */
static uint64_t take_low(struct memory_map *map, uint64_t size,
			 enum memory_type type)
{
	const struct memory_wish wish = {
		.size = (size + PAGE_MASK) & ~(uint64_t)PAGE_MASK,
		.alignment = PAGE_SIZE,
		.min = LOW_MIN,
		.max = LOW_MAX,
	};
	uint64_t place = memory_map_take(map, &wish, type);

	if (place != UINT64_MAX)
		memset(cpu_map(SPA(place)), 0, wish.size);
	return place;
}

/* The kernel's header within the module; a panic if it is not one. */
static const struct linux_header *find_header(const struct boot_module *module)
{
	const struct linux_header *header =
		cpu_map(SPA(module->base.value + LINUX_HEADER_OFFSET));

	if (module->size < sizeof(struct linux_params) ||
	    header->magic != LINUX_HEADER_MAGIC)
		panic("boot: module 0 is no Linux bzImage");
	if (header->version < LINUX_HEADER_VERSION_MIN || !header->relocatable)
		panic("boot: the kernel cannot be moved (protocol %x)",
		      header->version);
	return header;
}

/*
 * Copies the protected-mode part to where it may unpack itself: the lowest
 * place from the preferred one on that no module lies in. Returns it.
 */
static uint64_t place_kernel(struct memory_map *map,
			     const struct boot_module *module,
			     const struct linux_header *header)
{
	uint64_t sectors = header->setup_sectors;
	uint64_t setup = ((sectors == 0 ? 4 : sectors) + 1) * LINUX_SECTOR_SIZE;
	const struct memory_wish wish = {
		.size = header->init_size,
		.alignment = MAX(header->alignment, PAGE_SIZE),
		.min = header->preferred_address,
		.max = FOUR_GIGABYTES,
	};
	uint64_t place;

	if (setup >= module->size || module->size - setup > wish.size)
		panic("boot: the kernel's header contradicts its size");
	place = memory_map_take(map, &wish, MEMORY_LOADED);
	if (place == UINT64_MAX)
		panic("boot: no room for the kernel: %lu KiB", wish.size >> 10);
	memcpy(cpu_map(SPA(place)), cpu_map(SPA(module->base.value + setup)),
	       module->size - setup);
	return place;
}

/* The root pointer's copy stays in a page of its own, called reserved. */
static void fill_rsdp(struct linux_params *params, struct boot_info *info)
{
	uint64_t place = UINT64_MAX;

	if (info->rsdp_size != 0)
		place = take_low(&info->memory, PAGE_SIZE, MEMORY_RESERVED);
	if (place == UINT64_MAX)
		return;
	memcpy(cpu_map(SPA(place)), info->rsdp, info->rsdp_size);
	params->rsdp = place;
}

/* Ours is reserved to the parent, what we loaded for it is plain RAM. */
static uint32_t e820_type(enum memory_type type)
{
	if (type == MEMORY_HYPERVISOR)
		return MEMORY_RESERVED;
	return type == MEMORY_LOADED ? MEMORY_RAM : type;
}

static void fill_e820(struct linux_params *params, const struct memory_map *map)
{
	struct linux_e820 *last = params->e820;

	for (uint32_t i = 0; i < map->count; i++) {
		const struct memory_range *range = &map->ranges[i];
		uint32_t type = e820_type(range->type);

		if (params->e820_count != 0 && last->type == type &&
		    last->base + last->size == range->base) {
			last->size = range->end - last->base;
			continue;
		}
		if (params->e820_count == LINUX_E820_MAX) {
			print("boot: memory map cut at %lx\n", range->base);
			return;
		}
		last = &params->e820[params->e820_count++];
		*last = (struct linux_e820){range->base,
					    range->end - range->base, type};
	}
}

/* A BIOS that said nothing left VGA text, as they all do. */
static void fill_screen(struct linux_screen *screen, bool efi,
			const struct multiboot2_framebuffer *from)
{
	uint64_t size = (uint64_t)from->pitch * from->height;

	if (from->kind == MULTIBOOT2_FRAMEBUFFER_RGB)
		*screen = (struct linux_screen){
			.type = efi ? LINUX_SCREEN_EFI : LINUX_SCREEN_VESA,
			.width = (uint16_t)from->width,
			.height = (uint16_t)from->height,
			.depth = from->depth,
			.pitch = (uint16_t)from->pitch,
			.base = (uint32_t)from->base,
			.base_high = (uint32_t)(from->base >> 32),
			.capabilities = LINUX_SCREEN_64_BIT_BASE,
			/* VESA counts 64 KiB. */
			.size = (uint32_t)(efi ? size : (size + 0xffff) >> 16),
			.red_size = from->red.size,
			.red_position = from->red.position,
			.green_size = from->green.size,
			.green_position = from->green.position,
			.blue_size = from->blue.size,
			.blue_position = from->blue.position,
		};
	else if (!efi)
		*screen = (struct linux_screen){
			.type = LINUX_SCREEN_VGA_TEXT,
			.mode = 3,
			.columns = 80,
			.lines = 25,
			.character_height = 16,
		};
}

static void fill_header(struct linux_start *start, uint64_t place,
			const struct linux_header *header,
			const struct boot_info *info)
{
	const char *string = info->modules[0].string;
	struct linux_header *to = &start->params.header;
	size_t most = MIN(sizeof(start->command_line) - 1,
			  (size_t)header->command_line_size);

	/* It is valid up to where its jump goes. */
	memcpy(to, header,
	       MIN(0x202u + (header->jump >> 8) - LINUX_HEADER_OFFSET,
		   sizeof(*to)));
	to->loader_type = LINUX_LOADER_UNDEFINED;
	if (strlen(string) > most)
		print("boot: the kernel's command line is cut at %lu\n", most);
	memcpy(start->command_line, string, MIN(strlen(string), most));
	to->command_line =
		(uint32_t)(place + offsetof(struct linux_start, command_line));
	if (info->module_count > 1) {
		to->ramdisk_base = (uint32_t)info->modules[1].base.value;
		to->ramdisk_size = (uint32_t)info->modules[1].size;
	}
}

static void set(struct vp *vp, uint32_t name, struct hv_register_value value)
{
	if (!virt->vp_set(vp->virt, name, &value))
		panic("boot: register %x of the parent cannot be set", name);
}

/* Flat protected mode without paging, as the 32-bit boot protocol asks for. */
static void set_registers(struct vp *vp, uint64_t start, uint64_t kernel)
{
	static const uint32_t data[] = {HV_REGISTER_DS, HV_REGISTER_ES,
					HV_REGISTER_SS};
	struct virt_registers *registers = &vp->virt->registers;
	struct hv_register_value value = {
		.table = {
			.limit = sizeof(((struct linux_start *)0)->descriptors),
			.base = start +
				offsetof(struct linux_start, descriptors),
		}};

	set(vp, HV_REGISTER_GDTR, value);
	value.u64 = CR0_NE | CR0_ET | CR0_PE;
	set(vp, HV_REGISTER_CR0, value);
	value.segment = (struct hv_segment_register){
		.limit = UINT32_MAX,
		.selector = SELECTOR_CODE,
		.attributes = 0xc09b,
	};
	set(vp, HV_REGISTER_CS, value);
	value.segment.selector = SELECTOR_DATA;
	value.segment.attributes = 0xc093;
	for (size_t i = 0; i < ARRAY_SIZE(data); i++)
		set(vp, data[i], value);
	registers->rip = kernel;
	registers->gpr[VIRT_RSI] = start + offsetof(struct linux_start, params);
}

void linux_load(struct boot_info *info, struct vp *vp)
{
	const struct boot_module *module = &info->modules[0];
	const struct linux_header *header;
	struct linux_start *start;
	uint64_t place, kernel;

	if (info->module_count == 0)
		panic("boot: no kernel for the parent was loaded (module 0)");
	header = find_header(module);
	place = take_low(&info->memory, sizeof(*start), MEMORY_LOADED);
	if (place == UINT64_MAX)
		panic("boot: no room for the parent below 1 MiB");
	start = cpu_map(SPA(place));
	kernel = place_kernel(&info->memory, module, header);

	fill_header(start, place, header, info);
	fill_rsdp(&start->params, info);
	fill_screen(&start->params.screen, info->efi, &info->framebuffer);
	fill_e820(&start->params, &info->memory);
	start->descriptors[SELECTOR_CODE / 8] = 0x00cf9b000000ffff;
	start->descriptors[SELECTOR_DATA / 8] = 0x00cf93000000ffff;
	set_registers(vp, place, kernel);
	print("boot: parent: Linux at %lx: %s\n", kernel, module->string);
}
