/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ACPI tables: found as an operating system finds them, byte for byte. */
#include "worker/machine/acpi.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RAM 0x200000u

static uint8_t ram[RAM];
static const struct memory memory = {1, {{0, RAM, ram}}};

static uint64_t get(uint64_t gpa, unsigned int size)
{
	uint64_t value = 0;

	memcpy(&value, ram + gpa, size);
	return value;
}

static uint8_t sum(uint64_t gpa, uint64_t size)
{
	uint8_t total = 0;

	while (size--)
		total = (uint8_t)(total + ram[gpa++]);
	return total;
}

/* By way of the root pointer and the XSDT; checksums are checked. */
static uint64_t find(uint64_t rsdp, const char *signature)
{
	uint64_t xsdt = get(rsdp + 24, 8);

	assert_memory_equal(ram + rsdp, "RSD PTR ", 8);
	assert_int_equal(sum(rsdp, 20), 0);
	assert_int_equal(sum(rsdp, 36), 0);
	assert_memory_equal(ram + xsdt, "XSDT", 4);
	assert_int_equal(sum(xsdt, get(xsdt + 4, 4)), 0);
	for (uint64_t at = xsdt + 36; at < xsdt + get(xsdt + 4, 4); at += 8) {
		uint64_t table = get(at, 8);

		assert_int_equal(sum(table, get(table + 4, 4)), 0);
		if (memcmp(ram + table, signature, 4) == 0)
			return table;
	}
	return 0;
}

static void describe(struct aml *aml, void *owner)
{
	const unsigned int *count = owner;

	for (unsigned int i = 0; i < *count; i++)
		aml_name_integer(aml, "ABCD", i);
}

static uint64_t build(struct acpi_options *options, unsigned int names)
{
	uint64_t rsdp = 0;

	options->describe = describe;
	options->owner = &names;
	memset(ram, 0, sizeof(ram));
	assert_int_equal(acpi_build(&memory, options, &rsdp), 0);
	assert_true(rsdp >= 0xe0000 && rsdp < 0x100000 && rsdp % 16 == 0);
	return rsdp;
}

static void test_fadt(void **unused)
{
	struct acpi_options options = {
		.fadt = {.flags = ACPI_FADT_RESET,
			 .sci = 9,
			 .pm1_event = 0x600,
			 .pm1_control = 0x604,
			 .pm_timer = 0x608,
			 .reset = 0xcf9,
			 .reset_value = 6},
		.madt.processors = 1,
	};
	uint64_t fadt = find(build(&options, 3), "FACP");

	(void)unused;
	assert_int_not_equal(fadt, 0);
	assert_int_equal(get(fadt + 4, 4), 276);
	assert_int_equal(get(fadt + 46, 2), 9);
	assert_int_equal(get(fadt + 56, 4), 0x600);
	assert_int_equal(get(fadt + 88, 1), 4);
	assert_int_equal(get(fadt + 116, 1), 1); /* reset: system I/O */
	assert_int_equal(get(fadt + 120, 8), 0xcf9);
	assert_int_equal(get(fadt + 128, 1), 6);
	assert_int_equal(get(fadt + 148 + 1, 1), 32);
	assert_int_equal(get(fadt + 152, 8), 0x600);
	assert_int_equal(get(fadt + 208 + 4, 8), 0x608);
	assert_int_equal(get(fadt + 244, 8), 0); /* no sleep register */

	uint64_t dsdt = get(fadt + 140, 8);

	assert_int_equal(dsdt, get(fadt + 40, 4));
	assert_memory_equal(ram + dsdt, "DSDT", 4);
	assert_int_equal(sum(dsdt, get(dsdt + 4, 4)), 0);
	assert_int_equal(get(dsdt + 8, 1), 2); /* 64-bit integers */
}

