/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The heartbeat service: whether the child's kernel still answers. */
#pragma once

#include "integration.h"

enum heartbeat_state {
	HEARTBEAT_NONE, /* the child does not serve it */
	HEARTBEAT_OK,
	HEARTBEAT_LOST, /* it did, and has not answered for a while */
};

struct heartbeat;

/* NULL: no channel is left. */
struct heartbeat *heartbeat_create(const struct integration_options *options);
void heartbeat_destroy(struct heartbeat *heartbeat);

enum heartbeat_state heartbeat_state(const struct heartbeat *heartbeat);
