/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proves that exceptions are the child's own, with the right error codes, also
 * where an exit lies in between, and that user mode is kept. */
#include "check.h"

#define NOT_CANONICAL 0x8000000000000000ull

static void divide(void)
{
	EXPECT_IS(TRY("xor %%edx, %%edx\n\tdivl %0", ::"r"(0)
		      : "rax", "rdx", "cc"),
		  VECTOR_DE);
}

static void undefined(void)
{
	EXPECT_IS(TRY("ud2"), VECTOR_UD);
	EXPECT_IS(TRY(".byte 0x06"), VECTOR_UD); /* PUSH ES */
}

static void breakpoint(void)
{
	EXPECT_IS(TRY("int3"), VECTOR_BP);
	EXPECT_IS(*(const uint8_t *)(exception_last.rip - 1), 0xcc);
}

static void protection(void)
{
	EXPECT_IS(TRY("movb (%0), %%al", ::"r"(NOT_CANONICAL)
		      : "rax"),
		  VECTOR_GP);
	EXPECT_IS(exception_last.error, 0);
	EXPECT_IS(TRY("mov %0, %%ds", ::"r"(0x4568)), VECTOR_GP);
	EXPECT_IS(exception_last.error, 0x4568);
}

static void page(void)
{
	const uint64_t nowhere = 0x4000000000ull; /* in no table */

	EXPECT_IS(TRY("movb (%0), %%al", ::"r"(nowhere + 0x123)
		      : "rax"),
		  VECTOR_PF);
	EXPECT_IS(exception_last.error, 0);
	EXPECT_IS(exception_last.cr2, nowhere + 0x123);
	EXPECT_IS(TRY("movb $0, (%0)", ::"r"(nowhere) : "memory"), VECTOR_PF);
	EXPECT_IS(exception_last.error, 2);
}

static void device(void)
{
	const uint64_t cr0 = cr0_read();

	cr0_write(cr0 | CR0_TS);
	EXPECT_IS(TRY("fninit"), VECTOR_NM);
	port_read(0x2f8);
	EXPECT(cr0_read() & CR0_TS);
	EXPECT_IS(TRY("fninit"), VECTOR_NM);
	__asm__ volatile("clts");
	EXPECT_IS(TRY("fninit"), NO_EXCEPTION);
	cr0_write(cr0);
}

static void floating_point(void)
{
	const uint64_t cr0 = cr0_read();
	const uint16_t unmasked = 0x37b; /* ZM clear */

	cr0_write((cr0 | CR0_NE | CR0_MP) & ~CR0_EM);
	__asm__ volatile(
		"fninit; fldcw %0; fld1; fldz; fdivrp" ::"m"(unmasked));
	port_read(0x2f8);
	EXPECT_IS(TRY("fwait"), VECTOR_MF);
	__asm__ volatile("fnclex; fninit");
	cr0_write(cr0);
}

static void simd(void)
{
	const uint64_t cr0 = cr0_read(), cr4 = cr4_read();

	cr4_write(cr4 & ~CR4_OSFXSR);
	EXPECT_IS(TRY("xorps %%xmm0, %%xmm0", ::: "memory"), VECTOR_UD);
	cr4_write(cr4 | CR4_OSFXSR | CR4_OSXMMEXCPT);
	EXPECT_IS(TRY("xorps %%xmm0, %%xmm0", ::: "memory"), NO_EXCEPTION);
	cr0_write(cr0 | CR0_TS);
	EXPECT_IS(TRY("xorps %%xmm0, %%xmm0", ::: "memory"), VECTOR_NM);
	cr0_write(cr0);
	cr4_write(cr4);
}

/* ---- User mode ---- */

#define USER_CODE 0x23
#define USER_DATA 0x1b
#define TSS	  0x28

static uint8_t kernel_stack[8192] __attribute__((aligned(16)));
static uint8_t user_stack[4096] __attribute__((aligned(16)));
static uint32_t tss[26];
static uint64_t table[7];
static volatile uint64_t user_went_back;

