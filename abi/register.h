/* SPDX-License-Identifier: MIT */
/* Names, values and pages by which a parent reaches a vp's registers. */
#pragma once

#include "types.h"
#include "hypercall_guest.h"

/* Suspension and activity */
#define HV_REGISTER_EXPLICIT_SUSPEND		0x00000000u /* bit 0 */
#define HV_REGISTER_INTERCEPT_SUSPEND		0x00000001u /* bit 0 */
#define HV_REGISTER_INSTRUCTION_EMULATION_HINTS 0x00000002u
#define HV_REGISTER_DISPATCH_SUSPEND		0x00000003u
#define HV_REGISTER_INTERNAL_ACTIVITY_STATE	0x00000004u

#define HV_SUSPENDED			     0x1ULL
#define HV_INTERNAL_ACTIVITY_STARTUP_SUSPEND (1ULL << 0) /* waits for SIPI */
#define HV_INTERNAL_ACTIVITY_HALT_SUSPEND    (1ULL << 1)
#define HV_INTERNAL_ACTIVITY_IDLE_SUSPEND    (1ULL << 2)

/* Version and features (128 bit: EAX..EDX of the matching CPUID leaf) */
#define HV_REGISTER_HYPERVISOR_VERSION		 0x00000100u
#define HV_REGISTER_PRIVILEGES_AND_FEATURES_INFO 0x00000200u
#define HV_REGISTER_FEATURES_INFO		 0x00000201u
#define HV_REGISTER_IMPLEMENTATION_LIMITS_INFO	 0x00000202u
#define HV_REGISTER_HARDWARE_FEATURES_INFO	 0x00000203u
#define HV_REGISTER_GUEST_CRASH_P0		 0x00000210u
#define HV_REGISTER_GUEST_CRASH_P1		 0x00000211u
#define HV_REGISTER_GUEST_CRASH_P2		 0x00000212u
#define HV_REGISTER_GUEST_CRASH_P3		 0x00000213u
#define HV_REGISTER_GUEST_CRASH_P4		 0x00000214u
#define HV_REGISTER_GUEST_CRASH_CTL		 0x00000215u
#define HV_REGISTER_PROCESSOR_CLOCK_FREQUENCY	 0x00000240u
#define HV_REGISTER_INTERRUPT_CLOCK_FREQUENCY	 0x00000241u
#define HV_REGISTER_GUEST_IDLE			 0x00000250u

/* Events on their way into the vp */
#define HV_REGISTER_PENDING_INTERRUPTION	 0x00010002u
#define HV_REGISTER_INTERRUPT_STATE		 0x00010003u
#define HV_REGISTER_PENDING_EVENT0		 0x00010004u /* 128 bit */
#define HV_REGISTER_PENDING_EVENT1		 0x00010005u /* 128 bit */
#define HV_REGISTER_DELIVERABILITY_NOTIFICATIONS 0x00010006u
#define HV_REGISTER_PENDING_DEBUG_EXCEPTION	 0x00010007u

/*
 * PENDING_INTERRUPTION: an interruption whose delivery was cut short.
 *  63        32 31      16 15   10  9      8      5  4        3    1   0
 * | error code | vector   | rsvd |nested|insn length|error ok| type |pending|
 */
#define HV_PENDING_INTERRUPTION_PENDING		   (1ULL << 0)
#define HV_PENDING_INTERRUPTION_TYPE_SHIFT	   1
#define HV_PENDING_INTERRUPTION_TYPE_MASK	   (7ULL << 1)
#define HV_PENDING_INTERRUPTION_DELIVER_ERROR_CODE (1ULL << 4)
#define HV_PENDING_INTERRUPTION_LENGTH_SHIFT	   5
#define HV_PENDING_INTERRUPTION_LENGTH_MASK	   (0xfULL << 5)
#define HV_PENDING_INTERRUPTION_NESTED		   (1ULL << 9)
#define HV_PENDING_INTERRUPTION_VECTOR_SHIFT	   16
#define HV_PENDING_INTERRUPTION_VECTOR_MASK	   (0xffffULL << 16)
#define HV_PENDING_INTERRUPTION_ERROR_CODE_SHIFT   32

