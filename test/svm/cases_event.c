/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Injection, windows, shadows, NMI masking and deliveries cut short. */
#include "../../hv/lib/string.h"
#include "../../hv/x86/register.h"
#include "test.h"

#define RFLAGS_TF BIT(8)
#define RFLAGS_IF BIT(9)

#define LABEL(name) extern const uint8_t name[]
#define GATE(guest, vector, code, label)                                       \
	guest_gate(guest, vector, (uint64_t)(label - code##_begin))

/* An exception with its error code, then INT 30h pushed behind the opcode. */
LABEL(inject_error);
LABEL(inject_soft);
GUEST(inject, "hlt; nop; nop; hlt;"
	      "inject_error: pop %rax; mov (%rsp), %rbx; iretq;"
	      "inject_soft: mov (%rsp), %rbx; iretq");
static void case_inject(void)
{
	struct virt_event event = {
		.valid = true,
		.type = VIRT_EVENT_EXCEPTION,
		.vector = 13,
		.has_error = true,
		.error = 0x1238,
	};
	struct guest guest;

	guest_begin(&guest, inject);
	GATE(&guest, 13, inject, inject_error);
	GATE(&guest, 0x30, inject, inject_soft);
	virt->vp_inject(guest.vp, &event);
	check_equal(guest_run(&guest), VIRT_HALT);
	check(!guest.intercept.interrupted.valid);
	check_equal(guest.vp->registers.gpr[VIRT_RAX], 0x1238);
	check_equal(guest.vp->registers.gpr[VIRT_RBX], GUEST_CODE);
	guest_skip(&guest);

	event = (struct virt_event){
		.valid = true,
		.type = VIRT_EVENT_SOFTWARE_INTERRUPT,
		.vector = 0x30,
		.instruction_length = 2,
	};
	virt->vp_inject(guest.vp, &event);
	check_equal(guest_run(&guest), VIRT_HALT);
	check_equal(guest.vp->registers.gpr[VIRT_RBX], GUEST_CODE + 3);
	check_equal(guest.vp->registers.rip, GUEST_CODE + 3);
	guest_end(&guest);
}

/* Makes the stack of the guest fault when it is next used. */
static void lose_stack(struct guest *guest)
{
	check(virt->space_unmap(&guest->space, GPA(GUEST_STACK - PAGE_SIZE),
				PAGE_SIZE) == HV_STATUS_SUCCESS);
	virt->vp_flush(guest->vp);
}

static void find_stack(struct guest *guest)
{
	const struct virt_mapping mapping = {
		.gpa = GPA(GUEST_STACK - PAGE_SIZE),
		.spa = SPA(guest->spa.value + GUEST_STACK - PAGE_SIZE),
		.size = PAGE_SIZE,
		.rights = VIRT_MAP_READ | VIRT_MAP_WRITE,
	};

	check(virt->space_map(&guest->space, &mapping) == HV_STATUS_SUCCESS);
	virt->vp_flush(guest->vp);
}

/* A delivery that a nested fault cuts short is told, once, and done again. */
LABEL(cut_handler);
GUEST(cut, "hlt; int $0x31; hlt; ud2; hlt;"
	   "cut_handler: inc %rcx; mov (%rsp), %rbx; iretq");
static void case_cut_short(void)
{
	static const struct {
		enum virt_event_type type;
		uint8_t vector;
	} events[] = {{VIRT_EVENT_INTERRUPT, 0x31},
		      {VIRT_EVENT_NMI, 2},
		      {VIRT_EVENT_EXCEPTION, 6}};
	struct guest guest;

	guest_begin(&guest, cut);
	for (unsigned int i = 0; i < ARRAY_SIZE(events); i++) {
		const struct virt_event *event = &guest.intercept.interrupted;

		GATE(&guest, events[i].vector, cut, cut_handler);
		lose_stack(&guest);
		guest.vp->registers.gpr[VIRT_RCX] = 0;
		guest_inject(&guest, events[i].type, events[i].vector);
		check_equal(guest.vp->registers.nmi_masked,
			    events[i].type == VIRT_EVENT_NMI);
		check_equal(guest_run(&guest), VIRT_GPA);
		check(event->valid);
		check_equal(event->type, events[i].type);
		check_equal(event->vector, events[i].vector);
		check(!guest.vp->registers.nmi_masked);
		find_stack(&guest);
		virt->vp_inject(guest.vp, event);
		check_equal(guest_run(&guest), VIRT_HALT);
		check(!event->valid);
		check_equal(guest.vp->registers.gpr[VIRT_RCX], 1);
		check(!guest.vp->registers.nmi_masked);
	}
	guest_end(&guest);
}

/* INT n and UD2 of the guest itself: executed again by themselves, or told. */
static void case_cut_short_own(void)
{
	const struct virt_event *event;
	struct guest guest;

	guest_begin(&guest, cut);
	event = &guest.intercept.interrupted;
	GATE(&guest, 0x31, cut, cut_handler);
	GATE(&guest, 6, cut, cut_handler);
	check_equal(guest_run(&guest), VIRT_HALT);
	guest_skip(&guest);
	guest.vp->registers.gpr[VIRT_RCX] = 0;
	lose_stack(&guest);
	check_equal(guest_run(&guest), VIRT_GPA);
	check(!event->valid);
	check_equal(guest.vp->registers.rip, GUEST_CODE + 1);
	find_stack(&guest);
	check_equal(guest_run(&guest), VIRT_HALT);
	check_equal(guest.vp->registers.gpr[VIRT_RCX], 1);
	check_equal(guest.vp->registers.gpr[VIRT_RBX], GUEST_CODE + 3);

	guest_skip(&guest);
	lose_stack(&guest);
	check_equal(guest_run(&guest), VIRT_GPA);
	check(event->valid);
	check_equal(event->type, VIRT_EVENT_EXCEPTION);
	check_equal(event->vector, 6);
	find_stack(&guest);
	guest.vp->registers.rip += 2; /* as if the handler skipped it */
	virt->vp_inject(guest.vp, event);
	check_equal(guest_run(&guest), VIRT_HALT);
	check_equal(guest.vp->registers.gpr[VIRT_RCX], 2);
	check_equal(guest.vp->registers.gpr[VIRT_RBX], GUEST_CODE + 6);
	guest_end(&guest);
}

/* Closed while IF is clear, and for one instruction after STI. */
GUEST(window, "nop; nop; sti; mov $1, %eax; mov $2, %eax; hlt");
static void case_interrupt_window(void)
{
	struct guest guest;

	guest_begin(&guest, window);
	virt->vp_window(guest.vp, VIRT_WINDOW_INTERRUPT);
	check_equal(guest_run(&guest), VIRT_INTERRUPT_WINDOW);
	check_equal(guest.vp->registers.gpr[VIRT_RAX], 1);
	check(guest.vp->registers.rflags & RFLAGS_IF);
	check(!guest.vp->registers.interrupt_shadow);
	check_equal(guest_run(&guest), VIRT_INTERRUPT_WINDOW);
	virt->vp_window(guest.vp, 0);
	check_equal(guest_run(&guest), VIRT_HALT);
	check_equal(guest.vp->registers.gpr[VIRT_RAX], 2);
	guest_end(&guest);
}

/* One goes in while another waits: the window opens behind its handler. */
LABEL(wait_handler);
GUEST(wait, "sti; nop; hlt; mov $1, %eax; hlt; wait_handler: inc %rcx; iretq");
static void case_interrupt_waits(void)
{
	struct guest guest;

	guest_begin(&guest, wait);
	GATE(&guest, 0x31, wait, wait_handler);
	check_equal(guest_run(&guest), VIRT_HALT);
	guest_skip(&guest);
	guest_inject(&guest, VIRT_EVENT_INTERRUPT, 0x31);
	virt->vp_window(guest.vp, VIRT_WINDOW_INTERRUPT);
	check_equal(guest_run(&guest), VIRT_INTERRUPT_WINDOW);
	check_equal(guest.vp->registers.gpr[VIRT_RCX], 1);
	check_equal(guest.vp->registers.rip, GUEST_CODE + 3);
	check(guest.vp->registers.rflags & RFLAGS_IF);
	virt->vp_window(guest.vp, 0);
	check_equal(guest_run(&guest), VIRT_HALT);
	check_equal(guest.vp->registers.gpr[VIRT_RAX], 1);
	check_equal(guest.vp->registers.gpr[VIRT_RCX], 1);
	guest_end(&guest);
}

/* An exit in a shadow: the window still waits for the shadow's end. */
GUEST(shadow, "sti; outb %al, $0x80; mov $1, %eax; mov $2, %ebx; sti; hlt;"
	      "cli; sti; outb %al, $0x80; pushf; pop %rcx; hlt");
static void case_shadow(void)
{
	struct guest guest;

	guest_begin(&guest, shadow);
	check_equal(guest_run(&guest), VIRT_IO);
	check(guest.vp->registers.interrupt_shadow);
	guest.vp->registers.rip += 2; /* the shadow stays */
	virt->vp_window(guest.vp, VIRT_WINDOW_INTERRUPT);
	check_equal(guest_run(&guest), VIRT_INTERRUPT_WINDOW);
	check_equal(guest.vp->registers.rip, GUEST_CODE + 8);
	check_equal(guest.vp->registers.gpr[VIRT_RAX], 1);
	check_equal(guest.vp->registers.gpr[VIRT_RBX], 0);
	check(!(guest.vp->registers.rflags & RFLAGS_TF));
	check_equal(guest_get(&guest, HV_REGISTER_DR6), 0xffff0ff0);

	/* STI right before HLT: the halt is seen first. */
	guest.vp->registers.rflags &= ~RFLAGS_IF;
	check_equal(guest_run(&guest), VIRT_HALT);
	check_equal(guest.vp->registers.gpr[VIRT_RBX], 2);
	check(guest.vp->registers.interrupt_shadow);
	guest_skip(&guest);
	check(!guest.vp->registers.interrupt_shadow);
	check_equal(guest_run(&guest), VIRT_INTERRUPT_WINDOW);

	/* PUSHF in the shadow does not see the trap flag. */
	virt->vp_window(guest.vp, 0);
	check_equal(guest_run(&guest), VIRT_IO);
	guest.vp->registers.rip += 2;
	check(guest.vp->registers.interrupt_shadow);
	virt->vp_window(guest.vp, VIRT_WINDOW_INTERRUPT);
	check_equal(guest_run(&guest), VIRT_INTERRUPT_WINDOW);
	virt->vp_window(guest.vp, 0);
	check_equal(guest_run(&guest), VIRT_HALT);
	check_equal(guest.vp->registers.gpr[VIRT_RCX], 0x202);
	guest_end(&guest);
}

/* A nested fault in a shadow, mapped and tried again. */
GUEST(shadow_fault, "sti; mov 0x200000, %eax; mov $2, %ebx; hlt");
static void case_shadow_fault(void)
{
	const struct virt_mapping mapping = {
		.gpa = GPA(0x200000),
		.spa = SPA(0x8000000),
		.size = PAGE_SIZE,
		.rights = VIRT_MAP_READ,
	};
	struct guest guest;

	guest_begin(&guest, shadow_fault);
	check_equal(guest_run(&guest), VIRT_GPA);
	check(guest.vp->registers.interrupt_shadow);
	check(virt->space_map(&guest.space, &mapping) == HV_STATUS_SUCCESS);
	virt->vp_window(guest.vp, VIRT_WINDOW_INTERRUPT);
	check_equal(guest_run(&guest), VIRT_INTERRUPT_WINDOW);
	check_equal(guest.vp->registers.rip, GUEST_CODE + 8);
	check_equal(guest.vp->registers.gpr[VIRT_RBX], 0);
	guest_end(&guest);
}

/* Masked from delivery until IRET is done; the window opens right there. */
LABEL(nmi_handler);
GUEST(nmi, "mov $1, %eax; mov $2, %eax; hlt;"
	   "nmi_handler: cpuid; iretq");
static void case_nmi(void)
{
	struct guest guest;

	guest_begin(&guest, nmi);
	GATE(&guest, 2, nmi, nmi_handler);
	guest_inject(&guest, VIRT_EVENT_NMI, 2);
	check(guest.vp->registers.nmi_masked);
	check_equal(guest_run(&guest), VIRT_CPUID);
	check(guest.vp->registers.nmi_masked);
	guest_skip(&guest);
	virt->vp_window(guest.vp, VIRT_WINDOW_NMI);
	check_equal(guest_run(&guest), VIRT_NMI_WINDOW);
	check(!guest.vp->registers.nmi_masked);
	check_equal(guest.vp->registers.rip, GUEST_CODE);
	check_equal(guest.vp->registers.gpr[VIRT_RSP], GUEST_STACK);
	check(!(guest.vp->registers.rflags & RFLAGS_TF));
	/* Wanted while it is open: told at once, nothing runs. */
	check_equal(guest_run(&guest), VIRT_NMI_WINDOW);
	check_equal(guest.vp->registers.rip, GUEST_CODE);

	/* Without a window the masking ends as well. */
	virt->vp_window(guest.vp, 0);
	guest_inject(&guest, VIRT_EVENT_NMI, 2);
	check_equal(guest_run(&guest), VIRT_CPUID);
	guest_skip(&guest);
	check_equal(guest_run(&guest), VIRT_HALT);
	check(!guest.vp->registers.nmi_masked);
	check_equal(guest.vp->registers.gpr[VIRT_RAX], 2);
	guest_end(&guest);
}

/* IRET of an NMI handler that faults: the fault is the guest's own. */
static void case_nmi_iret_faults(void)
{
	const struct virt_event *event;
	struct guest guest;

	guest_begin(&guest, nmi);
	event = &guest.intercept.interrupted;
	GATE(&guest, 2, nmi, nmi_handler);
	guest_inject(&guest, VIRT_EVENT_NMI, 2);
	check_equal(guest_run(&guest), VIRT_CPUID);
	guest_skip(&guest);
	guest.memory[guest.vp->registers.gpr[VIRT_RSP] + 8] = 0xf8; /* CS */
	check_equal(guest_run(&guest), VIRT_HOST);
	check(event->valid);
	check_equal(event->vector, 13);
	check(event->has_error);
	check_equal(event->error, 0xf8);
	check(guest.vp->registers.nmi_masked);
	check(!(guest.vp->registers.rflags & RFLAGS_TF));
	guest_end(&guest);
}

/* CR8 is written by the guest itself, one exit each, also with V_IRQ. */
GUEST(cr8, "mov $5, %eax; mov %rax, %cr8; mov $7, %ebx; hlt;"
	   "mov $3, %eax; mov %rax, %cr8; mov %cr8, %rbx; hlt;"
	   "mov $0x10, %eax; mov %rax, %cr8; hlt");
static void case_cr8(void)
{
	struct guest guest;

	guest_begin(&guest, cr8);
	guest.vp->registers.cr8 = 9;
	virt->vp_window(guest.vp, VIRT_WINDOW_CR8);
	check_equal(guest_run(&guest), VIRT_CR8_WINDOW);
	check_equal(guest.vp->registers.cr8, 5);
	check_equal(guest.vp->registers.gpr[VIRT_RBX], 0);
	check_equal(guest_run(&guest), VIRT_HALT);
	guest_skip(&guest);

	virt->vp_window(guest.vp, VIRT_WINDOW_INTERRUPT);
	check_equal(guest_run(&guest), VIRT_HALT);
	check_equal(guest.vp->registers.cr8, 3);
	check_equal(guest.vp->registers.gpr[VIRT_RBX], 3);
	guest_end(&guest);
}

/* A guest that single-steps itself across such a write keeps its trap. */
static void case_own_trap(void)
{
	struct guest guest;

	guest_begin(&guest, cr8);
	guest.vp->registers.rip += 5;
	guest.vp->registers.gpr[VIRT_RAX] = 6;
	guest.vp->registers.rflags |= RFLAGS_TF;
	virt->vp_window(guest.vp, VIRT_WINDOW_CR8);
	check_equal(guest_run(&guest), VIRT_CR8_WINDOW);
	check_equal(guest.vp->registers.cr8, 6);
	check(guest.intercept.interrupted.valid);
	check_equal(guest.intercept.interrupted.vector, 1);
	check(guest.vp->registers.rflags & RFLAGS_TF);
	check_equal(guest_get(&guest, HV_REGISTER_DR6), 0xffff4ff0);
	guest_end(&guest);
}

/* Debug traps of a child come by way of the core, with its DR6. */
LABEL(trap_handler);
GUEST(trap, "pushf; orl $0x100, (%rsp); popf; nop; nop; pushf;"
	    "andl $~0x100, (%rsp); popf; hlt;"
	    "trap_handler: inc %rcx; mov %dr6, %rbx; iretq");
static void case_debug_trap(void)
{
	const struct virt_event *event;
	struct guest guest;
	unsigned int traps = 0;

	guest_begin(&guest, trap);
	event = &guest.intercept.interrupted;
	GATE(&guest, 1, trap, trap_handler);
	guest.vp->registers.gpr[VIRT_RCX] = 0;
	while (guest_run(&guest) == VIRT_HOST && traps < 10) {
		check(event->valid);
		check_equal(event->type, VIRT_EVENT_EXCEPTION);
		check_equal(event->vector, 1);
		check(!event->has_error);
		virt->vp_inject(guest.vp, event);
		traps++;
	}
	check_equal(guest.intercept.kind, VIRT_HALT);
	check_equal(traps, 5);
	check_equal(guest.vp->registers.gpr[VIRT_RCX], traps);
	check_equal(guest.vp->registers.gpr[VIRT_RBX], 0xffff4ff0);
	guest_end(&guest);
}

/* A physical interrupt ends a guest that spins with its interrupts off. */
GUEST(spin, "1: inc %rax; jmp 1b");
static void case_host_interrupt(void)
{
	struct virt_intercept intercept;
	struct guest guest;
	uint32_t before = interrupts_taken;

	guest_begin(&guest, spin);
	timer_start(100000000);
	virt->vp_run(guest.vp, &intercept);
	check_equal(intercept.kind, VIRT_HOST);
	check(!intercept.interrupted.valid);
	check(guest.vp->registers.gpr[VIRT_RAX] > 0);
	check_equal(interrupts_taken, before);
	interrupts_let_in();
	check_equal(interrupts_taken, before + 1);
	guest_end(&guest);
}

void cases_event(void)
{
	case_inject();
	case_cut_short();
	case_cut_short_own();
	case_interrupt_window();
	case_interrupt_waits();
	case_shadow();
	case_shadow_fault();
	case_nmi();
	case_nmi_iret_faults();
	case_cr8();
	case_own_trap();
	case_debug_trap();
	case_host_interrupt();
}
