/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proves that debug registers and the trap flag work as without a hypervisor,
 * over exits as well. */
#include "check.h"

#define DR7_RESET 0x400ull
#define HIT(n)	  (1ull << (n))
#define STEP	  (1ull << 14)

static volatile uint64_t watched;
static volatile uint64_t hits;
static volatile uint64_t hit_rip[8];
static volatile uint64_t hit_dr6;

static bool trap(struct frame *frame)
{
	if (frame->vector != VECTOR_DB)
		return false;
	if (hits < 8)
		hit_rip[hits] = frame->rip;
	hits++;
	hit_dr6 = dr6_read();
	dr6_write(0xffff0ff0);
	if (hit_dr6 & HIT(0))
		frame->flags |= 0x10000; /* RF: go on past it */
	return true;
}

static void begin(void)
{
	hits = 0;
	hit_dr6 = 0;
	exception_hook = trap;
	dr6_write(0xffff0ff0);
}

static void kept(void)
{
	dr0_write(0x1000);
	dr1_write(0x2000);
	dr2_write(0x3000);
	dr3_write(0x4000);
	port_read(0x2f8);
	apic_send(0, ICR_SELF | 0x62);
	__asm__ volatile("sti; hlt; cli" ::: "memory");
	EXPECT_IS(dr0_read(), 0x1000);
	EXPECT_IS(dr1_read(), 0x2000);
	EXPECT_IS(dr2_read(), 0x3000);
	EXPECT_IS(dr3_read(), 0x4000);
	EXPECT_IS(dr7_read(), DR7_RESET);
}

static void write_on_second(void)
{
	dr0_write(0x9000);
	dr7_write(DR7_RESET);
	port_read(0x2f8);
}

static void kept_beside_other(void)
{
	dr0_write(0x1000);
	EXPECT(second_run(write_on_second));
	EXPECT_IS(dr0_read(), 0x1000);
}

static void execution(void)
{
	begin();
	uint64_t at;

	__asm__ volatile("lea 1f(%%rip), %0\n\tmov %0, %%dr0\n\t"
			 "mov $0x402, %%eax\n\tmov %%rax, %%dr7\n"
			 "1:\tnop"
			 : "=&r"(at)
			 :
			 : "rax", "memory");
	dr7_write(DR7_RESET);
	EXPECT_IS(hits, 1);
	EXPECT_IS(hit_rip[0], at);
	EXPECT_IS(hit_dr6 & 0xf, HIT(0));
}

static void data_write(void)
{
	uint32_t out[4];

	begin();
	dr1_write((uint64_t)&watched);
	dr7_write(DR7_RESET | 8 | 0xdull << 20); /* 4 bytes, write */
	cpuid(0, 0, out); /* an exit, no change of processor */
	watched = 1;
	(void)watched;
	dr7_write(DR7_RESET);
	watched = 2;
	EXPECT_IS(hits, 1);
	EXPECT_IS(hit_dr6 & 0xf, HIT(1));
}

static void data_read(void)
{
	begin();
	dr2_write((uint64_t)&watched);
	dr7_write(DR7_RESET | 0x20 | 0xbull << 24); /* 8 bytes, any access */
	(void)watched;
	dr7_write(DR7_RESET);
	EXPECT_IS(hits, 1);
	EXPECT_IS(hit_dr6 & 0xf, HIT(2));
}

static void single_step(void)
{
	begin();
	__asm__ volatile("pushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\t"
			 "nop\n\tnop\n\t"
			 "pushfq\n\tandq $~0x100, (%%rsp)\n\tpopfq" ::
				 : "memory", "cc");
	EXPECT_IS(hits, 5);
	EXPECT_IS(hit_rip[1] - hit_rip[0], 1);
	EXPECT(hit_dr6 & STEP);
}

/* The trap comes after an instruction that exits, not one later. */
static void single_step_exit(void)
{
	begin();
	__asm__ volatile("pushfq\n\torq $0x100, (%%rsp)\n\txor %%eax, %%eax\n\t"
			 "popfq\n\tcpuid\n\tnop\n\t"
			 "pushfq\n\tandq $~0x100, (%%rsp)\n\tpopfq" ::
				 : "rax", "rbx", "rcx", "rdx", "memory", "cc");
	EXPECT_IS(hits, 5);
	EXPECT_IS(*(const uint16_t *)(hit_rip[0] - 2), 0xa20f);
	EXPECT_IS(hit_rip[1] - hit_rip[0], 1);
}

static void single_step_port(void)
{
	begin();
	__asm__ volatile("mov $0x2f8, %%edx\n\t"
			 "pushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\t"
			 "in %%dx, %%al\n\tnop\n\t"
			 "pushfq\n\tandq $~0x100, (%%rsp)\n\tpopfq" ::
				 : "rax", "rdx", "memory", "cc");
	EXPECT_IS(hits, 5);
	EXPECT_IS(*(const uint8_t *)(hit_rip[0] - 1), 0xec);
}

static void reserved(void)
{
	EXPECT_IS(TRY("mov %0, %%dr7", ::"r"(1ull << 32)), VECTOR_GP);
	EXPECT_IS(TRY("mov %0, %%dr6", ::"r"(1ull << 32)), VECTOR_GP);
	cr4_write(cr4_read() | CR4_DE);
	EXPECT_IS(TRY("mov %%dr4, %%rax", ::: "rax"), VECTOR_UD);
	cr4_write(cr4_read() & ~CR4_DE);
}

static const struct check checks[] = {
	{"debug-registers-kept", kept, 0},
	{"debug-registers-beside-other", kept_beside_other, NEEDS_SECOND},
	{"debug-execution", execution, 0},
	{"debug-data-write", data_write, 0},
	{"debug-data-read", data_read, 0},
	{"debug-single-step", single_step, 0},
	{"debug-single-step-cpuid", single_step_exit, 0},
	{"debug-single-step-port", single_step_port, 0},
	{"debug-reserved", reserved, 0},
};
CHAPTER(debug);
