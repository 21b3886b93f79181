/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest memory: mapping it, and reaching into it. */
#pragma once

#include "../../abi/hypercall.h"
#include "../lib/types.h"
#include "../virt/virt.h"
#include "partition.h"

/*
 * The hypervisor's pointer to the frame behind gpa, valid until the page is
 * unmapped (unmapping waits for every lp to leave what it is doing); NULL
 * where nothing is mapped with these VIRT_MAP_* rights. Only the bytes up to
 * the page's end may be used.
 */
void *gpa_pointer(struct partition *partition, gpa_t gpa, uint32_t rights);

/* Copies across pages; false (part may be copied) where a page is missing. */
bool gpa_read(struct partition *partition, gpa_t gpa, void *to, uint64_t size);
bool gpa_write(struct partition *partition, gpa_t gpa, const void *from,
	       uint64_t size);

/* Guest-virtual walk by the vp's own page tables. access: VIRT_ACCESS_*; user
 * tells whether CPL 3 rights apply. On failure *error is the #PF code. */
bool gva_translate(struct vp *vp, gva_t gva, uint32_t access, gpa_t *gpa,
		   uint32_t *error);

/* Reads instruction bytes at CS:RIP; returns how many could be read. */
unsigned int gva_fetch(struct vp *vp, uint8_t *bytes, unsigned int count);
