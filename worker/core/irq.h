/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupts into the child: messages to local APICs, and the 8259's wire. */
#pragma once

#include "worker/device.h"
#include "loop.h"

struct machine;

struct irq_message {
	uint32_t type;	      /* HV_INTERRUPT_TYPE_* */
	uint32_t destination; /* APIC id, or logical address */
	uint8_t vector;
	bool logical;
	bool level;
};

/* How the end of a level-triggered interrupt comes back (one a vector). */
struct irq_resample {
	struct irq *irq;
	int trigger_fd; /* the kernel wants one; never written */
	int resample_fd;
	bool watched;
	struct loop_watch watch;
};

struct irq {
	struct machine *machine;

	/* Set by the machine that has them; called with the lock held. */
	uint8_t (*acknowledge)(void *pic); /* the 8259's vector */
	void *pic;
	void (*end)(void *ioapic, uint8_t vector); /* EOI of level vectors */
	void *ioapic;

	struct irq_line extint; /* INTR of the 8259 ends here: vp 0 */
	bool extint_level;
	struct irq_resample resamples[256]; /* by vector */
};

void irq_init(struct irq *irq, struct machine *machine);
void irq_destroy(struct irq *irq);

/* Lock held, all of them. */
void irq_send(struct irq *irq, const struct irq_message *message);
/* The hypervisor says that a level-triggered vector was ended. */
void irq_ended(struct irq *irq, uint8_t vector);
/*
 * vp 0 can take an interrupt now. True: *vector is to be delivered as an
 * external interrupt.
 */
bool irq_take_extint(struct irq *irq, uint8_t *vector);
