/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Linux boot header (boot protocol 2.15), and what a loader that knows
 * only the 16-bit entry, as QEMU's own, starts: it goes to 32 bits at 1 MiB.
 */
	.section .header, "a"
header:
	.org 0x1f1
	.byte 1			/* setup_sects: one after the boot sector */
	.org 0x1f4
	.long image_paragraphs
	.org 0x1fe
	.word 0xaa55
	.word 0x66eb		/* to 0x268; tells the header's length */
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

	.org 0x268
	.code16
	/* DS is where the header begins; ESI becomes that as an address, for
	   header and boot_params have the same offsets. */
	cli
	xor %eax, %eax
	mov %ds, %ax
	shl $4, %eax
	mov %eax, %esi
	add $(setup_gdt - header), %eax
	mov %eax, setup_pointer - header + 2
	lgdtl setup_pointer - header
	mov %cr0, %eax
	or $1, %eax
	mov %eax, %cr0
	ljmpl $0x10, $0x100000

	.align 8
setup_gdt:
	.quad 0, 0
	.quad 0x00cf9b000000ffff	/* 10h: 32-bit code, as the protocol has it */
	.quad 0x00cf93000000ffff	/* 18h: data */
setup_pointer:
	.word 31
	.long 0
	.org 0x400