#define HV_INTERRUPTION_TYPE_INTERRUPT			   0u
#define HV_INTERRUPTION_TYPE_NMI			   2u
#define HV_INTERRUPTION_TYPE_EXCEPTION			   3u
#define HV_INTERRUPTION_TYPE_SOFTWARE_INTERRUPT		   4u
#define HV_INTERRUPTION_TYPE_PRIVILEGED_SOFTWARE_EXCEPTION 5u
#define HV_INTERRUPTION_TYPE_SOFTWARE_EXCEPTION		   6u

/* INTERRUPT_STATE */
#define HV_INTERRUPT_STATE_SHADOW     (1ULL << 0)
#define HV_INTERRUPT_STATE_NMI_MASKED (1ULL << 1)

/*
 * PENDING_EVENT0: an event the parent wants delivered. Low quadword:
 *   bit 0 pending, 3:1 type;
 *   exception:  bit 8 deliver error code, 31:16 vector, 63:32 error code;
 *               high quadword: parameter (CR2, DR6)
 *   external interrupt (8259 style, acknowledged by the parent): 15:8 vector
 */
#define HV_PENDING_EVENT_PENDING		      (1ULL << 0)
#define HV_PENDING_EVENT_TYPE_SHIFT		      1
#define HV_PENDING_EVENT_TYPE_MASK		      (7ULL << 1)
#define HV_PENDING_EVENT_TYPE_EXCEPTION		      0ULL
#define HV_PENDING_EVENT_TYPE_MEMORY_INTERCEPT	      1ULL
#define HV_PENDING_EVENT_TYPE_NESTED_MEMORY_INTERCEPT 2ULL
#define HV_PENDING_EVENT_TYPE_VIRTUALIZATION_FAULT    3ULL
#define HV_PENDING_EVENT_TYPE_HYPERCALL_OUTPUT	      4ULL
#define HV_PENDING_EVENT_TYPE_EXTINT		      5ULL
#define HV_PENDING_EVENT_DELIVER_ERROR_CODE	      (1ULL << 8)
#define HV_PENDING_EVENT_EXCEPTION_VECTOR_SHIFT	      16
#define HV_PENDING_EVENT_EXCEPTION_VECTOR_MASK	      (0xffffULL << 16)
#define HV_PENDING_EVENT_ERROR_CODE_SHIFT	      32
#define HV_PENDING_EVENT_EXTINT_VECTOR_SHIFT	      8
#define HV_PENDING_EVENT_EXTINT_VECTOR_MASK	      (0xffULL << 8)

/* DELIVERABILITY_NOTIFICATIONS: which message the parent asks for */
#define HV_DELIVERABILITY_NMI		 (1ULL << 0)
#define HV_DELIVERABILITY_INTERRUPT	 (1ULL << 1)
#define HV_DELIVERABILITY_PRIORITY_SHIFT 2
#define HV_DELIVERABILITY_PRIORITY_MASK	 (0xfULL << 2)
#define HV_DELIVERABILITY_SINTS_SHIFT	 48
#define HV_DELIVERABILITY_SINTS_MASK	 (0xffffULL << 48)

/* General registers */
#define HV_REGISTER_RAX	   0x00020000u
#define HV_REGISTER_RCX	   0x00020001u
#define HV_REGISTER_RDX	   0x00020002u
#define HV_REGISTER_RBX	   0x00020003u
#define HV_REGISTER_RSP	   0x00020004u
#define HV_REGISTER_RBP	   0x00020005u
#define HV_REGISTER_RSI	   0x00020006u
#define HV_REGISTER_RDI	   0x00020007u
#define HV_REGISTER_R8	   0x00020008u
#define HV_REGISTER_R9	   0x00020009u
#define HV_REGISTER_R10	   0x0002000au
#define HV_REGISTER_R11	   0x0002000bu
#define HV_REGISTER_R12	   0x0002000cu
#define HV_REGISTER_R13	   0x0002000du
#define HV_REGISTER_R14	   0x0002000eu
#define HV_REGISTER_R15	   0x0002000fu
#define HV_REGISTER_RIP	   0x00020010u
#define HV_REGISTER_RFLAGS 0x00020011u

