/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first instructions of every processor: what the boot loader or a start-up
 * IPI jumps to, up to the first line of C. Paging starts with tables that show
 * the first 4 GiB at 0, at the direct map's place and at the image's.
 */
#include "../x86/descriptor.h"
#include "multiboot.h"

#define CR0_PE_PG 0x80010001 /* and WP */
#define CR4_PAE_PGE 0xa0
#define MSR_EFER 0xc0000080
#define EFER_LME 0x100
#define EFER_NXE_BIT 11
#define AREA_SIZE 32768
#define DESCRIPTOR_CODE_32 0x18

/* --- Headers: within the first 8 KiB (1) and 32 KiB (2) of the file --- */
	.section .multiboot, "a"
	.balign 8
multiboot1_header:
	.long MULTIBOOT1_HEADER_MAGIC
	.long MULTIBOOT1_HEADER_FLAGS
	.long -(MULTIBOOT1_HEADER_MAGIC + MULTIBOOT1_HEADER_FLAGS)

	.balign 8
multiboot2_header:
	.long MULTIBOOT2_HEADER_MAGIC
	.long 0 /* i386 protected mode */
	.long multiboot2_header_end - multiboot2_header
	.long -(MULTIBOOT2_HEADER_MAGIC + multiboot2_header_end - multiboot2_header)

	.balign 8
	.short MULTIBOOT2_HEADER_TAG_INFORMATION
	.short 1 /* optional */
	.long 8 + 5 * 4
	.long MULTIBOOT2_TAG_MEMORY
	.long MULTIBOOT2_TAG_EFI64
	.long MULTIBOOT2_TAG_ACPI_OLD
	.long MULTIBOOT2_TAG_ACPI_NEW
	.long MULTIBOOT2_TAG_FRAMEBUFFER

	.balign 8
	.short MULTIBOOT2_HEADER_TAG_FRAMEBUFFER
	.short 1 /* optional: any mode, or none */
	.long 20
	.long 0, 0, 0

	.balign 8
	.short MULTIBOOT2_HEADER_TAG_ALIGN
	.short 0
	.long 8

	.balign 8
	.short 0
	.short 0
	.long 8
multiboot2_header_end:

/* --- The boot processor: EAX magic, EBX information --- */
	.section .start, "awx"
	.code32
	.globl entry
entry:
	cli
	cld
	movl %eax, %ebp
	movl %ebx, %esi
	movl $start_stack_end, %esp

	/* PML4, PDPT, four directories of 2 MiB pages, PDPT of the image. */
	movl $start_tables, %edi
	leal 0x1003(%edi), %eax
	movl %eax, (%edi)		/* 0 */
	movl %eax, 256 * 8(%edi)	/* direct map */
	leal 0x6003(%edi), %eax
	movl %eax, 511 * 8(%edi)	/* image */
	leal 0x2003(%edi), %eax
	movl %eax, 0x1000(%edi)
	movl %eax, 0x6000 + 510 * 8(%edi)
	addl $0x1000, %eax
	movl %eax, 0x1008(%edi)
	addl $0x1000, %eax
	movl %eax, 0x1010(%edi)
	addl $0x1000, %eax
	movl %eax, 0x1018(%edi)

	xorl %ecx, %ecx
	movl $0x83, %eax		/* present, writable, 2 MiB */
1:	movl %eax, 0x2000(%edi, %ecx, 8)
	addl $0x200000, %eax
	incl %ecx
	cmpl $2048, %ecx
	jne 1b

	call long_mode_enter
	ljmp $DESCRIPTOR_CODE, $boot_processor_64

/* Paging on, with start_tables; clobbers EAX, ECX, EDX, EBX. */
long_mode_enter:
	lgdt start_descriptors_pointer
	movl $0x80000001, %eax
	cpuid
	movl %edx, %ebx
	movl $CR4_PAE_PGE, %eax
	movl %eax, %cr4
	movl $start_tables, %eax
	movl %eax, %cr3
	movl $MSR_EFER, %ecx
	rdmsr
	orl $EFER_LME, %eax
	btl $20, %ebx
	jnc 1f
	btsl $EFER_NXE_BIT, %eax
1:	wrmsr
	movl %cr0, %eax
	orl $CR0_PE_PG, %eax
	movl %eax, %cr0
	ret

	.code64
boot_processor_64:
	movabsq $boot_processor_high, %rax
	jmpq *%rax

	.balign 8
start_descriptors:
	.quad 0
	.quad 0x00af9b000000ffff
	.quad 0x00cf93000000ffff
	.quad 0x00cf9b000000ffff /* DESCRIPTOR_CODE_32 */
start_descriptors_pointer:
	.word . - start_descriptors - 1
	.long start_descriptors
	.balign 16
	.skip 16
start_stack_end:

/* --- Another processor, from the page below 1 MiB that it starts in --- */
	.code32
startup_protected:
	movw $DESCRIPTOR_DATA, %ax
	movw %ax, %ds
	movw %ax, %ss
	movl $start_stack_end, %esp
	call long_mode_enter
	ljmp $DESCRIPTOR_CODE, $startup_64
	.code64
startup_64:
	movabsq $startup_high, %rax
	jmpq *%rax

/* Copied to that page; only position-independent or image addresses. */
	.section .rodata, "a"
	.globl boot_trampoline, boot_trampoline_end
	.code16
boot_trampoline:
	cli
	cld
	movw %cs, %ax
	movw %ax, %ds
	lgdtl trampoline_pointer - boot_trampoline
	movl %cr0, %eax
	orl $1, %eax
	movl %eax, %cr0
	ljmpl $DESCRIPTOR_CODE_32, $startup_protected
	.balign 8
trampoline_pointer:
	.word 31
	.long start_descriptors
boot_trampoline_end:

/* --- High addresses from here on --- */
	.text
	.code64
boot_processor_high:
	movw $DESCRIPTOR_DATA, %ax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %ss
	leaq boot_stack + AREA_SIZE(%rip), %rsp
	call guard_seed
	movl %ebp, %edi
	movl %esi, %esi
	xorl %ebp, %ebp
	call boot_main
	ud2

/* The stack guard, before any C: the time of boot, spread, a zero byte low. */
guard_seed:
	rdtsc
	shlq $32, %rdx
	orq %rdx, %rax
	movabsq $0x9e3779b97f4a7c15, %rdx
	imulq %rdx, %rax
	shrq $17, %rax
	xorq %rdx, %rax
	movb $0, %al
	movq %rax, __stack_chk_guard(%rip)
	ret

startup_high:
	movw $DESCRIPTOR_DATA, %ax
	movw %ax, %ds
	movw %ax, %es
	movw %ax, %ss
	/* From here on the descriptors of the start are out of sight. */
	movq startup_root(%rip), %rax
	movq %rax, %cr3
	movq startup_stack(%rip), %rsp
	xorl %ebp, %ebp
	call startup_main
	ud2

	.data
	.balign 8
	.globl startup_root, startup_stack
startup_root:
	.quad 0 /* page tables */
startup_stack:
	.quad 0 /* top of the starting processor's stack */

	.bss
	.globl boot_stack
	.balign AREA_SIZE
boot_stack:
	.skip AREA_SIZE

	.section .note.GNU-stack, "", @progbits
