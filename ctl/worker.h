/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One run of a child's worker, as its monitor sees it. */
#pragma once

#include "logfile.h"
#include "state.h"

struct worker {
	struct state_process process;
	int pid_fd;	/* readable when it has ended */
	int console_fd; /* what the child prints; -1: at its end */
	int error_fd;	/* what the worker says; -1: at its end */
	char line[256]; /* the last line of that, as far as it fits */
	size_t line_size;
	char last_line[256];
};

/* Starts the program with RUN/NAME/config.json and .../control; -errno. */
int worker_start(struct worker *worker, const char *name);

/* Moves what there is to the logs; false: both ends were reached. */
bool worker_drain(struct worker *worker, struct logfile *console,
		  struct logfile *log);

/* After its end: its exit status as waitpid() has it. Closes all. */
int worker_reap(struct worker *worker);
