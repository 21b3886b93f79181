/* SPDX-License-Identifier: MIT */
/* Inputs and outputs of the hypercalls by which a parent manages children. */
#pragma once

#include "types.h"
#include "hypercall_guest.h"

struct hv_proximity_domain_info {
	uint32_t domain_id;
	uint32_t flags; /* bit 0 preferred, bit 31 valid */
};
ABI_SIZE(struct hv_proximity_domain_info, 8);

/* ---- partitions ---- */

#define HV_PARTITION_CREATION_FLAG_SMT_ENABLED		  (1ULL << 0)
#define HV_PARTITION_CREATION_FLAG_NESTED_VIRTUALIZATION  (1ULL << 1)
#define HV_PARTITION_CREATION_FLAG_GPA_SUPER_PAGES	  (1ULL << 4)
#define HV_PARTITION_CREATION_FLAG_EXO_PARTITION	  (1ULL << 8)
#define HV_PARTITION_CREATION_FLAG_LAPIC_ENABLED	  (1ULL << 13)
#define HV_PARTITION_CREATION_FLAG_INTERCEPT_MESSAGE_PAGE (1ULL << 19)
#define HV_PARTITION_CREATION_FLAG_X2APIC_CAPABLE	  (1ULL << 22)

#define HV_COMPATIBILITY_VERSION 0x609u /* what the Linux driver asks for */

struct hv_input_create_partition {
	uint64_t flags; /* HV_PARTITION_CREATION_FLAG_* */
	struct hv_proximity_domain_info proximity;
	uint32_t compatibility_version;
	uint32_t padding;
	uint64_t disabled_processor_features[2]; /* bit set = hide feature */
	uint64_t disabled_xsave_features;
	uint64_t isolation; /* zero: no isolation */
};
ABI_SIZE(struct hv_input_create_partition, 56);
ABI_OFFSET(struct hv_input_create_partition, disabled_processor_features, 24);

struct hv_output_create_partition {
	uint64_t partition_id;
};
ABI_SIZE(struct hv_output_create_partition, 8);

/* Initialize, finalize, delete: all take nothing but the partition. */
struct hv_input_initialize_partition {
	uint64_t partition_id;
};
ABI_SIZE(struct hv_input_initialize_partition, 8);

struct hv_input_finalize_partition {
	uint64_t partition_id;
};
ABI_SIZE(struct hv_input_finalize_partition, 8);

struct hv_input_delete_partition {
	uint64_t partition_id;
};
ABI_SIZE(struct hv_input_delete_partition, 8);

enum hv_partition_property {
	HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS = 0x00010000,
	HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES = 0x00010001,
	HV_PARTITION_PROPERTY_SUSPEND = 0x00020000,
	HV_PARTITION_PROPERTY_CPU_RESERVE = 0x00020001,
	HV_PARTITION_PROPERTY_CPU_CAP = 0x00020002,
	HV_PARTITION_PROPERTY_CPU_WEIGHT = 0x00020003,
	HV_PARTITION_PROPERTY_CPU_GROUP_ID = 0x00020004,
	HV_PARTITION_PROPERTY_INTEGRATED_SCHEDULER_ENABLED = 0x00020005,
	HV_PARTITION_PROPERTY_TIME_FREEZE = 0x00030003,
	HV_PARTITION_PROPERTY_REFERENCE_TIME = 0x00030005,
	HV_PARTITION_PROPERTY_VIRTUAL_TLB_PAGE_COUNT = 0x00050000,
	HV_PARTITION_PROPERTY_ZERO_MEMORY_ON_RESET = 0x00050002,
	HV_PARTITION_PROPERTY_PROCESSORS_PER_SOCKET = 0x00050003,
	HV_PARTITION_PROPERTY_NESTED_TLB_SIZE = 0x00050004,
	HV_PARTITION_PROPERTY_GPA_PAGE_ACCESS_TRACKING = 0x00050005,
	HV_PARTITION_PROPERTY_ISOLATION_STATE = 0x0005000c,
	HV_PARTITION_PROPERTY_IMPLEMENTED_PHYSICAL_ADDRESS_BITS = 0x00050010,
	HV_PARTITION_PROPERTY_UNIMPLEMENTED_MSR_ACTION = 0x00050017,
	HV_PARTITION_PROPERTY_PROCESSOR_VENDOR = 0x00060000,
	HV_PARTITION_PROPERTY_PROCESSOR_FEATURES_DEPRECATED = 0x00060001,
	HV_PARTITION_PROPERTY_PROCESSOR_XSAVE_FEATURES = 0x00060002,
	HV_PARTITION_PROPERTY_PROCESSOR_CL_FLUSH_SIZE = 0x00060003,
	HV_PARTITION_PROPERTY_ENLIGHTENMENT_MODIFICATIONS = 0x00060004,
	HV_PARTITION_PROPERTY_COMPATIBILITY_VERSION = 0x00060005,
	HV_PARTITION_PROPERTY_PHYSICAL_ADDRESS_WIDTH = 0x00060006,
	HV_PARTITION_PROPERTY_XSAVE_STATES = 0x00060007,
	HV_PARTITION_PROPERTY_MAX_XSAVE_DATA_SIZE = 0x00060008,
	HV_PARTITION_PROPERTY_PROCESSOR_CLOCK_FREQUENCY = 0x00060009,
	HV_PARTITION_PROPERTY_PROCESSOR_FEATURES0 = 0x0006000a,
	HV_PARTITION_PROPERTY_PROCESSOR_FEATURES1 = 0x0006000b,
	HV_PARTITION_PROPERTY_GUEST_OS_ID = 0x00070000,
	HV_PARTITION_PROPERTY_PROCESSOR_VIRTUALIZATION_FEATURES = 0x00080000,
	HV_PARTITION_PROPERTY_VMM_CAPABILITIES = 0x00090007,
	HV_PARTITION_PROPERTY_ASSIGNABLE_SYNTHETIC_PROC_FEATURES = 0x00090009,
};

