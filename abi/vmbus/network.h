/* SPDX-License-Identifier: MIT */
/* Synthetic network adapter: NVSP, and RNDIS inside it. */
#pragma once

#include "../types.h"

/* ---- NVSP ---- */

#define NVSP_VERSION_1	 0x00000002u
#define NVSP_VERSION_2	 0x00030002u
#define NVSP_VERSION_4	 0x00040000u
#define NVSP_VERSION_5	 0x00050000u
#define NVSP_VERSION_6	 0x00060000u
#define NVSP_VERSION_6_1 0x00060001u

enum nvsp_message_type {
	NVSP_INIT = 1,
	NVSP_INIT_COMPLETE = 2,
	NVSP_SEND_NDIS_VERSION = 100,
	NVSP_SEND_RECEIVE_BUFFER = 101,
	NVSP_SEND_RECEIVE_BUFFER_COMPLETE = 102,
	NVSP_REVOKE_RECEIVE_BUFFER = 103,
	NVSP_SEND_SEND_BUFFER = 104,
	NVSP_SEND_SEND_BUFFER_COMPLETE = 105,
	NVSP_REVOKE_SEND_BUFFER = 106,
	NVSP_SEND_RNDIS_PACKET = 107,
	NVSP_SEND_RNDIS_PACKET_COMPLETE = 108,
	NVSP_SEND_NDIS_CONFIG = 125,
	NVSP_SEND_VF_ASSOCIATION = 128,
	NVSP_SWITCH_DATA_PATH = 129,
	NVSP_SUBCHANNEL = 133,
	NVSP_SEND_INDIRECTION_TABLE = 134,
};

#define NVSP_STATUS_NONE    0u
#define NVSP_STATUS_SUCCESS 1u
#define NVSP_STATUS_FAILURE 2u

#define NVSP_RECEIVE_BUFFER_ID	 0xcafeu
#define NVSP_SEND_BUFFER_ID	 0u
#define NVSP_CHANNEL_DATA	 0u
#define NVSP_CHANNEL_CONTROL	 1u
#define NVSP_NO_SEND_SECTION	 0xffffffffu
#define NVSP_SUBCHANNEL_ALLOCATE 1u

struct nvsp_init {
	uint32_t min_version;
	uint32_t max_version;
};
ABI_SIZE(struct nvsp_init, 8);

struct nvsp_init_complete {
	uint32_t negotiated_version;
	uint32_t max_mdl_chain_length;
	uint32_t status; /* NVSP_STATUS_* */
};
ABI_SIZE(struct nvsp_init_complete, 12);

struct nvsp_ndis_version {
	uint32_t major;
	uint32_t minor;
};
ABI_SIZE(struct nvsp_ndis_version, 8);

/* Receive and send buffer alike. */
struct nvsp_send_buffer {
	uint32_t gpadl;
	uint16_t id;	   /* NVSP_*_BUFFER_ID */
	uint16_t reserved; /* not read */
};
ABI_SIZE(struct nvsp_send_buffer, 8);

struct nvsp_receive_section {
	uint32_t offset;
	uint32_t sub_allocation_size;
	uint32_t sub_allocation_count;
	uint32_t end_offset;
};
ABI_SIZE(struct nvsp_receive_section, 16);

struct nvsp_send_receive_buffer_complete {
	uint32_t status;
	uint32_t section_count; /* 1 */
	struct nvsp_receive_section sections[1];
};
ABI_SIZE(struct nvsp_send_receive_buffer_complete, 24);

struct nvsp_send_send_buffer_complete {
	uint32_t status;
	uint32_t section_size;
};
ABI_SIZE(struct nvsp_send_send_buffer_complete, 8);

struct nvsp_revoke_buffer {
	uint16_t id;
	uint16_t reserved;
};
ABI_SIZE(struct nvsp_revoke_buffer, 4);

struct nvsp_send_rndis_packet {
	uint32_t channel_type;	     /* NVSP_CHANNEL_* */
	uint32_t send_section_index; /* NVSP_NO_SEND_SECTION: none */
	uint32_t send_section_size;
};
ABI_SIZE(struct nvsp_send_rndis_packet, 12);