/* Floating point and vectors (128 bit) */
#define HV_REGISTER_XMM0	       0x00030000u /* XMMn = XMM0 + n, n < 16 */
#define HV_REGISTER_XMM15	       0x0003000fu
#define HV_REGISTER_FP_MMX0	       0x00030010u /* n < 8 */
#define HV_REGISTER_FP_MMX7	       0x00030017u
#define HV_REGISTER_FP_CONTROL_STATUS  0x00030018u
#define HV_REGISTER_XMM_CONTROL_STATUS 0x00030019u

/* Control */
#define HV_REGISTER_CR0		     0x00040000u
#define HV_REGISTER_CR2		     0x00040001u
#define HV_REGISTER_CR3		     0x00040002u
#define HV_REGISTER_CR4		     0x00040003u
#define HV_REGISTER_CR8		     0x00040004u
#define HV_REGISTER_XFEM	     0x00040005u /* XCR0 */
#define HV_REGISTER_XCR0	     HV_REGISTER_XFEM
#define HV_REGISTER_INTERMEDIATE_CR0 0x00041000u
#define HV_REGISTER_INTERMEDIATE_CR3 0x00041002u
#define HV_REGISTER_INTERMEDIATE_CR4 0x00041003u
#define HV_REGISTER_INTERMEDIATE_CR8 0x00041004u

/* Debug */
#define HV_REGISTER_DR0 0x00050000u
#define HV_REGISTER_DR1 0x00050001u
#define HV_REGISTER_DR2 0x00050002u
#define HV_REGISTER_DR3 0x00050003u
#define HV_REGISTER_DR6 0x00050004u
#define HV_REGISTER_DR7 0x00050005u

/* Segments and tables */
#define HV_REGISTER_ES	 0x00060000u
#define HV_REGISTER_CS	 0x00060001u
#define HV_REGISTER_SS	 0x00060002u
#define HV_REGISTER_DS	 0x00060003u
#define HV_REGISTER_FS	 0x00060004u
#define HV_REGISTER_GS	 0x00060005u
#define HV_REGISTER_LDTR 0x00060006u
#define HV_REGISTER_TR	 0x00060007u
#define HV_REGISTER_IDTR 0x00070000u
#define HV_REGISTER_GDTR 0x00070001u

/* MSRs of the architecture */
#define HV_REGISTER_TSC		      0x00080000u
#define HV_REGISTER_EFER	      0x00080001u
#define HV_REGISTER_KERNEL_GS_BASE    0x00080002u
#define HV_REGISTER_APIC_BASE	      0x00080003u
#define HV_REGISTER_PAT		      0x00080004u
#define HV_REGISTER_SYSENTER_CS	      0x00080005u
#define HV_REGISTER_SYSENTER_EIP      0x00080006u
#define HV_REGISTER_SYSENTER_ESP      0x00080007u
#define HV_REGISTER_STAR	      0x00080008u
#define HV_REGISTER_LSTAR	      0x00080009u
#define HV_REGISTER_CSTAR	      0x0008000au
#define HV_REGISTER_SFMASK	      0x0008000bu
#define HV_REGISTER_INITIAL_APIC_ID   0x0008000cu
#define HV_REGISTER_MTRR_CAP	      0x0008000du
#define HV_REGISTER_MTRR_DEF_TYPE     0x0008000eu
#define HV_REGISTER_MTRR_PHYS_BASE0   0x00080010u /* + n, n < 16 */
#define HV_REGISTER_MTRR_PHYS_MASK0   0x00080040u /* + n, n < 16 */
#define HV_REGISTER_MTRR_FIX64K_00000 0x00080070u
#define HV_REGISTER_MTRR_FIX16K_80000 0x00080071u
#define HV_REGISTER_MTRR_FIX16K_A0000 0x00080072u
#define HV_REGISTER_MTRR_FIX4K_C0000  0x00080073u /* + n, n < 8 */
#define HV_REGISTER_MTRR_FIX4K_F8000  0x0008007au
#define HV_REGISTER_TSC_AUX	      0x0008007bu
#define HV_REGISTER_BNDCFGS	      0x0008007cu
#define HV_REGISTER_DEBUG_CTL	      0x0008007du
#define HV_REGISTER_SPEC_CTRL	      0x00080084u
#define HV_REGISTER_PRED_CMD	      0x00080085u
#define HV_REGISTER_VIRT_SPEC_CTRL    0x00080086u
#define HV_REGISTER_XSS		      0x0008008bu
#define HV_REGISTER_TSC_ADJUST	      0x00080096u
#define HV_REGISTER_MISC_ENABLE	      0x000800a0u
#define HV_REGISTER_FEATURE_CONTROL   0x000800a1u
#define HV_REGISTER_APIC_ID	      0x00084802u
#define HV_REGISTER_APIC_VERSION      0x00084803u

