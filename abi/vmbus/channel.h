/* SPDX-License-Identifier: MIT */
/* VMBus: connection, offers, channels and GPADLs as messages between guest and
 * host. */
#pragma once

#include "../types.h"

#define VMBUS_MESSAGE_CONNECTION_ID	1u /* versions up to 4.1 */
#define VMBUS_MESSAGE_CONNECTION_ID_5_0 4u /* versions from 5.0 on */
#define VMBUS_EVENT_CONNECTION_ID	2u /* shared, before 2.4 */
#define VMBUS_MONITOR_CONNECTION_ID	3u
#define VMBUS_SINT			2u
#define VMBUS_SYNIC_MESSAGE_TYPE	1u
#define VMBUS_MESSAGE_MAX		240u
#define VMBUS_MAX_CHANNELS		2048u /* relid 1..2047 */

#define VMBUS_VERSION(major, minor)                                            \
	(((uint32_t)(major) << 16) | (uint32_t)(minor))
#define VMBUS_VERSION_2_4 VMBUS_VERSION(2, 4)
#define VMBUS_VERSION_3_0 VMBUS_VERSION(3, 0)
#define VMBUS_VERSION_4_0 VMBUS_VERSION(4, 0)
#define VMBUS_VERSION_4_1 VMBUS_VERSION(4, 1)
#define VMBUS_VERSION_5_0 VMBUS_VERSION(5, 0)
#define VMBUS_VERSION_5_1 VMBUS_VERSION(5, 1)
#define VMBUS_VERSION_5_2 VMBUS_VERSION(5, 2)
#define VMBUS_VERSION_5_3 VMBUS_VERSION(5, 3)
#define VMBUS_VERSION_6_0 VMBUS_VERSION(6, 0)

/* G>H: guest to host; H>G: host to guest */
enum vmbus_message_type {
	VMBUS_MSG_INVALID = 0,
	VMBUS_MSG_OFFER_CHANNEL = 1,		   /* H>G */
	VMBUS_MSG_RESCIND_CHANNEL_OFFER = 2,	   /* H>G */
	VMBUS_MSG_REQUEST_OFFERS = 3,		   /* G>H */
	VMBUS_MSG_ALL_OFFERS_DELIVERED = 4,	   /* H>G */
	VMBUS_MSG_OPEN_CHANNEL = 5,		   /* G>H */
	VMBUS_MSG_OPEN_CHANNEL_RESULT = 6,	   /* H>G */
	VMBUS_MSG_CLOSE_CHANNEL = 7,		   /* G>H */
	VMBUS_MSG_GPADL_HEADER = 8,		   /* G>H */
	VMBUS_MSG_GPADL_BODY = 9,		   /* G>H */
	VMBUS_MSG_GPADL_CREATED = 10,		   /* H>G */
	VMBUS_MSG_GPADL_TEARDOWN = 11,		   /* G>H */
	VMBUS_MSG_GPADL_TORNDOWN = 12,		   /* H>G */
	VMBUS_MSG_RELID_RELEASED = 13,		   /* G>H */
	VMBUS_MSG_INITIATE_CONTACT = 14,	   /* G>H */
	VMBUS_MSG_VERSION_RESPONSE = 15,	   /* H>G */
	VMBUS_MSG_UNLOAD = 16,			   /* G>H */
	VMBUS_MSG_UNLOAD_RESPONSE = 17,		   /* H>G */
	VMBUS_MSG_OPEN_RESERVED_CHANNEL = 18,	   /* G>H */
	VMBUS_MSG_CLOSE_RESERVED_CHANNEL = 19,	   /* G>H */
	VMBUS_MSG_CLOSE_RESERVED_RESPONSE = 20,	   /* H>G */
	VMBUS_MSG_TL_CONNECT_REQUEST = 21,	   /* G>H */
	VMBUS_MSG_MODIFY_CHANNEL = 22,		   /* G>H */
	VMBUS_MSG_TL_CONNECT_RESULT = 23,	   /* H>G */
	VMBUS_MSG_MODIFY_CHANNEL_RESPONSE = 24,	   /* H>G */
	VMBUS_MSG_MODIFY_CONNECTION = 25,	   /* G>H */
	VMBUS_MSG_MODIFY_CONNECTION_RESPONSE = 26, /* H>G */
	VMBUS_MSG_COUNT
};

