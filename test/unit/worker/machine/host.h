/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A hypervisor that takes everything a machine asks of it, and tells. */
#pragma once

#include "worker/core/hvcall.h"
#include "worker/core/irq.h"
#include "worker/core/partition.h"

struct host {
	int error;	   /* of setting registers */
	uint64_t tsc_khz;  /* what it says */
	uint64_t rip, rsi; /* last set */
	unsigned int interrupts;
	struct irq_message interrupt; /* the last one */
};

extern struct host host;
