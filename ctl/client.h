/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One conversation with a worker over its control socket. */
#pragma once

#include <jansson.h>

/* A connected descriptor, or -errno. */
int client_connect(const char *name);

/*
 * Sends the request and waits for the answer, at most timeout_ms. The answer's
 * object if it says ok, the caller's; NULL otherwise, with a text for a
 * person in *error, the caller's as well, and errno: ENOTSUP if the worker
 * refuses, another if it could not be asked.
 */
json_t *client_request(int fd, const json_t *request, int timeout_ms,
		       char **error);

/* A request of the verb alone. */
json_t *client_ask(int fd, const char *verb, int timeout_ms, char **error);

/* Both, and hangs up. */
json_t *client_ask_child(const char *name, const char *verb, int timeout_ms,
			 char **error);
