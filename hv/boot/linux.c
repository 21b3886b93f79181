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

/*
 * What the kernel needs until it has its own: one block below 1 MiB, which
 * the parent's map shows as RAM like the rest.
 */
struct linux_start {
	struct linux_params params;
	char command_line[4096];
	uint64_t pml4[512];
	uint64_t pdpt[512];
	uint64_t directories[4][512]; /* identity, 4 GiB */
	uint64_t descriptors[512];
};
ABI_SIZE(struct linux_start, 9 * 4096);

#define PAGE_TABLE	      3u    /* present, writable */
#define PAGE_LARGE	      0x83u /* and 2 MiB */
#define DESCRIPTOR_LINUX_CODE 0x10  /* the boot protocol's __BOOT_CS */
#define DESCRIPTOR_LINUX_DATA 0x18

static struct memory_wish low_wish(uint64_t size)
{
	return (struct memory_wish){.size = size,
				    .alignment = PAGE_SIZE,
				    .min = LOW_MIN,
				    .max = LOW_MAX};
}

/* The kernel's header within the module; a panic if it is not one. */
static const struct linux_header *find_header(const struct boot_module *module)
{
	const uint8_t *file = cpu_map(module->base);
	const struct linux_header *header =
		(const void *)(file + LINUX_HEADER_OFFSET);

	if (module->size < sizeof(struct linux_params) ||
	    header->magic != LINUX_HEADER_MAGIC)
		panic("boot: module 0 is no Linux bzImage");
	if (header->version < LINUX_HEADER_VERSION_MIN ||
	    (header->xload_flags & LINUX_XLOADFLAG_64) == 0)
		panic("boot: the kernel has no 64-bit entry (protocol %x)",
		      header->version);
	return header;
}

static uint64_t setup_size(const struct linux_header *header)
{
	uint64_t sectors = header->setup_sectors;

	return ((sectors == 0 ? 4 : sectors) + 1) * LINUX_SECTOR_SIZE;
}

/*
 * Copies the protected-mode part to where it may unpack itself: the lowest
 * place from the preferred one on that no module lies in. Returns it.
 */
static uint64_t place_kernel(struct memory_map *map,
			     const struct boot_module *module,
			     const struct linux_header *header)
{
	uint64_t setup = setup_size(header);
	struct memory_wish wish = {
		.size = header->init_size,
		.alignment = MAX(header->alignment, PAGE_SIZE),
		.min = header->preferred_address,
		.max = FOUR_GIGABYTES,
	};
	uint64_t place;

	if (setup >= module->size || module->size - setup > wish.size)
		panic("boot: the kernel's header contradicts its size");
	if (header->relocatable == 0)
		wish.max = wish.min + wish.size;
	place = memory_map_take(map, &wish, MEMORY_LOADED);
	if (place == UINT64_MAX)
		panic("boot: no room for the kernel: %lu KiB", wish.size >> 10);
	memcpy(cpu_map(SPA(place)),
	       (const uint8_t *)cpu_map(module->base) + setup,
	       module->size - setup);
	return place;
}

/*
 * Under UEFI nobody can find the root pointer by looking: its copy stays in a
 * page of its own that the map calls reserved.
 */
static uint64_t place_rsdp(struct boot_info *info,
			   const struct acpi_facts *acpi)
{
	const struct memory_wish wish = low_wish(PAGE_SIZE);
	uint64_t place;

	if (acpi->rsdp != 0 || info->rsdp_size == 0)
		return acpi->rsdp;
	place = memory_map_take(&info->memory, &wish, MEMORY_RESERVED);
	if (place == UINT64_MAX)
		return 0;
	memset(cpu_map(SPA(place)), 0, PAGE_SIZE);
	memcpy(cpu_map(SPA(place)), info->rsdp, info->rsdp_size);
	return place;
}

/* Ours is reserved to the parent, what we loaded for it is plain RAM. */
static uint32_t e820_type(enum memory_type type)
{
	if (type == MEMORY_HYPERVISOR)
		return MEMORY_RESERVED;
	if (type == MEMORY_LOADED)
		return MEMORY_RAM;
	return type;
}

