/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The root of all state, and the three calls that boot makes to start it. */
#pragma once

#include "../lib/list.h"
#include "../lib/spinlock.h"
#include "../lib/types.h"
#include "clock.h"
#include "cpuid_processor.h"

#define LPS_MAX		  64
#define HIDDEN_RANGES_MAX 8
#define RAM_RANGES_MAX	  256

struct vp;
struct partition;

/* Frames that belong to the hypervisor, never mapped to any partition. */
struct spa_range {
	spa_t base;
	uint64_t size; /* multiple of PAGE_SIZE */
};

/* What boot found out; copied by hypervisor_start(). */
struct hypervisor_config {
	uint32_t lps;
	uint32_t apic_id[LPS_MAX]; /* physical APIC id of each lp */
	uint64_t tsc_hz;
	uint64_t apic_hz;      /* rate of the virtual APIC timer at divide 1 */
	bool tsc_synchronous;  /* the boot check found all TSCs equal */
	uint16_t log_port;     /* base of the debug UART, trapped; 0 none */
	struct spa_range pool; /* page-aligned, RAM, all of it ours */
	spa_t lent; /* a byte a frame of RAM: children's pages on it, P */
	struct spa_range hidden[HIDDEN_RANGES_MAX]; /* all of that, and image */
	uint32_t hidden_count;
	struct spa_range ram[RAM_RANGES_MAX]; /* whole pages of RAM */
	uint32_t ram_count;
};

/*
 * Boot processor, once: makes the pool, the parent partition and one parent
 * vp a logical processor. Vp 0 is in reset state and runnable, the others
 * wait for a start-up IPI. virt is chosen before.
 */
void hypervisor_start(const struct hypervisor_config *config);

/* The parent's vp of this logical processor index. */
struct vp *hypervisor_parent_vp(uint32_t lp);

/* Which one is told what any may be: that of this logical processor, unless
 * its SynIC is off, as Linux keeps it off line. */
struct vp *hypervisor_parent_near(uint32_t lp);

/* Every logical processor, last: schedules for ever. */
void hypervisor_run(void) __attribute__((noreturn));

/* A value by its number, in tables that are looked through. */
struct numbered {
	uint32_t number;
	uint64_t value;
};

static inline bool numbered_find(const struct numbered *table, size_t count,
				 uint32_t number, uint64_t *value)
{
	for (size_t i = 0; i < count; i++) {
		if (table[i].number != number)
			continue;
		*value = table[i].value;
		return true;
	}
	return false;
}

/* The one root. Constant after hypervisor_start() unless a lock is named. */
struct hypervisor {
	struct hypervisor_config config;
	struct clock clock; /* by clock_start(), from config */
	struct cpuid_host cpuid_host;
	struct spinlock table_lock; /* T */
	struct list partitions;	    /* T: every struct partition */
	uint64_t next_partition_id; /* T */
	struct partition *parent;
	spa_t scrap_page;     /* what the parent sees of hidden frames */
	spa_t hypercall_page; /* the code that every partition calls */
	struct lp *lps[LPS_MAX];
	uint64_t epoch; /* atomic: counts flushes, of all partitions */
};
extern struct hypervisor hypervisor;
