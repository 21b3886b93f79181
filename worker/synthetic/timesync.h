/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The time service: tells the child what time it is. */
#pragma once

#include "integration.h"

struct timesync;

struct timesync_options {
	struct integration_options integration;
	/*
	 * The child's reference time in 100 ns, now. False, or NULL: it is
	 * not known, and a child that asks for it gets none.
	 */
	bool (*reference)(void *owner, uint64_t *time_100ns);
	void *owner;
};

/* NULL: no channel is left. */
struct timesync *timesync_create(const struct timesync_options *options);
void timesync_destroy(struct timesync *timesync);

/* The child stood still, or was moved: it is to set its clock now. */
void timesync_set(struct timesync *timesync);