static void test_madt(void **unused)
{
	static const struct acpi_override overrides[] = {
		{0, 2, 0},
		{9, 9, 0xd},
	};
	struct acpi_options options = {
		.madt = {.processors = 3,
			 .pic = true,
			 .overrides = overrides,
			 .override_count = 2},
	};
	uint64_t madt = find(build(&options, 0), "APIC");
	uint64_t end = madt + get(madt + 4, 4);
	unsigned int counts[5] = {0};

	(void)unused;
	assert_int_equal(get(madt + 36, 4), 0xfee00000);
	assert_int_equal(get(madt + 40, 4), 1);
	for (uint64_t at = madt + 44; at < end; at += ram[at + 1]) {
		assert_true(ram[at] < 5 && ram[at + 1] > 1);
		if (ram[at] == 0) {
			assert_int_equal(ram[at + 3], counts[0]);
			assert_int_equal(get(at + 4, 4), 1);
		}
		if (ram[at] == 1)
			assert_int_equal(get(at + 4, 4), 0xfec00000);
		if (ram[at] == 2 && ram[at + 3] == 9)
			assert_int_equal(get(at + 8, 2), 0xd);
		counts[ram[at]]++;
	}
	assert_int_equal(counts[0], 3);
	assert_int_equal(counts[1], 1);
	assert_int_equal(counts[2], 2);
	assert_int_equal(counts[4], 1);
}

static void test_waet(void **unused)
{
	struct acpi_options options = {.madt.processors = 1,
				       .pm_timer_good = true};
	uint64_t waet = find(build(&options, 0), "WAET");

	(void)unused;
	assert_int_equal(get(waet + 36, 4), 2);
}

static void test_overflow(void **unused)
{
	unsigned int names = 20000;
	struct acpi_options options = {
		.madt.processors = 1, .describe = describe, .owner = &names};
	uint64_t rsdp;

	(void)unused;
	assert_int_equal(acpi_build(&memory, &options, &rsdp), -ENOSPC);
}

/* ---- AML, against bytes that Intel's compiler makes of the same text ---- */

static uint8_t bytes[4096];
static struct aml aml;

static void aml_start(void)
{
	aml_init(&aml, bytes, sizeof(bytes));
}

static void assert_aml(const void *expected, size_t size)
{
	assert_false(aml.overflow);
	assert_int_equal(aml.size, size);
	assert_memory_equal(bytes, expected, size);
}

static void test_integers(void **unused)
{
	static const uint8_t expected[] = {
		0x08, 'A',  '_',  '_',	'_', 0x00, 0x08, 'B',  'C',
		'_',  '_',  0x01, 0x08, 'D', 'E',  'F',	 '_',  0x0a,
		0xff, 0x08, 'G',  'H',	'I', 'J',  0x0b, 0x34, 0x12,
		0x08, 'K',  '_',  '_',	'_', 0x0c, 0x78, 0x56, 0x34,
		0x12, 0x08, 'L',  '_',	'_', '_',  0x0e, 0,    0,
		0,    0,    1,	  0,	0,   0,
	};

	(void)unused;
	aml_start();
	aml_name_integer(&aml, "A", 0);
	aml_name_integer(&aml, "BC", 1);
	aml_name_integer(&aml, "DEF", 0xff);
	aml_name_integer(&aml, "GHIJ", 0x1234);
	aml_name_integer(&aml, "K", 0x12345678);
	aml_name_integer(&aml, "L", 1ULL << 32);
	assert_aml(expected, sizeof(expected));
}

static void test_identifiers(void **unused)
{
	static const uint8_t expected[] = {
		0x08, '_', 'H', 'I', 'D',  0x0c, 0x41, 0xd0, 0x05, 0x01, 0x08,
		'_',  'H', 'I', 'D', 0x0d, 'V',	 'M',  'B',  'u',  's',	 0,
	};

	(void)unused;
	aml_start();
	aml_name_eisa(&aml, "_HID", "PNP0501");
	aml_name_string(&aml, "_HID", "VMBus");
	assert_aml(expected, sizeof(expected));
}

