/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The waist: all that the core knows of AMD SVM, Intel VT-x or a fake one.
 * A back end answers neutral questions and calls nothing in the core.
 *
 * Rules for both sides:
 * - A vp is touched by one logical processor at a time; the core sees to it.
 * - While a vp is the one of a logical processor (vp_switch()) parts of its
 * state may be in silicon; only that logical processor may use it then.
 * - A failing call changes nothing.
 */
#pragma once

#include "../../abi/hypercall.h"
#include "../../abi/register.h"
#include "../lib/pages.h"
#include "../lib/types.h"

enum virt_gpr {
	VIRT_RAX,
	VIRT_RCX,
	VIRT_RDX,
	VIRT_RBX,
	VIRT_RSP,
	VIRT_RBP,
	VIRT_RSI,
	VIRT_RDI,
	VIRT_R8,
	VIRT_R9,
	VIRT_R10,
	VIRT_R11,
	VIRT_R12,
	VIRT_R13,
	VIRT_R14,
	VIRT_R15,
	VIRT_GPRS
};

/* What every intercept reads or writes; valid whenever the vp is not inside
 * vp_run(), and taken over at the next vp_run(). */
struct virt_registers {
	uint64_t gpr[VIRT_GPRS]; /* by enum virt_gpr, the encoding's order */
	uint64_t rip;
	uint64_t rflags;
	uint8_t cr8;	       /* task priority, 0..15; the APIC's TPR / 16 */
	uint8_t cpl;	       /* read only */
	bool interrupt_shadow; /* read only: after STI or MOV SS */
	bool nmi_masked;       /* an NMI handler has not executed IRET */
};

/* First member of what a back end allocates for a vp. */
struct virt_vp {
	struct virt_registers registers;
};

/* An event to inject, or one whose delivery an intercept interrupted. */
enum virt_event_type {
	VIRT_EVENT_INTERRUPT = 0,
	VIRT_EVENT_NMI = 2,
	VIRT_EVENT_EXCEPTION = 3,
	VIRT_EVENT_SOFTWARE_INTERRUPT = 4,
};

struct virt_event {
	bool valid;
	uint8_t type; /* enum virt_event_type */
	uint8_t vector;
	bool has_error;
	uint32_t error;
	uint8_t instruction_length; /* software interrupts; 0 unknown */
};

enum virt_intercept_kind {
	VIRT_HOST, /* a physical interrupt, NMI or SMI wants service */
	VIRT_INTERRUPT_WINDOW, /* as asked for by vp_window() */
	VIRT_NMI_WINDOW,
	VIRT_CR8_WINDOW, /* CR8 was written (done already) */
	VIRT_CPUID,
	VIRT_MSR,
	VIRT_IO,
	VIRT_GPA,	/* nested page fault */
	VIRT_HYPERCALL, /* VMCALL or VMMCALL, any privilege level */
	VIRT_HALT,
	VIRT_XSETBV,
	VIRT_CACHE,	/* INVD, WBINVD: to be skipped */
	VIRT_UNDEFINED, /* an instruction a partition does not have: #UD */
	VIRT_TRIPLE_FAULT,
	VIRT_FAILED, /* silicon refused the state; data is its code */
	VIRT_KINDS
};

/* Access bits of VIRT_GPA, as in the page-fault error code's idea. */
#define VIRT_ACCESS_READ    BIT(0)
#define VIRT_ACCESS_WRITE   BIT(1)
#define VIRT_ACCESS_EXECUTE BIT(2)

struct virt_io {
	uint16_t port;
	uint8_t size; /* 1, 2 or 4 bytes */
	bool in;
	bool string;
	bool repeat;
	uint8_t segment; /* INS/OUTS source segment, VIRT_SEGMENT_NONE unknown
			  */
};
#define VIRT_SEGMENT_NONE 0xff

struct virt_gpa_access {
	gpa_t gpa;
	uint8_t access; /* VIRT_ACCESS_* */
	bool page_walk; /* by the guest's own page-table walk */
};

struct virt_intercept {
	enum virt_intercept_kind kind;
	uint8_t instruction_length; /* of CPUID, MSR, IO, ...; 0 unknown */
	bool write;		    /* VIRT_MSR */
	uint8_t byte_count;	    /* VIRT_GPA: instruction bytes, 0 none */
	uint8_t bytes[15];
	union {
		uint32_t msr;
		bool long_mode; /* VIRT_HYPERCALL: EFER.LMA */
		struct virt_io io;
		struct virt_gpa_access memory;
		uint64_t data; /* VIRT_XSETBV: the value; VIRT_FAILED: code */
	};
	struct virt_event interrupted; /* delivery to be done again */
};