struct nvsp_send_rndis_packet_complete {
	uint32_t status;
};
ABI_SIZE(struct nvsp_send_rndis_packet_complete, 4);

#define NVSP_CAPABILITY_VMQ		  (1ULL << 0)
#define NVSP_CAPABILITY_CHIMNEY		  (1ULL << 1)
#define NVSP_CAPABILITY_SRIOV		  (1ULL << 2)
#define NVSP_CAPABILITY_IEEE8021Q	  (1ULL << 3)
#define NVSP_CAPABILITY_CORRELATION_ID	  (1ULL << 4)
#define NVSP_CAPABILITY_TEAMING		  (1ULL << 5)
#define NVSP_CAPABILITY_VIRTUAL_SUBNET_ID (1ULL << 6)
#define NVSP_CAPABILITY_RSC		  (1ULL << 7)

struct nvsp_ndis_config {
	uint32_t mtu; /* with the Ethernet header */
	uint32_t reserved;
	uint32_t capabilities_low; /* NVSP_CAPABILITY_* */
	uint32_t capabilities_high;
};
ABI_SIZE(struct nvsp_ndis_config, 16);

struct nvsp_vf_association {
	uint32_t allocated;
	uint32_t serial;
};
ABI_SIZE(struct nvsp_vf_association, 8);

struct nvsp_subchannel_request {
	uint32_t operation; /* NVSP_SUBCHANNEL_ALLOCATE */
	uint32_t count;
};
ABI_SIZE(struct nvsp_subchannel_request, 8);

struct nvsp_subchannel_complete {
	uint32_t status;
	uint32_t count;
};
ABI_SIZE(struct nvsp_subchannel_complete, 8);

struct nvsp_indirection_table {
	uint32_t count;
	uint32_t offset; /* from the message's first byte */
};
ABI_SIZE(struct nvsp_indirection_table, 8);

struct nvsp_message {
	uint32_t type; /* enum nvsp_message_type */
	union {
		struct nvsp_init init;
		struct nvsp_init_complete init_complete;
		struct nvsp_ndis_version ndis_version;
		struct nvsp_send_buffer send_buffer;
		struct nvsp_send_receive_buffer_complete
			receive_buffer_complete;
		struct nvsp_send_send_buffer_complete send_buffer_complete;
		struct nvsp_revoke_buffer revoke_buffer;
		struct nvsp_send_rndis_packet rndis_packet;
		struct nvsp_send_rndis_packet_complete rndis_packet_complete;
		struct nvsp_ndis_config ndis_config;
		struct nvsp_vf_association vf_association;
		struct nvsp_subchannel_request subchannel_request;
		struct nvsp_subchannel_complete subchannel_complete;
		struct nvsp_indirection_table indirection_table;
		uint8_t bytes[36];
	};
};
ABI_SIZE(struct nvsp_message, 40);
ABI_OFFSET(struct nvsp_message, init, 4);

/* ---- RNDIS ---- */

#define RNDIS_PACKET		  0x00000001u
#define RNDIS_INITIALIZE	  0x00000002u
#define RNDIS_HALT		  0x00000003u
#define RNDIS_QUERY		  0x00000004u
#define RNDIS_SET		  0x00000005u
#define RNDIS_RESET		  0x00000006u
#define RNDIS_INDICATE_STATUS	  0x00000007u
#define RNDIS_KEEPALIVE		  0x00000008u
#define RNDIS_COMPLETION	  0x80000000u /* bit added in the answer */
#define RNDIS_INITIALIZE_COMPLETE (RNDIS_INITIALIZE | RNDIS_COMPLETION)
#define RNDIS_QUERY_COMPLETE	  (RNDIS_QUERY | RNDIS_COMPLETION)
#define RNDIS_SET_COMPLETE	  (RNDIS_SET | RNDIS_COMPLETION)
#define RNDIS_RESET_COMPLETE	  (RNDIS_RESET | RNDIS_COMPLETION)
#define RNDIS_KEEPALIVE_COMPLETE  (RNDIS_KEEPALIVE | RNDIS_COMPLETION)

