/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is logged when a child cannot go on, or says that it cannot. */
#pragma once

struct vp;

/* The vp's registers, for whoever looks for the cause. */
void crash_report_state(struct vp *vp);

/* The child's own report by its crash registers (control is CRASH_CTL). */
void crash_report_message(struct vp *vp, unsigned long long control);
