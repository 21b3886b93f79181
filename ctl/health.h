/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a child's worker says of it now, beside what its monitor wrote. */
#pragma once

#include <jansson.h>

struct state;

struct health {
	json_t *answer; /* to "status"; NULL: it does not run, or not answer */
	const char *heartbeat; /* "ok", "lost" or "-" */
	const char *crash;     /* the cause its kernel told, or NULL */
	const char *state;     /* "running", "paused", ... */
};

/* Asks, and waits for the answer no longer than a moment. */
void health_take(struct health *health, const struct state *state);
void health_free(struct health *health);
