/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waiting for a child's end. */
#pragma once

#include <stdbool.h>

struct state;

/*
 * Until the child has ended, at most timeout seconds (negative: for ever).
 * 0 with the state loaded, the caller's; -ETIMEDOUT likewise, as it is then;
 * or what state_load() returns.
 */
int wait_for_end(const char *name, double timeout, struct state *state);

/* Loads a child's state, or says why not and gives the exit status. */
int wait_load(const char *name, struct state *state);

/* As wait_load(); one that does not run is refused, and said so, too. */
int wait_load_running(const char *name, struct state *state);

/* "NAME: powered off", on standard output or the error output if it failed. */
void wait_tell(const struct state *state);
