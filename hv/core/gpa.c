/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest memory: mapping it, reaching into it, and taking it back. */
#include "gpa.h"

#include "../lib/string.h"
#include "apic.h"
#include "lp.h"
#include "vp.h"

#define RIGHTS_ALL (VIRT_MAP_READ | VIRT_MAP_WRITE | VIRT_MAP_EXECUTE)

/* ---- Reaching into it ---- */

/* Whether all of it is RAM, of one piece; holes among it are devices'. */
static bool in_ram(uint64_t base, uint64_t size)
{
	const struct hypervisor_config *config = &hypervisor.config;

	for (uint32_t i = 0; i < config->ram_count; i++) {
		const struct spa_range *ram = &config->ram[i];
		uint64_t offset = base - ram->base.value;

		if (offset < ram->size && size <= ram->size - offset)
			return true;
	}
	return false;
}

/* Whether any frame of it is the hypervisor's. */
static bool hides(uint64_t base, uint64_t size)
{
	const struct hypervisor_config *config = &hypervisor.config;

	for (uint32_t i = 0; i < config->hidden_count; i++) {
		const struct spa_range *hidden = &config->hidden[i];

		if (base < hidden->base.value + hidden->size &&
		    hidden->base.value < base + size)
			return true;
	}
	return false;
}

/* The parent's frames are its own unless mapped to something else. */
static void *parent_frame(struct partition *parent, uint64_t frame)
{
	struct virt_mapping mapping;

	if (!in_ram(frame, PAGE_SIZE) || hides(frame, PAGE_SIZE))
		return NULL;
	if (virt->space_lookup(&parent->space, GPA(frame), &mapping) &&
	    mapping.spa.value != mapping.gpa.value)
		return NULL;
	return cpu_map(SPA(frame));
}

/* It has few that we reach for, again and again: what was found stays good
 * until something is mapped elsewhere, which a flush follows. */
static void *parent_pointer(struct partition *parent, gpa_t gpa)
{
	uint64_t frame = gpa.value & ~(uint64_t)PAGE_MASK;
	struct lp_frame *known =
		&lp_this()->frames[(frame >> PAGE_SHIFT) % LP_FRAMES];
	uint32_t generation =
		__atomic_load_n(&parent->flush_generation, __ATOMIC_ACQUIRE);

	if (!known->page || known->frame != frame ||
	    known->generation != generation)
		*known = (struct lp_frame){.frame = frame,
					   .generation = generation,
					   .page = parent_frame(parent, frame)};
	return known->page ? known->page + (gpa.value & PAGE_MASK) : NULL;
}

void *gpa_pointer(struct partition *partition, gpa_t gpa, uint32_t rights)
{
	struct virt_mapping mapping;

	if (partition_is_parent(partition))
		return parent_pointer(partition, gpa);
	if (!virt->space_lookup(&partition->space, gpa, &mapping) ||
	    (mapping.rights & rights) != rights)
		return NULL;
	uint64_t offset = gpa.value - mapping.gpa.value;
	char *page = cpu_map(
		SPA((mapping.spa.value + offset) & ~(uint64_t)PAGE_MASK));

	return page + (gpa.value & PAGE_MASK);
}

bool gpa_read(struct partition *partition, gpa_t gpa, void *to, uint64_t size)
{
	char *cursor = to;

	while (size) {
		uint64_t part = MIN(size, PAGE_SIZE - (gpa.value & PAGE_MASK));
		const void *from = gpa_pointer(partition, gpa, VIRT_MAP_READ);

		if (!from)
			return false;
		memcpy(cursor, from, part);
		cursor += part;
		gpa.value += part;
		size -= part;
	}
	return true;
}

bool gpa_write(struct partition *partition, gpa_t gpa, const void *from,
	       uint64_t size)
{
	const char *cursor = from;

	while (size) {
		uint64_t part = MIN(size, PAGE_SIZE - (gpa.value & PAGE_MASK));
		void *to = gpa_pointer(partition, gpa,
				       VIRT_MAP_READ | VIRT_MAP_WRITE);

		if (!to)
			return false;
		memcpy(to, cursor, part);
		cursor += part;
		gpa.value += part;
		size -= part;
	}
	return true;
}

