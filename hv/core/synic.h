/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SynIC: messages, event flags, ports and connections. TLFS chapter 11. */
#pragma once

#include "../../abi/intercept.h"
#include "../../abi/synic.h"
#include "../lib/list.h"
#include "../lib/spinlock.h"
#include "../lib/types.h"
#include "hypervisor.h"

#define SINTS 16

/*
 * Something that has a message for one SINT of one vp. The queue holds
 * sources, not messages, so it never needs memory: when the slot is free,
 * fill() writes the message and returns whether there are more. It runs with
 * lock Y of the receiver on any lp. A type left 0 says: nothing after all.
 */
struct synic_source {
	struct list node; /* in synic.queue[sint]; self-linked when idle */
	bool (*fill)(struct synic_source *source, struct hv_message *message);
};

struct synic {
	struct spinlock lock;	   /* queues and slots; below partition locks */
	uint64_t control;	   /* SCONTROL */
	uint64_t message_page;	   /* SIMP, as written */
	uint64_t event_flags_page; /* SIEFP */
	uint64_t event_ring_page;  /* SIRBP: kept, unused */
	uint64_t sint[SINTS];
	struct list queue[SINTS];    /* of struct synic_source */
	uint16_t deliverable_wanted; /* SINTs whose free slot is announced */
	uint16_t waiting;	     /* SINTs whose queue is not empty */
	bool queued;		     /* waiting or wanted: look at an EOI */
	bool auto_eoi_used;	     /* some SINT may have AutoEOI */
};

/* A guest's SignalEvent to this connection sets flag of the port's owner. */
struct connection {
	struct list node; /* in partition.connections */
	uint32_t id;
	struct port *port;
};

struct port {
	struct list node; /* in partition.ports of the owner; P of it */
	uint32_t id;
	uint32_t sint;
	uint32_t vp; /* HV_VP_INDEX_ANY allowed */
	uint16_t base_flag;
	uint16_t flag_count;
	uint64_t connecting_partition; /* who may connect */
	struct partition *owner;
	uint32_t connections; /* P of the owner: how many point here */
	bool deleted;	      /* atomic: kept for its connections only */
};

/* Once, before anything else: empty queues. */
void synic_init(struct vp *vp);

/* Reset state. What other partitions have queued stays queued. Any lp. */
void synic_reset(struct vp *vp);

/* Writes SCONTROL, SIMP or SIEFP, whichever where is. */
void synic_set(struct vp *vp, uint64_t *where, uint64_t value);

/* False: a vector below 16 that would be raised. */
bool synic_set_sint(struct vp *vp, uint32_t sint, uint64_t value);

/* End of message: a slot may be free. */
void synic_eom(struct vp *vp);

/* Queues source for vp's sint, once, and delivers what can be; any lp. */
void synic_post(struct vp *vp, uint32_t sint, struct synic_source *source);

/* Takes source out of whichever queue of vp's sint it is in. */
void synic_withdraw(struct vp *vp, uint32_t sint, struct synic_source *source);

/* A ready-made message straight into the slot. OBJECT_IN_USE: slot busy;
 * INVALID_SYNIC_STATE: no message page; INVALID_PARAMETER: not a message. */
enum hv_status synic_post_direct(struct vp *vp, uint32_t sint,
				 const struct hv_message *message);

/* Sets an event flag; *newly tells whether it went 0 -> 1. Any lp.
 * INVALID_SYNIC_STATE: no event flags page. */
enum hv_status synic_signal(struct vp *vp, uint32_t sint, uint32_t flag,
			    bool *newly);

/* Whether a SINT that has all these HV_SINT_* flags raises vector. */
bool synic_raises(const struct synic *synic, uint8_t vector, uint64_t flags);

/* The guest ended vector's interrupt: slots of its SINTs may be free. Worth a
 * call only while synic.queued. */
void synic_eoi(struct vp *vp, uint8_t vector);

/* Wants a SINT_DELIVERABLE intercept when a slot of mask becomes free; mask
 * replaces what was wanted before. At once for slots that are. */
void synic_want_deliverable(struct vp *vp, uint16_t mask);
