/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keyboard and mouse. */
#include "protocols.h"

#include "abi/vmbus/keyboard.h"
#include "abi/vmbus/mouse.h"

/* ---- Keyboard ---- */

static struct vmbus_channel *const keyboard = &channels[DEVICE_KEYBOARD];
static struct vmbus_channel *const mouse = &channels[DEVICE_MOUSE];

/* Whether the keyboard agrees on that version. */
static bool keyboard_agrees(uint32_t version)
{
	const struct vmbus_keyboard_protocol_request request = {
		VMBUS_KEYBOARD_PROTOCOL_REQUEST, version};
	struct {
		struct vmbus_packet_descriptor descriptor;
		struct vmbus_keyboard_protocol_response response;
	} received;

	return channel_say(keyboard, 0, &request, sizeof(request)) &&
	       vmbus_channel_receive(keyboard, &received, sizeof(received)) &&
	       received.response.type == VMBUS_KEYBOARD_PROTOCOL_RESPONSE &&
	       received.response.status == VMBUS_KEYBOARD_ACCEPTED;
}

static bool keyboard_set_up(void)
{
	return keyboard_agrees(VMBUS_KEYBOARD_VERSION);
}

bool keyboard_works(void)
{
	if (!keyboard->is_open) {
		keyboard->gpadl = list_new();
		if (!vmbus_channel_open(keyboard))
			return false;
	}
	return keyboard_set_up();
}

/* ---- Packets that are wrong for either ---- */

static bool packet_of(struct vmbus_channel *channel, uint16_t type)
{
	static const uint32_t words[8];
	const struct vmbus_packet packet = {
		.type = type,
		.transaction_id = 99,
		.payload = words,
		.payload_size = sizeof(words),
	};

	vmbus_channel_send(channel, &packet);
	return false;
}

static bool keyboard_completion(void)
{
	return packet_of(keyboard, VMBUS_PACKET_COMPLETION);
}

static bool keyboard_pages(void)
{
	return packet_of(keyboard, VMBUS_PACKET_GPA_DIRECT);
}

static bool keyboard_empty(void)
{
	channel_say(keyboard, 0, NULL, 0);
	return false;
}

static bool keyboard_message(uint32_t type, size_t size)
{
	const uint32_t message[4] = {type};

	channel_say(keyboard, 1, message, size);
	return false;
}

static bool keyboard_unknown(void)
{
	return keyboard_message(77, 16);
}

static bool keyboard_event(void)
{
	return keyboard_message(VMBUS_KEYBOARD_EVENT, 16);
}

/* Where the payload is not. */
static bool keyboard_request_beside(void)
{
	const uint32_t request[2] = {VMBUS_KEYBOARD_PROTOCOL_REQUEST,
				     VMBUS_KEYBOARD_VERSION};
	const struct vmbus_packet packet = {
		.type = VMBUS_PACKET_IN_BAND,
		.header = request,
		.header_size = sizeof(request),
	};

	vmbus_channel_send(keyboard, &packet);
	return false;
}

static bool keyboard_lamps_early(void)
{
	return keyboard_message(VMBUS_KEYBOARD_LED_INDICATORS, 8);
}

static bool keyboard_version(void)
{
	return !keyboard_agrees(0x00990000);
}

static const struct deed deeds[] = {
	{"lamps-before-version", CLOSED, keyboard_lamps_early, true},
	{"version-unknown", REFUSED, keyboard_version, true},
	{"message-empty", CLOSED, keyboard_empty, false},
	{"message-unknown", CLOSED, keyboard_unknown, false},
	{"message-of-the-host", CLOSED, keyboard_event, false},
	{"request-beside-payload", CLOSED, keyboard_request_beside, false},
	{"completion-of-nothing", CLOSED, keyboard_completion, false},
	{"packet-of-pages", CLOSED, keyboard_pages, false},
};

const struct protocol keyboard_protocol = {
	.name = "keyboard",
	.channel = &channels[DEVICE_KEYBOARD],
	.set_up = keyboard_set_up,
	.works = keyboard_works,
	.others_work = storage_works,
	DEEDS,
};

/* ---- Mouse ---- */

struct mouse_message {
	struct vmbus_mouse_header header;
	uint32_t body;
	uint32_t padding;
};

static struct mouse_message mouse_message(uint32_t type)
{
	return (struct mouse_message){
		.header = {.pipe = {VMBUS_PIPE_DATA, 12},
			   .type = type,
			   .size = 4},
		.body = type == VMBUS_MOUSE_PROTOCOL_REQUEST
				? VMBUS_MOUSE_VERSION
				: 0,
	};
}