/* ---- Counting ---- */

/* So many children's pages lie on a frame that their number is lost: it stays
 * lent for ever. */
#define LENT_MANY 255

/* Lock P of the parent held: a frame that is lent is not the hypervisor's. */
static void lend(spa_t base, uint64_t size, int change)
{
	uint8_t *lent = cpu_map(hypervisor.config.lent);
	uint64_t first = base.value >> PAGE_SHIFT;

	for (uint64_t i = first; i < first + (size >> PAGE_SHIFT); i++) {
		if (lent[i] != LENT_MANY)
			lent[i] = (uint8_t)(lent[i] + change);
	}
}

struct tally {
	uint64_t small;
	uint64_t large;
};

/* What is mapped in the 2 MiB or less from gpa on. Its frames, if a child's,
 * count as lent once more or once less. */
static struct tally tally(const struct partition *partition, gpa_t gpa,
			  uint64_t size, int change)
{
	struct tally found = {0};
	struct virt_mapping leaf;
	uint64_t at = gpa.value;

	for (; at < gpa.value + size; at = leaf.gpa.value + leaf.size) {
		if (!virt->space_lookup(&partition->space, GPA(at), &leaf))
			continue;
		found.small += leaf.size == PAGE_SIZE;
		found.large += leaf.size != PAGE_SIZE;
		if (!partition_is_parent(partition))
			lend(SPA(leaf.spa.value + at - leaf.gpa.value),
			     MIN(leaf.size, size), change);
	}
	return found;
}

/* ---- Changes: locks P held, a child's and the parent's ---- */

/*
 * Maps target or, without rights, unmaps; frames that went are lent until
 * translations of them are asked to be dropped. A page that goes, or comes,
 * where a large one was leaves the rest of that as small ones.
 */
static enum hv_status change(struct partition *partition,
			     const struct virt_mapping *target)
{
	struct virt_space *space = &partition->space;
	gpa_t gpa = target->gpa;
	uint64_t size = target->size;
	struct tally before = tally(partition, gpa, size, -1);
	enum hv_status status = target->rights
					? virt->space_map(space, target)
					: virt->space_unmap(space, gpa, size);
	struct tally after = tally(partition, gpa, size, 1);

	partition->pages_small += after.small - before.small;
	partition->pages_large += after.large - before.large;
	if (size == PAGE_SIZE && before.large > after.large)
		partition->pages_small += LARGE_PAGE_SIZE / PAGE_SIZE - 1;
	if (status == HV_STATUS_SUCCESS && (before.small || before.large))
		gpa_flush(partition);
	return status;
}

/* What the overlay hides is lent as well: it comes back. */
static void overlay_keep(struct partition *partition,
			 const struct virt_mapping *below)
{
	struct virt_mapping *kept = &partition->overlay.below;

	if (!partition_is_parent(partition)) {
		lend(below->spa, below->rights ? PAGE_SIZE : 0, 1);
		lend(kept->spa, kept->rights ? PAGE_SIZE : 0, -1);
	}
	*kept = *below;
}

static void overlay_remove(struct partition *partition)
{
	const struct virt_mapping nothing = {0};

	if (!partition->overlay.active)
		return;
	partition->overlay.active = false;
	change(partition, &partition->overlay.below);
	overlay_keep(partition, &nothing);
}

static bool overlay_put(struct partition *partition, gpa_t gpa)
{
	const struct virt_mapping code = {
		.gpa = gpa,
		.spa = hypervisor.hypercall_page,
		.size = PAGE_SIZE,
		.rights = VIRT_MAP_READ | VIRT_MAP_EXECUTE,
	};
	struct virt_mapping old = {0};
	struct virt_mapping below = {.gpa = gpa, .size = PAGE_SIZE};

	if (virt->space_lookup(&partition->space, gpa, &old)) {
		below.spa = SPA(old.spa.value + gpa.value - old.gpa.value);
		below.rights = old.rights;
	}
	if (change(partition, &code) != HV_STATUS_SUCCESS)
		return false;
	overlay_keep(partition, &below);
	partition->overlay.active = true;
	return true;
}

