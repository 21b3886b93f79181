/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ending a child at once. */
#pragma once

struct state;

/*
 * Asks the worker to end, then its monitor to kill it, then kills it. An
 * exit status; says itself what went wrong.
 */
int kill_child(const struct state *state);
