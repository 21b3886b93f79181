/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exits that instructions and memory cause, and what the intercepts say. */
#include "../../hv/lib/string.h"
#include "../../hv/x86/register.h"
#include "test.h"

/* A new processor starts at FFFFFFF0 with the registers of the manual. */
GUEST(nothing, "nop");
static void case_reset(void)
{
	struct guest guest;
	struct hv_register_value value;

	guest_begin_real(&guest, nothing);
	check_equal(guest_run(&guest), VIRT_GPA);
	check_equal(guest.intercept.memory.gpa.value, 0xfffffff0);
	check_equal(guest.intercept.memory.access, VIRT_ACCESS_EXECUTE);
	check(!guest.intercept.memory.page_walk);
	check_equal(guest.intercept.instruction_length, 0);
	check_equal(guest.vp->registers.rip, 0xfff0);
	check_equal(guest.vp->registers.rflags, 2);
	check_equal(guest.vp->registers.cpl, 0);
	check(virt->vp_get(guest.vp, HV_REGISTER_CS, &value));
	check_equal(value.segment.base, 0xffff0000);
	check_equal(value.segment.selector, 0xf000);
	check_equal(value.segment.attributes, 0x9b);
	check_equal(guest_get(&guest, HV_REGISTER_CR0), 0x60000010);
	check_equal(guest_get(&guest, HV_REGISTER_EFER), 0);
	guest_end(&guest);
}

GUEST(simple, "mov $0x1111, %rax; mov $0x2222, %r15; cpuid; hlt;"
	      "vmmcall; wbinvd; invd; mov %r14, %rbx; hlt");
static void case_simple(void)
{
	struct guest guest;

	guest_begin(&guest, simple);
	check_equal(guest_run(&guest), VIRT_CPUID);
	check_equal(guest.intercept.instruction_length, 2);
	check(!guest.intercept.interrupted.valid);
	check_equal(guest.vp->registers.gpr[VIRT_RAX], 0x1111);
	check_equal(guest.vp->registers.gpr[VIRT_R15], 0x2222);
	check_equal(guest.vp->registers.gpr[VIRT_RSP], GUEST_STACK);
	guest_skip(&guest);
	check_equal(guest_run(&guest), VIRT_HALT);
	check_equal(guest.intercept.instruction_length, 1);
	guest_skip(&guest);
	check_equal(guest_run(&guest), VIRT_HYPERCALL);
	check_equal(guest.intercept.instruction_length, 3);
	guest_skip(&guest);
	check_equal(guest_run(&guest), VIRT_CACHE);
	check_equal(guest.intercept.instruction_length, 2);
	guest_skip(&guest);
	check_equal(guest_run(&guest), VIRT_CACHE);
	guest_skip(&guest);
	guest.vp->registers.gpr[VIRT_R14] = 0x1234567890;
	check_equal(guest_run(&guest), VIRT_HALT);
	check_equal(guest.vp->registers.gpr[VIRT_RBX], 0x1234567890);
	guest_end(&guest);
}

GUEST(undefined, "vmrun; nop; vmload; nop; vmsave; nop; clgi; nop; stgi; nop;"
		 "skinit; nop; invlpga; nop; monitor; nop; mwait; nop; hlt");
static bool has_monitor(void)
{
	uint32_t cpuid[4];

	register_cpuid(1, 0, cpuid);
	return cpuid[2] & BIT(3);
}

static void case_undefined(void)
{
	struct guest guest;

	guest_begin(&guest, undefined);
	for (unsigned int i = 0; i < 9; i++) {
		/* A processor without MONITOR raises #UD by itself. */
		if (i >= 7 && !has_monitor()) {
			guest.vp->registers.rip += 4;
			continue;
		}
		check_equal(guest_run(&guest), VIRT_UNDEFINED);
		check_equal(guest.vp->registers.rip, GUEST_CODE + 4 * i);
		guest.vp->registers.rip += 4;
	}
	check_equal(guest_run(&guest), VIRT_HALT);
	guest_end(&guest);
}

GUEST(io, "outb %al, $0x80; inw $0x42, %ax; mov $0x3f8, %dx; inl %dx, %eax;"
	  "mov $0x100, %esi; mov $3, %ecx; rep outsb; insl; hlt");
