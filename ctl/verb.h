/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What hvctl can be told to do: one verb, one file. */
#pragma once

#include <stdbool.h>

/* Exit statuses, told by "hvctl --help". */
enum verb_exit {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,	   /* the command line or the child file is wrong */
	EXIT_NO_CHILD = 3, /* no child of that name */
	EXIT_STATE = 4,	   /* it is running already, or not any more */
	EXIT_CRASHED = 5,  /* wait: the child crashed */
	EXIT_KILLED = 6,   /* wait: it was killed */
	EXIT_WORKER = 7,   /* wait: its worker failed */
	EXIT_TIMEOUT = 124,
};

/* Options; a verb says which of them it takes. */
enum verb_option {
	VERB_JSON = 1 << 0,
	VERB_FORCE = 1 << 1,
	VERB_ALL = 1 << 2,
	VERB_PREFIX = 1 << 3,
	VERB_WAIT = 1 << 4,
	VERB_TIMEOUT = 1 << 5,
	VERB_FOLLOW = 1 << 6,
	VERB_NO_INPUT = 1 << 7,
};

struct verb_call {
	unsigned int given; /* bits of enum verb_option */
	double timeout;	    /* seconds; negative: none given */
	char **arguments;
	int count;
};

struct verb {
	const char *name;
	const char *arguments; /* as a usage line has them */
	const char *summary;   /* one line */
	const char *help;      /* the rest, with an example */
	unsigned int options;
	int least, most; /* arguments; most -1: any number */
	int (*run)(const struct verb_call *call);
};

extern const struct verb verb_start, verb_list, verb_console, verb_stop,
	verb_kill, verb_wait, verb_stats, verb_log, verb_check, verb_sendkey,
	verb_type, verb_info, verb_pause, verb_resume, verb_restart,
	verb_pointer, verb_link;

/* "hvctl: text" on the error output. */
void verb_complain(const char *format, ...)
	__attribute__((format(printf, 1, 2)));
