/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loads a Linux kernel by its 64-bit boot protocol. */
#include "linux.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Documentation/arch/x86/boot.rst of Linux: offsets in file and zero page. */
#define HEADER_START	      0x1f1
#define HEADER_SETUP_SECTORS  0x1f1
#define HEADER_BOOT_FLAG      0x1fe
#define HEADER_JUMP_LENGTH    0x201
#define HEADER_MAGIC	      0x202
#define HEADER_VERSION	      0x206
#define HEADER_LOADER	      0x210
#define HEADER_INITRD_ADDRESS 0x218
#define HEADER_INITRD_SIZE    0x21c
#define HEADER_CMDLINE	      0x228
#define HEADER_INITRD_MAX     0x22c
#define HEADER_ALIGNMENT      0x230
#define HEADER_RELOCATABLE    0x234
#define HEADER_XLOADFLAGS     0x236
#define HEADER_CMDLINE_SIZE   0x238
#define HEADER_PREFERRED      0x258
#define HEADER_INIT_SIZE      0x260
#define HEADER_END	      0x290
#define ZERO_PAGE_RSDP	      0x70
#define ZERO_PAGE_E820_COUNT  0x1e8
#define ZERO_PAGE_E820	      0x2d0
#define ZERO_PAGE_SIZE	      0x1000

#define VERSION_NEEDED	 0x020c /* XLF_KERNEL_64 is told since 2.12 */
#define XLF_KERNEL_64	 0x0001
#define LOADER_UNDEFINED 0xff
#define ENTRY_64_OFFSET	 0x200

#define E820_RAM      1
#define E820_RESERVED 2
#define EBDA	      0x9fc00ULL
#define BIOS	      0xe0000ULL
#define MEBIBYTE      (1ULL << 20)
#define IDENTITY_END  (4ULL << 30)
#define PAGE	      4096ULL

#define BOOT_CS	 0x10
#define BOOT_DS	 0x18
#define BOOT_TSS 0x20

/* One file on its way into the child. */
struct image {
	const char *path;
	int fd;
	uint64_t size;
};

static int image_open(struct image *image, const char *path)
{
	struct stat status;
	int error = 0;

	image->path = path;
	image->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (image->fd < 0 || fstat(image->fd, &status) < 0)
		error = -errno;
	else if (!S_ISREG(status.st_mode))
		error = -EINVAL;
	if (error) {
		device_log("linux", "%s: %s", path, strerror(-error));
		if (image->fd >= 0)
			close(image->fd);
		return error;
	}
	image->size = (uint64_t)status.st_size;
	return 0;
}

static int image_read(const struct image *image, void *to, uint64_t offset,
		      uint64_t size)
{
	uint8_t *at = to;

	while (size) {
		ssize_t got = pread(image->fd, at, size, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			int error = got ? -errno : -EIO;

			device_log("linux", "%s: %s", image->path,
				   got ? strerror(-error) : "is cut short");
			return error;
		}
		at += got;
		offset += (uint64_t)got;
		size -= (uint64_t)got;
	}
	return 0;
}

static int refuse(const struct image *image, const char *why)
{
	device_log("linux", "%s: %s", image->path, why);
	return -ENOEXEC;
}

static uint64_t get(const uint8_t *at, unsigned int size)
{
	uint64_t value = 0;

	memcpy(&value, at, size);
	return value;
}

static void put(uint8_t *at, unsigned int size, uint64_t value)
{
	memcpy(at, &value, size);
}

/* What the header says, after it was checked. */
struct kernel {
	struct image image;
	uint8_t header[HEADER_END];
	uint64_t payload; /* offset in the file */
	uint64_t load;	  /* gpa */
	uint64_t span;	  /* bytes it needs from there */
};

static int header_check(const struct kernel *kernel)
{
	const uint8_t *header = kernel->header;

	if (get(header + HEADER_BOOT_FLAG, 2) != 0xaa55 ||
	    memcmp(header + HEADER_MAGIC, "HdrS", 4) != 0)
		return refuse(&kernel->image,
			      "is no bzImage (no Linux boot header)");
	if (get(header + HEADER_VERSION, 2) < VERSION_NEEDED)
		return refuse(&kernel->image,
			      "has a boot protocol before 2.12");
	if (!(get(header + HEADER_XLOADFLAGS, 2) & XLF_KERNEL_64))
		return refuse(&kernel->image, "is no 64-bit kernel");
	return 0;
}

