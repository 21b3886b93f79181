/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virt.h on a machine made of nothing: registers are a list, memory a map. */
#include <stdlib.h>
#include <string.h>

#include "fake.h"

/* ---- Spaces: a list of the 2 MiB that have something in them ---- */

#define REGION_PAGES (LARGE_PAGE_SIZE / PAGE_SIZE)

struct fake_region {
	const struct virt_space *space;
	gpa_t gpa;
	unsigned int count;	   /* of the pages that are mapped */
	struct virt_mapping large; /* size 0: none */
	struct virt_mapping small[REGION_PAGES];
	struct fake_region *next;
};

static struct fake_region *regions;

struct fake_table {
	const struct virt_space *space;
	uint64_t gigabyte;
	spa_t page;
	struct fake_table *next;
};

static struct fake_table *tables;

static struct fake_region **find(const struct virt_space *space, gpa_t gpa)
{
	struct fake_region **link = &regions;

	while (*link && ((*link)->space != space ||
			 gpa.value - (*link)->gpa.value >= LARGE_PAGE_SIZE))
		link = &(*link)->next;
	return link;
}

static struct virt_mapping *page_of(struct fake_region *region, gpa_t gpa)
{
	return &region->small[(gpa.value - region->gpa.value) / PAGE_SIZE];
}

static struct fake_region *make(const struct virt_space *space, gpa_t gpa)
{
	struct fake_region **link = find(space, gpa);

	if (*link)
		return *link;
	struct fake_region *region = calloc(1, sizeof(*region));

	if (!region)
		abort();
	region->space = space;
	region->gpa = GPA(gpa.value & ~(LARGE_PAGE_SIZE - 1));
	region->next = regions;
	regions = region;
	return region;
}

static void drop(struct fake_region **link)
{
	struct fake_region *region = *link;

	*link = region->next;
	free(region);
}

/* A large page becomes small ones, so that a part of it can change. */
static void split(struct fake_region *region)
{
	for (unsigned int i = 0; i < REGION_PAGES; i++) {
		region->small[i] = region->large;
		region->small[i].gpa.value += i * PAGE_SIZE;
		region->small[i].spa.value += i * PAGE_SIZE;
		region->small[i].size = PAGE_SIZE;
	}
	region->count = REGION_PAGES;
	region->large.size = 0;
}

static void unmap_page(const struct virt_space *space, gpa_t gpa)
{
	struct fake_region **link = find(space, gpa);
	struct fake_region *region = *link;

	if (!region)
		return;
	if (region->large.size)
		split(region);
	if (!page_of(region, gpa)->size)
		return;
	page_of(region, gpa)->size = 0;
	if (--region->count == 0)
		drop(link);
}

static enum hv_status space_unmap(struct virt_space *space, gpa_t gpa,
				  uint64_t size)
{
	struct fake_region **link = find(space, gpa);

	if (size == LARGE_PAGE_SIZE) {
		if (*link)
			drop(link);
		return HV_STATUS_SUCCESS;
	}
	for (uint64_t at = 0; at < size; at += PAGE_SIZE)
		unmap_page(space, GPA(gpa.value + at));
	return HV_STATUS_SUCCESS;
}

/* One page of tables for each GiB that was ever mapped, charged like real
 * ones. False: no page. */
static bool pay(struct virt_space *space, gpa_t gpa)
{
	struct fake_table **link = &tables;

	for (; *link; link = &(*link)->next) {
		if ((*link)->space == space &&
		    (*link)->gigabyte == gpa.value >> 30)
			return true;
	}
	spa_t page = space->pages->take(space->pages);

	if (!page.value)
		return false;
	*link = calloc(1, sizeof(**link));
	if (!*link)
		abort();
	**link = (struct fake_table){space, gpa.value >> 30, page, NULL};
	return true;
}

