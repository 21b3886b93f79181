/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ACPI's static tables say about processors and clocks; no AML. */
#include "acpi.h"
#include "../lib/print.h"
#include "../lib/string.h"
#include "../x86/cpu.h"

#define MAPPED_END (4ull << 30)

/* Offsets. ACPI 6.4, 5.2.5.3: the root pointer. */
#define RSDP_REVISION 15
#define RSDP_RSDT     16
#define RSDP_XSDT     24
#define RSDP_SIZE_1   20u /* what revision 0 has, and its checksum covers */

/* 5.2.6: what every table begins with. */
#define TABLE_LENGTH 4
#define TABLE_HEADER 36u

/* 5.2.12: entries that each begin with type and length. */
#define MADT_ENTRIES	  44u
#define MADT_LOCAL_APIC	  0
#define MADT_LOCAL_X2APIC 9
#define MADT_ENABLED	  1

/* 5.2.9; an address begins with its space, and has its value at 4. */
#define FADT_PM_TIMER	       76
#define FADT_PM_TIMER_EXTENDED 208
#define SPACE_PORT	       1

/* HPET specification 1.0a, 3.2.4 */
#define HPET_ADDRESS 40

/* Some bytes of memory; a field beyond them reads as zero. */
struct bytes {
	const uint8_t *start;
	uint32_t size;
};

static uint64_t field(struct bytes bytes, uint32_t offset, uint32_t size)
{
	uint64_t value = 0;

	if (bytes.size >= offset + size)
		memcpy(&value, bytes.start + offset, size);
	return value;
}

static bool sums_to_zero(struct bytes bytes)
{
	unsigned int sum = 0;

	for (uint32_t i = 0; i < bytes.size; i++)
		sum += bytes.start[i];
	return (uint8_t)sum == 0;
}

static bool is_rsdp(const uint8_t *start)
{
	return memcmp(start, "RSD PTR ", 8) == 0 &&
	       sums_to_zero((struct bytes){start, RSDP_SIZE_1});
}

/* ACPI 6.4, 5.2.5.1: in the extended BIOS data area, or the BIOS itself. */
static void find_rsdp(struct boot_info *info, uint64_t start, uint64_t size)
{
	const uint8_t *area = cpu_map(SPA(start));

	for (uint64_t at = 0; at < size && info->rsdp_size == 0; at += 16) {
		if (!is_rsdp(area + at))
			continue;
		info->rsdp_size = sizeof(info->rsdp);
		memcpy(info->rsdp, area + at, sizeof(info->rsdp));
	}
}

/* A whole table that is mapped and has a right sum, or nothing. */
static struct bytes table_at(uint64_t spa)
{
	struct bytes table = {cpu_map(SPA(spa)), TABLE_HEADER};

	if (spa == 0 || spa > MAPPED_END - TABLE_HEADER)
		return (struct bytes){0};
	table.size = (uint32_t)field(table, TABLE_LENGTH, 4);
	if (table.size < TABLE_HEADER || table.size > MAPPED_END - spa ||
	    !sums_to_zero(table))
		return (struct bytes){0};
	return table;
}

static bool is(struct bytes table, const char *signature)
{
	return table.size != 0 && memcmp(table.start, signature, 4) == 0;
}

static void add_processor(struct acpi_facts *facts, uint64_t id, uint64_t flags)
{
	if ((flags & MADT_ENABLED) == 0)
		return;
	for (uint32_t i = 0; i < facts->processor_count; i++)
		if (facts->apic_ids[i] == id)
			return;
	if (facts->processor_count == ACPI_PROCESSORS_MAX)
		facts->processors_left_out++;
	else
		facts->apic_ids[facts->processor_count++] = (uint32_t)id;
}

static void read_madt(struct bytes table, struct acpi_facts *facts)
{
	uint32_t length;

	for (uint32_t at = MADT_ENTRIES; at + 2 <= table.size; at += length) {
		struct bytes entry = {table.start + at, table.size - at};

		length = entry.start[1];
		if (length < 2 || length > entry.size)
			break;
		entry.size = length;
		if (entry.start[0] == MADT_LOCAL_APIC)
			add_processor(facts, field(entry, 3, 1),
				      field(entry, 4, 4));
		else if (entry.start[0] == MADT_LOCAL_X2APIC)
			add_processor(facts, field(entry, 4, 4),
				      field(entry, 8, 4));
	}
}

static void read_table(struct bytes table, struct acpi_facts *facts)
{
	if (is(table, "APIC")) {
		read_madt(table, facts);
	} else if (is(table, "FACP")) {
		if (field(table, FADT_PM_TIMER_EXTENDED, 1) == SPACE_PORT)
			facts->pm_timer_port = (uint16_t)field(
				table, FADT_PM_TIMER_EXTENDED + 4, 8);
		if (facts->pm_timer_port == 0)
			facts->pm_timer_port =
				(uint16_t)field(table, FADT_PM_TIMER, 4);
	} else if (is(table, "HPET") && field(table, HPET_ADDRESS, 1) == 0) {
		facts->hpet = SPA(field(table, HPET_ADDRESS + 4, 8));
	}
}

void acpi_read(struct boot_info *info, struct acpi_facts *facts)
{
	struct bytes rsdp = {info->rsdp, sizeof(info->rsdp)};
	struct bytes root = {0};
	uint32_t width = 8; /* of the root table's addresses */

	if (!info->efi) {
		uint16_t segment = *(const uint16_t *)cpu_map(SPA(0x40e));

		if (segment >= 0x8000 && segment < 0xa000)
			find_rsdp(info, (uint64_t)segment << 4, 1024);
		find_rsdp(info, 0xe0000, 0x20000);
	}
	if (is_rsdp(info->rsdp) && info->rsdp[RSDP_REVISION] >= 2)
		root = table_at(field(rsdp, RSDP_XSDT, 8));
	if (is_rsdp(info->rsdp) && !is(root, "XSDT")) {
		root = table_at(field(rsdp, RSDP_RSDT, 4));
		width = 4;
	}
	if (!is(root, width == 8 ? "XSDT" : "RSDT")) {
		print("boot: ACPI: no tables\n");
		return;
	}
	for (uint32_t at = TABLE_HEADER; at + width <= root.size; at += width)
		read_table(table_at(field(root, at, width)), facts);
}
