/* SPDX-License-Identifier: MIT */
/* Bulkhead's own additions to the parent interface; everything here can be
 * probed for. */
#pragma once

#include "types.h"

/* CPUID: only a parent sees the range. */
#define BULKHEAD_CPUID_VENDOR	0x40000100u /* EAX max, EBX ECX "Bulkhead" */
#define BULKHEAD_CPUID_FEATURES 0x40000101u /* EAX version, EBX features */
#define BULKHEAD_CPUID_EBX	0x6b6c7542u /* "Bulk" */
#define BULKHEAD_CPUID_ECX	0x64616568u /* "head" */
#define BULKHEAD_CPUID_EDX	0u

#define BULKHEAD_EXTENSION_VERSION   1u
#define BULKHEAD_FEATURE_STATS	     (1u << 0)
#define BULKHEAD_FEATURE_LOG	     (1u << 1)
#define BULKHEAD_FEATURE_SCHEDULE    (1u << 2)
#define BULKHEAD_FEATURE_EVENT_PORTS (1u << 3) /* event ports into a parent */

#define HVCALL_BULKHEAD_GET_STATS    0x0b00
#define HVCALL_BULKHEAD_READ_LOG     0x0b01
#define HVCALL_BULKHEAD_SET_SCHEDULE 0x0b02

/* Index of bulkhead_stats.exits */
enum bulkhead_exit {
	BULKHEAD_EXIT_EXTERNAL_INTERRUPT = 0,
	BULKHEAD_EXIT_NMI = 1,
	BULKHEAD_EXIT_EXCEPTION = 2,
	BULKHEAD_EXIT_IO_PORT = 3,
	BULKHEAD_EXIT_MSR_READ = 4,
	BULKHEAD_EXIT_MSR_WRITE = 5,
	BULKHEAD_EXIT_CPUID = 6,
	BULKHEAD_EXIT_HALT = 7,
	BULKHEAD_EXIT_HYPERCALL = 8,
	BULKHEAD_EXIT_PAGE_FAULT = 9, /* nested, resolved inside */
	BULKHEAD_EXIT_MMIO = 10,      /* nested, sent to the parent */
	BULKHEAD_EXIT_APIC_ACCESS = 11,
	BULKHEAD_EXIT_CR_ACCESS = 12,
	BULKHEAD_EXIT_DR_ACCESS = 13,
	BULKHEAD_EXIT_INTERRUPT_WINDOW = 14,
	BULKHEAD_EXIT_PAUSE = 15,
	BULKHEAD_EXIT_INVLPG = 16,
	BULKHEAD_EXIT_WBINVD = 17,
	BULKHEAD_EXIT_XSETBV = 18,
	BULKHEAD_EXIT_TRIPLE_FAULT = 19,
	BULKHEAD_EXIT_SMI = 20,
	BULKHEAD_EXIT_INIT_SIPI = 21,
	BULKHEAD_EXIT_RDTSC = 22,
	BULKHEAD_EXIT_TASK_SWITCH = 23,
	BULKHEAD_EXIT_DESCRIPTOR_TABLE = 24,
	BULKHEAD_EXIT_MONITOR_MWAIT = 25,
	BULKHEAD_EXIT_VIRTUALIZATION = 26, /* VMRUN, VMXON and their kin */
	BULKHEAD_EXIT_INVALID_STATE = 27,
	BULKHEAD_EXIT_OTHER = 31,
	BULKHEAD_EXIT_COUNT = 32
};

struct bulkhead_input_get_stats {
	uint64_t partition_id;
	uint32_t vp_index; /* HV_VP_INDEX_ANY: sum over the partition */
	uint32_t reserved;
};
ABI_SIZE(struct bulkhead_input_get_stats, 16);

/* Counters since creation; times in 100 ns. Pool fields count 4 KiB pages. */
struct bulkhead_stats {
	uint32_t version; /* BULKHEAD_EXTENSION_VERSION */
	uint32_t vp_count;
	uint64_t exits[BULKHEAD_EXIT_COUNT];
	uint64_t parent_intercepts; /* intercept messages sent to the parent */
	uint64_t signals;  /* SignalEvent by this partition, accepted */
	uint64_t messages; /* PostMessage by this partition, accepted */
	uint64_t interrupts_injected;
	uint64_t event_flags_set; /* flags newly set in this partition */
	uint64_t run_time;	  /* on a logical processor */
	uint64_t ready_time;	  /* runnable, waiting for one */
	uint64_t wait_time;	  /* halted or suspended */
	uint64_t preemptions;
	uint64_t migrations; /* between logical processors */
	uint64_t mapped_4k_pages;
	uint64_t mapped_2m_pages;
	uint64_t pool_used; /* charged to this partition */
	uint64_t pool_quota;
	uint64_t pool_free;	 /* of the whole hypervisor */
	uint64_t scrap_accesses; /* parent only: touches of hidden frames */
	uint64_t reserved[16];
};
ABI_SIZE(struct bulkhead_stats, 8 + 32 * 8 + 16 * 8 + 16 * 8);

struct bulkhead_input_read_log {
	uint64_t cursor; /* 0: from the oldest byte kept */
};
ABI_SIZE(struct bulkhead_input_read_log, 8);

#define BULKHEAD_LOG_TEXT_SIZE 4072u

struct bulkhead_output_read_log {
	uint64_t next_cursor; /* bytes logged since boot up to here */
	uint64_t lost;	      /* bytes overwritten before they were read */
	uint32_t length;      /* of text; 0: nothing newer */
	uint32_t reserved;
	char text[BULKHEAD_LOG_TEXT_SIZE]; /* not terminated */
};
ABI_SIZE(struct bulkhead_output_read_log, HV_PAGE_SIZE);

/* Which fields of a schedule are meant. */
#define BULKHEAD_SCHEDULE_WEIGHT	 (1u << 0)
#define BULKHEAD_SCHEDULE_CAP		 (1u << 1)
#define BULKHEAD_SCHEDULE_RESERVE	 (1u << 2)
#define BULKHEAD_SCHEDULE_AFFINITY	 (1u << 3)
#define BULKHEAD_SCHEDULE_MASK		 0xfu
#define BULKHEAD_SCHEDULE_WEIGHT_DEFAULT 100u
#define BULKHEAD_SCHEDULE_WEIGHT_MAX	 10000u

struct bulkhead_schedule {
	uint32_t valid;	   /* BULKHEAD_SCHEDULE_* */
	uint32_t weight;   /* 1..10000 */
	uint32_t cap;	   /* 1/1000 of a logical processor per vp; 0 none */
	uint32_t reserve;  /* 1/1000 of a logical processor per vp */
	uint64_t affinity; /* bit n: logical processor n allowed */
};
ABI_SIZE(struct bulkhead_schedule, 24);

struct bulkhead_input_set_schedule {
	uint64_t partition_id;
	struct bulkhead_schedule schedule;
};
ABI_SIZE(struct bulkhead_input_set_schedule, 32);
