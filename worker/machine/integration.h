/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The integration services of an enlightened child, as its machine's. */
#pragma once

#include "worker/core/machine.h"
#include "worker/vmbus/vmbus.h"

struct heartbeat;
struct kvp;
struct shutdown;
struct timesync;

struct integration_devices {
	struct machine *machine;
	struct shutdown *shutdown;
	struct heartbeat *heartbeat;
	struct timesync *timesync;
	struct kvp *kvp;
};

/* Makes them the machine's services. 0 or -errno, with a log line. */
int integration_connect(struct integration_devices *devices,
			struct machine *machine, struct vmbus_server *server);
void integration_disconnect(struct integration_devices *devices);