/* Synthetic MSRs */
#define HV_REGISTER_VP_RUNTIME		 0x00090000u
#define HV_REGISTER_HYPERCALL		 0x00090001u
#define HV_REGISTER_GUEST_OS_ID		 0x00090002u
#define HV_REGISTER_VP_INDEX		 0x00090003u
#define HV_REGISTER_TIME_REF_COUNT	 0x00090004u
#define HV_REGISTER_SYNTHETIC_EOI	 0x00090010u
#define HV_REGISTER_SYNTHETIC_ICR	 0x00090011u
#define HV_REGISTER_SYNTHETIC_TPR	 0x00090012u
#define HV_REGISTER_VP_ASSIST_PAGE	 0x00090013u
#define HV_REGISTER_VP_ROOT_SIGNAL_COUNT 0x00090014u
#define HV_REGISTER_REFERENCE_TSC	 0x00090017u
#define HV_REGISTER_REGISTER_PAGE	 0x0009001cu
#define HV_REGISTER_SINT0		 0x000a0000u /* SINTn = SINT0 + n, n < 16 */
#define HV_REGISTER_SINT15		 0x000a000fu
#define HV_REGISTER_SCONTROL		 0x000a0010u
#define HV_REGISTER_SVERSION		 0x000a0011u
#define HV_REGISTER_SIEFP		 0x000a0012u
#define HV_REGISTER_SIMP		 0x000a0013u
#define HV_REGISTER_EOM			 0x000a0014u
#define HV_REGISTER_SIRBP		 0x000a0015u
#define HV_REGISTER_STIMER0_CONFIG	 0x000b0000u /* + 2n, n < 4 */
#define HV_REGISTER_STIMER0_COUNT	 0x000b0001u /* + 2n, n < 4 */
#define HV_REGISTER_STIMER3_COUNT	 0x000b0007u

struct hv_u128 {
	uint64_t low;
	uint64_t high;
};
ABI_SIZE(struct hv_u128, 16);

struct hv_register_value {
	union {
		uint64_t u64;
		uint32_t u32;
		uint16_t u16;
		uint8_t u8;
		struct hv_u128 u128;
		struct hv_segment_register segment;
		struct hv_table_register table;
	};
};
ABI_SIZE(struct hv_register_value, 16);

struct hv_register_assoc {
	uint32_t name; /* HV_REGISTER_* */
	uint32_t reserved1;
	uint64_t reserved2;
	struct hv_register_value value;
};
ABI_SIZE(struct hv_register_assoc, 32);
ABI_OFFSET(struct hv_register_assoc, value, 16);

/* Output: one struct hv_register_value per name. */
struct hv_input_get_vp_registers {
	uint64_t partition_id;
	uint32_t vp_index;
	uint8_t input_vtl;
	uint8_t padding[3];
	uint32_t names[]; /* one per rep */
};
ABI_SIZE(struct hv_input_get_vp_registers, 16);

struct hv_input_set_vp_registers {
	uint64_t partition_id;
	uint32_t vp_index;
	uint8_t input_vtl;
	uint8_t padding[3];
	struct hv_register_assoc elements[]; /* one per rep, in order */
};
ABI_SIZE(struct hv_input_set_vp_registers, 16);

