/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A network of the child's own behind address translation (libslirp), which
 * needs no privilege: the child reaches what this process reaches.
 *
 *   10.0.2.0/24   10.0.2.2   gateway, and the parent's own loopback
 *                 10.0.2.3   name server: the first of the parent's
 *                 10.0.2.15  the child, by DHCP
 *   fec0::/64     ::2, ::3 likewise, by router advertisement
 */
#pragma once

#include "network_backend.h"

#define NETWORK_FORWARDS_MAX 32u

/* A port of the parent that leads to one of the child. */
struct network_forward {
	bool udp;
	uint32_t address; /* of the parent, IPv4, host order; 0: any */
	uint16_t port;
	uint16_t child_port;
};

struct network_nat_options {
	const char *name; /* of the child, which DHCP tells it */
	struct clock *clock;
	uint32_t mtu;
	const struct network_forward *forwards;
	unsigned int forward_count;
};

/*
 * NULL, and a line for a person in error (NETWORK_ERROR_SIZE bytes): a port
 * is taken, or the system is out of descriptors.
 */
struct network_backend *
network_nat_create(const struct network_nat_options *options, char *error);
