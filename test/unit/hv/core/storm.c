/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everybody does anything: on two logical processors the parent makes
 * hypercalls and writes MSRs, and so do the children that come to be, with all
 * other kinds of intercepts. What exactly is decided by storm.random.
 */
#include "storm.h"

#include "abi/hypercall_parent.h"
#include "abi/hypercall_parent_synic.h"
#include "abi/msr.h"
#include "hv/core/gpa.h"
#include "hv/core/hypercall.h"
#include "hv/core/lp.h"

#define INPUT  0x2b70000u /* of lp 0; the other's a page further on */
#define OUTPUT 0x2b72000u
#define SYNIC  0x2b80000u /* pages of messages and flags of the parent's vps */
#define CODES  128
#define WORDS  64u /* of a hypercall's input */

struct storm storm;

static uint16_t codes[CODES];
static unsigned int code_count;
static struct {
	uint64_t rip;
	bool asked;
} last[FAKE_LPS];

static uint64_t random64(void)
{
	return storm.random(0);
}

static uint32_t below(uint32_t limit)
{
	return (uint32_t)storm.random(limit);
}

static uint64_t word(void)
{
	switch (below(8)) {
	case 0:
		return random64();
	case 1:
		return 0x100 + below(0x2000); /* a page of the parent */
	case 2:
		return 1ull << below(64);
	case 3:
		return below(4) | (uint64_t)below(4) << 32;
	case 4:
		return HV_REGISTER_EXPLICIT_SUSPEND + below(5);
	case 5:
		return below(0x40) * 0x100 + below(0x20);
	default:
		return below(6);
	}
}

/* Mostly one that there is, of the last few. */
static uint64_t partition_id(void)
{
	const struct list *node = &hypervisor.partitions;

	if (below(16) == 0)
		return word();
	if (below(8) == 0)
		return HV_PARTITION_ID_SELF;
	for (uint32_t i = below(3) + 1; i > 0; i--)
		node = node->previous;
	return node == &hypervisor.partitions
		       ? 0
		       : LIST_ENTRY(node, struct partition, node)->id;
}

static uint64_t gpa(void)
{
	return below(4) ? (uint64_t)below(64) << PAGE_SHIFT | below(2) * 8
			: random64();
}

/* Random, with so much sense that deeper layers are reached as well. */
static void fill_input(uint64_t *page, uint16_t code)
{
	static const uint32_t names[] = {
		HV_REGISTER_EXPLICIT_SUSPEND,
		HV_REGISTER_INTERCEPT_SUSPEND,
		HV_REGISTER_INTERNAL_ACTIVITY_STATE,
		HV_REGISTER_CR0,
		HV_REGISTER_DELIVERABILITY_NOTIFICATIONS,
		HV_REGISTER_RAX,
		HV_REGISTER_PENDING_INTERRUPTION,
		HV_REGISTER_PENDING_EVENT0,
		HV_REGISTER_INTERRUPT_STATE,
		HV_REGISTER_XFEM,
		HV_REGISTER_DR0,
		HV_REGISTER_GUEST_OS_ID,
		HV_REGISTER_HYPERCALL,
		HV_REGISTER_SIMP,
		HV_REGISTER_SCONTROL,
		HV_REGISTER_XMM0,
	};

	const struct hypercall *row = hypercall_find(code);

	for (unsigned int i = 0; i < WORDS; i++)
		page[i] = i < storm.words ? word() : page[i - storm.words];
	if (row && (row->form & HYPERCALL_TARGET))
		page[0] = partition_id();
	switch (below(8) ? code : 0) {
	case HVCALL_CREATE_PARTITION:
		memset(page, 0, 64);
		break;
	case HVCALL_SET_VP_REGISTERS:
		page[1] = below(2);
		page[2] = names[below(2) ? below(2) : below(ARRAY_SIZE(names))];
		page[4] = below(2) ? 0 : word();
		break;
	case HVCALL_GET_VP_REGISTERS:
		page[1] = below(2);
		for (unsigned int i = 2; i < WORDS && i < storm.words; i++)
			page[i] = names[below(ARRAY_SIZE(names))];
		break;
	case HVCALL_MAP_GPA_PAGES:
		page[1] = below(64);
		page[2] = below(16) | (uint64_t)(below(8) == 0) << 31;
		page[3] = 0x100 + below(0x2000);
		break;
	case HVCALL_CREATE_PORT:
		page[0] = HV_PARTITION_ID_SELF;
		page[1] = below(8);
		page[2] = partition_id();
		page[3] = HV_PORT_TYPE_EVENT;
		break;
	case HVCALL_ASSERT_VIRTUAL_INTERRUPT:
		page[1] = below(6);
		page[2] = below(3);
		page[3] = below(256);
		break;
	default:
		page[1] = below(2) ? below(3) : page[1];
	}
}

