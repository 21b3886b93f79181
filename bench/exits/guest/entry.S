/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the loader to C: move to where we are linked, own page tables and
 * stack. The same for the second processor, which begins in real mode.
 */
#define SECOND_START 0x8000	/* where a start-up IPI sends it */
#define SECOND_STACK 4096

	/* Clears what is to be zero and maps 4 GiB by 2 MiB pages, identity;
	   the same instructions in 32 and 64 bits. */
	.macro prepare
	mov $bss_start, %edi
	mov $bss_end, %ecx
	sub %edi, %ecx
	xor %eax, %eax
	rep stosb
	mov $page_pml4, %edi
	mov $page_pdpt + 3, %eax
	mov %eax, (%edi)
	mov $page_pdpt, %edi
	mov $page_directory + 3, %eax
	mov $4, %ecx
3:	mov %eax, (%edi)
	add $8, %edi
	add $4096, %eax
	sub $1, %ecx
	jnz 3b
	mov $page_directory, %edi
	mov $0x83, %eax
	mov $2048, %ecx
4:	mov %eax, (%edi)
	add $8, %edi
	add $0x200000, %eax
	sub $1, %ecx
	jnz 4b
	.endm

	/* 32 bits without paging to 64 with it. */
	.macro go_long
	mov $page_pml4, %eax
	mov %eax, %cr3
	mov %cr4, %eax
	or $0x20, %eax			/* PAE */
	mov %eax, %cr4
	mov $0xc0000080, %ecx
	rdmsr
	or $0x100, %eax			/* LME */
	wrmsr
	mov %cr0, %eax
	or $0x80000001, %eax
	mov %eax, %cr0
	lgdt gdt_pointer
	.endm

	.section .entry, "ax"
image_entry:
	.code32
	mov $0x18, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	cld
	mov %esi, %ebx			/* boot_params */
	mov $0x100000, %esi
	mov $image_entry, %edi
	mov $image_end, %ecx
	sub %edi, %ecx
	rep movsb
	mov $1f, %eax
	jmp *%eax
1:	prepare
	go_long
	ljmp $0x08, $start

	.org 0x200
	.code64
	.globl entry_64
entry_64:
	cli
	cld
	mov %rsi, %rbx
	lea image_entry(%rip), %rsi
	mov $image_entry, %edi
	mov $image_end, %ecx
	sub %edi, %ecx
	cmp %rsi, %rdi
	je 1f
	rep movsb
1:	mov $2f, %eax
	jmp *%rax
2:	prepare
	mov $page_pml4, %eax
	mov %rax, %cr3
	lgdt gdt_pointer
	mov $stack_end, %esp
	push $0x08
	push $start
	lretq

start:	mov $0x10, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	mov $stack_end, %esp
	mov %ebx, %edi
	call guest_main
1:	cli
	hlt
	jmp 1b

	.text
	.globl exception_entry
exception_entry:
	mov %rsp, %rdi
	and $-16, %rsp
	call exception_report

/* ---- The second processor; copied to SECOND_START ---- */

	.text
	.globl second_begin
	.globl second_end
	.code16
second_begin:
	cli
	xor %eax, %eax
	mov %ax, %ds
	lgdtl SECOND_START + second_pointer - second_begin
	mov %cr0, %eax
	or $1, %eax
	mov %eax, %cr0
	ljmpl $0x18, $second_32
	.align 4
second_pointer:
	.word 31
	.long gdt
second_end:

	.code32
second_32:
	mov $0x10, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	go_long
	ljmp $0x08, $second_64
	.code64
second_64:
	mov $second_stack_end, %esp
	call second_main
1:	cli
	hlt
	jmp 1b

	.data
	.align 8
gdt:	.quad 0
	.quad 0x00af9b000000ffff	/* 08h: 64-bit code */
	.quad 0x00cf93000000ffff	/* 10h: data */
	.quad 0x00cf9b000000ffff	/* 18h: 32-bit code */
gdt_pointer:
	.word 31
	.quad gdt

	.bss
	.align 4096
page_pml4:	.skip 4096
page_pdpt:	.skip 4096
page_directory:	.skip 4 * 4096
stack:		.skip 16384
stack_end:
		.skip SECOND_STACK
second_stack_end:

#include "bench/count/mark.S"
