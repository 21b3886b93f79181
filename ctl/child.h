/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A child as its file describes it, checked. */
#pragma once

#include "report.h"

#include <stdint.h>

#define CHILD_PROCESSORS_MAX 64u
#define CHILD_DISKS_MAX	     64u
#define CHILD_MEMORY_MIN     (16ull << 20)
#define CHILD_MEMORY_MAX     (1ull << 40)
#define CHILD_MEMORY_DEFAULT (512ull << 20)
#define CHILD_CMDLINE_MAX    2047u /* what Linux on x86 takes */
#define CHILD_NAME_MAX	     40u

struct child_disk {
	char *file; /* absolute, as all paths here */
	bool readonly;
	unsigned int line;
};

struct child {
	char *name;
	uint64_t memory; /* bytes, whole MiB */
	unsigned int processors;
	char *machine; /* "enlightened" or "pc" */
	char *kernel;
	char *initrd;  /* or NULL */
	char *cmdline; /* "" when not given */
	struct child_disk disks[CHILD_DISKS_MAX];
	unsigned int disk_count;
	char *serial_output; /* "console" or a path; NULL: no serial port */
};

/*
 * Reads and checks the file report->file. False, with everything wrong in
 * the report, if it does not describe a child. child_free() either way.
 */
bool child_read(struct child *child, struct report *report);
void child_free(struct child *child);

/* As abi/control.h has it; the caller's. NULL: a path is not UTF-8. */
json_t *child_to_json(const struct child *child);

/* Letters, digits, "_", "-", "."; begins with a letter or digit. */
bool child_name_is_valid(const char *name);
