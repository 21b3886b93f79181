/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every hypercall code with random input, messages of garbage, and overlay
 * pages everywhere. */
#include "abi/hypercall.h"
#include "abi/msr.h"
#include "guest.h"

#define PAGE	       4096u
#define CODES	       0x200u
#define TRIES	       8
#define OVERLAY_FIRST  0x400000ull
#define OVERLAYS       2048
#define OVERLAY_ENABLE 1u

static uint8_t hypercall_page[PAGE] __attribute__((aligned(PAGE)));
static uint64_t input[PAGE / 8] __attribute__((aligned(PAGE)));
static uint64_t output[PAGE / 8] __attribute__((aligned(PAGE)));

/* False where no Hyper-V interface is: then there is nothing to attack. */
bool hypercall_enable(void)
{
	if (!probe_wrmsr(HV_MSR_GUEST_OS_ID, 0x8100000000000001ull) ||
	    !probe_wrmsr(HV_MSR_HYPERCALL,
			 (uint64_t)hypercall_page | OVERLAY_ENABLE)) {
		print("guest: no hypercalls here\n");
		return false;
	}
	return true;
}

static void fill(uint64_t *words)
{
	size_t i;

	for (i = 0; i < PAGE / 8; i++)
		words[i] = random_next();
}

/* Sometimes a small number: those reach deeper than random bits. */
static uint64_t mixed(void)
{
	const uint64_t value = random_next();

	return value & 1 ? value : value >> 56;
}

static uint64_t address(void *page)
{
	switch (random_next() & 7) {
	case 0:
		return random_next();
	case 1:
		return (uint64_t)page + (random_next() & 0xff8);
	case 2:
		return random_next() & 0xfffffffff000ull;
	default:
		return (uint64_t)page;
	}
}

uint64_t hypercall_random(uint32_t code)
{
	const uint64_t kind = random_next();
	uint64_t control = code;
	size_t i;

	if (!(kind & 0x3))
		control |= 1ull << 16;
	if (!(kind & 0x1c))
		control |= (mixed() & 0x3ff) << 17;
	if (kind & 0x20)
		control |= (mixed() & 0xfff) << 32;
	if (!(kind & 0x7c0))
		control |= mixed() << 48;
	fill(input);
	for (i = 0; i < 8; i++)
		input[i] = kind & 0x10000ull << i ? mixed() & 0xff : mixed();
	return probe_hypercall(hypercall_page, control, address(input),
			       address(output));
}

void hypercall_hostile(void)
{
	uint64_t accepted = 0, total = 0;
	uint32_t code;
	int try;

	if (!hypercall_enable())
		return;
	for (code = 0; code < 2 * CODES; code++) {
		for (try = 0; try < TRIES; try++) {
			/* Code, fast bit, variable header, repeat count. */
			uint64_t control =
				(code < CODES ? code : 0x8000 + code - CODES);

			if (try & 1)
				control |= 1ull << 16;
			if (try & 2)
				control |= (mixed() & 0x3ff) << 17;
			if (try & 4)
				control |= (mixed() & 0xfff) << 32 |
					   (mixed() & 0xfff) << 48;
			fill(input);
			total++;
			if ((probe_hypercall(hypercall_page, control,
					     address(input), address(output)) &
			     0xffff) == 0)
				accepted++;
		}
	}
	print("guest: hypercalls ");
	print_number(total);
	print(", accepted ");
	print_number(accepted);
	print("\n");
}

/* What the VMBus server gets: garbage of every length, to the connections it
 * listens on. */
void message_hostile(void)
{
	static const uint32_t connections[] = {1, 4, 0x10001, 2, 0};
	uint64_t accepted = 0;
	int i;

	if (!hypercall_enable())
		return;
	for (i = 0; i < 4000; i++) {
		fill(input);
		input[0] = connections[i % 5]; /* and reserved bits of 0 */
		input[1] = 1 | (random_next() % 241) << 32;
		if (i & 1)
			input[2] =
				random_next() % 32; /* a VMBus message type */
		if ((probe_hypercall(hypercall_page, HVCALL_POST_MESSAGE,
				     (uint64_t)input, 0) &
		     0xffff) == 0)
			accepted++;
	}
	print("guest: messages accepted ");
	print_number(accepted);
	print("\n");
}

/* Overlay pages laid everywhere, most of them where no memory is. */
void overlay_hostile(void)
{
	static const uint32_t registers[] = {
		HV_MSR_HYPERCALL, HV_MSR_REFERENCE_TSC, 0x40000082, 0x40000083};
	uint64_t taken = 0;
	uint64_t i;

	if (!hypercall_enable())
		return;
	for (i = 0; i < OVERLAYS; i++) {
		const uint64_t gpa =
			i & 1 ? OVERLAY_FIRST + i * PAGE : i * 0x40000000ull;

		taken += probe_wrmsr(registers[i % 4], gpa | OVERLAY_ENABLE);
	}
	for (i = 0; i < 4; i++)
		probe_wrmsr(registers[i], 0);
	print("guest: overlays taken ");
	print_number(taken);
	print("\n");
}
