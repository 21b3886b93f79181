/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a child's own services can do for those who manage it. */
#pragma once

#include <stdbool.h>

struct json_t; /* jansson's */

/* Set by a machine's build(); every function with the machine's lock held. */
struct services {
	/* Ends the child in order. False: it does not serve this now. */
	bool (*shut_down)(void *owner, bool restart);
	/* It stood still and runs again. */
	void (*resumed)(void *owner);
	/* Adds "heartbeat" and "shutdown" to an answer (abi/control.h). */
	void (*tell_health)(void *owner, struct json_t *answer);
	/* Adds "kvp". */
	void (*tell_facts)(void *owner, struct json_t *answer);
	void *owner;
};
