/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The architectural registers a VMCB holds, by their TLFS names. */
#include "../../x86/cpu.h"
#include "svm.h"

#define ATTRIBUTE_DPL_SHIFT 5
#define ATTRIBUTE_DPL	    (3u << ATTRIBUTE_DPL_SHIFT)

#define CR0_NW	  BIT(29)
#define CR0_CD	  BIT(30)
#define DR6_FIXED 0xffff0ff0u
#define DR7_FIXED BIT(10)

/* Whether silicon takes the value. */
static bool any(uint64_t value)
{
	(void)value;
	return true;
}

static bool word(uint64_t value)
{
	return !(value >> 32);
}

static bool canonical(uint64_t value)
{
	return value + BIT(47) < BIT(48);
}

static bool cr0_valid(uint64_t value)
{
	return word(value) && !(value & CR0_NW && !(value & CR0_CD));
}

static bool cr3_valid(uint64_t value)
{
	return !(value & ~svm_features()->cr3);
}

static bool cr4_valid(uint64_t value)
{
	return !(value & ~svm_features()->cr4);
}

/* The vendor's own bit is not the caller's to see or set. */
static bool efer_valid(uint64_t value)
{
	return !(value & ~svm_features()->efer);
}

/* Eight memory types: UC, WC, WT, WP, WB, UC-. */
static bool pat_valid(uint64_t value)
{
	for (; value; value >>= 8) {
		unsigned int type = value & 0xff;

		if (type > 7 || type == 2 || type == 3)
			return false;
	}
	return true;
}

/* A register within the VMCB. */
struct field {
	uint16_t offset; /* 0: there is no such register */
	enum {
		QUADWORD,
		SEGMENT,
		TABLE,
	} kind;
	bool loaded;	 /* kept in silicon while the vp is switched to */
	uint32_t fixed;	 /* bits that read as one always */
	uint64_t hidden; /* ours, kept when the rest is set */
	bool (*valid)(uint64_t value); /* QUADWORD */
};

/* By the two halves of their TLFS names. */
#define GROUPS	(HV_REGISTER_EFER / 0x10000 + 1)
#define MEMBERS 16

#define FIELD(name, member, ...)                                               \
	[HV_REGISTER_##name / 0x10000][HV_REGISTER_##name % 0x10000] = {       \
		.offset = offsetof(struct vmcb, member), __VA_ARGS__}
#define MSR(name, member, check)                                               \
	FIELD(name, member, .valid = check, .loaded = true)

static const struct field fields[GROUPS][MEMBERS] = {
	FIELD(CR0, cr0, .valid = cr0_valid),
	FIELD(CR2, cr2, .valid = any),
	FIELD(CR3, cr3, .valid = cr3_valid),
	FIELD(CR4, cr4, .valid = cr4_valid),
	FIELD(DR6, dr6, .valid = word, .fixed = DR6_FIXED),
	FIELD(DR7, dr7, .valid = word, .fixed = DR7_FIXED),
	FIELD(ES, es, .kind = SEGMENT),
	FIELD(CS, cs, .kind = SEGMENT),
	FIELD(SS, ss, .kind = SEGMENT),
	FIELD(DS, ds, .kind = SEGMENT),
	FIELD(FS, fs, .kind = SEGMENT, .loaded = true),
	FIELD(GS, gs, .kind = SEGMENT, .loaded = true),
	FIELD(LDTR, ldtr, .kind = SEGMENT, .loaded = true),
	FIELD(TR, tr, .kind = SEGMENT, .loaded = true),
	FIELD(IDTR, idtr, .kind = TABLE),
	FIELD(GDTR, gdtr, .kind = TABLE),
	FIELD(EFER, efer, .valid = efer_valid, .hidden = SVM_EFER_SVME),
	FIELD(PAT, pat, .valid = pat_valid),
	MSR(KERNEL_GS_BASE, kernel_gs_base, canonical),
	MSR(SYSENTER_CS, sysenter_cs, any),
	MSR(SYSENTER_EIP, sysenter_eip, canonical),
	MSR(SYSENTER_ESP, sysenter_esp, canonical),
	MSR(STAR, star, any),
	MSR(LSTAR, lstar, canonical),
	MSR(CSTAR, cstar, canonical),
	MSR(SFMASK, sfmask, any),
};

/* Where the register is kept in the VMCB, up to date; NULL: there is none. */
static void *field_at(struct svm_vp *vp, uint32_t name,
		      const struct field **field)
{
	uint32_t group = name / 0x10000, member = name % 0x10000;

	if (group >= GROUPS || member >= MEMBERS ||
	    !fields[group][member].offset)
		return NULL;
	*field = &fields[group][member];
	if ((*field)->loaded)
		svm_vp_save(vp);
	return (char *)vp->vmcb + (*field)->offset;
}

