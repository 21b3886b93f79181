/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Synthetic keyboard, served to the child's driver over VMBus. */
#pragma once

#include "worker/device.h"
#include "worker/vmbus/vmbus.h"

struct keyboard;

struct keyboard_options {
	struct vmbus_server *server;
	struct clock *clock;
};

/* NULL: the server has no channel left. */
struct keyboard *keyboard_create(const struct keyboard_options *options);
void keyboard_destroy(struct keyboard *keyboard);

/* For struct input: keyboard is what keyboard_create() gave. */
enum input_result keyboard_key(void *keyboard, const struct input_key *key);

/* Lamps the child wants on: 1 scroll lock, 2 number lock, 4 capitals lock. */
uint16_t keyboard_lamps(const struct keyboard *keyboard);