struct vmbus_header {
	uint32_t type; /* enum vmbus_message_type */
	uint32_t padding;
};
ABI_SIZE(struct vmbus_header, 8);

/* A GUID in wire order: the first three groups little endian. */
struct vmbus_guid {
	uint8_t bytes[16];
};
ABI_SIZE(struct vmbus_guid, 16);

#define VMBUS_GUID(a, b, c, d0, d1, d2, d3, d4, d5, d6, d7)                    \
	{                                                                      \
		{                                                              \
			(a) & 0xff, ((a) >> 8) & 0xff, ((a) >> 16) & 0xff,     \
				((a) >> 24) & 0xff, (b)&0xff,                  \
				((b) >> 8) & 0xff, (c)&0xff,                   \
				((c) >> 8) & 0xff, d0, d1, d2, d3, d4, d5, d6, \
				d7                                             \
		}                                                              \
	}

#define VMBUS_GUID_NETWORK                                                     \
	VMBUS_GUID(0xf8615163u, 0xdf3eu, 0x46c5u, 0x91, 0x3f, 0xf2, 0xd2,      \
		   0xf9, 0x65, 0xed, 0x0e)
#define VMBUS_GUID_SCSI                                                        \
	VMBUS_GUID(0xba6163d9u, 0x04a1u, 0x4d29u, 0xb6, 0x05, 0x72, 0xe2,      \
		   0xff, 0xb1, 0xdc, 0x7f)
#define VMBUS_GUID_IDE                                                         \
	VMBUS_GUID(0x32412632u, 0x86cbu, 0x44a2u, 0x9b, 0x5c, 0x50, 0xd1,      \
		   0x41, 0x73, 0x54, 0xf5)
#define VMBUS_GUID_VIDEO                                                       \
	VMBUS_GUID(0xda0a7802u, 0xe377u, 0x4aacu, 0x8e, 0x77, 0x05, 0x58,      \
		   0xeb, 0x10, 0x73, 0xf8)
#define VMBUS_GUID_KEYBOARD                                                    \
	VMBUS_GUID(0xf912ad6du, 0x2b17u, 0x48eau, 0xbd, 0x65, 0xf9, 0x27,      \
		   0xa6, 0x1c, 0x76, 0x84)
#define VMBUS_GUID_MOUSE                                                       \
	VMBUS_GUID(0xcfa8b69eu, 0x5b4au, 0x4cc0u, 0xb9, 0x8b, 0x8b, 0xa1,      \
		   0xa1, 0xf3, 0xf9, 0x5a)
#define VMBUS_GUID_SHUTDOWN                                                    \
	VMBUS_GUID(0x0e0b6031u, 0x5213u, 0x4934u, 0x81, 0x8b, 0x38, 0xd9,      \
		   0x0c, 0xed, 0x39, 0xdb)
#define VMBUS_GUID_TIME_SYNC                                                   \
	VMBUS_GUID(0x9527e630u, 0xd0aeu, 0x497bu, 0xad, 0xce, 0xe8, 0x0a,      \
		   0xb0, 0x17, 0x5c, 0xaf)
#define VMBUS_GUID_HEARTBEAT                                                   \
	VMBUS_GUID(0x57164f39u, 0x9115u, 0x4e78u, 0xab, 0x55, 0x38, 0x2f,      \
		   0x3b, 0xd5, 0x42, 0x2d)
#define VMBUS_GUID_KVP                                                         \
	VMBUS_GUID(0xa9a0f4e7u, 0x5a45u, 0x4d96u, 0xb8, 0x27, 0x8a, 0x84,      \
		   0x1e, 0x8c, 0x03, 0xe6)
#define VMBUS_GUID_VSS                                                         \
	VMBUS_GUID(0x35fa2e29u, 0xea23u, 0x4236u, 0x96, 0xae, 0x3a, 0x6e,      \
		   0xba, 0xcb, 0xa4, 0x40)
