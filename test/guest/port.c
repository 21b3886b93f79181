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

/* A wide access reaches its neighbours too. */
bool port_reaches_ending(uint32_t port, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++)
		if (is_ending(port + i))
			return true;
	return false;
}

static void write_random(uint16_t port, uint32_t size, uint64_t value)
{
	if (size == 1)
		port_write(port, (uint8_t)value);
	else if (size == 2)
		port_write16(port, (uint16_t)value);
	else
		port_write32(port, (uint32_t)value);
}

void port_hostile(void)
{
	uint32_t port;

	for (port = 0; port < 0x10000; port++) {
		const uint64_t value = random_next();
		const uint32_t size = 1u << (value >> 62) % 3;

		if (port_reaches_ending(port, size))
			continue;
		if (value >> 62 == 3)
			port_read32((uint16_t)port);
		else
			write_random((uint16_t)port, size, value);
	}
	print("guest: ports written\n");
}
