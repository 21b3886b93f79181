/* SPDX-License-Identifier: MIT */
/* Inputs and outputs of the parent's hypercalls on interrupts, ports and
 * statistics. */
#pragma once

#include "types.h"
#include "hypercall_parent.h"

/* ---- interrupts ---- */

enum hv_interrupt_type {
	HV_INTERRUPT_TYPE_FIXED = 0,
	HV_INTERRUPT_TYPE_LOWEST_PRIORITY = 1,
	HV_INTERRUPT_TYPE_SMI = 2,
	HV_INTERRUPT_TYPE_REMOTE_READ = 3,
	HV_INTERRUPT_TYPE_NMI = 4,
	HV_INTERRUPT_TYPE_INIT = 5,
	HV_INTERRUPT_TYPE_SIPI = 6,
	HV_INTERRUPT_TYPE_EXTINT = 7,
	HV_INTERRUPT_TYPE_LOCALINT0 = 8,
	HV_INTERRUPT_TYPE_LOCALINT1 = 9,
};

/* Control word: type in 31:0. */
#define HV_INTERRUPT_CONTROL_TYPE_MASK		 0xffffffffULL
#define HV_INTERRUPT_CONTROL_LEVEL_TRIGGERED	 (1ULL << 32)
#define HV_INTERRUPT_CONTROL_LOGICAL_DESTINATION (1ULL << 33)

struct hv_input_assert_virtual_interrupt {
	uint64_t partition_id;
	uint64_t control;     /* HV_INTERRUPT_CONTROL_* */
	uint64_t destination; /* APIC id or logical address */
	uint32_t vector;
	uint8_t target_vtl;
	uint8_t reserved0;
	uint16_t reserved1;
};
ABI_SIZE(struct hv_input_assert_virtual_interrupt, 32);

struct hv_input_clear_virtual_interrupt {
	uint64_t partition_id;
};
ABI_SIZE(struct hv_input_clear_virtual_interrupt, 8);

struct hv_input_signal_event_direct {
	uint64_t target_partition;
	uint32_t target_vp;
	uint8_t target_vtl;
	uint8_t target_sint;
	uint16_t flag_number;
};
ABI_SIZE(struct hv_input_signal_event_direct, 16);

struct hv_output_signal_event_direct {
	uint8_t newly_signaled;
	uint8_t reserved[7];
};
ABI_SIZE(struct hv_output_signal_event_direct, 8);

/* OBJECT_IN_USE when the slot is busy; ask for deliverability then. */
struct hv_input_post_message_direct {
	uint64_t partition_id;
	uint32_t vp_index;
	uint8_t target_vtl;
	uint8_t padding[3];
	uint32_t sint_index;
	uint8_t message[256]; /* struct hv_message */
	uint32_t padding2;
};
ABI_SIZE(struct hv_input_post_message_direct, 280);
ABI_OFFSET(struct hv_input_post_message_direct, message, 20);

/* ---- ports and connections ---- */

enum hv_port_type {
	HV_PORT_TYPE_MESSAGE = 1,
	HV_PORT_TYPE_EVENT = 2,
	HV_PORT_TYPE_MONITOR = 3,
	HV_PORT_TYPE_DOORBELL = 4,
};

#define HV_PORT_ID_MASK	      0x00ffffffu /* the rest must be zero */
#define HV_CONNECTION_ID_MASK 0x00ffffffu

struct hv_port_info {
	uint32_t port_type; /* enum hv_port_type */
	uint32_t padding;
	union {
		struct {
			uint32_t target_sint;
			uint32_t target_vp; /* HV_VP_INDEX_ANY allowed */
			uint64_t reserved;
		} message;
		struct {
			uint32_t target_sint;
			uint32_t target_vp;
			uint16_t base_flag_number;
			uint16_t flag_count;
			uint32_t reserved;
		} event;
		struct {
			uint64_t monitor_address;
			uint64_t reserved;
		} monitor;
		struct {
			uint32_t target_sint;
			uint32_t target_vp;
			uint64_t reserved;
		} doorbell;
	};
};
ABI_SIZE(struct hv_port_info, 24);

/* Flags of a doorbell connection. */
#define HV_DOORBELL_TRIGGER_SIZE_MASK  0x7ULL
#define HV_DOORBELL_TRIGGER_SIZE_ANY   0x0ULL
#define HV_DOORBELL_TRIGGER_SIZE_BYTE  0x1ULL
#define HV_DOORBELL_TRIGGER_SIZE_WORD  0x2ULL
#define HV_DOORBELL_TRIGGER_SIZE_DWORD 0x3ULL
#define HV_DOORBELL_TRIGGER_SIZE_QWORD 0x4ULL
#define HV_DOORBELL_TRIGGER_ANY_VALUE  0x80000000ULL

