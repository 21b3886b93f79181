/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The worker's control socket (abi/control.h). */
#pragma once

#include "abi/control.h"
#include "loop.h"

#define CONTROL_CLIENTS_MAX 16u

struct machine;

struct control_client {
	struct control *control;
	bool used;
	struct loop_watch watch;
	size_t filled;
	char line[CONTROL_LINE_MAX];
};

struct control {
	struct machine *machine;
	char *path;
	struct loop_watch listening; /* fd -1: closed */
	struct control_client clients[CONTROL_CLIENTS_MAX];
};

/* Makes the socket, mode 0600, in place of a stale one. 0 or -errno. */
int control_open(struct control *control, struct machine *machine,
		 const char *path);
/* Removes it. */
void control_close(struct control *control);