static int header_read(struct kernel *kernel)
{
	uint8_t *header = kernel->header;
	uint64_t sectors;
	int error;

	if (kernel->image.size < sizeof(kernel->header))
		return refuse(&kernel->image, "is too small for a bzImage");
	error = image_read(&kernel->image, header, 0, sizeof(kernel->header));
	if (!error)
		error = header_check(kernel);
	if (error)
		return error;
	sectors =
		header[HEADER_SETUP_SECTORS] ? header[HEADER_SETUP_SECTORS] : 4;
	kernel->payload = (sectors + 1) * 512;
	kernel->load = get(header + HEADER_PREFERRED, 8);
	if (kernel->load < MEBIBYTE)
		kernel->load = MEBIBYTE;
	kernel->span = get(header + HEADER_INIT_SIZE, 4);
	if (kernel->image.size <= kernel->payload)
		return refuse(&kernel->image, "is cut short");
	if (kernel->span < kernel->image.size - kernel->payload)
		kernel->span = kernel->image.size - kernel->payload;
	return 0;
}

static int kernel_place(const struct memory *memory,
			const struct kernel *kernel)
{
	uint64_t size = kernel->image.size - kernel->payload;

	if (!memory_at(memory, kernel->load, kernel->span))
		return refuse(&kernel->image,
			      "needs more memory than the child has");
	return image_read(&kernel->image, memory_at(memory, kernel->load, size),
			  kernel->payload, size);
}

/* At the end of low RAM, where the kernel will not unpack itself. */
static int initrd_place(const struct memory *memory,
			const struct kernel *kernel, const char *path,
			uint8_t *zero_page)
{
	uint64_t end = memory->ranges[0].size;
	uint64_t limit = get(kernel->header + HEADER_INITRD_MAX, 4) + 1;
	struct image image;
	uint64_t at;
	int error;

	if (!path)
		return 0;
	error = image_open(&image, path);
	if (error)
		return error;
	if (end > limit)
		end = limit;
	at = image.size < end ? (end - image.size) & ~(PAGE - 1) : 0;
	if (at < kernel->load + kernel->span) {
		error = refuse(&image, "does not fit beside the kernel");
	} else {
		error = image_read(&image, memory_at(memory, at, image.size), 0,
				   image.size);
		put(zero_page + HEADER_INITRD_ADDRESS, 4, at);
		put(zero_page + HEADER_INITRD_SIZE, 4, image.size);
	}
	close(image.fd);
	return error;
}

static int cmdline_place(const struct memory *memory,
			 const struct kernel *kernel, const char *text,
			 uint8_t *zero_page)
{
	uint64_t limit = get(kernel->header + HEADER_CMDLINE_SIZE, 4);
	size_t size = strlen(text);

	if (size > limit || size >= LINUX_CMDLINE_MAX) {
		device_log("linux",
			   "command line: %zu bytes, the kernel "
			   "takes %u",
			   size, (unsigned int)limit);
		return -E2BIG;
	}
	memory_write(memory, LINUX_CMDLINE, text, size + 1);
	put(zero_page + HEADER_CMDLINE, 4, LINUX_CMDLINE);
	return 0;
}

static void e820_add(uint8_t *zero_page, uint64_t start, uint64_t end,
		     uint32_t type)
{
	uint8_t *count = zero_page + ZERO_PAGE_E820_COUNT;
	uint8_t *entry = zero_page + ZERO_PAGE_E820 + *count * 20;

	put(entry, 8, start);
	put(entry + 8, 8, end - start);
	put(entry + 16, 4, type);
	(*count)++;
}

static void e820_make(const struct memory *memory, uint8_t *zero_page)
{
	e820_add(zero_page, 0, EBDA, E820_RAM);
	e820_add(zero_page, EBDA, 0xa0000, E820_RESERVED);
	e820_add(zero_page, BIOS, MEBIBYTE, E820_RESERVED);
	e820_add(zero_page, MEBIBYTE, memory->ranges[0].size, E820_RAM);
	for (unsigned int i = 1; i < memory->count; i++) {
		const struct memory_range *range = &memory->ranges[i];

		e820_add(zero_page, range->gpa, range->gpa + range->size,
			 E820_RAM);
	}
}

/* One PML4, one page of gigabytes, four of 2 MiB pages. */
static void page_tables_make(const struct memory *memory)
{
	uint64_t *table = memory_at(memory, LINUX_PAGE_TABLES, 6 * PAGE);
	const uint64_t present_writable = 3, large = 0x80;

	memset(table, 0, 6 * PAGE);
	table[0] = (LINUX_PAGE_TABLES + PAGE) | present_writable;
	for (uint64_t i = 0; i < 4; i++)
		table[512 + i] =
			(LINUX_PAGE_TABLES + (2 + i) * PAGE) | present_writable;
	for (uint64_t i = 0; i < IDENTITY_END >> 21; i++)
		table[1024 + i] = i << 21 | present_writable | large;
}

