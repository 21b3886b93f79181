/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The child's networks: an adapter on VMBus for each, NAT or a tap behind. */
#pragma once

#include "worker/core/machine.h"
#include "worker/vmbus/vmbus.h"

struct netvsp;
struct network_backend;

struct network {
	char name[24]; /* in the log: network0 */
	struct network_backend *backend;
	struct netvsp *adapter;
	struct loop_watch watch;
	struct vmbus_server *server;
};

struct networks {
	unsigned int count;
	struct network networks[CONFIG_NETWORKS_MAX];
};

/*
 * Needs the privileges that the back ends do. 0 or -errno, with a log line;
 * machine->exit says whose fault it is.
 */
int networks_connect(struct networks *networks, struct machine *machine,
		     struct vmbus_server *server);

void networks_disconnect(struct networks *networks, struct machine *machine,
			 struct vmbus_server *server);
