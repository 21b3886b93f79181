/* SPDX-License-Identifier: MIT */
/* The /dev/mshv user interface: ioctl numbers and structures, standard ones
 * first, ours after. */
#pragma once

#include "types.h"
#include "bulkhead.h"

/* Linux's ioctl encoding, repeated so that the header stands alone. */
#define MSHV_IOC_WRITE 1u /* user writes, kernel reads */
#define MSHV_IOC_READ  2u
#define MSHV_IOCTL     0xb8u
#define MSHV_IOC(direction, number, size)                                      \
	(((unsigned int)(direction) << 30) | ((unsigned int)(size) << 16) |    \
	 (MSHV_IOCTL << 8) | (unsigned int)(number))
#define MSHV_IO(number)	       MSHV_IOC(0, number, 0)
#define MSHV_IOR(number, type) MSHV_IOC(MSHV_IOC_READ, number, sizeof(type))
#define MSHV_IOW(number, type) MSHV_IOC(MSHV_IOC_WRITE, number, sizeof(type))
#define MSHV_IOWR(number, type)                                                \
	MSHV_IOC(MSHV_IOC_READ | MSHV_IOC_WRITE, number, sizeof(type))

#define MSHV_HV_PAGE_SIZE 4096u

/* ---- device ---- */

#define MSHV_PT_BIT_LAPIC		   0
#define MSHV_PT_BIT_X2APIC		   1
#define MSHV_PT_BIT_GPA_SUPER_PAGES	   2
#define MSHV_PT_BIT_CPU_AND_XSAVE_FEATURES 3 /* the v2 structure follows */
#define MSHV_PT_BIT_NESTED_VIRTUALIZATION  4
#define MSHV_PT_BIT_SMT_ENABLED_GUEST	   5
#define MSHV_PT_FLAGS_MASK		   0x3fULL

#define MSHV_PT_ISOLATION_NONE	    0ULL
#define MSHV_NUM_CPU_FEATURES_BANKS 2

struct mshv_create_partition {
	uint64_t pt_flags; /* 1 << MSHV_PT_BIT_* */
	uint64_t pt_isolation;
};
ABI_SIZE(struct mshv_create_partition, 16);

/* Same ioctl number; read when MSHV_PT_BIT_CPU_AND_XSAVE_FEATURES is set. */
struct mshv_create_partition_v2 {
	uint64_t pt_flags;
	uint64_t pt_isolation;
	uint16_t pt_num_cpu_fbanks; /* MSHV_NUM_CPU_FEATURES_BANKS */
	uint8_t pt_rsvd[6];
	uint64_t pt_cpu_fbanks[MSHV_NUM_CPU_FEATURES_BANKS]; /* disabled */
	uint64_t pt_rsvd1[2];
	uint64_t pt_disabled_xsave;
};
ABI_SIZE(struct mshv_create_partition_v2, 64);
ABI_OFFSET(struct mshv_create_partition_v2, pt_cpu_fbanks, 24);
ABI_OFFSET(struct mshv_create_partition_v2, pt_disabled_xsave, 56);

/* Returns the partition's file descriptor. */
#define MSHV_CREATE_PARTITION MSHV_IOW(0x00, struct mshv_create_partition)

/* Device, partition and vp descriptors; the kernel puts the partition id in. */
struct mshv_root_hvcall {
	uint16_t code;	/* HVCALL_* */
	uint16_t reps;	/* in: count; out: completed */
	uint16_t in_sz; /* with the elements; <= 4096 */
	uint16_t out_sz;
	uint16_t status; /* out: HV_STATUS_* */
	uint8_t rsvd[6];
	uint64_t in_ptr;
	uint64_t out_ptr;
};
ABI_SIZE(struct mshv_root_hvcall, 32);
ABI_OFFSET(struct mshv_root_hvcall, in_ptr, 16);
#define MSHV_ROOT_HVCALL MSHV_IOWR(0x07, struct mshv_root_hvcall)

/* ---- partition ---- */

#define MSHV_INITIALIZE_PARTITION MSHV_IO(0x00)

struct mshv_create_vp {
	uint32_t vp_index;
};
ABI_SIZE(struct mshv_create_vp, 4);
#define MSHV_CREATE_VP MSHV_IOW(0x01, struct mshv_create_vp)

