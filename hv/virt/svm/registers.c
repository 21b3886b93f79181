/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The architectural registers a VMCB holds, by their TLFS names. */
#include "../../x86/cpu.h"
#include "svm.h"

#define ATTRIBUTE_PRESENT   BIT(7)
#define ATTRIBUTE_DPL_SHIFT 5
#define ATTRIBUTE_DPL	    (3u << ATTRIBUTE_DPL_SHIFT)
#define ATTRIBUTE_GRANULAR  BIT(11)

#define CR0_PE	  BIT(0)
#define CR0_NW	  BIT(29)
#define CR0_CD	  BIT(30)
#define RFLAGS_VM BIT(17)
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
	uint64_t top = value >> 47;

	return top == 0 || top == 0x1ffff;
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

/* A plain quadword of the VMCB. */
struct field {
	bool (*valid)(uint64_t value); /* NULL: there is no such register */
	uint16_t offset;
	bool loaded;	 /* kept in silicon while the vp is switched to */
	uint32_t fixed;	 /* bits that read as one always */
	uint64_t hidden; /* ours, kept when the rest is set */
};

#define AT(member) .offset = offsetof(struct vmcb, member)

static const struct field control[] = {
	[0] = {cr0_valid, AT(cr0)},
	[1] = {any, AT(cr2)},
	[2] = {cr3_valid, AT(cr3)},
	[3] = {cr4_valid, AT(cr4)},
};

static const struct field debug[] = {
	[HV_REGISTER_DR6 & 0xff] = {word, AT(dr6), .fixed = DR6_FIXED},
	[HV_REGISTER_DR7 & 0xff] = {word, AT(dr7), .fixed = DR7_FIXED},
};

#define MSR(name) [HV_REGISTER_##name & 0xff]

static const struct field msrs[] = {
	MSR(EFER) = {efer_valid, AT(efer), .hidden = SVM_EFER_SVME},
	MSR(KERNEL_GS_BASE) = {canonical, AT(kernel_gs_base), .loaded = true},
	MSR(PAT) = {pat_valid, AT(pat)},
	MSR(SYSENTER_CS) = {any, AT(sysenter_cs), .loaded = true},
	MSR(SYSENTER_EIP) = {canonical, AT(sysenter_eip), .loaded = true},
	MSR(SYSENTER_ESP) = {canonical, AT(sysenter_esp), .loaded = true},
	MSR(STAR) = {any, AT(star), .loaded = true},
	MSR(LSTAR) = {canonical, AT(lstar), .loaded = true},
	MSR(CSTAR) = {canonical, AT(cstar), .loaded = true},
	MSR(SFMASK) = {any, AT(sfmask), .loaded = true},
};

struct table {
	const struct field *fields;
	size_t count;
};

static const struct field *field_find(uint32_t name)
{
	static const struct table tables[] = {
		[HV_REGISTER_CR0 >> 16] = {control, ARRAY_SIZE(control)},
		[HV_REGISTER_DR0 >> 16] = {debug, ARRAY_SIZE(debug)},
		[HV_REGISTER_EFER >> 16] = {msrs, ARRAY_SIZE(msrs)},
	};
	const struct table *table =
		&tables[MIN(name >> 16, ARRAY_SIZE(tables) - 1)];
	uint32_t index = name & 0xffff;

	if (name >> 16 >= ARRAY_SIZE(tables) || index >= table->count ||
	    !table->fields[index].valid)
		return NULL;
	return &table->fields[index];
}

static uint64_t *field_at(struct svm_vp *vp, const struct field *field)
{
	return (uint64_t *)((char *)vp->vmcb + field->offset);
}

/* ES, CS, SS, DS, FS, GS, LDTR, TR in the TLFS's order. */
static const uint16_t segments[] = {
	offsetof(struct vmcb, es),   offsetof(struct vmcb, cs),
	offsetof(struct vmcb, ss),   offsetof(struct vmcb, ds),
	offsetof(struct vmcb, fs),   offsetof(struct vmcb, gs),
	offsetof(struct vmcb, ldtr), offsetof(struct vmcb, tr),
};

static bool is_segment(uint32_t name)
{
	return name >= HV_REGISTER_ES && name <= HV_REGISTER_TR;
}

static bool is_table(uint32_t name)
{
	return name == HV_REGISTER_IDTR || name == HV_REGISTER_GDTR;
}