static void fill_e820(struct linux_params *params, const struct memory_map *map)
{
	struct linux_e820 *last = NULL;

	for (uint32_t i = 0; i < map->count; i++) {
		const struct memory_range *range = &map->ranges[i];
		uint32_t type = e820_type(range->type);

		if (last != NULL && last->type == type &&
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

static void fill_pixels(struct linux_screen *screen,
			const struct boot_framebuffer *from, bool efi)
{
	uint64_t size = (uint64_t)from->pitch * from->height;

	screen->type = efi ? LINUX_SCREEN_EFI : LINUX_SCREEN_VESA;
	screen->width = (uint16_t)from->width;
	screen->height = (uint16_t)from->height;
	screen->depth = from->depth;
	screen->pitch = (uint16_t)from->pitch;
	screen->base = (uint32_t)from->base;
	screen->base_high = (uint32_t)(from->base >> 32);
	if (screen->base_high != 0)
		screen->capabilities = 2; /* the base has 64 bits */
	/* VESA counts 64 KiB. */
	screen->size = (uint32_t)(efi ? size : (size + 0xffff) >> 16);
	screen->red_size = from->red.size;
	screen->red_position = from->red.position;
	screen->green_size = from->green.size;
	screen->green_position = from->green.position;
	screen->blue_size = from->blue.size;
	screen->blue_position = from->blue.position;
}

/* A BIOS that said nothing left VGA text, as they all do. */
static void fill_screen(struct linux_params *params,
			const struct boot_info *info)
{
	struct linux_screen *screen = &params->screen;

	if (info->framebuffer.display == DISPLAY_PIXELS) {
		fill_pixels(screen, &info->framebuffer, info->efi);
	} else if (!info->efi) {
		screen->type = LINUX_SCREEN_VGA_TEXT;
		screen->mode = 3;
		screen->columns = 80;
		screen->lines = 25;
		screen->character_height = 16;
	}
}

static void fill_initramfs(struct linux_params *params,
			   const struct boot_module *module)
{
	params->header.ramdisk_base = (uint32_t)module->base.value;
	params->ramdisk_base_high = (uint32_t)(module->base.value >> 32);
	params->header.ramdisk_size = (uint32_t)module->size;
	params->ramdisk_size_high = (uint32_t)(module->size >> 32);
}

/* The header is valid up to where its jump goes. */
static void fill_header(struct linux_params *params,
			const struct linux_header *header)
{
	size_t size = 0x202 + (header->jump >> 8) - LINUX_HEADER_OFFSET;

	memcpy(&params->header, header, MIN(size, sizeof(*header)));
	params->header.loader_type = LINUX_LOADER_UNDEFINED;
}

static void fill_command_line(struct linux_start *start, uint64_t place,
			      const char *string)
{
	size_t length = strlen(string);
	size_t most = MIN(sizeof(start->command_line) - 1,
			  (size_t)start->params.header.command_line_size);

	if (length > most)
		print("boot: the kernel's command line is cut at %lu\n", most);
	memcpy(start->command_line, string, MIN(length, most));
	place += offsetof(struct linux_start, command_line);
	start->params.header.command_line = (uint32_t)place;
}

static void fill_tables(struct linux_start *start, uint64_t place)
{
	uint64_t pdpt = place + offsetof(struct linux_start, pdpt);
	uint64_t directories =
		place + offsetof(struct linux_start, directories);

	start->pml4[0] = pdpt | PAGE_TABLE;
	for (uint64_t i = 0; i < 4; i++) {
		start->pdpt[i] = (directories + i * PAGE_SIZE) | PAGE_TABLE;
		for (uint64_t j = 0; j < 512; j++)
			start->directories[i][j] =
				(i * 512 + j) << LARGE_PAGE_SHIFT | PAGE_LARGE;
	}
	start->descriptors[DESCRIPTOR_LINUX_CODE / 8] = 0x00af9b000000ffff;
	start->descriptors[DESCRIPTOR_LINUX_DATA / 8] = 0x00cf93000000ffff;
}

static void set(struct vp *vp, uint32_t name,
		const struct hv_register_value *value)
{
	if (!virt->vp_set(vp->virt, name, value))
		panic("boot: register %x of the parent cannot be set", name);
}

static void set_value(struct vp *vp, uint32_t name, uint64_t value)
{
	set(vp, name, &(struct hv_register_value){.u64 = value});
}

static void set_segments(struct vp *vp)
{
	static const uint32_t data[] = {HV_REGISTER_DS, HV_REGISTER_ES,
					HV_REGISTER_SS};
	struct hv_register_value value = {
		.segment = {
			.limit = UINT32_MAX,
			.selector = DESCRIPTOR_LINUX_CODE,
			.attributes = 0xa09b, /* 64-bit code, ring 0 */
		}};

	set(vp, HV_REGISTER_CS, &value);
	value.segment.selector = DESCRIPTOR_LINUX_DATA;
	value.segment.attributes = 0xc093;
	for (size_t i = 0; i < ARRAY_SIZE(data); i++)
		set(vp, data[i], &value);
}

/* Long mode on identity tables, as the 64-bit boot protocol asks for. */
static void set_registers(struct vp *vp, uint64_t start, uint64_t kernel)
{
	struct virt_registers *registers = &vp->virt->registers;
	const struct hv_register_value table = {
		.table = {
			.limit = 4 * 8 - 1,
			.base = start +
				offsetof(struct linux_start, descriptors),
		}};

	set_value(vp, HV_REGISTER_CR3,
		  start + offsetof(struct linux_start, pml4));
	set_value(vp, HV_REGISTER_CR4, CR4_PAE);
	set_value(vp, HV_REGISTER_EFER, EFER_LME | EFER_LMA);
	set_value(vp, HV_REGISTER_CR0, CR0_PG | CR0_NE | CR0_ET | CR0_PE);
	set(vp, HV_REGISTER_GDTR, &table);
	set_segments(vp);
	registers->rip = kernel + LINUX_ENTRY_64;
	registers->rflags = RFLAGS_FIXED;
	registers->gpr[VIRT_RSI] = start + offsetof(struct linux_start, params);
	registers->gpr[VIRT_RSP] = start + sizeof(struct linux_start);
}

static const char *kernel_version(const struct boot_module *module,
				  const struct linux_header *header)
{
	uint64_t offset = header->kernel_version + 0x200ull;

	return header->kernel_version == 0 || offset >= setup_size(header)
		       ? "(unnamed)"
		       : (const char *)cpu_map(module->base) + offset;
}

void linux_load(struct boot_info *info, const struct acpi_facts *acpi,
		struct vp *vp)
{
	const struct boot_module *module = &info->modules[0];
	const struct memory_wish wish = low_wish(sizeof(struct linux_start));
	const struct linux_header *header;
	struct linux_start *start;
	uint64_t place, kernel;

	if (info->module_count == 0)
		panic("boot: no kernel for the parent was loaded (module 0)");
	header = find_header(module);
	place = memory_map_take(&info->memory, &wish, MEMORY_LOADED);
	if (place == UINT64_MAX)
		panic("boot: no room for the parent below 1 MiB");
	start = cpu_map(SPA(place));
	memset(start, 0, sizeof(*start));
	kernel = place_kernel(&info->memory, module, header);

	fill_header(&start->params, header);
	fill_command_line(start, place, module->string);
	if (info->module_count > 1)
		fill_initramfs(&start->params, &info->modules[1]);
	start->params.rsdp = place_rsdp(info, acpi);
	fill_screen(&start->params, info);
	fill_e820(&start->params, &info->memory);
	fill_tables(start, place);
	set_registers(vp, place, kernel);
	print("boot: parent: Linux %s at %lx: %s\n",
	      kernel_version(module, header), kernel, module->string);
}
