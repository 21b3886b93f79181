/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ACPI's static tables say about processors and clocks; no AML. */
#include "acpi.h"
#include "../lib/print.h"
#include "../lib/string.h"
#include "../x86/cpu.h"

#define MAPPED_END  (4ull << 30)
#define RSDP_SIZE_1 20u /* what revision 0 has, and its checksum covers */

/* ACPI 6.4, 5.2.5.3 */
struct rsdp {
	char signature[8];
	uint8_t checksum;
	char oem[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t length;
	uint64_t xsdt;
	uint8_t extended_checksum, reserved[3];
} __attribute__((packed));
_Static_assert(sizeof(struct rsdp) == sizeof((struct boot_info){0}.rsdp),
	       "size of the root pointer");

/* 5.2.6 */
struct table {
	char signature[4];
	uint32_t length;
	uint8_t revision;
	uint8_t checksum;
	char oem[6];
	char oem_table[8];
	uint32_t oem_revision, creator, creator_revision;
} __attribute__((packed));

/* 5.2.12: a table of entries, each with type and length */
struct madt {
	struct table table;
	uint32_t local_apic;
	uint32_t flags;
} __attribute__((packed));

struct madt_entry {
	uint8_t type;
	uint8_t length;
} __attribute__((packed));

struct madt_local_apic {
	struct madt_entry entry;
	uint8_t processor;
	uint8_t id;
	uint32_t flags;
} __attribute__((packed));

struct madt_local_x2apic {
	struct madt_entry entry;
	uint16_t reserved;
	uint32_t id;
	uint32_t flags;
} __attribute__((packed));

#define MADT_LOCAL_APIC	  0
#define MADT_LOCAL_X2APIC 9
#define MADT_ENABLED	  BIT(0)

/* 5.2.9 */
#define FADT_PM_TIMER	       76
#define FADT_FLAGS	       112
#define FADT_PM_TIMER_EXTENDED 208
#define FADT_FLAG_TIMER_32BIT  BIT(8)

/* 5.2.3.2 */
struct address {
	uint8_t space;
	uint8_t bits, offset, access;
	uint64_t value;
} __attribute__((packed));

#define SPACE_MEMORY 0
#define SPACE_PORT   1

/* HPET specification 1.0a, 3.2.4 */
#define HPET_ADDRESS 40

static bool sums_to_zero(const void *bytes, uint32_t size)
{
	uint8_t sum = 0;

	for (uint32_t i = 0; i < size; i++)
		sum = (uint8_t)(sum + ((const uint8_t *)bytes)[i]);
	return sum == 0;
}

static bool is_rsdp(const struct rsdp *rsdp)
{
	return memcmp(rsdp->signature, "RSD PTR ", 8) == 0 &&
	       sums_to_zero(rsdp, RSDP_SIZE_1);
}

static uint64_t scan(uint64_t start, uint64_t end)
{
	for (uint64_t at = start; at < end; at += 16)
		if (is_rsdp(cpu_map(SPA(at))))
			return at;
	return 0;
}

/* ACPI 6.4, 5.2.5.1: the extended BIOS data area, then the BIOS itself. */
static uint64_t find_bios_rsdp(void)
{
	uint64_t area = (uint64_t) * (const uint16_t *)cpu_map(SPA(0x40e)) << 4;
	uint64_t found = 0;

	if (area >= 0x80000 && area < 0xa0000)
		found = scan(area, area + 1024);
	return found != 0 ? found : scan(0xe0000, 0x100000);
}

/* A whole table that is mapped and has a right sum, or NULL. */
static const struct table *table_at(uint64_t spa)
{
	const struct table *table;

	if (spa == 0 || spa > MAPPED_END - sizeof(*table))
		return NULL;
	table = cpu_map(SPA(spa));
	if (table->length < sizeof(*table) ||
	    table->length > MAPPED_END - spa ||
	    !sums_to_zero(table, table->length))
		return NULL;
	return table;
}

static bool is(const struct table *table, const char *signature)
{
	return memcmp(table->signature, signature, 4) == 0;
}

static void add_processor(struct acpi_facts *facts, uint32_t id, uint32_t flags)
{
	if ((flags & MADT_ENABLED) == 0)
		return;
	for (uint32_t i = 0; i < facts->processor_count; i++)
		if (facts->apic_ids[i] == id)
			return;
	if (facts->processor_count == ACPI_PROCESSORS_MAX)
		facts->processors_left_out++;
	else
		facts->apic_ids[facts->processor_count++] = id;
}

static void read_madt(const struct madt *madt, struct acpi_facts *facts)
{
	const uint8_t *at = (const uint8_t *)(madt + 1);
	const uint8_t *end = (const uint8_t *)madt + madt->table.length;

	while (at + sizeof(struct madt_entry) <= end) {
		const struct madt_entry *entry = (const void *)at;
		const struct madt_local_apic *apic = (const void *)at;
		const struct madt_local_x2apic *x2apic = (const void *)at;

		if (entry->length < sizeof(*entry) || at + entry->length > end)
			break;
		if (entry->type == MADT_LOCAL_APIC &&
		    entry->length >= sizeof(*apic))
			add_processor(facts, apic->id, apic->flags);
		else if (entry->type == MADT_LOCAL_X2APIC &&
			 entry->length >= sizeof(*x2apic))
			add_processor(facts, x2apic->id, x2apic->flags);
		at += entry->length;
	}
}

static uint32_t read32(const struct table *table, uint32_t offset)
{
	uint32_t value = 0;

	if (table->length >= offset + sizeof(value))
		memcpy(&value, (const uint8_t *)table + offset, sizeof(value));
	return value;
}

static void read_address(const struct table *table, uint32_t offset,
			 struct address *address)
{
	memset(address, 0, sizeof(*address));
	if (table->length >= offset + sizeof(*address))
		memcpy(address, (const uint8_t *)table + offset,
		       sizeof(*address));
}

static void read_fadt(const struct table *table, struct acpi_facts *facts)
{
	struct address timer;

	read_address(table, FADT_PM_TIMER_EXTENDED, &timer);
	if (timer.space == SPACE_PORT && timer.value != 0)
		facts->pm_timer_port = (uint16_t)timer.value;
	else
		facts->pm_timer_port = (uint16_t)read32(table, FADT_PM_TIMER);
	facts->pm_timer_32bit =
		(read32(table, FADT_FLAGS) & FADT_FLAG_TIMER_32BIT) != 0;
}

static void read_hpet(const struct table *table, struct acpi_facts *facts)
{
	struct address address;

	read_address(table, HPET_ADDRESS, &address);
	if (address.space == SPACE_MEMORY)
		facts->hpet = address.value;
}

static void read_table(uint64_t spa, struct acpi_facts *facts)
{
	const struct table *table = table_at(spa);

	if (table == NULL)
		return;
	if (is(table, "APIC"))
		read_madt((const struct madt *)table, facts);
	else if (is(table, "FACP"))
		read_fadt(table, facts);
	else if (is(table, "HPET"))
		read_hpet(table, facts);
}

/* Addresses in the root tables are 4 or 8 bytes wide. */
static void read_root(const struct table *root, uint32_t width,
		      struct acpi_facts *facts)
{
	const uint8_t *end = (const uint8_t *)root + root->length;

	for (const uint8_t *at = (const uint8_t *)(root + 1); at + width <= end;
	     at += width) {
		uint64_t spa = 0;

		memcpy(&spa, at, width);
		read_table(spa, facts);
	}
}

void acpi_read(const struct boot_info *info, struct acpi_facts *facts)
{
	struct rsdp rsdp = {0};
	const struct table *root = NULL;

	memset(facts, 0, sizeof(*facts));
	if (!info->efi)
		facts->rsdp = find_bios_rsdp();
	if (facts->rsdp != 0)
		memcpy(&rsdp, cpu_map(SPA(facts->rsdp)), sizeof(rsdp));
	else
		memcpy(&rsdp, info->rsdp, info->rsdp_size);
	if (!is_rsdp(&rsdp)) {
		print("boot: ACPI: no tables\n");
		return;
	}
	if (rsdp.revision >= 2)
		root = table_at(rsdp.xsdt);
	if (root != NULL && is(root, "XSDT"))
		read_root(root, 8, facts);
	else if ((root = table_at(rsdp.rsdt)) != NULL && is(root, "RSDT"))
		read_root(root, 4, facts);
	else
		print("boot: ACPI: no root table\n");
}
