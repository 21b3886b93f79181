/* SPDX-License-Identifier: MIT */
/* Messages of the hypervisor: types, the 256-byte envelope and every body. */
#pragma once

#include "types.h"
#include "hypercall_guest.h"

#define HVMSG_NONE			 0x00000000u
#define HVMSG_VMBUS			 0x00000001u
#define HVMSG_UNMAPPED_GPA		 0x80000000u
#define HVMSG_GPA_INTERCEPT		 0x80000001u
#define HVMSG_UNACCEPTED_GPA		 0x80000003u
#define HVMSG_TIMER_EXPIRED		 0x80000010u
#define HVMSG_INVALID_VP_REGISTER_VALUE	 0x80000020u
#define HVMSG_UNRECOVERABLE_EXCEPTION	 0x80000021u
#define HVMSG_UNSUPPORTED_FEATURE	 0x80000022u
#define HVMSG_OPAQUE_INTERCEPT		 0x8000003fu
#define HVMSG_HYPERCALL_INTERCEPT	 0x80000050u
#define HVMSG_SYNIC_EVENT_INTERCEPT	 0x80000060u
#define HVMSG_SYNIC_SINT_INTERCEPT	 0x80000061u
#define HVMSG_SYNIC_SINT_DELIVERABLE	 0x80000062u
#define HVMSG_ASYNC_CALL_COMPLETION	 0x80000070u
#define HVMSG_SCHEDULER_VP_SIGNAL_BITSET 0x80000100u
#define HVMSG_SCHEDULER_VP_SIGNAL_PAIR	 0x80000101u
#define HVMSG_IO_PORT_INTERCEPT		 0x80010000u
#define HVMSG_MSR_INTERCEPT		 0x80010001u
#define HVMSG_CPUID_INTERCEPT		 0x80010002u
#define HVMSG_EXCEPTION_INTERCEPT	 0x80010003u
#define HVMSG_APIC_EOI			 0x80010004u
#define HVMSG_LEGACY_FP_ERROR		 0x80010005u
#define HVMSG_HALT			 0x80010007u
#define HVMSG_INTERRUPTION_DELIVERABLE	 0x80010008u
#define HVMSG_SIPI_INTERCEPT		 0x80010009u

#define HV_MESSAGE_TYPE_HYPERVISOR                                             \
	0x80000000u /* bit of a type: not a guest's */
#define HV_MESSAGE_SIZE		256u
#define HV_MESSAGE_FLAG_PENDING 0x1u /* another one waits: write EOM */

struct hv_message_header {
	uint32_t type; /* HVMSG_*; 0 = slot empty, written last */
	uint8_t payload_size;
	uint8_t flags; /* HV_MESSAGE_FLAG_* */
	uint16_t reserved;
	uint64_t sender; /* partition id, or port id */
};
ABI_SIZE(struct hv_message_header, 16);

/* One slot of a message page, and what RUN_VP hands out. */
struct hv_message {
	struct hv_message_header header;
	union {
		uint8_t payload[240];
		uint64_t payload_words[30];
	};
};
ABI_SIZE(struct hv_message, HV_MESSAGE_SIZE);
ABI_OFFSET(struct hv_message, header.payload_size, 4);
ABI_OFFSET(struct hv_message, header.sender, 8);
ABI_OFFSET(struct hv_message, payload, 16);

#define HV_INTERCEPT_ACCESS_READ    0u
#define HV_INTERCEPT_ACCESS_WRITE   1u
#define HV_INTERCEPT_ACCESS_EXECUTE 2u

/* hv_intercept_header.instruction_length_and_cr8 */
#define HV_INTERCEPT_INSTRUCTION_LENGTH_MASK 0x0fu
#define HV_INTERCEPT_CR8_SHIFT		     4

