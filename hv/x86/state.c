/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Extended state that is swapped when another vp becomes current. */
#include "cpu.h"
#include "feature.h"
#include "register.h"

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
	const struct features *has = features();

	clear_x87_pointers();
	if (has->xsave) {
		/* All of it, also what the guest has turned off just now. */
		set_xcr0(has->xcr0);
		__asm__ volatile("xrstor64 (%0)"
				 :
				 : "r"(state->xsave), "a"(has->xcr0), "d"(0)
				 : "memory");
		set_xcr0(state->xcr0 & has->xcr0);
	} else {
		__asm__ volatile("fxrstor64 (%0)"
				 :
				 : "r"(state->xsave)
				 : "memory");
	}
	register_write_dr0(state->dr[0]);
	register_write_dr1(state->dr[1]);
	register_write_dr2(state->dr[2]);
	register_write_dr3(state->dr[3]);
	if (has->rdtscp)
		register_write_msr(MSR_TSC_AUX, state->tsc_aux);
}

void cpu_state_save(struct cpu_state *state)
{
	const struct features *has = features();

	if (has->xsave) {
		/* XSETBV may have gone by unseen: silicon knows the value. */
		state->xcr0 = register_read_xcr0();
		set_xcr0(has->xcr0);
		__asm__ volatile("xsave64 (%0)"
				 :
				 : "r"(state->xsave), "a"(has->xcr0), "d"(0)
				 : "memory");
	} else {
		__asm__ volatile("fxsave64 (%0)"
				 :
				 : "r"(state->xsave)
				 : "memory");
	}
	state->dr[0] = register_read_dr0();
	state->dr[1] = register_read_dr1();
	state->dr[2] = register_read_dr2();
	state->dr[3] = register_read_dr3();
	if (has->rdtscp)
		state->tsc_aux = register_read_msr(MSR_TSC_AUX);
}
