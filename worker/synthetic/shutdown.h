/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The shutdown service: asks the child's kernel to end in order. */
#pragma once

#include "integration.h"

enum shutdown_state {
	SHUTDOWN_NONE,	   /* the child does not serve it */
	SHUTDOWN_IDLE,	   /* it does, and has not been asked */
	SHUTDOWN_ASKED,	   /* it has not answered yet */
	SHUTDOWN_ACCEPTED, /* it said that it will */
	SHUTDOWN_REFUSED,
};

struct shutdown;

struct shutdown_options {
	struct integration_options integration;
	/* The child will not: VMBUS_IC_SHUTDOWN_* as it was asked. */
	void (*refused)(void *owner, uint32_t flags);
	void *owner;
};

/* NULL: no channel is left. */
struct shutdown *shutdown_create(const struct shutdown_options *options);
void shutdown_destroy(struct shutdown *shutdown);

enum shutdown_state shutdown_state(const struct shutdown *shutdown);

/*
 * Asks the child, flags being VMBUS_IC_SHUTDOWN_*. False: it does not serve
 * this. One that has been asked and has not answered is not asked again.
 */
bool shutdown_ask(struct shutdown *shutdown, uint32_t flags);