#define HV_REGISTER_PAGE_VERSION       1u
#define HV_REGISTER_PAGE_DIRTY_GPR     (1u << 0)
#define HV_REGISTER_PAGE_DIRTY_RIP     (1u << 1)
#define HV_REGISTER_PAGE_DIRTY_XMM     (1u << 2)
#define HV_REGISTER_PAGE_DIRTY_SEGMENT (1u << 3)
#define HV_REGISTER_PAGE_DIRTY_RFLAGS  (1u << 4)
#define HV_REGISTER_PAGE_DIRTY_MASK    0x1fu

/* Index of hv_register_page.gprs */
enum hv_gpr {
	HV_GPR_RAX,
	HV_GPR_RCX,
	HV_GPR_RDX,
	HV_GPR_RBX,
	HV_GPR_RSP,
	HV_GPR_RBP,
	HV_GPR_RSI,
	HV_GPR_RDI,
	HV_GPR_R8,
	HV_GPR_R9,
	HV_GPR_R10,
	HV_GPR_R11,
	HV_GPR_R12,
	HV_GPR_R13,
	HV_GPR_R14,
	HV_GPR_R15,
	HV_GPR_COUNT
};

/*
 * Registers of a suspended vp. What the dirty bits name is written back when
 * the vp resumes: general, RIP, RFLAGS, XMM and segments; the rest is to read.
 */
struct hv_register_page {
	uint16_t version; /* HV_REGISTER_PAGE_VERSION */
	uint8_t is_valid;
	uint8_t reserved0;
	uint32_t dirty; /* HV_REGISTER_PAGE_DIRTY_* */
	uint64_t gprs[HV_GPR_COUNT];
	uint64_t rip;
	uint64_t rflags;
	uint64_t reserved1;
	struct hv_u128 xmm[6];
	struct hv_segment_register es;
	struct hv_segment_register cs;
	struct hv_segment_register ss;
	struct hv_segment_register ds;
	struct hv_segment_register fs;
	struct hv_segment_register gs;
	uint64_t cr0;
	uint64_t cr3;
	uint64_t cr4;
	uint64_t cr8;
	uint64_t efer;
	uint64_t dr7;
	uint64_t pending_interruption;
	uint64_t interrupt_state;
	uint64_t instruction_emulation_hints;
	uint64_t xfem;
	uint8_t reserved2[0x100];
	uint8_t interrupt_vector_count;
	uint8_t interrupt_vectors[7];
};
ABI_SIZE(struct hv_register_page, 696);
ABI_OFFSET(struct hv_register_page, gprs, 8);
ABI_OFFSET(struct hv_register_page, rip, 136);
ABI_OFFSET(struct hv_register_page, rflags, 144);
ABI_OFFSET(struct hv_register_page, xmm, 160);
ABI_OFFSET(struct hv_register_page, es, 256);
ABI_OFFSET(struct hv_register_page, cr0, 352);
ABI_OFFSET(struct hv_register_page, reserved2, 432);
ABI_OFFSET(struct hv_register_page, interrupt_vector_count, 688);

/* The local APIC as GET/SET_VP_STATE moves it. */
struct hv_local_apic_state {
	uint32_t id;
	uint32_t version;
	uint32_t ldr;
	uint32_t dfr;
	uint32_t spurious;
	uint32_t isr[8];
	uint32_t tmr[8];
	uint32_t irr[8];
	uint32_t esr;
	uint32_t icr_high;
	uint32_t icr_low;
	uint32_t lvt_timer;
	uint32_t lvt_thermal;
	uint32_t lvt_perfmon;
	uint32_t lvt_lint0;
	uint32_t lvt_lint1;
	uint32_t lvt_error;
	uint32_t lvt_cmci;
	uint32_t error_status;
	uint32_t initial_count;
	uint32_t current_count;
	uint32_t divide;
	uint32_t remote_read;
};
ABI_SIZE(struct hv_local_apic_state, 44 * 4);