#define RNDIS_STATUS_SUCCESS	       0x00000000u
#define RNDIS_STATUS_FAILURE	       0xc0000001u
#define RNDIS_STATUS_INVALID_DATA      0xc0010015u
#define RNDIS_STATUS_NOT_SUPPORTED     0xc00000bbu
#define RNDIS_STATUS_MEDIA_CONNECT     0x4001000bu
#define RNDIS_STATUS_MEDIA_DISCONNECT  0x4001000cu
#define RNDIS_STATUS_LINK_SPEED_CHANGE 0x40010013u
#define RNDIS_STATUS_NETWORK_CHANGE    0x40010018u

struct rndis_header {
	uint32_t type;
	uint32_t length; /* with this header */
};
ABI_SIZE(struct rndis_header, 8);

/* Offsets count from the byte after the header. */
struct rndis_packet {
	struct rndis_header header;
	uint32_t data_offset;
	uint32_t data_length;
	uint32_t oob_data_offset;
	uint32_t oob_data_length;
	uint32_t oob_element_count;
	uint32_t per_packet_info_offset;
	uint32_t per_packet_info_length;
	uint32_t vc_handle;
	uint32_t reserved;
};
ABI_SIZE(struct rndis_packet, 44);

struct rndis_per_packet_info {
	uint32_t size;	      /* with this header */
	uint32_t type;	      /* RNDIS_PPI_*; bit 31: internal */
	uint32_t data_offset; /* from this structure's start */
};
ABI_SIZE(struct rndis_per_packet_info, 12);

#define RNDIS_PPI_INTERNAL   0x80000000u
#define RNDIS_PPI_CHECKSUM   0u
#define RNDIS_PPI_IPSEC	     1u
#define RNDIS_PPI_LSO	     2u
#define RNDIS_PPI_VLAN	     6u
#define RNDIS_PPI_HASH_VALUE 8u
#define RNDIS_PPI_PACKET_ID  11u

/* Checksum word of a packet to send */
#define RNDIS_TX_CHECKSUM_IPV4		   0x1u
#define RNDIS_TX_CHECKSUM_IPV6		   0x2u
#define RNDIS_TX_CHECKSUM_TCP		   0x4u
#define RNDIS_TX_CHECKSUM_UDP		   0x8u
#define RNDIS_TX_CHECKSUM_IP_HEADER	   0x10u
#define RNDIS_TX_CHECKSUM_TCP_OFFSET_SHIFT 16 /* 10 bits */

/* Checksum word of a received packet */
#define RNDIS_RX_CHECKSUM_TCP_FAILED	0x1u
#define RNDIS_RX_CHECKSUM_UDP_FAILED	0x2u
#define RNDIS_RX_CHECKSUM_IP_FAILED	0x4u
#define RNDIS_RX_CHECKSUM_TCP_SUCCEEDED 0x8u
#define RNDIS_RX_CHECKSUM_UDP_SUCCEEDED 0x10u
#define RNDIS_RX_CHECKSUM_IP_SUCCEEDED	0x20u

/* VLAN word: the fields of an 802.1Q tag in another order */
#define RNDIS_VLAN_PRIORITY_MASK 0x7u
#define RNDIS_VLAN_CFI		 (1u << 3)
#define RNDIS_VLAN_ID_SHIFT	 4 /* 12 bits */

/* Large-send word, version 2 */
#define RNDIS_LSO_MSS_MASK	   0xfffffu
#define RNDIS_LSO_TCP_OFFSET_SHIFT 20 /* 10 bits */
#define RNDIS_LSO_VERSION_2	   (1u << 30)
#define RNDIS_LSO_IPV6		   (1u << 31)

struct rndis_initialize {
	struct rndis_header header;
	uint32_t request_id;
	uint32_t major_version; /* 1 */
	uint32_t minor_version; /* 0 */
	uint32_t max_transfer_size;
};
ABI_SIZE(struct rndis_initialize, 24);

