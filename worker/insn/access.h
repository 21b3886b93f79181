/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory as an instruction sees it: segments, pages, RAM and registers. */
#pragma once

#include "insn.h"

/* One instruction under way. */
struct insn_context {
	struct insn_cpu *cpu;
	const struct insn_bus *bus;
	struct insn_fault *fault;
	unsigned int next_ip; /* bytes from RIP to the next instruction */
};

/* A piece of memory found and allowed: at most two pages of it. */
struct access_target {
	struct {
		uint64_t gpa;
		unsigned int size;
	} parts[2];
	unsigned int part_count;
};

/* A reference before translation. */
struct access_reference {
	enum insn_segment segment;
	uint64_t offset;
	unsigned int size; /* 1, 2, 4 or 8 */
	bool write;
};

bool access_long_mode(const struct insn_cpu *cpu);

/* False: the context's fault is filled in. */
bool access_resolve(struct insn_context *context,
		    const struct access_reference *reference,
		    struct access_target *target);

/* Neither can fail. */
uint64_t access_read(const struct insn_context *context,
		     const struct access_target *target);
void access_write(const struct insn_context *context,
		  const struct access_target *target, uint64_t value);
