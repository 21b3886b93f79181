/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Linux loader on a made-up kernel, whole and damaged. */
#define _GNU_SOURCE
#include "model.h"
#include "worker/machine/linux.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define RAM	      (64u << 20)
#define PAYLOAD	      5000u
#define SETUP_SECTORS 3u
#define KERNEL_SIZE   ((SETUP_SECTORS + 1) * 512 + PAYLOAD)
#define PREFERRED     0x1000000u
#define INIT_SIZE     0x400000u

struct files {
	char kernel[MODEL_PATH_SIZE];
	char initrd[MODEL_PATH_SIZE];
	uint8_t image[KERNEL_SIZE];
	struct memory memory;
	uint8_t *ram;
	struct linux_options options;
	struct linux_start start;
};

static void put(struct files *files, unsigned int offset, unsigned int size,
		uint64_t value)
{
	memcpy(files->image + offset, &value, size);
}

static uint64_t get(const struct files *files, uint64_t gpa, unsigned int size)
{
	uint64_t value = 0;

	memcpy(&value, files->ram + gpa, size);
	return value;
}

static int set_up(void **state)
{
	struct files *files = calloc(1, sizeof(*files));

	for (unsigned int i = 0; i < KERNEL_SIZE; i++)
		files->image[i] = (uint8_t)(i * 7);
	put(files, 0x1f1, 1, SETUP_SECTORS);
	put(files, 0x1fe, 2, 0xaa55);
	put(files, 0x200, 2, 0x6aeb); /* jump over the header */
	memcpy(files->image + 0x202, "HdrS", 4);
	put(files, 0x206, 2, 0x020f);
	put(files, 0x218, 8, 0);
	put(files, 0x22c, 4, 0x7fffffff);
	put(files, 0x236, 2, 1);
	put(files, 0x238, 4, 2047);
	put(files, 0x258, 8, PREFERRED);
	put(files, 0x260, 4, INIT_SIZE);
	files->ram = calloc(1, RAM);
	files->memory = (struct memory){1, {{0, RAM, files->ram}}};
	files->options = (struct linux_options){
		.kernel = files->kernel,
		.cmdline = "console=ttyS0",
		.rsdp = 0xe0000,
	};
	*state = files;
	return 0;
}

static int tear_down(void **state)
{
	struct files *files = *state;

	if (files->kernel[0])
		unlink(files->kernel);
	if (files->initrd[0])
		unlink(files->initrd);
	free(files->ram);
	free(files);
	return 0;
}

static int load(struct files *files)
{
	model_file(files->kernel, files->image, sizeof(files->image));
	return linux_load(&files->memory, &files->options, &files->start);
}

static void test_kernel(void **state)
{
	struct files *files = *state;

	assert_int_equal(load(files), 0);
	assert_int_equal(files->start.entry, PREFERRED + 0x200);
	assert_int_equal(files->start.boot_params, LINUX_BOOT_PARAMS);
	assert_memory_equal(files->ram + PREFERRED,
			    files->image + (SETUP_SECTORS + 1) * 512, PAYLOAD);
	assert_memory_equal(files->ram + LINUX_BOOT_PARAMS + 0x202, "HdrS", 4);
	assert_int_equal(get(files, LINUX_BOOT_PARAMS + 0x210, 1), 0xff);
	assert_int_equal(get(files, LINUX_BOOT_PARAMS + 0x70, 8), 0xe0000);
	assert_int_equal(get(files, LINUX_BOOT_PARAMS + 0x228, 4),
			 LINUX_CMDLINE);
	assert_string_equal((char *)files->ram + LINUX_CMDLINE,
			    "console=ttyS0");
	assert_int_equal(get(files, LINUX_BOOT_PARAMS + 0x21c, 4), 0);
}

static void test_e820(void **state)
{
	struct files *files = *state;
	const uint64_t table = LINUX_BOOT_PARAMS + 0x2d0;
	uint64_t ram = 0;

	assert_int_equal(load(files), 0);
	assert_int_equal(get(files, LINUX_BOOT_PARAMS + 0x1e8, 1), 4);
	for (unsigned int i = 0; i < 4; i++) {
		uint64_t start = get(files, table + i * 20, 8);
		uint64_t size = get(files, table + i * 20 + 8, 8);

		if (get(files, table + i * 20 + 16, 4) != 1)
			continue;
		ram += size;
		/* The tables at E0000 are nobody's to use. */
		assert_true(start + size <= 0xa0000 || start >= 0x100000);
	}
	assert_int_equal(ram, RAM - (1u << 20) + 0x9fc00);
}

