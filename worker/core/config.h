/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The child's description as the worker reads it (abi/control.h). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIG_DISKS_MAX      64u
#define CONFIG_PROCESSORS_MAX 64u
#define CONFIG_NETWORKS_MAX   8u
#define CONFIG_FORWARDS_MAX   32u

struct config_disk {
	char *file;
	bool readonly;
};

/* A port of the parent that leads to one of the child. */
struct config_forward {
	bool udp;
	uint32_t address; /* IPv4, host order; 0: any */
	uint16_t port;
	uint16_t child_port;
};

struct config_network {
	char *bridge; /* NULL: NAT */
	uint8_t mac[6];
	uint32_t mtu;
	struct config_forward forwards[CONFIG_FORWARDS_MAX];
	unsigned int forward_count;
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
	struct config_network networks[CONFIG_NETWORKS_MAX];
	unsigned int network_count;
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
