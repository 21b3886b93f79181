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
#define CHILD_NETWORKS_MAX   8u
#define CHILD_FORWARDS_MAX   32u
#define CHILD_MTU_MIN	     1280u
#define CHILD_MTU_MAX	     9000u
#define CHILD_MTU_DEFAULT    1500u
#define CHILD_BRIDGE_MAX     15u /* what Linux takes for a name */

struct child_disk {
	char *file; /* absolute, as all paths here */
	bool readonly;
	unsigned int line;
};

/* A port of the parent that leads to one of the child. */
struct child_forward {
	bool udp;
	uint32_t address; /* the parent's, IPv4, host order; 0: any */
	uint16_t port;
	uint16_t child_port;
	unsigned int line;
};

struct child_network {
	char *bridge; /* NULL: NAT */
	uint8_t mac[6];
	unsigned int mtu;
	struct child_forward forwards[CHILD_FORWARDS_MAX]; /* NAT's */
	unsigned int forward_count;
	/* Lines of the section and its keys; 0: not there */
	unsigned int line, mac_line, bridge_line;
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
	struct child_network networks[CHILD_NETWORKS_MAX];
	unsigned int network_count;
	unsigned int no_network_line; /* of mode = none */
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
json_t *child_networks_to_json(const struct child *child);

/* Letters, digits, "_", "-", "."; begins with a letter or digit. */
bool child_name_is_valid(const char *name);
