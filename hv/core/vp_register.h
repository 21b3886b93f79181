/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A vp's registers by TLFS name, as the parent reads and writes them. */
#pragma once

#include "../../abi/hypercall.h"
#include "../../abi/register.h"
#include "../lib/types.h"

struct vp;

/*
 * Reads or writes one register of a stopped vp. INVALID_PARAMETER: no such
 * name; INVALID_REGISTER_VALUE: the vp cannot have that value.
 */
enum hv_status vp_register_get(struct vp *vp, uint32_t name,
			       struct hv_register_value *value);
enum hv_status vp_register_set(struct vp *vp, uint32_t name,
			       const struct hv_register_value *value);

/* A stopped vp's whole XSAVE area. False: silicon would not load it. */
bool vp_register_set_xsave(struct vp *vp, const void *page);

/* Names that may be written while the vp runs: suspension, deliverability. */
bool vp_register_live(uint32_t name);

/*
 * Suspension: writing 1 to EXPLICIT_SUSPEND asks a running vp to stop; the
 * caller asks lp_running(). Writing 0 lets it go.
 */
enum hv_status vp_register_set_live(struct vp *vp, uint32_t name,
				    uint64_t value);
