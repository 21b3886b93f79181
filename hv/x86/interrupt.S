/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where every vector enters: 256 stubs of 16 bytes, then one common path. */

	.text
	.balign 16
	.globl interrupt_stubs
interrupt_stubs:
	vector = 0
	.rept 256
	.balign 16
	/* #DF #TS #NP #SS #GP #PF #AC #CP #VC #SX push an error code. */
	.if vector >= 32 || !((1 << (vector & 31)) & 0x60227d00)
	pushq $0
	.endif
	pushq $vector
	jmp interrupt_common
	vector = vector + 1
	.endr

/* The processor aligned the stack before it pushed: 22 words in all. */
interrupt_common:
	cld
	.irp register, rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15
	pushq %\register
	.endr
	movq %rsp, %rdi
	call interrupt_dispatch
	.irp register, r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax
	popq %\register
	.endr
	addq $16, %rsp
	iretq

	.section .note.GNU-stack, "", @progbits
