/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keyboard's protocol, and keys that are pressed at any time. */
#include "bus.h"

#include "abi/vmbus/keyboard.h"
#include "worker/synthetic/keyboard.h"

static struct keyboard *keyboard;

static void message(struct guest_channel *channel, unsigned int detail)
{
	uint32_t words[8] = {detail};
	const uint8_t size = fuzz_8(&bus.input) % sizeof(words);

	fuzz_bytes(&bus.input, words + 1, size & 28);
	bus_send_inband(channel, words, size);
}

static void ask(struct guest_channel *channel)
{
	const uint32_t words[2] = {VMBUS_KEYBOARD_PROTOCOL_REQUEST,
				   VMBUS_KEYBOARD_VERSION};

	bus_send_inband(channel, words, sizeof(words));
}

static void press(unsigned int detail)
{
	const struct input_key key = {.code = (uint8_t)(1 + detail),
				      .e0 = detail & 1,
				      .release = detail & 2};

	for (unsigned int i = fuzz_8(&bus.input) * 5u; i; i--)
		if (keyboard_key(keyboard, &key) != INPUT_TAKEN)
			return;
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
		keyboard_lamps(keyboard);
		press(detail);
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
	keyboard = keyboard_create(&(struct keyboard_options){
		bus.guest.server, &bus.guest.clock.clock});
	bus_connect();
	bus_run();
	keyboard_destroy(keyboard);
	bus_stop();
	return 0;
}
