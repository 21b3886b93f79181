/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A virtual processor: state, what is pending for it, and its life. */
#pragma once

#include "../../abi/intercept.h"
#include "../../abi/register.h"
#include "../lib/list.h"
#include "../lib/types.h"
#include "../virt/virt.h"
#include "../x86/cpu.h"
#include "apic.h"
#include "cpuid_processor.h"
#include "hypervisor.h"
#include "msr.h"
#include "partition.h"
#include "synic.h"
#include "timer.h"

/* Reasons not to run; a vp runs when none is set. lp.lock of its lp. */
#define VP_EXPLICIT_SUSPEND  (1u << 0)
#define VP_INTERCEPT_SUSPEND (1u << 1)
#define VP_WAIT_STARTUP	     (1u << 2) /* for a start-up IPI */
#define VP_HALTED	     (1u << 3) /* HLT; vp_wake() ends it */
#define VP_STOPPED	     (1u << 4) /* being deleted, or beyond repair */
#define VP_MOVING	     (1u << 5) /* between two processors' queues */
#define VP_HELD		     (1u << 6) /* a hypercall touches its state */

/* Asked for from any logical processor, done before the next entry. */
#define VP_REQUEST_INIT	   (1u << 0)
#define VP_REQUEST_STARTUP (1u << 1)
#define VP_REQUEST_NMI	   (1u << 2)
#define VP_REQUEST_SYNIC   (1u << 3) /* queues or free slots to look at */
#define VP_REQUEST_TIMER   (1u << 4) /* a deadline has come */

enum vp_run_state {
	VP_BLOCKED,
	VP_READY,
	VP_RUNNING,
	VP_RUN_STATES
};

enum vp_counter {
	VP_COUNT_EXITS,			  /* + enum virt_intercept_kind */
	VP_COUNT_INTERCEPTS = VIRT_KINDS, /* messages sent to the parent */
	VP_COUNT_SIGNALS,		  /* SignalEvents that reached a port */
	VP_COUNT_MESSAGES,		  /* PostMessages the parent took */
	VP_COUNT_INTERRUPTS,		  /* injected */
	VP_COUNT_FLAGS,			  /* event flags that were not set */
	VP_COUNT_PREEMPTIONS,		  /* turns ended that could go on */
	VP_COUNT_MIGRATIONS,		  /* to another processor */
	VP_COUNTERS
};

struct vp {
	struct virt_vp *virt; /* first: registers are vp->virt->registers */
	struct partition *partition; /* constant */
	uint32_t index;		     /* constant */

	/* Scheduling: lock R of the lp. */
	uint32_t lp; /* whose queue it belongs to */
	enum vp_run_state state;
	uint32_t suspended;	/* VP_* reasons */
	struct list run_node;	/* in lp.ready while VP_READY */
	uint64_t virtual_time;	/* TSC ticks run, scaled by weight */
	bool boosted;		/* parent with an interrupt to take */
	uint8_t hasty;		/* signals to be answered at once */
	struct list timer_node; /* in lp.timed while a deadline is set */

	uint32_t requests;	/* atomic: VP_REQUEST_* */
	uint8_t startup_vector; /* of VP_REQUEST_STARTUP */
	uint32_t flushed;	/* partition.flush_generation last honoured */

	/* The rest: whoever may touch the vp (its lp, or a hypercall while it
	 * is suspended and not running). */
	struct cpu_state cpu;
	struct apic apic;
	struct synic synic;
	struct timers timers;
	struct msr_state msr;
	struct cpuid_known cpuid[CPUID_KNOWN]; /* by low bits of the leaf */
	struct virt_event reinject;	       /* delivery that was cut short */
	struct virt_event pending;	       /* exception to be delivered */
	uint32_t deliverable_wanted; /* HV_DELIVERABILITY_* asked for */
	uint32_t sint_deliverable;   /* atomic: SINTs whose slot is free */
	unsigned int windows;	     /* enum virt_window asked of silicon */
	union {
		struct {
			bool halted;   /* HLT or idle: until an event comes */
			bool idle_any; /* idle MSR: even if IF=0 */
			bool nmi_pending;
			bool waiting_startup; /* after INIT */
			bool external_waits;  /* maybe: one of the next */
		};
		uint64_t states; /* any of them */
	};
	uint64_t external[4]; /* vectors to be taken past the APIC */

