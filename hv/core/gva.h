/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest virtual addresses: walks by the vp's own page tables. */
#pragma once

#include "../lib/types.h"

struct vp;

/*
 * access: VIRT_ACCESS_*; user tells whether CPL 3's rights apply. On failure
 * *error is the page fault's code (bit 0 present, 1 write, 2 user, 4 fetch),
 * with GVA_UNMAPPED when a table itself is not in the partition's memory.
 */
#define GVA_UNMAPPED BIT(31)
struct gva_query {
	gva_t gva;
	uint32_t access;
	bool user;
};
bool gva_translate(struct vp *vp, const struct gva_query *query, gpa_t *gpa,
		   uint32_t *error);

/* Reads instruction bytes at CS:RIP; returns how many could be read. */
unsigned int gva_fetch(struct vp *vp, uint8_t *bytes, unsigned int count);