/* As many as a page has room for, or the control word. */
static uint32_t reps_max(const struct hypercall *row)
{
	uint32_t fixed = MAX(row->input, row->output);
	uint32_t each = MAX(row->rep_input, row->rep_output);
	uint32_t fit = each ? (PAGE_SIZE - fixed) / each : HV_HYPERCALL_REP_MAX;

	return MIN(fit, HV_HYPERCALL_REP_MAX);
}

/* The form that the call's row has; one in eight is wrong somehow. */
static uint64_t control_of(uint16_t code)
{
	const struct hypercall *row = hypercall_find(code);
	uint64_t control = code;

	if (!row || below(8) == 0)
		return control | (uint64_t)below(2) << 16 |
		       (uint64_t)below(4) << HV_HYPERCALL_VARHEAD_SHIFT |
		       (uint64_t)below(0x1000) << HV_HYPERCALL_REP_COUNT_SHIFT |
		       (below(4) ? 0 : random64());
	if (row->form & HYPERCALL_REP)
		return control |
		       (uint64_t)(below(8) ? 1 : 1 + below(reps_max(row)))
			       << HV_HYPERCALL_REP_COUNT_SHIFT;
	if (row->form & HYPERCALL_VARIABLE)
		control |= (uint64_t)below(3) << HV_HYPERCALL_VARHEAD_SHIFT;
	else if (row->input <= 16 && !row->output && below(4) == 0)
		control |= HV_HYPERCALL_FAST;
	return control;
}

static void hypercall(struct vp *vp, struct virt_intercept *intercept)
{
	uint64_t *gpr = vp->virt->registers.gpr;
	bool parent = partition_is_parent(vp->partition);
	uint16_t code =
		below(8) ? codes[below(code_count)] : (uint16_t)random64();

	/* Life is long enough to get old. */
	if ((code == HVCALL_DELETE_PARTITION ||
	     code == HVCALL_FINALIZE_PARTITION) &&
	    below(8))
		code = HVCALL_SET_VP_REGISTERS;
	/* Of a child's own there are but two. */
	if (!parent && below(2))
		code = below(2) ? HVCALL_SIGNAL_EVENT : HVCALL_POST_MESSAGE;
	intercept->kind = VIRT_HYPERCALL;
	intercept->instruction_length = 3;
	intercept->long_mode = true;
	gpr[VIRT_RCX] = control_of(code);
	gpr[VIRT_RDX] = gpa();
	gpr[VIRT_R8] = gpa();
	if (gpr[VIRT_RCX] & HV_HYPERCALL_FAST) {
		gpr[VIRT_RDX] = parent ? partition_id() : word();
		gpr[VIRT_R8] = word();
	} else if (parent) {
		gpr[VIRT_RDX] = INPUT + fake.lp * PAGE_SIZE;
		gpr[VIRT_R8] = OUTPUT + fake.lp * PAGE_SIZE;
		fill_input(world_memory(vp->partition, gpr[VIRT_RDX]), code);
	}
}