/* hv_intercept_header.execution_state */
#define HV_EXECUTION_STATE_CPL_MASK		0x0003u
#define HV_EXECUTION_STATE_CR0_PE		0x0004u
#define HV_EXECUTION_STATE_CR0_AM		0x0008u
#define HV_EXECUTION_STATE_EFER_LMA		0x0010u
#define HV_EXECUTION_STATE_DEBUG_ACTIVE		0x0020u
#define HV_EXECUTION_STATE_INTERRUPTION_PENDING 0x0040u
#define HV_EXECUTION_STATE_VTL_SHIFT		7
#define HV_EXECUTION_STATE_ENCLAVE		0x0800u
#define HV_EXECUTION_STATE_INTERRUPT_SHADOW	0x1000u
#define HV_EXECUTION_STATE_FAULT_ACTIVE		0x2000u

struct hv_intercept_header {
	uint32_t vp_index;
	uint8_t instruction_length_and_cr8;
	uint8_t access_type;	  /* HV_INTERCEPT_ACCESS_* */
	uint16_t execution_state; /* HV_EXECUTION_STATE_* */
	struct hv_segment_register cs;
	uint64_t rip;
	uint64_t rflags;
};
ABI_SIZE(struct hv_intercept_header, 40);
ABI_OFFSET(struct hv_intercept_header, execution_state, 6);
ABI_OFFSET(struct hv_intercept_header, cs, 8);
ABI_OFFSET(struct hv_intercept_header, rip, 24);

/* hv_io_port_intercept.access_info */
#define HV_IO_PORT_ACCESS_SIZE_MASK 0x07u /* bytes: 1, 2 or 4 */
#define HV_IO_PORT_ACCESS_STRING    0x08u
#define HV_IO_PORT_ACCESS_REP	    0x10u

struct hv_io_port_intercept {
	struct hv_intercept_header header;
	uint16_t port;
	uint8_t access_info;
	uint8_t instruction_byte_count;
	uint32_t reserved;
	uint64_t rax;
	uint8_t instruction_bytes[16];
	struct hv_segment_register ds;
	struct hv_segment_register es;
	uint64_t rcx;
	uint64_t rsi;
	uint64_t rdi;
};
ABI_SIZE(struct hv_io_port_intercept, 128);
ABI_OFFSET(struct hv_io_port_intercept, rax, 48);
ABI_OFFSET(struct hv_io_port_intercept, ds, 72);
ABI_OFFSET(struct hv_io_port_intercept, rcx, 104);

struct hv_msr_intercept {
	struct hv_intercept_header header;
	uint32_t msr;
	uint32_t reserved;
	uint64_t rdx;
	uint64_t rax;
};
ABI_SIZE(struct hv_msr_intercept, 64);
ABI_OFFSET(struct hv_msr_intercept, rdx, 48);

struct hv_cpuid_intercept {
	struct hv_intercept_header header;
	uint64_t rax;
	uint64_t rcx;
	uint64_t rdx;
	uint64_t rbx;
	uint64_t default_rax;
	uint64_t default_rcx;
	uint64_t default_rdx;
	uint64_t default_rbx;
};
ABI_SIZE(struct hv_cpuid_intercept, 104);

/* hv_memory_intercept.access_info */
#define HV_MEMORY_ACCESS_GVA_VALID		  0x01u
#define HV_MEMORY_ACCESS_GVA_GPA_VALID		  0x02u
#define HV_MEMORY_ACCESS_HYPERCALL_OUTPUT_PENDING 0x04u
#define HV_MEMORY_ACCESS_TLB_LOCKED		  0x08u

#define HV_CACHE_TYPE_UNCACHED	 0u
#define HV_CACHE_TYPE_WRITE_BACK 6u

/* Body of UNMAPPED_GPA and GPA_INTERCEPT. */
struct hv_memory_intercept {
	struct hv_intercept_header header;
	uint32_t cache_type;
	uint8_t instruction_byte_count;
	uint8_t access_info; /* HV_MEMORY_ACCESS_* */
	uint8_t tpr_priority;
	uint8_t reserved;
	uint64_t gva;
	uint64_t gpa;
	uint8_t instruction_bytes[16];
};
ABI_SIZE(struct hv_memory_intercept, 80);
ABI_OFFSET(struct hv_memory_intercept, gva, 48);
ABI_OFFSET(struct hv_memory_intercept, gpa, 56);
ABI_OFFSET(struct hv_memory_intercept, instruction_bytes, 64);