static void segment_get(const struct svm_vp *vp, uint32_t name,
			const struct vmcb_segment *from,
			struct hv_segment_register *to)
{
	unsigned int attributes = from->attributes;

	/* Above the waist SS says the privilege level; here the VMCB does. */
	if (name == HV_REGISTER_SS)
		attributes = (attributes & ~ATTRIBUTE_DPL) |
			     (unsigned int)vp->vmcb->cpl << ATTRIBUTE_DPL_SHIFT;
	*to = (struct hv_segment_register){
		.base = from->base,
		.limit = from->limit,
		.selector = from->selector,
		.attributes = (uint16_t)((attributes & 0xff) |
					 (attributes & 0xf00) << 4),
	};
}

static void segment_set(struct svm_vp *vp, uint32_t name,
			const struct hv_segment_register *from,
			struct vmcb_segment *to)
{
	*to = (struct vmcb_segment){
		.base = from->base,
		.limit = from->limit,
		.selector = from->selector,
		.attributes = (uint16_t)((from->attributes & 0xff) |
					 (from->attributes >> 4 & 0xf00)),
	};
	if (name != HV_REGISTER_SS)
		return;
	vp->vmcb->cpl = (uint8_t)(from->attributes >> ATTRIBUTE_DPL_SHIFT & 3);
	vp->virt.registers.cpl = vp->vmcb->cpl;
}

bool svm_vp_get(struct virt_vp *virt_vp, uint32_t name,
		struct hv_register_value *value)
{
	struct svm_vp *vp = svm_vp(virt_vp);
	const struct field *field;
	const void *at = field_at(vp, name, &field);
	const struct vmcb_segment *segment = at;

	*value = (struct hv_register_value){0};
	if (!at)
		return false;
	if (field->kind == SEGMENT) {
		segment_get(vp, name, segment, &value->segment);
	} else if (field->kind == TABLE) {
		value->table.base = segment->base;
		value->table.limit = (uint16_t)segment->limit;
	} else {
		value->u64 = *(const uint64_t *)at & ~field->hidden;
	}
	return true;
}

bool svm_vp_set(struct virt_vp *virt_vp, uint32_t name,
		const struct hv_register_value *value)
{
	struct svm_vp *vp = svm_vp(virt_vp);
	const struct field *field;
	void *at = field_at(vp, name, &field);
	struct vmcb_segment *segment = at;
	uint64_t *quadword = at;

	if (!at || (field->valid && !field->valid(value->u64)))
		return false;
	if (field->kind == SEGMENT) {
		segment_set(vp, name, &value->segment, segment);
	} else if (field->kind == TABLE) {
		segment->base = value->table.base;
		segment->limit = value->table.limit;
	} else {
		*quadword =
			(*quadword & field->hidden) | value->u64 | field->fixed;
	}
	if (field->loaded)
		svm_vp_load(vp);
	return true;
}

/* APM volume 2, 14.1.3: initial processor state. */
void svm_vp_reset(struct virt_vp *virt_vp)
{
	const struct vmcb_segment data = {.attributes = 0x93, .limit = 0xffff};
	struct svm_vp *vp = svm_vp(virt_vp);
	struct vmcb *vmcb = vp->vmcb;
	uint32_t cpuid[4];

	svm_vp_save(vp);
	vmcb->es = vmcb->cs = vmcb->ss = vmcb->ds = vmcb->fs = vmcb->gs = data;
	vmcb->gdtr = vmcb->ldtr = vmcb->idtr = vmcb->tr = data;
	vmcb->cs.selector = 0xf000;
	vmcb->cs.base = 0xffff0000;
	vmcb->cs.attributes = 0x9b;
	vmcb->ldtr.attributes = 0x82;
	vmcb->tr.attributes = 0x8b;
	vmcb->cpl = 0;
	vmcb->cr0 = 0x60000010;
	vmcb->cr2 = vmcb->cr3 = vmcb->cr4 = 0;
	vmcb->efer = SVM_EFER_SVME;
	vmcb->dr6 = DR6_FIXED;
	vmcb->dr7 = DR7_FIXED;
	vmcb->interrupt_shadow = 0;
	svm_vp_load(vp);

	cpu_cpuid(1, 0, cpuid);
	virt_vp->registers = (struct virt_registers){
		.gpr[VIRT_RDX] = cpuid[0], /* family, model, stepping */
		.rip = 0xfff0,
		.rflags = 2,
	};
}