#define MSHV_SET_MEM_BIT_WRITABLE   0
#define MSHV_SET_MEM_BIT_EXECUTABLE 1
#define MSHV_SET_MEM_BIT_UNMAP	    2
#define MSHV_SET_MEM_FLAGS_MASK	    0x7u

struct mshv_user_mem_region {
	uint64_t size; /* bytes, whole pages */
	uint64_t guest_pfn;
	uint64_t userspace_addr; /* page aligned */
	uint8_t flags;		 /* 1 << MSHV_SET_MEM_BIT_* */
	uint8_t rsvd[7];
};
ABI_SIZE(struct mshv_user_mem_region, 32);
#define MSHV_SET_GUEST_MEMORY MSHV_IOW(0x02, struct mshv_user_mem_region)

#define MSHV_IRQFD_BIT_DEASSIGN 0
#define MSHV_IRQFD_BIT_RESAMPLE 1
#define MSHV_IRQFD_FLAGS_MASK	0x3u

struct mshv_user_irqfd {
	int32_t fd;
	int32_t resamplefd;
	uint32_t gsi;
	uint32_t flags; /* 1 << MSHV_IRQFD_BIT_* */
};
ABI_SIZE(struct mshv_user_irqfd, 16);
#define MSHV_IRQFD MSHV_IOW(0x03, struct mshv_user_irqfd)

#define MSHV_IOEVENTFD_BIT_DATAMATCH 0
#define MSHV_IOEVENTFD_BIT_PIO	     1
#define MSHV_IOEVENTFD_BIT_DEASSIGN  2
#define MSHV_IOEVENTFD_FLAGS_MASK    0x7u

struct mshv_user_ioeventfd {
	uint64_t datamatch;
	uint64_t addr;
	uint32_t len; /* 1, 2, 4 or 8; 0: any */
	int32_t fd;
	uint32_t flags; /* 1 << MSHV_IOEVENTFD_BIT_* */
	uint8_t rsvd[4];
};
ABI_SIZE(struct mshv_user_ioeventfd, 32);
#define MSHV_IOEVENTFD MSHV_IOW(0x04, struct mshv_user_ioeventfd)

struct mshv_user_irq_entry {
	uint32_t gsi;
	uint32_t address_lo;
	uint32_t address_hi;
	uint32_t data;
};
ABI_SIZE(struct mshv_user_irq_entry, 16);

#define MSHV_MAX_GUEST_IRQS 4096u

struct mshv_user_irq_table {
	uint32_t nr;
	uint32_t rsvd;
	struct mshv_user_irq_entry entries[];
};
ABI_SIZE(struct mshv_user_irq_table, 8);
#define MSHV_SET_MSI_ROUTING MSHV_IOW(0x05, struct mshv_user_irq_table)

#define MSHV_GPAP_ACCESS_TYPE_ACCESSED 0
#define MSHV_GPAP_ACCESS_TYPE_DIRTY    1
#define MSHV_GPAP_ACCESS_OP_NOOP       0
#define MSHV_GPAP_ACCESS_OP_CLEAR      1
#define MSHV_GPAP_ACCESS_OP_SET	       2

struct mshv_gpap_access_bitmap {
	uint8_t access_type; /* MSHV_GPAP_ACCESS_TYPE_* */
	uint8_t access_op;   /* MSHV_GPAP_ACCESS_OP_*, after reading */
	uint8_t rsvd[6];
	uint64_t page_count;
	uint64_t gpap_base;  /* page number */
	uint64_t bitmap_ptr; /* (page_count + 7) / 8 bytes */
};
ABI_SIZE(struct mshv_gpap_access_bitmap, 32);
#define MSHV_GET_GPAP_ACCESS_BITMAP                                            \
	MSHV_IOWR(0x06, struct mshv_gpap_access_bitmap)

/* ---- virtual processor ---- */

#define MSHV_RUN_VP_BUF_SZ 256u

struct mshv_run_vp {
	uint8_t msg_buf[MSHV_RUN_VP_BUF_SZ]; /* struct hv_message */
};
ABI_SIZE(struct mshv_run_vp, 256);
#define MSHV_RUN_VP MSHV_IOR(0x00, struct mshv_run_vp)

