/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gives up what a running worker does not need. */
#pragma once

#include <stdbool.h>

struct confine_options {
	/* Keeps the parent's network: libslirp speaks for the child. */
	bool sockets;
	/* It may have at once, the kernel's own for its disks among them. */
	unsigned int threads;
};

/*
 * Called once, after everything is open, before there is a second thread and
 * before the child's first instruction. Afterwards the process has
 *
 *   identity     a user of its own (not root's, not nobody's), no group, no
 *                capability, none to be gained, no core file
 *   files        those that are open; its root is empty and read-only, but
 *                for a copy of /etc/resolv.conf with options->sockets
 *   namespaces   mount, IPC, host name; network without options->sockets;
 *                processes too, where the monitor made that one
 *   calls        a list (confine_calls.c); others fail with EPERM, and those
 *                that only an attacker makes end it
 *   limits       of descriptors, threads and address space
 *
 * A worker that root did not start has no privilege to lose: it gets these
 * namespaces within one of users, or none where the kernel does not let it.
 * 0 or -errno, with a log line.
 */
int confine(const struct confine_options *options);