/* Values of HV_PARTITION_PROPERTY_PROCESSOR_VENDOR. */
#define HV_PROCESSOR_VENDOR_AMD	  0u
#define HV_PROCESSOR_VENDOR_INTEL 1u
#define HV_PROCESSOR_VENDOR_HYGON 2u

/* Values of HV_PARTITION_PROPERTY_UNIMPLEMENTED_MSR_ACTION. */
#define HV_UNIMPLEMENTED_MSR_ACTION_FAULT		   0u
#define HV_UNIMPLEMENTED_MSR_ACTION_IGNORE_WRITE_READ_ZERO 1u

/* Bits of HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES. */
#define HV_SYNTHETIC_HYPERVISOR_PRESENT	       (1ULL << 0)
#define HV_SYNTHETIC_HV1		       (1ULL << 1)
#define HV_SYNTHETIC_ACCESS_VP_RUN_TIME	       (1ULL << 2)
#define HV_SYNTHETIC_ACCESS_REFERENCE_COUNTER  (1ULL << 3)
#define HV_SYNTHETIC_ACCESS_SYNIC	       (1ULL << 4)
#define HV_SYNTHETIC_ACCESS_TIMERS	       (1ULL << 5)
#define HV_SYNTHETIC_ACCESS_INTR_CTRL	       (1ULL << 6)
#define HV_SYNTHETIC_ACCESS_HYPERCALL	       (1ULL << 7)
#define HV_SYNTHETIC_ACCESS_VP_INDEX	       (1ULL << 8)
#define HV_SYNTHETIC_ACCESS_REFERENCE_TSC      (1ULL << 9)
#define HV_SYNTHETIC_ACCESS_GUEST_IDLE	       (1ULL << 10)
#define HV_SYNTHETIC_ACCESS_FREQUENCY	       (1ULL << 11)
#define HV_SYNTHETIC_EXTENDED_GVA_RANGES       (1ULL << 15)
#define HV_SYNTHETIC_ACCESS_VSM		       (1ULL << 16)
#define HV_SYNTHETIC_FAST_HYPERCALL_OUTPUT     (1ULL << 18)
#define HV_SYNTHETIC_START_VP		       (1ULL << 20)
#define HV_SYNTHETIC_DIRECT_TIMERS	       (1ULL << 22)
#define HV_SYNTHETIC_EXTENDED_PROCESSOR_MASKS  (1ULL << 24)
#define HV_SYNTHETIC_TLB_FLUSH		       (1ULL << 25)
#define HV_SYNTHETIC_CLUSTER_IPI	       (1ULL << 26)
#define HV_SYNTHETIC_NOTIFY_LONG_SPIN_WAIT     (1ULL << 27)
#define HV_SYNTHETIC_QUERY_NUMA_DISTANCE       (1ULL << 28)
#define HV_SYNTHETIC_SIGNAL_EVENTS	       (1ULL << 29)
#define HV_SYNTHETIC_RETARGET_DEVICE_INTERRUPT (1ULL << 30)
#define HV_SYNTHETIC_RESTORE_TIME	       (1ULL << 31)
#define HV_SYNTHETIC_ACCESS_VP_REGS	       (1ULL << 38)

