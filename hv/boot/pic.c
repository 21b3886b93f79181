/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The 8259 pair as firmware left it: silenced until the parent programs it. */
#include "pic.h"
#include "../x86/register.h"

#define PIC_1	       0x20
#define PIC_2	       0xa0
#define PIC_DATA       1
#define PIC_INITIALIZE 0x11 /* ICW1: edge, cascade, ICW4 follows */
#define PIC_BASE       0x30 /* what the parent will choose too */

/*
 * A BIOS leaves the timer's line at vector 8, which the hypervisor would take
 * for a double fault. Even masked, a spurious interrupt needs a vector.
 */
void pic_quiet(void)
{
	port_write8(PIC_1 + PIC_DATA, 0xff);
	port_write8(PIC_2 + PIC_DATA, 0xff);
	port_write8(PIC_1, PIC_INITIALIZE);
	port_write8(PIC_2, PIC_INITIALIZE);
	port_write8(PIC_1 + PIC_DATA, PIC_BASE);
	port_write8(PIC_2 + PIC_DATA, PIC_BASE + 8);
	port_write8(PIC_1 + PIC_DATA, 1 << 2); /* the second on line 2 */
	port_write8(PIC_2 + PIC_DATA, 2);
	port_write8(PIC_1 + PIC_DATA, 1); /* 8086 mode */
	port_write8(PIC_2 + PIC_DATA, 1);
	port_write8(PIC_1 + PIC_DATA, 0xff);
	port_write8(PIC_2 + PIC_DATA, 0xff);
}
