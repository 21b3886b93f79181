/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A virtual processor: its thread, its registers, its intercepts. */
#pragma once

#include "abi/intercept.h"
#include "abi/register.h"
#include "worker/insn/insn.h"

#include <pthread.h>
#include <stdatomic.h>

struct machine;

/* What reached the worker; names in control.h's "intercepts". */
enum vp_count {
	VP_COUNT_IO_PORT,
	VP_COUNT_MEMORY,
	VP_COUNT_MSR,
	VP_COUNT_CPUID,
	VP_COUNT_HYPERCALL,
	VP_COUNT_HALT,
	VP_COUNT_EOI,
	VP_COUNT_OTHER,
	VP_COUNTS
};

struct vp {
	struct machine *machine;
	uint32_t index;
	int fd;
	struct hv_register_page *page; /* NULL: registers by hypercall */
	pthread_t thread;
	bool running;	 /* loop.lock: has a thread */
	bool parked;	 /* loop.lock: the thread stays out of the child */
	uint64_t wanted; /* loop.lock: HV_DELIVERABILITY_* asked for */
	_Atomic uint64_t counts[VP_COUNTS];
	struct hv_message message; /* the thread's: the last one */
};

/* 0 or -errno with a log line. */
int vp_create(struct vp *vp, struct machine *machine, uint32_t index);
void vp_destroy(struct vp *vp);
/* Lock held. 0 or -errno. */
int vp_start(struct vp *vp);
/* Makes the thread come out of the child and look. */
void vp_kick(struct vp *vp);
/* The thread ends when the machine is ending. */
void vp_join(struct vp *vp);

/* Lock held: ask to be told when these HV_DELIVERABILITY_* hold. */
void vp_want(struct vp *vp, uint64_t deliverability);

/* ---- for the vp's own thread, while the vp is suspended ---- */

/* Does what the last message asks for (intercept.c). */
void vp_intercepted(struct vp *vp);

/* General registers that an intercept's emulation changed. */
struct vp_results {
	unsigned int count;
	struct {
		enum hv_gpr index;
		uint64_t value;
	} gprs[4];
};

/* The intercepted instruction is done: results, RIP behind it. */
void vp_complete(struct vp *vp, const struct hv_intercept_header *header,
		 const struct vp_results *results);
/* False: the hypervisor does not tell; logged. */
bool vp_load(struct vp *vp, struct insn_cpu *cpu);
void vp_store(struct vp *vp, const struct insn_cpu *cpu);
/* Clears the shadow that an emulated instruction was in. */
void vp_leave_shadow(struct vp *vp, const struct hv_intercept_header *header);
void vp_inject_fault(struct vp *vp, const struct insn_fault *fault);
void vp_inject_extint(struct vp *vp, uint8_t vector);