static void case_io(void)
{
	static const struct {
		struct virt_io io;
		uint8_t length;
	} expected[] = {
		{{.port = 0x80, .size = 1}, 2},
		{{.port = 0x42, .size = 2, .in = true}, 3},
		{{.port = 0x3f8, .size = 4, .in = true}, 1},
		{{.port = 0x3f8, .size = 1, .string = true, .repeat = true}, 2},
		{{.port = 0x3f8, .size = 4, .string = true, .in = true}, 1},
	};
	struct guest guest;

	guest_begin(&guest, io);
	for (unsigned int i = 0; i < ARRAY_SIZE(expected); i++) {
		const struct virt_io *io = &guest.intercept.io;

		check_equal(guest_run(&guest), VIRT_IO);
		check_equal(io->port, expected[i].io.port);
		check_equal(io->size, expected[i].io.size);
		check_equal(io->in, expected[i].io.in);
		check_equal(io->string, expected[i].io.string);
		check_equal(io->repeat, expected[i].io.repeat);
		check_equal(guest.intercept.instruction_length,
			    expected[i].length);
		guest_skip(&guest);
	}
	check_equal(guest_run(&guest), VIRT_HALT);
	guest_end(&guest);
}

/* The parent reaches all ports but its own eight, and most MSRs. */
GUEST(parent, "mov $0x80, %edx; outb %al, %dx; mov $0x2f7, %dx; inb %dx, %al;"
	      "inc %dx; inb %dx, %al; mov $0x2ff, %dx; outb %al, %dx;"
	      "inc %dx; inb %dx, %al; mov $0x2f6, %dx; inl %dx, %eax;"
	      "wbinvd; mov $0x250, %ecx; rdmsr; mov $0x1b, %ecx; rdmsr;"
	      "mov $0x803, %ecx; rdmsr; mov $0xc0000080, %ecx; wrmsr;"
	      "mov $0x10, %ecx; rdmsr; mov $0x40000000, %ecx; rdmsr; hlt");
static void case_parent(void)
{
	static const uint16_t ports[] = {0x2f8, 0x2ff, 0x2f6};
	static const uint32_t msrs[] = {0x1b, 0x803, 0xc0000080, 0x10,
					0x40000000};
	struct guest guest;

	guest_is_parent = true;
	guest_begin(&guest, parent);
	guest_is_parent = false;
	for (unsigned int i = 0; i < ARRAY_SIZE(ports); i++) {
		check_equal(guest_run(&guest), VIRT_IO);
		check_equal(guest.intercept.io.port, ports[i]);
		guest_skip(&guest);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(msrs); i++) {
		check_equal(guest_run(&guest), VIRT_MSR);
		check_equal(guest.intercept.msr, msrs[i]);
		guest_skip(&guest);
	}
	check_equal(guest_run(&guest), VIRT_HALT);
	guest_end(&guest);
}

GUEST(msr, "mov $0xc0000102, %ecx; mov $0x1234, %eax; xor %edx, %edx; wrmsr;"
	   "mov $0xc0000080, %ecx; rdmsr; mov $0x277, %ecx; wrmsr;"
	   "mov $0xc0000102, %ecx; xor %eax, %eax; rdmsr; mov %eax, %ebx;"
	   "mov $0x174, %ecx; mov $0x10, %eax; wrmsr; mov $0x1d9, %ecx; rdmsr;"
	   "mov $0xc0010117, %ecx; rdmsr; hlt");
static void case_msr(void)
{
	static const struct {
		uint32_t msr;
		bool write;
	} expected[] = {{0xc0000080, false},
			{0x277, true},
			{0x1d9, false},
			{0xc0010117, false}};
	struct guest guest;

	guest_begin(&guest, msr);
	for (unsigned int i = 0; i < ARRAY_SIZE(expected); i++) {
		check_equal(guest_run(&guest), VIRT_MSR);
		check_equal(guest.intercept.msr, expected[i].msr);
		check_equal(guest.intercept.write, expected[i].write);
		check_equal(guest.intercept.instruction_length, 2);
		guest_skip(&guest);
	}
	check_equal(guest_run(&guest), VIRT_HALT);
	check_equal(guest.vp->registers.gpr[VIRT_RBX], 0x1234);
	check_equal(guest_get(&guest, HV_REGISTER_KERNEL_GS_BASE), 0x1234);
	check_equal(guest_get(&guest, HV_REGISTER_SYSENTER_CS), 0x10);
	guest_end(&guest);
}

static void map(struct guest *guest, uint64_t gpa, uint64_t offset,
		uint32_t rights)
{
	const struct virt_mapping mapping = {
		.gpa = GPA(gpa),
		.spa = SPA(guest->spa.value + offset),
		.size = PAGE_SIZE,
		.rights = rights,
	};

	check(virt->space_map(&guest->space, &mapping) == HV_STATUS_SUCCESS);
	virt->vp_flush(guest->vp);
}

static void check_gpa(struct guest *guest, uint64_t gpa, uint8_t access)
{
	check_equal(guest_run(guest), VIRT_GPA);
	check_equal(guest->intercept.memory.gpa.value, gpa);
	check_equal(guest->intercept.memory.access, access);
}

