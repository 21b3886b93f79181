/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every MSR that is trapped: who answers it, and what it answers. */
#pragma once

#include "../lib/types.h"
#include "hypervisor.h"

enum msr_result {
	MSR_DONE,
	MSR_FAULT,	   /* #GP */
	MSR_UNIMPLEMENTED, /* the partition's property says what then */
};

struct msr_row;
#define MSR_ROWS 16

struct msr_state {
	uint64_t mtrr_default;
	uint64_t mtrr_range[16]; /* base and mask of each */
	uint64_t mtrr_fixed[11];
	uint64_t vp_assist;
	uint64_t misc_enable;
	struct msr_known {
		uint32_t msr;
		const struct msr_row *row;
	} known[MSR_ROWS]; /* found last, by low bits */
};

enum msr_result msr_read(struct vp *vp, uint32_t msr, uint64_t *value);
enum msr_result msr_write(struct vp *vp, uint32_t msr, uint64_t value);
void msr_reset(struct vp *vp);
