/* SPDX-License-Identifier: MIT */
/* Integration services: shutdown, time, heartbeat, key-value exchange. */
#pragma once

#include "../types.h"
#include "ring.h"

#define VMBUS_IC_FRAMEWORK_VERSION_1 1u /* 1.0 */
#define VMBUS_IC_FRAMEWORK_VERSION_3 3u /* 3.0 */

enum vmbus_ic_message_type {
	VMBUS_IC_NEGOTIATE = 0,
	VMBUS_IC_HEARTBEAT = 1,
	VMBUS_IC_KVP = 2,
	VMBUS_IC_SHUTDOWN = 3,
	VMBUS_IC_TIME_SYNC = 4,
	VMBUS_IC_VSS = 5,
	VMBUS_IC_FILE_COPY = 7,
};

#define VMBUS_IC_FLAG_TRANSACTION 0x1u
#define VMBUS_IC_FLAG_REQUEST	  0x2u
#define VMBUS_IC_FLAG_RESPONSE	  0x4u

struct vmbus_ic_version {
	uint16_t major;
	uint16_t minor;
};
ABI_SIZE(struct vmbus_ic_version, 4);

/* The pipe header's first word is a flag word here; 1 = data. */
struct vmbus_ic_header {
	struct vmbus_pipe_header pipe;
	struct vmbus_ic_version framework_version;
	uint16_t message_type; /* enum vmbus_ic_message_type */
	struct vmbus_ic_version message_version;
	uint16_t message_size; /* of what follows */
	uint32_t status;       /* 0 success, else an HRESULT */
	uint8_t transaction_id;
	uint8_t flags; /* VMBUS_IC_FLAG_* */
	uint8_t reserved[2];
};
ABI_SIZE(struct vmbus_ic_header, 28);
ABI_OFFSET(struct vmbus_ic_header, message_type, 12);
ABI_OFFSET(struct vmbus_ic_header, message_size, 18);
ABI_OFFSET(struct vmbus_ic_header, status, 20);
ABI_OFFSET(struct vmbus_ic_header, transaction_id, 24);

#define VMBUS_IC_STATUS_SUCCESS	      0x00000000u
#define VMBUS_IC_STATUS_FAIL	      0x80004005u
#define VMBUS_IC_STATUS_NOT_SUPPORTED 0x80070032u
#define VMBUS_IC_STATUS_NO_MORE	      0x80070103u /* of an enumeration */

/* The host sends its lists; the guest answers with one of each. */
struct vmbus_ic_negotiate {
	struct vmbus_ic_header header;
	uint16_t framework_version_count;
	uint16_t message_version_count;
	uint32_t reserved;
	struct vmbus_ic_version versions[]; /* frameworks, then messages */
};
ABI_SIZE(struct vmbus_ic_negotiate, 36);

struct vmbus_ic_heartbeat {
	struct vmbus_ic_header header;
	uint64_t sequence; /* guest adds one in its answer */
	uint32_t reserved[8];
} ABI_PACKED;
ABI_SIZE(struct vmbus_ic_heartbeat, 68);

#define VMBUS_IC_SHUTDOWN_FORCE	    0x1u
#define VMBUS_IC_SHUTDOWN_POWER_OFF 0u
#define VMBUS_IC_SHUTDOWN_REBOOT    2u
#define VMBUS_IC_SHUTDOWN_HIBERNATE 4u

struct vmbus_ic_shutdown {
	struct vmbus_ic_header header;
	uint32_t reason;
	uint32_t timeout; /* seconds */
	uint32_t flags;	  /* VMBUS_IC_SHUTDOWN_* */
	char message[2048];
};
ABI_SIZE(struct vmbus_ic_shutdown, 28 + 12 + 2048);

#define VMBUS_IC_TIME_PROBE	  0u
#define VMBUS_IC_TIME_SYNC_FLAG	  1u
#define VMBUS_IC_TIME_SAMPLE	  2u
#define VMBUS_IC_UNIX_EPOCH_100NS 116444736000000000ULL

