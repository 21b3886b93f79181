/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SynIC: message slots and event flags of each vp. TLFS chapter 11. */
#include "synic.h"

#include "../../abi/msr.h"
#include "../lib/string.h"
#include "apic.h"
#include "gpa.h"
#include "intercept.h"
#include "vp.h"

#define SINT_QUIET (HV_SINT_MASKED | HV_SINT_POLLING)

/* ---- Pages: they are the guest's own memory ---- */

/* The page that a register of SIMP's form names, or NULL. */
static void *synic_page(const struct vp *vp, uint64_t value)
{
	if (!(value & HV_MSR_PAGE_ENABLE))
		return NULL;
	return gpa_pointer(vp->partition, GPA(value & HV_MSR_PAGE_GPA_MASK),
			   VIRT_MAP_READ | VIRT_MAP_WRITE);
}

/*
 * Takes lock Y and finds the page that *where names (NULL while SynIC or page
 * are off, or nothing is mapped there). The walk comes first, outside the
 * lock; a page that moved meanwhile is looked up again, so that nothing is
 * written to a page after the guest has taken it back.
 */
static void *synic_open(struct vp *vp, const uint64_t *where)
{
	struct synic *synic = &vp->synic;

	for (;;) {
		uint64_t value = __atomic_load_n(where, __ATOMIC_RELAXED);
		void *page = synic_page(vp, value);

		spinlock_take(&synic->lock);
		if (*where == value)
			return synic->control & HV_MSR_SCONTROL_ENABLE ? page
								       : NULL;
		spinlock_give(&synic->lock);
	}
}

static void synic_close(struct vp *vp)
{
	struct synic *synic = &vp->synic;

	synic->queued = synic->waiting | synic->deliverable_wanted;
	spinlock_give(&synic->lock);
}

/* ---- Lock Y held ---- */

static void synic_raise(struct vp *vp, uint32_t sint)
{
	uint64_t value = vp->synic.sint[sint];

	if (!(value & SINT_QUIET))
		apic_post(vp, value & HV_SINT_VECTOR_MASK, false);
}

/* Whether slot is free. If not, the guest is told to write EOM once it is;
 * it may have emptied the slot just before it could see that. */
static bool slot_claim(struct hv_message *slot)
{
	if (__atomic_load_n(&slot->header.type, __ATOMIC_ACQUIRE) == HVMSG_NONE)
		return true;
	__atomic_fetch_or(&slot->header.flags, HV_MESSAGE_FLAG_PENDING,
			  __ATOMIC_SEQ_CST);
	return __atomic_load_n(&slot->header.type, __ATOMIC_SEQ_CST) ==
	       HVMSG_NONE;
}

/* The guest may read as soon as the type is there. */
static void slot_write(struct hv_message *slot,
		       const struct hv_message *message)
{
	memcpy(slot->payload, message->payload, sizeof(slot->payload));
	slot->header.payload_size = message->header.payload_size;
	slot->header.flags = message->header.flags;
	slot->header.reserved = 0;
	slot->header.sender = message->header.sender;
	__atomic_store_n(&slot->header.type, message->header.type,
			 __ATOMIC_RELEASE);
}

static void synic_deliver(struct vp *vp, uint32_t sint,
			  struct hv_message_page *page)
{
	struct synic *synic = &vp->synic;
	struct list *queue = &synic->queue[sint];
	struct hv_message *slot = &page->slots[sint];

	while (!list_empty(queue) && slot_claim(slot)) {
		struct synic_source *source =
			LIST_FIRST(queue, struct synic_source, node);
		struct hv_message message = {0};

		if (!source->fill(source, &message))
			list_remove(&source->node);
		if (message.header.type == HVMSG_NONE)
			continue;
		if (!list_empty(queue))
			message.header.flags = HV_MESSAGE_FLAG_PENDING;
		slot_write(slot, &message);
		synic_raise(vp, sint);
		break;
	}
	if (list_empty(queue))
		synic->waiting &= (uint16_t)~BIT(sint);
}

/* ---- Slots may have become free ---- */

static void synic_look(struct vp *vp)
{
	struct synic *synic = &vp->synic;
	struct hv_message_page *page = synic_open(vp, &synic->message_page);
	unsigned int free = 0; /* of the slots that are wanted */

	for (unsigned int sint = 0; page && sint < SINTS; sint++) {
		if (synic->waiting & BIT(sint))
			synic_deliver(vp, sint, page);
		if ((synic->deliverable_wanted & ~synic->waiting & BIT(sint)) &&
		    slot_claim(&page->slots[sint]))
			free |= 1u << sint;
	}
	synic->deliverable_wanted &= (uint16_t)~free;
	synic_close(vp);
	if (free)
		intercept_sint_deliverable(vp, (uint16_t)free);
}

bool synic_raises(const struct synic *synic, uint8_t vector, uint64_t flags)
{
	for (unsigned int i = 0; i < SINTS; i++) {
		uint64_t sint = synic->sint[i];

		if ((sint & HV_SINT_VECTOR_MASK) == vector &&
		    !(sint & SINT_QUIET) && (sint & flags) == flags)
			return true;
	}
	return false;
}

