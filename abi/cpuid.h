/* SPDX-License-Identifier: MIT */
/* Hypervisor CPUID leaves: signatures, privileges, features, advice. */
#pragma once

#include "types.h"

#define HV_CPUID_VENDOR_AND_MAX	       0x40000000u
#define HV_CPUID_INTERFACE	       0x40000001u
#define HV_CPUID_VERSION	       0x40000002u
#define HV_CPUID_FEATURES	       0x40000003u
#define HV_CPUID_RECOMMENDATIONS       0x40000004u
#define HV_CPUID_LIMITS		       0x40000005u
#define HV_CPUID_HARDWARE_FEATURES     0x40000006u
#define HV_CPUID_CPU_MANAGEMENT	       0x40000007u
#define HV_CPUID_SVM_FEATURES	       0x40000008u
#define HV_CPUID_NESTED_PRIVILEGES     0x40000009u
#define HV_CPUID_NESTED_FEATURES       0x4000000au
#define HV_CPUID_ISOLATION	       0x4000000cu
#define HV_CPUID_MAX		       0x4000000cu
#define HV_CPUID_FIRST		       0x40000000u
#define HV_CPUID_LAST		       0x4000ffffu /* beyond HV_CPUID_MAX: read as zero */
#define HV_CPUID_VIRT_STACK_VENDOR     0x40000080u
#define HV_CPUID_VIRT_STACK_INTERFACE  0x40000081u
#define HV_CPUID_VIRT_STACK_PROPERTIES 0x40000082u

#define CPUID_1_ECX_HYPERVISOR (1u << 31)

/* Leaf 0 EBX, ECX, EDX: "Microsoft Hv"; leaf 1 EAX: "Hv#1" */
#define HV_CPUID_VENDOR_EBX    0x7263694du
#define HV_CPUID_VENDOR_ECX    0x666f736fu
#define HV_CPUID_VENDOR_EDX    0x76482074u
#define HV_CPUID_INTERFACE_HV1 0x31237648u

/* Leaf 3 EAX: access to MSRs. As one 64-bit mask, EBX is the upper half. */
#define HV_PRIVILEGE_VP_RUNTIME	     (1u << 0)
#define HV_PRIVILEGE_TIME_REF_COUNT  (1u << 1)
#define HV_PRIVILEGE_SYNIC	     (1u << 2)
#define HV_PRIVILEGE_STIMER	     (1u << 3)
#define HV_PRIVILEGE_APIC	     (1u << 4)
#define HV_PRIVILEGE_HYPERCALL	     (1u << 5)
#define HV_PRIVILEGE_VP_INDEX	     (1u << 6)
#define HV_PRIVILEGE_RESET	     (1u << 7)
#define HV_PRIVILEGE_STATS	     (1u << 8)
#define HV_PRIVILEGE_REFERENCE_TSC   (1u << 9)
#define HV_PRIVILEGE_GUEST_IDLE	     (1u << 10)
#define HV_PRIVILEGE_FREQUENCY	     (1u << 11)
#define HV_PRIVILEGE_DEBUG	     (1u << 12)
#define HV_PRIVILEGE_REENLIGHTENMENT (1u << 13)
#define HV_PRIVILEGE_TSC_INVARIANT   (1u << 15)

/* Leaf 3 EBX: hypercalls */
#define HV_PRIVILEGE_EBX_CREATE_PARTITIONS   (1u << 0)
#define HV_PRIVILEGE_EBX_PARTITION_ID	     (1u << 1)
#define HV_PRIVILEGE_EBX_MEMORY_POOL	     (1u << 2)
#define HV_PRIVILEGE_EBX_POST_MESSAGES	     (1u << 4)
#define HV_PRIVILEGE_EBX_SIGNAL_EVENTS	     (1u << 5)
#define HV_PRIVILEGE_EBX_CREATE_PORT	     (1u << 6)
#define HV_PRIVILEGE_EBX_CONNECT_PORT	     (1u << 7)
#define HV_PRIVILEGE_EBX_STATS		     (1u << 8)
#define HV_PRIVILEGE_EBX_DEBUGGING	     (1u << 11)
#define HV_PRIVILEGE_EBX_CPU_MANAGEMENT	     (1u << 12)
#define HV_PRIVILEGE_EBX_VSM		     (1u << 16)
#define HV_PRIVILEGE_EBX_VP_REGISTERS	     (1u << 17)
#define HV_PRIVILEGE_EBX_EXTENDED_HYPERCALLS (1u << 20)
#define HV_PRIVILEGE_EBX_START_VP	     (1u << 21)
#define HV_PRIVILEGE_EBX_ISOLATION	     (1u << 22)

/* Leaf 3 EDX */
#define HV_FEATURE_GUEST_DEBUGGING	(1u << 3)
#define HV_FEATURE_XMM_HYPERCALL_INPUT	(1u << 4)
#define HV_FEATURE_GUEST_IDLE_STATE	(1u << 5)
#define HV_FEATURE_FREQUENCY_MSRS	(1u << 8)
#define HV_FEATURE_CRASH_MSRS		(1u << 10)
#define HV_FEATURE_EXTENDED_GVA_RANGES	(1u << 14)
#define HV_FEATURE_XMM_HYPERCALL_OUTPUT (1u << 15)
#define HV_FEATURE_HYPERCALL_MSR_LOCK	(1u << 18)
#define HV_FEATURE_STIMER_DIRECT	(1u << 19)

/* Leaf 4 EAX; EBX: spins before NotifyLongSpinWait, all ones = never */
#define HV_RECOMMEND_ADDRESS_SPACE_SWITCH    (1u << 0)
#define HV_RECOMMEND_LOCAL_FLUSH	     (1u << 1)
#define HV_RECOMMEND_REMOTE_FLUSH	     (1u << 2)
#define HV_RECOMMEND_APIC_MSRS		     (1u << 3)
#define HV_RECOMMEND_RESET_MSR		     (1u << 4)
#define HV_RECOMMEND_RELAXED_TIMING	     (1u << 5)
#define HV_RECOMMEND_DMA_REMAPPING	     (1u << 6)
#define HV_RECOMMEND_INTERRUPT_REMAPPING     (1u << 7)
#define HV_RECOMMEND_X2APIC_MSRS	     (1u << 8)
#define HV_RECOMMEND_DEPRECATE_AUTO_EOI	     (1u << 9)
#define HV_RECOMMEND_CLUSTER_IPI	     (1u << 10)
#define HV_RECOMMEND_EX_PROCESSOR_MASKS	     (1u << 11)
#define HV_RECOMMEND_NESTED		     (1u << 12)
#define HV_RECOMMEND_NO_NONARCH_CORE_SHARING (1u << 18)
#define HV_SPIN_NEVER_NOTIFY		     0xffffffffu

/* Leaf 6 EAX: what the hypervisor uses */
#define HV_HARDWARE_APIC_OVERLAY_ASSIST	 (1u << 0)
#define HV_HARDWARE_MSR_BITMAPS		 (1u << 1)
#define HV_HARDWARE_PERFORMANCE_COUNTERS (1u << 2)
#define HV_HARDWARE_SLAT		 (1u << 3)
#define HV_HARDWARE_DMA_REMAPPING	 (1u << 4)
#define HV_HARDWARE_INTERRUPT_REMAPPING	 (1u << 5)
