/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the vp did that silicon would not do alone, kind by kind. */
#pragma once

#include "../virt/virt.h"

struct vp;

/* Handles one intercept of the vp that this processor runs. */
void handler_run(struct vp *vp, const struct virt_intercept *intercept);
