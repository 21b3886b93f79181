/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Power-off by the FADT alone: every sleep type is tried, for only AML knows
 * which one is S5. */
#include "guest.h"

/* ACPI 6.5, 5.2.5.3, 5.2.8, 5.2.9 */
#define RSDP_XSDT	      24
#define TABLE_LENGTH	      4
#define TABLE_ENTRIES	      36
#define FADT_PM1_CONTROL      64
#define FADT_FLAGS	      112
#define FADT_SLEEP_CONTROL    (244 + 4)
#define FADT_HARDWARE_REDUCED (1u << 20)
#define PM1_SLEEP	      0x2000u
#define SLEEP_CONTROL_ENABLE  0x20u

static uint32_t read_32(const uint8_t *at)
{
	return *(const uint32_t *)(const void *)at;
}

/* Entries of the XSDT are not aligned. */
static uint64_t read_64(const uint8_t *at)
{
	return read_32(at) | (uint64_t)read_32(at + 4) << 32;
}

static const uint8_t *fadt_find(const uint8_t *rsdp)
{
	const uint8_t *xsdt = (const uint8_t *)read_64(rsdp + RSDP_XSDT);
	const uint32_t length = read_32(xsdt + TABLE_LENGTH);
	uint32_t i;

	for (i = TABLE_ENTRIES; i + 8 <= length; i += 8) {
		const uint8_t *table = (const uint8_t *)read_64(xsdt + i);

		if (table[0] == 'F' && table[1] == 'A' && table[2] == 'C' &&
		    table[3] == 'P')
			return table;
	}
	return NULL;
}

void acpi_power_off(const uint8_t *rsdp)
{
	const uint8_t *fadt = rsdp ? fadt_find(rsdp) : NULL;
	unsigned int type;

	if (!fadt) {
		print("guest: no ACPI tables\n");
		return;
	}
	for (type = 0; type < 8; type++) {
		if (read_32(fadt + FADT_FLAGS) & FADT_HARDWARE_REDUCED)
			port_write((uint16_t)read_64(fadt + FADT_SLEEP_CONTROL),
				   (uint8_t)(type << 2 | SLEEP_CONTROL_ENABLE));
		else
			port_write16((uint16_t)read_32(fadt + FADT_PM1_CONTROL),
				     (uint16_t)(type << 10 | PM1_SLEEP));
	}
}