static struct vmcb_segment *segment_at(struct svm_vp *vp, uint32_t name)
{
	return (struct vmcb_segment *)((char *)vp->vmcb +
				       segments[name - HV_REGISTER_ES]);
}

/* FS, GS, LDTR and TR are kept in silicon while the vp is switched to. */
static bool segment_loaded(uint32_t name)
{
	return name >= HV_REGISTER_FS;
}

static struct vmcb_segment *table_at(struct svm_vp *vp, uint32_t name)
{
	return name == HV_REGISTER_IDTR ? &vp->vmcb->idtr : &vp->vmcb->gdtr;
}

static void segment_get(const struct svm_vp *vp, uint32_t name,
			struct vmcb_segment from,
			struct hv_segment_register *to)
{
	/* Above the waist SS says the privilege level; here the VMCB does. */
	if (name == HV_REGISTER_SS)
		from.attributes =
			(uint16_t)((from.attributes & ~ATTRIBUTE_DPL) |
				   (unsigned int)vp->vmcb->cpl
					   << ATTRIBUTE_DPL_SHIFT);
	*to = (struct hv_segment_register){
		.base = from.base,
		.limit = from.limit,
		.selector = from.selector,
		.attributes = (uint16_t)((from.attributes & 0xff) |
					 (from.attributes & 0xf00) << 4),
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
	const struct field *field = field_find(name);

	*value = (struct hv_register_value){0};
	if (is_segment(name)) {
		if (segment_loaded(name))
			svm_vp_save(vp);
		segment_get(vp, name, *segment_at(vp, name), &value->segment);
		return true;
	}
	if (is_table(name)) {
		value->table.base = table_at(vp, name)->base;
		value->table.limit = (uint16_t)table_at(vp, name)->limit;
		return true;
	}
	if (!field)
		return false;
	if (field->loaded)
		svm_vp_save(vp);
	value->u64 = *field_at(vp, field) & ~field->hidden;
	return true;
}

static void field_set(struct svm_vp *vp, const struct field *field,
		      uint64_t value)
{
	uint64_t *at = field_at(vp, field);

	if (field->loaded)
		svm_vp_save(vp);
	*at = (*at & field->hidden) | value | field->fixed;
	if (field->loaded)
		svm_vp_load(vp);
}

bool svm_vp_set(struct virt_vp *virt_vp, uint32_t name,
		const struct hv_register_value *value)
{
	struct svm_vp *vp = svm_vp(virt_vp);
	const struct field *field = field_find(name);

	if (is_segment(name)) {
		if (segment_loaded(name))
			svm_vp_save(vp);
		segment_set(vp, name, &value->segment, segment_at(vp, name));
		if (segment_loaded(name))
			svm_vp_load(vp);
		return true;
	}
	if (is_table(name)) {
		table_at(vp, name)->base = value->table.base;
		table_at(vp, name)->limit = value->table.limit;
		return true;
	}
	if (!field || !field->valid(value->u64))
		return false;
	field_set(vp, field, value->u64);
	return true;
}

static struct vmcb_segment reset_segment(uint16_t attributes)
{
	return (struct vmcb_segment){
		.attributes = attributes,
		.limit = 0xffff,
	};
}

/* APM volume 2, 14.1.3: initial processor state. */
void svm_registers_reset(struct svm_vp *vp)
{
	struct virt_registers *registers = &vp->virt.registers;
	struct vmcb *vmcb = vp->vmcb;
	uint32_t cpuid[4];

	vmcb->cs = (struct vmcb_segment){
		.selector = 0xf000,
		.attributes = 0x9b,
		.limit = 0xffff,
		.base = 0xffff0000,
	};
	vmcb->es = vmcb->ss = vmcb->ds = reset_segment(0x93);
	vmcb->fs = vmcb->gs = reset_segment(0x93);
	vmcb->gdtr = vmcb->idtr = reset_segment(0);
	vmcb->ldtr = reset_segment(0x82);
	vmcb->tr = reset_segment(0x8b);
	vmcb->cr0 = 0x60000010;
	vmcb->efer = SVM_EFER_SVME;
	vmcb->dr6 = DR6_FIXED;
	vmcb->dr7 = DR7_FIXED;
	vmcb->pat = 0x0007040600070406;

	cpu_cpuid(1, 0, cpuid);
	registers->gpr[VIRT_RDX] = cpuid[0]; /* family, model, stepping */
	registers->rip = 0xfff0;
	registers->rflags = 2;
}
