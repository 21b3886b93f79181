/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virt.h on a machine made of nothing: registers are a list, memory a map. */
#include <stdlib.h>
#include <string.h>

#include "fake.h"

/* ---- Spaces: pages of each, in no order ---- */

struct fake_mapping {
	struct virt_mapping mapping;
	const struct virt_space *space;
	struct fake_mapping *next;
};

static struct fake_mapping *mappings;

struct fake_table {
	const struct virt_space *space;
	uint64_t gigabyte;
	spa_t page;
	struct fake_table *next;
};

static struct fake_table *tables;

static struct fake_mapping **find(const struct virt_space *space, gpa_t gpa)
{
	struct fake_mapping **link = &mappings;

	while (*link) {
		const struct virt_mapping *mapping = &(*link)->mapping;

		if ((*link)->space == space &&
		    gpa.value - mapping->gpa.value < mapping->size)
			break;
		link = &(*link)->next;
	}
	return link;
}

static void add(const struct virt_space *space,
		const struct virt_mapping *mapping)
{
	struct fake_mapping *entry = malloc(sizeof(*entry));

	if (!entry)
		abort();
	*entry = (struct fake_mapping){*mapping, space, mappings};
	mappings = entry;
}

static void drop(struct fake_mapping **link)
{
	struct fake_mapping *entry = *link;

	*link = entry->next;
	free(entry);
}

/* A large page becomes small ones, so that a part of it can change. */
static void split(const struct virt_space *space, struct fake_mapping **link)
{
	struct virt_mapping large = (*link)->mapping;

	drop(link);
	for (uint64_t offset = 0; offset < large.size; offset += PAGE_SIZE) {
		struct virt_mapping small = large;

		small.gpa.value += offset;
		small.spa.value += offset;
		small.size = PAGE_SIZE;
		add(space, &small);
	}
}

static enum hv_status space_unmap(struct virt_space *space, gpa_t gpa,
				  uint64_t size)
{
	for (uint64_t at = gpa.value; at < gpa.value + size; at += PAGE_SIZE) {
		struct fake_mapping **link = find(space, GPA(at));

		if (!*link)
			continue;
		if ((*link)->mapping.size > size) {
			split(space, link);
			link = find(space, GPA(at));
		}
		drop(link);
	}
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
	add(space, mapping);
	return HV_STATUS_SUCCESS;
}

/* Whether the size around gpa, aligned, is all hole. */
static bool hole(const struct virt_space *space, gpa_t gpa, uint64_t size)
{
	const struct fake_mapping *entry = mappings;

	while (entry && (entry->space != space ||
			 (entry->mapping.gpa.value ^ gpa.value) >= size))
		entry = entry->next;
	return !entry;
}

static bool space_lookup(const struct virt_space *space, gpa_t gpa,
			 struct virt_mapping *mapping)
{
	const struct fake_mapping *entry = *find(space, gpa);
	uint64_t size = 1ull << 39;

	if (entry) {
		*mapping = entry->mapping;
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
	struct fake_mapping **link = &mappings;

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
	while (mappings)
		drop(&mappings);
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
