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
	msr_function read;   /* NULL: #GP */
	msr_function write;  /* NULL: #GP */
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

/* RDMSR or WRMSR of an MSR whose row is not remembered: it is then. */
enum msr_result msr_search(struct msr_access *access, bool write);

/* A synthetic MSR may be hidden, or its privilege missing. */
static inline bool msr_may_use(const struct partition *partition,
			       const struct msr_row *row)
{
	if (row->first - HV_MSR_FIRST > HV_MSR_LAST - HV_MSR_FIRST)
		return true;
	return !(row->privileges & ~partition->privileges) &&
	       (partition->hyperv || partition_is_parent(partition));
}

/* RDMSR or WRMSR; access->row is for who answers. */
static inline enum msr_result msr_run(struct msr_access *access, bool write)
{
	const struct vp *vp = access->vp;
	const struct msr_row *row = vp->msr.rows[access->msr % MSR_ROWS];
	msr_function function;

	if (!row || access->msr - row->first > row->last - row->first)
		return msr_search(access, write);
	if (!msr_may_use(vp->partition, row))
		return MSR_FAULT;
	access->row = row;
	function = write ? row->write : row->read;
	return function && function(access) ? MSR_DONE : MSR_FAULT;
}

/* argument is where the row's uint64_t, one a register, are in the struct. */
bool msr_read_vp(struct msr_access *access);
bool msr_write_vp(struct msr_access *access);
bool msr_read_partition(struct msr_access *access);
bool msr_write_partition(struct msr_access *access);