/* Read, write, fetch; rights; remapping; a large page split around a gap. */
GUEST(memory, "mov 0x200010, %eax; movl $5, 0x200020; mov $0x201000, %edi;"
	      "call *%rdi; hlt; mov 0x150000, %eax; mov 0x151000, %ebx; hlt");
static void case_memory(void)
{
	const uint32_t read = VIRT_MAP_READ;
	struct guest guest;

	guest_begin(&guest, memory);
	guest.memory[0x100010] = 0x77;
	guest.memory[0x101000] = 0xc3; /* RET */
	guest.memory[0x151000] = 0x66;
	check_gpa(&guest, 0x200010, VIRT_ACCESS_READ);
	check(!guest.intercept.memory.page_walk);
	check_equal(guest.intercept.byte_count, 0); /* no decode assists */
	map(&guest, 0x200000, 0x100000, read);
	check_gpa(&guest, 0x200020, VIRT_ACCESS_WRITE);
	check_equal(guest.vp->registers.gpr[VIRT_RAX], 0x77);
	map(&guest, 0x200000, 0x100000, read | VIRT_MAP_WRITE);
	map(&guest, 0x201000, 0x101000, read);
	check_gpa(&guest, 0x201000, VIRT_ACCESS_EXECUTE);
	check_equal(guest.memory[0x100020], 5);
	map(&guest, 0x201000, 0x101000, read | VIRT_MAP_EXECUTE);
	check_equal(guest_run(&guest), VIRT_HALT);
	guest_skip(&guest);

	check(virt->space_unmap(&guest.space, GPA(0x150000), PAGE_SIZE) ==
	      HV_STATUS_SUCCESS);
	virt->vp_flush(guest.vp);
	check_gpa(&guest, 0x150000, VIRT_ACCESS_READ);
	map(&guest, 0x150000, 0x101000, read);
	check_equal(guest_run(&guest), VIRT_HALT);
	check_equal(guest.vp->registers.gpr[VIRT_RAX], 0xc3);
	check_equal(guest.vp->registers.gpr[VIRT_RBX], 0x66);
	guest_end(&guest);
}

/* A page table of the guest that is not mapped: the walk faults. */
GUEST(walk, "mov 0x40000000, %eax; hlt");
static void case_page_walk(void)
{
	struct guest guest;
	uint64_t entry = 0x700007;

	guest_begin(&guest, walk);
	memcpy(guest.memory + GUEST_TABLES + 0x1008, &entry, sizeof(entry));
	check_equal(guest_run(&guest), VIRT_GPA);
	check_equal(guest.intercept.memory.gpa.value, 0x700000);
	check(guest.intercept.memory.page_walk);
	guest_end(&guest);
}

GUEST(fault, "ud2");
static void case_triple_fault(void)
{
	const struct hv_register_value empty = {0};
	struct guest guest;

	guest_begin(&guest, fault);
	check(virt->vp_set(guest.vp, HV_REGISTER_IDTR, &empty));
	check_equal(guest_run(&guest), VIRT_TRIPLE_FAULT);
	guest_end(&guest);
}

/* Where silicon has XSAVE. QEMU 7.2 executes XSETBV without an exit. */
GUEST(xsetbv, "xor %ecx, %ecx; xor %edx, %edx; mov $3, %eax; xsetbv; hlt");
static void case_xsetbv(void)
{
	struct guest guest;
	uint32_t cpuid[4];

	register_cpuid(1, 0, cpuid);
	if (!(cpuid[2] & BIT(26)))
		return;
	guest_begin(&guest, xsetbv);
	check(guest_set(&guest, HV_REGISTER_CR4, CR4_PAE | CR4_OSXSAVE));
	if (guest_run(&guest) == VIRT_XSETBV) {
		check_equal(guest.intercept.data, 3);
		check_equal(guest.intercept.instruction_length, 3);
		report("XSETBV exits", 1);
	} else {
		check_equal(guest.intercept.kind, VIRT_HALT);
	}
	guest_end(&guest);
}

/* Paging without protection: VMRUN refuses it, and takes the next vp. */
static void case_refused(void)
{
	struct guest guest;

	guest_begin(&guest, simple);
	check(guest_set(&guest, HV_REGISTER_CR0, CR0_PG | CR0_ET));
	check_equal(guest_run(&guest), VIRT_FAILED);
	check_equal(guest.intercept.data, 0xffffffff);
	guest_end(&guest);
	guest_begin(&guest, simple);
	check_equal(guest_run(&guest), VIRT_CPUID);
	guest_end(&guest);
}

void cases_exit(void)
{
	case_reset();
	case_simple();
	case_undefined();
	case_io();
	case_parent();
	case_msr();
	case_memory();
	case_page_walk();
	case_triple_fault();
	case_xsetbv();
	case_refused();
	check_equal(test_pages_taken, 1); /* the host save area */
}
