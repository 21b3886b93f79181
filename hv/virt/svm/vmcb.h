/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The virtual machine control block (APM volume 2, appendix B) and its bits. */
#pragma once

#include "../../lib/types.h"

/* Intercept words 0 to 2: a bit each for control, debug, exception. */
#define SVM_INTERCEPT_CR8_WRITE	     (1u << (16 + 8))
#define SVM_INTERCEPT_ALL_EXCEPTIONS 0xffffffffu

/* Words 3 and 4: a bit for each exit, 60h to 7fh and 80h to 9fh. */
#define SVM_INTERCEPT(exit) (1u << SVM_EXIT_##exit % 32)

/* tlb_control */
#define SVM_TLB_KEEP	   0
#define SVM_TLB_FLUSH_ALL  1
#define SVM_TLB_FLUSH_ASID 3

/* virtual_interrupt: the quadword at 60h; V_TPR is its low byte. */
#define SVM_V_TPR	    0xffull
#define SVM_V_IRQ	    BIT(8)
#define SVM_V_INTR_PRIORITY (0xfull << 16)
#define SVM_V_IGNORE_TPR    BIT(20)
#define SVM_V_INTR_MASKING  BIT(24)
#define SVM_V_VECTOR_SHIFT  32

#define SVM_INTERRUPT_SHADOW BIT(0)

/* event_injection and exit_interrupt_info share one layout. */
#define SVM_EVENT_VECTOR      0xffull
#define SVM_EVENT_TYPE_SHIFT  8
#define SVM_EVENT_TYPE	      (7ull << SVM_EVENT_TYPE_SHIFT)
#define SVM_EVENT_HAS_ERROR   BIT(11)
#define SVM_EVENT_VALID	      BIT(31)
#define SVM_EVENT_ERROR_SHIFT 32

#define SVM_NESTED_PAGING BIT(0)

/* exit_code, compared as 32 bits: not every processor writes the upper ones. */
enum svm_exit_code {
	SVM_EXIT_CR8_WRITE = 0x18,
	SVM_EXIT_EXCEPTION = 0x40, /* + vector, up to 5f */
	SVM_EXIT_INTR = 0x60,
	SVM_EXIT_NMI = 0x61,
	SVM_EXIT_SMI = 0x62,
	SVM_EXIT_INIT = 0x63,
	SVM_EXIT_VINTR = 0x64,
	SVM_EXIT_PUSHF = 0x70,
	SVM_EXIT_POPF = 0x71,
	SVM_EXIT_CPUID = 0x72,
	SVM_EXIT_IRET = 0x74,
	SVM_EXIT_SOFTWARE_INTERRUPT = 0x75,
	SVM_EXIT_INVD = 0x76,
	SVM_EXIT_HLT = 0x78,
	SVM_EXIT_INVLPGA = 0x7a,
	SVM_EXIT_IOIO = 0x7b,
	SVM_EXIT_MSR = 0x7c,
	SVM_EXIT_FERR_FREEZE = 0x7e,
	SVM_EXIT_SHUTDOWN = 0x7f,
	SVM_EXIT_VMRUN = 0x80,
	SVM_EXIT_VMMCALL = 0x81,
	SVM_EXIT_VMLOAD = 0x82,
	SVM_EXIT_VMSAVE = 0x83,
	SVM_EXIT_STGI = 0x84,
	SVM_EXIT_CLGI = 0x85,
	SVM_EXIT_SKINIT = 0x86,
	SVM_EXIT_WBINVD = 0x89,
	SVM_EXIT_MONITOR = 0x8a,
	SVM_EXIT_MWAIT = 0x8b,
	SVM_EXIT_XSETBV = 0x8d,
	SVM_EXIT_NESTED_PAGE_FAULT = 0x400,
};

/* exit_info_1 of IOIO. */
#define SVM_IOIO_IN	       BIT(0)
#define SVM_IOIO_STRING	       BIT(2)
#define SVM_IOIO_REPEAT	       BIT(3)
#define SVM_IOIO_SIZE_SHIFT    4 /* one bit each for 1, 2 and 4 bytes */
#define SVM_IOIO_SIZE_MASK     7
#define SVM_IOIO_SEGMENT_SHIFT 10
#define SVM_IOIO_SEGMENT_MASK  7
#define SVM_IOIO_PORT_SHIFT    16

