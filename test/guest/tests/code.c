/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proves that code may be changed while it runs, by its own processor and by
 * the other one, and moved under the same address. */
#include "check.h"

static volatile uint8_t code[64] __attribute__((aligned(64)));

/* mov $value, %eax; ret */
static void write_code(uint32_t value)
{
	code[0] = 0xb8;
	*(volatile uint32_t *)(code + 1) = value;
	code[5] = 0xc3;
}

static uint32_t run_code(void)
{
	uint32_t value;

	__asm__ volatile("call *%1" : "=a"(value) : "r"(code) : "memory", "cc");
	return value;
}

static void own(void)
{
	uint32_t i;

	for (i = 0; i < 200; i++) {
		write_code(i);
		EXPECT_IS(run_code(), i);
	}
}

/* The very next instruction is what was written. */
static void next_instruction(void)
{
	uint32_t value = 0;

	__asm__ volatile("movb $2, 1f+1(%%rip)\n\t"
			 "cpuid\n"
			 "1:\tmov $1, %%al\n\t"
			 "movzbl %%al, %0\n\t"
			 "movb $1, 1b+1(%%rip)"
			 : "=&r"(value)
			 : "a"(0), "c"(0)
			 : "rbx", "rdx", "memory");
	EXPECT_IS(value, 2);
}

static volatile uint32_t turn;
static volatile uint32_t wrong;

static void write_on_second(void)
{
	uint32_t i;

	for (i = 1; i <= 100; i++) {
		if (!wait_word(&turn, 2 * i - 1))
			return;
		write_code(0x1000 + i);
		turn = 2 * i;
	}
}

static void other(void)
{
	uint32_t i;

	turn = wrong = 0;
	second_begin(write_on_second);
	for (i = 1; i <= 100; i++) {
		turn = 2 * i - 1;
		EXPECT(wait_word(&turn, 2 * i));
		__asm__ volatile("cpuid" ::"a"(0) : "rbx", "rcx", "rdx");
		wrong += run_code() != 0x1000 + i;
	}
	EXPECT(second_end());
	EXPECT_IS(wrong, 0);
}

static const struct check checks[] = {
	{"code-changes-itself", own, 0},
	{"code-changes-next-instruction", next_instruction, 0},
	{"code-changed-by-other", other, NEEDS_SECOND},
};
CHAPTER(code);
