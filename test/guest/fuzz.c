/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A random program: port and memory-mapped accesses of every form, MSRs,
 * hypercalls, CPUID and privileged instructions, in any order. What would end
 * this guest itself, as it should, is left out: see is_deadly() and sane().
 */
#include "abi/hypercall.h"
#include "abi/msr.h"
#include "guest.h"

#define STEPS 5000
#define PAGE  4096u
#define PAGES 4u

#define IOAPIC	   0xfec00000ull
#define APIC	   0xfee00000ull
#define APIC_ICR   0x300u
#define MODE_MASK  0x700u
#define MODE_NMI   0x400u
#define HOLE	   0x20000000ull
#define HOLE_SIZE  0x80000000ull
#define MSR_X2APIC 0x800u
#define MSR_EFER   0xc0000080u

/* An instruction that may fault: then the next one follows. */
#define PROBE(instruction, ...)                                                \
	__asm__ volatile("movq $1f, fault_resume\n\t" instruction              \
			 "\n1:\tmovq $0, fault_resume" __VA_ARGS__)

static uint8_t scratch[PAGES][PAGE] __attribute__((aligned(PAGE)));
static bool has_hypercalls;

static uint64_t below(uint64_t limit)
{
	return random_next() % limit;
}

/* Sometimes one bit, a small number, an address of ours. */
static uint64_t value(void)
{
	switch (below(5)) {
	case 0:
		return 1ull << below(64);
	case 1:
		return below(256);
	case 2:
		return (uint64_t)scratch[below(PAGES)] | below(2);
	default:
		return random_next();
	}
}

/* ---- Ports ---- */

static uint16_t port(unsigned int size)
{
	static const uint16_t known[] = {0x20, 0x21,  0xa0,  0xa1,  0x40, 0x41,
					 0x42, 0x43,  0x61,  0x70,  0x71, 0x60,
					 0x80, 0xcf8, 0xcfc, 0x4d0, 0x4d1};
	uint32_t at;

	do
		at = below(3) ? known[below(17)] : (uint32_t)below(0x10000);
	while (port_reaches_ending(at, size));
	return (uint16_t)at;
}

static void ports(void)
{
	const uint64_t data = value();
	const void *from = scratch[0] + below(PAGE - 256);
	uint64_t count = below(64);
	uint16_t at;

	switch (below(8)) {
	case 0:
		at = port(4);
		PROBE("inl %%dx, %%eax", ::"d"(at) : "rax");
		break;
	case 1:
		at = port(2);
		PROBE("outw %%ax, %%dx", ::"d"(at), "a"(data));
		break;
	case 2:
		at = port(4);
		PROBE("outl %%eax, %%dx", ::"d"(at), "a"(data));
		break;
	case 3:
		at = port(1);
		PROBE("cld; rep outsb", : "+S"(from), "+c"(count) : "d"(at));
		break;
	case 4:
		at = port(4);
		PROBE("cld; rep insl",
		      : "+D"(from), "+c"(count)
		      : "d"(at)
		      : "memory");
		break;
	case 5:
		at = port(1);
		PROBE("inb %%dx, %%al", ::"d"(at) : "rax");
		break;
	default:
		at = port(1);
		PROBE("outb %%al, %%dx", ::"d"(at), "a"(data));
	}
}

/* ---- Memory-mapped registers, and addresses where nothing is ---- */

/* INIT and start-up messages would take the processor away from us. */
static uint32_t sane(uint64_t address, uint64_t data)
{
	if ((address & ~0xfffull) == IOAPIC ||
	    (address & ~0xfull) == APIC + APIC_ICR ||
	    address == MSR_X2APIC + APIC_ICR / 16)
		data = (data & ~(uint64_t)MODE_MASK) |
		       (data & 1 ? MODE_NMI : 0);
	return (uint32_t)data;
}

static uint64_t address(void)
{
	switch (below(4)) {
	case 0:
		return IOAPIC + below(2) * 16;
	case 1:
		return APIC + below(64) * 16;
	case 2:
		return APIC + below(PAGE - 8);
	default:
		return HOLE + (below(HOLE_SIZE) & ~7ull);
	}
}

static void plain(uint64_t at, uint32_t data)
{
	switch (below(8)) {
	case 0:
		PROBE("movb %%al, (%0)", ::"r"(at), "a"(data) : "memory");
		break;
	case 1:
		PROBE("movw %%ax, (%0)", ::"r"(at), "a"(data) : "memory");
		break;
	case 2:
	case 3:
		PROBE("movl %%eax, (%0)", ::"r"(at), "a"(data) : "memory");
		break;
	case 4:
		PROBE("movq (%0), %%rax", ::"r"(at) : "rax");
		break;
	case 5:
		PROBE("movzbl (%0), %%eax", ::"r"(at) : "rax");
		break;
	default:
		PROBE("movl (%0), %%eax", ::"r"(at) : "rax");
	}
}

