/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A virtual processor: its VMCB from creation to the end. */
#include "../../x86/cpu.h"
#include "svm.h"

_Static_assert(sizeof(struct svm_vp) <= PAGE_SIZE, "a vp fits one page");

/* Exits of every partition. */
#define INTERCEPT_3                                                            \
	(SVM_INTERCEPT(INTR) | SVM_INTERCEPT(NMI) | SVM_INTERCEPT(SMI) |       \
	 SVM_INTERCEPT(INIT) | SVM_INTERCEPT(CPUID) | SVM_INTERCEPT(INVD) |    \
	 SVM_INTERCEPT(HLT) | SVM_INTERCEPT(INVLPGA) | SVM_INTERCEPT(IOIO) |   \
	 SVM_INTERCEPT(MSR) | SVM_INTERCEPT(VINTR) | SVM_INTERCEPT(SHUTDOWN))

#define INTERCEPT_4                                                            \
	(SVM_INTERCEPT(VMRUN) | SVM_INTERCEPT(VMMCALL) |                       \
	 SVM_INTERCEPT(VMLOAD) | SVM_INTERCEPT(VMSAVE) | SVM_INTERCEPT(STGI) | \
	 SVM_INTERCEPT(CLGI) | SVM_INTERCEPT(SKINIT) |                         \
	 SVM_INTERCEPT(MONITOR) | SVM_INTERCEPT(MWAIT) |                       \
	 SVM_INTERCEPT(XSETBV))

/*
 * An alignment check or debug trap whose delivery raises the same again keeps
 * the processor busy for ever, deaf to interrupts, unless it exits
 * (CVE-2015-5307, CVE-2015-8104). Only children are suspected of that.
 */
#define INTERCEPT_2 (1u << 1 | 1u << 17)

/* The VMCB's rows for VMLOAD: FS, GS, TR, LDTR, STAR.., SYSENTER.. */
static void vmload(spa_t vmcb)
{
	__asm__ volatile("vmload %0" : : "a"(vmcb.value) : "memory");
}

static void vmsave(spa_t vmcb)
{
	__asm__ volatile("vmsave %0" : : "a"(vmcb.value) : "memory");
}

static void intercepts_init(struct svm_vp *vp,
			    const struct virt_vp_config *config)
{
	struct vmcb *vmcb = vp->vmcb;

	vp->intercept_3 = INTERCEPT_3;
	vmcb->intercept_4 = INTERCEPT_4;
	if (!config->parent) {
		vp->intercept_2 = INTERCEPT_2;
		vp->intercept_3 |= SVM_INTERCEPT(FERR_FREEZE);
		vmcb->intercept_4 |= SVM_INTERCEPT(WBINVD);
	}
	vmcb->intercept_3 = vp->intercept_3;
	vmcb->intercept_exception = vp->intercept_2;
	svm_permission_set(vmcb, config);
	vmcb->virtual_interrupt = SVM_V_BASE;
	vmcb->nested_control = SVM_NESTED_PAGING;
	vmcb->nested_cr3 = config->space->root.value;
}

struct virt_vp *svm_vp_create(const struct virt_vp_config *config)
{
	struct page_source *pages = config->pages;
	struct svm_vp *vp;
	spa_t page, vmcb;

	if (!svm_space_start(config->space))
		return NULL;
	page = pages->take(pages);
	if (!page.value)
		return NULL;
	vmcb = pages->take(pages);
	if (!vmcb.value) {
		pages->give(pages, page);
		return NULL;
	}

	vp = cpu_map(page);
	vp->page = page;
	vp->vmcb = cpu_map(vmcb);
	vp->vmcb_spa = vmcb;
	vp->next_rip = svm_features()->next_rip;
	intercepts_init(vp, config);
	vp->vmcb->pat = 0x0007040600070406;
	svm_vp_reset(&vp->virt);
	return &vp->virt;
}

void svm_vp_destroy(struct virt_vp *virt_vp, struct page_source *pages)
{
	struct svm_vp *vp = svm_vp(virt_vp);

	pages->give(pages, vp->vmcb_spa);
	pages->give(pages, vp->page);
}

void svm_vp_save(struct svm_vp *vp)
{
	if (vp->lp)
		vmsave(vp->vmcb_spa);
}

void svm_vp_load(struct svm_vp *vp)
{
	if (vp->lp)
		vmload(vp->vmcb_spa);
}

void svm_vp_switch(struct virt_vp *from, struct virt_vp *to)
{
	if (from) {
		svm_vp_save(svm_vp(from));
		svm_vp(from)->lp = NULL;
	}
	if (to) {
		svm_vp(to)->lp = svm_lp();
		svm_asid_doubt(&svm_vp(to)->asid, SVM_ASID_MOVED);
		svm_vp_load(svm_vp(to));
	}
}

void svm_vp_flush(struct virt_vp *vp)
{
	svm_asid_doubt(&svm_vp(vp)->asid, SVM_ASID_STALE);
}
