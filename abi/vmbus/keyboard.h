/* SPDX-License-Identifier: MIT */
/* Synthetic keyboard: messages in plain in-band packets. */
#pragma once

#include "../types.h"

#define VMBUS_KEYBOARD_VERSION 0x00010000u /* 1.0 */

enum vmbus_keyboard_message_type {
	VMBUS_KEYBOARD_PROTOCOL_REQUEST = 1,
	VMBUS_KEYBOARD_PROTOCOL_RESPONSE = 2,
	VMBUS_KEYBOARD_EVENT = 3,
	VMBUS_KEYBOARD_LED_INDICATORS = 4,
};

struct vmbus_keyboard_protocol_request {
	uint32_t type;
	uint32_t version;
};
ABI_SIZE(struct vmbus_keyboard_protocol_request, 8);

#define VMBUS_KEYBOARD_ACCEPTED 0x1u

struct vmbus_keyboard_protocol_response {
	uint32_t type;
	uint32_t status; /* VMBUS_KEYBOARD_ACCEPTED */
};
ABI_SIZE(struct vmbus_keyboard_protocol_response, 8);

#define VMBUS_KEYBOARD_INFO_UNICODE 0x1u
#define VMBUS_KEYBOARD_INFO_BREAK   0x2u
#define VMBUS_KEYBOARD_INFO_E0	    0x4u
#define VMBUS_KEYBOARD_INFO_E1	    0x8u

struct vmbus_keyboard_event {
	uint32_t type;
	uint16_t make_code; /* scan code set 1 */
	uint16_t reserved;
	uint32_t info; /* VMBUS_KEYBOARD_INFO_* */
};
ABI_SIZE(struct vmbus_keyboard_event, 12);

struct vmbus_keyboard_led_indicators {
	uint32_t type;
	uint16_t led_flags; /* 1 scroll, 2 num, 4 caps */
	uint16_t reserved;
};
ABI_SIZE(struct vmbus_keyboard_led_indicators, 8);
