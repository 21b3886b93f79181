/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Instructions that C has no words for. */
#pragma once

#include <stdint.h>

#define PAGE 4096u

#define FLAG_TF 0x100ull
#define FLAG_IF 0x200ull
#define FLAG_DF 0x400ull
#define FLAG_AC 0x40000ull

#define CR0_MP	       0x2ull
#define CR0_EM	       0x4ull
#define CR0_TS	       0x8ull
#define CR0_NE	       0x20ull
#define CR0_WP	       0x10000ull
#define CR0_AM	       0x40000ull
#define CR4_DE	       0x8ull
#define CR4_PGE	       0x80ull
#define CR4_OSFXSR     0x200ull
#define CR4_OSXMMEXCPT 0x400ull
#define CR4_OSXSAVE    0x40000ull

#define EFER	  0xc0000080u
#define EFER_SCE  0x1ull
#define EFER_LME  0x100ull
#define EFER_LMA  0x400ull
#define EFER_NXE  0x800ull
#define EFER_SVME 0x1000ull

enum vector {
	VECTOR_DE = 0,
	VECTOR_DB = 1,
	VECTOR_NMI = 2,
	VECTOR_BP = 3,
	VECTOR_UD = 6,
	VECTOR_NM = 7,
	VECTOR_DF = 8,
	VECTOR_NP = 11,
	VECTOR_SS = 12,
	VECTOR_GP = 13,
	VECTOR_PF = 14,
	VECTOR_MF = 16,
	VECTOR_AC = 17,
	VECTOR_XM = 19,
};

#define ACCESSORS(name)                                                        \
	static inline uint64_t name##_read(void)                               \
	{                                                                      \
		uint64_t value;                                                \
                                                                               \
		__asm__ volatile("mov %%" #name ", %0"                         \
				 : "=r"(value)::"memory");                     \
		return value;                                                  \
	}                                                                      \
	static inline void name##_write(uint64_t value)                        \
	{                                                                      \
		__asm__ volatile("mov %0, %%" #name ::"r"(value) : "memory");  \
	}

ACCESSORS(cr0)
ACCESSORS(cr2)
ACCESSORS(cr3)
ACCESSORS(cr4)
ACCESSORS(cr8)
ACCESSORS(dr0)
ACCESSORS(dr1)
ACCESSORS(dr2)
ACCESSORS(dr3)
ACCESSORS(dr6)
ACCESSORS(dr7)

static inline uint64_t flags_read(void)
{
	uint64_t flags;

	__asm__ volatile("pushfq; pop %0" : "=r"(flags)::"memory");
	return flags;
}

static inline void interrupts_on(void)
{
	__asm__ volatile("sti; nop" ::: "memory");
}

static inline void interrupts_off(void)
{
	__asm__ volatile("cli" ::: "memory");
}

static inline uint64_t tsc_read(void)
{
	uint32_t low, high;

	__asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high)::"memory");
	return (uint64_t)high << 32 | low;
}

static inline void cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
	__asm__ volatile("cpuid"
			 : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]),
			   "=d"(out[3])
			 : "a"(leaf), "c"(subleaf));
}

static inline void tlb_flush(const volatile void *address)
{
	__asm__ volatile("invlpg (%0)" ::"r"(address) : "memory");
}

static inline uint8_t port_read(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline uint16_t port_read16(uint16_t port)
{
	uint16_t value;

	__asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}
