/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs all checks that apply to this machine and says what came of each. */
#include "check.h"

#include "abi/cpuid.h"

static const struct chapter *const chapters[] = {
	&cpuid_chapter,	     &msr_chapter,	 &msr_synthetic_chapter,
	&hypercall_chapter,  &intercept_chapter, &exception_chapter,
	&delivery_chapter,   &memory_chapter,	 &code_chapter,
	&state_chapter,	     &debug_chapter,	 &apic_chapter,
	&apic_timer_chapter, &smp_chapter,	 &synic_chapter,
	&timer_chapter,	     &message_chapter,	 &x2apic_chapter,
};

static struct {
	const struct check *check; /* the one that runs */
	bool wrong;
	uint32_t good;
	uint32_t failed;
	uint32_t skipped;
	uint32_t has;
} state;

/* Where a check that met an unexpected exception is left. */
static void *escape[5];

volatile struct exception exception_last;
bool (*volatile exception_hook)(struct frame *frame);

bool check_good(void)
{
	return !state.wrong;
}

void check_wrong(const char *what, uint64_t got, uint64_t wanted)
{
	if (state.wrong)
		return;
	state.wrong = true;
	print("FAILED ");
	print(state.check->name);
	print(": ");
	print(what);
	print(" is ");
	print_hex(got);
	print(", not ");
	print_hex(wanted);
	print("\n");
}

static bool exception_take(struct frame *frame)
{
	exception_last.vector = frame->vector;
	exception_last.error = frame->error;
	exception_last.rip = frame->rip;
	exception_last.flags = frame->flags;
	exception_last.rsp = frame->rsp;
	exception_last.cr2 = cr2_read();
	if (exception_hook && exception_hook(frame))
		return true;
	if (fault_resume)
		return false;
	check_wrong("exception, its vector", frame->vector, NO_EXCEPTION);
	print("  at ");
	print_hex(frame->rip);
	print(", error ");
	print_hex(frame->error);
	print(", cr2 ");
	print_hex(cr2_read());
	print("\n");
	__builtin_longjmp(escape, 1);
}

static bool take(struct frame *frame)
{
	uint32_t cpu = interrupt_cpu();
	struct interrupts *all = &interrupts[cpu];

	if (frame->vector < 32 && frame->vector != VECTOR_NMI)
		return exception_take(frame);
	all->count[frame->vector]++;
	if (all->total < sizeof(all->order))
		all->order[all->total] = (uint8_t)frame->vector;
	all->total++;
	all->rip = frame->rip;
	all->flags = frame->flags;
	all->depth++;
	if (all->depth > all->depth_most)
		all->depth_most = all->depth;
	if (interrupt_hook)
		interrupt_hook(frame);
	if (frame->vector != VECTOR_NMI && frame->vector != interrupt_no_eoi)
		interrupt_end();
	all->depth--;
	return true;
}

/* The 8259s as a PC starts with them would interrupt by vectors from 0. */
static void pic_mask(void)
{
	static const struct {
		uint16_t port;
		uint8_t value;
	} writes[] = {{0x20, 0x11}, {0x21, 0xe0}, {0x21, 4},	{0x21, 1},
		      {0x21, 0xff}, {0xa0, 0x11}, {0xa1, 0xe8}, {0xa1, 2},
		      {0xa1, 1},    {0xa1, 0xff}};
	size_t i;

	for (i = 0; i < sizeof(writes) / sizeof(writes[0]); i++)
		port_write(writes[i].port, writes[i].value);
}

static uint32_t features(void)
{
	uint32_t out[4];
	uint32_t has = NEEDS_HIDDEN;

	cpuid(HV_CPUID_INTERFACE, 0, out);
	if (out[0] == HV_CPUID_INTERFACE_HV1)
		has = NEEDS_HYPERVISOR;
	cpuid(1, 0, out);
	if (out[2] & 1u << 28)
		has |= NEEDS_AVX;
	if (second_start())
		has |= NEEDS_SECOND;
	return has;
}

static void check_run(const struct check *check)
{
	state.check = check;
	state.wrong = false;
	if (check->needs & ~state.has) {
		state.skipped++;
		return;
	}
	interrupts_off();
	interrupt_forget();
	exception_hook = NULL;
	fault_resume = 0;
	if (!__builtin_setjmp(escape))
		check->run();
	interrupts_off();
	if (state.wrong) {
		state.failed++;
		return;
	}
	state.good++;
	print("ok ");
	print(check->name);
	print("\n");
}

void checks_run(void)
{
	size_t i, j;

	interrupt_start();
	fault_hook = take;
	pic_mask();
	apic_on();
	state.has = features();
	for (i = 0; i < sizeof(chapters) / sizeof(chapters[0]); i++)
		for (j = 0; j < chapters[i]->count; j++)
			check_run(&chapters[i]->checks[j]);
	fault_hook = NULL;
	print("checks: ");
	print_number(state.good);
	print(" ok, ");
	print_number(state.failed);
	print(" failed, ");
	print_number(state.skipped);
	print(" not for this machine\n");
}