#define VMBUS_GUID_FILE_COPY                                                   \
	VMBUS_GUID(0x34d14be3u, 0xdee4u, 0x41c8u, 0x9a, 0xe7, 0x6b, 0x17,      \
		   0x49, 0x77, 0xc1, 0x92)
#define VMBUS_GUID_BALLOON                                                     \
	VMBUS_GUID(0x525074dcu, 0x8985u, 0x46e2u, 0x80, 0x57, 0xa3, 0x07,      \
		   0xdc, 0x18, 0xa5, 0x02)

/* vmbus_offer_channel.flags */
#define VMBUS_OFFER_ENUMERATE_DEVICE_INTERFACE 0x0001u
#define VMBUS_OFFER_CONFIDENTIAL_RING	       0x0002u
#define VMBUS_OFFER_CONFIDENTIAL_EXTERNAL      0x0004u
#define VMBUS_OFFER_NAMED_PIPE_MODE	       0x0010u
#define VMBUS_OFFER_LOOPBACK		       0x0100u
#define VMBUS_OFFER_PARENT		       0x0200u
#define VMBUS_OFFER_MONITORED		       0x0400u
#define VMBUS_OFFER_TLNPI		       0x2000u /* hv_sock */

#define VMBUS_PIPE_MODE_MESSAGE 4u
#define VMBUS_USER_DEFINED_SIZE 120u

struct vmbus_offer_channel {
	struct vmbus_header header;
	struct vmbus_guid interface_type;
	struct vmbus_guid interface_instance;
	uint8_t reserved1[16];
	uint16_t flags; /* VMBUS_OFFER_* */
	uint16_t mmio_megabytes;
	uint8_t user_defined[VMBUS_USER_DEFINED_SIZE];
	uint16_t sub_index; /* 0: primary channel */
	uint16_t reserved2;
	uint32_t relid;
	uint8_t monitor_id;
	uint8_t monitor_allocated;    /* 0: guest uses SignalEvent */
	uint16_t dedicated_interrupt; /* bit 0, must be 1 from 2.4 on */
	uint32_t connection_id;	      /* of SignalEvent */
};
ABI_SIZE(struct vmbus_offer_channel, 196);
ABI_OFFSET(struct vmbus_offer_channel, interface_instance, 8 + 16);
ABI_OFFSET(struct vmbus_offer_channel, flags, 8 + 48);
ABI_OFFSET(struct vmbus_offer_channel, user_defined, 8 + 52);
ABI_OFFSET(struct vmbus_offer_channel, sub_index, 8 + 172);
ABI_OFFSET(struct vmbus_offer_channel, relid, 8 + 176);
ABI_OFFSET(struct vmbus_offer_channel, monitor_id, 8 + 180);
ABI_OFFSET(struct vmbus_offer_channel, connection_id, 8 + 184);

struct vmbus_rescind_channel_offer {
	struct vmbus_header header;
	uint32_t relid;
};
ABI_SIZE(struct vmbus_rescind_channel_offer, 12);

struct vmbus_open_channel {
	struct vmbus_header header;
	uint32_t relid;
	uint32_t open_id;
	uint32_t ring_gpadl;
	uint32_t target_vp;
	uint32_t downstream_offset_pages;
	uint8_t user_data[VMBUS_USER_DEFINED_SIZE];
};
ABI_SIZE(struct vmbus_open_channel, 148);

struct vmbus_open_channel_result {
	struct vmbus_header header;
	uint32_t relid;
	uint32_t open_id;
	uint32_t status; /* 0: opened */
};
ABI_SIZE(struct vmbus_open_channel_result, 20);

struct vmbus_close_channel {
	struct vmbus_header header;
	uint32_t relid;
};
ABI_SIZE(struct vmbus_close_channel, 12);

/* A range: byte count, byte offset, then one page number per page touched. */
struct vmbus_gpa_range {
	uint32_t byte_count;
	uint32_t byte_offset;
	uint64_t pfns[];
};
ABI_SIZE(struct vmbus_gpa_range, 8);

