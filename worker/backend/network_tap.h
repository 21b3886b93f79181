/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A tap of the parent, attached to one of its bridges. */
#pragma once

#include "network_backend.h"

struct network_tap_options {
	const char *name; /* of the child: the tap's alias tells it */
	const char *bridge;
	uint32_t mtu;
	bool segments; /* the device takes frames that are still to be cut */
};

/*
 * Needs CAP_NET_ADMIN. The tap goes when its back end does. NULL, and a line
 * for a person in error (NETWORK_ERROR_SIZE bytes): no such bridge, no tun
 * device, not allowed.
 */
struct network_backend *
network_tap_create(const struct network_tap_options *options, char *error);