static void msr(struct vp *vp, struct virt_intercept *intercept)
{
	static const uint32_t bases[] = {
		HV_MSR_FIRST, HV_MSR_SINT0, HV_MSR_STIMER0_CONFIG, 0x800, 0x1b,
		0xc0000080,   0x200,	    HV_MSR_SCONTROL};
	uint64_t value = below(2) ? gpa() | 1 : random64();

	intercept->kind = VIRT_MSR;
	intercept->instruction_length = 2;
	intercept->write = below(2);
	intercept->msr = bases[below(8)] + below(32);
	if (partition_is_parent(vp->partition) &&
	    intercept->msr == HV_MSR_RESET)
		intercept->write = false; /* does what it says */
	vp->virt->registers.gpr[VIRT_RAX] = (uint32_t)value;
	vp->virt->registers.gpr[VIRT_RDX] = value >> 32;
}

static void others(struct vp *vp, struct virt_intercept *intercept)
{
	static const uint8_t kinds[] = {VIRT_HOST,	  VIRT_INTERRUPT_WINDOW,
					VIRT_NMI_WINDOW,  VIRT_CPUID,
					VIRT_IO,	  VIRT_GPA,
					VIRT_HALT,	  VIRT_XSETBV,
					VIRT_UNDEFINED,	  VIRT_CACHE,
					VIRT_CR8_WINDOW,  VIRT_FAILED,
					VIRT_TRIPLE_FAULT};
	unsigned int count = ARRAY_SIZE(kinds);

	if (partition_is_parent(vp->partition))
		count -= 2;
	intercept->kind = kinds[below(count)];
	intercept->instruction_length = 2;
	if (intercept->kind == VIRT_GPA)
		intercept->memory = (struct virt_gpa_access){
			.gpa = GPA(gpa()), .access = (uint8_t)(1 << below(3))};
	else if (intercept->kind == VIRT_IO)
		intercept->io =
			(struct virt_io){.port = (uint16_t)random64(),
					 .size = (uint8_t)(1 << below(3)),
					 .in = below(2),
					 .string = below(2)};
	else
		intercept->data = below(16);
	if (below(4))
		return;
	intercept->interrupted = (struct virt_event){
		.valid = true, .type = below(2) ? 3 : 0, .vector = 32};
}

static void guest(struct virt_vp *virt_vp, struct virt_intercept *intercept)
{
	struct vp *vp = hypervisor.lps[fake.lp]->current;
	struct virt_registers *registers = &virt_vp->registers;

	if (partition_is_parent(vp->partition) && last[fake.lp].asked &&
	    registers->rip == last[fake.lp].rip && below(4)) {
		intercept->kind = VIRT_HYPERCALL; /* entered again */
		intercept->long_mode = true;
		intercept->instruction_length = 3;
		return;
	}
	registers->cpl = 0;
	registers->rflags ^= below(2) << 9;
	registers->interrupt_shadow = below(16) == 0;
	vp->partition->guest_os_id = 1;
	last[fake.lp].rip = registers->rip;
	last[fake.lp].asked = false;
	switch (below(4)) {
	case 0:
		msr(vp, intercept);
		return;
	case 1:
		others(vp, intercept);
		return;
	default:
		last[fake.lp].asked = partition_is_parent(vp->partition);
		hypercall(vp, intercept);
	}
}

static void find_codes(void)
{
	if (code_count)
		return;
	for (uint32_t code = 0; code < 0x10000; code++) {
		if (hypercall_find((uint16_t)code))
			codes[code_count++] = (uint16_t)code;
		assert_true(code_count < CODES);
	}
	assert_true(code_count > 30);
	/* What everything else depends on, more often. */
	for (unsigned int i = 0; i < 8; i++) {
		codes[code_count++] = HVCALL_CREATE_VP;
		codes[code_count++] = HVCALL_SET_VP_REGISTERS;
		codes[code_count++] = HVCALL_MAP_GPA_PAGES;
	}
}

static void prepare(struct vp *vp)
{
	const struct hv_register_value lma = {.u64 = BIT(10)};
	const struct hv_register_value pe = {.u64 = 1};

	virt->vp_set(vp->virt, HV_REGISTER_EFER, &lma);
	virt->vp_set(vp->virt, HV_REGISTER_CR0, &pe);
	vp->waiting_startup = false;
	lp_resume(vp, VP_WAIT_STARTUP);
}

