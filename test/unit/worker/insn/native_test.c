/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Emulated instructions against the processor's own, on random input. */
#define _GNU_SOURCE
#include "world.h"
#include "worker/insn/x86.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

struct native_form {
	const char *text;
	unsigned int size;
	uint8_t bytes[16];
};

static const struct native_form forms[] = {
#include "native_forms.inc"
};

#define ROUNDS	       200
#define CELL	       64 /* bytes of memory an instruction may touch */
#define FLAGS_COMPARED RFLAGS_ARITHMETIC

/* What goes in and comes out; offsets are known to the code below. */
struct native_state {
	uint64_t rax, rcx, rdx, rbx, rsi, rdi, r8, r9, flags;
};

static uint64_t random_state = 0x9e3779b97f4a7c15;

static uint64_t random_next(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* Values at which carries and signs change are as likely as any others. */
static uint64_t random_value(void)
{
	static const uint64_t edges[] = {
		0,
		1,
		0x7f,
		0x80,
		0xff,
		0x7fff,
		0x8000,
		0xffff,
		0x7fffffff,
		0x80000000,
		0xffffffff,
		0x7fffffffffffffff,
		0x8000000000000000,
		0xffffffffffffffff,
	};
	uint64_t value = random_next();

	if (value & 0x100)
		return edges[(value >> 16) %
			     (sizeof(edges) / sizeof(edges[0]))];
	return random_next();
}

static void native_run(const void *code, struct native_state *state)
{
	__asm__ volatile("push %%rbp\n\t"
			 "push %[state]\n\t"
			 "push %[code]\n\t"
			 "mov %[state], %%rbp\n\t"
			 "push 64(%%rbp)\n\t"
			 "mov (%%rbp), %%rax\n\t"
			 "mov 8(%%rbp), %%rcx\n\t"
			 "mov 16(%%rbp), %%rdx\n\t"
			 "mov 24(%%rbp), %%rbx\n\t"
			 "mov 32(%%rbp), %%rsi\n\t"
			 "mov 40(%%rbp), %%rdi\n\t"
			 "mov 48(%%rbp), %%r8\n\t"
			 "mov 56(%%rbp), %%r9\n\t"
			 "popfq\n\t"
			 "call *(%%rsp)\n\t"
			 "pushfq\n\t"
			 "mov 16(%%rsp), %%rbp\n\t"
			 "pop 64(%%rbp)\n\t"
			 "mov %%rax, (%%rbp)\n\t"
			 "mov %%rcx, 8(%%rbp)\n\t"
			 "mov %%rdx, 16(%%rbp)\n\t"
			 "mov %%rbx, 24(%%rbp)\n\t"
			 "mov %%rsi, 32(%%rbp)\n\t"
			 "mov %%rdi, 40(%%rbp)\n\t"
			 "mov %%r8, 48(%%rbp)\n\t"
			 "mov %%r9, 56(%%rbp)\n\t"
			 "add $16, %%rsp\n\t"
			 "pop %%rbp\n\t"
			 :
			 : [state] "r"(state), [code] "r"(code)
			 : "rax", "rcx", "rdx", "rbx", "rsi", "rdi", "r8", "r9",
			   "cc", "memory");
}

static uint8_t *code_page(void)
{
	uint8_t *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(page != MAP_FAILED);
	return page;
}

static void randomize(struct native_state *state, uint8_t cell[CELL])
{
	uint64_t word;

	state->rax = random_value();
	state->rcx = random_value();
	state->rdx = random_value();
	state->r8 = random_value();
	state->r9 = random_value();
	state->flags = 2 | (random_next() & FLAGS_COMPARED);
	for (unsigned int i = 0; i < CELL; i += 8) {
		/* Comparisons are to find equal values, too. */
		word = random_next() & 1 ? state->rax : random_value();
		memcpy(cell + i, &word, 8);
	}
}

static void load(struct world *world, const struct native_state *state)
{
	uint64_t *gprs = world->cpu.gprs;

	gprs[HV_GPR_RAX] = state->rax;
	gprs[HV_GPR_RCX] = state->rcx;
	gprs[HV_GPR_RDX] = state->rdx;
	gprs[HV_GPR_RBX] = WORLD_DEVICE;
	gprs[HV_GPR_RSI] = WORLD_DEVICE;
	gprs[HV_GPR_RDI] = WORLD_DEVICE + CELL / 2;
	gprs[HV_GPR_R8] = state->r8;
	gprs[HV_GPR_R9] = state->r9;
	world->cpu.rflags = state->flags;
}

static bool same(const struct world *world, const struct native_state *state,
		 const uint8_t *cell)
{
	const uint64_t *gprs = world->cpu.gprs;
	const uint64_t base = (uintptr_t)cell;

	return gprs[HV_GPR_RAX] == state->rax &&
	       gprs[HV_GPR_RCX] == state->rcx &&
	       gprs[HV_GPR_RDX] == state->rdx && gprs[HV_GPR_R8] == state->r8 &&
	       gprs[HV_GPR_R9] == state->r9 &&
	       gprs[HV_GPR_RSI] - WORLD_DEVICE == state->rsi - base &&
	       gprs[HV_GPR_RDI] - WORLD_DEVICE == state->rdi - base &&
	       memcmp(world->device, cell, CELL) == 0;
}

/* Logic leaves AF, BT all but CF, undefined: those are not compared. */
static uint64_t flags_defined(const char *text)
{
	static const char *const logic[] = {"and", "or", "xor", "test"};

	if (strncmp(text, "bt", 2) == 0)
		return RFLAGS_CF;
	for (size_t i = 0; i < sizeof(logic) / sizeof(logic[0]); i++)
		if (strncmp(text, logic[i], strlen(logic[i])) == 0)
			return FLAGS_COMPARED & ~RFLAGS_AF;
	return FLAGS_COMPARED;
}

static void run_form(const struct native_form *form, uint8_t *page)
{
	static struct world world;
	struct native_state state;
	uint8_t cell[CELL] __attribute__((aligned(16)));

	memcpy(page, form->bytes, form->size);
	page[form->size] = 0xc3;
	randomize(&state, cell);
	world_init(&world, WORLD_LONG);
	load(&world, &state);
	memcpy(world.device, cell, CELL);
	state.rbx = state.rsi = (uintptr_t)cell;
	state.rdi = (uintptr_t)cell + CELL / 2;
	native_run(page, &state);
	if (world_run(&world, form->bytes, form->size) != INSN_DONE ||
	    world.cpu.rip != WORLD_CODE + form->size)
		fail_msg("%s: not done", form->text);
	if (!same(&world, &state, cell))
		fail_msg("%s: registers or memory differ", form->text);
	if ((world.cpu.rflags ^ state.flags) & flags_defined(form->text))
		fail_msg("%s: flags %#llx, the processor's %#llx", form->text,
			 (unsigned long long)world.cpu.rflags,
			 (unsigned long long)state.flags);
}

static void test_all(void **unused)
{
	uint8_t *page = code_page();

	(void)unused;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		for (unsigned int round = 0; round < ROUNDS; round++)
			run_form(&forms[i], page);
	munmap(page, 4096);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
