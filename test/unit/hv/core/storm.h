/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everybody does anything: what the random test and the fuzzer have in common.
 */
#pragma once

#include "world.h"

struct storm {
	/* Every decision: a number below limit; limit 0: any 64 bits. */
	uint64_t (*random)(uint64_t limit);
	unsigned int words; /* of each hypercall's input that are decided */
	unsigned int steps; /* since the program began */
	uint64_t pages;	    /* what the pool has to have again in the end */
};
extern struct storm storm;

/* After world_setup(). */
void storm_start(void);

/* Makes children of two processors that run, and their parent's SynIC on. */
void storm_children(uint32_t count);

/* One processor goes on. Whether the first one now runs a child. */
bool storm_step(void);

/* Deletes all children; every page must be back then. */
void storm_end(void);
