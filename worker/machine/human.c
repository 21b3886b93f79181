/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a person uses a child by: keyboard and mouse on VMBus. */
#include "human.h"
#include "worker/synthetic/keyboard.h"
#include "worker/synthetic/mouse.h"

#include <errno.h>

int human_connect(struct human *human, struct machine *machine,
		  struct vmbus_server *server)
{
	const struct keyboard_options keyboard = {server, &machine->loop.clock};
	const struct mouse_options mouse = {server, &machine->loop.clock};

	human->keyboard = keyboard_create(&keyboard);
	if (human->keyboard)
		human->mouse = mouse_create(&mouse);
	if (!human->mouse) {
		device_log("machine", "no VMBus channel left for input");
		return -ENOSPC;
	}
	machine->input = (struct input){
		.key = keyboard_key,
		.keyboard = human->keyboard,
		.point = mouse_point,
		.pointer = human->mouse,
	};
	return 0;
}

void human_disconnect(struct human *human, struct machine *machine)
{
	machine->input = (struct input){0};
	if (human->mouse)
		mouse_destroy(human->mouse);
	if (human->keyboard)
		keyboard_destroy(human->keyboard);
}
