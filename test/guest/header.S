/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Linux boot header: offsets are those of the boot protocol, 2.15. */
	.section .header, "a"
	.org 0x1f1
	.byte 1			/* setup_sects: one after the boot sector */
	.org 0x1f4
	.long image_paragraphs
	.org 0x1fe
	.word 0xaa55
	.word 0x66eb		/* jump past the header: tells its length */
	.ascii "HdrS"
	.word 0x020f
	.org 0x211
	.byte 1			/* loaded high */
	.org 0x214
	.long 0x100000		/* code32_start */
	.org 0x22c
	.long 0x7fffffff	/* initrd_addr_max */
	.long 0x200000		/* kernel_alignment */
	.byte 1			/* relocatable: it moves itself */
	.byte 21		/* min_alignment */
	.word 3			/* a 64-bit entry at 0x200, also above 4 GiB */
	.long 2047		/* cmdline_size */
	.org 0x258
	.quad 0x100000		/* pref_address */
	.long 0x800000		/* init_size */
	.org 0x400
