// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Synthetic mouse. The conversation with the child's driver:
 *
 *   child                       mouse
 *   protocol request  ------->
 *                     <-------  protocol response
 *                     <-------  device info: HID and report descriptors
 *   device info ack   ------->
 *                     <-------  input reports
 */
#include "mouse.h"
#include "input_stream.h"

#include <string.h>

#include "abi/vmbus/mouse.h"

#define HID_DESCRIPTOR_TYPE	   0x21
#define HID_REPORT_DESCRIPTOR_TYPE 0x22
#define HID_VENDOR		   0x045e
#define HID_PRODUCT		   0x0621

enum phase {
	PHASE_REQUEST, /* the child is to ask for a version */
	PHASE_ACK,     /* it is to acknowledge the device info */
	PHASE_ACTIVE,
};

struct mouse {
	struct vmbus_channel *channel;
	enum phase phase;
	struct input_stream stream; /* started: active */
};

union message {
	struct vmbus_mouse_header header;
	struct vmbus_mouse_protocol_request request;
	struct vmbus_mouse_device_info_ack ack;
};

/* Device Class Definition for HID 1.11, 6.2.2: short items, tag then data. */
static const uint8_t report_descriptor[] = {
	0x05, 0x01,	  /* usage page: generic desktop */
	0x09, 0x02,	  /* usage: mouse */
	0xa1, 0x01,	  /* collection: application */
	0x09, 0x01,	  /*  usage: pointer */
	0xa1, 0x00,	  /*  collection: physical */
	0x05, 0x09,	  /*   usage page: buttons */
	0x19, 0x01,	  /*   usage minimum: 1 */
	0x29, 0x03,	  /*   usage maximum: 3 */
	0x15, 0x00,	  /*   logical minimum: 0 */
	0x25, 0x01,	  /*   logical maximum: 1 */
	0x95, 0x03,	  /*   report count: 3 */
	0x75, 0x01,	  /*   report size: 1 */
	0x81, 0x02,	  /*   input: variable, absolute */
	0x95, 0x01,	  /*   report count: 1 */
	0x75, 0x05,	  /*   report size: 5 */
	0x81, 0x03,	  /*   input: constant */
	0x05, 0x01,	  /*   usage page: generic desktop */
	0x09, 0x30,	  /*   usage: X */
	0x09, 0x31,	  /*   usage: Y */
	0x15, 0x00,	  /*   logical minimum: 0 */
	0x26, 0xff, 0x7f, /*   logical maximum: 32767 */
	0x75, 0x10,	  /*   report size: 16 */
	0x95, 0x02,	  /*   report count: 2 */
	0x81, 0x02,	  /*   input: variable, absolute */
	0x09, 0x38,	  /*   usage: wheel */
	0x15, 0x81,	  /*   logical minimum: -127 */
	0x25, 0x7f,	  /*   logical maximum: 127 */
	0x75, 0x08,	  /*   report size: 8 */
	0x95, 0x01,	  /*   report count: 1 */
	0x81, 0x06,	  /*   input: variable, relative */
	0xc0,		  /*  end of collection */
	0xc0,		  /* end of collection */
};

/* What the descriptor above describes, byte by byte. */
struct report {
	uint8_t buttons;
	uint8_t x[2];
	uint8_t y[2];
	uint8_t wheel;
};

struct report_message {
	struct vmbus_mouse_header header;
	struct report report;
};

_Static_assert(sizeof(struct report) == 6, "report has no padding");
/* body counts the bytes that follow the header. */
static struct vmbus_mouse_header header_of(uint32_t type, size_t body)
{
	const uint32_t size = (uint32_t)body;
	const uint32_t inner = sizeof(struct vmbus_mouse_header) -
			       sizeof(struct vmbus_pipe_header);

	return (struct vmbus_mouse_header){
		.pipe = {VMBUS_PIPE_DATA, inner + size},
		.type = type,
		.size = size,
	};
}

/*
 * The response ends after "approved": older Linux takes one that counts
 * padding for too long.
 */
static void answer_version(struct mouse *mouse, uint32_t version, bool approved)
{
	const size_t size =
		offsetof(struct vmbus_mouse_protocol_response, approved) + 1;
	const struct vmbus_mouse_protocol_response response = {
		.header = header_of(VMBUS_MOUSE_PROTOCOL_RESPONSE,
				    size - sizeof(response.header)),
		.version = version,
		.approved = approved,
	};

	input_stream_reply(&mouse->stream, &response, size);
}

static void send_device_info(struct mouse *mouse)
{
	uint8_t message[sizeof(struct vmbus_mouse_initial_device_info) +
			sizeof(report_descriptor)];
	const struct vmbus_mouse_initial_device_info info = {
		.header = header_of(VMBUS_MOUSE_INITIAL_DEVICE_INFO,
				    sizeof(message) - sizeof(info.header)),
		.info = {.size = sizeof(info.info),
			 .vendor = HID_VENDOR,
			 .product = HID_PRODUCT,
			 .version = 1},
		.hid = {.length = sizeof(info.hid),
			.descriptor_type = HID_DESCRIPTOR_TYPE,
			.hid_version = {0x11, 0x01},
			.descriptor_count = 1,
			.report_type = HID_REPORT_DESCRIPTOR_TYPE,
			.report_length = {sizeof(report_descriptor)}},
	};

	memcpy(message, &info, sizeof(info));
	memcpy(message + sizeof(info), report_descriptor,
	       sizeof(report_descriptor));
	input_stream_reply(&mouse->stream, message, sizeof(message));
}