/* exit_info_1 of a nested page fault. */
#define SVM_NPF_WRITE	  BIT(1)
#define SVM_NPF_FETCH	  BIT(4)
#define SVM_NPF_PAGE_WALK BIT(33)

struct vmcb_segment {
	uint16_t selector;
	uint16_t attributes; /* descriptor bits 55:52 and 47:40, packed */
	uint32_t limit;
	uint64_t base;
};

struct vmcb {
	/* Control area */
	uint32_t intercept_control;   /* CR reads 15:0, CR writes 31:16 */
	uint32_t intercept_debug;     /* DR reads 15:0, DR writes 31:16 */
	uint32_t intercept_exception; /* by vector */
	uint32_t intercept_3;
	uint32_t intercept_4;
	uint32_t intercept_5;
	uint8_t reserved_018[0x24];
	uint16_t pause_threshold;
	uint16_t pause_count;
	uint64_t io_permissions;
	uint64_t msr_permissions;
	uint64_t tsc_offset;
	uint32_t asid;
	uint8_t tlb_control;
	uint8_t reserved_05d[3];
	union {
		uint64_t virtual_interrupt;
		uint8_t virtual_tpr;
	};
	uint64_t interrupt_shadow;
	uint64_t exit_code;
	uint64_t exit_info_1;
	uint64_t exit_info_2;
	uint64_t exit_interrupt_info;
	uint64_t nested_control;
	uint8_t reserved_098[0x10];
	uint64_t event_injection;
	uint64_t nested_cr3;
	uint64_t lbr_control;
	uint32_t clean;
	uint32_t reserved_0c4;
	uint64_t next_rip;
	uint8_t byte_count;
	uint8_t bytes[15];
	uint8_t reserved_0e0[0x320];

	/* State save area */
	struct vmcb_segment es, cs, ss, ds, fs, gs;
	struct vmcb_segment gdtr, ldtr, idtr, tr;
	uint8_t reserved_4a0[0x2b];
	uint8_t cpl;
	uint32_t reserved_4cc;
	uint64_t efer;
	uint8_t reserved_4d8[0x70];
	uint64_t cr4, cr3, cr0, dr7, dr6, rflags, rip;
	uint8_t reserved_580[0x58];
	uint64_t rsp;
	uint8_t reserved_5e0[0x18];
	uint64_t rax;
	uint64_t star, lstar, cstar, sfmask, kernel_gs_base;
	uint64_t sysenter_cs, sysenter_esp, sysenter_eip;
	uint64_t cr2;
	uint8_t reserved_648[0x20];
	uint64_t pat;
	uint8_t reserved_670[0x990];
};

_Static_assert(sizeof(struct vmcb_segment) == 16, "size of a segment");
_Static_assert(sizeof(struct vmcb) == PAGE_SIZE, "size of the VMCB");

#define VMCB_OFFSET(field, bytes)                                              \
	_Static_assert(offsetof(struct vmcb, field) == (bytes), #field)

/* Whatever stands between two of these cannot be elsewhere either. */
VMCB_OFFSET(intercept_5, 0x014);
VMCB_OFFSET(pause_threshold, 0x03c);
VMCB_OFFSET(tsc_offset, 0x050);
VMCB_OFFSET(tlb_control, 0x05c);
VMCB_OFFSET(virtual_tpr, 0x060);
VMCB_OFFSET(nested_control, 0x090);
VMCB_OFFSET(event_injection, 0x0a8);
VMCB_OFFSET(clean, 0x0c0);
VMCB_OFFSET(bytes, 0x0d1);
VMCB_OFFSET(es, 0x400);
VMCB_OFFSET(tr, 0x490);
VMCB_OFFSET(cpl, 0x4cb);
VMCB_OFFSET(efer, 0x4d0);
VMCB_OFFSET(cr4, 0x548);
VMCB_OFFSET(rip, 0x578);
VMCB_OFFSET(rsp, 0x5d8);
VMCB_OFFSET(rax, 0x5f8);
VMCB_OFFSET(cr2, 0x640);
VMCB_OFFSET(pat, 0x668);
