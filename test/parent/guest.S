/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest of mshv_ioctl: flat 32-bit code that walks through one thing after another. */
	.section .rodata
	.globl guest_code, guest_isr, guest_code_end
	.code32
	.set PORT, 0x3f8

guest_code:
	/* a port write, a port read, and what was read */
	movw	$PORT, %dx
	movb	$'A', %al
	outb	%al, %dx
	inb	%dx, %al
	outb	%al, %dx

	/* memory that nobody mapped */
	movl	$0x12345678, 0x400000

	/* the local APIC, as x2APIC, switched on */
	movl	$0x1b, %ecx
	rdmsr
	orl	$0xc00, %eax
	wrmsr
	movl	$0x80f, %ecx
	movl	$0x1ff, %eax
	xorl	%edx, %edx
	wrmsr

	/* hypercalls: OS id, page at 0x3000, SignalEvent to 0x100 and to 0x101 */
	movl	$0x40000000, %ecx
	movl	$1, %eax
	movl	$0x81000000, %edx
	wrmsr
	movl	$0x40000001, %ecx
	movl	$0x3001, %eax
	xorl	%edx, %edx
	wrmsr
	movl	$0x100, %ecx
	call	signal
	movl	$0x101, %ecx
	call	signal

	/* sleep; each interrupt says so */
	sti
1:	hlt
	jmp	1b

/* SignalEvent, fast, 32-bit convention; its status goes to the port. */
signal:
	movl	$0x1005d, %eax
	xorl	%edx, %edx
	xorl	%ebx, %ebx
	xorl	%edi, %edi
	xorl	%esi, %esi
	movl	$0x3000, %ebp
	call	*%ebp
	movw	$PORT, %dx
	outl	%eax, %dx
	ret

guest_isr:
	movw	$PORT, %dx
	movb	$'I', %al
	outb	%al, %dx
	movl	$0x80b, %ecx
	xorl	%eax, %eax
	xorl	%edx, %edx
	wrmsr
	iretl
guest_code_end:
	.section .note.GNU-stack, "", @progbits
