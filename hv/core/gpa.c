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
static void *parent_pointer(struct partition *parent, gpa_t gpa)
{
	struct virt_mapping mapping;

	uint64_t frame = gpa.value & ~(uint64_t)PAGE_MASK;

	if (!in_ram(frame, PAGE_SIZE) || hides(frame, PAGE_SIZE))
		return NULL;
	if (virt->space_lookup(&parent->space, gpa, &mapping) &&
	    mapping.spa.value != mapping.gpa.value)
		return NULL;
	return (char *)cpu_map(SPA(frame)) + (gpa.value & PAGE_MASK);
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

/* What is mapped in the 2 MiB or less from gpa on: before a change, and after.
 */
struct tally {
	uint64_t small;
	uint64_t large;
};

static struct tally tally(const struct partition *partition, gpa_t gpa,
			  uint64_t size)
{
	struct tally found = {0};
	struct virt_mapping old;

	for (uint64_t at = gpa.value; at < gpa.value + size; at += PAGE_SIZE) {
		if (!virt->space_lookup(&partition->space, GPA(at), &old))
			continue;
		if (old.size == LARGE_PAGE_SIZE) {
			found.large++;
			break;
		}
		found.small++;
	}
	return found;
}

/* Counts what has changed since before. A page that goes, or comes, where a
 * large one was leaves the rest of that as small ones. */
static void retally(struct partition *partition, const struct tally *before,
		    gpa_t gpa, uint64_t size)
{
	struct tally after = tally(partition, gpa, size);

	partition->pages_small += after.small - before->small;
	partition->pages_large += after.large - before->large;
	if (size == PAGE_SIZE && before->large > after.large)
		partition->pages_small += LARGE_PAGE_SIZE / PAGE_SIZE - 1;
}

/* ---- The hypercall page: lock P held ---- */

static void overlay_remove(struct partition *partition)
{
	struct overlay *overlay = &partition->overlay;
	struct tally before = tally(partition, overlay->gpa, PAGE_SIZE);

	if (!overlay->active)
		return;
	if (overlay->something_below)
		virt->space_map(&partition->space, &overlay->below);
	else
		virt->space_unmap(&partition->space, overlay->gpa, PAGE_SIZE);
	retally(partition, &before, overlay->gpa, PAGE_SIZE);
	overlay->active = false;
	gpa_flush(partition);
}

static bool overlay_put(struct partition *partition, gpa_t gpa)
{
	const struct virt_mapping code = {
		.gpa = gpa,
		.spa = hypervisor.hypercall_page,
		.size = PAGE_SIZE,
		.rights = VIRT_MAP_READ | VIRT_MAP_EXECUTE,
	};
	struct virt_mapping below = {.gpa = gpa};
	struct tally before = tally(partition, gpa, PAGE_SIZE);
	bool something = virt->space_lookup(&partition->space, gpa, &below);

	if (virt->space_map(&partition->space, &code) != HV_STATUS_SUCCESS)
		return false;
	retally(partition, &before, gpa, PAGE_SIZE);
	below.spa.value += gpa.value - below.gpa.value;
	below.gpa = gpa;
	below.size = PAGE_SIZE;
	partition->overlay = (struct overlay){
		.active = true,
		.something_below = something,
		.gpa = gpa,
		.below = below,
	};
	gpa_flush(partition);
	return true;
}

bool gpa_overlay(struct partition *partition, gpa_t gpa)
{
	if (gpa.value >= PARTITION_GPA_LIMIT)
		return false;
	if (partition_is_parent(partition))
		gpa_parent_fault(partition, gpa);
	spinlock_take(&partition->lock);
	overlay_remove(partition);
	bool done = overlay_put(partition, gpa);

	spinlock_give(&partition->lock);
	return done;
}

void gpa_overlay_remove(struct partition *partition)
{
	spinlock_take(&partition->lock);
	overlay_remove(partition);
	spinlock_give(&partition->lock);
}

/* ---- Children ---- */

static bool overlaid(const struct partition *partition, gpa_t gpa,
		     uint64_t size)
{
	return partition->overlay.active &&
	       partition->overlay.gpa.value - gpa.value < size;
}

/* The parent's frame behind source, all of it the parent's own RAM. */
static bool owned(struct partition *parent, gpa_t source, uint64_t size)
{
	struct virt_mapping mapping;

	if (!in_ram(source.value, size) || hides(source.value, size))
		return false;
	for (uint64_t at = source.value; at < source.value + size;) {
		if (virt->space_lookup(&parent->space, GPA(at), &mapping)) {
			if (mapping.spa.value != mapping.gpa.value)
				return false;
			at = mapping.gpa.value + mapping.size;
			continue;
		}
		at += PAGE_SIZE;
	}
	return true;
}

/* Lets the overlay remember a new mapping, or none, below it; true: nothing
 * more to do. Only a page of the overlay's own size can be kept that way. */
static bool change_below_overlay(struct partition *child,
				 const struct virt_mapping *target)
{
	if (!overlaid(child, target->gpa, target->size))
		return false;
	if (target->size != PAGE_SIZE) {
		overlay_remove(child);
		child->hypercall_msr &= ~1ull;
		return false;
	}
	child->overlay.below = *target;
	child->overlay.something_below = target->rights != 0;
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

/* Locks P of child and parent held: what the parent gives it does not lose. */
static enum hv_status map_owned(struct partition *child,
				const struct virt_mapping *target)
{
	if (!owned(child->parent, GPA(target->spa.value), target->size))
		return HV_STATUS_ACCESS_DENIED;
	if (change_below_overlay(child, target) || mapped_so(child, target))
		return HV_STATUS_SUCCESS;

	struct tally before = tally(child, target->gpa, target->size);
	enum hv_status status = virt->space_map(&child->space, target);

	retally(child, &before, target->gpa, target->size);
	if (status == HV_STATUS_SUCCESS && (before.small || before.large))
		gpa_flush(child);
	return status;
}

enum hv_status gpa_map(struct partition *child,
		       const struct gpa_mapping *mapping)
{
	const struct virt_mapping target = {
		.gpa = mapping->gpa,
		.spa = SPA(mapping->source.value),
		.size = mapping->size,
		.rights = mapping->rights,
	};

	if (!mapping->rights)
		return gpa_unmap(child, mapping->gpa, mapping->size);
	if ((mapping->gpa.value | mapping->source.value) & (mapping->size - 1))
		return HV_STATUS_INVALID_PARAMETER;
	if (mapping->gpa.value + mapping->size > PARTITION_GPA_LIMIT)
		return HV_STATUS_INVALID_PARAMETER;
	spinlock_take(&child->parent->lock);
	enum hv_status status = map_owned(child, &target);

	spinlock_give(&child->parent->lock);
	return status;
}

enum hv_status gpa_unmap(struct partition *child, gpa_t gpa, uint64_t size)
{
	const struct virt_mapping nothing = {.gpa = gpa, .size = size};

	if ((gpa.value & (size - 1)) || gpa.value + size > PARTITION_GPA_LIMIT)
		return HV_STATUS_INVALID_PARAMETER;
	if (change_below_overlay(child, &nothing))
		return HV_STATUS_SUCCESS;

	struct tally before = tally(child, gpa, size);

	if (!before.small && !before.large)
		return HV_STATUS_SUCCESS;
	enum hv_status status = virt->space_unmap(&child->space, gpa, size);

	retally(child, &before, gpa, size);
	if (status == HV_STATUS_SUCCESS)
		gpa_flush(child);
	return status;
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

	if (!done && special(mapping.gpa)) {
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
	if (owned(parent, GPA(frame.value), PAGE_SIZE))
		status = virt->space_map(&parent->space, &scrap);
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
