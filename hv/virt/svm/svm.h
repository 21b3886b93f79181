/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the AMD SVM back end share. */
#pragma once

#include "../../x86/interrupt.h"
#include "../virt.h"
#include "asid.h"
#include "vmcb.h"

#define SVM_MSR_VM_CR	   0xc0010114u
#define SVM_MSR_HSAVE_PA   0xc0010117u
#define SVM_VM_CR_DISABLED BIT(4)
#define SVM_EXCEPTIONS	   32u
#define SVM_EFER_LMA	   BIT(10)
#define SVM_EFER_SVME	   BIT(12)
#define SVM_SEGMENT_LONG   BIT(9)

/*
 * The window is intercepted, so that V_INTR_VECTOR is not used. With several
 * processors QEMU may bring a V_IRQ back that was over: so the intercept is on
 * at all times but while V_IRQ delivers, and the vector means nothing.
 */
#define SVM_V_BASE                                                             \
	(SVM_V_INTR_MASKING | (uint64_t)INTERRUPT_SPURIOUS                     \
				      << SVM_V_VECTOR_SHIFT)

#define RFLAGS_TF BIT(8)
#define RFLAGS_IF BIT(9)
#define RFLAGS_RF BIT(16)

/* What CPUID says beyond the features that are required. */
struct svm_features {
	uint32_t asids;
	bool flush_one;	    /* flush by ASID */
	bool next_rip;	    /* nRIP is saved at an exit */
	bool decode_assist; /* instruction bytes, segment of string I/O */
	uint64_t efer;	    /* bits of EFER that VMRUN accepts */
	uint64_t cr3;
	uint64_t cr4;
};

/* Why an intercepted instruction is executed by itself (event.c). */
enum svm_step {
	SVM_STEP_IRET,	 /* an NMI handler ends */
	SVM_STEP_CR8,	 /* CR8 is written */
	SVM_STEP_SHADOW, /* an interrupt shadow is over after it */
};

struct svm_vp {
	struct virt_vp virt;
	struct vmcb *vmcb;
	spa_t vmcb_spa;
	spa_t page;		/* this structure's own */
	struct svm_asid_lp *lp; /* whose silicon holds the rest of the state */
	struct svm_asid asid;
	uint32_t intercept_2;	 /* exceptions that are intercepted */
	uint32_t intercept_3;	 /* word 3 with no window asked for */
	bool by_virq;		 /* injected goes in by V_IRQ */
	uint64_t injected;	 /* event_injection of this run, 0 none */
	uint8_t injected_length; /* a software interrupt's */
	uint8_t windows;	 /* enum virt_window */
	bool attention;		 /* the next run is svm_event_run()'s */
	bool next_rip;		 /* as in svm_features */
};

/* The one vp that virt_vp is part of. */
static inline struct svm_vp *svm_vp(struct virt_vp *vp)
{
	return CONTAINER(vp, struct svm_vp, virt);
}

/* svm.c */
const struct svm_features *svm_features(void);
struct svm_asid_lp *svm_lp(void);

/* entry.S: from VMRUN to the exit; gpr is indexed by enum virt_gpr. */
void svm_enter(uint64_t vmcb, uint64_t *gpr);

/* vp.c */
struct virt_vp *svm_vp_create(const struct virt_vp_config *config);
void svm_vp_destroy(struct virt_vp *vp, struct page_source *pages);
void svm_vp_switch(struct virt_vp *from, struct virt_vp *to);
void svm_vp_flush(struct virt_vp *vp);

/* run.c */
void svm_vp_run(struct virt_vp *vp, struct virt_intercept *intercept);
void svm_vp_skip(struct virt_vp *vp, const struct virt_intercept *intercept);

/* Moves FS, GS, TR, LDTR and the MSRs beside them, if vp is switched to. */
void svm_vp_save(struct svm_vp *vp);
void svm_vp_load(struct svm_vp *vp);

/* Whether vp is in 64-bit code. */
static inline bool svm_vp_long_code(const struct svm_vp *vp)
{
	return vp->vmcb->efer & SVM_EFER_LMA &&
	       vp->vmcb->cs.attributes & SVM_SEGMENT_LONG;
}

/* One VMRUN with the ASID in order. */
static inline void svm_vp_enter(struct svm_vp *vp)
{
	struct vmcb *vmcb = vp->vmcb;

	vmcb->tlb_control = SVM_TLB_KEEP;
	if (__builtin_expect(svm_asid_doubtful(&vp->asid), 0)) {
		vmcb->tlb_control = svm_asid_renew(vp->lp, &vp->asid);
		vmcb->asid = vp->asid.asid;
	}
	svm_enter(vp->vmcb_spa.value, vp->virt.registers.gpr);
}

/* registers.c */
void svm_vp_reset(struct virt_vp *vp);
bool svm_vp_get(struct virt_vp *vp, uint32_t name,
		struct hv_register_value *value);
bool svm_vp_set(struct virt_vp *vp, uint32_t name,
		const struct hv_register_value *value);

/* event.c */
void svm_vp_inject(struct virt_vp *vp, const struct virt_event *event);
void svm_vp_window(struct virt_vp *vp, unsigned int windows);

/*
 * Runs a vp that waits for a window or has NMIs masked. False if silicon's
 * exit is to be decoded as usual, true if intercept is filled already.
 */
bool svm_event_run(struct svm_vp *vp, struct virt_intercept *intercept);

/* After a run: the event whose delivery the exit cut short, if any. */
void svm_event_interrupted(struct svm_vp *vp, struct virt_event *event);

/* An exception that was intercepted is given to the guest after all. */
void svm_event_exception(struct svm_vp *vp, struct virt_intercept *intercept);

/* permission.c: tables shared by all partitions of a kind. */
void svm_permission_start(void);
void svm_permission_set(struct vmcb *vmcb, const struct virt_vp_config *config);

/* npt.c */
bool svm_space_start(struct virt_space *space);
enum hv_status svm_space_map(struct virt_space *space,
			     const struct virt_mapping *mapping);
enum hv_status svm_space_unmap(struct virt_space *space, gpa_t gpa,
			       uint64_t size);
bool svm_space_lookup(const struct virt_space *space, gpa_t gpa,
		      struct virt_mapping *mapping);
bool svm_space_release(struct virt_space *space, unsigned int budget);