void synic_eoi(struct vp *vp, uint8_t vector)
{
	if (synic_raises(&vp->synic, vector, 0))
		synic_look(vp);
}

void synic_want_deliverable(struct vp *vp, uint16_t mask)
{
	struct synic *synic = &vp->synic;

	spinlock_take(&synic->lock);
	synic->deliverable_wanted = mask;
	synic_close(vp);
	if (mask)
		synic_look(vp);
}

/* ---- Messages ---- */

void synic_post(struct vp *vp, uint32_t sint, struct synic_source *source)
{
	struct synic *synic = &vp->synic;
	struct hv_message_page *page = synic_open(vp, &synic->message_page);

	if (list_empty(&source->node)) {
		list_insert(&synic->queue[sint], &source->node);
		synic->waiting |= (uint16_t)BIT(sint);
	}
	if (page)
		synic_deliver(vp, sint, page);
	synic_close(vp);
}

void synic_withdraw(struct vp *vp, uint32_t sint, struct synic_source *source)
{
	struct synic *synic = &vp->synic;

	spinlock_take(&synic->lock);
	list_remove(&source->node);
	if (list_empty(&synic->queue[sint]))
		synic->waiting &= (uint16_t)~BIT(sint);
	synic_close(vp);
}

enum hv_status synic_post_direct(struct vp *vp, uint32_t sint,
				 const struct hv_message *message)
{
	enum hv_status status = HV_STATUS_SUCCESS;
	struct hv_message copy = *message;

	copy.header.flags = 0;
	if (sint >= SINTS || copy.header.type == HVMSG_NONE ||
	    copy.header.payload_size > sizeof(copy.payload))
		return HV_STATUS_INVALID_PARAMETER;
	struct hv_message_page *page = synic_open(vp, &vp->synic.message_page);

	if (!page) {
		status = HV_STATUS_INVALID_SYNIC_STATE;
	} else if ((vp->synic.waiting & BIT(sint)) ||
		   __atomic_load_n(&page->slots[sint].header.type,
				   __ATOMIC_ACQUIRE)) {
		status = HV_STATUS_OBJECT_IN_USE;
	} else {
		slot_write(&page->slots[sint], &copy);
		synic_raise(vp, sint);
	}
	synic_close(vp);
	return status;
}

/* ---- Event flags ---- */

enum hv_status synic_signal(struct vp *vp, uint32_t sint, uint32_t flag,
			    bool *newly)
{
	*newly = false;
	if (sint >= SINTS || flag >= HV_SYNIC_EVENT_FLAG_COUNT)
		return HV_STATUS_INVALID_PARAMETER;
	struct hv_event_flags_page *page =
		synic_open(vp, &vp->synic.event_flags_page);

	if (page) {
		uint64_t *quad = &page->sints[sint].quads[flag / 64];
		uint64_t old = __atomic_fetch_or(quad, BIT(flag % 64),
						 __ATOMIC_SEQ_CST);

		*newly = !(old & BIT(flag % 64));
		vp->counters[VP_COUNT_FLAGS] += *newly;
		if (*newly)
			synic_raise(vp, sint);
	}
	synic_close(vp);
	return page ? HV_STATUS_SUCCESS : HV_STATUS_INVALID_SYNIC_STATE;
}

/* ---- Registers ---- */

void synic_init(struct vp *vp)
{
	for (unsigned int i = 0; i < SINTS; i++)
		list_init(&vp->synic.queue[i]);
}

void synic_reset(struct vp *vp)
{
	struct synic *synic = &vp->synic;

	spinlock_take(&synic->lock);
	synic->control = 0;
	synic->message_page = 0;
	synic->event_flags_page = 0;
	synic->event_ring_page = 0;
	for (unsigned int i = 0; i < SINTS; i++)
		synic->sint[i] = HV_SINT_RESET_VALUE;
	synic->auto_eoi_used = false;
	spinlock_give(&synic->lock);
}

/* What the page holds stays: it may be a saved state that comes back. */
void synic_set(struct vp *vp, uint64_t *where, uint64_t value)
{
	spinlock_take(&vp->synic.lock);
	__atomic_store_n(where, value, __ATOMIC_RELAXED);
	spinlock_give(&vp->synic.lock);
	synic_look(vp);
}

bool synic_set_sint(struct vp *vp, uint32_t sint, uint64_t value)
{
	struct synic *synic = &vp->synic;

	if ((value & HV_SINT_VECTOR_MASK) < HV_SINT_LOWEST_VECTOR &&
	    !(value & SINT_QUIET))
		return false;
	__atomic_store_n(&synic->sint[sint], value, __ATOMIC_RELAXED);
	synic->auto_eoi_used |= (value & HV_SINT_AUTO_EOI) != 0;
	return true;
}

void synic_eom(struct vp *vp)
{
	if (vp->synic.queued)
		synic_look(vp);
}