struct hv_connection_info {
	uint32_t port_type;
	uint32_t padding;
	union {
		uint64_t reserved[3]; /* message and event connections */
		struct {
			uint64_t monitor_address;
			uint64_t reserved[2];
		} monitor;
		struct {
			uint64_t gpa;
			uint64_t trigger_value;
			uint64_t flags; /* HV_DOORBELL_* */
		} doorbell;
	};
};
ABI_SIZE(struct hv_connection_info, 32);

/* A port of the receiver, reachable from one connecting partition. */
struct hv_input_create_port {
	uint64_t port_partition_id;
	uint32_t port_id;
	uint8_t port_vtl;
	uint8_t min_connection_vtl;
	uint16_t padding;
	uint64_t connection_partition_id;
	struct hv_port_info port_info;
	struct hv_proximity_domain_info proximity;
};
ABI_SIZE(struct hv_input_create_port, 56);
ABI_OFFSET(struct hv_input_create_port, port_info, 24);

struct hv_input_delete_port {
	uint64_t port_partition_id;
	uint32_t port_id;
	uint32_t reserved;
};
ABI_SIZE(struct hv_input_delete_port, 16);

struct hv_input_connect_port {
	uint64_t connection_partition_id;
	uint32_t connection_id;
	uint8_t connection_vtl;
	uint8_t reserved0;
	uint16_t reserved1;
	uint64_t port_partition_id;
	uint32_t port_id;
	uint32_t reserved2;
	struct hv_connection_info connection_info;
	struct hv_proximity_domain_info proximity;
};
ABI_SIZE(struct hv_input_connect_port, 72);
ABI_OFFSET(struct hv_input_connect_port, connection_info, 32);

#define HV_DISCONNECT_PORT_DOORBELL 0x1u

struct hv_input_disconnect_port {
	uint64_t connection_partition_id;
	uint32_t connection_id;
	uint32_t flags; /* HV_DISCONNECT_PORT_* */
};
ABI_SIZE(struct hv_input_disconnect_port, 16);

struct hv_input_notify_port_ring_empty {
	uint32_t sint_index;
	uint32_t reserved;
};
ABI_SIZE(struct hv_input_notify_port_ring_empty, 8);

/* ---- statistics pages and system properties ---- */

#define HV_STATS_OBJECT_HYPERVISOR	  0x00000001u
#define HV_STATS_OBJECT_LOGICAL_PROCESSOR 0x00000002u
#define HV_STATS_OBJECT_PARTITION	  0x00010001u
#define HV_STATS_OBJECT_VP		  0x00010002u

struct hv_stats_object_identity {
	union {
		uint64_t partition_id;
		uint32_t lp_index;
		uint64_t reserved;
	};
	uint32_t vp_index;
	uint16_t flags;
	uint8_t reserved2;
	uint8_t stats_area_type; /* 0 self, 1 parent, 2 internal */
};
ABI_SIZE(struct hv_stats_object_identity, 16);
ABI_OFFSET(struct hv_stats_object_identity, stats_area_type, 15);

struct hv_input_map_stats_page {
	uint32_t type; /* HV_STATS_OBJECT_* */
	uint32_t padding;
	struct hv_stats_object_identity identity;
};
ABI_SIZE(struct hv_input_map_stats_page, 24);

struct hv_input_map_stats_page2 {
	uint32_t type;
	uint32_t padding;
	struct hv_stats_object_identity identity;
	uint64_t map_location; /* parent page number */
};
ABI_SIZE(struct hv_input_map_stats_page2, 32);

struct hv_output_map_stats_page {
	uint64_t map_location;
};
ABI_SIZE(struct hv_output_map_stats_page, 8);

struct hv_input_unmap_stats_page {
	uint32_t type;
	uint32_t padding;
	struct hv_stats_object_identity identity;
};
ABI_SIZE(struct hv_input_unmap_stats_page, 24);

#define HV_SYSTEM_PROPERTY_SCHEDULER_TYPE 15u
#define HV_SCHEDULER_TYPE_LP		  1u
#define HV_SCHEDULER_TYPE_LP_SMT	  2u
#define HV_SCHEDULER_TYPE_CORE_SMT	  3u
#define HV_SCHEDULER_TYPE_ROOT		  4u

struct hv_input_get_system_property {
	uint32_t property_id;
	uint32_t reserved;
	uint64_t argument;
};
ABI_SIZE(struct hv_input_get_system_property, 16);

struct hv_output_get_system_property {
	uint64_t value;
};
ABI_SIZE(struct hv_output_get_system_property, 8);
