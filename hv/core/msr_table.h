/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MSRs described by rows: who answers, and what a row needs to know. */
#pragma once

#include "../../abi/msr.h"
#include "msr.h"
#include "vp.h"

struct msr_row;

/* One RDMSR or WRMSR on its way. */
struct msr_access {
	struct vp *vp;
	const struct msr_row *row;
	uint32_t msr;
	uint64_t value;
};

/* False: #GP. */
typedef bool (*msr_function)(struct msr_access *access);

struct msr_row {
	uint32_t first;
	uint32_t last;
	msr_function read;
	msr_function write;
	uint64_t argument;   /* what read and write make of it */
	uint64_t privileges; /* all of these needed, or #GP */
};

/* Rows are sorted and do not overlap. NULL: nobody has the MSR. */
const struct msr_row *msr_find(const struct msr_row *rows, size_t count,
			       uint32_t msr);

/* The hypervisor's own MSRs. */
extern const struct msr_row msr_synthetic_rows[];
extern const size_t msr_synthetic_count;

/* argument is the value; a write has no effect. */
bool msr_constant(struct msr_access *access);
bool msr_ignore(struct msr_access *access);
bool msr_refuse(struct msr_access *access); /* #GP */

/* RDMSR or WRMSR of an MSR whose row is not remembered: it is then. */
enum msr_result msr_search(struct msr_access *access, bool write);

/* A synthetic MSR may be hidden, or its privilege missing. */
static inline bool msr_may_use(const struct msr_access *access)
{
	const struct partition *partition = access->vp->partition;

	return access->msr - HV_MSR_FIRST > HV_MSR_LAST - HV_MSR_FIRST ||
	       (!(access->row->privileges & ~partition->privileges) &&
		(partition->hyperv || partition_is_parent(partition)));
}

/* RDMSR or WRMSR; access->row is for who answers. */
static inline enum msr_result msr_run(struct msr_access *access, bool write)
{
	uint32_t slot = access->msr % MSR_ROWS;
	const struct msr_row *row = access->vp->msr.known[slot].row;

	if (access->vp->msr.known[slot].msr != access->msr)
		return msr_search(access, write);
	access->row = row;
	if (!msr_may_use(access) || !(write ? row->write : row->read)(access))
		return MSR_FAULT;
	return MSR_DONE;
}

/* argument is where the row's uint64_t, one a register, are in the struct. */
bool msr_read_vp(struct msr_access *access);
bool msr_write_vp(struct msr_access *access);
bool msr_read_partition(struct msr_access *access);
bool msr_write_partition(struct msr_access *access);
