/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proves each kind of intercept: ports of all forms, memory where none is,
 * instructions that a child may not have, HLT. */
#include "check.h"

#define NOBODY 0x2f8u /* a port without a device */
#define HOLE   ((volatile uint8_t *)0x90000000)
#define IOAPIC ((volatile uint32_t *)0xfec00000)

static void port_widths(void)
{
	uint64_t rax = 0x1122334455667788ull;

	EXPECT_IS(port_read(NOBODY), 0xff);
	EXPECT_IS(port_read16(NOBODY), 0xffff);
	EXPECT_IS(port_read32(NOBODY), 0xffffffff);
	__asm__ volatile("inb %%dx, %%al" : "+a"(rax) : "d"(NOBODY));
	EXPECT_IS(rax, 0x11223344556677ffull);
	__asm__ volatile("inw %%dx, %%ax" : "+a"(rax) : "d"(NOBODY));
	EXPECT_IS(rax, 0x112233445566ffffull);
	__asm__ volatile("inl %%dx, %%eax" : "+a"(rax) : "d"(NOBODY));
	EXPECT_IS(rax, 0xffffffffull);
}

static void port_strings_in(void)
{
	uint8_t bytes[8] = {0};
	uint8_t *to = bytes;
	uint64_t count = 5;

	__asm__ volatile("rep insb"
			 : "+D"(to), "+c"(count)
			 : "d"(NOBODY)
			 : "memory");
	EXPECT_IS(count, 0);
	EXPECT_IS(to - bytes, 5);
	EXPECT_IS(bytes[4], 0xff);
	EXPECT_IS(bytes[5], 0);
}

static void port_strings_out(void)
{
	static const uint8_t bytes[64];
	const uint8_t *from = bytes;
	uint64_t count = 16;

	__asm__ volatile("rep outsl"
			 : "+S"(from), "+c"(count)
			 : "d"(NOBODY)
			 : "memory");
	EXPECT_IS(count, 0);
	EXPECT_IS(from - bytes, 64);
	count = 0;
	__asm__ volatile("rep outsb"
			 : "+S"(from), "+c"(count)
			 : "d"(NOBODY)
			 : "memory");
	EXPECT_IS(from - bytes, 64);
}

static void port_strings_backwards(void)
{
	static const uint16_t words[4];
	const uint16_t *from = words + 3;
	uint64_t count = 3;

	__asm__ volatile("std; rep outsw; cld"
			 : "+S"(from), "+c"(count)
			 : "d"(NOBODY)
			 : "memory");
	EXPECT_IS(count, 0);
	EXPECT_IS(from - words, 0);
}

static void memory_reads(void)
{
	uint64_t wide = 1;

	EXPECT_IS(*HOLE, 0xff);
	EXPECT_IS(*(volatile uint16_t *)HOLE, 0xffff);
	EXPECT_IS(*(volatile uint32_t *)HOLE, 0xffffffff);
	__asm__ volatile("mov (%1), %0" : "=r"(wide) : "r"(HOLE));
	EXPECT_IS(wide, ~0ull);
	__asm__ volatile("movzbq (%1), %0" : "=r"(wide) : "r"(HOLE));
	EXPECT_IS(wide, 0xff);
	__asm__ volatile("movsbq (%1), %0" : "=r"(wide) : "r"(HOLE));
	EXPECT_IS(wide, ~0ull);
}

static void memory_writes(void)
{
	*HOLE = 0;
	*(volatile uint16_t *)HOLE = 0;
	*(volatile uint32_t *)HOLE = 0;
	*(volatile uint64_t *)HOLE = 0;
	__asm__ volatile("movl $0x12345678, (%0)" ::"r"(HOLE) : "memory");
	EXPECT_IS(*(volatile uint32_t *)HOLE, 0xffffffff);
}

static void memory_operations(void)
{
	uint32_t value = 0xf0f0;
	uint64_t flags;

	__asm__ volatile("andl (%1), %0" : "+r"(value) : "r"(HOLE) : "cc");
	EXPECT_IS(value, 0xf0f0);
	__asm__ volatile("cmpl %2, (%1)\n\tpushfq\n\tpop %0"
			 : "=r"(flags)
			 : "r"(HOLE), "r"(0xffffffffu)
			 : "cc", "memory");
	EXPECT(flags & 0x40);
	__asm__ volatile("testb $1, (%1)\n\tpushfq\n\tpop %0"
			 : "=r"(flags)
			 : "r"(HOLE)
			 : "cc", "memory");
	EXPECT_IS(flags & 0x40, 0);
	__asm__ volatile("orl $1, (%0)" ::"r"(HOLE) : "memory", "cc");
}

static void memory_strings(void)
{
	static uint8_t bytes[16];
	uint8_t *to = bytes;
	const volatile uint8_t *from = HOLE;
	uint64_t count = 8;

	__asm__ volatile("rep movsb"
			 : "+D"(to), "+S"(from), "+c"(count)
			 :
			 : "memory");
	EXPECT_IS(count, 0);
	EXPECT_IS(bytes[7], 0xff);
	EXPECT_IS(bytes[8], 0);
	EXPECT_IS(from - HOLE, 8);
}