#define RNDIS_DEVICE_CONNECTIONLESS 0x1u
#define RNDIS_MEDIUM_802_3	    0u

struct rndis_initialize_complete {
	struct rndis_header header;
	uint32_t request_id;
	uint32_t status;
	uint32_t major_version;
	uint32_t minor_version;
	uint32_t device_flags; /* RNDIS_DEVICE_* */
	uint32_t medium;       /* RNDIS_MEDIUM_* */
	uint32_t max_packets_per_message;
	uint32_t max_transfer_size;
	uint32_t packet_alignment_factor; /* power of two */
	uint32_t af_list_offset;
	uint32_t af_list_size;
};
ABI_SIZE(struct rndis_initialize_complete, 52);

struct rndis_halt {
	struct rndis_header header;
	uint32_t request_id;
};
ABI_SIZE(struct rndis_halt, 12);

/* Query and set; the buffer's offset counts from request_id. */
struct rndis_request {
	struct rndis_header header;
	uint32_t request_id;
	uint32_t oid; /* RNDIS_OID_* */
	uint32_t buffer_length;
	uint32_t buffer_offset;
	uint32_t device_vc_handle;
};
ABI_SIZE(struct rndis_request, 28);

struct rndis_query_complete {
	struct rndis_header header;
	uint32_t request_id;
	uint32_t status;
	uint32_t buffer_length;
	uint32_t buffer_offset; /* from request_id */
};
ABI_SIZE(struct rndis_query_complete, 24);

struct rndis_set_complete {
	struct rndis_header header;
	uint32_t request_id;
	uint32_t status;
};
ABI_SIZE(struct rndis_set_complete, 16);

struct rndis_reset_complete {
	struct rndis_header header;
	uint32_t status;
	uint32_t addressing_reset;
};
ABI_SIZE(struct rndis_reset_complete, 16);

struct rndis_keepalive {
	struct rndis_header header;
	uint32_t request_id;
};
ABI_SIZE(struct rndis_keepalive, 12);

struct rndis_keepalive_complete {
	struct rndis_header header;
	uint32_t request_id;
	uint32_t status;
};
ABI_SIZE(struct rndis_keepalive_complete, 16);

struct rndis_indicate_status {
	struct rndis_header header;
	uint32_t status; /* RNDIS_STATUS_* */
	uint32_t buffer_length;
	uint32_t buffer_offset; /* from status */
};
ABI_SIZE(struct rndis_indicate_status, 20);

