// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A QEMU plugin that counts executed instructions by who executed them.
 *
 *   -plugin libcount.so,out=FILE[,hypervisor=FIRST-END][,enter=FIRST-END]
 *	     [,profile=FILE]
 *
 * The room of an instruction follows from its virtual address (struct room),
 * the context from VMRUN: until the instruction after it, a guest executes.
 * With enter= (the range of the function that holds VMRUN) guests are told
 * apart by the page that function last touched before, which holds the
 * registers of one virtual processor: context 1 is the first such page seen.
 *
 * Software in the machine asks for a line in FILE by a NOP that carries a
 * number: 0F 1F 80 followed by the two bytes of the number, then "BK". Each
 * line has that number and then, for each context, the instructions of each
 * room since the beginning.
 *
 * profile= gets a line for each run of instructions between the numbers
 * PROFILE_ON and PROFILE_OFF: address, room, instructions.
 *
 * One thread: the machine has to run with -icount or thread=single.
 */
#include "qemu_plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum room {
	ROOM_LOW,	 /* below 4 MiB: firmware and tiny guests */
	ROOM_USER,	 /* lower half */
	ROOM_KERNEL,	 /* upper half */
	ROOM_HYPERVISOR, /* the range given */
	ROOMS
};

#define LOW_END		 0x400000ull
#define UPPER_HALF	 0xffff800000000000ull
#define CONTEXT_HOST	 0
#define CONTEXT_FIRST	 1
#define CONTEXT_OTHERS	 2
#define CONTEXTS	 3
#define VMRUN_SIZE	 3
#define EXITS_MAX	 8
#define MARK_SIZE	 7
#define PROFILE_BUCKETS	 65536u
#define PROFILE_ON	 0xfff0u
#define PROFILE_OFF	 0xfff1u
#define PROFILE_LESS_ON	 0xfff2u
#define PROFILE_LESS_OFF 0xfff3u

struct range {
	uint64_t first;
	uint64_t end;
};

/* Instructions from here to the end of a translation, counted together. */
struct place {
	struct place *next;
	uint64_t address;
	uint64_t count;
	uint64_t before; /* when it was last turned on */
	int64_t during;	 /* while it was on */
	enum room room;
};

static struct {
	FILE *out;
	const char *profile_path;
	struct range hypervisor;
	struct range enter;
	uint64_t exits[EXITS_MAX]; /* addresses behind VMRUN */
	unsigned int exit_count;
	unsigned int context;
	uint64_t page; /* last touched in the range enter */
	uint64_t first_page;
	uint64_t count[ROOMS]; /* added to by generated code */
	uint64_t seen[ROOMS];  /* of that, distributed to contexts */
	uint64_t by_context[CONTEXTS][ROOMS];
	uint64_t entered[CONTEXTS];
	struct place *places[PROFILE_BUCKETS];
} plugin;

__attribute__((visibility("default"))) int qemu_plugin_version = PLUGIN_API;

static bool is_within(const struct range *range, uint64_t address)
{
	return address >= range->first && address < range->end;
}

static enum room room_of(uint64_t address)
{
	if (is_within(&plugin.hypervisor, address))
		return ROOM_HYPERVISOR;
	if (address >= UPPER_HALF)
		return ROOM_KERNEL;
	return address < LOW_END ? ROOM_LOW : ROOM_USER;
}

/* ---- Contexts ---- */

static void distribute(void)
{
	for (unsigned int room = 0; room < ROOMS; room++) {
		plugin.by_context[plugin.context][room] +=
			plugin.count[room] - plugin.seen[room];
		plugin.seen[room] = plugin.count[room];
	}
}

static void guest_entered(unsigned int vcpu, void *data)
{
	(void)vcpu;
	(void)data;
	distribute();
	if (!plugin.first_page)
		plugin.first_page = plugin.page;
	plugin.context = plugin.page == plugin.first_page ? CONTEXT_FIRST
							  : CONTEXT_OTHERS;
	plugin.entered[plugin.context]++;
}

static void guest_left(unsigned int vcpu, void *data)
{
	(void)vcpu;
	(void)data;
	/* The instruction itself is counted before this call: it is small. */
	distribute();
	plugin.context = CONTEXT_HOST;
}

static void page_touched(unsigned int vcpu, uint32_t info, uint64_t address,
			 void *data)
{
	(void)vcpu;
	(void)info;
	(void)data;
	plugin.page = address & ~0xfffull;
}

/* ---- Marks and the profile ---- */

static void profile_turn(unsigned int number)
{
	const bool less = number == PROFILE_LESS_OFF;
	const bool on = number == PROFILE_ON || number == PROFILE_LESS_ON;

	for (unsigned int i = 0; i < PROFILE_BUCKETS; i++) {
		for (struct place *place = plugin.places[i]; place;
		     place = place->next) {
			const int64_t passed =
				(int64_t)(place->count - place->before);

			if (on)
				place->before = place->count;
			else
				place->during += less ? -passed : passed;
		}
	}
}

static void marked(unsigned int vcpu, void *data)
{
	const unsigned int number = (unsigned int)(uintptr_t)data;

	(void)vcpu;
	distribute();
	fprintf(plugin.out, "%u", number);
	for (unsigned int context = 0; context < CONTEXTS; context++) {
		for (unsigned int room = 0; room < ROOMS; room++)
			fprintf(plugin.out, " %llu",
				(unsigned long long)
					plugin.by_context[context][room]);
		fprintf(plugin.out, " %llu",
			(unsigned long long)plugin.entered[context]);
	}
	fputc('\n', plugin.out);
	if (plugin.profile_path && number >= PROFILE_ON)
		profile_turn(number);
}

