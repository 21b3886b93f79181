/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's whole life: read what to do, do it, say so, power off. */
#include "guest.h"

#define BOOT_PARAMS_RSDP    0x70
#define BOOT_PARAMS_CMDLINE 0x228

struct action {
	const char *name;
	void (*run)(void);
};

static void nothing(void)
{
}

static void spin(void)
{
	for (;;)
		__asm__ volatile("pause");
}

static void idle(void)
{
	for (;;)
		__asm__ volatile("cli; hlt");
}

static const struct action actions[] = {
	{"nothing", nothing},
	{"spin", spin},
	{"idle", idle},
	{"triple", fault_triple},
	{"wild", memory_wild},
	{"ports", port_hostile},
	{"msrs", msr_hostile},
	{"hypercalls", hypercall_hostile},
	{"messages", message_hostile},
	{"overlays", overlay_hostile},
	{"memory", memory_hostile},
	{"fuzz", fuzz_hostile},
	{"checks", checks_run},
	{"protocols", protocols_run},
};

static uint64_t state = 0x9e3779b97f4a7c15ull;

uint64_t random_next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* What follows KEY= in the command line; NULL if it is not there. */
static const char *word(const char *line, const char *key)
{
	size_t i;

	for (; *line; line++) {
		for (i = 0; key[i] && line[i] == key[i]; i++)
			;
		if (!key[i] && line[i] == '=')
			return line + i + 1;
	}
	return NULL;
}

/* Whether the command line holds do=NAME. */
static bool is_asked(const char *line, const char *name)
{
	const char *value = word(line, "do");
	size_t i;

	if (!value)
		return false;
	for (i = 0; name[i] && value[i] == name[i]; i++)
		;
	return !name[i] && (!value[i] || value[i] == ' ');
}

/* With seed=N on the command line the numbers are others. */
static void random_seed(const char *line)
{
	const char *value = word(line, "seed");
	uint64_t seed = 0;

	for (; value && *value >= '0' && *value <= '9'; value++)
		seed = seed * 10 + (uint64_t)(*value - '0');
	state += seed * 0xbf58476d1ce4e5b9ull;
	if (!state)
		state = 1;
}

void guest_main(const uint8_t *boot_params);
void guest_main(const uint8_t *boot_params)
{
	const char *line =
		(const char *)(uintptr_t) *
		(const uint32_t *)(const void *)(boot_params +
						 BOOT_PARAMS_CMDLINE);
	const uint8_t *rsdp =
		(const uint8_t *)(uintptr_t) *
		(const uint64_t *)(const void *)(boot_params +
						 BOOT_PARAMS_RSDP);
	size_t i;

	fault_init();
	random_seed(line);
	for (i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (!is_asked(line, actions[i].name))
			continue;
		print("guest: ");
		print(actions[i].name);
		print(" begins\n");
		actions[i].run();
		print("guest: ");
		print(actions[i].name);
		print(" done\n");
	}
	acpi_power_off(rsdp);
	print("guest: still here after power-off\n");
}