struct hv_input_get_partition_property {
	uint64_t partition_id;
	uint32_t property_code;
	uint32_t padding;
};
ABI_SIZE(struct hv_input_get_partition_property, 16);

struct hv_output_get_partition_property {
	uint64_t property_value;
};
ABI_SIZE(struct hv_output_get_partition_property, 8);

struct hv_input_set_partition_property {
	uint64_t partition_id;
	uint32_t property_code;
	uint32_t padding;
	uint64_t property_value;
};
ABI_SIZE(struct hv_input_set_partition_property, 24);

struct hv_input_get_partition_property_ex {
	uint64_t partition_id;
	uint32_t property_code;
	uint32_t padding;
	uint64_t argument;
};
ABI_SIZE(struct hv_input_get_partition_property_ex, 24);

/* Output of GET_PARTITION_PROPERTY_EX for VMM_CAPABILITIES. */
#define HV_VMM_CAPABILITY_PRESERVE_ADJUSTABLE		(1ULL << 0)
#define HV_VMM_CAPABILITY_PROVIDE_OVERLAY_GPFN		(1ULL << 1)
#define HV_VMM_CAPABILITY_VP_AFFINITY			(1ULL << 2)
#define HV_VMM_CAPABILITY_ASSIGNABLE_SYNTHETIC_FEATURES (1ULL << 4)
#define HV_VMM_CAPABILITY_INTEGRATED_SCHEDULER		(1ULL << 6)

struct hv_vmm_capabilities {
	uint16_t bank_count; /* 1 */
	uint16_t reserved[3];
	uint64_t capabilities; /* HV_VMM_CAPABILITY_* */
};
ABI_SIZE(struct hv_vmm_capabilities, 16);

/* ---- memory ---- */

struct hv_input_deposit_memory {
	uint64_t partition_id;
	uint64_t gpa_page_list[]; /* one parent page number per rep */
};
ABI_SIZE(struct hv_input_deposit_memory, 8);

struct hv_input_withdraw_memory {
	uint64_t partition_id;
	struct hv_proximity_domain_info proximity;
};
ABI_SIZE(struct hv_input_withdraw_memory, 16);

/* Output: one uint64_t page number per rep; NO_RESOURCES when none is left. */

#define HV_MAP_GPA_PERMISSIONS_NONE  0x0u
#define HV_MAP_GPA_READABLE	     0x1u
#define HV_MAP_GPA_WRITABLE	     0x2u
#define HV_MAP_GPA_KERNEL_EXECUTABLE 0x4u
#define HV_MAP_GPA_USER_EXECUTABLE   0x8u
#define HV_MAP_GPA_EXECUTABLE	     0xcu
#define HV_MAP_GPA_PERMISSIONS_MASK  0xfu
#define HV_MAP_GPA_ADJUSTABLE	     0x8000u
#define HV_MAP_GPA_NO_ACCESS	     0x10000u
#define HV_MAP_GPA_NOT_CACHED	     0x200000u
#define HV_MAP_GPA_LARGE_PAGE	     0x80000000u /* reps count 2 MiB */

struct hv_input_map_gpa_pages {
	uint64_t target_partition_id;
	uint64_t target_gpa_base; /* page number */
	uint32_t map_flags;	  /* HV_MAP_GPA_* */
	uint32_t padding;
	uint64_t source_gpa_page_list[]; /* parent page numbers, one per rep */
};
ABI_SIZE(struct hv_input_map_gpa_pages, 24);

/* Flag word of UNMAP_GPA_PAGES: reps count 2 MiB. */
#define HV_UNMAP_GPA_LARGE_PAGE 0x2u

