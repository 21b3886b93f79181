/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine made of nothing: virt.h and cpu.h for a host program, so that all
 * of hv/core runs under a test. One thread plays every logical processor.
 *
 *   0                                  FAKE_POOL            FAKE_RAM
 *   | the parent's memory, identity    | hypervisor's pool  |
 */
#pragma once

#include "../../hv/core/hypervisor.h"
#include "../../hv/virt/virt.h"
#include "../../hv/x86/cpu.h"

#define FAKE_RAM	(64ull << 20)
#define FAKE_POOL	(48ull << 20)
#define FAKE_LENT	(FAKE_RAM - (FAKE_RAM >> PAGE_SHIFT)) /* the pool's end */
#define FAKE_LPS	4
#define FAKE_TSC_HZ	2000000000ull
#define FAKE_APIC_HZ	100000000ull
#define FAKE_CPUID_ROWS 128

struct fake_cpuid {
	uint32_t leaf;
	uint32_t subleaf; /* UINT32_MAX: all */
	uint32_t out[4];
};

/* What tests read and write directly. */
struct fake {
	uint8_t *ram;
	uint32_t lp;		  /* which one runs */
	uint64_t now;		  /* the TSC */
	uint64_t armed[FAKE_LPS]; /* deadlines of the timers */
	unsigned int kicks[FAKE_LPS];
	unsigned int waits;
	unsigned int resets;	     /* of the machine */
	unsigned int released[256];  /* level interrupts ended, by vector */
	struct cpu_interrupts taken; /* handed out by the next take */
	bool taken_valid;
	struct fake_cpuid cpuid[FAKE_CPUID_ROWS];
	unsigned int cpuid_count;
	/* A guest is about to run here, or the processor waits: others may be
	 * played meanwhile. NULL: nothing happens. */
	void (*yield)(void);
	unsigned int runs; /* of any guest */
	/* Plays the guest: what vp does next. NULL: a physical interrupt. */
	void (*guest)(struct virt_vp *vp, struct virt_intercept *intercept);
};
extern struct fake fake;

/* Silicon's part of a vp. */
#define FAKE_REGISTERS 64
struct fake_vp {
	struct virt_vp virt; /* first */
	struct hv_register_assoc registers[FAKE_REGISTERS];
	unsigned int register_count;
	struct virt_event injected; /* the last one */
	unsigned int injections;
	unsigned int windows;
	unsigned int skipped; /* bytes RIP was moved on in all */
	unsigned int flushes;
	bool current;
	uint32_t lp; /* whose, while current */
	spa_t page;
};

static inline struct fake_vp *fake_vp(struct virt_vp *vp)
{
	return (struct fake_vp *)vp;
}

/* Everything as after power-on; then hypervisor_start() with lps. */
void fake_start(uint32_t lps);
void fake_stop(void);

/* Forgets what is mapped, of all spaces: fake_stop() does it. */
void fake_spaces_stop(void);

/* Adds or replaces a leaf of the machine's CPUID; of rows that match, the one
 * for the very subleaf counts. */
void fake_cpuid_set(uint32_t leaf, uint32_t subleaf, const uint32_t out[4]);
