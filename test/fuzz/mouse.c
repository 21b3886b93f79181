/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mouse's protocol (HID), and a pointer that moves at any time. */
#include "bus.h"

#include "abi/vmbus/mouse.h"
#include "worker/synthetic/mouse.h"

static struct mouse *mouse;

/* A pipe's header, mostly a true one, around a message's. */
static void message(struct guest_channel *channel, unsigned int detail)
{
	uint32_t words[16] = {VMBUS_PIPE_DATA, 0, detail, 0};
	const uint32_t body = fuzz_8(&bus.input) % 40;
	const uint8_t lie = fuzz_8(&bus.input);

	words[1] = body + 8;
	words[3] = body;
	fuzz_bytes(&bus.input, words + 4, body);
	if (lie < 4)
		words[lie] = fuzz_32(&bus.input);
	bus_send_inband(channel, words, lie < 8 ? lie * 8 : body + 16);
}

static void ask(struct guest_channel *channel)
{
	const uint32_t words[5] = {VMBUS_PIPE_DATA, 12,
				   VMBUS_MOUSE_PROTOCOL_REQUEST, 4,
				   VMBUS_MOUSE_VERSION};

	bus_send_inband(channel, words, sizeof(words));
}

static void point(unsigned int detail)
{
	for (unsigned int i = fuzz_8(&bus.input) * 5u; i; i--) {
		const struct input_pointer at = {.x = (uint16_t)(i * detail),
						 .y = (uint16_t)i,
						 .buttons = detail & 7};

		if (mouse_point(mouse, &at) != INPUT_TAKEN)
			return;
	}
}

static void act(unsigned int operation, unsigned int detail)
{
	struct guest_channel *const channel = &bus.channels[0];

	switch (operation) {
	case 0:
	case 1:
		ask(channel);
		break;
	case 2:
	case 3:
		point(detail);
		break;
	case 4:
		fake_clock_advance(&bus.guest.clock, 4000000ull << detail);
		break;
	default:
		message(channel, detail);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bus.ring_pages = 2;
	bus.act = act;
	bus_start(data, size);
	mouse = mouse_create(&(struct mouse_options){bus.guest.server,
						     &bus.guest.clock.clock});
	bus_connect();
	bus_run();
	mouse_destroy(mouse);
	bus_stop();
	return 0;
}
