/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the vp did that silicon would not do alone, kind by kind. */
#include "handler.h"

#include "../lib/print.h"
#include "../lib/string.h"
#include "apic_mmio.h"
#include "cpuid.h"
#include "gpa.h"
#include "gva.h"
#include "hypercall.h"
#include "intercept.h"
#include "msr_table.h"
#include "vp.h"

/* ---- Processor ---- */

static void handle_cpuid(struct vp *vp, const struct virt_intercept *intercept)
{
	uint64_t *gpr = vp->virt->registers.gpr;
	const uint32_t *out = cpuid_answer(vp, (uint32_t)gpr[VIRT_RAX],
					   (uint32_t)gpr[VIRT_RCX]);

	gpr[VIRT_RAX] = out[0];
	gpr[VIRT_RBX] = out[1];
	gpr[VIRT_RCX] = out[2];
	gpr[VIRT_RDX] = out[3];
	virt->vp_skip(vp->virt, intercept);
}

/* An MSR that nobody here knows: the partition's property says what then. */
static __attribute__((noinline)) void
unimplemented_msr(struct vp *vp, const struct virt_intercept *intercept)
{
	uint64_t *gpr = vp->virt->registers.gpr;
	struct hv_msr_intercept body = {.msr = intercept->msr,
					.rdx = gpr[VIRT_RDX],
					.rax = gpr[VIRT_RAX]};

	switch (vp->partition->unimplemented_msr) {
	case PARTITION_MSR_INTERCEPT:
		intercept_send(vp, INTERCEPT(MSR_INTERCEPT, intercept->write, 2,
					     body));
		return;
	case HV_UNIMPLEMENTED_MSR_ACTION_IGNORE_WRITE_READ_ZERO:
		if (!intercept->write) {
			gpr[VIRT_RAX] = 0;
			gpr[VIRT_RDX] = 0;
		}
		virt->vp_skip(vp->virt, intercept);
		return;
	default:
		vp_fault_error(vp, VP_VECTOR_GP, 0);
	}
}

/* It has no array on its stack, and is run often. */
static __attribute__((no_stack_protector)) void
handle_msr(struct vp *vp, const struct virt_intercept *intercept)
{
	uint64_t *gpr = vp->virt->registers.gpr;
	struct msr_access access;

	access.vp = vp;
	access.msr = intercept->msr;
	if (intercept->write)
		access.value = gpr[VIRT_RDX] << 32 | (uint32_t)gpr[VIRT_RAX];
	enum msr_result result = msr_run(&access, intercept->write);

	if (__builtin_expect(result == MSR_UNIMPLEMENTED, 0)) {
		unimplemented_msr(vp, intercept);
	} else if (__builtin_expect(result == MSR_FAULT, 0)) {
		vp_fault_error(vp, VP_VECTOR_GP, 0);
	} else {
		if (!intercept->write) {
			gpr[VIRT_RAX] = (uint32_t)access.value;
			gpr[VIRT_RDX] = access.value >> 32;
		}
		virt->vp_skip(vp->virt, intercept);
	}
}

static void handle_halt(struct vp *vp, const struct virt_intercept *intercept)
{
	virt->vp_skip(vp->virt, intercept);
	vp_halt(vp, false);
}

static void handle_xsetbv(struct vp *vp, const struct virt_intercept *intercept)
{
	if ((uint32_t)vp->virt->registers.gpr[VIRT_RCX] != 0 ||
	    vp->virt->registers.cpl != 0 ||
	    !cpuid_xcr0_valid(vp, intercept->data)) {
		vp_fault_error(vp, VP_VECTOR_GP, 0);
		return;
	}
	cpu_state_save(&vp->cpu);
	vp->cpu.xcr0 = intercept->data;
	cpu_state_load(&vp->cpu);
	virt->vp_skip(vp->virt, intercept);
}

/* An emulated processor may ask for it from user mode as well. */
static void handle_cache(struct vp *vp, const struct virt_intercept *intercept)
{
	if (vp->virt->registers.cpl != 0)
		vp_fault_error(vp, VP_VECTOR_GP, 0);
	else
		virt->vp_skip(vp->virt, intercept);
}

