/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The 8259 pair as firmware left it: silenced until the parent programs it. */
#pragma once

/* Masks all lines and moves them away from the exceptions' vectors. */
void pic_quiet(void);
