/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of each child, in files. */
#define _GNU_SOURCE
#include "state.h"
#include "child.h"
#include "memory.h"
#include "verb.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const phases[] = {
	[STATE_STARTING] = "starting",
	[STATE_RUNNING] = "running",
	[STATE_ENDED] = "ended",
	[STATE_ORPHANED] = "orphaned",
};

static const char *const causes[] = {
	[STATE_NO_CAUSE] = "none",	  [STATE_POWERED_OFF] = "powered-off",
	[STATE_CRASHED] = "crashed",	  [STATE_KILLED] = "killed",
	[STATE_SIGNAL] = "worker-signal", [STATE_CONFIG] = "configuration",
	[STATE_ERROR] = "worker-failed",  [STATE_LOST] = "lost",
};

#define PHASE_COUNT (sizeof(phases) / sizeof(phases[0]))
#define CAUSE_COUNT (sizeof(causes) / sizeof(causes[0]))

const char *state_run_directory(void)
{
	const char *directory = getenv("BULKHEAD_RUN_DIR");

	return directory && *directory ? directory : "/run/bulkhead";
}

char *state_path(const char *name, const char *file)
{
	if (!file)
		return memory_print("%s/%s", state_run_directory(), name);
	return memory_print("%s/%s/%s", state_run_directory(), name, file);
}

/* ---- Processes ---- */

struct state_process state_process_of(pid_t pid)
{
	struct state_process process = {0};
	char path[64], line[1024], status;
	const char *after_name;
	unsigned long long start;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return process;
	/* The name may hold anything; the last ")" ends it. Field 22. */
	if (fgets(line, sizeof(line), file) &&
	    (after_name = strrchr(line, ')')) &&
	    sscanf(after_name,
		   ") %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
		   "%*s %*s %*s %*s %*s %llu",
		   &status, &start) == 2 &&
	    status != 'Z' && status != 'X')
		process = (struct state_process){pid, start};
	fclose(file);
	return process;
}

bool state_process_lives(const struct state_process *process)
{
	const struct state_process now = state_process_of(process->pid);

	return process->pid && now.pid && now.start_time == process->start_time;
}

char *state_boot_id(void)
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
	char line[64] = "";

	if (file) {
		if (!fgets(line, sizeof(line), file))
			line[0] = '\0';
		fclose(file);
	}
	line[strcspn(line, "\n")] = '\0';
	return memory_string(line);
}

/* ---- To and from JSON ---- */

static json_t *process_to_json(const struct state_process *process)
{
	return json_pack("{s:i, s:I}", "pid", (int)process->pid, "start_time",
			 (json_int_t)process->start_time);
}

static void process_from_json(struct state_process *process,
			      const json_t *object)
{
	process->pid =
		(pid_t)json_integer_value(json_object_get(object, "pid"));
	process->start_time = (uint64_t)json_integer_value(
		json_object_get(object, "start_time"));
}

json_t *state_to_json(const struct state *state)
{
	char *text = state_describe(state);
	json_t *object = json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:I, s:i, s:i, s:I, s:o, s:o}",
		"name", state->name, "state", phases[state->phase], "cause",
		causes[state->cause], "text", text, "machine", state->machine,
		"memory", (json_int_t)state->memory, "processors",
		(int)state->processors, "resets", (int)state->resets, "started",
		(json_int_t)state->started, "monitor",
		process_to_json(&state->monitor), "worker",
		process_to_json(&state->worker));

	free(text);
	json_object_set_new(object, "ended",
			    state->ended ? json_integer(state->ended)
					 : json_null());
	json_object_set_new(object, "boot_id", json_string(state->boot_id));
	if (state->signal)
		json_object_set_new(object, "signal",
				    json_integer(state->signal));
	if (state->reason)
		json_object_set_new(object, "reason",
				    json_string(state->reason));
	return object;
}

static unsigned int find_word(const char *const *words, size_t count,
			      const json_t *value)
{
	const char *text = json_string_value(value);

	for (unsigned int i = 0; i < count; i++) {
		if (text && !strcmp(words[i], text))
			return i;
	}
	return 0;
}

static char *get_string(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return memory_string(text ? text : "");
}

static int64_t get_number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static void state_from_json(struct state *state, const char *name,
			    const json_t *object)
{
	*state = (struct state){
		.name = memory_string(name),
		.machine = get_string(object, "machine"),
		.memory = (uint64_t)get_number(object, "memory"),
		.processors = (unsigned int)get_number(object, "processors"),
		.phase = find_word(phases, PHASE_COUNT,
				   json_object_get(object, "state")),
		.cause = find_word(causes, CAUSE_COUNT,
				   json_object_get(object, "cause")),
		.signal = (int)get_number(object, "signal"),
		.resets = (unsigned int)get_number(object, "resets"),
		.started = get_number(object, "started"),
		.ended = get_number(object, "ended"),
		.boot_id = get_string(object, "boot_id"),
	};
	if (json_object_get(object, "reason"))
		state->reason = get_string(object, "reason");
	process_from_json(&state->monitor, json_object_get(object, "monitor"));
	process_from_json(&state->worker, json_object_get(object, "worker"));
}

