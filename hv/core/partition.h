/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A partition: memory, virtual processors, privileges, quota.
 *
 * Order of locks, outermost first; none is ever held across vp_run():
 *   T  hypervisor.table_lock    which partitions exist
 *   P  partition.lock           memory map, vps, ports, properties
 *   Y  synic.lock               one vp's message queues
 *   R  lp.lock                  one logical processor's run queue
 *   O  pool.lock                free pages
 */
#pragma once

#include "../../abi/hypercall.h"
#include "../lib/list.h"
#include "../lib/pages.h"
#include "../lib/spinlock.h"
#include "../lib/types.h"
#include "../virt/virt.h"
#include "cpuid.h"
#include "hypervisor.h"
#include "pool.h"
#include "synic.h"

#define PARTITION_VPS_MAX 128
#define PARTITION_PARENT_ID 1ull

enum partition_state {
	PARTITION_CREATED,
	PARTITION_ACTIVE,   /* initialized */
	PARTITION_FINALIZED,
	PARTITION_DELETING,
};

struct partition {
	struct list node;	/* T: in hypervisor.partitions */
	uint64_t id;		/* constant */
	struct partition *parent; /* constant; NULL for the parent itself */
	uint32_t references;	/* atomic: hypercalls using it right now */
	struct spinlock lock;
	enum partition_state state; /* P */
	uint64_t flags;		/* constant: HV_PARTITION_CREATION_FLAG_* */
	uint64_t privileges;	/* P: leaf 3 EAX | EBX << 32 */
	bool hyperv;		/* P: Hv#1 is shown; false hides it all */
	uint64_t unimplemented_msr; /* P: 0 intercept, 1 #GP ... property 50017 */
	uint32_t intercepts;	/* P: mask of installed 1 << HV_INTERCEPT_TYPE */

	struct pool_account account; /* pages charged to it */
	struct virt_space space;     /* P */
	uint64_t pages_small;	     /* P: mapped, of 4 KiB */
	uint64_t pages_large;	     /* P: mapped, of 2 MiB */
	uint32_t flush_generation;   /* atomic: bumped when a mapping goes */

	struct vp *vps[PARTITION_VPS_MAX]; /* P to change; read freely */
	uint32_t vp_limit;		   /* highest index + 1 */

	uint64_t guest_os_id;	/* P */
	uint64_t hypercall_msr; /* P */
	uint64_t reference_tsc; /* P: MSR 40000021h */
	uint64_t time_origin;	/* TSC at which reference time was 0 */
	uint64_t crash[5];	/* crash MSRs P0..P4 */
	uint64_t crash_control;

	struct cpuid_result cpuid[CPUID_RESULTS_MAX]; /* P */
	uint32_t cpuid_count;

	struct list ports;	 /* P: owned by this partition */
	struct list connections; /* P: of this partition to others' ports */

	struct synic_source eoi_source; /* APIC-EOI messages to the parent */
	uint32_t eoi_pending[8];	/* atomic: vectors ended, level */

	uint32_t weight;	/* P: scheduling, 1 .. 10000, default 100 */
	uint64_t statistics[64]; /* retired vps' counts are added here */
};

/* The one parent. */
struct partition *partition_parent(void);

/* Finds a partition and holds it; NULL if there is none. HV_PARTITION_ID_SELF
 * is caller. Give it back soon: a delete waits for that. */
struct partition *partition_get(struct partition *caller, uint64_t id);
void partition_put(struct partition *partition);

static inline bool partition_is_parent(const struct partition *partition)
{
	return partition->parent == NULL;
}
