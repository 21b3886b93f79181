// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Measures each operation and prints, per sample, the ticks of the TSC; with
 * the counting plugin the marks around each sample tell the instructions.
 *
 * All samples are taken before anything is printed: printing wakes others.
 */
#include "guest.h"

#define BOOT_PARAMS_RSDP    0x70
#define BOOT_PARAMS_CMDLINE 0x228
#define SAMPLES_MAX	    4096
#define WARM_UP		    8
#define LINE_SIZE	    256

/* Marks: 2n before and 2n + 1 after operation n. */
static uint32_t samples[SAMPLES_MAX];
static unsigned int sample_count;
static char line[LINE_SIZE];

bool line_says(const char *key, const char *value)
{
	const char *at = line;
	size_t i;

	for (; *at; at++) {
		const char *rest = at;

		for (i = 0; key[i] && *rest == key[i]; i++)
			rest++;
		if (key[i] || *rest++ != '=')
			continue;
		for (i = 0; value[i] && *rest == value[i]; i++)
			rest++;
		if (!value[i] && (!*rest || *rest == ' '))
			return true;
	}
	return false;
}

static bool is_measured(const struct operation *operation)
{
	return !operation->available || operation->available();
}

static void sample(const struct operation *operation, unsigned int number)
{
	uint64_t begin, end;

	mark(2 * number);
	begin = tsc_read();
	operation->run();
	end = tsc_read();
	mark(2 * number + 1);
	if (sample_count < SAMPLES_MAX)
		samples[sample_count++] = (uint32_t)(end - begin);
}

static void measure(const struct operation *operation, unsigned int number)
{
	const bool profiled = line_says("profile", operation->name);
	unsigned int i;

	for (i = 0; i < WARM_UP; i++) {
		operation->run();
	}
	if (profiled)
		mark_profile_0();
	for (i = 0; i < operation->times; i++)
		sample(operation, number);
	if (profiled)
		mark_profile_1();
}

/* NAME: TICKS...; what is not here has no line. */
static void report(void)
{
	unsigned int next = 0, i, j;

	print("\nmeasured by ");
	print(timer_name());
	print(apic_is_extended() ? ", x2apic\n" : ", xapic\n");
	for (i = 0; i < operation_count; i++) {
		if (!is_measured(&operations[i]))
			continue;
		print("ticks ");
		print_number(i);
		print(" ");
		print(operations[i].name);
		for (j = 0; j < operations[i].times; j++) {
			print(" ");
			print_number(samples[next++]);
		}
		print("\n");
	}
	print("all measured\n");
}

/* ACPI where the loader gave tables, QEMU's pc and q35, else a triple fault. */
static void end(const uint8_t *rsdp)
{
	static const struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) nothing = {0, 0};

	if (rsdp)
		acpi_power_off(rsdp);
	port_write16(0x604, 0x2000);
	__asm__ volatile("lidt %0; int3" ::"m"(nothing));
}

void guest_main(const uint8_t *boot_params);
void guest_main(const uint8_t *boot_params)
{
	/* Read before low memory is used for anything else. */
	const uint8_t *const rsdp =
		(const uint8_t *)(uintptr_t) *
		(const uint64_t *)(const void *)(boot_params +
						 BOOT_PARAMS_RSDP);
	const char *const given =
		(const char *)(uintptr_t) *
		(const uint32_t *)(const void *)(boot_params +
						 BOOT_PARAMS_CMDLINE);
	unsigned int i;

	for (i = 0; given && given[i] && i < LINE_SIZE - 1; i++)
		line[i] = given[i];
	interrupt_init();
	hyperv_init();
	for (i = 0; i < operation_count; i++) {
		if (is_measured(&operations[i]))
			measure(&operations[i], i);
	}
	report();
	end(rsdp);
}
