/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starting the other logical processors, and keeping them until all is ready.
 */
#include "startup.h"
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
#include "reserve.h"

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

static uint32_t phase;		 /* atomic: enum startup_phase */
static uint32_t watched;	 /* atomic: how many have compared */
static uint64_t ticks_per_10_us; /* constant before any processor starts */

static void delay_us(uint64_t us)
{
	uint64_t end = cpu_now() + ticks_per_10_us * us / 10;

	while (cpu_now() < end)
		__builtin_ia32_pause();
}

/* Maps block and stack, a hole between them; returns the area. */
static uintptr_t make_area(uint32_t lp)
{
	uint64_t stack = PROCESSOR_GUARD_OFFSET + PAGE_SIZE;
	spa_t frames = reserve_take(PROCESSOR_AREA_SIZE >> PAGE_SHIFT);
	struct paging_range part = {
		.address = PAGING_STACKS + lp * STACK_SPACING,
		.spa = frames,
		.size = PROCESSOR_GUARD_OFFSET,
		.flags = PAGING_DATA,
	};

	paging_map(&part);
	processor_init((void *)part.address, lp);
	part.address += stack;
	part.spa.value += stack;
	part.size = PROCESSOR_AREA_SIZE - stack;
	paging_map(&part);
	return part.address - stack;
}

static bool wait_online(uint32_t lp, uint64_t us)
{
	for (uint64_t waited = 0; waited < us; waited += 50) {
		if (__atomic_load_n(&processor_public(lp)->online,
				    __ATOMIC_ACQUIRE) != 0)
			return true;
		delay_us(50);
	}
	return false;
}

/* INIT, 10 ms, start-up, 200 us, start-up again: AMD64 volume 2, 16.5. */
static bool start_one(uint32_t apic_id, uint32_t page, uint32_t lp)
{
	processor_public(lp)->apic_id = apic_id;
	local_apic_send(apic_id, LOCAL_APIC_INIT);
	delay_us(10000);
	local_apic_send(apic_id, LOCAL_APIC_STARTUP | page);
	if (wait_online(lp, 200))
		return true;
	local_apic_send(apic_id, LOCAL_APIC_STARTUP | page);
	if (wait_online(lp, START_TIMEOUT_US))
		return true;
	/* Should it wake up late after all, it finds itself reset again. */
	local_apic_send(apic_id, LOCAL_APIC_INIT);
	print("boot: the processor with APIC id %u does not start\n", apic_id);
	return false;
}

static void start_all(const struct acpi_facts *acpi, uint32_t page,
		      uint32_t lps_max, struct hypervisor_config *config)
{
	uintptr_t area = 0; /* the next one's, once made */

	for (uint32_t i = 0; i < acpi->processor_count; i++) {
		uint32_t id = acpi->apic_ids[i];

		if (id == config->apic_id[0])
			continue;
		if (config->lps == lps_max)
			break;
		if (area == 0)
			area = make_area(config->lps);
		startup_stack = area + PROCESSOR_AREA_SIZE;
		if (!start_one(id, page, config->lps))
			continue;
		config->apic_id[config->lps++] = id;
		area = 0;
	}
}

static bool clocks_agree(uint32_t others)
{
	__atomic_store_n(&phase, PHASE_WATCH, __ATOMIC_RELEASE);
	tsc_watch(ticks_per_10_us * 200);
	while (__atomic_load_n(&watched, __ATOMIC_ACQUIRE) != others)
		__builtin_ia32_pause();
	return !tsc_warped();
}

void startup_processors(const struct acpi_facts *acpi,
			const struct memory_map *memory, uint32_t lps_max,
			struct hypervisor_config *config)
{
	uint64_t place = memory_map_find(
		memory, &(struct memory_wish){.size = PAGE_SIZE,
					      .alignment = PAGE_SIZE,
					      .min = TRAMPOLINE_MIN,
					      .max = TRAMPOLINE_MAX,
					      .high = true});
	void *page = cpu_map(SPA(place));

	ticks_per_10_us = config->tsc_hz / 100000;
	config->lps = 1;
	config->apic_id[0] = processor_public(0)->apic_id = local_apic_id();
	startup_root = paging_root().value;
	if (place == UINT64_MAX) {
		print("boot: no RAM below 1 MiB: one processor only\n");
	} else {
		/* Free RAM until now: the parent finds it changed. */
		memcpy(page, boot_trampoline,
		       (uintptr_t)boot_trampoline_end -
			       (uintptr_t)boot_trampoline);
		start_all(acpi, (uint32_t)(place >> PAGE_SHIFT), lps_max,
			  config);
	}
	/* The tables of the start show memory at 0 and all of it writable. */
	memset(cpu_map(SPA((uintptr_t)start_tables_image - PAGING_IMAGE)), 0,
	       (uintptr_t)start_tables_end_image -
		       (uintptr_t)start_tables_image);
	config->tsc_synchronous = clocks_agree(config->lps - 1);
	print("boot: lps: %u of %u, their TSCs %s\n", config->lps,
	      acpi->processor_count + acpi->processors_left_out,
	      config->tsc_synchronous ? "agree" : "DISAGREE");
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
	tsc_watch(ticks_per_10_us * 200);
	__atomic_fetch_add(&watched, 1, __ATOMIC_RELEASE);
	wait_for(PHASE_RUN);
	hypervisor_run();
}

void startup_release(void)
{
	__atomic_store_n(&phase, PHASE_RUN, __ATOMIC_RELEASE);
}
