/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A child's console: what it printed last, who reads it, who types into it.
 *
 * One epoll descriptor stands for all readers: the event loop waits for
 * EPOLLIN on console_poll_fd() and then calls console_service(), which does
 * all writing, some milliseconds late: a device's write only fills the ring.
 * All calls are made with the machine's lock held. The process is to ignore
 * SIGPIPE.
 */
#pragma once

#include "worker/device.h"

#define CONSOLE_RING_SIZE   65536u
#define CONSOLE_READERS_MAX 16u

struct console_backend;

struct console_options {
	const char *path; /* keeps all of the output (appended); NULL: none */
};

/*
 * Opens the file, if any, and makes the console; NULL and errno when that
 * fails. Everything that needs a privilege is done here.
 */
struct console_backend *console_create(const struct console_options *options);

/* Closes all readers and the file. NULL is allowed. */
void console_destroy(struct console_backend *backend);

/* What a device writes to (uart's options.console). */
struct console *console_device(struct console_backend *backend);

/*
 * Takes a connected stream socket (or a pipe's writing end) over: makes it
 * non-blocking, sends the ring's contents, then everything new. What comes
 * back is the child's input. The descriptor is closed when the other side
 * goes away. Returns 0, or -EBUSY with CONSOLE_READERS_MAX attached, or
 * another -errno; on failure the descriptor is still the caller's.
 *
 * A reader that is more than the ring behind loses the oldest and is told:
 * "[bulkhead: N bytes lost]" on a line of its own.
 */
int console_attach(struct console_backend *backend, int fd);

/* Stops serving fd without closing it: it is the caller's again. */
void console_detach(struct console_backend *backend, int fd);

/*
 * Input goes to take(), which returns how much it took (it may be 0). What
 * was not taken is kept and no more is read from the readers, until
 * console_input_ready() says that there is room again.
 */
void console_set_input(struct console_backend *backend,
		       size_t (*take)(void *owner, const uint8_t *data,
				      size_t size),
		       void *owner);
void console_input_ready(struct console_backend *backend);

/* Readable when console_service() has something to do. */
int console_poll_fd(const struct console_backend *backend);
void console_service(struct console_backend *backend);

/* Bytes printed since the start. */
uint64_t console_written(const struct console_backend *backend);

/*
 * Before the worker ends: writes out the file, and tries for at most
 * timeout_ms to hand readers what they have not had yet. The one call here
 * that may wait.
 */
void console_flush(struct console_backend *backend, unsigned int timeout_ms);