#define RNDIS_OID_SUPPORTED_LIST	0x00010101u
#define RNDIS_OID_HARDWARE_STATUS	0x00010102u
#define RNDIS_OID_MEDIA_SUPPORTED	0x00010103u
#define RNDIS_OID_MEDIA_IN_USE		0x00010104u
#define RNDIS_OID_MAXIMUM_LOOKAHEAD	0x00010105u
#define RNDIS_OID_MAXIMUM_FRAME_SIZE	0x00010106u
#define RNDIS_OID_LINK_SPEED		0x00010107u /* 100 bit/s */
#define RNDIS_OID_TRANSMIT_BUFFER_SPACE 0x00010108u
#define RNDIS_OID_RECEIVE_BUFFER_SPACE	0x00010109u
#define RNDIS_OID_TRANSMIT_BLOCK_SIZE	0x0001010au
#define RNDIS_OID_RECEIVE_BLOCK_SIZE	0x0001010bu
#define RNDIS_OID_VENDOR_ID		0x0001010cu
#define RNDIS_OID_VENDOR_DESCRIPTION	0x0001010du
#define RNDIS_OID_CURRENT_PACKET_FILTER 0x0001010eu
#define RNDIS_OID_CURRENT_LOOKAHEAD	0x0001010fu
#define RNDIS_OID_DRIVER_VERSION	0x00010110u
#define RNDIS_OID_MAXIMUM_TOTAL_SIZE	0x00010111u
#define RNDIS_OID_MAC_OPTIONS		0x00010113u
#define RNDIS_OID_MEDIA_CONNECT_STATUS	0x00010114u /* 0: connected */
#define RNDIS_OID_MAXIMUM_SEND_PACKETS	0x00010115u
#define RNDIS_OID_VENDOR_DRIVER_VERSION 0x00010116u
#define RNDIS_OID_TRANSMIT_OK		0x00020101u
#define RNDIS_OID_RECEIVE_OK		0x00020102u
#define RNDIS_OID_TRANSMIT_ERROR	0x00020103u
#define RNDIS_OID_RECEIVE_ERROR		0x00020104u
#define RNDIS_OID_RECEIVE_NO_BUFFER	0x00020105u
#define RNDIS_OID_STATISTICS		0x00020106u
#define RNDIS_OID_RSS_CAPABILITIES	0x00010203u
#define RNDIS_OID_RSS_PARAMETERS	0x00010204u
#define RNDIS_OID_FRIENDLY_NAME		0x00020213u
#define RNDIS_OID_CONFIG_PARAMETER	0x0001021bu
#define RNDIS_OID_OFFLOAD_ENCAPSULATION 0x0101010au
#define RNDIS_OID_PERMANENT_ADDRESS	0x01010101u
#define RNDIS_OID_CURRENT_ADDRESS	0x01010102u
#define RNDIS_OID_MULTICAST_LIST	0x01010103u
#define RNDIS_OID_MAXIMUM_LIST_SIZE	0x01010104u
#define RNDIS_OID_OFFLOAD_CONFIGURATION 0xfc01020bu
#define RNDIS_OID_OFFLOAD_PARAMETERS	0xfc01020cu
#define RNDIS_OID_OFFLOAD_CAPABILITIES	0xfc01020du

#define RNDIS_FILTER_DIRECTED	   0x1u
#define RNDIS_FILTER_MULTICAST	   0x2u
#define RNDIS_FILTER_ALL_MULTICAST 0x4u
#define RNDIS_FILTER_BROADCAST	   0x8u
#define RNDIS_FILTER_PROMISCUOUS   0x20u

/* NDIS object header, first in the offload structures. */
struct ndis_object_header {
	uint8_t type; /* NDIS_OBJECT_TYPE_* */
	uint8_t revision;
	uint16_t size;
};
ABI_SIZE(struct ndis_object_header, 4);

#define NDIS_OBJECT_TYPE_DEFAULT	  0x80u
#define NDIS_OBJECT_TYPE_RSS_CAPABILITIES 0x88u
#define NDIS_OBJECT_TYPE_RSS_PARAMETERS	  0x89u
#define NDIS_OBJECT_TYPE_OFFLOAD	  0xa7u

#define NDIS_ENCAPSULATION_802_3 0x2u

/* Either way, IPv4 and IPv6 differ in the first bit alone. */
#define NDIS_CHECKSUM_IP_OPTIONS  0x001u /* or IPv6 extension headers */
#define NDIS_CHECKSUM_TCP_OPTIONS 0x004u
#define NDIS_CHECKSUM_TCP	  0x010u
#define NDIS_CHECKSUM_UDP	  0x040u
#define NDIS_CHECKSUM_IP_HEADER	  0x100u /* IPv4 only */

struct ndis_checksum_offload {
	uint32_t encapsulation; /* NDIS_ENCAPSULATION_* */
	uint32_t flags;		/* NDIS_CHECKSUM_* */
};
ABI_SIZE(struct ndis_checksum_offload, 8);

#define NDIS_LSO_IP_EXTENSIONS 0x1u
#define NDIS_LSO_TCP_OPTIONS   0x4u

/*
 * Answer to OFFLOAD_CAPABILITIES; zeros mean no offload. Revision 1 ends
 * before ipsec_v2, revision 2 before rsc_ipv4.
 */
