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
	.irp register, rbx, rbp, r12, r13, r14, r15, rsi
	push %\register
	.endr
	mov %rdi, %rax
	mov GPR(1)(%rsi), %rcx
	mov GPR(2)(%rsi), %rdx
	mov GPR(3)(%rsi), %rbx
	mov GPR(5)(%rsi), %rbp
	mov GPR(7)(%rsi), %rdi
	.irp number, 8, 9, 10, 11, 12, 13, 14, 15
	mov GPR(\number)(%rsi), %r\number
	.endr
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
	.irp number, 8, 9, 10, 11, 12, 13, 14, 15
	mov %r\number, GPR(\number)(%rax)
	.endr
	.irp register, rsi, r15, r14, r13, r12, rbp, rbx
	pop %\register
	.endr
	ret
	.size svm_enter, . - svm_enter

	.section .note.GNU-stack, "", @progbits