static void profile_write(uint64_t id, void *data)
{
	FILE *const file =
		plugin.profile_path ? fopen(plugin.profile_path, "w") : NULL;

	(void)id;
	(void)data;
	fclose(plugin.out);
	if (!file)
		return;
	for (unsigned int i = 0; i < PROFILE_BUCKETS; i++) {
		for (const struct place *place = plugin.places[i]; place;
		     place = place->next) {
			if (place->during)
				fprintf(file, "%llx %u %lld\n",
					(unsigned long long)place->address,
					place->room, (long long)place->during);
		}
	}
	fclose(file);
}

static struct place *place_find(uint64_t address)
{
	struct place **const bucket =
		&plugin.places[(address ^ address >> 16) % PROFILE_BUCKETS];
	struct place *place = *bucket;

	while (place && place->address != address)
		place = place->next;
	if (place)
		return place;
	place = calloc(1, sizeof(*place));
	if (!place)
		abort();
	place->address = address;
	place->room = room_of(address);
	place->next = *bucket;
	*bucket = place;
	return place;
}

/* ---- Translation ---- */

static void remember_exit(uint64_t address)
{
	for (unsigned int i = 0; i < plugin.exit_count; i++) {
		if (plugin.exits[i] == address)
			return;
	}
	if (plugin.exit_count < EXITS_MAX)
		plugin.exits[plugin.exit_count++] = address;
}

static bool is_exit(uint64_t address)
{
	for (unsigned int i = 0; i < plugin.exit_count; i++) {
		if (plugin.exits[i] == address)
			return true;
	}
	return false;
}

static void watch_special(struct plugin_insn *insn, uint64_t address)
{
	const uint8_t *const bytes = qemu_plugin_insn_data(insn);
	const size_t size = qemu_plugin_insn_size(insn);

	if (is_exit(address))
		qemu_plugin_register_vcpu_insn_exec_cb(
			insn, guest_left, PLUGIN_NO_REGISTERS, NULL);
	if (size == VMRUN_SIZE && !memcmp(bytes, "\x0f\x01\xd8", VMRUN_SIZE)) {
		remember_exit(address + VMRUN_SIZE);
		qemu_plugin_register_vcpu_insn_exec_cb(
			insn, guest_entered, PLUGIN_NO_REGISTERS, NULL);
	}
	if (size == MARK_SIZE && !memcmp(bytes, "\x0f\x1f\x80", 3) &&
	    !memcmp(bytes + 5, "BK", 2)) {
		const uintptr_t number = bytes[3] | (uintptr_t)bytes[4] << 8;

		qemu_plugin_register_vcpu_insn_exec_cb(
			insn, marked, PLUGIN_NO_REGISTERS, (void *)number);
	}
	if (is_within(&plugin.enter, address))
		qemu_plugin_register_vcpu_mem_cb(insn, page_touched,
						 PLUGIN_NO_REGISTERS,
						 PLUGIN_READS_AND_WRITES, NULL);
}

static void translated(uint64_t id, struct plugin_tb *tb)
{
	const size_t count = qemu_plugin_tb_n_insns(tb);
	struct place *place = NULL;

	(void)id;
	for (size_t i = 0; i < count; i++) {
		struct plugin_insn *const insn = qemu_plugin_tb_get_insn(tb, i);
		const uint64_t address = qemu_plugin_insn_vaddr(insn);

		/* Calls come before the count of the same instruction. */
		watch_special(insn, address);
		qemu_plugin_register_vcpu_insn_exec_inline(
			insn, PLUGIN_ADD_U64, &plugin.count[room_of(address)],
			1);
		if (!plugin.profile_path)
			continue;
		if (!place)
			place = place_find(address);
		qemu_plugin_register_vcpu_insn_exec_inline(insn, PLUGIN_ADD_U64,
							   &place->count, 1);
	}
}

/* ---- Start ---- */

static const char *value_of(const char *argument, const char *key)
{
	const size_t length = strlen(key);

	if (strncmp(argument, key, length) || argument[length] != '=')
		return NULL;
	return argument + length + 1;
}

static bool range_read(struct range *range, const char *text)
{
	char *end;

	range->first = strtoull(text, &end, 16);
	if (*end != '-')
		return false;
	range->end = strtoull(end + 1, &end, 16);
	return !*end && range->end > range->first;
}

static bool argument_take(const char *argument)
{
	const char *value;

	if ((value = value_of(argument, "out"))) {
		plugin.out = fopen(value, "w");
		return plugin.out;
	}
	if ((value = value_of(argument, "profile"))) {
		plugin.profile_path = strdup(value);
		return plugin.profile_path;
	}
	if ((value = value_of(argument, "hypervisor")))
		return range_read(&plugin.hypervisor, value);
	if ((value = value_of(argument, "enter")))
		return range_read(&plugin.enter, value);
	return false;
}

__attribute__((visibility("default"))) int
qemu_plugin_install(uint64_t id, const struct plugin_info *info, int argc,
		    char **argv);
int qemu_plugin_install(uint64_t id, const struct plugin_info *info, int argc,
			char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++) {
		if (!argument_take(argv[i])) {
			fprintf(stderr, "count: %s: cannot use this\n",
				argv[i]);
			return -1;
		}
	}
	if (!plugin.out) {
		fprintf(stderr, "count: expected out=FILE\n");
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, profile_write, NULL);
	return 0;
}
