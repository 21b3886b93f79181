/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest memory: mapping it, reaching into it, and taking it back. */
#pragma once

#include "../../abi/hypercall.h"
#include "../lib/types.h"
#include "../virt/virt.h"
#include "partition.h"

/*
 * The hypervisor's pointer to the frame behind gpa, valid until this lp next
 * runs a vp (who takes a page away waits for that, by gpa_quiet()); NULL where
 * the parent has no RAM of its own, or where nothing is mapped with these
 * VIRT_MAP_* rights. Only the bytes up to the page's end may be used.
 */
void *gpa_pointer(struct partition *partition, gpa_t gpa, uint32_t rights);

/* Copies across pages; false (part may be copied) where a page is missing. */
bool gpa_read(struct partition *partition, gpa_t gpa, void *to, uint64_t size);
bool gpa_write(struct partition *partition, gpa_t gpa, const void *from,
	       uint64_t size);

/*
 * Maps one page of parent memory, of 4 KiB or 2 MiB, into a child; without
 * rights it takes away what is there, which is out of use once gpa_quiet().
 * INVALID_PARAMETER: misaligned; ACCESS_DENIED: not the parent's own RAM.
 */
enum hv_status gpa_map(struct partition *child,
		       const struct virt_mapping *target);

/* A child that never runs again no longer counts as having its frames. True
 * when all is done, of which a call does budget pages. */
bool gpa_forget(struct partition *child, unsigned int budget);

/* Every vp drops its translations before it runs again. */
void gpa_flush(struct partition *partition);

/*
 * Whether no processor can still use a translation, or a pointer into any
 * partition's memory, from before the partition's last gpa_flush(). Makes
 * those that may stop; ask again later.
 */
bool gpa_quiet(struct partition *partition);

/* A nested fault of the parent: maps identity, or the scrap page. False: there
 * is nothing at that address. */
bool gpa_parent_fault(struct partition *parent, gpa_t gpa);

/*
 * Takes one of the parent's frames from it, or gives it back. Hiding counts
 * only once gpa_quiet(parent), and then no child has a translation of it left.
 * ACCESS_DENIED: not the parent's; INVALID_PARAMETER: mapped into a child.
 */
enum hv_status gpa_hide(struct partition *parent, spa_t frame);
void gpa_unhide(struct partition *parent, spa_t frame);

/* Puts the hypercall page over gpa, or takes it away again. False: the quota
 * is used up, or gpa lies beyond the partition's reach. */
bool gpa_overlay(struct partition *partition, gpa_t gpa);
void gpa_overlay_remove(struct partition *partition);