#define VMBUS_GPADL_HEADER_MAX_PFNS 26u
#define VMBUS_GPADL_BODY_MAX_PFNS   28u

struct vmbus_gpadl_header {
	struct vmbus_header header;
	uint32_t relid;
	uint32_t gpadl;
	uint16_t range_buffer_length;
	uint16_t range_count;
	uint8_t ranges[]; /* struct vmbus_gpa_range, aligned to 4 only */
};
ABI_SIZE(struct vmbus_gpadl_header, 20);

struct vmbus_gpadl_body {
	struct vmbus_header header;
	uint32_t message_number;
	uint32_t gpadl;
	uint64_t pfns[];
};
ABI_SIZE(struct vmbus_gpadl_body, 16);

struct vmbus_gpadl_created {
	struct vmbus_header header;
	uint32_t relid;
	uint32_t gpadl;
	uint32_t status;
};
ABI_SIZE(struct vmbus_gpadl_created, 20);

struct vmbus_gpadl_teardown {
	struct vmbus_header header;
	uint32_t relid;
	uint32_t gpadl;
};
ABI_SIZE(struct vmbus_gpadl_teardown, 16);

struct vmbus_gpadl_torndown {
	struct vmbus_header header;
	uint32_t gpadl;
};
ABI_SIZE(struct vmbus_gpadl_torndown, 12);

struct vmbus_relid_released {
	struct vmbus_header header;
	uint32_t relid;
};
ABI_SIZE(struct vmbus_relid_released, 12);

struct vmbus_initiate_contact {
	struct vmbus_header header;
	uint32_t version;
	uint32_t target_vp;
	union {
		uint64_t interrupt_page; /* before 5.0 */
		struct {
			uint8_t target_sint;
			uint8_t target_vtl;
			uint16_t reserved;
			uint32_t feature_flags; /* 6.0 */
		};
	};
	uint64_t monitor_page_parent_to_child;
	uint64_t monitor_page_child_to_parent;
};
ABI_SIZE(struct vmbus_initiate_contact, 40);
ABI_OFFSET(struct vmbus_initiate_contact, interrupt_page, 16);

#define VMBUS_CONNECTION_SUCCESSFUL	      0u
#define VMBUS_CONNECTION_FAILED_LOW_RESOURCES 1u
#define VMBUS_CONNECTION_FAILED_UNKNOWN	      2u

struct vmbus_version_response {
	struct vmbus_header header;
	uint8_t supported;
	uint8_t connection_state; /* VMBUS_CONNECTION_* */
	uint16_t padding;
	uint32_t message_connection_id; /* from 5.0; before: the version */
};
ABI_SIZE(struct vmbus_version_response, 16);

struct vmbus_modify_channel {
	struct vmbus_header header;
	uint32_t relid;
	uint32_t target_vp;
};
ABI_SIZE(struct vmbus_modify_channel, 16);

struct vmbus_modify_channel_response {
	struct vmbus_header header;
	uint32_t relid;
	uint32_t status;
};
ABI_SIZE(struct vmbus_modify_channel_response, 16);

struct vmbus_modify_connection {
	struct vmbus_header header;
	uint64_t monitor_page_parent_to_child;
	uint64_t monitor_page_child_to_parent;
};
ABI_SIZE(struct vmbus_modify_connection, 24);

struct vmbus_modify_connection_response {
	struct vmbus_header header;
	uint8_t connection_state;
};
ABI_SIZE(struct vmbus_modify_connection_response, 12);

struct vmbus_tl_connect_request {
	struct vmbus_header header;
	struct vmbus_guid endpoint_id;
	struct vmbus_guid service_id; /* first four bytes: the port */
};
ABI_SIZE(struct vmbus_tl_connect_request, 40);

struct vmbus_tl_connect_result {
	struct vmbus_header header;
	struct vmbus_guid endpoint_id;
	struct vmbus_guid service_id;
	uint32_t status;
};
ABI_SIZE(struct vmbus_tl_connect_result, 44);
