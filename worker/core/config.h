/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The child's description as the worker reads it (abi/control.h). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIG_DISKS_MAX      64u
#define CONFIG_PROCESSORS_MAX 64u

struct config_disk {
	char *file;
	bool readonly;
};

struct config {
	char *name;
	uint64_t memory; /* bytes, whole MiB */
	unsigned int processors;
	char *machine;
	char *kernel;
	char *initrd;  /* or NULL */
	char *cmdline; /* "" when absent */
	struct config_disk disks[CONFIG_DISKS_MAX];
	unsigned int disk_count;
	bool has_serial;
	char *serial_file; /* NULL: the console only */
};

/*
 * Reads and checks FILE. 0, or -errno with one line for a person in error
 * (size bytes).
 */
int config_read(struct config *config, const char *file, char *error,
		size_t size);
void config_free(struct config *config);