/* A monitor that ended without a last word left its word of before. */
static void state_set_right(struct state *state)
{
	char *boot_id;
	bool same_boot;

	if (state->phase == STATE_ENDED || state_process_lives(&state->monitor))
		return;
	boot_id = state_boot_id();
	same_boot = !strcmp(boot_id, state->boot_id);
	free(boot_id);
	if (same_boot && state_process_lives(&state->worker)) {
		state->phase = STATE_ORPHANED;
		return;
	}
	state->phase = STATE_ENDED;
	state->cause = STATE_LOST;
	free(state->reason);
	state->reason = memory_string(same_boot ? "its monitor was killed"
						: "the host was restarted");
}

static int state_read(struct state *state, const char *name)
{
	char *path;
	json_t *object;
	int status;

	path = state_path(name, "state.json");
	object = json_load_file(path, 0, NULL);
	status = access(path, F_OK) ? -ENOENT : -EINVAL;
	free(path);
	if (!json_is_object(object)) {
		json_decref(object);
		return status;
	}
	state_from_json(state, name, object);
	json_decref(object);
	return 0;
}

int state_load(struct state *state, const char *name)
{
	int status;

	/* A name with a slash would lead elsewhere. */
	if (!child_name_is_valid(name))
		return -ENOENT;
	status = state_read(state, name);
	if (status || state->phase == STATE_ENDED ||
	    state_process_lives(&state->monitor))
		return status;
	/* Its last word may have come between our two looks. */
	state_free(state);
	status = state_read(state, name);
	if (!status)
		state_set_right(state);
	return status;
}

int state_save(const struct state *state)
{
	char *path = state_path(state->name, "state.json");
	char *fresh = memory_print("%s.new", path);
	json_t *object = state_to_json(state);
	int status = 0;

	if (!object || json_dump_file(object, fresh, JSON_INDENT(2)) < 0 ||
	    rename(fresh, path) < 0)
		status = errno ? -errno : -EIO;
	json_decref(object);
	free(fresh);
	free(path);
	return status;
}

void state_free(struct state *state)
{
	free(state->name);
	free(state->machine);
	free(state->reason);
	free(state->boot_id);
	*state = (struct state){0};
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct state *)a)->name,
		      ((const struct state *)b)->name);
}

struct state *state_list(size_t *count)
{
	DIR *directory = opendir(state_run_directory());
	struct state *list = NULL;
	struct dirent *entry;

	*count = 0;
	while (directory && (entry = readdir(directory))) {
		list = memory_resize(list, (*count + 1) * sizeof(*list));
		if (!state_load(&list[*count], entry->d_name))
			++*count;
	}
	if (directory)
		closedir(directory);
	if (*count)
		qsort(list, *count, sizeof(*list), by_name);
	return list;
}

void state_list_free(struct state *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		state_free(&list[i]);
	free(list);
}

/* ---- Words ---- */

bool state_is_over(const struct state *state)
{
	return state->phase == STATE_ENDED;
}

const char *state_phase_name(enum state_phase phase)
{
	return phases[phase];
}

const char *state_cause_name(enum state_cause cause)
{
	return causes[cause];
}

static char *with_reason(const char *what, const char *reason)
{
	if (!reason || !*reason)
		return memory_string(what);
	return memory_print("%s: %s", what, reason);
}

char *state_describe(const struct state *state)
{
	switch (state->cause) {
	case STATE_NO_CAUSE:
		break;
	case STATE_POWERED_OFF:
		return memory_string("powered off");
	case STATE_CRASHED:
		return with_reason("crashed", state->reason);
	case STATE_KILLED:
		return memory_string("killed");
	case STATE_SIGNAL:
		return memory_print("worker killed by signal %d (%s)",
				    state->signal, strsignal(state->signal));
	case STATE_CONFIG:
		return with_reason("could not be set up", state->reason);
	case STATE_ERROR:
		return with_reason("worker failed", state->reason);
	case STATE_LOST:
		return with_reason("lost", state->reason);
	}
	return memory_string(
		state->phase == STATE_ORPHANED ? "its monitor was killed" : "");
}

int state_exit_status(const struct state *state)
{
	switch (state->cause) {
	case STATE_NO_CAUSE:
	case STATE_POWERED_OFF:
		return EXIT_OK;
	case STATE_CRASHED:
		return EXIT_CRASHED;
	case STATE_KILLED:
		return EXIT_KILLED;
	case STATE_SIGNAL:
	case STATE_CONFIG:
	case STATE_ERROR:
		return EXIT_WORKER;
	case STATE_LOST:
		break;
	}
	return EXIT_FAILED;
}