/* Not to where a word of data could be an INIT. */
static void odd(uint64_t data)
{
	uint64_t at = HOLE + (below(HOLE_SIZE) & ~7ull);
	uint64_t count = below(64);
	const void *from = scratch[0];

	switch (below(8)) {
	case 0:
		PROBE("lock orl %%eax, (%0)", ::"r"(at), "a"(data) : "memory");
		break;
	case 1:
		PROBE("xchgl %%eax, (%0)", ::"r"(at), "a"(data) : "memory");
		break;
	case 2:
		PROBE("cld; rep stosl",
		      : "+D"(at), "+c"(count)
		      : "a"(data)
		      : "memory");
		break;
	case 3:
		PROBE("cld; rep movsb",
		      : "+D"(at), "+S"(from), "+c"(count)::"memory");
		break;
	case 4:
		PROBE("testl %%eax, (%0)", ::"r"(at), "a"(data) : "cc");
		break;
	case 5:
		PROBE("cmpxchgl %%ecx, (%0)", ::"r"(at), "c"(data)
		      : "rax", "memory");
		break;
	case 6:
		PROBE("addq $5, (%0)", ::"r"(at) : "memory");
		break;
	default:
		PROBE("btsl $3, (%0)", ::"r"(at) : "memory");
	}
}

static void memory(void)
{
	const uint64_t at = address();

	if (below(4))
		plain(at, sane(at, value()));
	else
		odd(value());
}

/* ---- MSRs ---- */

static bool is_deadly(uint32_t number)
{
	return number == MSR_EFER || number == HV_MSR_RESET ||
	       number == HV_MSR_GUEST_OS_ID || number == HV_MSR_HYPERCALL ||
	       number == 0x400000f0 || /* idle: with interrupts off for ever */
	       (number >= 0x40000100 && number <= 0x40000105);
}

/* Pages that the hypervisor writes to are scratch, or where nothing is. */
static uint64_t msr_value(uint32_t number)
{
	const uint64_t any = value();

	if (number == HV_MSR_REFERENCE_TSC || number == 0x40000073 ||
	    number == 0x40000082 || number == 0x40000083)
		return below(2) ? (uint64_t)scratch[below(PAGES)] | 1
				: HOLE | (any & 0x7ffffffffull << 29) | 1;
	return number >> 8 == MSR_X2APIC >> 8 ? sane(number, any) | any << 32
					      : any;
}

static void msrs(void)
{
	static const uint32_t bases[] = {
		0,	    0x170,	0x1a0,	    0x200,
		0x270,	    0x800,	0x40000000, 0x40000020,
		0x40000070, 0x40000080, 0x40000090, 0x400000b0,
		0xc0000080, 0xc0000100, 0xc0010000, 0xc0010110};
	const uint32_t number = bases[below(16)] + (uint32_t)below(48);
	uint64_t read;

	if (below(2))
		probe_rdmsr(number, &read);
	else if (!is_deadly(number))
		probe_wrmsr(number, msr_value(number));
}

/* ---- The rest ---- */

static void calls(void)
{
	static const uint16_t known[] = {
		HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE,
		HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST,
		HVCALL_NOTIFY_LONG_SPIN_WAIT,
		HVCALL_SEND_SYNTHETIC_CLUSTER_IPI,
		HVCALL_SEND_SYNTHETIC_CLUSTER_IPI_EX,
		HVCALL_POST_MESSAGE,
		HVCALL_SIGNAL_EVENT,
		HVCALL_CREATE_PARTITION,
		HVCALL_MAP_GPA_PAGES,
		HVCALL_GET_VP_REGISTERS,
		HVCALL_SET_VP_REGISTERS,
		HVCALL_GET_PARTITION_ID,
	};

	if (!has_hypercalls)
		return;
	if (!below(64)) {
		/* Everything of the interface ends, and begins again. */
		probe_wrmsr(HV_MSR_GUEST_OS_ID, 0);
		hypercall_enable();
		return;
	}
	hypercall_random(below(4) ? known[below(12)] : (uint32_t)below(0x120));
}

static void instructions(void)
{
	uint32_t leaf = (uint32_t)(below(3) << 30 | below(0x20));
	uint32_t subleaf = (uint32_t)below(4);

	switch (below(12)) {
	case 0:
		PROBE("wbinvd", ::: "memory");
		break;
	case 1:
		PROBE("vmrun %%rax", ::"a"(scratch[0]) : "memory");
		break;
	case 2:
		PROBE("stgi", ::: "memory");
		break;
	case 3:
		PROBE("xsetbv", ::"c"(subleaf), "a"(7), "d"(0));
		break;
	case 4:
		PROBE("rdpmc", ::"c"(subleaf) : "rax", "rdx");
		break;
	case 5:
		PROBE("monitor", ::"a"(scratch[0]), "c"(0), "d"(0));
		break;
	case 6:
		PROBE("invlpg (%0)", ::"r"(scratch[0]) : "memory");
		break;
	case 7:
		PROBE("vmmcall", ::"a"(0), "c"(random_next()) : "memory");
		break;
	default:
		PROBE("cpuid", : "+a"(leaf), "+c"(subleaf)::"rbx", "rdx");
	}
}

void fuzz_hostile(void)
{
	static void (*const kinds[])(void) = {ports, memory, msrs, calls,
					      instructions};
	unsigned int i;

	has_hypercalls = hypercall_enable();
	for (i = 0; i < STEPS; i++)
		kinds[below(5)]();
	print("guest: steps ");
	print_number(STEPS);
	print(", faults ");
	print_number(fault_count());
	print("\n");
}