/* Children's registers make hypercalls possible; some of their MSRs too. */
static void prepare_children(void)
{
	LIST_EACH(node, &hypervisor.partitions)
	{
		struct partition *partition =
			LIST_ENTRY(node, struct partition, node);

		for (uint32_t i = 0; i < partition->vp_limit; i++) {
			struct vp *vp = partition->vps[i];

			if (!vp || lp_running(vp) || vp->waiting_startup == 0)
				continue;
			prepare(vp);
		}
	}
}

static void compute(struct virt_vp *vp, struct virt_intercept *intercept)
{
	(void)vp;
	(void)intercept;
}

void storm_start(void)
{
	struct partition *parent = hypervisor.parent;

	memset(last, 0, sizeof(last));
	find_codes();
	for (uint32_t i = 0; i < 2; i++)
		world_run(i);
	prepare(parent->vps[1]);
	prepare(parent->vps[0]);
	storm.pages = pool_free_pages() + parent->account.used_pages;
}

/* So that messages, events and timers have somewhere to go. */
static void enable_synic(struct vp *vp, uint64_t pages)
{
	world_apic_on(vp, true);
	world_wrmsr(vp, HV_MSR_SIMP, pages | 1);
	world_wrmsr(vp, HV_MSR_SIEFP, (pages + PAGE_SIZE) | 1);
	for (uint32_t sint = 0; sint < 4; sint++)
		world_wrmsr(vp, HV_MSR_SINT0 + sint, 0x40 + sint);
	world_wrmsr(vp, HV_MSR_SCONTROL, 1);
}

void storm_children(uint32_t count)
{
	struct partition *parent = hypervisor.parent;

	for (uint32_t lp = 0; lp < 2; lp++)
		enable_synic(parent->vps[lp], SYNIC + 2 * lp * PAGE_SIZE);
	for (uint32_t i = 0; i < count; i++) {
		struct partition *child = world_child(2);

		for (uint32_t vp = 0; vp < 2; vp++) {
			enable_synic(child->vps[vp], 2 * vp * PAGE_SIZE);
			child->vps[vp]->intercept_page =
				GPA(SYNIC + (4 + 2 * i + vp) * PAGE_SIZE);
			prepare(child->vps[vp]);
			lp_resume(child->vps[vp], VP_EXPLICIT_SUSPEND);
		}
	}
}

/* It never halts, stops, or faults for good. */
static void keep_going(struct partition *parent)
{
	for (unsigned int lp = 0; lp < 2; lp++) {
		parent->vps[lp]->halted = false;
		parent->vps[lp]->pending.valid = false;
		if (parent->vps[lp]->suspended & VP_HALTED)
			lp_resume(parent->vps[lp], VP_HALTED);
	}
}

bool storm_step(void)
{
	fake.guest = guest;
	world_run(below(2));
	fake.now += below(FAKE_TSC_HZ / 2000);
	keep_going(hypervisor.parent);
	if (storm.steps++ % 16 == 0)
		prepare_children();
	return world_running(0) &&
	       world_running(0)->partition != hypervisor.parent;
}

void storm_end(void)
{
	struct partition *parent = hypervisor.parent;

	fake.guest = compute;
	partition_forget_guest(parent); /* its overlay may hide input */
	while (hypervisor.partitions.previous->previous !=
	       &hypervisor.partitions) {
		struct partition *child = LIST_ENTRY(
			hypervisor.partitions.previous, struct partition, node);

		assert_false(partition_is_parent(child));
		world_delete(child);
	}
	for (uint64_t i = 0; i < FAKE_RAM >> PAGE_SHIFT; i++)
		assert_int_equal(fake.ram[FAKE_LENT + i], 0);
	assert_true(pool_free_pages() + parent->account.used_pages ==
		    storm.pages);
}
