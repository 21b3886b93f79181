/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Synthetic mouse: a HID pointer with absolute position, three buttons and a
 * wheel, served to the child's driver over VMBus.
 */
#pragma once

#include "worker/device.h"
#include "worker/vmbus/vmbus.h"

struct mouse;

struct mouse_options {
	struct vmbus_server *server;
	struct clock *clock;
};

/* NULL: the server has no channel left. */
struct mouse *mouse_create(const struct mouse_options *options);
void mouse_destroy(struct mouse *mouse);

/* For struct input: mouse is what mouse_create() gave. */
enum input_result mouse_point(void *mouse, const struct input_pointer *at);
