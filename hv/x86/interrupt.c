/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupts and exceptions of the processor itself, taken in the hypervisor.
 */
#include "interrupt.h"
#include "../lib/print.h"
#include "descriptor.h"
#include "local_apic.h"
#include "panic.h"
#include "processor.h"
#include "register.h"

#define STUB_SIZE	       16
#define VECTOR_NMI	       2
#define VECTOR_FIRST_INTERRUPT 32

#define PIC_VECTORS	     8
#define PIC_COMMAND	     0x20
#define PIC_END_OF_INTERRUPT 0x20

/* A gate as the manual lays it out; no stack switch (IST 0), since a task
 * state segment would be the guest's. AMD64 volume 2, 4.8.4. */
struct gate {
	uint16_t offset_low;
	uint16_t selector;
	uint8_t stack;
	uint8_t type;
	uint16_t offset_middle;
	uint32_t offset_high;
	uint32_t reserved;
};
_Static_assert(sizeof(struct gate) == 16, "size of a gate");

extern const uint8_t interrupt_stubs[];
static struct gate gates[256];

void interrupt_start(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(gates); i++) {
		uintptr_t stub = (uintptr_t)interrupt_stubs + i * STUB_SIZE;

		gates[i] = (struct gate){
			.offset_low = (uint16_t)stub,
			.selector = DESCRIPTOR_CODE,
			.type = 0x8e, /* present, interrupt gate, ring 0 */
			.offset_middle = (uint16_t)(stub >> 16),
			.offset_high = (uint32_t)(stub >> 32),
		};
	}
	interrupt_load();
}

void interrupt_load(void)
{
	const struct register_table pointer = {sizeof(gates) - 1,
					       (uintptr_t)gates};

	__asm__ volatile("lidt %0" : : "m"(pointer));
}

static void set_bit(uint64_t bits[4], uint8_t vector)
{
	bits[vector / 64] |= BIT(vector % 64);
}

static bool take_bit(uint64_t bits[4], uint8_t vector)
{
	bool was = (bits[vector / 64] & BIT(vector % 64)) != 0;

	bits[vector / 64] &= ~BIT(vector % 64);
	return was;
}

/*
 * An interrupt the 8259 gave the processor by itself (ExtINT) is not in
 * service in the local APIC: nothing to end there. A level one stays in
 * service, holding back its priority, until the parent has ended it.
 */
static void device_interrupt(struct processor *processor, uint8_t vector)
{
	if (!local_apic_in_service(vector)) {
		set_bit(processor->taken.edge, vector);
		set_bit(processor->taken.pic, vector);
	} else if (local_apic_is_level(vector)) {
		set_bit(processor->taken.level, vector);
	} else {
		local_apic_end();
		set_bit(processor->taken.edge, vector);
	}
	processor->pending = true;
}

static void own_interrupt(struct processor *processor, uint8_t vector)
{
	switch (vector) {
	case INTERRUPT_TIMER:
		processor->armed = CPU_TIMER_OFF;
		processor->pending = true;
		break;
	case INTERRUPT_KICK:
		/* Cleared before anybody looks at what the kick was for. */
		__atomic_exchange_n(&processor_public(processor->index)->kicked,
				    0, __ATOMIC_SEQ_CST);
		processor->pending = true;
		break;
	case INTERRUPT_ERROR:
		print("lp%u: local APIC error %x\n", processor->index,
		      local_apic_error());
		break;
	case INTERRUPT_SPURIOUS:
		break;
	default: /* a device was told to use it: the parent's mistake */
		if (processor->strays++ == 0)
			print("lp%u: device interrupt on vector %x, which is "
			      "ours\n",
			      processor->index, vector);
	}
	if (local_apic_in_service(vector))
		local_apic_end();
}

/*
 * An 8259 between ICW1 and ICW2 answers with vectors 0 to 7: the parent has
 * begun to program it and its timer line was up. An exception cannot be meant
 * where the hypervisor has interrupts on. The parent would have to take it as
 * an exception: end it, for whoever programs an 8259 starts its lines anew.
 */
static bool is_from_unset_pic(const struct interrupt_frame *frame)
{
	return frame->vector < PIC_VECTORS &&
	       (frame->rflags & RFLAGS_INTERRUPT) != 0;
}

void interrupt_dispatch(struct interrupt_frame *frame)
{
	struct processor *processor = processor_this();
	uint8_t vector = (uint8_t)frame->vector;

	if (vector == VECTOR_NMI)
		return; /* has ended the guest, or cpu_wait() */
	if (is_from_unset_pic(frame))
		port_write8(PIC_COMMAND, PIC_END_OF_INTERRUPT);
	else if (vector < VECTOR_FIRST_INTERRUPT)
		panic_exception(frame);
	else if (vector >= CPU_VECTOR_FIRST_OWN &&
		 vector <= CPU_VECTOR_LAST_OWN)
		own_interrupt(processor, vector);
	else
		device_interrupt(processor, vector);
}

void cpu_wait(void)
{
	const struct processor *processor = processor_this();

	/* STI holds interrupts off for one instruction: none is slept over. */
	while (!__atomic_load_n(&processor->pending, __ATOMIC_RELAXED))
		__asm__ volatile("sti; hlt; cli" : : : "memory");
}

bool cpu_interrupts_take(struct cpu_interrupts *taken)
{
	struct processor *processor = processor_this();
	uint64_t any = 0;

	__asm__ volatile("sti; nop; cli" : : : "memory");
	processor->pending = false;
	*taken = processor->taken;
	processor->taken = (struct cpu_interrupts){0};
	for (unsigned int i = 0; i < 4; i++)
		any |= taken->edge[i] | taken->level[i];
	return any != 0;
}

void cpu_interrupt_release(uint8_t vector)
{
	struct processor *processor = processor_this();
	int top = local_apic_highest_in_service();

	/* A mark without an interrupt would end the next one too early. */
	if (!local_apic_in_service(vector))
		return;
	set_bit(processor->released, vector);
	while (top != VECTOR_NONE &&
	       take_bit(processor->released, (uint8_t)top)) {
		local_apic_end();
		top = local_apic_highest_in_service();
	}
}

void cpu_kick(uint32_t lp)
{
	struct processor_public *target = processor_public(lp);

	if (__atomic_exchange_n(&target->kicked, 1, __ATOMIC_SEQ_CST) == 0)
		local_apic_send(target->apic_id, INTERRUPT_KICK);
}
