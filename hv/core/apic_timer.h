/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The timer of the virtual local APIC: a count that is computed, not kept. */
#pragma once

#include "../lib/types.h"

struct vp;

/* Register 380h: loads the count and starts it; 0 stops it. */
void apic_timer_load(struct vp *vp, uint32_t count);

/* Register 390h. */
uint32_t apic_timer_current(const struct vp *vp);

/* Register 3E0h: from now on the count goes at this speed. */
void apic_timer_divide(struct vp *vp, uint32_t divide);

/* Goes on from a count that was read elsewhere (GET/SET_VP_STATE). */
void apic_timer_resume(struct vp *vp, uint32_t current);