static void negotiate(struct mouse *mouse, uint32_t version)
{
	const bool approved = version == VMBUS_MOUSE_VERSION;

	answer_version(mouse, version, approved);
	if (!approved) {
		device_log("mouse", "the child's version %#x is not known",
			   version);
		return;
	}
	/* Sending may have found the channel broken. */
	if (!vmbus_channel_is_open(mouse->channel))
		return;
	mouse->phase = PHASE_ACK;
	send_device_info(mouse);
}

/*
 * What is wrong with the message of size bytes, or NULL. Drivers do not agree
 * on what the inner size counts: the pipe's has to do.
 */
static const char *take(struct mouse *mouse, const union message *message,
			size_t size)
{
	if (size < sizeof(message->header) ||
	    message->header.pipe.type != VMBUS_PIPE_DATA ||
	    message->header.pipe.size > size - sizeof(message->header.pipe))
		return "a message with a bad pipe header";
	size = sizeof(message->header.pipe) + message->header.pipe.size;
	if (message->header.type == VMBUS_MOUSE_PROTOCOL_REQUEST &&
	    size >= sizeof(message->request)) {
		if (mouse->phase != PHASE_REQUEST)
			return "a second protocol request";
		negotiate(mouse, message->request.version);
		return NULL;
	}
	if (message->header.type == VMBUS_MOUSE_INITIAL_DEVICE_INFO_ACK &&
	    size > offsetof(struct vmbus_mouse_device_info_ack, reserved)) {
		if (mouse->phase != PHASE_ACK)
			return "an acknowledgement of nothing";
		mouse->phase = PHASE_ACTIVE;
		input_stream_start(&mouse->stream);
		return NULL;
	}
	return "a message of a bad type or cut short";
}

static bool mouse_packet(struct vmbus_channel *channel,
			 const struct vmbus_packet *packet)
{
	struct mouse *const mouse = vmbus_channel_owner(channel);
	union message message = {0};
	const size_t size = packet->payload_size < sizeof(message)
				    ? packet->payload_size
				    : sizeof(message);
	const char *wrong;

	if (input_stream_busy(&mouse->stream))
		return false;
	memcpy(&message, packet->payload, size);
	wrong = packet->type == VMBUS_PACKET_IN_BAND
			? take(mouse, &message, packet->payload_size)
			: "a packet that is not in-band";
	if (wrong)
		vmbus_channel_break(channel, wrong);
	else
		input_stream_complete(&mouse->stream, packet);
	return true;
}

static bool mouse_opened(struct vmbus_channel *channel)
{
	struct mouse *const mouse = vmbus_channel_owner(channel);

	mouse->phase = PHASE_REQUEST;
	return true;
}

static void mouse_closed(struct vmbus_channel *channel)
{
	struct mouse *const mouse = vmbus_channel_owner(channel);

	mouse->phase = PHASE_REQUEST;
	input_stream_stop(&mouse->stream);
}

static void mouse_writable(struct vmbus_channel *channel)
{
	struct mouse *const mouse = vmbus_channel_owner(channel);

	input_stream_writable(&mouse->stream);
}

static const struct vmbus_device_operations operations = {
	.opened = mouse_opened,
	.closed = mouse_closed,
	.packet = mouse_packet,
	.writable = mouse_writable,
};

struct mouse *mouse_create(const struct mouse_options *options)
{
	struct mouse *const mouse = device_allocate(sizeof(*mouse));
	const struct vmbus_channel_options channel = {
		.name = "mouse",
		.type = VMBUS_GUID_MOUSE,
		.instance = VMBUS_GUID(0x58f75a6d, 0xd949, 0x4320, 0x99, 0xe1,
				       0xa2, 0xa2, 0x57, 0x6d, 0x58, 0x1c),
		.flags = VMBUS_OFFER_ENUMERATE_DEVICE_INTERFACE |
			 VMBUS_OFFER_NAMED_PIPE_MODE,
		.user_defined = {VMBUS_PIPE_MODE_MESSAGE},
		.operations = &operations,
		.owner = mouse,
	};

	input_stream_init(&mouse->stream, options->server, options->clock,
			  sizeof(struct vmbus_mouse_header) +
				  sizeof(struct report));
	mouse->channel = vmbus_channel_create(options->server, &channel);
	mouse->stream.channel = mouse->channel;
	if (mouse->channel)
		return mouse;
	device_free(mouse);
	return NULL;
}

void mouse_destroy(struct mouse *mouse)
{
	vmbus_channel_destroy(mouse->channel);
	device_free(mouse);
}

enum input_result mouse_point(void *owner, const struct input_pointer *at)
{
	struct mouse *const mouse = owner;
	const struct report_message message = {
		.header = header_of(VMBUS_MOUSE_INPUT_REPORT,
				    sizeof(struct report)),
		.report = {.buttons = at->buttons & INPUT_BUTTONS,
			   .x = {(uint8_t)at->x, (uint8_t)(at->x >> 8)},
			   .y = {(uint8_t)at->y, (uint8_t)(at->y >> 8)},
			   .wheel = (uint8_t)at->wheel},
	};

	return input_stream_put(&mouse->stream, &message);
}
