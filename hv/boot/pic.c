/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The 8259 pair as firmware left it: silenced until the parent programs it. */
#include "pic.h"
#include "../x86/register.h"

#define PIC_INITIALIZE 0x11 /* ICW1: edge, cascade, ICW4 follows */
#define PIC_BASE       0x30 /* what the parent will choose too */
#define PIC_8086       1

/*
 * A BIOS leaves the timer's line at vector 8, which the hypervisor would take
 * for a double fault. Even masked, a spurious interrupt needs a vector.
 */
void pic_quiet(void)
{
	static const struct {
		uint16_t port;
		uint8_t base;
		uint8_t cascade; /* the second is on the first's line 2 */
	} pics[] = {{0x20, PIC_BASE, 1 << 2}, {0xa0, PIC_BASE + 8, 2}};

	for (unsigned int i = 0; i < ARRAY_SIZE(pics); i++) {
		uint16_t data = pics[i].port + 1;

		port_write8(data, 0xff);
		port_write8(pics[i].port, PIC_INITIALIZE);
		port_write8(data, pics[i].base);
		port_write8(data, pics[i].cascade);
		port_write8(data, PIC_8086);
		port_write8(data, 0xff);
	}
}