/* hv_exception_intercept.exception_info */
#define HV_EXCEPTION_ERROR_CODE_VALID 0x01u
#define HV_EXCEPTION_SOFTWARE	      0x02u

struct hv_exception_intercept {
	struct hv_intercept_header header;
	uint16_t vector;
	uint8_t exception_info;
	uint8_t instruction_byte_count;
	uint32_t error_code;
	uint64_t parameter;
	uint64_t reserved;
	uint8_t instruction_bytes[16];
	struct hv_segment_register ds;
	struct hv_segment_register ss;
	uint64_t gprs[16]; /* rax rcx rdx rbx rsp rbp rsi rdi r8..r15 */
};
ABI_SIZE(struct hv_exception_intercept, 240);
ABI_OFFSET(struct hv_exception_intercept, parameter, 48);
ABI_OFFSET(struct hv_exception_intercept, ds, 80);
ABI_OFFSET(struct hv_exception_intercept, gprs, 112);

struct hv_apic_eoi_message {
	uint32_t vp_index;
	uint32_t vector;
};
ABI_SIZE(struct hv_apic_eoi_message, 8);

struct hv_unrecoverable_exception { /* a triple fault */
	struct hv_intercept_header header;
};
ABI_SIZE(struct hv_unrecoverable_exception, 40);

struct hv_halt_intercept {
	struct hv_intercept_header header;
};
ABI_SIZE(struct hv_halt_intercept, 40);

#define HV_DELIVERABLE_INTERRUPT 0u
#define HV_DELIVERABLE_NMI	 2u
#define HV_DELIVERABLE_EXCEPTION 3u

struct hv_interruption_deliverable {
	struct hv_intercept_header header;
	uint32_t deliverable_type; /* HV_DELIVERABLE_* */
	uint32_t reserved;
};
ABI_SIZE(struct hv_interruption_deliverable, 48);

struct hv_sint_deliverable {
	struct hv_intercept_header header;
	uint16_t deliverable_sints; /* bit n: slot of SINT n is free */
	uint16_t reserved1;
	uint32_t reserved2;
};
ABI_SIZE(struct hv_sint_deliverable, 48);

struct hv_sipi_intercept {
	struct hv_intercept_header header;
	uint32_t target_vp_index;
	uint32_t vector;
};
ABI_SIZE(struct hv_sipi_intercept, 48);

struct hv_invalid_vp_register {
	uint32_t vp_index;
	uint32_t reserved;
};
ABI_SIZE(struct hv_invalid_vp_register, 8);

struct hv_unsupported_feature {
	uint32_t vp_index;
	uint32_t feature_code;
	uint64_t feature_parameter;
};
ABI_SIZE(struct hv_unsupported_feature, 16);

/* hv_hypercall_intercept.flags */
#define HV_HYPERCALL_INTERCEPT_ISOLATED 0x1u

struct hv_hypercall_intercept {
	struct hv_intercept_header header;
	uint64_t rax;
	uint64_t rbx;
	uint64_t rcx;
	uint64_t rdx;
	uint64_t r8;
	uint64_t rsi;
	uint64_t rdi;
	uint64_t xmm[6][2]; /* low, high */
	uint32_t flags;
	uint32_t padding; /* not counted in the payload size */
};
ABI_SIZE(struct hv_hypercall_intercept, 200);
ABI_OFFSET(struct hv_hypercall_intercept, rax, 40);
ABI_OFFSET(struct hv_hypercall_intercept, xmm, 96);
ABI_OFFSET(struct hv_hypercall_intercept, flags, 192);

/* Posted on SINT0; the message itself is in the vp's intercept page. */
struct hv_opaque_intercept {
	uint32_t vp_index;
};
ABI_SIZE(struct hv_opaque_intercept, 4);

struct hv_timer_message {
	uint32_t timer_index;
	uint32_t reserved;
	uint64_t expiration_time; /* 100 ns */
	uint64_t delivery_time;	  /* 100 ns */
};
ABI_SIZE(struct hv_timer_message, 24);
