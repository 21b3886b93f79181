/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exceptions: counted and stepped over where expected, told where not; and the
 * way to a triple fault. */
#include "guest.h"

#define VECTORS	      32
#define CODE_SELECTOR 0x08
#define VECTOR_NMI    2
#define GATE	      0x8e00u /* present, interrupt gate */

struct gate {
	uint16_t offset_low;
	uint16_t selector;
	uint16_t flags;
	uint16_t offset_middle;
	uint32_t offset_high;
	uint32_t reserved;
};

struct pointer {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

volatile uint64_t fault_resume;
bool (*volatile fault_hook)(struct frame *frame);

static struct gate gates[VECTORS];
static uint64_t count;

uint64_t fault_count(void)
{
	return count;
}

static void load(const void *base, uint16_t limit)
{
	const struct pointer pointer = {limit, (uint64_t)base};

	__asm__ volatile("lidt %0" ::"m"(pointer));
}

void fault_init(void)
{
	size_t i;

	for (i = 0; i < VECTORS; i++) {
		const uint64_t stub =
			(uint64_t)(fault_stubs + i * FAULT_STUB_SIZE);

		gates[i] = (struct gate){
			.offset_low = (uint16_t)stub,
			.selector = CODE_SELECTOR,
			.flags = GATE,
			.offset_middle = (uint16_t)(stub >> 16),
			.offset_high = (uint32_t)(stub >> 32),
		};
	}
	load(gates, sizeof(gates) - 1);
}

void fault_handle(struct frame *frame);
void fault_handle(struct frame *frame)
{
	if (fault_hook && fault_hook(frame))
		return;
	count++;
	/* Not the fault of any instruction: somebody sent it. */
	if (frame->vector == VECTOR_NMI)
		return;
	if (fault_resume) {
		frame->rip = fault_resume;
		fault_resume = 0;
		return;
	}
	print("guest: exception ");
	print_number(frame->vector);
	print(" at ");
	print_hex(frame->rip);
	print("\n");
	for (;;)
		__asm__ volatile("cli; hlt");
}

/* No gate for an exception, none for the double fault either. */
void fault_forget(void)
{
	load(gates, 0);
}

void fault_triple(void)
{
	fault_forget();
	__asm__ volatile("int3");
}
