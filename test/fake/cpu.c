/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cpu.h on a machine made of nothing. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../../hv/core/partition.h"
#include "../../hv/lib/print.h"
#include "fake.h"

struct fake fake;

void fake_cpuid_set(uint32_t leaf, uint32_t subleaf, const uint32_t out[4])
{
	unsigned int i = 0;

	while (i < fake.cpuid_count &&
	       (fake.cpuid[i].leaf != leaf || fake.cpuid[i].subleaf != subleaf))
		i++;
	if (i == FAKE_CPUID_ROWS)
		abort();
	if (i == fake.cpuid_count)
		fake.cpuid_count++;
	fake.cpuid[i].leaf = leaf;
	fake.cpuid[i].subleaf = subleaf;
	memcpy(fake.cpuid[i].out, out, sizeof(fake.cpuid[i].out));
}

static void start_memory(void)
{
	if (!fake.ram)
		fake.ram = mmap(NULL, FAKE_RAM, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (fake.ram == MAP_FAILED)
		abort();
}

void fake_start(uint32_t lps)
{
	struct hypervisor_config config = {
		.lps = lps,
		.tsc_hz = FAKE_TSC_HZ,
		.apic_hz = FAKE_APIC_HZ,
		.tsc_synchronous = true,
		.pool = {SPA(FAKE_POOL), FAKE_LENT - FAKE_POOL},
		.lent = SPA(FAKE_LENT),
		.hidden = {{SPA(FAKE_POOL), FAKE_RAM - FAKE_POOL}},
		.hidden_count = 1,
		.ram = {{SPA(0), FAKE_RAM}},
		.ram_count = 1,
	};

	for (uint32_t i = 0; i < lps; i++)
		config.apic_id[i] = i;
	fake_stop();
	start_memory();
	fake.now = 1000 * FAKE_TSC_HZ;
	hypervisor_start(&config);
}

void fake_stop(void)
{
	if (fake.ram)
		munmap(fake.ram, FAKE_RAM);
	fake_spaces_stop();
	memset(&fake, 0, sizeof(fake));
	memset(&hypervisor, 0, sizeof(hypervisor));
}

/* ---- cpu.h ---- */

uint32_t cpu_lp(void)
{
	return fake.lp;
}

uint64_t cpu_now(void)
{
	return fake.now;
}

void cpu_timer_arm(uint64_t deadline)
{
	fake.armed[fake.lp] = deadline;
}

void cpu_kick(uint32_t lp)
{
	fake.kicks[lp]++;
}

void cpu_wait(void)
{
	fake.waits++;
	if (fake.yield)
		fake.yield();
}

bool cpu_interrupts_take(struct cpu_interrupts *taken)
{
	bool any = fake.taken_valid;

	*taken = fake.taken;
	memset(&fake.taken, 0, sizeof(fake.taken));
	fake.taken_valid = false;
	return any;
}

void cpu_interrupt_release(uint8_t vector)
{
	fake.released[vector]++;
}

void *cpu_map(spa_t page)
{
	if (page.value >= FAKE_RAM)
		abort();
	return fake.ram + page.value;
}

void cpu_state_load(const struct cpu_state *state)
{
	(void)state;
}

void cpu_state_save(struct cpu_state *state)
{
	(void)state;
}

void cpu_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
	memset(out, 0, 4 * sizeof(out[0]));
	for (unsigned int i = 0; i < fake.cpuid_count; i++) {
		const struct fake_cpuid *row = &fake.cpuid[i];

		if (row->leaf != leaf ||
		    (row->subleaf != subleaf && row->subleaf != UINT32_MAX))
			continue;
		memcpy(out, row->out, sizeof(row->out));
		if (row->subleaf == subleaf)
			return;
	}
}

/* The core does not expect to come back: the test ends here. */
void cpu_reset(void)
{
	fake.resets++;
	fprintf(stderr, "fake: the machine was reset\n");
	abort();
}

/* ---- The end of lib's assert() ---- */

void panic(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	abort();
}
