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
};

uint64_t random_next(void)
{
	static uint64_t state = 0x9e3779b97f4a7c15ull;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* Whether the command line holds do=NAME as a word. */
static bool is_asked(const char *line, const char *name)
{
	size_t i;

	for (; *line; line++) {
		if (line[0] != 'd' || line[1] != 'o' || line[2] != '=')
			continue;
		for (i = 0; name[i] && line[3 + i] == name[i]; i++)
			;
		if (!name[i] && (!line[3 + i] || line[3 + i] == ' '))
			return true;
	}
	return false;
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