struct hv_input_unmap_gpa_pages {
	uint64_t target_partition_id;
	uint64_t target_gpa_base; /* page number */
	uint32_t unmap_flags;
	uint32_t padding;
};
ABI_SIZE(struct hv_input_unmap_gpa_pages, 24);

#define HV_GPA_ACCESS_CLEAR_ACCESSED (1ULL << 0)
#define HV_GPA_ACCESS_SET_ACCESSED   (1ULL << 1)
#define HV_GPA_ACCESS_CLEAR_DIRTY    (1ULL << 2)
#define HV_GPA_ACCESS_SET_DIRTY	     (1ULL << 3)

struct hv_input_get_gpa_pages_access_state {
	uint64_t partition_id;
	uint64_t flags;		  /* HV_GPA_ACCESS_* */
	uint64_t gpa_page_number; /* first page; one per rep */
};
ABI_SIZE(struct hv_input_get_gpa_pages_access_state, 24);

/* Output: one byte per rep. */
#define HV_GPA_ACCESS_STATE_ACCESSED 0x1u
#define HV_GPA_ACCESS_STATE_DIRTY    0x2u

/* ---- virtual processors ---- */

struct hv_input_create_vp {
	uint64_t partition_id;
	uint32_t vp_index;
	uint8_t padding[3];
	uint8_t subnode_type;
	uint64_t subnode_id;
	struct hv_proximity_domain_info proximity;
	uint64_t flags;
};
ABI_SIZE(struct hv_input_create_vp, 40);

struct hv_input_delete_vp {
	uint64_t partition_id;
	uint32_t vp_index;
	uint32_t reserved;
};
ABI_SIZE(struct hv_input_delete_vp, 16);

#define HV_VP_STATE_PAGE_REGISTERS	   0u
#define HV_VP_STATE_PAGE_INTERCEPT_MESSAGE 1u
#define HV_VP_STATE_PAGE_GHCB		   2u
#define HV_VP_STATE_PAGE_COUNT		   3u

#define HV_MAP_VP_STATE_PAGE_LOCATION_PROVIDED 0x1u

struct hv_input_map_vp_state_page {
	uint64_t partition_id;
	uint32_t vp_index;
	uint16_t type; /* HV_VP_STATE_PAGE_* */
	uint8_t input_vtl;
	uint8_t flags;
	uint64_t requested_location; /* parent page number */
};
ABI_SIZE(struct hv_input_map_vp_state_page, 24);

struct hv_output_map_vp_state_page {
	uint64_t map_location; /* parent page number */
};
ABI_SIZE(struct hv_output_map_vp_state_page, 8);

struct hv_input_unmap_vp_state_page {
	uint64_t partition_id;
	uint32_t vp_index;
	uint16_t type;
	uint8_t input_vtl;
	uint8_t reserved;
};
ABI_SIZE(struct hv_input_unmap_vp_state_page, 16);

/* State types; the ones with bit 31 travel by a list of page numbers. */
#define HV_VP_STATE_TYPE_PFN	     0x80000000u
#define HV_VP_STATE_LAPIC	     (0u | HV_VP_STATE_TYPE_PFN)
#define HV_VP_STATE_XSAVE	     (1u | HV_VP_STATE_TYPE_PFN)
#define HV_VP_STATE_SIM_PAGE	     (2u | HV_VP_STATE_TYPE_PFN)
#define HV_VP_STATE_SIEF_PAGE	     (3u | HV_VP_STATE_TYPE_PFN)
#define HV_VP_STATE_SYNTHETIC_TIMERS 4u

/* The page numbers (or, for timers, the bytes) follow as a variable header. */
struct hv_input_get_vp_state {
	uint64_t partition_id;
	uint32_t vp_index;
	uint8_t input_vtl;
	uint8_t reserved[3];
	uint32_t type; /* HV_VP_STATE_* */
	uint32_t reserved2;
	uint64_t xsave_flags;
	uint64_t xsave_states; /* XFEM of the components wanted */
	uint64_t page_list[];
};
ABI_SIZE(struct hv_input_get_vp_state, 40);

struct hv_input_set_vp_state {
	uint64_t partition_id;
	uint32_t vp_index;
	uint8_t input_vtl;
	uint8_t reserved[3];
	uint32_t type;
	uint32_t reserved2;
	uint64_t xsave_flags;
	uint64_t xsave_states;
	uint64_t data[]; /* page numbers, or the state itself */
};
ABI_SIZE(struct hv_input_set_vp_state, 40);

