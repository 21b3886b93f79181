/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a person uses a child by: keyboard and mouse on VMBus. */
#pragma once

#include "worker/core/machine.h"

struct keyboard;
struct mouse;
struct vmbus_server;

struct human {
	struct keyboard *keyboard;
	struct mouse *mouse;
};

/* Makes them the machine's input. 0 or -errno, with a log line. */
int human_connect(struct human *human, struct machine *machine,
		  struct vmbus_server *server);
void human_disconnect(struct human *human, struct machine *machine);