static void gdt_make(const struct memory *memory)
{
	static const uint64_t table[] = {
		0,
		0,
		0x00af9b000000ffff, /* BOOT_CS: 64-bit code */
		0x00cf93000000ffff, /* BOOT_DS: flat data */
		0x00008b0000000067, /* BOOT_TSS: busy, at 0; never used */
		0,
	};

	memory_write(memory, LINUX_GDT, table, sizeof(table));
}

static int load(const struct memory *memory,
		const struct linux_options *options, struct kernel *kernel)
{
	uint8_t zero_page[ZERO_PAGE_SIZE] = {0};
	uint64_t end = HEADER_MAGIC;
	int error = header_read(kernel);

	if (error)
		return error;
	end += kernel->header[HEADER_JUMP_LENGTH];
	if (end > HEADER_END)
		end = HEADER_END;
	memcpy(zero_page + HEADER_START, kernel->header + HEADER_START,
	       end - HEADER_START);
	zero_page[HEADER_LOADER] = LOADER_UNDEFINED;
	put(zero_page + ZERO_PAGE_RSDP, 8, options->rsdp);
	e820_make(memory, zero_page);
	error = kernel_place(memory, kernel);
	if (!error)
		error = initrd_place(memory, kernel, options->initrd,
				     zero_page);
	if (!error)
		error = cmdline_place(memory, kernel, options->cmdline,
				      zero_page);
	if (error)
		return error;
	memory_write(memory, LINUX_BOOT_PARAMS, zero_page, sizeof(zero_page));
	gdt_make(memory);
	page_tables_make(memory);
	return 0;
}

int linux_load(const struct memory *memory, const struct linux_options *options,
	       struct linux_start *start)
{
	struct kernel kernel = {0};
	int error;

	if (!memory->count || memory->ranges[0].size < 4 * MEBIBYTE) {
		device_log("linux", "the child has too little memory");
		return -ENOMEM;
	}
	error = image_open(&kernel.image, options->kernel);
	if (error)
		return error;
	error = load(memory, options, &kernel);
	close(kernel.image.fd);
	start->entry = kernel.load + ENTRY_64_OFFSET;
	start->boot_params = LINUX_BOOT_PARAMS;
	return error;
}

static struct hv_register_assoc quad(uint32_t name, uint64_t value)
{
	return (struct hv_register_assoc){.name = name, .value.u64 = value};
}

static struct hv_register_assoc segment(uint32_t name, uint16_t selector,
					uint16_t attributes)
{
	return (struct hv_register_assoc){
		.name = name,
		.value.segment =
			{
				.limit = 0xffffffff,
				.selector = selector,
				.attributes = attributes,
			},
	};
}

unsigned int linux_registers(const struct linux_start *start,
			     struct hv_register_assoc elements[LINUX_REGISTERS])
{
	const struct hv_register_assoc values[] = {
		/* EFER before CR0, or long mode would be refused. */
		quad(HV_REGISTER_EFER, 0x500), /* LME, LMA */
		quad(HV_REGISTER_CR4, 0x20),   /* PAE */
		quad(HV_REGISTER_CR3, LINUX_PAGE_TABLES),
		quad(HV_REGISTER_CR0, 0x80000031), /* PG, NE, ET, PE */
		quad(HV_REGISTER_RIP, start->entry),
		quad(HV_REGISTER_RSI, start->boot_params),
		quad(HV_REGISTER_RSP, LINUX_BOOT_PARAMS),
		quad(HV_REGISTER_RBP, 0),
		quad(HV_REGISTER_RDI, 0),
		quad(HV_REGISTER_RBX, 0),
		quad(HV_REGISTER_RFLAGS, 2),
		segment(HV_REGISTER_CS, BOOT_CS, 0xa09b),
		segment(HV_REGISTER_DS, BOOT_DS, 0xc093),
		segment(HV_REGISTER_ES, BOOT_DS, 0xc093),
		segment(HV_REGISTER_SS, BOOT_DS, 0xc093),
		segment(HV_REGISTER_FS, BOOT_DS, 0xc093),
		segment(HV_REGISTER_GS, BOOT_DS, 0xc093),
		{.name = HV_REGISTER_TR,
		 .value.segment = {.limit = 0x67,
				   .selector = BOOT_TSS,
				   .attributes = 0x008b}},
		{.name = HV_REGISTER_GDTR,
		 .value.table = {.limit = 6 * 8 - 1, .base = LINUX_GDT}},
		{.name = HV_REGISTER_IDTR},
	};

	_Static_assert(sizeof(values) == LINUX_REGISTERS * sizeof(values[0]),
		       "LINUX_REGISTERS");
	memcpy(elements, values, sizeof(values));
	return LINUX_REGISTERS;
}