struct hv_stimer_state {
	uint32_t flags; /* bit 0: undelivered message pending */
	uint32_t reserved;
	uint64_t config;
	uint64_t count;
	uint64_t adjustment;
	uint64_t undelivered_expiration_time;
};
ABI_SIZE(struct hv_stimer_state, 40);

struct hv_synthetic_timers_state {
	struct hv_stimer_state timers[4];
	uint64_t reserved[5];
};
ABI_SIZE(struct hv_synthetic_timers_state, 200);

struct hv_output_get_vp_state {
	struct hv_synthetic_timers_state synthetic_timers;
};
ABI_SIZE(struct hv_output_get_vp_state, 200);

#define HV_DISPATCH_VP_FLAG_CLEAR_INTERCEPT_SUSPEND 0x1u

struct hv_input_dispatch_vp {
	uint64_t partition_id;
	uint32_t vp_index;
	uint32_t flags;
	uint64_t time_slice; /* 100 ns */
	uint64_t spec_ctrl;
};
ABI_SIZE(struct hv_input_dispatch_vp, 32);

struct hv_output_dispatch_vp {
	uint32_t dispatch_state; /* 1 blocked, 2 ready */
	uint32_t dispatch_event; /* 1 suspend, 2 intercept */
};
ABI_SIZE(struct hv_output_dispatch_vp, 8);

#define HV_TRANSLATE_GVA_VALIDATE_READ	     0x0001ULL
#define HV_TRANSLATE_GVA_VALIDATE_WRITE	     0x0002ULL
#define HV_TRANSLATE_GVA_VALIDATE_EXECUTE    0x0004ULL
#define HV_TRANSLATE_GVA_PRIVILEGE_EXEMPT    0x0008ULL
#define HV_TRANSLATE_GVA_SET_PAGE_TABLE_BITS 0x0010ULL
#define HV_TRANSLATE_GVA_TLB_FLUSH_INHIBIT   0x0020ULL
#define HV_TRANSLATE_GVA_SUPERVISOR_ACCESS   0x0040ULL
#define HV_TRANSLATE_GVA_USER_ACCESS	     0x0080ULL
#define HV_TRANSLATE_GVA_ENFORCE_SMAP	     0x0100ULL
#define HV_TRANSLATE_GVA_OVERRIDE_SMAP	     0x0200ULL

struct hv_input_translate_virtual_address {
	uint64_t partition_id;
	uint32_t vp_index;
	uint32_t padding;
	uint64_t control_flags;
	uint64_t gva_page;
};
ABI_SIZE(struct hv_input_translate_virtual_address, 32);

enum hv_translate_gva_result {
	HV_TRANSLATE_GVA_SUCCESS = 0,
	HV_TRANSLATE_GVA_PAGE_NOT_PRESENT = 1,
	HV_TRANSLATE_GVA_PRIVILEGE_VIOLATION = 2,
	HV_TRANSLATE_GVA_INVALID_PAGE_TABLE_FLAGS = 3,
	HV_TRANSLATE_GVA_GPA_UNMAPPED = 4,
	HV_TRANSLATE_GVA_GPA_NO_READ_ACCESS = 5,
	HV_TRANSLATE_GVA_GPA_NO_WRITE_ACCESS = 6,
	HV_TRANSLATE_GVA_GPA_ILLEGAL_OVERLAY_ACCESS = 7,
	HV_TRANSLATE_GVA_INTERCEPT = 8,
};

struct hv_output_translate_virtual_address {
	uint32_t result_code; /* enum hv_translate_gva_result */
	uint32_t cache_type;  /* 7:0 type, bit 8 overlay page */
	uint64_t gpa_page;
};
ABI_SIZE(struct hv_output_translate_virtual_address, 16);

/* ---- intercepts ---- */