/* The I/O APIC: a select register and a window. */
static void memory_device(void)
{
	IOAPIC[0] = 1;
	EXPECT_IS(IOAPIC[4], 0x00170020);
	IOAPIC[0] = 0x10;
	EXPECT_IS(IOAPIC[4] & 0x10000, 0x10000);
	IOAPIC[4] = 0x10041;
	EXPECT_IS(IOAPIC[4], 0x10041);
	IOAPIC[4] = 0x10000;
}

/* Of the vendor's extension for virtual machines: there is none here. */
static void no_svm(void)
{
	EXPECT_IS(TRY("vmrun", ::"a"(0ull) : "memory"), VECTOR_UD);
	EXPECT_IS(TRY("vmload", ::"a"(0ull) : "memory"), VECTOR_UD);
	EXPECT_IS(TRY("vmsave", ::"a"(0ull) : "memory"), VECTOR_UD);
	EXPECT_IS(TRY("stgi", ::: "memory"), VECTOR_UD);
	EXPECT_IS(TRY("clgi", ::: "memory"), VECTOR_UD);
	EXPECT_IS(TRY("skinit", ::"a"(0ull) : "memory"), VECTOR_UD);
	EXPECT_IS(TRY("invlpga", ::"a"(0ull), "c"(0ull) : "memory"), VECTOR_UD);
}

static void monitor(void)
{
	EXPECT_IS(TRY("monitor", ::"a"(call_input), "c"(0ull), "d"(0ull)),
		  VECTOR_UD);
	EXPECT_IS(TRY("mwait", ::"a"(0ull), "c"(0ull)), VECTOR_UD);
}

static void caches(void)
{
	EXPECT_IS(TRY("wbinvd", ::: "memory"), NO_EXCEPTION);
	EXPECT_IS(TRY("invd", ::: "memory"), NO_EXCEPTION);
	EXPECT_IS(TRY("invlpg (%0)", ::"r"(call_input)
		      : "memory"),
		  NO_EXCEPTION);
}

static void xsetbv(void)
{
	const uint64_t cr4 = cr4_read();
	uint32_t low, high;

	EXPECT_IS(TRY("xsetbv", ::"a"(1), "c"(0), "d"(0)), VECTOR_UD);
	cr4_write(cr4 | CR4_OSXSAVE);
	EXPECT_IS(TRY("xsetbv", ::"a"(7), "c"(0), "d"(0)), NO_EXCEPTION);
	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	EXPECT_IS(low, 7);
	EXPECT_IS(TRY("xsetbv", ::"a"(0), "c"(0), "d"(0)), VECTOR_GP);
	EXPECT_IS(TRY("xsetbv", ::"a"(5), "c"(0), "d"(0)), VECTOR_GP);
	EXPECT_IS(TRY("xsetbv", ::"a"(1), "c"(1), "d"(0)), VECTOR_GP);
	EXPECT_IS(TRY("xsetbv", ::"a"(1), "c"(0), "d"(0x80000000)), VECTOR_GP);
	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	EXPECT_IS(low, 7);
	TRY("xsetbv", ::"a"(1), "c"(0), "d"(0));
	cr4_write(cr4);
}

static void halt(void)
{
	uint64_t before = interrupts[0].total;

	apic_send(0, ICR_SELF | 0x40);
	__asm__ volatile("sti; hlt; cli" ::: "memory");
	EXPECT_IS(interrupts[0].total - before, 1);
	EXPECT_IS(interrupts[0].count[0x40], 1);
}

static void instruction_lengths(void)
{
	uint64_t value = 0;

	/* Prefixes make the same instruction longer. */
	__asm__ volatile("mov $0x2f8, %%edx\n\t"
			 ".byte 0x2e, 0x66\n\tinw %%dx, %%ax\n\t"
			 ".byte 0x3e, 0xed\n\t"
			 "mov $1, %0"
			 : "+r"(value)
			 :
			 : "rax", "rdx");
	EXPECT_IS(value, 1);
}

static const struct check checks[] = {
	{"intercept-port-widths", port_widths, 0},
	{"intercept-port-strings-in", port_strings_in, 0},
	{"intercept-port-strings-out", port_strings_out, 0},
	{"intercept-port-strings-backwards", port_strings_backwards, 0},
	{"intercept-memory-reads", memory_reads, 0},
	{"intercept-memory-writes", memory_writes, 0},
	{"intercept-memory-operations", memory_operations, 0},
	{"intercept-memory-strings", memory_strings, 0},
	{"intercept-memory-device", memory_device, 0},
	{"intercept-no-svm", no_svm, 0},
	{"intercept-no-monitor", monitor, 0},
	{"intercept-caches", caches, 0},
	{"intercept-xsetbv", xsetbv, NEEDS_AVX},
	{"intercept-halt", halt, 0},
	{"intercept-lengths", instruction_lengths, 0},
};
CHAPTER(intercept);