#define MSHV_VP_STATE_LAPIC	       0
#define MSHV_VP_STATE_XSAVE	       1
#define MSHV_VP_STATE_SIMP	       2
#define MSHV_VP_STATE_SIEFP	       3
#define MSHV_VP_STATE_SYNTHETIC_TIMERS 4
#define MSHV_VP_STATE_COUNT	       5

struct mshv_get_set_vp_state {
	uint8_t type; /* MSHV_VP_STATE_* */
	uint8_t rsvd[3];
	uint32_t buf_sz;  /* whole pages; out: bytes of data */
	uint64_t buf_ptr; /* page aligned */
};
ABI_SIZE(struct mshv_get_set_vp_state, 16);
#define MSHV_GET_VP_STATE MSHV_IOWR(0x01, struct mshv_get_set_vp_state)
#define MSHV_SET_VP_STATE MSHV_IOWR(0x02, struct mshv_get_set_vp_state)

/* mmap of a vp descriptor: one page, at offset MSHV_VP_MMAP_OFFSET_* pages */
#define MSHV_VP_MMAP_OFFSET_REGISTERS	      0
#define MSHV_VP_MMAP_OFFSET_INTERCEPT_MESSAGE 1
#define MSHV_VP_MMAP_OFFSET_GHCB	      2

/* ---- Bulkhead's additions: numbers from 0x80; probe before use ---- */

#define MSHV_BULKHEAD_VERSION	      1u
#define MSHV_BULKHEAD_EVENT_PORT      (1ULL << 0)
#define MSHV_BULKHEAD_PARTITION_STATS (1ULL << 1)
#define MSHV_BULKHEAD_HV_LOG	      (1ULL << 2)
#define MSHV_BULKHEAD_SCHEDULE	      (1ULL << 3)

/* Device descriptor. Absent: ENOTTY. */
struct mshv_bulkhead_probe {
	uint32_t version; /* MSHV_BULKHEAD_VERSION */
	uint32_t rsvd;
	uint64_t features; /* MSHV_BULKHEAD_*: ioctls that work here */
};
ABI_SIZE(struct mshv_bulkhead_probe, 16);
#define MSHV_BULKHEAD_PROBE MSHV_IOR(0x80, struct mshv_bulkhead_probe)

/* Device descriptor: the hypervisor's log from a cursor on (0: oldest). */
struct mshv_hv_log {
	uint64_t cursor; /* in: where; out: where to go on */
	uint64_t lost;	 /* out: bytes overwritten unread */
	uint64_t buf_ptr;
	uint32_t buf_sz; /* in: room; out: bytes stored */
	uint32_t rsvd;
};
ABI_SIZE(struct mshv_hv_log, 32);
#define MSHV_HV_LOG MSHV_IOWR(0x81, struct mshv_hv_log)

#define MSHV_EVENT_PORT_BIT_DEASSIGN 0

/*
 * Partition descriptor: the guest's SignalEvent to connection_id adds one to
 * the eventfd and leaves the vp running. With DEASSIGN, fd is ignored.
 */
struct mshv_event_port {
	uint32_t connection_id; /* 24 bits */
	uint32_t flags;		/* 1 << MSHV_EVENT_PORT_BIT_* */
	int32_t fd;
	uint32_t rsvd;
};
ABI_SIZE(struct mshv_event_port, 16);
#define MSHV_EVENT_PORT MSHV_IOW(0x82, struct mshv_event_port)

/* Partition descriptor. */
struct mshv_partition_stats {
	uint32_t vp_index; /* in; all ones: sum over the partition */
	uint32_t rsvd;
	struct bulkhead_stats stats; /* out */
};
ABI_SIZE(struct mshv_partition_stats, 8 + sizeof(struct bulkhead_stats));
#define MSHV_PARTITION_STATS MSHV_IOWR(0x83, struct mshv_partition_stats)

/* Partition descriptor. */
struct mshv_schedule {
	struct bulkhead_schedule schedule;
};
ABI_SIZE(struct mshv_schedule, 24);
#define MSHV_SET_SCHEDULE MSHV_IOW(0x84, struct mshv_schedule)
