/* SPDX-License-Identifier: MIT */
/* Synthetic HID mouse: messages behind a pipe header. */
#pragma once

#include "../types.h"
#include "ring.h"

#define VMBUS_MOUSE_VERSION 0x00020000u /* 2.0 */

enum vmbus_mouse_message_type {
	VMBUS_MOUSE_PROTOCOL_REQUEST = 0,
	VMBUS_MOUSE_PROTOCOL_RESPONSE = 1,
	VMBUS_MOUSE_INITIAL_DEVICE_INFO = 2,
	VMBUS_MOUSE_INITIAL_DEVICE_INFO_ACK = 3,
	VMBUS_MOUSE_INPUT_REPORT = 4,
};

struct vmbus_mouse_header {
	struct vmbus_pipe_header pipe; /* type 1 */
	uint32_t type;		       /* enum vmbus_mouse_message_type */
	uint32_t size;		       /* of what follows */
};
ABI_SIZE(struct vmbus_mouse_header, 16);

struct vmbus_mouse_protocol_request {
	struct vmbus_mouse_header header;
	uint32_t version;
};
ABI_SIZE(struct vmbus_mouse_protocol_request, 20);

struct vmbus_mouse_protocol_response {
	struct vmbus_mouse_header header;
	uint32_t version;
	uint8_t approved;
	uint8_t reserved[3];
};
ABI_SIZE(struct vmbus_mouse_protocol_response, 24);

struct vmbus_mouse_device_info {
	uint32_t size; /* of this structure, 32 */
	uint16_t vendor;
	uint16_t product;
	uint16_t version;
	uint16_t reserved[11];
};
ABI_SIZE(struct vmbus_mouse_device_info, 32);

/* HID 1.11, 6.2.1, with one class descriptor. */
struct vmbus_hid_descriptor {
	uint8_t length;		 /* 9 */
	uint8_t descriptor_type; /* 0x21 */
	uint8_t hid_version[2];
	uint8_t country;
	uint8_t descriptor_count; /* 1 */
	uint8_t report_type;	  /* 0x22 */
	uint8_t report_length[2];
};
ABI_SIZE(struct vmbus_hid_descriptor, 9);

struct vmbus_mouse_initial_device_info {
	struct vmbus_mouse_header header;
	struct vmbus_mouse_device_info info;
	struct vmbus_hid_descriptor hid;
	uint8_t report_descriptor[];
} ABI_PACKED;
ABI_SIZE(struct vmbus_mouse_initial_device_info, 57);

struct vmbus_mouse_device_info_ack {
	struct vmbus_mouse_header header;
	uint8_t reserved;
	uint8_t padding[3];
};
ABI_SIZE(struct vmbus_mouse_device_info_ack, 20);

struct vmbus_mouse_input_report {
	struct vmbus_mouse_header header;
	uint8_t report[];
};
ABI_SIZE(struct vmbus_mouse_input_report, 16);
