/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gives up what a running worker does not need. */
#pragma once

/*
 * Called once, after everything is open and before the child's first
 * instruction: no privilege of root, no way to gain one, no new program.
 * 0 or -errno, with a log line.
 */
int confine(void);
