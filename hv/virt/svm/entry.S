/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * void svm_enter(uint64_t vmcb, uint64_t *gpr): one VMRUN.
 *
 * Interrupts are off around it. GIF is cleared before they are turned on, so
 * that a physical interrupt is not taken here but ends the guest (with
 * V_INTR_MASKING the host's flag governs it), and is taken by the hypervisor
 * where it lets interrupts in. NMI and SMI are taken at STGI. FS, GS, TR and
 * LDTR stay the guest's: the hypervisor uses none of them.
 */
#define GPR(number) (number * 8)

	.text
	.globl svm_enter
	.type svm_enter, @function
svm_enter:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	push %rsi

	mov %rdi, %rax
	mov GPR(1)(%rsi), %rcx
	mov GPR(2)(%rsi), %rdx
	mov GPR(3)(%rsi), %rbx
	mov GPR(5)(%rsi), %rbp
	mov GPR(7)(%rsi), %rdi
	mov GPR(8)(%rsi), %r8
	mov GPR(9)(%rsi), %r9
	mov GPR(10)(%rsi), %r10
	mov GPR(11)(%rsi), %r11
	mov GPR(12)(%rsi), %r12
	mov GPR(13)(%rsi), %r13
	mov GPR(14)(%rsi), %r14
	mov GPR(15)(%rsi), %r15
	mov GPR(6)(%rsi), %rsi

	/* QEMU would carry the shadow of STI over into the guest: hence NOP. */
	clgi
	sti
	nop
	vmrun %rax
	cli
	stgi

	/* RAX, RSP and RFLAGS are the hypervisor's again, the rest the guest's. */
	mov (%rsp), %rax
	mov %rcx, GPR(1)(%rax)
	mov %rdx, GPR(2)(%rax)
	mov %rbx, GPR(3)(%rax)
	mov %rbp, GPR(5)(%rax)
	mov %rsi, GPR(6)(%rax)
	mov %rdi, GPR(7)(%rax)
	mov %r8, GPR(8)(%rax)
	mov %r9, GPR(9)(%rax)
	mov %r10, GPR(10)(%rax)
	mov %r11, GPR(11)(%rax)
	mov %r12, GPR(12)(%rax)
	mov %r13, GPR(13)(%rax)
	mov %r14, GPR(14)(%rax)
	mov %r15, GPR(15)(%rax)

	pop %rsi
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret
	.size svm_enter, . - svm_enter

	.section .note.GNU-stack, "", @progbits
