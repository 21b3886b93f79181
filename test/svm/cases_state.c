/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers by name, two processors in turn, and what a round trip costs. */
#include "../../hv/lib/string.h"
#include "../../hv/x86/register.h"
#include "test.h"

GUEST(spin_cpuid, "1: cpuid; jmp 1b");

/* What is set is read back, switched to or not, and what is not ours fails. */
static void check_registers(struct guest *guest)
{
	static const struct {
		uint32_t name;
		uint64_t value;
		uint64_t reads;
	} good[] = {
		{HV_REGISTER_CR2, 0x123456789abc, 0x123456789abc},
		{HV_REGISTER_DR6, 0xffff4ff1, 0xffff4ff1},
		{HV_REGISTER_DR7, 0x1, 0x401},
		{HV_REGISTER_EFER, EFER_LME | EFER_LMA, EFER_LME | EFER_LMA},
		{HV_REGISTER_PAT, 0x0007010600070406, 0x0007010600070406},
		{HV_REGISTER_STAR, 0x1b000800000000, 0x1b000800000000},
		{HV_REGISTER_LSTAR, 0xffffffff81000000, 0xffffffff81000000},
		{HV_REGISTER_CSTAR, 0xffffffff82000000, 0xffffffff82000000},
		{HV_REGISTER_SFMASK, 0x47700, 0x47700},
		{HV_REGISTER_KERNEL_GS_BASE, 0x7fff12345000, 0x7fff12345000},
		{HV_REGISTER_SYSENTER_CS, 0x10, 0x10},
		{HV_REGISTER_SYSENTER_ESP, 0x1000, 0x1000},
		{HV_REGISTER_SYSENTER_EIP, 0x2000, 0x2000},
	};
	static const struct {
		uint32_t name;
		uint64_t value;
	} bad[] = {
		{HV_REGISTER_CR0, BIT(32) | 0x11},
		{HV_REGISTER_CR0, 0x11 | CR0_NW},
		{HV_REGISTER_CR3, BIT(62)},
		{HV_REGISTER_CR4, BIT(13)},
		{HV_REGISTER_EFER, BIT(12)},
		{HV_REGISTER_EFER, BIT(1)},
		{HV_REGISTER_DR6, BIT(32)},
		{HV_REGISTER_DR7, BIT(32)},
		{HV_REGISTER_PAT, 2},
		{HV_REGISTER_LSTAR, 0x800000000000},
		{HV_REGISTER_RAX, 0},
		{HV_REGISTER_CR8, 0},
		{HV_REGISTER_DR0, 0},
		{HV_REGISTER_TSC, 0},
		{HV_REGISTER_VP_INDEX, 0},
		{0xffffffff, 0},
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(good); i++) {
		check(guest_set(guest, good[i].name, good[i].value));
		check_equal(guest_get(guest, good[i].name), good[i].reads);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++)
		check_equal(i << 8 |
				    guest_set(guest, bad[i].name, bad[i].value),
			    i << 8);
}

static void check_segments(struct guest *guest, uint64_t base)
{
	struct hv_register_value value, read;

	for (uint32_t name = HV_REGISTER_ES; name <= HV_REGISTER_TR; name++) {
		if (name == HV_REGISTER_CS || name == HV_REGISTER_SS)
			continue;
		value.segment = (struct hv_segment_register){
			.base = base + name,
			.limit = 0xfffff,
			.selector = (uint16_t)(name << 3),
			.attributes = 0xd0f3,
		};
		check(virt->vp_set(guest->vp, name, &value));
		check(virt->vp_get(guest->vp, name, &read));
		check(!memcmp(&value, &read, sizeof(value)));
	}
}

static void case_registers(void)
{
	struct guest guest;

	guest_begin(&guest, spin_cpuid);
	check_registers(&guest);
	check_segments(&guest, 0x1000);
	virt->vp_switch(guest.vp, NULL);
	check_registers(&guest);
	check_segments(&guest, 0x2000);
	virt->vp_switch(NULL, guest.vp);
	check_equal(guest_get(&guest, HV_REGISTER_LSTAR), 0xffffffff81000000);
	guest_end(&guest);
}

