/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the vp did that silicon would not do alone: who handles it, and the
 * message to the parent when the hypervisor does not. TLFS chapter 9. */
#pragma once

#include "../../abi/intercept.h"
#include "../virt/virt.h"
#include "vp.h"

/* Makes the vp's message source ready. */
void intercept_init(struct vp *vp);

/* Takes an undelivered message back: the vp is being deleted. */
void intercept_withdraw(struct vp *vp);

/*
 * Sends a message of that type: the body behind its header is copied from
 * body (size bytes with the header's room, at most 240); the header is filled
 * in here. The vp is suspended until the parent clears INTERCEPT_SUSPEND.
 */
struct intercept_message {
	uint32_t type;	/* HVMSG_* */
	uint8_t access; /* HV_INTERCEPT_ACCESS_* */
	uint8_t length; /* of the instruction; 0 unknown or done */
	uint8_t size;	/* of the body, header included */
	void *body;	/* begins with struct hv_intercept_header */
};
void intercept_send(struct vp *vp, const struct intercept_message *message);

/* One to send: HVMSG_kind, the access, the instruction's length, the body. */
#define INTERCEPT(kind, how, bytes, what)                                      \
	(&(const struct intercept_message){HVMSG_##kind, (how), (bytes),       \
					   sizeof(what), &(what)})

/* The parent has cleared INTERCEPT_SUSPEND: takes over what it wrote into the
 * register page. The vp is not running. */
void intercept_resume(struct vp *vp);

/* Fills the vp's register page, if it is mapped. */
void intercept_fill_registers(struct vp *vp);

/* A hypercall that the parent wants to see. */
void intercept_hypercall(struct vp *vp);

/* INTERRUPTION_DELIVERABLE of that type. */
void intercept_deliverable(struct vp *vp, uint32_t type);

/* SINT_DELIVERABLE for those SINTs: asked for from any lp, sent (by the second)
 * when the vp is next about to run. */
void intercept_sint_deliverable(struct vp *vp, uint16_t mask);
void intercept_send_sint_deliverable(struct vp *vp);

/*
 * The reset and crash MSRs, written by a child: an MSR message to the parent
 * with instruction length 0, as the write is done and RIP moves on by itself.
 * For the parent: resets the machine; prints the crash parameters.
 */
void intercept_reset(struct vp *vp);
void intercept_crash(struct vp *vp);
