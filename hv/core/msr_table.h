/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MSRs described by rows: who answers, and what a row needs to know. */
#pragma once

#include "msr.h"

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
	msr_function read;  /* NULL: #GP */
	msr_function write; /* NULL: #GP */
	uint64_t argument;  /* what read and write make of it */
};

/* Rows are sorted and do not overlap. NULL: nobody has the MSR. */
const struct msr_row *msr_find(const struct msr_row *rows, size_t count,
			       uint32_t msr);

/* The range of the hypervisor's own MSRs; all of it is known here. */
enum msr_result msr_synthetic_read(struct vp *vp, uint32_t msr,
				   uint64_t *value);
enum msr_result msr_synthetic_write(struct vp *vp, uint32_t msr,
				    uint64_t value);

/* Memory type range registers: kept, checked, and of no effect. */
bool mtrr_read(struct msr_access *access);
bool mtrr_write(struct msr_access *access);
