/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints the hypervisor's table of hypercalls as one of the documentation. */
#include <stdio.h>

#include "hv/core/hypercall.h"

static const struct name {
	uint32_t code;
	const char *name;
} names[] = {
#include "hypercall_names.h"
};

/* GET_VP_STATE becomes GetVpState. */
static void print_name(const char *name)
{
	bool first = true;

	for (; *name; name++) {
		if (*name == '_') {
			first = true;
			continue;
		}
		bool lower = !first && *name >= 'A' && *name <= 'Z';

		putchar(lower ? *name - 'A' + 'a' : *name);
		first = false;
	}
}

static void print_code(uint32_t code)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].code != code)
			continue;
		print_name(names[i].name);
		return;
	}
	printf("?");
}

static void print_size(uint32_t fixed, uint32_t repeated)
{
	if (fixed || !repeated)
		printf("%u", fixed);
	if (fixed && repeated)
		printf(" + ");
	if (repeated)
		printf("%u a rep", repeated);
	printf(" | ");
}

static void print_target(const struct hypercall *call)
{
	static const char letters[] = {
		[PARTITION_CREATED] = 'C',
		[PARTITION_ACTIVE] = 'A',
		[PARTITION_FINALIZED] = 'F',
		[PARTITION_DELETING] = 'D',
	};

	if (!(call->form & HYPERCALL_TARGET)) {
		printf("– | ");
		return;
	}
	printf("%s%s, ", call->form & HYPERCALL_CHILD ? "child" : "any",
	       call->form & HYPERCALL_STOPPED ? ", vp stopped" : "");
	for (size_t state = 0; state < sizeof(letters); state++)
		if (call->states >> state & 1)
			putchar(letters[state]);
	printf(" | ");
}

static void print_row(uint32_t code, const struct hypercall *call)
{
	printf("| %04X | ", code);
	print_code(code);
	printf(" | %s%s | ", call->form & HYPERCALL_REP ? "R" : "S",
	       call->form & HYPERCALL_VARIABLE ? " V" : "");
	print_size(call->input, call->rep_input);
	print_size(call->output, call->rep_output);
	print_target(call);
	printf("%d |\n", __builtin_ctzll(call->privilege));
}

int main(void)
{
	printf("| code | name | form | input | output | target, state | "
	       "privilege (EBX) |\n|---|---|---|---|---|---|---|\n");
	for (uint32_t code = 0; code < 0x10000; code++) {
		const struct hypercall *call = hypercall_find((uint16_t)code);

		if (call)
			print_row(code, call);
	}
	return 0;
}