static void test_nesting(void **unused)
{
	static const uint8_t expected[] = {
		0x10, 0x0d, '\\', '_', 'S', 'B', '_',
		0x5b, 0x82, 0x05, 'P', 'W', 'R', 'B',
	};

	(void)unused;
	aml_start();
	aml_scope(&aml, "\\_SB");
	aml_device(&aml, "PWRB");
	aml_close(&aml);
	aml_close(&aml);
	assert_int_equal(expected[1], sizeof(expected) - 1);
	assert_aml(expected, sizeof(expected));
}

/* Lengths of one, two and three bytes, at the edges. */
static void test_package_length(void **unused)
{
	static const struct {
		unsigned int names; /* of 6 bytes each */
		uint8_t encoded[3];
		unsigned int count;
	} cases[] = {
		{9, {0x3b}, 1},		/* 1 + 4 + 54 = 59 */
		{10, {0x42, 0x04}, 2},	/* 2 + 4 + 60 = 66 */
		{681, {0x4c, 0xff}, 2}, /* 2 + 4 + 4086 = 4092 */
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		static uint8_t large[8192];

		aml_init(&aml, large, sizeof(large));
		aml_scope(&aml, "ABCD");
		for (unsigned int j = 0; j < cases[i].names; j++)
			aml_name_integer(&aml, "EFGH", 0);
		aml_close(&aml);
		assert_false(aml.overflow);
		assert_memory_equal(large + 1, cases[i].encoded,
				    cases[i].count);
		assert_memory_equal(large + 1 + cases[i].count, "ABCD", 4);
	}
}

static void test_paths(void **unused)
{
	static const uint8_t expected[] = {
		0x86, '\\', 0x2e, '_',	'S',  'B', '_', 'P', 'W',  'R',
		'B',  0x0a, 0x80, 0x86, 0x2f, 3,   'A', '_', '_',  '_',
		'B',  '_',  '_',  '_',	'C',  '_', '_', '_', 0x01,
	};

	(void)unused;
	aml_start();
	aml_notify(&aml, "\\_SB.PWRB", 0x80);
	aml_notify(&aml, "A.B.C", 1);
	assert_aml(expected, sizeof(expected));
}

static void test_resources(void **unused)
{
	static const uint8_t expected[] = {
		0x08, '_',  'C',  'R',	'S',  0x11, 0x16, 0x0a, 0x13, 0x47,
		0x01, 0xf8, 0x03, 0xf8, 0x03, 0x01, 0x08, 0x89, 0x06, 0x00,
		0x03, 0x01, 0x04, 0x00, 0x00, 0x00, 0x79, 0x00,
	};
	struct aml_resources resources = {0};

	(void)unused;
	aml_resource_ports(&resources, 0x3f8, 8);
	aml_resource_irq(&resources, 4);
	aml_start();
	aml_name_resources(&aml, "_CRS", &resources);
	assert_aml(expected, sizeof(expected));
}

static void test_window(void **unused)
{
	struct aml_resources resources = {0};
	uint64_t words[5];

	(void)unused;
	aml_resource_window(&resources, 0xe0000000, 0x10000000);
	assert_int_equal(resources.size, 46);
	assert_memory_equal(resources.bytes, "\x8a\x2b\x00\x00", 4);
	memcpy(words, resources.bytes + 6, sizeof(words));
	assert_int_equal(words[1], 0xe0000000);
	assert_int_equal(words[2], 0xefffffff);
	assert_int_equal(words[4], 0x10000000);
}

static void test_aml_overflow(void **unused)
{
	uint8_t few[8];

	(void)unused;
	aml_init(&aml, few, sizeof(few));
	aml_scope(&aml, "\\_SB");
	aml_name_integer(&aml, "ABCD", 5);
	aml_close(&aml);
	assert_true(aml.overflow);
	assert_true(aml.size <= sizeof(few));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fadt),
		cmocka_unit_test(test_madt),
		cmocka_unit_test(test_waet),
		cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_integers),
		cmocka_unit_test(test_identifiers),
		cmocka_unit_test(test_nesting),
		cmocka_unit_test(test_package_length),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_resources),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_aml_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
