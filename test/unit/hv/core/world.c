/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fake machine with a parent on it, and children made for a test. */
#include "world.h"

#include "abi/msr.h"
#include "hv/core/gpa.h"

/* Children's memory is the parent's from here on, one after the other. */
#define CHILDREN_START (16ull << 20)

int world_setup(void **state)
{
	(void)state;
	fake_start(2);
	return 0;
}

int world_teardown(void **state)
{
	(void)state;
	fake_stop();
	return 0;
}

static uint64_t memory_start(const struct partition *partition)
{
	return CHILDREN_START + partition->id * WORLD_CHILD_MEMORY;
}

static void map_memory(struct partition *child)
{
	for (uint64_t at = 0; at < WORLD_CHILD_MEMORY; at += PAGE_SIZE) {
		const struct gpa_mapping mapping = {
			.gpa = GPA(at),
			.source = GPA(memory_start(child) + at),
			.size = PAGE_SIZE,
			.rights = VIRT_MAP_READ | VIRT_MAP_WRITE |
				  VIRT_MAP_EXECUTE,
		};

		assert_int_equal(gpa_map(child, &mapping), HV_STATUS_SUCCESS);
	}
}

struct partition *world_child(uint32_t vps)
{
	struct partition *child;

	assert_int_equal(partition_create(hypervisor.parent, 0, &child),
			 HV_STATUS_SUCCESS);
	child->state = PARTITION_ACTIVE;
	for (uint32_t i = 0; i < vps; i++) {
		child->vps[i] = vp_create(child, i, VP_EXPLICIT_SUSPEND);
		assert_non_null(child->vps[i]);
		child->vp_limit = i + 1;
	}
	map_memory(child);
	return child;
}

void *world_memory(const struct partition *partition, uint64_t gpa)
{
	uint64_t start =
		partition_is_parent(partition) ? 0 : memory_start(partition);

	return fake.ram + start + gpa;
}

uint64_t world_rdmsr(struct vp *vp, uint32_t msr)
{
	uint64_t value = 0;

	assert_int_equal(msr_read(vp, msr, &value), MSR_DONE);
	return value;
}

void world_wrmsr(struct vp *vp, uint32_t msr, uint64_t value)
{
	assert_int_equal(msr_write(vp, msr, value), MSR_DONE);
}

bool world_wrmsr_faults(struct vp *vp, uint32_t msr, uint64_t value)
{
	return msr_write(vp, msr, value) == MSR_FAULT;
}

bool world_rdmsr_faults(struct vp *vp, uint32_t msr)
{
	uint64_t value;

	return msr_read(vp, msr, &value) == MSR_FAULT;
}

void world_apic_on(struct vp *vp, bool x2apic)
{
	if (x2apic)
		world_wrmsr(vp, 0x1b, vp->apic.base | APIC_BASE_X2APIC);
	if (x2apic)
		world_wrmsr(vp, 0x80f, 0x1ff);
	else
		apic_page_write(vp, 0xf0, 0x1ff);
}

bool world_requested(const struct vp *vp, uint8_t vector)
{
	return vp->apic.irr[vector / 32] >> vector % 32 & 1;
}

int world_take(struct vp *vp)
{
	bool blocked;
	int vector = apic_deliverable(vp, &blocked);

	if (vector != VECTOR_NONE)
		apic_accept(vp, (uint8_t)vector);
	return vector;
}

void world_pass_us(struct vp *vp, uint64_t us)
{
	fake.now += us * (FAKE_TSC_HZ / 1000000);
	while (vp->timers.deadline <= fake.now)
		timer_expire(vp, fake.now);
}