static void handle_undefined(struct vp *vp,
			     const struct virt_intercept *intercept)
{
	(void)intercept;
	vp_fault(vp, VP_VECTOR_UD);
}

static void handle_nothing(struct vp *vp,
			   const struct virt_intercept *intercept)
{
	(void)vp;
	(void)intercept;
}

/* ---- Ports ---- */

/* The debug UART's ports read all ones to the parent. */
static void own_port(struct vp *vp, const struct virt_intercept *intercept)
{
	uint64_t *rax = &vp->virt->registers.gpr[VIRT_RAX];

	if (intercept->io.in && !intercept->io.string) {
		if (intercept->io.size == 4)
			*rax = 0xffffffff;
		else
			*rax |= intercept->io.size == 2 ? 0xffff : 0xff;
	}
	virt->vp_skip(vp->virt, intercept);
}

static void handle_io(struct vp *vp, const struct virt_intercept *intercept)
{
	const struct virt_io *io = &intercept->io;
	const uint64_t *gpr = vp->virt->registers.gpr;

	if (partition_is_parent(vp->partition)) {
		own_port(vp, intercept);
		return;
	}
	struct hv_io_port_intercept body = {
		.port = io->port,
		.access_info =
			(uint8_t)(io->size |
				  (io->string ? HV_IO_PORT_ACCESS_STRING : 0) |
				  (io->repeat ? HV_IO_PORT_ACCESS_REP : 0)),
		.rax = gpr[VIRT_RAX],
		.rcx = gpr[VIRT_RCX],
		.rsi = gpr[VIRT_RSI],
		.rdi = gpr[VIRT_RDI],
	};

	if (io->string) {
		body.ds = vp_register(vp, HV_REGISTER_DS).segment;
		body.es = vp_register(vp, HV_REGISTER_ES).segment;
		body.instruction_byte_count =
			(uint8_t)gva_fetch(vp, body.instruction_bytes,
					   sizeof(body.instruction_bytes));
	}
	intercept_send(vp, INTERCEPT(IO_PORT_INTERCEPT,
				     io->in ? HV_INTERCEPT_ACCESS_READ
					    : HV_INTERCEPT_ACCESS_WRITE,
				     intercept->instruction_length, body));
}

/* ---- Memory ---- */

static void send_memory(struct vp *vp, const struct virt_intercept *intercept,
			bool mapped)
{
	const struct virt_gpa_access *access = &intercept->memory;
	struct hv_memory_intercept body = {
		.cache_type = HV_CACHE_TYPE_WRITE_BACK,
		.tpr_priority = vp->virt->registers.cr8,
		.gpa = access->gpa.value,
	};
	struct intercept_message message = {
		.type = mapped ? HVMSG_GPA_INTERCEPT : HVMSG_UNMAPPED_GPA,
		.access = HV_INTERCEPT_ACCESS_READ,
		.size = sizeof(body),
		.body = &body,
	};

	if (access->access & VIRT_ACCESS_WRITE)
		message.access = HV_INTERCEPT_ACCESS_WRITE;
	else if (access->access & VIRT_ACCESS_EXECUTE)
		message.access = HV_INTERCEPT_ACCESS_EXECUTE;
	if (intercept->byte_count) {
		body.instruction_byte_count = intercept->byte_count;
		memcpy(body.instruction_bytes, intercept->bytes,
		       intercept->byte_count);
	} else if (message.access != HV_INTERCEPT_ACCESS_EXECUTE) {
		body.instruction_byte_count =
			(uint8_t)gva_fetch(vp, body.instruction_bytes,
					   sizeof(body.instruction_bytes));
	}
	intercept_send(vp, &message);
}

_Static_assert(VIRT_ACCESS_WRITE == VIRT_MAP_WRITE &&
		       VIRT_ACCESS_EXECUTE == VIRT_MAP_EXECUTE,
	       "an access is the right it needs");

