/* SPDX-License-Identifier: MIT */
/* Synthetic SCSI controller: the 64-byte packets of storvsc and its host. */
#pragma once

#include "../types.h"

enum storvsp_operation {
	STORVSP_COMPLETE_IO = 1,
	STORVSP_REMOVE_DEVICE = 2,
	STORVSP_EXECUTE_SRB = 3,
	STORVSP_RESET_LUN = 4,
	STORVSP_RESET_ADAPTER = 5,
	STORVSP_RESET_BUS = 6,
	STORVSP_BEGIN_INITIALIZATION = 7,
	STORVSP_END_INITIALIZATION = 8,
	STORVSP_QUERY_PROTOCOL_VERSION = 9,
	STORVSP_QUERY_PROPERTIES = 10,
	STORVSP_ENUMERATE_BUS = 11,
	STORVSP_FIBRE_CHANNEL_DATA = 12,
	STORVSP_CREATE_SUB_CHANNELS = 13,
};

#define STORVSP_FLAG_REQUEST_COMPLETION 0x1u

#define STORVSP_VERSION_WIN8   0x0501u
#define STORVSP_VERSION_WIN8_1 0x0600u
#define STORVSP_VERSION_WIN10  0x0602u

/* Statuses of a packet: 0 success, else an NTSTATUS. */
#define STORVSP_STATUS_SUCCESS		 0x00000000u
#define STORVSP_STATUS_UNSUCCESSFUL	 0xc0000001u
#define STORVSP_STATUS_INVALID_PARAMETER 0xc000000du
#define STORVSP_STATUS_REVISION_MISMATCH 0xc0000059u

#define STORVSP_CDB_SIZE   16u
#define STORVSP_SENSE_SIZE 20u
#define STORVSP_SRB_SIZE   52u

#define STORVSP_DATA_OUT  0u /* to the device */
#define STORVSP_DATA_IN	  1u
#define STORVSP_DATA_NONE 2u

#define SRB_STATUS_PENDING	     0x00u
#define SRB_STATUS_SUCCESS	     0x01u
#define SRB_STATUS_ABORTED	     0x02u
#define SRB_STATUS_ERROR	     0x04u
#define SRB_STATUS_BUSY		     0x05u
#define SRB_STATUS_INVALID_REQUEST   0x06u
#define SRB_STATUS_NO_DEVICE	     0x08u
#define SRB_STATUS_TIMEOUT	     0x09u
#define SRB_STATUS_SELECTION_TIMEOUT 0x0au
#define SRB_STATUS_BUS_RESET	     0x0eu
#define SRB_STATUS_DATA_OVERRUN	     0x12u
#define SRB_STATUS_INVALID_LUN	     0x20u
#define SRB_STATUS_INTERNAL_ERROR    0x30u
#define SRB_STATUS_QUEUE_FROZEN	     0x40u
#define SRB_STATUS_AUTOSENSE_VALID   0x80u

struct storvsp_srb {
	uint16_t length;    /* STORVSP_SRB_SIZE */
	uint8_t srb_status; /* SRB_STATUS_* */
	uint8_t scsi_status;
	uint8_t port;
	uint8_t path;
	uint8_t target;
	uint8_t lun;
	uint8_t cdb_length;
	uint8_t sense_length;
	uint8_t direction; /* STORVSP_DATA_* */
	uint8_t reserved1;
	uint32_t transfer_length;
	union {
		uint8_t cdb[STORVSP_CDB_SIZE];
		uint8_t sense[STORVSP_SENSE_SIZE];
	};
	uint16_t reserved2;
	uint8_t queue_tag;
	uint8_t queue_action;
	uint32_t srb_flags;
	uint32_t timeout; /* seconds */
	uint32_t queue_sort_key;
};
ABI_SIZE(struct storvsp_srb, STORVSP_SRB_SIZE);
ABI_OFFSET(struct storvsp_srb, cdb_length, 8);
ABI_OFFSET(struct storvsp_srb, transfer_length, 12);
ABI_OFFSET(struct storvsp_srb, cdb, 16);
ABI_OFFSET(struct storvsp_srb, reserved2, 36);
ABI_OFFSET(struct storvsp_srb, queue_tag, 38);
ABI_OFFSET(struct storvsp_srb, srb_flags, 40);

#define STORVSP_PROPERTY_MULTI_CHANNEL 0x1u

/* Aligned to 4: on the wire it starts 12 bytes into the packet. */
struct storvsp_properties {
	uint32_t reserved1;
	uint16_t max_channels; /* further channels allowed */
	uint16_t reserved2;
	uint32_t flags; /* STORVSP_PROPERTY_* */
	uint32_t max_transfer_bytes;
	uint32_t reserved3[2];
};
ABI_SIZE(struct storvsp_properties, 24);
ABI_OFFSET(struct storvsp_properties, max_transfer_bytes, 12);

struct storvsp_protocol_version {
	uint16_t version; /* major << 8 | minor */
	uint16_t revision;
};
ABI_SIZE(struct storvsp_protocol_version, 4);

/* 64 bytes in both directions. */
struct storvsp_packet {
	uint32_t operation; /* enum storvsp_operation */
	uint32_t flags;	    /* STORVSP_FLAG_* */
	uint32_t status;    /* STORVSP_STATUS_* */
	union {
		struct storvsp_srb srb;
		struct storvsp_protocol_version protocol_version;
		struct storvsp_properties properties;
		uint16_t sub_channel_count;
		uint8_t bytes[STORVSP_SRB_SIZE];
	};
};
ABI_SIZE(struct storvsp_packet, 64);
ABI_OFFSET(struct storvsp_packet, srb, 12);
ABI_OFFSET(struct storvsp_packet, properties.max_transfer_bytes, 24);