/* Guest physical address space. The core serializes changes by its lock;
 * silicon may walk at any time, so entries change by single 64-bit stores. */
struct virt_space {
	spa_t root;		   /* SPA(0) until the back end needs it */
	spa_t retired;		   /* the back end's: tables kept for later */
	struct page_source *pages; /* for page-table pages */
};

#define VIRT_MAP_READ	  BIT(0)
#define VIRT_MAP_WRITE	  BIT(1)
#define VIRT_MAP_EXECUTE  BIT(2)
#define VIRT_MAP_UNCACHED BIT(3)

struct virt_mapping {
	gpa_t gpa;
	spa_t spa;
	uint64_t size;	 /* PAGE_SIZE or LARGE_PAGE_SIZE; both aligned to it */
	uint32_t rights; /* VIRT_MAP_* */
};

enum virt_window {
	VIRT_WINDOW_INTERRUPT = 1, /* when an interrupt could be taken */
	VIRT_WINDOW_NMI = 2,	   /* when an NMI could be taken */
	VIRT_WINDOW_CR8 = 4,	   /* when CR8 is written */
};

struct virt_vp_config {
	bool parent; /* ports and most MSRs pass through */
	struct virt_space *space;
	struct page_source *pages;
	uint16_t own_port; /* parent only: base of 8 ports that are trapped */
};

struct virt_backend {
	const char *name;

	/* Whether this processor can do it; the reason for the log if not. */
	bool (*supported)(const char **reason);

	/* Turns it on for this logical processor; page is its to keep. */
	enum hv_status (*lp_start)(spa_t page);

	/*
	 * A vp in the architectural reset state (CS F000:FFF0). NULL when
	 * the pages are exhausted.
	 */
	struct virt_vp *(*vp_create)(const struct virt_vp_config *config);
	void (*vp_destroy)(struct virt_vp *vp, struct page_source *pages);

	/* INIT: that state again; MSRs that INIT spares stay. */
	void (*vp_reset)(struct virt_vp *vp);

	/*
	 * from stops being, to becomes the one this logical processor runs;
	 * either may be NULL. All of from's state is in memory afterwards.
	 */
	void (*vp_switch)(struct virt_vp *from, struct virt_vp *to);

	/* Runs vp, this logical processor's own, until something happens. */
	void (*vp_run)(struct virt_vp *vp, struct virt_intercept *intercept);

	/*
	 * Architectural registers by TLFS name: control, debug 6 and 7,
	 * segments, tables, EFER, PAT, STAR.., SYSENTER.., KERNEL_GS. EFER
	 * without the vendor's own bit. False for a name it does not keep, or
	 * a value silicon would refuse.
	 */
	bool (*vp_get)(struct virt_vp *vp, uint32_t name,
		       struct hv_register_value *value);
	bool (*vp_set)(struct virt_vp *vp, uint32_t name,
		       const struct hv_register_value *value);

	/* Event to deliver at the next vp_run(). One at a time. */
	void (*vp_inject)(struct virt_vp *vp, const struct virt_event *event);

	/* Mask of enum virt_window wanted from the next vp_run() on. */
	void (*vp_window)(struct virt_vp *vp, unsigned int windows);

	/* Moves past the intercepted instruction; ends an interrupt shadow. */
	void (*vp_skip)(struct virt_vp *vp,
			const struct virt_intercept *intercept);

	/* Translations of the vp's space are stale: dropped before it runs.
	 * The one call allowed from any logical processor. */
	void (*vp_flush)(struct virt_vp *vp);

	/*
	 * Maps or remaps; INSUFFICIENT_MEMORY changes nothing. Unmapping a
	 * part of a large page splits it. Lookup fills mapping (gpa, spa: of
	 * the whole leaf) and returns whether anything is there; if not, gpa
	 * and size are of a hole around it.
	 */
	enum hv_status (*space_map)(struct virt_space *space,
				    const struct virt_mapping *mapping);
	enum hv_status (*space_unmap)(struct virt_space *space, gpa_t gpa,
				      uint64_t size);
	bool (*space_lookup)(const struct virt_space *space, gpa_t gpa,
			     struct virt_mapping *mapping);
	/*
	 * Gives at most budget table pages back; true when none is left. Only
	 * when no vp of the space will run again: before that no table page
	 * is given back, whatever is mapped and unmapped.
	 */
	bool (*space_release)(struct virt_space *space, unsigned int budget);
};

extern const struct virt_backend svm_backend;
extern const struct virt_backend *virt;