struct ndis_offload {
	struct ndis_object_header header;
	struct ndis_checksum_offload transmit_ipv4;
	struct ndis_checksum_offload receive_ipv4;
	struct ndis_checksum_offload transmit_ipv6;
	struct ndis_checksum_offload receive_ipv6;
	uint32_t lso_v1[4];
	uint32_t ipsec_v1[7];
	uint32_t lso_v2_ipv4_encapsulation;
	uint32_t lso_v2_ipv4_max_size;
	uint32_t lso_v2_ipv4_min_segments;
	uint32_t lso_v2_ipv6_encapsulation;
	uint32_t lso_v2_ipv6_max_size;
	uint32_t lso_v2_ipv6_min_segments;
	uint32_t lso_v2_ipv6_options; /* NDIS_LSO_* */
	uint32_t flags;
	uint32_t ipsec_v2[8];
	uint8_t rsc_ipv4;
	uint8_t rsc_ipv6;
	uint16_t padding;
	uint32_t gre_flags;
	uint32_t gre_max_header;
};
ABI_SIZE(struct ndis_offload, 156);
ABI_OFFSET(struct ndis_offload, lso_v1, 36);
ABI_OFFSET(struct ndis_offload, ipsec_v1, 52);
ABI_OFFSET(struct ndis_offload, lso_v2_ipv4_encapsulation, 80);
ABI_OFFSET(struct ndis_offload, ipsec_v2, 112);
ABI_OFFSET(struct ndis_offload, rsc_ipv4, 144);

#define NDIS_OFFLOAD_SIZE_REVISION_1 112u
#define NDIS_OFFLOAD_SIZE_REVISION_2 144u

/* Of each checksum below; 0 leaves it as it is. */
#define NDIS_PARAMETER_DISABLED 1u
#define NDIS_PARAMETER_TRANSMIT 2u
#define NDIS_PARAMETER_RECEIVE	3u
#define NDIS_PARAMETER_BOTH	4u

/* Of each large send below, likewise. */
#define NDIS_PARAMETER_LSO_DISABLED 1u
#define NDIS_PARAMETER_LSO_ENABLED  2u

/* OFFLOAD_PARAMETERS, revision 1; later ones add what is not offered. */
struct ndis_offload_parameters {
	struct ndis_object_header header;
	uint8_t ipv4_checksum;
	uint8_t tcp_ipv4_checksum;
	uint8_t udp_ipv4_checksum;
	uint8_t tcp_ipv6_checksum;
	uint8_t udp_ipv6_checksum;
	uint8_t lso_v1;
	uint8_t ipsec_v1;
	uint8_t lso_v2_ipv4;
	uint8_t lso_v2_ipv6;
	uint8_t tcp_connection_ipv4;
	uint8_t tcp_connection_ipv6;
	uint8_t padding;
	uint32_t flags;
};
ABI_SIZE(struct ndis_offload_parameters, 20);
ABI_OFFSET(struct ndis_offload_parameters, lso_v2_ipv6, 12);

/* Answer to STATISTICS; received and sent. */
struct ndis_statistics {
	struct ndis_object_header header;
	uint32_t supported; /* which of the fields are valid */
	uint64_t in_discards;
	uint64_t in_errors;
	uint64_t in_octets;
	uint64_t in_unicast;
	uint64_t in_multicast;
	uint64_t in_broadcast;
	uint64_t out_octets;
	uint64_t out_unicast;
	uint64_t out_multicast;
	uint64_t out_broadcast;
	uint64_t out_errors;
	uint64_t out_discards;
	uint64_t in_unicast_octets;
	uint64_t in_multicast_octets;
	uint64_t in_broadcast_octets;
	uint64_t out_unicast_octets;
	uint64_t out_multicast_octets;
	uint64_t out_broadcast_octets;
};
ABI_SIZE(struct ndis_statistics, 152);

/* CONFIG_PARAMETER: name and value are UTF-16, offsets from the start. */
struct rndis_configuration_parameter {
	uint32_t name_offset;
	uint32_t name_length;
	uint32_t type; /* RNDIS_PARAMETER_* */
	uint32_t value_offset;
	uint32_t value_length;
};
ABI_SIZE(struct rndis_configuration_parameter, 20);

#define RNDIS_PARAMETER_INTEGER 0u
#define RNDIS_PARAMETER_STRING	2u
