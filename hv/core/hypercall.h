/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hypercalls, described once: form, sizes, privilege and allowed states of
 * each are a row of hypercall_table.c; one dispatcher checks them all. Decode,
 * then do: a call that fails changes nothing (a rep call: nothing more).
 */
#pragma once

#include "../../abi/hypercall.h"
#include "../virt/virt.h"
#include "partition.h"

struct vp;
struct hypercall;

/* One call in progress. */
struct hypercall_call {
	struct vp *vp; /* the caller */
	const struct hypercall *definition;
	struct partition *target; /* held; NULL without HYPERCALL_TARGET */
	struct vp *held;	  /* by hypercall_hold(), or NULL */
	void *input;		  /* our copy; a rep's own part: rep_input */
	void *output;		  /* our copy, zeroed */
	uint32_t variable;	  /* bytes of variable header */
	uint32_t index;		  /* rep being done, from 0 */
	uint32_t count;		  /* reps in all */
	uint16_t output_size;	  /* of a simple call; may be reduced */
	bool fast;
	bool again;	  /* not done yet: the caller calls again */
	bool intercepted; /* the parent answers it */
};

/* What the target partition may be in. */
#define HYPERCALL_CREATED   BIT(PARTITION_CREATED)
#define HYPERCALL_ACTIVE    BIT(PARTITION_ACTIVE)
#define HYPERCALL_FINALIZED BIT(PARTITION_FINALIZED)
#define HYPERCALL_DELETING  BIT(PARTITION_DELETING)
#define HYPERCALL_LIVE	    (HYPERCALL_CREATED | HYPERCALL_ACTIVE)

/* Forms. */
#define HYPERCALL_TARGET   BIT(0) /* input begins with a partition id */
#define HYPERCALL_CHILD	   BIT(1) /* of a child of the caller, not itself */
#define HYPERCALL_VARIABLE BIT(2) /* may have a variable header */
#define HYPERCALL_REP	   BIT(3)
#define HYPERCALL_STOPPED  BIT(4) /* vp index follows: that one, in held */

struct hypercall {
	uint8_t form;
	uint8_t states;
	uint16_t input;	    /* bytes of fixed header */
	uint16_t output;    /* bytes of a simple call's output */
	uint16_t rep_input; /* bytes a rep */
	uint16_t rep_output;
	uint64_t privilege; /* EBX of leaf 3, one bit */
	enum hv_status (*run)(struct hypercall_call *call);
	/* After the reps of this entry: may set again. NULL: nothing. */
	void (*finish)(struct hypercall_call *call);
};

/* The TLFS's own calls by code; what is none is all zero. */
#define HYPERCALL_STANDARD (HVCALL_GET_PARTITION_PROPERTY_EX + 1)
extern const struct hypercall hypercall_table[];

/* The row of a code; NULL if there is none. */
const struct hypercall *hypercall_find(uint16_t code);

/* Handles the VMCALL or VMMCALL that vp has executed. */
void hypercall_run(struct vp *vp, const struct virt_intercept *intercept);

/* The HYPERCALL MSR: page on or off. False: #GP. */
bool hypercall_page_set(struct vp *vp, uint64_t value);

/* The part of a rep call's input, and output, that rep call->index has. */
void *hypercall_rep_input(const struct hypercall_call *call);
void *hypercall_rep_output(const struct hypercall_call *call);

/* The vp a call names in its target; NULL if there is none. */
struct vp *hypercall_vp(const struct hypercall_call *call, uint32_t index);

/*
 * For calls that touch a vp's state: SUCCESS only when the vp is suspended and
 * on no processor, and until the call ends it stays so. A suspended one that
 * has not quite stopped, or is another call's: call->again.
 */
enum hv_status hypercall_hold(struct hypercall_call *call, uint32_t index);
