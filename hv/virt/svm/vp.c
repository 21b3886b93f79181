/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A virtual processor: its VMCB from creation to the end. */
#include "../../x86/cpu.h"
#include "svm.h"

_Static_assert(sizeof(struct svm_vp) <= PAGE_SIZE, "a vp fits one page");

/* Exits of every partition. */
#define INTERCEPT_3                                                            \
	(SVM_INTERCEPT_INTR | SVM_INTERCEPT_NMI | SVM_INTERCEPT_SMI |          \
	 SVM_INTERCEPT_INIT | SVM_INTERCEPT_CPUID | SVM_INTERCEPT_INVD |       \
	 SVM_INTERCEPT_HLT | SVM_INTERCEPT_INVLPGA | SVM_INTERCEPT_IOIO |      \
	 SVM_INTERCEPT_MSR | SVM_INTERCEPT_VINTR | SVM_INTERCEPT_SHUTDOWN)

#define INTERCEPT_4                                                            \
	(SVM_INTERCEPT_VMRUN | SVM_INTERCEPT_VMMCALL | SVM_INTERCEPT_VMLOAD |  \
	 SVM_INTERCEPT_VMSAVE | SVM_INTERCEPT_STGI | SVM_INTERCEPT_CLGI |      \
	 SVM_INTERCEPT_SKINIT | SVM_INTERCEPT_MONITOR | SVM_INTERCEPT_MWAIT |  \
	 SVM_INTERCEPT_XSETBV)

/*
 * An alignment check or debug trap whose delivery raises the same again keeps
 * the processor busy for ever, deaf to interrupts, unless it exits
 * (CVE-2015-5307, CVE-2015-8104). Only children are suspected of that.
 */
#define INTERCEPT_2 (BIT(1) | BIT(17))

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

	vp->exceptions = config->exceptions;
	vp->intercept_2 = config->exceptions;
	vp->intercept_3 = (uint32_t)INTERCEPT_3;
	vmcb->intercept_4 = (uint32_t)INTERCEPT_4;
	if (!config->parent) {
		vp->intercept_2 |= (uint32_t)INTERCEPT_2;
		vp->intercept_3 |= (uint32_t)SVM_INTERCEPT_FERR_FREEZE;
		vmcb->intercept_4 |= (uint32_t)SVM_INTERCEPT_WBINVD;
	} else if (config->own_port) {
		svm_permission_trap_ports(config->own_port);
	}
	vmcb->intercept_3 = vp->intercept_3;
	vmcb->intercept_exception = vp->intercept_2;
	vmcb->io_permissions = svm_permission_io(config->parent).value;
	vmcb->msr_permissions = svm_permission_msr(config->parent).value;
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
	svm_registers_reset(vp);
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
		svm_vp_load(svm_vp(to));
	}
}

void svm_vp_flush(struct virt_vp *vp)
{
	svm_asid_flush(&svm_vp(vp)->asid);
}
