/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random values to every port in every width; those that end or reset the
 * machine come last. */
#include "guest.h"

/* The ACPI registers and reset of both machines, the keyboard's reset line. */
static bool is_ending(uint32_t port)
{
	return port == 0x64 || port == 0x92 || port == 0xcf9 ||
	       (port >= 0x400 && port < 0x700) || (port & ~7u) == 0x3f8;
}

void port_hostile(void)
{
	uint32_t port;

	for (port = 0; port < 0x10000; port++) {
		const uint64_t value = random_next();

		if (is_ending(port))
			continue;
		switch (value >> 62) {
		case 0:
			port_write((uint16_t)port, (uint8_t)value);
			break;
		case 1:
			port_write16((uint16_t)port, (uint16_t)value);
			break;
		case 2:
			port_write32((uint16_t)port, (uint32_t)value);
			break;
		default:
			port_read32((uint16_t)port);
		}
	}
	print("guest: ports written\n");
}
