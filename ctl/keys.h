/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of keys and characters of a US keyboard as scan codes, set 1, in the
 * form that a worker takes (abi/control.h, "keys").
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#define KEYS_HELD_MAX 8 /* at once */

/*
 * Appends to the list of events what it takes to press and release them: the
 * keys of "ctrl-alt-del", first to last and back; or the text, key by key,
 * with shift where it needs it. False: not all of it can be typed; a text
 * for a person is in *error then, the caller's, and the list half done.
 */
bool keys_chord(const char *chord, json_t *events, char **error);
bool keys_text(const char *text, json_t *events, char **error);