/* The privilege level goes with SS. */
GUEST(user, "vmmcall; mov %ss, %eax; vmmcall");
static void case_user(void)
{
	struct hv_register_value ss = {
		.segment = {.selector = 0x23,
			    .attributes = 0xc0f3,
			    .limit = 0xffffffff},
	};
	struct hv_register_value cs = {
		.segment = {.selector = 0x2b,
			    .attributes = 0xa0fb,
			    .limit = 0xffffffff},
	};
	struct guest guest;

	guest_begin(&guest, user);
	check(virt->vp_set(guest.vp, HV_REGISTER_CS, &cs));
	check(virt->vp_set(guest.vp, HV_REGISTER_SS, &ss));
	check_equal(guest.vp->registers.cpl, 3);
	check_equal(guest_run(&guest), VIRT_HYPERCALL);
	check_equal(guest.vp->registers.cpl, 3);
	guest_skip(&guest);
	check_equal(guest_run(&guest), VIRT_HYPERCALL);
	check_equal(guest.vp->registers.gpr[VIRT_RAX], 0x23);
	check(virt->vp_get(guest.vp, HV_REGISTER_SS, &ss));
	check_equal(ss.segment.attributes >> 5 & 3, 3);
	guest_end(&guest);
}

/* Two processors that write and read what VMLOAD brings, in turn. */
GUEST(pair, "mov $0xc0000100, %ecx; mov %edi, %eax; xor %edx, %edx; wrmsr;"
	    "mov $0xc0000081, %ecx; wrmsr; 1: cpuid;"
	    "mov $0xc0000100, %ecx; rdmsr; mov %eax, %ebx;"
	    "mov $0xc0000081, %ecx; rdmsr; jmp 1b");
static void case_pair(void)
{
	struct guest one, two;
	struct virt_vp *current;

	guest_begin(&one, pair);
	virt->vp_switch(one.vp, NULL);
	guest_begin(&two, pair);
	current = two.vp;
	one.vp->registers.gpr[VIRT_RDI] = 0x1110;
	two.vp->registers.gpr[VIRT_RDI] = 0x2220;
	for (unsigned int i = 0; i < 6; i++) {
		struct guest *guest = i % 2 ? &one : &two;

		virt->vp_switch(current, guest->vp);
		current = guest->vp;
		check_equal(guest_run(guest), VIRT_CPUID);
		guest_skip(guest);
		if (i < 2)
			continue;
		check_equal(guest->vp->registers.gpr[VIRT_RBX],
			    guest->vp->registers.gpr[VIRT_RDI]);
		check_equal(guest->vp->registers.gpr[VIRT_RAX],
			    guest->vp->registers.gpr[VIRT_RDI]);
	}
	guest_end(&one);
	virt->vp_destroy(two.vp, &test_pages);
	while (!virt->space_release(&two.space, 1))
		;
}

/* Under -icount a tick is an instruction: guest, silicon and back end. */
static void case_round_trip(void)
{
	const unsigned int rounds = 1000;
	struct virt_intercept intercept;
	struct guest guest;
	uint64_t ticks;

	guest_begin(&guest, spin_cpuid);
	check_equal(guest_run(&guest), VIRT_CPUID);
	ticks = register_read_tsc();
	for (unsigned int i = 0; i < rounds; i++) {
		virt->vp_run(guest.vp, &intercept);
		virt->vp_skip(guest.vp, &intercept);
	}
	ticks = (register_read_tsc() - ticks) / rounds;
	report("ticks of a CPUID round trip", ticks);
	guest_end(&guest);
}

void cases_state(void)
{
	case_registers();
	case_user();
	case_pair();
	case_round_trip();
	check_equal(test_pages_taken, 1);
}
