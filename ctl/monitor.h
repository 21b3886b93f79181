/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process that stays with a child: starts its worker, waits, records. */
#pragma once

#include "child.h"

/*
 * Leaves a monitor in the background that runs the child, and returns when
 * the worker answers on its socket, or has ended. 0, or -errno when not even
 * that could be done: -EBUSY if a child of the name runs.
 */
int monitor_start(const struct child *child);
