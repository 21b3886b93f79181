/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Multiboot start of the back end's test kernel: long mode, image mapped high. */
#define IMAGE 0xffffffff80000000
#define PHYS(symbol) (symbol - IMAGE)
#define MULTIBOOT_MAGIC 0x1badb002
#define MULTIBOOT_FLAGS 0x00010000 /* load addresses follow */

	.section .boot, "ax"
	.globl start
multiboot:
	.long MULTIBOOT_MAGIC
	.long MULTIBOOT_FLAGS
	.long -(MULTIBOOT_MAGIC + MULTIBOOT_FLAGS)
	.long PHYS(multiboot)
	.long PHYS(multiboot)
	.long PHYS(image_data_end)
	.long PHYS(image_bss_end)
	.long PHYS(start)

	.code32
start:
	mov $PHYS(stack_top), %esp
	/* Four tables of 2 MiB pages: all of the first 4 GiB. */
	mov $PHYS(large_tables), %edi
	mov $0x83, %eax
	mov $2048, %ecx
1:	mov %eax, (%edi)
	add $0x200000, %eax
	add $8, %edi
	loop 1b
	movl $PHYS(large_tables) + 3, PHYS(upper)
	movl $PHYS(large_tables) + 0x1003, PHYS(upper) + 8
	movl $PHYS(large_tables) + 0x2003, PHYS(upper) + 16
	movl $PHYS(large_tables) + 0x3003, PHYS(upper) + 24
	movl $PHYS(large_tables) + 3, PHYS(upper) + 510 * 8
	movl $PHYS(upper) + 3, PHYS(top)
	movl $PHYS(upper) + 3, PHYS(top) + 511 * 8

	mov $PHYS(top), %eax
	mov %eax, %cr3
	mov $0x6a0, %eax /* PAE, PGE, OSFXSR, OSXMMEXCPT */
	mov %eax, %cr4
	mov $0xc0000080, %ecx
	rdmsr
	or $0x900, %eax /* LME, NXE */
	wrmsr
	mov $0x80010033, %eax
	mov %eax, %cr0
	lgdt PHYS(gdt_low)
	ljmp $8, $PHYS(long_mode)

	.code64
long_mode:
	movabs $stack_top, %rsp
	movabs $main, %rax
	lgdt gdt_high
	mov $16, %ecx
	mov %ecx, %ds
	mov %ecx, %es
	mov %ecx, %ss
	push $8
	movabs $2f, %rcx
	push %rcx
	lretq
2:	call *%rax
	cli
3:	hlt
	jmp 3b

	/* One entry a vector, 16 bytes apart; error codes evened out. */
	.text
	.globl vectors
	.balign 16
vectors:
	.set vector, 0
	.rept 256
	.balign 16
	.if vector <> 8 && (vector < 10 || vector > 14) && vector <> 17
	push $0
	.endif
	push $vector
	jmp vector_common
	.set vector, vector + 1
	.endr

vector_common:
	push %rax
	push %rcx
	push %rdx
	push %rsi
	push %rdi
	push %r8
	push %r9
	push %r10
	push %r11
	mov 72(%rsp), %rdi
	mov 88(%rsp), %rsi
	call interrupt
	pop %r11
	pop %r10
	pop %r9
	pop %r8
	pop %rdi
	pop %rsi
	pop %rdx
	pop %rcx
	pop %rax
	add $16, %rsp
	iretq

	.data
	.balign 8
gdt:
	.quad 0
	.quad 0x00af9b000000ffff
	.quad 0x00cf93000000ffff
gdt_low:
	.word 23
	.long PHYS(gdt)
gdt_high:
	.word 23
	.quad gdt

	.bss
	.balign 4096
top:
	.skip 4096
upper:
	.skip 4096
large_tables:
	.skip 4 * 4096
	.skip 16384
stack_top:

	.section .note.GNU-stack, "", @progbits
