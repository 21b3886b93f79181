/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the loader to C: move to where we are linked, own stack and page tables. */
	.section .entry, "ax"
	.globl image_entry
image_entry:
	.code32
	/* The 32-bit entry: only a loader that is not ours comes here. */
	cli
1:	hlt
	jmp 1b

	.org 0x200
	.code64
	.globl entry_64
entry_64:
	cli
	cld
	mov %rsi, %rbx			/* boot_params */
	lea image_entry(%rip), %rsi
	mov $image_entry, %edi
	cmp %rsi, %rdi
	je 1f
	mov $image_end, %ecx
	sub %rdi, %rcx
	/* Backwards, for 1 MiB to 2 MiB may overlap if the image grows. */
	lea -1(%rsi, %rcx), %rsi
	lea -1(%rdi, %rcx), %rdi
	std
	rep movsb
	cld
1:	mov $2f, %eax
	jmp *%rax
2:	mov $bss_start, %edi
	mov $bss_end, %ecx
	sub %rdi, %rcx
	xor %eax, %eax
	rep stosb
	mov $stack_end, %esp

	/* Identity for the first 512 GiB by 1 GiB entries of 2 MiB pages would be
	   large; 4 GiB of 2 MiB pages are enough, and 1 GiB pages are not assumed. */
	mov $page_pml4, %edi
	mov $page_pdpt, %eax
	or $3, %eax
	mov %rax, (%rdi)
	mov $page_pdpt, %edi
	mov $page_directory, %eax
	or $3, %eax
	mov $4, %ecx
3:	mov %rax, (%rdi)
	add $8, %edi
	add $4096, %eax
	loop 3b
	mov $page_directory, %edi
	mov $0x83, %eax
	mov $2048, %ecx
4:	mov %rax, (%rdi)
	add $8, %edi
	add $0x200000, %rax
	loop 4b
	mov $page_pml4, %eax
	mov %rax, %cr3

	lgdt gdt_pointer
	mov $0x10, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	push $0x08
	push $5f
	lretq
5:	mov %rbx, %rdi
	call guest_main
6:	cli
	hlt
	jmp 6b

/*
 * One stub per vector: an error code is there or made up, then its
 * number, and fault_handle() in C decides where to go on.
 */
	.macro stub number
	.align 16
	.if (\number == 8) || (\number >= 10 && \number <= 14) || (\number == 17) || (\number == 21)
	.else
	push $0
	.endif
	push $\number
	jmp fault_common
	.endm

	.text
	.align 16
	.globl fault_stubs
fault_stubs:
	.set i, 0
	.rept 256
	stub i
	.set i, i + 1
	.endr

fault_common:
	push %rax
	push %rcx
	push %rdx
	push %rsi
	push %rdi
	push %r8
	push %r9
	push %r10
	push %r11
	cld
	lea 72(%rsp), %rdi		/* number, error code, rip, ... */
	call fault_handle
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

/* bool probe_*: the instruction that may fault is one whose place is known. */
	.globl probe_rdmsr
probe_rdmsr:				/* edi: number, rsi: value */
	mov %edi, %ecx
	movq $1f, fault_resume
	rdmsr
	mov %eax, (%rsi)
	mov %edx, 4(%rsi)
	movq $0, fault_resume
	mov $1, %eax
	ret
1:	xor %eax, %eax
	ret

	.globl probe_wrmsr
probe_wrmsr:				/* edi: number, rsi: value */
	mov %edi, %ecx
	mov %esi, %eax
	mov %rsi, %rdx
	shr $32, %rdx
	movq $1f, fault_resume
	wrmsr
	movq $0, fault_resume
	mov $1, %eax
	ret
1:	xor %eax, %eax
	ret

	.globl probe_hypercall
probe_hypercall:			/* rdi: page, rsi: input, rdx, rcx: operands */
	mov %rdi, %rax
	mov %rcx, %r8
	mov %rsi, %rcx
	movq $1f, fault_resume
	call *%rax
	movq $0, fault_resume
	ret
1:	mov $-1, %rax
	ret

	.data
	.align 8
gdt:	.quad 0
	.quad 0x00af9b000000ffff	/* 64-bit code */
	.quad 0x00cf93000000ffff	/* data */
gdt_pointer:
	.word 23
	.quad gdt

	.globl gdt, gdt_pointer, page_pml4, page_pdpt, page_directory
	.bss
	.align 4096
page_pml4:	.skip 4096
page_pdpt:	.skip 4096
page_directory:	.skip 4 * 4096
stack:		.skip 16384
stack_end:
