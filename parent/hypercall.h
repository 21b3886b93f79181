/* SPDX-License-Identifier: GPL-2.0-only */
/* Hypercalls from this kernel: one call, its retries, its errors, and the
 * memory it asks for. */
#pragma once

#include <linux/atomic.h>
#include <linux/types.h>
#include "abi/hypercall.h"

/* One call. Rep calls count done from 0 and go on at start. */
struct hypercall {
	u16 code;    /* HVCALL_* */
	u16 reps;    /* 0: not a rep call */
	u16 start;   /* first rep to do */
	u16 varhead; /* variable header in units of 8 bytes */
	const void *in;
	u32 in_size; /* at most a page */
	void *out;
	u32 out_size; /* at most a page */
	u16 done;     /* out: reps completed */
};

/*
 * What this kernel lends the hypervisor for one partition. The more memory a
 * partition has the more it may cost, so that mapping single pages far apart
 * does not use up the parent's memory.
 */
struct memory_pool {
	u64 partition;
	atomic_long_t lent;   /* pages */
	atomic_long_t mapped; /* pages of guest memory */
};

/* For the parent itself, which the hypervisor refuses nothing. */
extern struct memory_pool memory_pool_self;

struct cpuid_result {
	u32 eax;
	u32 ebx;
	u32 ecx;
	u32 edx;
};

/* The kernel's own helper changes its header between versions. */
static inline struct cpuid_result hypervisor_cpuid(u32 leaf)
{
	struct cpuid_result result = {.eax = leaf};

	asm volatile("cpuid"
		     : "+a"(result.eax), "=b"(result.ebx), "+c"(result.ecx),
		       "=d"(result.edx));
	return result;
}

int hypercall_init(void);
void hypercall_exit(void);

u16 hypercall_status(struct hypercall *call);
int hypercall_do(struct hypercall *call);
int hypercall_status_with_memory(struct memory_pool *pool,
				 struct hypercall *call, u16 *status);
int hypercall_do_with_memory(struct memory_pool *pool, struct hypercall *call);
int hypercall_errno(u16 status);

int memory_pool_deposit(struct memory_pool *pool, unsigned int pages);
void memory_pool_withdraw(struct memory_pool *pool);
