/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A partition: memory, virtual processors, privileges, quota.
 *
 * Order of locks, outermost first; none is ever held across vp_run():
 *   T  hypervisor.table_lock    which partitions exist
 *   P  partition.lock           memory map, vps, ports, properties;
 *                               a child's before the parent's
 *   Y  synic.lock               one vp's message queues
 *   R  lp.lock                  one logical processor's run queue
 *   O  pool.lock                free pages
 */
#pragma once

#include "../../abi/hypercall.h"
#include "../../abi/hypercall_parent.h"
#include "../lib/list.h"
#include "../lib/pages.h"
#include "../lib/spinlock.h"
#include "../lib/types.h"
#include "../virt/virt.h"
#include "hypervisor.h"
#include "pool.h"
#include "synic.h"

#define PARTITION_VPS_MAX   128
#define PARTITION_PARENT_ID 1ull

enum partition_state {
	PARTITION_CREATED,
	PARTITION_ACTIVE, /* initialized */
	PARTITION_FINALIZED,
	PARTITION_DELETING,
};

/* Children's addresses end here: 48 bits, less the encryption bit's place. */
#define PARTITION_GPA_LIMIT (1ull << 46)

/* What an MSR that the hypervisor does not know does: the default here, or a
 * value of the property UNIMPLEMENTED_MSR_ACTION. */
#define PARTITION_MSR_INTERCEPT UINT64_MAX

/* The hypercall page over a page of the guest's, which it hides. */
struct overlay {
	bool active;
	struct virt_mapping below; /* no rights: nothing */
};

struct partition {
	struct list node;	  /* T: in hypervisor.partitions */
	uint64_t id;		  /* constant */
	struct partition *parent; /* constant; NULL for the parent itself */
	uint32_t references;	  /* atomic: hypercalls using it right now */
	struct spinlock lock;
	enum partition_state state; /* P */
	uint64_t privileges;	    /* P: leaf 3 EAX | EBX << 32 */
	bool hyperv;		    /* P: Hv#1 is shown; false hides it all */
	uint64_t unimplemented_msr; /* P: PARTITION_MSR_INTERCEPT, or action */
	uint32_t intercepts; /* P: mask of installed 1 << HV_INTERCEPT_TYPE */

	struct pool_account account; /* pages charged to it */
	struct virt_space space;     /* P */
	uint64_t pages_small;	     /* P: mapped, of 4 KiB */
	uint64_t pages_large;	     /* P: mapped, of 2 MiB */
	uint32_t flush_generation;   /* atomic: bumped when a mapping goes */
	uint64_t flush_epoch;	     /* atomic: hypervisor.epoch of that */
	struct overlay overlay;	     /* P */
	uint64_t scrap_accesses;     /* P, parent: touches of hidden frames */
	gpa_t forgotten;	     /* T: gpa_forget() has come to here */

	struct vp *vps[PARTITION_VPS_MAX]; /* P to change; read freely */
	uint32_t vp_limit;		   /* highest index + 1 */

	uint64_t guest_os_id;	/* P */
	uint64_t hypercall_msr; /* P */
	uint64_t reference_tsc; /* P: MSR 40000021h */
	uint64_t time_origin;	/* TSC at which reference time was 0 */
	bool frozen;		/* P: reference time stands still */
	uint64_t frozen_at;	/* P: TSC of that */
	uint64_t crash[5];	/* crash MSRs P0..P4 */
	uint64_t crash_control;
	uint64_t tsc_invariant_control; /* MSR 40000118h */

	/* P: a page of leaves the parent registered, or NULL */
	struct hv_cpuid_result_parameters *cpuid;
	uint32_t cpuid_count;
	uint64_t cpuid_generation; /* atomic: from 1 up, when answers change */

	struct list ports;	 /* P: owned by this partition */
	struct list connections; /* P: of this partition to others' ports */

	struct synic_source eoi_source; /* APIC-EOI messages to the parent */
	uint32_t eoi_pending[8];	/* atomic: vectors ended, level */
	uint8_t eoi_vp[256];		/* which vp ended each of them last */
	uint64_t time_last; /* atomic: reference time last given out */
	struct port_page *port_pages; /* P: cells of ports and connections */

	uint32_t weight; /* P: scheduling, 1 .. 10000, default 100 */
};

/*
 * A new child of parent, without memory or vps. INSUFFICIENT_MEMORY: pool.
 * It is found by id from then on.
 */
enum hv_status partition_create(struct partition *parent,
				struct partition **created);

/* From created to active. INVALID_PARTITION_STATE otherwise. */
enum hv_status partition_initialize(struct partition *partition);

/*
 * Stops a child that the caller holds and takes it apart: vps, memory, ports.
 * Bounded work each call; true when only the shell is left, false as long as
 * something of it runs, another holds it, or work is left.
 */
bool partition_finalize(struct partition *partition);

/* The same to the very end: deposits go back to the parent, and when it
 * returns true there is no partition any more, nor the caller's hold. */
bool partition_delete(struct partition *partition);

/* Guest OS id 0: hypercall page, SynIC and timers of all vps end. */
void partition_forget_guest(struct partition *partition);

/* Finds a partition and holds it; NULL if there is none. HV_PARTITION_ID_SELF
 * is caller. Give it back before this entry ends. */
struct partition *partition_get(struct partition *caller, uint64_t id);
void partition_put(struct partition *partition);

/* Locks P: of the partition, and if it is a child of its parent as well. */
static inline void partition_lock(struct partition *partition)
{
	spinlock_take(&partition->lock);
	if (partition->parent)
		spinlock_take(&partition->parent->lock);
}

static inline void partition_unlock(struct partition *partition)
{
	if (partition->parent)
		spinlock_give(&partition->parent->lock);
	spinlock_give(&partition->lock);
}

/* What CPUID tells the vps may be different from now on. */
static inline void partition_cpuid_changed(struct partition *partition)
{
	__atomic_add_fetch(&partition->cpuid_generation, 1, __ATOMIC_RELEASE);
}

static inline bool partition_is_parent(const struct partition *partition)
{
	return partition->parent == NULL;
}