static void handle_memory(struct vp *vp, const struct virt_intercept *intercept)
{
	gpa_t gpa = intercept->memory.gpa;
	bool parent = partition_is_parent(vp->partition);
	uint32_t needed = VIRT_MAP_READ | intercept->memory.access;
	struct virt_mapping mapping;

	if ((gpa.value & ~(uint64_t)PAGE_MASK) ==
		    (vp->apic.base & 0xffffff000ull) &&
	    (vp->apic.base & APIC_BASE_ENABLED) &&
	    !(vp->apic.base & APIC_BASE_X2APIC) && apic_mmio(vp, intercept))
		return;
	bool mapped = virt->space_lookup(&vp->partition->space, gpa, &mapping);

	if (mapped && (mapping.rights & needed) == needed)
		return; /* mapped meanwhile: try again */
	if (!mapped && parent && gpa_parent_fault(vp->partition, gpa))
		return;
	/* The parent reaches for nothing, or writes to its hypercall page. */
	if (parent ||
	    (mapped && mapping.spa.value == hypervisor.hypercall_page.value))
		vp_fault_error(vp, VP_VECTOR_GP, 0);
	else
		send_memory(vp, intercept, mapped);
}

/* ---- The end ---- */

static void print_state(struct vp *vp, const char *what, uint64_t code)
{
	static const uint32_t names[] = {HV_REGISTER_CR0, HV_REGISTER_CR2,
					 HV_REGISTER_CR3, HV_REGISTER_CR4,
					 HV_REGISTER_EFER};
	uint64_t values[ARRAY_SIZE(names)];
	const struct virt_registers *r = &vp->virt->registers;

	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++)
		values[i] = vp_register(vp, names[i]).u64;
	print("p%lu vp%u: %s (%lx) at rip %lx rsp %lx flags %lx cr0 %lx cr2 "
	      "%lx cr3 %lx cr4 %lx efer %lx\n",
	      vp->partition->id, vp->index, what, code, r->rip,
	      r->gpr[VIRT_RSP], r->rflags, values[0], values[1], values[2],
	      values[3], values[4]);
}

static void handle_end(struct vp *vp, const struct virt_intercept *intercept)
{
	struct hv_unrecoverable_exception body = {0};

	if (intercept->kind == VIRT_FAILED)
		print_state(vp, "state refused", intercept->data);
	else
		print_state(vp, "triple fault", 0);
	if (partition_is_parent(vp->partition))
		cpu_reset();
	vp->reinject.valid = false;
	intercept_send(vp, INTERCEPT(UNRECOVERABLE_EXCEPTION, 0, 0, body));
}

typedef void (*handler)(struct vp *vp, const struct virt_intercept *intercept);

static const handler handlers[VIRT_KINDS] = {
	[VIRT_HOST] = handle_nothing,
	[VIRT_INTERRUPT_WINDOW] = handle_nothing,
	[VIRT_NMI_WINDOW] = handle_nothing,
	[VIRT_CR8_WINDOW] = handle_nothing,
	[VIRT_CPUID] = handle_cpuid,
	[VIRT_MSR] = handle_msr,
	[VIRT_IO] = handle_io,
	[VIRT_GPA] = handle_memory,
	[VIRT_HYPERCALL] = hypercall_run,
	[VIRT_HALT] = handle_halt,
	[VIRT_XSETBV] = handle_xsetbv,
	[VIRT_CACHE] = handle_cache,
	[VIRT_UNDEFINED] = handle_undefined,
	[VIRT_TRIPLE_FAULT] = handle_end,
	[VIRT_FAILED] = handle_end,
};

static __attribute__((noinline)) void
run_stepping(struct vp *vp, const struct virt_intercept *intercept)
{
	uint64_t rip = vp->virt->registers.rip;

	handlers[intercept->kind](vp, intercept);
	vp_step(vp, rip);
}

void handler_run(struct vp *vp, const struct virt_intercept *intercept)
{
	if (__builtin_expect(vp->virt->registers.rflags & VP_RFLAGS_TF, 0))
		run_stepping(vp, intercept);
	else
		handlers[intercept->kind](vp, intercept);
}
