/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the control socket can be told to do (abi/control.h): the table is in
 * control_verbs.c, a verb of more than a few lines in a file of its own.
 */
#pragma once

#include "control.h"

#include <jansson.h>

struct machine;

/*
 * Lock held. The request is the client's whole object. Returns the answer,
 * which the caller sends and frees; NULL: the client has been answered and
 * is no client any more.
 */
typedef json_t *control_verb(struct control_client *client,
			     const json_t *request);

control_verb control_stop, control_restart, control_reset, control_info;
control_verb control_stats;
control_verb control_link;
control_verb control_keys;
control_verb control_pointer;

/* Lock held: adds what is known of how the child does. */
void control_tell_health(struct machine *machine, json_t *answer);

/* Runs the verb of that name; a refusal if there is none. */
json_t *control_verb_run(struct control_client *client, const char *name,
			 const json_t *request);

/* Lock held: { "0": { counter: value, ... }, ... }, the caller's. */
json_t *control_network_counts(const struct machine *machine);

/* { "ok": true }, to be added to; { "ok": false, "error": why }. */
json_t *control_agreement(void);
json_t *control_refusal(const char *why);

/* Sends the answer and frees it. False: the client does not read. */
bool control_answer(struct control_client *client, json_t *answer);