struct pointer {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

extern uint64_t gdt[], page_pml4[], page_pdpt[], page_directory[];

static void user_tables(void)
{
	const struct pointer pointer = {sizeof(table) - 1, (uint64_t)table};
	const uint64_t base = (uint64_t)tss;
	const uint64_t top = (uint64_t)kernel_stack + sizeof(kernel_stack);
	size_t i;

	for (i = 0; i < 3; i++)
		table[i] = gdt[i];
	table[3] = 0x00cff3000000ffffull;
	table[4] = 0x00affb000000ffffull;
	table[5] = 0x0000890000000000ull | (sizeof(tss) - 1) |
		   (base & 0xffffff) << 16 | (base >> 24 & 0xff) << 56;
	table[6] = base >> 32;
	tss[1] = (uint32_t)top;
	tss[2] = (uint32_t)(top >> 32);
	tss[25] = sizeof(tss) << 16;
	__asm__ volatile("lgdt %0\n\tltr %w1" ::"m"(pointer), "r"(TSS));
	page_pml4[0] |= 4;
	page_pdpt[0] |= 4;
	for (i = 1; i < 4; i++)
		page_directory[i] |= 4;
	cr3_write(cr3_read());
}

/* What takes user mode back: any exception, by a stack that is put aside. */
static uint64_t user_return_rsp;

static bool user_back(struct frame *frame)
{
	if ((frame->cs & 3) != 3)
		return false;
	user_went_back = frame->cs;
	frame->rip = fault_resume;
	fault_resume = 0;
	frame->cs = 0x08;
	frame->ss = 0x10;
	frame->rsp = user_return_rsp;
	frame->flags &= ~FLAG_IF;
	return true;
}

/* The exception that code raises when it runs in user mode. */
static uint64_t user_try(const void *code)
{
	user_went_back = 0;
	exception_last.vector = NO_EXCEPTION;
	exception_hook = user_back;
	__asm__ volatile(
		"push %%rbx\n\tpush %%rbp\n\tpush %%r12\n\t"
		"push %%r13\n\tpush %%r14\n\tpush %%r15\n\t"
		"mov %%rsp, %[back]\n\t"
		"movq $1f, fault_resume\n\t"
		"pushq %[data]\n\tpush %[stack]\n\tpushq $2\n\t"
		"pushq %[segment]\n\tpush %[code]\n\tiretq\n"
		"1:\tpop %%r15\n\tpop %%r14\n\tpop %%r13\n\t"
		"pop %%r12\n\tpop %%rbp\n\tpop %%rbx"
		: [back] "=m"(user_return_rsp)
		: [data] "i"(USER_DATA), [segment] "i"(USER_CODE),
		  [stack] "r"(user_stack + sizeof(user_stack)), [code] "r"(code)
		: "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11",
		  "memory", "cc");
	exception_hook = NULL;
	EXPECT_IS(user_went_back, USER_CODE);
	return exception_last.vector;
}

extern const uint8_t user_hlt[], user_port[], user_call[], user_rdmsr[],
	user_cr[], user_cpuid[], user_wbinvd[], user_xsetbv[], user_kernel[];
__asm__(".pushsection .text\n"
	"user_hlt: hlt\n"
	"user_port: mov $0x2f8, %edx; in %dx, %al\n"
	"user_call: mov $0x1005d, %ecx; vmmcall\n"
	"user_rdmsr: mov $0x1b, %ecx; rdmsr\n"
	"user_cr: mov %cr0, %rax\n"
	"user_cpuid: mov $1, %eax; cpuid; ud2\n"
	"user_wbinvd: wbinvd\n"
	"user_xsetbv: xor %ecx, %ecx; xsetbv\n"
	"user_kernel: mov 0x8000, %eax\n"
	".popsection");

static void user_privileged(void)
{
	user_tables();
	EXPECT_IS(user_try(user_hlt), VECTOR_GP);
	EXPECT_IS(user_try(user_rdmsr), VECTOR_GP);
	EXPECT_IS(user_try(user_cr), VECTOR_GP);
	EXPECT_IS(user_try(user_wbinvd), VECTOR_GP);
}

static void user_ports(void)
{
	EXPECT_IS(user_try(user_port), VECTOR_GP);
	EXPECT_IS(exception_last.error, 0);
}

static void user_calls(void)
{
	EXPECT_IS(user_try(user_call), VECTOR_UD);
}

/* An exit that user mode may cause returns to user mode. */
static void user_exits(void)
{
	EXPECT_IS(user_try(user_cpuid), VECTOR_UD);
	EXPECT_IS(exception_last.rip - (uint64_t)user_cpuid, 7);
}

static void user_states(void)
{
	const uint64_t cr4 = cr4_read();

	cr4_write(cr4 | CR4_OSXSAVE);
	EXPECT_IS(user_try(user_xsetbv), VECTOR_GP);
	cr4_write(cr4);
}

static void user_memory(void)
{
	/* The page of the start-up code is its kernel's alone: at 0..2 MiB. */
	EXPECT_IS(user_try(user_kernel), VECTOR_PF);
	EXPECT_IS(exception_last.error, 5);
	EXPECT_IS(exception_last.cr2, 0x8000);
}

static const struct check checks[] = {
	{"exception-divide", divide, 0},
	{"exception-undefined", undefined, 0},
	{"exception-breakpoint", breakpoint, 0},
	{"exception-protection", protection, 0},
	{"exception-page", page, 0},
	{"exception-device-not-available", device, 0},
	{"exception-floating-point", floating_point, 0},
	{"exception-simd", simd, 0},
	{"exception-user-privileged", user_privileged, 0},
	{"exception-user-ports", user_ports, 0},
	{"exception-user-hypercall", user_calls, 0},
	{"exception-user-exits", user_exits, 0},
	{"exception-user-xsetbv", user_states, NEEDS_AVX},
	{"exception-user-memory", user_memory, 0},
};
CHAPTER(exception);