	gpa_t intercept_page; /* the parent's; 0 until mapped */
	gpa_t register_page;  /* the same */
	spa_t deposit;	      /* parent: a frame on its way to us */
	struct synic_source intercept_source; /* the opaque message */
	struct vp *intercept_target; /* the parent vp that was told, or NULL */

	uint64_t time[VP_RUN_STATES]; /* TSC ticks spent in each */
	uint64_t since;		      /* TSC of the last change of state */
	uint64_t counters[VP_COUNTERS];
};

/*
 * A vp of partition, in reset state and suspended for these reasons. NULL: the
 * quota is used up. Lock P held.
 */
struct vp *vp_create(struct partition *partition, uint32_t index,
		     uint32_t suspended);

/* Gives everything back; the vp is suspended and on no processor. */
void vp_destroy(struct vp *vp);

/* INIT or reset: architectural state, APIC, SynIC, timers start again. */
void vp_reset(struct vp *vp);

/*
 * Just before silicon runs vp: serves requests, injects what can be. False:
 * it cannot run now (it has been suspended or halted meanwhile).
 */
bool vp_enter(struct vp *vp);

/* After most exits vp_enter() would find nothing to do: told at once. */
static inline bool vp_is_quiet(const struct vp *vp)
{
	return !((__atomic_load_n(&vp->partition->flush_generation,
				  __ATOMIC_ACQUIRE) ^
		  vp->flushed) |
		 __atomic_load_n(&vp->requests, __ATOMIC_ACQUIRE) |
		 vp->suspended | vp->deliverable_wanted | vp->windows |
		 vp->states | vp->reinject.valid | vp->pending.valid |
		 vp->apic.pending);
}

/* Whether something is pending that ends a halt. Any lp, lock R held. */
bool vp_has_work(struct vp *vp);

/* HLT, or the idle MSR (which ends even with interrupts off). */
void vp_halt(struct vp *vp, bool any);

/* A new RIP from the parent: an exception or software interrupt whose delivery
 * was cut short belonged to the old one and is dropped. */
void vp_move(struct vp *vp, uint64_t rip);

/* A register that the back end keeps; all zero if it does not. */
static inline struct hv_register_value vp_register(const struct vp *vp,
						   uint32_t name)
{
	struct hv_register_value value = {0};

	virt->vp_get(vp->virt, name, &value);
	return value;
}

/* The event whose delivery was cut short, as PENDING_INTERRUPTION shows it. */
uint64_t vp_pending_interruption(const struct vp *vp);

/* Interrupt shadow and masked NMIs, as INTERRUPT_STATE shows them. */
static inline uint64_t vp_interrupt_state(const struct vp *vp)
{
	const struct virt_registers *registers = &vp->virt->registers;

	return (registers->interrupt_shadow ? HV_INTERRUPT_STATE_SHADOW : 0) |
	       (registers->nmi_masked ? HV_INTERRUPT_STATE_NMI_MASKED : 0);
}

/* By APIC id; NULL if there is none. */
struct vp *vp_by_apic_id(struct partition *partition, uint32_t apic_id);

/* Something is pending for vp: makes it run or look, from any lp. */
void vp_wake(struct vp *vp);
void vp_request(struct vp *vp, uint32_t requests);

/* The parent's vp here has an interrupt of the machine's 8259 to take. And
 * the lowest vector that waits to be taken so, or VECTOR_NONE. */
void vp_external(struct vp *vp, uint8_t vector);
int vp_external_pending(const struct vp *vp);

/* An exception to be delivered at the next entry (replaces nothing that is
 * pending: two contributory ones become #DF as the manual says). */
void vp_raise(struct vp *vp, const struct virt_event *exception);
void vp_fault(struct vp *vp, uint8_t vector);
void vp_fault_error(struct vp *vp, uint8_t vector, uint32_t error);

/* An instruction has been done for the vp, from rip to where it is now: with
 * TF set it traps as any other. */
void vp_step(struct vp *vp, uint64_t rip);
#define VP_RFLAGS_TF BIT(8)

/* This logical processor's timer must be looked at again: vp's deadline
 * changed. Called by timer_update() only; any lp. */
void vp_deadline_changed(struct vp *vp);

#define VP_VECTOR_DB 1
#define VP_VECTOR_UD 6
#define VP_VECTOR_GP 13
#define VP_VECTOR_PF 14
