/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The console's place in the event loop, at a measured pace. */
#pragma once

#include "loop.h"

struct console_backend;

/*
 * A guest writes to its UART a character an intercept. Passing each on by
 * itself costs ten times what taking it costs, so they are gathered: the
 * console is served at once, then not again for CONSOLE_LOOP_PAUSE_NS.
 */
#define CONSOLE_LOOP_PAUSE_NS 10000000

struct console_loop {
	struct loop *loop;
	struct console_backend *console;
	struct loop_watch console_watch;
	struct loop_watch timer_watch; /* its own: the clock may be frozen */
};

/* 0 or -errno. */
int console_loop_open(struct console_loop *pace, struct loop *loop,
		      struct console_backend *console);
/* What was never opened may be closed, too (all zero). */
void console_loop_close(struct console_loop *pace);
