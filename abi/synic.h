/* SPDX-License-Identifier: MIT */
/* Synthetic interrupt controller, synthetic timers, reference TSC, VP assist:
 * pages and bits. */
#pragma once

#include "types.h"
#include "intercept.h"

#define HV_SYNIC_SINT_COUNT	  16u
#define HV_SYNIC_EVENT_FLAG_COUNT 2048u /* per SINT */
#define HV_SYNIC_STIMER_COUNT	  4u

/* SINTs of a parent, as the Linux drivers use them. */
#define HV_SYNIC_INTERCEPTION_SINT 0u /* messages of type OPAQUE_INTERCEPT */
#define HV_SYNIC_VMBUS_SINT	   2u
#define HV_SYNIC_DOORBELL_SINT	   5u /* event flags of ports */

/* SINT register */
#define HV_SINT_VECTOR_MASK   0xffULL
#define HV_SINT_MASKED	      (1ULL << 16)
#define HV_SINT_AUTO_EOI      (1ULL << 17)
#define HV_SINT_POLLING	      (1ULL << 18)
#define HV_SINT_AS_INTERCEPT  (1ULL << 19)
#define HV_SINT_PROXY	      (1ULL << 20)
#define HV_SINT_RESET_VALUE   0x10000ULL
#define HV_SINT_LOWEST_VECTOR 16u

/* Message page: one slot per SINT. */
struct hv_message_page {
	struct hv_message slots[HV_SYNIC_SINT_COUNT];
};
ABI_SIZE(struct hv_message_page, HV_PAGE_SIZE);

/* Event flags page: one bitmap per SINT. */
struct hv_event_flags {
	union {
		uint8_t bytes[256];
		uint32_t words[64];
		uint64_t quads[32];
	};
};
ABI_SIZE(struct hv_event_flags, 256);

struct hv_event_flags_page {
	struct hv_event_flags sints[HV_SYNIC_SINT_COUNT];
};
ABI_SIZE(struct hv_event_flags_page, HV_PAGE_SIZE);

/* Event ring page (SIRBP): one ring of port numbers per SINT. */
struct hv_event_ring {
	uint8_t signal_masked;
	uint8_t ring_full;
	uint16_t reserved;
	uint32_t data[63];
};
ABI_SIZE(struct hv_event_ring, 256);

struct hv_event_ring_page {
	struct hv_event_ring sints[HV_SYNIC_SINT_COUNT];
};
ABI_SIZE(struct hv_event_ring_page, HV_PAGE_SIZE);

/* Synthetic timer configuration */
#define HV_STIMER_ENABLE	(1ULL << 0)
#define HV_STIMER_PERIODIC	(1ULL << 1)
#define HV_STIMER_LAZY		(1ULL << 2)
#define HV_STIMER_AUTO_ENABLE	(1ULL << 3)
#define HV_STIMER_VECTOR_SHIFT	4
#define HV_STIMER_VECTOR_MASK	(0xffULL << HV_STIMER_VECTOR_SHIFT)
#define HV_STIMER_DIRECT	(1ULL << 12)
#define HV_STIMER_SINT_SHIFT	16
#define HV_STIMER_SINT_MASK	(0xfULL << HV_STIMER_SINT_SHIFT)
#define HV_STIMER_RESERVED_MASK (~(0x1fffULL | HV_STIMER_SINT_MASK))

/* time = ((tsc * scale) >> 64) + offset, valid while sequence is not 0. */
#define HV_REFERENCE_TSC_SEQUENCE_INVALID 0u

struct hv_reference_tsc_page {
	uint32_t sequence;
	uint32_t reserved;
	uint64_t scale;
	int64_t offset; /* 100 ns */
	uint64_t reserved2[509];
};
ABI_SIZE(struct hv_reference_tsc_page, HV_PAGE_SIZE);
ABI_OFFSET(struct hv_reference_tsc_page, scale, 8);
ABI_OFFSET(struct hv_reference_tsc_page, offset, 16);

#define HV_VP_ASSIST_NO_EOI_REQUIRED 0x1u

struct hv_vp_assist_page {
	uint32_t apic_assist; /* HV_VP_ASSIST_NO_EOI_REQUIRED */
	uint32_t reserved1;
	uint32_t vtl_entry_reason;
	uint32_t reserved2;
	uint64_t vtl_return_rax;
	uint64_t vtl_return_rcx;
	uint64_t nested_control;
	uint8_t enlighten_vm_entry;
	uint8_t reserved3[7];
	uint64_t current_nested_vmcs;
	uint8_t reserved4[4096 - 56];
};
ABI_SIZE(struct hv_vp_assist_page, HV_PAGE_SIZE);
ABI_OFFSET(struct hv_vp_assist_page, vtl_entry_reason, 8);
ABI_OFFSET(struct hv_vp_assist_page, vtl_return_rax, 16);
ABI_OFFSET(struct hv_vp_assist_page, nested_control, 32);
ABI_OFFSET(struct hv_vp_assist_page, enlighten_vm_entry, 40);
ABI_OFFSET(struct hv_vp_assist_page, current_nested_vmcs, 48);
