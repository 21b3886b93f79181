/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The blocks of the logical processors. */
#include "processor.h"
#include "../lib/string.h"

static struct processor_public publics[PROCESSORS_MAX];

struct processor_public *processor_public(uint32_t index)
{
	return &publics[index];
}

void processor_init(void *area, uint32_t index)
{
	struct processor *processor = area;

	_Static_assert(sizeof(*processor) <= PROCESSOR_GUARD_OFFSET,
		       "the block is one page");
	memset(processor, 0, sizeof(*processor));
	processor->index = index;
	processor->armed = CPU_TIMER_OFF;
}

uint32_t cpu_lp(void)
{
	return processor_this()->index;
}
