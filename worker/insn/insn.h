/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Emulates the one instruction at which a vp was intercepted. */
#pragma once

#include "worker/device.h"
#include "abi/register.h"

/* In the order in which the register page and the encoding number them. */
enum insn_segment {
	INSN_ES,
	INSN_CS,
	INSN_SS,
	INSN_DS,
	INSN_FS,
	INSN_GS,
	INSN_SEGMENT_COUNT
};

/* The part of a vp that instructions here read and change. */
struct insn_cpu {
	uint64_t gprs[HV_GPR_COUNT];
	uint64_t rip;
	uint64_t rflags;
	uint64_t cr0;
	uint64_t cr3;
	uint64_t cr4;
	uint64_t efer;
	struct hv_segment_register segments[INSN_SEGMENT_COUNT];
	unsigned int cpl;
};

/* What the instruction can reach. */
struct insn_bus {
	const struct memory *memory;
	/* Registers of devices; size is 1, 2, 4 or 8. */
	uint64_t (*read)(void *owner, enum io_space space, uint64_t address,
			 unsigned int size);
	void (*write)(void *owner, enum io_space space, uint64_t address,
		      unsigned int size, uint64_t value);
	void *owner;
};

struct insn_fault {
	uint8_t vector;
	bool has_error_code;
	uint32_t error_code;
	uint64_t address; /* CR2 of a page fault */
};

enum insn_result {
	INSN_DONE,	  /* RIP is behind it */
	INSN_AGAIN,	  /* a piece of a repeated one is done; RIP stands */
	INSN_FAULT,	  /* raise it; RIP stands */
	INSN_UNSUPPORTED, /* none of ours; nothing was changed */
};

/*
 * Iterations of a repeated string instruction done at once. Then the vp
 * gets its chance to take an interrupt.
 */
#define INSN_REPEAT_MAX 1024u

/*
 * Emulates the instruction at CS:RIP. bytes are the count (at most 16)
 * bytes found there; with too few they are fetched through the guest's own
 * page tables. All of cpu's registers are valid before and after. Only
 * Zydis' decoder interprets the bytes.
 */
enum insn_result insn_emulate(struct insn_cpu *cpu, const struct insn_bus *bus,
			      const uint8_t *bytes, size_t count,
			      struct insn_fault *fault);

/*
 * Translates one linear address as cpu would for an access described by the
 * bits of a page fault's error code (INSN_ACCESS_*). Sets accessed and dirty
 * bits. False: fault is filled in.
 */
#define INSN_ACCESS_PRESENT 0x01u
#define INSN_ACCESS_WRITE   0x02u
#define INSN_ACCESS_USER    0x04u
#define INSN_ACCESS_FETCH   0x10u
bool insn_translate(const struct insn_cpu *cpu, const struct memory *memory,
		    uint64_t linear, uint32_t access, uint64_t *gpa,
		    struct insn_fault *fault);