static enum hv_status space_map(struct virt_space *space,
				const struct virt_mapping *mapping)
{
	if ((mapping->gpa.value | mapping->spa.value) & (mapping->size - 1))
		return HV_STATUS_INVALID_PARAMETER;
	if (!pay(space, mapping->gpa))
		return HV_STATUS_INSUFFICIENT_MEMORY;
	space_unmap(space, mapping->gpa, mapping->size);
	struct fake_region *region = make(space, mapping->gpa);

	if (mapping->size == LARGE_PAGE_SIZE) {
		region->large = *mapping;
	} else {
		*page_of(region, mapping->gpa) = *mapping;
		region->count++;
	}
	return HV_STATUS_SUCCESS;
}

/* Whether the size around gpa, aligned, is all hole; the page at gpa is one. */
static bool hole(const struct virt_space *space, gpa_t gpa, uint64_t size)
{
	const struct fake_region *region = regions;

	if (size < LARGE_PAGE_SIZE)
		return true;
	while (region && (region->space != space ||
			  (region->gpa.value ^ gpa.value) >= size))
		region = region->next;
	return !region;
}

static bool space_lookup(const struct virt_space *space, gpa_t gpa,
			 struct virt_mapping *mapping)
{
	struct fake_region *region = *find(space, gpa);
	uint64_t size = 1ull << 39;

	if (region && region->large.size) {
		*mapping = region->large;
		return true;
	}
	if (region && page_of(region, gpa)->size) {
		*mapping = *page_of(region, gpa);
		return true;
	}
	while (!hole(space, gpa, size))
		size >>= 9;
	*mapping = (struct virt_mapping){.gpa = GPA(gpa.value & ~(size - 1)),
					 .size = size};
	return false;
}

static bool space_release(struct virt_space *space, unsigned int budget)
{
	struct fake_region **link = &regions;

	while (*link) {
		if ((*link)->space == space)
			drop(link);
		else
			link = &(*link)->next;
	}
	struct fake_table **table = &tables;

	while (*table) {
		struct fake_table *entry = *table;

		if (entry->space != space) {
			table = &entry->next;
			continue;
		}
		if (budget-- == 0)
			return false;
		space->pages->give(space->pages, entry->page);
		*table = entry->next;
		free(entry);
	}
	if (space->root.value)
		space->pages->give(space->pages, space->root);
	space->root = SPA(0);
	return true;
}

void fake_spaces_stop(void)
{
	while (regions)
		drop(&regions);
	while (tables) {
		struct fake_table *entry = tables;

		tables = entry->next;
		free(entry);
	}
}

/* ---- Virtual processors ---- */

static bool supported(const char **reason)
{
	*reason = NULL;
	return true;
}

static enum hv_status lp_start(spa_t page)
{
	(void)page;
	return HV_STATUS_SUCCESS;
}

static struct virt_vp *vp_create(const struct virt_vp_config *config)
{
	spa_t page = config->pages->take(config->pages);

	if (!page.value)
		return NULL;
	_Static_assert(sizeof(struct fake_vp) <= PAGE_SIZE, "one page");
	struct fake_vp *vp = cpu_map(page);

	vp->page = page;
	vp->virt.registers.rip = 0xfff0;
	vp->virt.registers.rflags = 2;
	return &vp->virt;
}

static void vp_destroy(struct virt_vp *vp, struct page_source *pages)
{
	pages->give(pages, fake_vp(vp)->page);
}

static void vp_switch(struct virt_vp *from, struct virt_vp *to)
{
	if (from)
		fake_vp(from)->current = false;
	if (!to)
		return;
	if (fake_vp(to)->current)
		abort();
	fake_vp(to)->current = true;
	fake_vp(to)->lp = fake.lp;
}

static void vp_run(struct virt_vp *vp, struct virt_intercept *intercept)
{
	/* The waist's rule: its own logical processor runs it. */
	if (!fake_vp(vp)->current || fake_vp(vp)->lp != fake.lp)
		abort();
	fake.runs++;
	if (fake.yield)
		fake.yield();
	*intercept = (struct virt_intercept){.kind = VIRT_HOST};
	if (fake.guest)
		fake.guest(vp, intercept);
}

