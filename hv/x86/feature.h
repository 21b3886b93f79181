/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the boot processor can do beyond plain 64-bit mode; asked once. */
#pragma once

#include "../lib/types.h"

struct features {
	bool nx;
	bool smep;
	bool smap;
	bool x2apic;
	bool invariant_tsc;
	bool rdtscp; /* TSC_AUX exists */
	bool xsave;
	uint32_t xcr0;	/* of CPU_XCR0_STATES; 0 none */
	char brand[49]; /* CPUID's name of the processor */
};

/* Asks CPUID; boot processor, before anything else here is used. */
void feature_start(void);

const struct features *features(void);

/* Turns on what there is in CR0, CR4, EFER and XCR0: every processor. */
void feature_enable(void);
