/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starting the other logical processors, and keeping them until all is ready.
 */
#include "startup.h"
#include "../core/hypervisor.h"
#include "../lib/print.h"
#include "../lib/string.h"
#include "../x86/tsc.h"
#include "../x86/cpu.h"
#include "../x86/descriptor.h"
#include "../x86/feature.h"
#include "../x86/interrupt.h"
#include "../x86/local_apic.h"
#include "../x86/paging.h"
#include "../x86/processor.h"

#define STACK_SPACING	 (2 * PROCESSOR_AREA_SIZE)
#define TRAMPOLINE_MIN	 0x1000u
#define TRAMPOLINE_MAX	 0xa0000u
#define START_TIMEOUT_US 1000000

/* entry.S */
extern const uint8_t boot_trampoline[], boot_trampoline_end[];
extern uint64_t startup_root, startup_stack;
/* bulkhead.ld: the tables that paging starts with */
extern uint8_t start_tables_image[], start_tables_end_image[];

enum startup_phase {
	PHASE_WAIT,
	PHASE_WATCH, /* compare the clocks */
	PHASE_RUN,
};

static uint32_t phase;	     /* atomic: enum startup_phase */
static uint32_t watched;     /* atomic: how many have compared */
static uint64_t watch_ticks; /* how long; written before PHASE_WATCH */

static void delay_us(const struct startup_plan *plan, uint64_t us)
{
	uint64_t end = cpu_now() + plan->tsc_hz * us / 1000000;

	while (cpu_now() < end)
		__builtin_ia32_pause();
}

static void map_part(uintptr_t area, spa_t frames, uint64_t offset,
		     uint64_t size)
{
	paging_map(&(struct paging_range){
		.address = area + offset,
		.spa = SPA(frames.value + offset),
		.size = size,
		.flags = PAGING_DATA,
	});
}

/* Maps block and stack, a hole between them; returns the area. */
static uintptr_t make_area(const struct startup_plan *plan, uint32_t lp)
{
	uintptr_t area = PAGING_STACKS + lp * STACK_SPACING;
	uint64_t stack = PROCESSOR_GUARD_OFFSET + PAGE_SIZE;
	spa_t frames =
		reserve_take(plan->pages, PROCESSOR_AREA_SIZE >> PAGE_SHIFT);

	map_part(area, frames, 0, PROCESSOR_GUARD_OFFSET);
	map_part(area, frames, stack, PROCESSOR_AREA_SIZE - stack);
	processor_init((void *)area, lp);
	return area;
}

static bool wait_online(const struct startup_plan *plan,
			const struct processor_public *target, uint64_t us)
{
	for (uint64_t waited = 0; waited < us; waited += 50) {
		if (__atomic_load_n(&target->online, __ATOMIC_ACQUIRE) != 0)
			return true;
		delay_us(plan, 50);
	}
	return false;
}

/* INIT, 10 ms, start-up, 200 us, start-up again: AMD64 volume 2, 16.5. */
static bool start_one(const struct startup_plan *plan, uint8_t page,
		      uint32_t lp)
{
	const struct processor_public *target = processor_public(lp);

	local_apic_send_init(target->apic_id);
	delay_us(plan, 10000);
	local_apic_send_startup(target->apic_id, page);
	if (wait_online(plan, target, 200))
		return true;
	local_apic_send_startup(target->apic_id, page);
	if (wait_online(plan, target, START_TIMEOUT_US))
		return true;
	/* Should it wake up late after all, it finds itself reset again. */
	local_apic_send_init(target->apic_id);
	return false;
}

static uint32_t start_all(const struct startup_plan *plan, uint8_t page,
			  uint32_t apic_ids[])
{
	uintptr_t area = 0; /* the next one's, once made */
	uint32_t lps = 1;

	for (uint32_t i = 0; i < plan->acpi->processor_count; i++) {
		uint32_t id = plan->acpi->apic_ids[i];

		if (id == apic_ids[0])
			continue;
		if (lps == plan->lps_max)
			break;
		if (area == 0)
			area = make_area(plan, lps);
		startup_stack = area + PROCESSOR_AREA_SIZE;
		processor_public(lps)->apic_id = id;
		if (!start_one(plan, page, lps)) {
			print("boot: the processor with APIC id %u does not "
			      "start\n",
			      id);
			continue;
		}
		apic_ids[lps++] = id;
		area = 0;
	}
	return lps;
}

uint32_t startup_processors(const struct startup_plan *plan,
			    uint32_t apic_ids[])
{
	uint64_t page = memory_map_find(
		plan->memory, &(struct memory_wish){.size = PAGE_SIZE,
						    .alignment = PAGE_SIZE,
						    .min = TRAMPOLINE_MIN,
						    .max = TRAMPOLINE_MAX,
						    .high = true});
	void *saved = cpu_map(reserve_take(plan->pages, 1));
	uint32_t lps;

	apic_ids[0] = local_apic_id();
	processor_public(0)->apic_id = apic_ids[0];
	if (page == UINT64_MAX) {
		print("boot: no RAM below 1 MiB: one processor only\n");
		return 1;
	}
	startup_root = paging_root().value;
	memcpy(saved, cpu_map(SPA(page)), PAGE_SIZE);
	memcpy(cpu_map(SPA(page)), boot_trampoline,
	       (size_t)(boot_trampoline_end - boot_trampoline));
	lps = start_all(plan, (uint8_t)(page >> PAGE_SHIFT), apic_ids);
	memcpy(cpu_map(SPA(page)), saved, PAGE_SIZE);
	/* The tables of the start show memory at 0 and all of it writable. */
	memset(cpu_map(SPA((uintptr_t)start_tables_image - PAGING_IMAGE)), 0,
	       (size_t)(start_tables_end_image - start_tables_image));
	return lps;
}

static void wait_for(enum startup_phase wanted)
{
	while (__atomic_load_n(&phase, __ATOMIC_ACQUIRE) < wanted)
		__builtin_ia32_pause();
}

void startup_main(void)
{
	uint32_t lp = cpu_lp();

	descriptor_load();
	interrupt_load();
	feature_enable();
	paging_load();
	local_apic_enable(lp);
	__atomic_store_n(&processor_public(lp)->online, 1, __ATOMIC_RELEASE);
	wait_for(PHASE_WATCH);
	tsc_watch(watch_ticks);
	__atomic_fetch_add(&watched, 1, __ATOMIC_RELEASE);
	wait_for(PHASE_RUN);
	hypervisor_run();
}

bool startup_clocks_agree(uint32_t lps, uint64_t tsc_hz)
{
	watch_ticks = tsc_hz / 500;
	__atomic_store_n(&phase, PHASE_WATCH, __ATOMIC_RELEASE);
	tsc_watch(watch_ticks);
	while (__atomic_load_n(&watched, __ATOMIC_ACQUIRE) != lps - 1)
		__builtin_ia32_pause();
	return !tsc_warped();
}

void startup_release(void)
{
	__atomic_store_n(&phase, PHASE_RUN, __ATOMIC_RELEASE);
}