static struct hv_register_assoc *find_register(struct virt_vp *vp,
					       uint32_t name)
{
	struct fake_vp *fake_one = fake_vp(vp);

	if (fake_one->current && fake_one->lp != fake.lp)
		abort(); /* its state is in another one's silicon */
	for (unsigned int i = 0; i < fake_one->register_count; i++) {
		if (fake_one->registers[i].name == name)
			return &fake_one->registers[i];
	}
	return NULL;
}

static bool kept(uint32_t name)
{
	switch (name >> 16) {
	case HV_REGISTER_CR0 >> 16:
		return name <= HV_REGISTER_CR4;
	case HV_REGISTER_DR0 >> 16:
		return name == HV_REGISTER_DR6 || name == HV_REGISTER_DR7;
	case HV_REGISTER_ES >> 16:
	case HV_REGISTER_IDTR >> 16:
		return true;
	case HV_REGISTER_EFER >> 16:
		return name != HV_REGISTER_APIC_BASE &&
		       name <= HV_REGISTER_SFMASK;
	default:
		return false;
	}
}

static bool vp_get(struct virt_vp *vp, uint32_t name,
		   struct hv_register_value *value)
{
	const struct hv_register_assoc *found = find_register(vp, name);

	if (!kept(name))
		return false;
	if (found)
		*value = found->value;
	else
		memset(value, 0, sizeof(*value));
	return true;
}

static bool vp_set(struct virt_vp *vp, uint32_t name,
		   const struct hv_register_value *value)
{
	struct hv_register_assoc *found = find_register(vp, name);
	struct fake_vp *fake_one = fake_vp(vp);

	/* The one refusal tests need: EFER's reserved bits. */
	if (!kept(name) || (name == HV_REGISTER_EFER && value->u64 >> 16))
		return false;
	if (!found) {
		if (fake_one->register_count == FAKE_REGISTERS)
			abort();
		found = &fake_one->registers[fake_one->register_count++];
		found->name = name;
	}
	found->value = *value;
	return true;
}

static void vp_reset(struct virt_vp *vp)
{
	static const uint32_t zero[] = {HV_REGISTER_CR2, HV_REGISTER_CR3,
					HV_REGISTER_CR4, HV_REGISTER_EFER};
	const struct hv_register_value nothing = {0};
	const struct hv_register_value cr0 = {.u64 = 0x60000010};
	const struct hv_register_value cs = {
		.segment = {0xffff0000, 0xffff, 0xf000, 0x9b}};

	for (unsigned int i = 0; i < sizeof(zero) / sizeof(*zero); i++)
		vp_set(vp, zero[i], &nothing);
	vp_set(vp, HV_REGISTER_CR0, &cr0);
	vp_set(vp, HV_REGISTER_CS, &cs);
	vp->registers = (struct virt_registers){.rip = 0xfff0, .rflags = 2};
}

static void vp_inject(struct virt_vp *vp, const struct virt_event *event)
{
	fake_vp(vp)->injected = *event;
	fake_vp(vp)->injections++;
}

static void vp_window(struct virt_vp *vp, unsigned int windows)
{
	fake_vp(vp)->windows = windows;
}

static void vp_skip(struct virt_vp *vp, const struct virt_intercept *intercept)
{
	vp->registers.rip += intercept->instruction_length;
	vp->registers.interrupt_shadow = false;
	fake_vp(vp)->skipped += intercept->instruction_length;
}

static void vp_flush(struct virt_vp *vp)
{
	fake_vp(vp)->flushes++;
}

/* The core tells AMD from Intel by this name: the fake is AMD's. */
const struct virt_backend svm_backend = {
	.name = "fake",
	.supported = supported,
	.lp_start = lp_start,
	.vp_create = vp_create,
	.vp_destroy = vp_destroy,
	.vp_reset = vp_reset,
	.vp_switch = vp_switch,
	.vp_run = vp_run,
	.vp_get = vp_get,
	.vp_set = vp_set,
	.vp_inject = vp_inject,
	.vp_window = vp_window,
	.vp_skip = vp_skip,
	.vp_flush = vp_flush,
	.space_map = space_map,
	.space_unmap = space_unmap,
	.space_lookup = space_lookup,
	.space_release = space_release,
};
const struct virt_backend *virt = &svm_backend;
