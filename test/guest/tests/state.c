/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proves that the processor's state is the child's alone: it outlives exits of
 * all kinds, the other processor's work and that of other programs. */
#include "check.h"

#define PATTERN(i) (0x0101010101010101ull * (i + 1))

static uint64_t before[16][4], after[16][4];
static volatile uint64_t one = 1;

/* Exits that the hypervisor ends, one that another process answers, a halt
 * and an interrupt. */
static void exits(void)
{
	uint32_t i;

	for (i = 0; i < 20; i++) {
		cpuid(0x40000000, 0, (uint32_t[4]){0});
		port_read(0x2f8);
		(void)*(volatile uint8_t *)0x90000000;
		msr_get(0x1b);
		apic_send(0, ICR_SELF | 0x61);
		__asm__ volatile("sti; hlt; cli" ::: "memory");
	}
}

#define EACH_REGISTER(F)                                                       \
	F(0)                                                                   \
	F(1)                                                                   \
	F(2)                                                                   \
	F(3) F(4) F(5) F(6) F(7) F(8) F(9) F(10) F(11) F(12) F(13) F(14) F(15)

#define LOAD_XMM(i) __asm__ volatile("movups %0, %%xmm" #i ::"m"(before[i]));
#define STORE_XMM(i)                                                           \
	__asm__ volatile("movups %%xmm" #i ", %0" : "=m"(after[i]));
#define LOAD_YMM(i) __asm__ volatile("vmovups %0, %%ymm" #i ::"m"(before[i]));
#define STORE_YMM(i)                                                           \
	__asm__ volatile("vmovups %%ymm" #i ", %0" : "=m"(after[i]));

static void fill(void)
{
	uint32_t i, word;

	for (i = 0; i < 16; i++) {
		for (word = 0; word < 4; word++) {
			before[i][word] = PATTERN(4 * i + word) ^ one;
			after[i][word] = 0;
		}
	}
}

static void compare(uint32_t words)
{
	uint32_t i, word;

	for (i = 0; i < 16; i++)
		for (word = 0; word < words; word++)
			EXPECT_IS(after[i][word], before[i][word]);
}

static void sse(void)
{
	const uint64_t cr4 = cr4_read();
	const uint32_t wanted = 0x3f80, usual = 0x1f80;
	uint32_t mxcsr = 0;

	cr4_write(cr4 | CR4_OSFXSR | CR4_OSXMMEXCPT);
	fill();
	__asm__ volatile("ldmxcsr %0" ::"m"(wanted));
	EACH_REGISTER(LOAD_XMM)
	exits();
	EACH_REGISTER(STORE_XMM)
	__asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
	__asm__ volatile("ldmxcsr %0" ::"m"(usual));
	cr4_write(cr4);
	compare(2);
	EXPECT_IS(mxcsr, wanted);
}

static void avx_on(void)
{
	cr4_write(cr4_read() | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_OSXSAVE);
	__asm__ volatile("xsetbv" ::"a"(7), "c"(0), "d"(0));
}

static void avx_off(void)
{
	__asm__ volatile("xsetbv" ::"a"(1), "c"(0), "d"(0));
	cr4_write(cr4_read() & ~(CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_OSXSAVE));
}

static void avx(void)
{
	uint32_t xcr0, high;

	avx_on();
	fill();
	EACH_REGISTER(LOAD_YMM)
	exits();
	EACH_REGISTER(STORE_YMM)
	__asm__ volatile("xgetbv" : "=a"(xcr0), "=d"(high) : "c"(0));
	avx_off();
	compare(4);
	EXPECT_IS(xcr0, 7);
}

static void use_on_second(void)
{
	uint32_t i;

	cr4_write(cr4_read() | CR4_OSFXSR);
	for (i = 0; i < 200; i++) {
		__asm__ volatile("pcmpeqd %xmm0, %xmm0\n\t"
				 "pcmpeqd %xmm7, %xmm7\n\t"
				 "pcmpeqd %xmm15, %xmm15");
		port_read(0x2f8);
	}
}

static void sse_beside_other(void)
{
	const uint64_t cr4 = cr4_read();

	cr4_write(cr4 | CR4_OSFXSR);
	fill();
	second_begin(use_on_second);
	EACH_REGISTER(LOAD_XMM)
	exits();
	EACH_REGISTER(STORE_XMM)
	EXPECT(second_end());
	cr4_write(cr4);
	compare(2);
}

static void x87(void)
{
	static const uint16_t control = 0x27f;
	uint16_t got = 0, status = 0;
	uint8_t first[10] = {0}, second[10] = {0};
	size_t i;

	__asm__ volatile(
		"fninit; fldcw %0; fldpi; fldl2e; fld1" ::"m"(control));
	exits();
	__asm__ volatile("fnstsw %0; fnstcw %1; fstp %%st(0); fstp %%st(0)\n\t"
			 "fstpt %2; fldpi; fstpt %3; fninit"
			 : "=m"(status), "=m"(got), "=m"(first), "=m"(second));
	EXPECT_IS(got, control);
	EXPECT_IS(status >> 11 & 7, 5); /* three of eight are in use */
	for (i = 0; i < 10; i++)
		EXPECT_IS(first[i], second[i]);
}

static void general(void)
{
	uint64_t sum;

	__asm__ volatile(
		"mov $1, %%ebx\n\tmov $2, %%esi\n\tmov $4, %%edi\n\t"
		"mov $8, %%r8d\n\tmov $16, %%r9d\n\tmov $32, %%r10d\n\t"
		"mov $64, %%r11d\n\tmov $128, %%r12d\n\t"
		"mov $256, %%r13d\n\tmov $512, %%r14d\n\t"
		"mov $1024, %%r15d\n\tmov $2048, %%ecx\n\t"
		"mov $0x2f8, %%edx\n\tmov $100, %%eax\n\t"
		"push %%rbp\n\tmov $4096, %%ebp\n\t"
		"mov %%eax, %%eax\n1:\tpush %%rax\n\t"
		"in %%dx, %%al\n\tpop %%rax\n\tdec %%eax\n\tjnz 1b\n\t"
		"lea (%%rbx, %%rsi), %%rax\n\tadd %%rdi, %%rax\n\t"
		"add %%r8, %%rax\n\tadd %%r9, %%rax\n\t"
		"add %%r10, %%rax\n\tadd %%r11, %%rax\n\t"
		"add %%r12, %%rax\n\tadd %%r13, %%rax\n\t"
		"add %%r14, %%rax\n\tadd %%r15, %%rax\n\t"
		"add %%rcx, %%rax\n\tadd %%rbp, %%rax\n\tpop %%rbp"
		: "=&a"(sum)
		:
		: "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11",
		  "r12", "r13", "r14", "r15", "cc", "memory");
	EXPECT_IS(sum, 8191);
}

static void flags(void)
{
	uint64_t got;

	__asm__ volatile("pushq $0xcd7\n\tpopfq\n\tmov $0x2f8, %%edx\n\t"
			 "in %%dx, %%al\n\tpushfq\n\tpop %0\n\tcld"
			 : "=r"(got)
			 :
			 : "rax", "rdx", "cc", "memory");
	EXPECT_IS(got & 0xcd5, 0xcd5);
	EXPECT_IS(got & 0x200, 0);
}

static void control(void)
{
	cr2_write(0x1234567890ull);
	cr8_write(5);
	port_read(0x2f8);
	cpuid(1, 0, (uint32_t[4]){0});
	EXPECT_IS(cr2_read(), 0x1234567890ull);
	EXPECT_IS(cr8_read(), 5);
	cr8_write(0);
	EXPECT_IS(cr8_read(), 0);
}

static void write_cr2(void)
{
	cr2_write(0x99);
	cr8_write(9);
	port_read(0x2f8);
	cr8_write(0);
}

static void control_beside_other(void)
{
	cr2_write(0x77);
	EXPECT(second_run(write_cr2));
	EXPECT_IS(cr2_read(), 0x77);
	EXPECT_IS(cr8_read(), 0);
}

static void tables(void)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) first, second;
	uint16_t task;

	__asm__ volatile("sidt %0" : "=m"(first));
	port_read(0x2f8);
	__asm__ volatile("sidt %0" : "=m"(second));
	EXPECT_IS(first.base, second.base);
	EXPECT_IS(second.limit, 4095);
	EXPECT_IS(second.base, interrupt_gate(0));
	__asm__ volatile("str %0" : "=r"(task));
	EXPECT(task == 0 || task == 0x28);
}

static volatile uint64_t second_tsc[2];

static void read_tsc(void)
{
	second_tsc[0] = tsc_read();
	port_read(0x2f8);
	second_tsc[1] = tsc_read();
}

static void tsc(void)
{
	uint32_t i;

	for (i = 0; i < 10; i++) {
		const uint64_t start = tsc_read();

		EXPECT(second_run(read_tsc));
		EXPECT(second_tsc[0] >= start);
		EXPECT(second_tsc[1] > second_tsc[0]);
		EXPECT(tsc_read() >= second_tsc[1]);
	}
}

static const struct check checks[] = {
	{"state-sse", sse, 0},
	{"state-avx", avx, NEEDS_AVX},
	{"state-sse-beside-other", sse_beside_other, NEEDS_SECOND},
	{"state-x87", x87, 0},
	{"state-general-registers", general, 0},
	{"state-flags", flags, 0},
	{"state-control-registers", control, 0},
	{"state-control-beside-other", control_beside_other, NEEDS_SECOND},
	{"state-tables", tables, 0},
	{"state-tsc-of-both", tsc, NEEDS_SECOND},
};
CHAPTER(state);