bool gpa_overlay(struct partition *partition, gpa_t gpa)
{
	if (gpa.value >= PARTITION_GPA_LIMIT)
		return false;
	if (partition_is_parent(partition))
		gpa_parent_fault(partition, gpa);
	partition_lock(partition);
	overlay_remove(partition);
	bool done = overlay_put(partition, gpa);

	partition_unlock(partition);
	return done;
}

void gpa_overlay_remove(struct partition *partition)
{
	partition_lock(partition);
	overlay_remove(partition);
	partition_unlock(partition);
}

/* ---- Children ---- */

/* All of it the parent's own RAM, as far as the parent sees it. */
static bool owned(struct partition *parent, spa_t base, uint64_t size)
{
	struct virt_mapping mapping;

	if (!in_ram(base.value, size) || hides(base.value, size))
		return false;
	for (uint64_t at = base.value; at < base.value + size;) {
		if (virt->space_lookup(&parent->space, GPA(at), &mapping) &&
		    mapping.spa.value != mapping.gpa.value)
			return false;
		at = mapping.gpa.value + mapping.size;
	}
	return true;
}

/* Exactly this is mapped already: nothing to change, nothing to flush. */
static bool mapped_so(struct partition *child,
		      const struct virt_mapping *target)
{
	struct virt_mapping old;

	return virt->space_lookup(&child->space, target->gpa, &old) &&
	       old.gpa.value == target->gpa.value &&
	       old.spa.value == target->spa.value && old.size == target->size &&
	       old.rights == target->rights;
}

static enum hv_status map(struct partition *child,
			  const struct virt_mapping *target)
{
	const struct overlay *overlay = &child->overlay;

	if (target->rights && !owned(child->parent, target->spa, target->size))
		return HV_STATUS_ACCESS_DENIED;
	if (overlay->active &&
	    overlay->below.gpa.value - target->gpa.value < target->size) {
		if (target->size == PAGE_SIZE) {
			overlay_keep(child, target);
			return HV_STATUS_SUCCESS;
		}
		overlay_remove(child);
		child->hypercall_msr &= ~1ull;
	}
	return mapped_so(child, target) ? HV_STATUS_SUCCESS
					: change(child, target);
}

enum hv_status gpa_map(struct partition *child,
		       const struct virt_mapping *target)
{
	uint64_t mask = target->size - 1;

	if ((target->gpa.value & mask) ||
	    target->gpa.value + target->size > PARTITION_GPA_LIMIT ||
	    (target->rights && (target->spa.value & mask)))
		return HV_STATUS_INVALID_PARAMETER;
	partition_lock(child);
	enum hv_status status = map(child, target);

	partition_unlock(child);
	return status;
}

bool gpa_forget(struct partition *child, unsigned int budget)
{
	struct virt_mapping leaf;
	gpa_t *at = &child->forgotten;

	partition_lock(child);
	overlay_remove(child);
	for (; budget && at->value < PARTITION_GPA_LIMIT; budget--) {
		virt->space_lookup(&child->space, *at, &leaf);
		tally(child, *at, MIN(leaf.size, LARGE_PAGE_SIZE), -1);
		at->value += leaf.size;
	}
	partition_unlock(child);
	return at->value >= PARTITION_GPA_LIMIT;
}

/* ---- Forgetting translations ---- */