static void test_initrd(void **state)
{
	struct files *files = *state;
	uint8_t bytes[5001];

	memset(bytes, 0xc5, sizeof(bytes));
	model_file(files->initrd, bytes, sizeof(bytes));
	files->options.initrd = files->initrd;
	assert_int_equal(load(files), 0);

	uint64_t at = get(files, LINUX_BOOT_PARAMS + 0x218, 4);

	assert_int_equal(get(files, LINUX_BOOT_PARAMS + 0x21c, 4), 5001);
	assert_int_equal(at % 4096, 0);
	assert_true(at >= PREFERRED + INIT_SIZE && at + 5001 <= RAM);
	assert_memory_equal(files->ram + at, bytes, sizeof(bytes));
}

static void test_initrd_does_not_fit(void **state)
{
	struct files *files = *state;
	uint8_t *bytes = calloc(1, RAM);

	model_file(files->initrd, bytes, RAM - PREFERRED - INIT_SIZE + 1);
	free(bytes);
	files->options.initrd = files->initrd;
	assert_int_equal(load(files), -ENOEXEC);
}

static void test_page_tables(void **state)
{
	struct files *files = *state;
	const uint64_t address = 0xfee12345;
	uint64_t entry;

	assert_int_equal(load(files), 0);
	entry = get(files, LINUX_PAGE_TABLES, 8);
	assert_int_equal(entry & 3, 3);
	entry = get(files, (entry & ~0xfffULL) + (address >> 30) * 8, 8);
	entry = get(files, (entry & ~0xfffULL) + ((address >> 21) & 511) * 8,
		    8);
	assert_int_equal(entry, (address & ~0x1fffffULL) | 0x83);
}

static void test_registers(void **state)
{
	struct files *files = *state;
	struct hv_register_assoc elements[LINUX_REGISTERS];
	unsigned int count, seen = 0;

	assert_int_equal(load(files), 0);
	count = linux_registers(&files->start, elements);
	for (unsigned int i = 0; i < count; i++) {
		const struct hv_register_value *value = &elements[i].value;

		seen += elements[i].name == HV_REGISTER_RIP &&
			value->u64 == PREFERRED + 0x200;
		seen += elements[i].name == HV_REGISTER_RSI &&
			value->u64 == LINUX_BOOT_PARAMS;
		seen += elements[i].name == HV_REGISTER_CS &&
			value->segment.selector == 0x10 &&
			(value->segment.attributes & 0x2000);
	}
	assert_int_equal(seen, 3);
}

static void expect_refusal(struct files *files, unsigned int offset,
			   unsigned int size, uint64_t value)
{
	put(files, offset, size, value);
	assert_int_equal(load(files), -ENOEXEC);
}

static void test_no_magic(void **state)
{
	expect_refusal(*state, 0x202, 4, 0);
}

static void test_old_protocol(void **state)
{
	expect_refusal(*state, 0x206, 2, 0x020b);
}

static void test_32_bits(void **state)
{
	expect_refusal(*state, 0x236, 2, 0);
}

static void test_too_large(void **state)
{
	expect_refusal(*state, 0x260, 4, RAM);
}

static void test_far_away(void **state)
{
	expect_refusal(*state, 0x258, 8, 0xfffffffffffff000);
}

static void test_cut_short(void **state)
{
	struct files *files = *state;

	model_file(files->kernel, files->image, 700);
	assert_int_equal(
		linux_load(&files->memory, &files->options, &files->start),
		-ENOEXEC);
	unlink(files->kernel);
	model_file(files->kernel, files->image, 100);
	assert_int_equal(
		linux_load(&files->memory, &files->options, &files->start),
		-ENOEXEC);
}

static void test_missing(void **state)
{
	struct files *files = *state;

	files->options.kernel = "/nonexistent/vmlinuz";
	assert_int_equal(
		linux_load(&files->memory, &files->options, &files->start),
		-ENOENT);
	files->options.kernel = "/";
	assert_int_equal(
		linux_load(&files->memory, &files->options, &files->start),
		-EINVAL);
}

static void test_long_cmdline(void **state)
{
	struct files *files = *state;
	char text[3000];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	files->options.cmdline = text;
	assert_int_equal(load(files), -E2BIG);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_kernel),	TEST(test_e820),
		TEST(test_initrd),	TEST(test_initrd_does_not_fit),
		TEST(test_page_tables), TEST(test_registers),
		TEST(test_no_magic),	TEST(test_old_protocol),
		TEST(test_32_bits),	TEST(test_too_large),
		TEST(test_far_away),	TEST(test_cut_short),
		TEST(test_missing),	TEST(test_long_cmdline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
