/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Extended state that is swapped when another vp becomes current. */
#include "../lib/string.h"
#include "cpu.h"
#include "feature.h"
#include "register.h"

/* The start of an FXSAVE or XSAVE area. AMD64 volume 2, 11.4.4. */
struct legacy_area {
	uint16_t fcw;
	uint16_t fsw;
	uint8_t ftw;
	uint8_t reserved;
	uint16_t fop;
	uint64_t fip;
	uint64_t fdp;
	uint32_t mxcsr;
	uint32_t mxcsr_mask;
};

#define FCW_RESET   0x0040
#define MXCSR_RESET 0x1f80

/*
 * A page never saved to is all zeros, its mask too, which no save leaves so.
 * Loaded like that every SSE exception would be unmasked: make it the reset
 * state instead.
 */
static void make_valid(void *page)
{
	struct legacy_area *area = page;

	if (area->mxcsr_mask != 0)
		return;
	area->mxcsr = MXCSR_RESET;
	area->fcw = FCW_RESET;
}

static void set_xcr0(uint64_t value)
{
	if (register_read_xcr0() != value)
		register_write_xcr0(value);
}

/*
 * Older AMD processors leave the last x87 instruction's pointers alone when no
 * exception is pending: overwrite what belonged to another vp.
 */
static void clear_x87_pointers(void)
{
	static const uint32_t zero;

	__asm__ volatile("fnclex; emms; fildl %0" : : "m"(zero));
}

void cpu_state_load(const struct cpu_state *state)
{
	uint64_t all = features()->xcr0;

	make_valid(state->xsave);
	clear_x87_pointers();
	if (features()->xsave) {
		/* All of it, also what the guest has turned off just now. */
		set_xcr0(all);
		__asm__ volatile("xrstor64 (%0)"
				 :
				 : "r"(state->xsave), "a"((uint32_t)all),
				   "d"((uint32_t)(all >> 32))
				 : "memory");
		set_xcr0(state->xcr0 == 0 ? 1 : state->xcr0 & all);
	} else {
		__asm__ volatile("fxrstor64 (%0)"
				 :
				 : "r"(state->xsave)
				 : "memory");
	}
	__asm__ volatile("mov %0, %%dr0\n\tmov %1, %%dr1\n\t"
			 "mov %2, %%dr2\n\tmov %3, %%dr3"
			 :
			 : "r"(state->dr[0]), "r"(state->dr[1]),
			   "r"(state->dr[2]), "r"(state->dr[3]));
	if (features()->rdtscp)
		register_write_msr(MSR_TSC_AUX, state->tsc_aux);
}

void cpu_state_save(struct cpu_state *state)
{
	uint64_t all = features()->xcr0;

	if (features()->xsave) {
		/* XSETBV may have gone by unseen: silicon knows the value. */
		state->xcr0 = register_read_xcr0();
		set_xcr0(all);
		__asm__ volatile("xsave64 (%0)"
				 :
				 : "r"(state->xsave), "a"((uint32_t)all),
				   "d"((uint32_t)(all >> 32))
				 : "memory");
	} else {
		__asm__ volatile("fxsave64 (%0)"
				 :
				 : "r"(state->xsave)
				 : "memory");
	}
	__asm__ volatile("mov %%dr0, %0\n\tmov %%dr1, %1\n\t"
			 "mov %%dr2, %2\n\tmov %%dr3, %3"
			 : "=r"(state->dr[0]), "=r"(state->dr[1]),
			   "=r"(state->dr[2]), "=r"(state->dr[3]));
	if (features()->rdtscp)
		state->tsc_aux = register_read_msr(MSR_TSC_AUX);
}
