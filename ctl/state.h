/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of each child, in files: RUN/NAME/ with
 *
 *   state.json   this; written by the child's monitor only
 *   config.json  the checked description, for the worker
 *   control      the worker's socket
 *   console.log  what the child printed, worker.log what the worker did;
 *                older parts in console.log.1 and worker.log.1
 *   lock         held by the monitor as long as it lives
 *
 * RUN is /run/bulkhead, or the environment's BULKHEAD_RUN_DIR.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A process for good: pids come again, with another start time. */
struct state_process {
	pid_t pid;	     /* 0: none */
	uint64_t start_time; /* clock ticks after boot, from /proc */
};

enum state_phase {
	STATE_STARTING,
	STATE_RUNNING,
	STATE_ENDED,
	STATE_ORPHANED, /* the monitor is gone, the worker is not */
};

enum state_cause {
	STATE_NO_CAUSE,
	STATE_POWERED_OFF,
	STATE_CRASHED,
	STATE_KILLED,
	STATE_SIGNAL, /* the worker died by a signal */
	STATE_CONFIG, /* the worker did not like its description */
	STATE_ERROR,  /* the worker failed */
	STATE_LOST,   /* nobody was there to see */
};

struct state {
	char *name;
	char *machine;
	uint64_t memory;
	unsigned int processors;
	enum state_phase phase;
	enum state_cause cause;
	char *reason;	     /* for a person; NULL: nothing to add */
	int signal;	     /* with STATE_SIGNAL */
	unsigned int resets; /* times the child was started again */
	int64_t started;     /* seconds since 1970 */
	int64_t ended;	     /* 0: not yet, or nobody knows */
	struct state_process monitor;
	struct state_process worker;
	char *boot_id; /* of the host */
};

/* The path of a file of a child; the caller's. file NULL: its folder. */
char *state_path(const char *name, const char *file);
const char *state_run_directory(void);

/* This process or another, as it is now; pid 0 if there is none. */
struct state_process state_process_of(pid_t pid);
bool state_process_lives(const struct state_process *process);
/* "..." of this boot of the host; the caller's. */
char *state_boot_id(void);

/*
 * 0, or -ENOENT: no such child; -EINVAL: the file is damaged. What the file
 * says is set right if its monitor is not there any more to say otherwise.
 */
int state_load(struct state *state, const char *name);
/* Replaces the file at once; 0 or -errno. */
int state_save(const struct state *state);
void state_free(struct state *state);

/* All children there is anything known of, by name; the caller's. */
struct state *state_list(size_t *count);
void state_list_free(struct state *list, size_t count);

bool state_is_over(const struct state *state);
const char *state_phase_name(enum state_phase phase);
const char *state_cause_name(enum state_cause cause);
/* One line for a person: "crashed: triple fault"; the caller's. */
char *state_describe(const struct state *state);
/* As "hvctl list --json" prints it. */
json_t *state_to_json(const struct state *state);
/* What "hvctl wait" ends with. */
int state_exit_status(const struct state *state);
