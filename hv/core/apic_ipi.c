/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupts between the local APICs of a partition: destinations and modes. */
#include "apic.h"
#include "vp.h"

/* The interrupt command register */
#define ICR_MODE_SHIFT	    8
#define ICR_MODE_MASK	    7
#define ICR_LOGICAL	    BIT(11)
#define ICR_BUSY	    BIT(12)
#define ICR_ASSERT	    BIT(14)
#define ICR_LEVEL	    BIT(15)
#define ICR_SHORTHAND_SHIFT 18
#define ICR_X2APIC_RESERVED (0xfff00000ull | BIT(17) | BIT(16) | BIT(13))

enum shorthand {
	TO_DESTINATION,
	TO_SELF,
	TO_ALL,
	TO_OTHERS
};

#define BROADCAST_X2APIC 0xffffffffu
#define BROADCAST_XAPIC	 0xffu

/* ---- Who is meant ---- */

static bool is_broadcast(const struct apic_message *message)
{
	return message->destination ==
	       (message->x2apic ? BROADCAST_X2APIC : BROADCAST_XAPIC);
}

/* An 8-bit destination reaches the first eight x2APICs as one with leading
 * zeros would. */
static bool matches_logical(const struct apic *apic, uint32_t destination)
{
	uint32_t id = apic_logical_id(apic);
	uint32_t ldr = apic->ldr >> 24;

	if (!apic_is_enabled(apic))
		return false;
	if (apic_is_x2apic(apic))
		return id >> 16 == destination >> 16 &&
		       (id & destination & 0xffff);
	if (destination >= BROADCAST_XAPIC)
		return destination == BROADCAST_XAPIC;
	if (apic->dfr >> 28 == 0xf) /* flat: one bit each */
		return ldr & destination;
	return ldr >> 4 == destination >> 4 && (ldr & destination & 0xf);
}

/* ---- What arrives ---- */

static void apic_take(struct vp *vp, const struct apic_message *message)
{
	switch (message->mode) {
	case APIC_FIXED:
	case APIC_LOWEST:
		apic_post(vp, message->vector, message->level);
		return;
	case APIC_NMI:
		vp_request(vp, VP_REQUEST_NMI);
		return;
	case APIC_INIT:
		vp_request(vp, VP_REQUEST_INIT);
		return;
	case APIC_STARTUP:
		__atomic_store_n(&vp->startup_vector, message->vector,
				 __ATOMIC_RELAXED);
		vp_request(vp, VP_REQUEST_STARTUP);
		return;
	case APIC_SMI:	  /* no partition has a system management mode */
	case APIC_EXTINT: /* comes as a pending event, by register */
		return;
	}
}

/* Arbitration: of two candidates the one with the lower priority. */
static struct vp *apic_lower(struct vp *best, struct vp *vp)
{
	if (!apic_is_on(&vp->apic))
		return best;
	if (!best || apic_priority(vp) < apic_priority(best))
		return vp;
	return best;
}

/* To all, or to those of a logical destination; a physical one is unique. */
static unsigned int apic_send_matching(struct partition *partition,
				       const struct apic_message *message,
				       const struct vp *except)
{
	bool all = is_broadcast(message);
	bool lowest = message->mode == APIC_LOWEST;
	struct vp *best = NULL;
	unsigned int count = 0;

	for (uint32_t i = 0; i < partition->vp_limit; i++) {
		struct vp *vp = partition->vps[i];

		if (!vp || vp == except ||
		    !(all || matches_logical(&vp->apic, message->destination)))
			continue;
		count++;
		if (lowest)
			best = apic_lower(best, vp);
		else
			apic_take(vp, message);
	}
	if (best)
		apic_take(best, message);
	return count;
}

unsigned int apic_send(struct partition *partition,
		       const struct apic_message *message)
{
	/* The usual case needs no search. */
	if (!message->logical && !is_broadcast(message)) {
		struct vp *vp = vp_by_apic_id(partition, message->destination);

		if (!vp)
			return 0;
		apic_take(vp, message);
		return 1;
	}
	return apic_send_matching(partition, message, NULL);
}

/* ---- The command register ---- */

static void apic_send_icr(struct vp *vp, uint32_t low, uint32_t destination)
{
	struct apic_message message = {
		.destination = destination,
		.logical = low & ICR_LOGICAL,
		.x2apic = apic_is_x2apic(&vp->apic),
		.vector = (uint8_t)low,
		.mode = low >> ICR_MODE_SHIFT & ICR_MODE_MASK,
	};
	enum shorthand shorthand = low >> ICR_SHORTHAND_SHIFT & 3;

	if (message.mode == APIC_INIT && (low & ICR_LEVEL) &&
	    !(low & ICR_ASSERT))
		return; /* de-assertion: nothing since the Pentium 4 */
	if (message.mode <= APIC_LOWEST && message.vector < 16) {
		apic_error(vp, APIC_ERROR_SEND_VECTOR);
		return;
	}
	if (shorthand == TO_DESTINATION) {
		apic_send(vp->partition, &message);
		return;
	}
	/* Of the others, a processor may not send them to itself. */
	if (shorthand != TO_OTHERS && message.mode != APIC_FIXED)
		return;
	if (shorthand == TO_SELF) {
		apic_post(vp, message.vector, false);
		return;
	}
	message.logical = false;
	message.x2apic = true;
	message.destination = BROADCAST_X2APIC;
	apic_send_matching(vp->partition, &message,
			   shorthand == TO_OTHERS ? vp : NULL);
}

bool apic_icr_write(struct vp *vp, uint64_t value)
{
	struct apic *apic = &vp->apic;
	bool x2apic = apic_is_x2apic(apic);

	if (x2apic && (value & ICR_X2APIC_RESERVED))
		return false;
	value &= ~ICR_BUSY;
	apic->icr = value;
	if (apic_is_enabled(apic))
		apic_send_icr(vp, (uint32_t)value,
			      (uint32_t)(value >> (x2apic ? 32 : 56)));
	return true;
}
