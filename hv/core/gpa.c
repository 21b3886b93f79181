/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest memory: mapping it, reaching into it, and taking it back. */
#include "gpa.h"

#include "../lib/string.h"
#include "apic.h"
#include "lp.h"
#include "vp.h"

#define RIGHTS_ALL (VIRT_MAP_READ | VIRT_MAP_WRITE | VIRT_MAP_EXECUTE)

/* ---- Reaching into it ---- */

static bool in_ram(spa_t frame)
{
	return frame.value < hypervisor.config.ram_end.value;
}

/* The parent's frames are its own unless mapped to something else. */
static void *parent_pointer(struct partition *parent, gpa_t gpa)
{
	struct virt_mapping mapping;

	if (!in_ram(SPA(gpa.value)) || hypervisor_hides(SPA(gpa.value)))
		return NULL;
	if (virt->space_lookup(&parent->space, gpa, &mapping) &&
	    mapping.spa.value != mapping.gpa.value)
		return NULL;
	char *page = cpu_map(SPA(gpa.value & ~(uint64_t)PAGE_MASK));

	return page + (gpa.value & PAGE_MASK);
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

/* ---- Children ---- */

static void count(struct partition *partition, uint64_t size, int64_t change)
{
	uint64_t *pages = size == LARGE_PAGE_SIZE ? &partition->pages_large :
						    &partition->pages_small;

	*pages += (uint64_t)change;
}

/* What is about to go, before [gpa, gpa + size) changes. Removing a part of a
 * large page leaves the rest of it as small ones. */
static bool uncount(struct partition *partition, gpa_t gpa, uint64_t size)
{
	bool any = false;

	for (uint64_t at = gpa.value; at < gpa.value + size;) {
		struct virt_mapping old;
		uint64_t step = PAGE_SIZE;

		if (virt->space_lookup(&partition->space, GPA(at), &old)) {
			any = true;
			count(partition, old.size, -1);
			if (old.size > size)
				partition->pages_small +=
					LARGE_PAGE_SIZE / PAGE_SIZE - 1;
			step = MIN(old.size, size);
		}
		at += step;
	}
	return any;
}

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

	for (uint64_t at = source.value; at < source.value + size;) {
		if (!in_ram(SPA(at)))
			return false;
		if (virt->space_lookup(&parent->space, GPA(at), &mapping)) {
			if (mapping.spa.value != mapping.gpa.value)
				return false;
			at = mapping.gpa.value + mapping.size;
			continue;
		}
		if (hypervisor_hides(SPA(at)))
			return false;
		at += PAGE_SIZE;
	}
	return true;
}

/* Lets the overlay remember a new mapping below it; true: nothing more to
 * do. Only a page of the overlay's own size can be kept that way. */
static bool map_below_overlay(struct partition *child,
			      const struct gpa_mapping *mapping)
{
	if (!overlaid(child, mapping->gpa, mapping->size))
		return false;
	if (mapping->size != PAGE_SIZE) {
		gpa_overlay_remove(child);
		child->hypercall_msr &= ~1ull;
		return false;
	}
	child->overlay.below = (struct virt_mapping){
		.gpa = mapping->gpa,
		.spa = SPA(mapping->source.value),
		.size = PAGE_SIZE,
		.rights = mapping->rights,
	};
	child->overlay.something_below = mapping->rights != 0;
	return true;
}

/* Exactly this is mapped already: nothing to change, nothing to flush. */
static bool mapped_so(struct partition *child,
		      const struct virt_mapping *target)
{
	struct virt_mapping old;

	return virt->space_lookup(&child->space, target->gpa, &old) &&
	       old.gpa.value == target->gpa.value &&
	       old.spa.value == target->spa.value &&
	       old.size == target->size && old.rights == target->rights;
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
	uint64_t mask = mapping->size - 1;
	bool changed;

	if ((mapping->gpa.value | mapping->source.value) & mask)
		return HV_STATUS_INVALID_PARAMETER;
	if (mapping->gpa.value + mapping->size > PARTITION_GPA_LIMIT)
		return HV_STATUS_INVALID_PARAMETER;
	if (!mapping->rights)
		return gpa_unmap(child, mapping->gpa, mapping->size, &changed);
	if (!owned(child->parent, mapping->source, mapping->size))
		return HV_STATUS_ACCESS_DENIED;
	if (map_below_overlay(child, mapping) || mapped_so(child, &target))
		return HV_STATUS_SUCCESS;

	uint64_t small = child->pages_small;
	uint64_t large = child->pages_large;
	bool replaced = uncount(child, mapping->gpa, mapping->size);
	enum hv_status status = virt->space_map(&child->space, &target);

	if (status != HV_STATUS_SUCCESS) {
		child->pages_small = small;
		child->pages_large = large;
		return status;
	}
	count(child, mapping->size, 1);
	if (replaced)
		gpa_flush(child);
	return HV_STATUS_SUCCESS;
}