enum hv_intercept_type {
	HV_INTERCEPT_TYPE_IO_PORT = 0x00,
	HV_INTERCEPT_TYPE_MSR = 0x01,
	HV_INTERCEPT_TYPE_CPUID = 0x02,
	HV_INTERCEPT_TYPE_EXCEPTION = 0x03,
	HV_INTERCEPT_TYPE_MMIO = 0x05,
	HV_INTERCEPT_TYPE_GLOBAL_CPUID = 0x06,
	HV_INTERCEPT_TYPE_APIC_SMI = 0x07,
	HV_INTERCEPT_TYPE_HYPERCALL = 0x08,
	HV_INTERCEPT_TYPE_APIC_INIT_SIPI = 0x09,
	HV_INTERCEPT_TYPE_APIC_WRITE = 0x0b,
	HV_INTERCEPT_TYPE_MSR_INDEX = 0x0c,
	HV_INTERCEPT_TYPE_UNKNOWN_SYNIC_CONNECTION = 0x0d,
	HV_INTERCEPT_TYPE_APIC_EOI = 0x0e,
	HV_INTERCEPT_TYPE_RETARGET_UNKNOWN_DEVICE = 0x0f,
	HV_INTERCEPT_TYPE_IO_PORT_RANGE = 0x11,
};

#define HV_INTERCEPT_ACCESS_MASK_NONE	 0x0u
#define HV_INTERCEPT_ACCESS_MASK_READ	 0x1u
#define HV_INTERCEPT_ACCESS_MASK_WRITE	 0x2u
#define HV_INTERCEPT_ACCESS_MASK_EXECUTE 0x4u

struct hv_input_install_intercept {
	uint64_t partition_id;
	uint32_t access_type;	 /* HV_INTERCEPT_ACCESS_MASK_* */
	uint32_t intercept_type; /* enum hv_intercept_type */
	union {
		uint64_t parameter;
		uint16_t io_port;
		uint16_t exception_vector;
		uint32_t cpuid_index;
		uint32_t msr_index;
		uint32_t apic_write_mask;
		struct {
			uint16_t first;
			uint16_t last; /* inclusive */
		} io_port_range;
	};
};
ABI_SIZE(struct hv_input_install_intercept, 24);

/* Registered answers: a CPUID leaf, or what happens to an MSR. */
struct hv_cpuid_result_parameters {
	uint32_t input_eax;
	uint32_t input_ecx;
	uint8_t subleaf_specific;
	uint8_t always_override;
	uint16_t padding;
	uint32_t eax;
	uint32_t eax_mask; /* bits of eax that replace the default */
	uint32_t ebx;
	uint32_t ebx_mask;
	uint32_t ecx;
	uint32_t ecx_mask;
	uint32_t edx;
	uint32_t edx_mask;
};
ABI_SIZE(struct hv_cpuid_result_parameters, 44);

struct hv_msr_result_parameters {
	uint32_t msr_index;
	uint32_t access_type;
	uint32_t action; /* HV_UNIMPLEMENTED_MSR_ACTION_* */
};
ABI_SIZE(struct hv_msr_result_parameters, 12);

/* Packed: the wire structure ends at byte 60, not at a multiple of 8. */
struct hv_input_register_intercept_result {
	uint64_t partition_id;
	uint32_t vp_index;
	uint32_t intercept_type; /* CPUID or MSR */
	union {
		struct hv_cpuid_result_parameters cpuid;
		struct hv_msr_result_parameters msr;
	};
} ABI_PACKED;
ABI_SIZE(struct hv_input_register_intercept_result, 60);

struct hv_cpuid_leaf_info {
	uint32_t eax;
	uint32_t ecx;
	uint64_t xfem;
	uint64_t xss;
};
ABI_SIZE(struct hv_cpuid_leaf_info, 24);

#define HV_GET_VP_CPUID_USE_VP_XFEM_XSS		0x1u
#define HV_GET_VP_CPUID_APPLY_REGISTERED_VALUES 0x2u

struct hv_input_get_vp_cpuid_values {
	uint64_t partition_id;
	uint32_t vp_index;
	uint32_t flags; /* HV_GET_VP_CPUID_* */
	uint32_t reserved;
	uint32_t padding;
	struct hv_cpuid_leaf_info leaves[]; /* one per rep */
};
ABI_SIZE(struct hv_input_get_vp_cpuid_values, 24);

struct hv_output_get_vp_cpuid_values { /* one per rep */
	uint32_t eax;
	uint32_t ebx;
	uint32_t ecx;
	uint32_t edx;
};
ABI_SIZE(struct hv_output_get_vp_cpuid_values, 16);

#include "hypercall_parent_synic.h"
