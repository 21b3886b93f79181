/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys and pointer positions on their way to a child. */
#pragma once

#include <jansson.h>

/*
 * Sends the list of events by the worker's verb "keys" or "pointer", as fast
 * as the child takes them, and returns when it has all. An exit status; the
 * reason of a failure is told.
 */
int input_send(const char *name, const char *verb, json_t *events);

/* All of standard input, the caller's; NULL with a complaint. */
char *input_read_all(void);