/* Messages up to version 3.0. */
struct vmbus_ic_time_sync {
	struct vmbus_ic_header header;
	uint64_t parent_time; /* FILETIME, 100 ns */
	uint64_t child_time;
	uint64_t round_trip_time;
	uint8_t flags; /* VMBUS_IC_TIME_* */
} ABI_PACKED;
ABI_SIZE(struct vmbus_ic_time_sync, 53);

/* Messages of version 4.0. */
struct vmbus_ic_time_reference {
	struct vmbus_ic_header header;
	uint64_t parent_time;	    /* FILETIME, 100 ns */
	uint64_t vm_reference_time; /* TIME_REF_COUNT at that moment */
	uint8_t flags;
	uint8_t leap_flags;
	uint8_t stratum;
	uint8_t reserved[3];
} ABI_PACKED;
ABI_SIZE(struct vmbus_ic_time_reference, 50);

/* ---- Key-value exchange: the host asks, the guest's daemon answers ---- */

enum vmbus_kvp_operation {
	VMBUS_KVP_GET = 0,
	VMBUS_KVP_SET = 1,
	VMBUS_KVP_DELETE = 2,
	VMBUS_KVP_ENUMERATE = 3,
	VMBUS_KVP_GET_IP = 4,
	VMBUS_KVP_SET_IP = 5,
};

enum vmbus_kvp_pool {
	VMBUS_KVP_POOL_EXTERNAL = 0,
	VMBUS_KVP_POOL_GUEST = 1,
	VMBUS_KVP_POOL_AUTO = 2, /* what the guest tells of itself */
	VMBUS_KVP_POOL_AUTO_EXTERNAL = 3,
	VMBUS_KVP_POOL_AUTO_INTERNAL = 4,
};

#define VMBUS_KVP_TYPE_STRING 1u
#define VMBUS_KVP_TYPE_U32    4u

/* Strings are UTF-16; sizes count bytes, with the terminating zero. */
struct vmbus_kvp_enumerate {
	struct vmbus_ic_header header;
	uint8_t operation; /* enum vmbus_kvp_operation */
	uint8_t pool;	   /* enum vmbus_kvp_pool */
	uint16_t reserved;
	uint32_t index;
	uint32_t value_type; /* VMBUS_KVP_TYPE_* */
	uint32_t key_size;
	uint32_t value_size;
	uint16_t key[256];
	uint16_t value[1024];
};
ABI_SIZE(struct vmbus_kvp_enumerate, 28 + 20 + 512 + 2048);
ABI_OFFSET(struct vmbus_kvp_enumerate, key, 28 + 20);

#define VMBUS_KVP_FAMILY_ANY  0u
#define VMBUS_KVP_FAMILY_IPV4 1u
#define VMBUS_KVP_FAMILY_IPV6 2u

/* Lists are separated by semicolons; the adapter is named by its MAC. */
struct vmbus_kvp_ip {
	struct vmbus_ic_header header;
	uint8_t operation;
	uint8_t pool;
	uint16_t adapter[128];
	uint8_t family; /* VMBUS_KVP_FAMILY_* */
	uint8_t dhcp;
	uint16_t addresses[1024];
	uint16_t masks[1024];
	uint16_t gateways[512];
	uint16_t name_servers[1024];
};
ABI_SIZE(struct vmbus_kvp_ip, 28 + 7428);
ABI_OFFSET(struct vmbus_kvp_ip, addresses, 28 + 260);

/* Every message is as large as the largest: guests refuse smaller ones. */
#define VMBUS_KVP_MESSAGE_SIZE (28u + 7432u)

union vmbus_kvp_message {
	struct vmbus_ic_header header;
	struct vmbus_kvp_enumerate enumerate;
	struct vmbus_kvp_ip ip;
	uint8_t bytes[VMBUS_KVP_MESSAGE_SIZE];
};
ABI_SIZE(union vmbus_kvp_message, 28 + 7432);
