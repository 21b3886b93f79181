/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The second processor's way up from real mode, with what it finds there. Runs
 * at 8000h: second.c copies it. */
#define RECORD	(second_record - second_image)
#define AT(n)	(RECORD + 4 * (n))

	.section .rodata
	.globl second_image, second_image_end, second_record
	.code16
	.align 16
second_image:
	cli
	cld
	mov %cs, %ax
	mov %ax, %ds
	mov %ax, %ss
	mov $0x0ff0, %sp
	pushfl
	popl %ebx
	mov %ebx, AT(6)
	movzwl %ax, %eax
	mov %eax, AT(0)

	/* An interrupt by the table at 0. */
	xor %bx, %bx
	mov %bx, %es
	movw $(real_handler - second_image), %es:0x180
	mov %ax, %es:0x182
	int $0x60

	mov $0x40000000, %eax
	cpuid
	mov %eax, AT(2)
	mov $0x2f8, %dx
	xor %eax, %eax
	in %dx, %al
	mov %eax, AT(3)

	mov $0x12345, %eax
	mov $0x10001, %ecx
	mul %ecx
	mov %eax, AT(4)

	/* A byte through a segment that has just been loaded. */
	mov %ax, %es
	mov %cs, %ax
	mov %ax, %es
	movzbl %es:(real_byte - second_image), %eax
	mov %eax, AT(5)

	mov $(real_string - second_image), %si
	mov $4, %cx
	xor %ebx, %ebx
1:	lodsb
	movzbl %al, %eax
	add %eax, %ebx
	loop 1b
	mov %ebx, AT(7)

	/* Straight to 64 bits. */
	mov %cr4, %eax
	or $0x20, %eax
	mov %eax, %cr4
	mov $page_pml4, %eax
	mov %eax, %cr3
	mov $0xc0000080, %ecx
	rdmsr
	or $0x100, %eax
	wrmsr
	lgdtl (second_gdt - second_image)
	mov %cr0, %eax
	or $0x80000001, %eax
	mov %eax, %cr0
	ljmpl $0x08, $second_entry

real_handler:
	movl $0x60, %cs:AT(1)
	iret
real_byte:
	.byte 0x5a
real_string:
	.byte 1, 2, 3, 4
second_gdt:
	.word 23
	.long gdt
	.align 4
second_record:
	.skip 32
second_image_end:

	.text
	.code64
second_entry:
	mov $0x10, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	mov $second_stack_end, %esp
	xor %ebp, %ebp
	call second_main
1:	cli
	hlt
	jmp 1b

	.section .note.GNU-stack, "", @progbits
	.bss
	.globl second_stack, second_stack_end
	.align 16
second_stack:	.skip 8192
second_stack_end:
