/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decodes MOVs on the local-APIC page, the only decoder in the hypervisor. */
#pragma once

#include "../virt/virt.h"

struct vp;

/*
 * Handles a nested fault on the APIC page: 32-bit MOV forms (89, 8B, C7, A1,
 * A3; any addressing, legacy and REX prefixes) in any mode. True: done, RIP
 * moved on. False: another form; the caller sends it to the parent, or #UDs.
 */
bool apic_mmio(struct vp *vp, const struct virt_intercept *intercept);