static bool mouse_tell(const struct mouse_message *message)
{
	channel_say(mouse, 0, message, sizeof(*message));
	return false;
}

/* Waits for a message of that type; its first word after the header, and
 * whether it came. */
static bool mouse_expect(uint32_t type, uint32_t words[2])
{
	struct {
		struct vmbus_packet_descriptor descriptor;
		struct vmbus_mouse_header header;
		uint32_t words[2];
	} received;

	do {
		if (!vmbus_channel_receive(mouse, &received, sizeof(received)))
			return false;
	} while (received.descriptor.type != VMBUS_PACKET_IN_BAND ||
		 received.header.type != type);
	words[0] = received.words[0];
	words[1] = received.words[1];
	return true;
}

/* The version, and whether the mouse approves. */
static bool mouse_agrees(uint32_t version)
{
	struct mouse_message request =
		mouse_message(VMBUS_MOUSE_PROTOCOL_REQUEST);
	uint32_t words[2];

	request.body = version;
	mouse_tell(&request);
	return mouse_expect(VMBUS_MOUSE_PROTOCOL_RESPONSE, words) &&
	       (words[1] & 1);
}

static bool mouse_set_up(void)
{
	const struct mouse_message ack =
		mouse_message(VMBUS_MOUSE_INITIAL_DEVICE_INFO_ACK);
	uint32_t words[2];

	if (!mouse_agrees(VMBUS_MOUSE_VERSION) ||
	    !mouse_expect(VMBUS_MOUSE_INITIAL_DEVICE_INFO, words))
		return false;
	mouse_tell(&ack);
	return true;
}

/* It has nothing to say unasked: opened anew, it says who it is. */
static bool mouse_works(void)
{
	channel_finish(mouse);
	mouse->gpadl = list_new();
	return vmbus_channel_open(mouse) && mouse_set_up();
}

static bool mouse_completion(void)
{
	return packet_of(mouse, VMBUS_PACKET_COMPLETION);
}

static bool mouse_empty(void)
{
	channel_say(mouse, 0, NULL, 0);
	return false;
}

static bool mouse_pipe_type(void)
{
	struct mouse_message message =
		mouse_message(VMBUS_MOUSE_PROTOCOL_REQUEST);

	message.header.pipe.type = 9;
	return mouse_tell(&message);
}

static bool mouse_pipe_size(void)
{
	struct mouse_message message =
		mouse_message(VMBUS_MOUSE_PROTOCOL_REQUEST);

	message.header.pipe.size = 0xffffffff;
	return mouse_tell(&message);
}

static bool mouse_pipe_short(void)
{
	struct mouse_message message =
		mouse_message(VMBUS_MOUSE_PROTOCOL_REQUEST);

	message.header.pipe.size = 8;
	return mouse_tell(&message);
}

static bool mouse_unknown(void)
{
	const struct mouse_message message = mouse_message(77);

	return mouse_tell(&message);
}

static bool mouse_report(void)
{
	const struct mouse_message message =
		mouse_message(VMBUS_MOUSE_INPUT_REPORT);

	return mouse_tell(&message);
}

static bool mouse_ack(void)
{
	const struct mouse_message message =
		mouse_message(VMBUS_MOUSE_INITIAL_DEVICE_INFO_ACK);

	return mouse_tell(&message);
}

static bool mouse_request(void)
{
	const struct mouse_message message =
		mouse_message(VMBUS_MOUSE_PROTOCOL_REQUEST);

	return mouse_tell(&message);
}

static bool mouse_version(void)
{
	return !mouse_agrees(0x00990000);
}

static const struct deed mouse_deeds[] = {
	{"acknowledgement-of-nothing", CLOSED, mouse_ack, true},
	{"version-unknown", REFUSED, mouse_version, true},
	{"pipe-type-unknown", CLOSED, mouse_pipe_type, true},
	{"pipe-size-huge", CLOSED, mouse_pipe_size, true},
	{"pipe-size-cut-short", CLOSED, mouse_pipe_short, true},
	{"message-empty", CLOSED, mouse_empty, false},
	{"message-unknown", CLOSED, mouse_unknown, false},
	{"message-of-the-host", CLOSED, mouse_report, false},
	{"acknowledgement-twice", CLOSED, mouse_ack, false},
	{"request-twice", CLOSED, mouse_request, false},
	{"completion-of-nothing", CLOSED, mouse_completion, false},
};

const struct protocol mouse_protocol = {
	.name = "mouse",
	.channel = &channels[DEVICE_MOUSE],
	.set_up = mouse_set_up,
	.works = mouse_works,
	.others_work = storage_works,
	.deeds = mouse_deeds,
	.count = sizeof(mouse_deeds) / sizeof(mouse_deeds[0]),
};