/* First the generation, so that who sees the epoch drops translations too. */
void gpa_flush(struct partition *partition)
{
	__atomic_add_fetch(&partition->flush_generation, 1, __ATOMIC_ACQ_REL);
	uint64_t epoch =
		__atomic_add_fetch(&hypervisor.epoch, 1, __ATOMIC_ACQ_REL);
	uint64_t old =
		__atomic_load_n(&partition->flush_epoch, __ATOMIC_RELAXED);

	while (old < epoch && !__atomic_compare_exchange_n(
				      &partition->flush_epoch, &old, epoch,
				      true, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		;
}

bool gpa_quiet(struct partition *partition)
{
	uint64_t epoch =
		__atomic_load_n(&partition->flush_epoch, __ATOMIC_ACQUIRE);
	bool quiet = true;

	for (uint32_t i = 0; i < hypervisor.config.lps; i++)
		quiet &= lp_passed(i, epoch);
	return quiet;
}

/* ---- The parent ---- */

/* Whether the 2 MiB from large on cannot be mapped as one. */
static bool special(gpa_t large)
{
	return APIC_PAGE_GPA - large.value < LARGE_PAGE_SIZE ||
	       hides(large.value, LARGE_PAGE_SIZE);
}

bool gpa_parent_fault(struct partition *parent, gpa_t gpa)
{
	struct virt_mapping mapping = {
		.gpa = GPA(gpa.value & ~LARGE_PAGE_MASK),
		.spa = SPA(gpa.value & ~LARGE_PAGE_MASK),
		.size = LARGE_PAGE_SIZE,
		.rights = RIGHTS_ALL,
	};
	struct virt_mapping old;

	if (gpa.value >= PARTITION_GPA_LIMIT)
		return false;
	spinlock_take(&parent->lock);
	bool done = virt->space_lookup(&parent->space, gpa, &old);

	/* A page alone where some of its neighbours are mapped to scrap. */
	if (!done && (old.size < LARGE_PAGE_SIZE || special(mapping.gpa))) {
		uint64_t page = gpa.value & ~(uint64_t)PAGE_MASK;

		mapping.gpa = GPA(page);
		mapping.spa = SPA(page);
		mapping.size = PAGE_SIZE;
		if (page == APIC_PAGE_GPA) {
			spinlock_give(&parent->lock);
			return false;
		}
		if (hides(page, PAGE_SIZE)) {
			parent->scrap_accesses++;
			mapping.spa = hypervisor.scrap_page;
			mapping.rights = VIRT_MAP_READ | VIRT_MAP_WRITE;
		}
	}
	if (!done)
		done = virt->space_map(&parent->space, &mapping) ==
		       HV_STATUS_SUCCESS;
	spinlock_give(&parent->lock);
	return done;
}

enum hv_status gpa_hide(struct partition *parent, spa_t frame)
{
	const struct virt_mapping scrap = {
		.gpa = GPA(frame.value),
		.spa = hypervisor.scrap_page,
		.size = PAGE_SIZE,
		.rights = VIRT_MAP_READ | VIRT_MAP_WRITE,
	};
	enum hv_status status = HV_STATUS_ACCESS_DENIED;

	if (frame.value & PAGE_MASK)
		return status;
	/* A large identity page is needed first, to be split. */
	gpa_parent_fault(parent, GPA(frame.value));
	spinlock_take(&parent->lock);
	const uint8_t *lent = cpu_map(hypervisor.config.lent);

	if (owned(parent, frame, PAGE_SIZE))
		status = lent[frame.value >> PAGE_SHIFT]
				 ? HV_STATUS_INVALID_PARAMETER
				 : virt->space_map(&parent->space, &scrap);
	spinlock_give(&parent->lock);
	if (status == HV_STATUS_SUCCESS)
		gpa_flush(parent);
	return status;
}

void gpa_unhide(struct partition *parent, spa_t frame)
{
	const struct virt_mapping identity = {
		.gpa = GPA(frame.value),
		.spa = frame,
		.size = PAGE_SIZE,
		.rights = RIGHTS_ALL,
	};

	spinlock_take(&parent->lock);
	virt->space_map(&parent->space, &identity);
	spinlock_give(&parent->lock);
	gpa_flush(parent);
}
