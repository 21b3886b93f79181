// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Synthetic keyboard: the child's driver asks for a protocol version, then
 * gets a message a keystroke.
 */
#include "keyboard.h"
#include "input_stream.h"

#include <string.h>

#include "abi/vmbus/keyboard.h"

struct keyboard {
	struct vmbus_channel *channel;
	struct input_stream stream; /* started: a version is agreed on */
	uint16_t lamps;
};

union message {
	uint32_t type;
	struct vmbus_keyboard_protocol_request request;
	struct vmbus_keyboard_led_indicators lamps;
};

static void negotiate(struct keyboard *keyboard, uint32_t version)
{
	const bool accepted = version == VMBUS_KEYBOARD_VERSION;
	const struct vmbus_keyboard_protocol_response response = {
		.type = VMBUS_KEYBOARD_PROTOCOL_RESPONSE,
		.status = accepted ? VMBUS_KEYBOARD_ACCEPTED : 0,
	};

	if (accepted)
		input_stream_start(&keyboard->stream);
	else
		device_log("keyboard", "the child's version %#x is not known",
			   version);
	input_stream_reply(&keyboard->stream, &response, sizeof(response));
}

/* What is wrong with the message of size bytes, or NULL. */
static const char *take(struct keyboard *keyboard, const union message *message,
			size_t size)
{
	if (size < sizeof(message->type))
		return "a message without type";
	switch (message->type) {
	case VMBUS_KEYBOARD_PROTOCOL_REQUEST:
		if (size < sizeof(message->request))
			return "a protocol request cut short";
		negotiate(keyboard, message->request.version);
		return NULL;
	case VMBUS_KEYBOARD_LED_INDICATORS:
		if (size < sizeof(message->lamps))
			return "a message on lamps cut short";
		if (!keyboard->stream.started)
			return "lamps before a protocol version";
		keyboard->lamps = message->lamps.led_flags;
		return NULL;
	default:
		return "a message of a type that no driver sends";
	}
}

static bool keyboard_packet(struct vmbus_channel *channel,
			    const struct vmbus_packet *packet)
{
	struct keyboard *const keyboard = vmbus_channel_owner(channel);
	union message message = {0};
	const size_t size = packet->payload_size < sizeof(message)
				    ? packet->payload_size
				    : sizeof(message);
	const char *wrong;

	if (input_stream_busy(&keyboard->stream))
		return false;
	memcpy(&message, packet->payload, size);
	wrong = packet->type == VMBUS_PACKET_IN_BAND
			? take(keyboard, &message, packet->payload_size)
			: "a packet that is not in-band";
	if (wrong)
		vmbus_channel_break(channel, wrong);
	else
		input_stream_complete(&keyboard->stream, packet);
	return true;
}

static bool keyboard_opened(struct vmbus_channel *channel)
{
	struct keyboard *const keyboard = vmbus_channel_owner(channel);

	keyboard->lamps = 0;
	return true;
}

static void keyboard_closed(struct vmbus_channel *channel)
{
	struct keyboard *const keyboard = vmbus_channel_owner(channel);

	input_stream_stop(&keyboard->stream);
}

static void keyboard_writable(struct vmbus_channel *channel)
{
	struct keyboard *const keyboard = vmbus_channel_owner(channel);

	input_stream_writable(&keyboard->stream);
}

static const struct vmbus_device_operations operations = {
	.opened = keyboard_opened,
	.closed = keyboard_closed,
	.packet = keyboard_packet,
	.writable = keyboard_writable,
};

struct keyboard *keyboard_create(const struct keyboard_options *options)
{
	struct keyboard *const keyboard = device_allocate(sizeof(*keyboard));
	const struct vmbus_channel_options channel = {
		.name = "keyboard",
		.type = VMBUS_GUID_KEYBOARD,
		.instance = VMBUS_GUID(0xd34b2567, 0xb9b6, 0x42b9, 0x87, 0x78,
				       0x0a, 0x4e, 0xc0, 0xb9, 0x55, 0xbf),
		.flags = VMBUS_OFFER_ENUMERATE_DEVICE_INTERFACE,
		.operations = &operations,
		.owner = keyboard,
	};

	input_stream_init(&keyboard->stream, options->server, options->clock,
			  sizeof(struct vmbus_keyboard_event));
	keyboard->channel = vmbus_channel_create(options->server, &channel);
	keyboard->stream.channel = keyboard->channel;
	if (keyboard->channel)
		return keyboard;
	device_free(keyboard);
	return NULL;
}

void keyboard_destroy(struct keyboard *keyboard)
{
	vmbus_channel_destroy(keyboard->channel);
	device_free(keyboard);
}

enum input_result keyboard_key(void *owner, const struct input_key *key)
{
	struct keyboard *const keyboard = owner;
	const struct vmbus_keyboard_event event = {
		.type = VMBUS_KEYBOARD_EVENT,
		.make_code = key->code,
		.info = (key->release ? VMBUS_KEYBOARD_INFO_BREAK : 0) |
			(key->e0 ? VMBUS_KEYBOARD_INFO_E0 : 0) |
			(key->e1 ? VMBUS_KEYBOARD_INFO_E1 : 0),
	};

	return input_stream_put(&keyboard->stream, &event);
}

uint16_t keyboard_lamps(const struct keyboard *keyboard)
{
	return keyboard->lamps;
}
