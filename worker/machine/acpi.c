/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ACPI tables a machine shows its child (ACPI 6.5, chapter 5). */
#include "acpi.h"

#include <errno.h>
#include <string.h>

#define HEADER_SIZE 36u
#define RSDP_SIZE   36u
#define FADT_SIZE   276u
#define TABLE_MAX   0x4000u
#define TABLES_MAX  8u

/* Tables are put one behind the other; their places go into the XSDT. */
struct writer {
	const struct memory *memory;
	uint64_t next; /* gpa */
	uint64_t listed[TABLES_MAX];
	unsigned int count;
	bool overflow;
};

struct table {
	uint8_t bytes[TABLE_MAX];
	size_t size;
};

static void put(uint8_t *at, unsigned int size, uint64_t value)
{
	memcpy(at, &value, size);
}

static uint8_t checksum(const uint8_t *bytes, size_t size)
{
	uint8_t sum = 0;

	while (size--)
		sum = (uint8_t)(sum + *bytes++);
	return (uint8_t)-sum;
}

static void table_start(struct table *table, const char *signature,
			uint8_t revision, size_t size)
{
	memset(table, 0, sizeof(*table));
	memcpy(table->bytes, signature, 4);
	table->bytes[8] = revision;
	memcpy(table->bytes + 10, "BLKHD ", 6);
	memcpy(table->bytes + 16, "BULKHEAD", 8);
	put(table->bytes + 24, 4, 1);
	memcpy(table->bytes + 28, "BLKH", 4);
	put(table->bytes + 32, 4, 1);
	table->size = size;
}

static void table_append(struct table *table, const void *bytes, size_t size)
{
	if (size > sizeof(table->bytes) - table->size)
		return; /* the writer sees a full table as an overflow */
	memcpy(table->bytes + table->size, bytes, size);
	table->size += size;
}

static uint64_t table_write(struct writer *writer, struct table *table)
{
	uint64_t at = writer->next;

	put(table->bytes + 4, 4, table->size);
	table->bytes[9] = checksum(table->bytes, table->size);
	writer->next = (at + table->size + 63) & ~63ULL;
	if (writer->next > ACPI_BASE + ACPI_SIZE ||
	    !memory_write(writer->memory, at, table->bytes, table->size))
		writer->overflow = true;
	return at;
}

static void table_list(struct writer *writer, struct table *table)
{
	writer->listed[writer->count++] = table_write(writer, table);
}

/* A register in I/O space; none when port is 0. */
static void put_register(uint8_t *at, uint16_t port, uint8_t bits)
{
	if (!port)
		return;
	at[0] = 1; /* system I/O */
	at[1] = bits;
	at[3] = bits == 8 ? 1 : bits == 16 ? 2 : 3;
	put(at + 4, 8, port);
}

/* Section 5.2.9; the old 32-bit fields say the same as the new ones. */
static void write_fadt(struct writer *writer, const struct acpi_fadt *fadt,
		       uint64_t dsdt)
{
	struct table table;
	uint8_t *bytes = table.bytes;

	table_start(&table, "FACP", 6, FADT_SIZE);
	put(bytes + 40, 4, dsdt);
	put(bytes + 46, 2, fadt->sci);
	put(bytes + 56, 4, fadt->pm1_event);
	put(bytes + 64, 4, fadt->pm1_control);
	put(bytes + 76, 4, fadt->pm_timer);
	bytes[88] = fadt->pm1_event ? 4 : 0;
	bytes[89] = fadt->pm1_control ? 2 : 0;
	bytes[91] = fadt->pm_timer ? 4 : 0;
	put(bytes + 96, 2, 0xfff); /* no C2 */
	put(bytes + 98, 2, 0xfff); /* no C3 */
	if (!(fadt->flags & ACPI_FADT_REDUCED))
		bytes[108] = 0x32; /* century in the RTC's CMOS */
	put(bytes + 109, 2, fadt->boot_flags);
	put(bytes + 112, 4, fadt->flags);
	put_register(bytes + 116, fadt->reset, 8);
	bytes[128] = fadt->reset_value;
	bytes[131] = 5; /* minor version: 6.5 */
	put(bytes + 140, 8, dsdt);
	put_register(bytes + 148, fadt->pm1_event, 32);
	put_register(bytes + 172, fadt->pm1_control, 16);
	put_register(bytes + 208, fadt->pm_timer, 32);
	put_register(bytes + 244, fadt->sleep_control, 8);
	put_register(bytes + 256, fadt->sleep_status, 8);
	memcpy(bytes + 268, "Bulkhead", 8); /* hypervisor vendor identity */
	table_list(writer, &table);
}