enum hv_status gpa_unmap(struct partition *child, gpa_t gpa, uint64_t size,
			 bool *changed)
{
	*changed = false;
	if ((gpa.value & (size - 1)) ||
	    gpa.value + size > PARTITION_GPA_LIMIT)
		return HV_STATUS_INVALID_PARAMETER;
	if (overlaid(child, gpa, size)) {
		if (size == PAGE_SIZE) {
			child->overlay.something_below = false;
			return HV_STATUS_SUCCESS;
		}
		gpa_overlay_remove(child);
		child->hypercall_msr &= ~1ull;
	}
	uint64_t small = child->pages_small;
	uint64_t large = child->pages_large;
	bool any = uncount(child, gpa, size);

	if (!any)
		return HV_STATUS_SUCCESS;
	enum hv_status status = virt->space_unmap(&child->space, gpa, size);

	if (status != HV_STATUS_SUCCESS) {
		child->pages_small = small;
		child->pages_large = large;
		return status;
	}
	*changed = true;
	return HV_STATUS_SUCCESS;
}

/* ---- Forgetting translations ---- */

void gpa_flush(struct partition *partition)
{
	__atomic_add_fetch(&partition->flush_generation, 1, __ATOMIC_ACQ_REL);
}

bool gpa_quiet(struct partition *partition)
{
	uint32_t generation = __atomic_load_n(&partition->flush_generation,
					      __ATOMIC_ACQUIRE);
	bool quiet = true;

	for (uint32_t i = 0; i < partition->vp_limit; i++) {
		struct vp *vp = partition->vps[i];

		if (!vp || __atomic_load_n(&vp->flushed, __ATOMIC_ACQUIRE) ==
				   generation)
			continue;
		if (!lp_running(vp) || vp->lp == cpu_lp())
			continue;
		lp_attend(vp->lp);
		quiet = false;
	}
	return quiet;
}

/* ---- The parent ---- */

static bool range_special(uint64_t base, uint64_t size)
{
	const struct hypervisor_config *config = &hypervisor.config;

	if (APIC_PAGE_GPA - base < size)
		return true;
	for (uint32_t i = 0; i < config->hidden_count; i++) {
		const struct spa_range *hidden = &config->hidden[i];

		if (base < hidden->base.value + hidden->size &&
		    hidden->base.value < base + size)
			return true;
	}
	return false;
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

	if (!done && range_special(mapping.gpa.value, LARGE_PAGE_SIZE)) {
		uint64_t page = gpa.value & ~(uint64_t)PAGE_MASK;

		mapping.gpa = GPA(page);
		mapping.spa = SPA(page);
		mapping.size = PAGE_SIZE;
		if (page == APIC_PAGE_GPA) {
			spinlock_give(&parent->lock);
			return false;
		}
		if (hypervisor_hides(SPA(page))) {
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

	if ((frame.value & PAGE_MASK) ||
	    !owned(parent, GPA(frame.value), PAGE_SIZE))
		return HV_STATUS_ACCESS_DENIED;
	/* A large identity page is needed first, to be split. */
	gpa_parent_fault(parent, GPA(frame.value));
	spinlock_take(&parent->lock);
	enum hv_status status = virt->space_map(&parent->space, &scrap);

	spinlock_give(&parent->lock);
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

/* ---- The hypercall page ---- */

bool gpa_overlay(struct partition *partition, gpa_t gpa)
{
	struct overlay *overlay = &partition->overlay;
	const struct virt_mapping code = {
		.gpa = gpa,
		.spa = hypervisor.hypercall_page,
		.size = PAGE_SIZE,
		.rights = VIRT_MAP_READ | VIRT_MAP_EXECUTE,
	};
	struct virt_mapping below;

	if (gpa.value >= PARTITION_GPA_LIMIT)
		return false;
	gpa_overlay_remove(partition);
	if (partition_is_parent(partition))
		gpa_parent_fault(partition, gpa);
	spinlock_take(&partition->lock);
	bool something = virt->space_lookup(&partition->space, gpa, &below);
	bool done = virt->space_map(&partition->space, &code) ==
		    HV_STATUS_SUCCESS;

	if (done) {
		uint64_t offset = something ? gpa.value - below.gpa.value : 0;

		overlay->active = true;
		overlay->gpa = gpa;
		overlay->something_below = something;
		overlay->below = (struct virt_mapping){
			.gpa = gpa,
			.spa = SPA(something ? below.spa.value + offset : 0),
			.size = PAGE_SIZE,
			.rights = something ? below.rights : 0,
		};
	}
	spinlock_give(&partition->lock);
	gpa_flush(partition);
	return done;
}

void gpa_overlay_remove(struct partition *partition)
{
	struct overlay *overlay = &partition->overlay;

	if (!overlay->active)
		return;
	if (overlay->something_below)
		virt->space_map(&partition->space, &overlay->below);
	else
		virt->space_unmap(&partition->space, overlay->gpa, PAGE_SIZE);
	overlay->active = false;
	gpa_flush(partition);
}
