/* SPDX-License-Identifier: MIT */
/* Inputs and outputs of the hypercalls that ordinary guests use. */
#pragma once

#include "types.h"

/* Sparse set of virtual processors: bank n holds indexes 64n..64n+63. */
#define HV_GENERIC_SET_SPARSE_4K 0ULL
#define HV_GENERIC_SET_ALL	 1ULL
#define HV_VP_SET_BANK_BITS	 64u
#define HV_VP_SET_MAX_BANKS	 64u

struct hv_vp_set {
	uint64_t format;	  /* HV_GENERIC_SET_* */
	uint64_t valid_bank_mask; /* bit n: a word for bank n follows */
	uint64_t bank_contents[]; /* one word per bit set, ascending */
};
ABI_SIZE(struct hv_vp_set, 16);

/* Flags of the flush hypercalls. */
#define HV_FLUSH_ALL_PROCESSORS		    (1ULL << 0)
#define HV_FLUSH_ALL_VIRTUAL_ADDRESS_SPACES (1ULL << 1)
#define HV_FLUSH_NON_GLOBAL_MAPPINGS_ONLY   (1ULL << 2)
#define HV_FLUSH_USE_EXTENDED_RANGE_FORMAT  (1ULL << 3)
#define HV_FLUSH_FLAGS_MASK		    0xfULL

/* A range word: page address in 63:12, number of further pages in 11:0. */
#define HV_GVA_RANGE_EXTRA_PAGES_MASK 0xfffULL

struct hv_input_flush_virtual_address_space {
	uint64_t address_space; /* CR3 of the space */
	uint64_t flags;		/* HV_FLUSH_* */
	uint64_t processor_mask;
	uint64_t gva_list[]; /* list form only: one range word per rep */
};
ABI_SIZE(struct hv_input_flush_virtual_address_space, 24);

struct hv_input_flush_virtual_address_space_ex {
	uint64_t address_space;
	uint64_t flags;
	struct hv_vp_set vp_set; /* banks, then range words in the list form */
};
ABI_SIZE(struct hv_input_flush_virtual_address_space_ex, 32);

struct hv_input_notify_long_spin_wait {
	uint64_t spin_count;
};
ABI_SIZE(struct hv_input_notify_long_spin_wait, 8);

struct hv_input_send_synthetic_cluster_ipi {
	uint32_t vector;
	uint8_t target_vtl;
	uint8_t reserved[3];
	uint64_t processor_mask;
};
ABI_SIZE(struct hv_input_send_synthetic_cluster_ipi, 16);

struct hv_input_send_synthetic_cluster_ipi_ex {
	uint32_t vector;
	uint8_t target_vtl;
	uint8_t reserved[3];
	struct hv_vp_set vp_set;
};
ABI_SIZE(struct hv_input_send_synthetic_cluster_ipi_ex, 24);

#define HV_MESSAGE_PAYLOAD_SIZE 240u

struct hv_input_post_message {
	uint32_t connection_id;
	uint32_t reserved;
	uint32_t message_type; /* bit 31 is the hypervisor's own */
	uint32_t payload_size; /* at most HV_MESSAGE_PAYLOAD_SIZE */
	uint8_t payload[HV_MESSAGE_PAYLOAD_SIZE];
};
ABI_SIZE(struct hv_input_post_message, 256);
ABI_OFFSET(struct hv_input_post_message, payload, 16);

/* Also arrives fast, as one 64-bit word of the same layout in RDX. */
struct hv_input_signal_event {
	uint32_t connection_id;
	uint16_t flag_number;
	uint16_t reserved;
};
ABI_SIZE(struct hv_input_signal_event, 8);

struct hv_output_get_partition_id {
	uint64_t partition_id;
};
ABI_SIZE(struct hv_output_get_partition_id, 8);

/* TLFS, HvCallRetargetDeviceInterrupt. */
#define HV_DEVICE_INTERRUPT_TARGET_MULTICAST	 1u
#define HV_DEVICE_INTERRUPT_TARGET_PROCESSOR_SET 2u

struct hv_interrupt_entry {
	uint32_t source; /* 1 = MSI */
	uint32_t reserved;
	uint64_t data; /* MSI: address in 31:0, data in 63:32 */
};
ABI_SIZE(struct hv_interrupt_entry, 16);

struct hv_input_retarget_device_interrupt {
	uint64_t partition_id;
	uint64_t device_id;
	struct hv_interrupt_entry interrupt_entry;
	uint64_t reserved;
	uint32_t vector;
	uint32_t flags; /* HV_DEVICE_INTERRUPT_TARGET_* */
	union {
		uint64_t processor_mask;
		struct hv_vp_set vp_set;
	};
};
ABI_SIZE(struct hv_input_retarget_device_interrupt, 64);
ABI_OFFSET(struct hv_input_retarget_device_interrupt, vector, 40);

struct hv_input_get_vp_index_from_apic_id {
	uint64_t partition_id;
	uint8_t target_vtl;
	uint8_t reserved[7];
	uint32_t apic_ids[]; /* one per rep; output: uint32_t each */
};
ABI_SIZE(struct hv_input_get_vp_index_from_apic_id, 16);

/* A descriptor-cache entry as every interface here shows it. */
struct hv_segment_register {
	uint64_t base;
	uint32_t limit;
	uint16_t selector;
	uint16_t
		attributes; /* type:4 s:1 dpl:2 p:1 rsvd:4 avl:1 l:1 db:1 g:1 */
};
ABI_SIZE(struct hv_segment_register, 16);

struct hv_table_register {
	uint16_t reserved[3];
	uint16_t limit;
	uint64_t base;
};
ABI_SIZE(struct hv_table_register, 16);

struct hv_initial_vp_context {
	uint64_t rip;
	uint64_t rsp;
	uint64_t rflags;
	struct hv_segment_register cs;
	struct hv_segment_register ds;
	struct hv_segment_register es;
	struct hv_segment_register fs;
	struct hv_segment_register gs;
	struct hv_segment_register ss;
	struct hv_segment_register tr;
	struct hv_segment_register ldtr;
	struct hv_table_register idtr;
	struct hv_table_register gdtr;
	uint64_t efer;
	uint64_t cr0;
	uint64_t cr3;
	uint64_t cr4;
	uint64_t pat;
};
ABI_SIZE(struct hv_initial_vp_context, 224);

struct hv_input_start_vp {
	uint64_t partition_id;
	uint32_t vp_index;
	uint8_t target_vtl;
	uint8_t reserved[3];
	struct hv_initial_vp_context context;
};
ABI_SIZE(struct hv_input_start_vp, 240);

struct hv_output_query_extended_capabilities {
	uint64_t capabilities; /* bit 8: memory heat hint */
};
ABI_SIZE(struct hv_output_query_extended_capabilities, 8);