/* Section 5.2.12. */
static void write_madt(struct writer *writer, const struct acpi_madt *madt)
{
	uint8_t ioapic[12] = {1, 12, (uint8_t)madt->processors};
	const uint8_t nmi[] = {4, 6, 0xff, 0, 0, 1}; /* LINT1 of all */
	struct table table;

	table_start(&table, "APIC", 5, HEADER_SIZE + 8);
	put(table.bytes + 36, 4, ACPI_LOCAL_APIC);
	put(table.bytes + 40, 4, madt->pic);
	for (unsigned int i = 0; i < madt->processors; i++) {
		const uint8_t entry[] = {0, 8, (uint8_t)i, (uint8_t)i,
					 1, 0, 0,	   0};

		table_append(&table, entry, sizeof(entry));
	}
	put(ioapic + 4, 4, ACPI_IOAPIC);
	table_append(&table, ioapic, sizeof(ioapic));
	for (unsigned int i = 0; i < madt->override_count; i++) {
		const struct acpi_override *override = &madt->overrides[i];
		uint8_t entry[10] = {2, 10, 0, override->isa, override->gsi};

		put(entry + 8, 2, override->flags);
		table_append(&table, entry, sizeof(entry));
	}
	table_append(&table, nmi, sizeof(nmi));
	table_list(writer, &table);
}

/* Windows ACPI Emulated devices Table: what need not be worked around. */
static void write_waet(struct writer *writer, bool pm_timer_good)
{
	struct table table;

	table_start(&table, "WAET", 1, HEADER_SIZE + 4);
	put(table.bytes + 36, 4, pm_timer_good ? 2 : 0);
	table_list(writer, &table);
}

static uint64_t write_dsdt(struct writer *writer,
			   const struct acpi_options *options)
{
	struct table table;
	struct aml aml;

	table_start(&table, "DSDT", 2, HEADER_SIZE);
	aml_init(&aml, table.bytes + HEADER_SIZE, TABLE_MAX - HEADER_SIZE);
	options->describe(&aml, options->owner);
	table.size += aml.size;
	writer->overflow |= aml.overflow;
	return table_write(writer, &table);
}

static uint64_t write_xsdt(struct writer *writer)
{
	struct table table;

	table_start(&table, "XSDT", 1, HEADER_SIZE);
	table_append(&table, writer->listed,
		     writer->count * sizeof(writer->listed[0]));
	return table_write(writer, &table);
}

static void write_rsdp(struct writer *writer, uint64_t xsdt)
{
	uint8_t bytes[RSDP_SIZE] = "RSD PTR ";

	memcpy(bytes + 9, "BLKHD ", 6);
	bytes[15] = 2;
	put(bytes + 20, 4, RSDP_SIZE);
	put(bytes + 24, 8, xsdt);
	bytes[8] = checksum(bytes, 20);
	bytes[32] = checksum(bytes, RSDP_SIZE);
	if (!memory_write(writer->memory, ACPI_BASE, bytes, sizeof(bytes)))
		writer->overflow = true;
}

int acpi_build(const struct memory *memory, const struct acpi_options *options,
	       uint64_t *rsdp)
{
	struct writer writer = {
		.memory = memory,
		.next = ACPI_BASE + 64, /* behind the root pointer */
	};
	uint64_t dsdt = write_dsdt(&writer, options);

	write_fadt(&writer, &options->fadt, dsdt);
	write_madt(&writer, &options->madt);
	write_waet(&writer, options->pm_timer_good);
	write_rsdp(&writer, write_xsdt(&writer));
	*rsdp = ACPI_BASE;
	return writer.overflow ? -ENOSPC : 0;
}
