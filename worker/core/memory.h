/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The child's RAM: one memory file, seen by worker and child. */
#pragma once

#include "worker/device.h"

/*
 *            0          3 GiB        4 GiB
 *  child     |  low RAM  |  devices   |  RAM beyond 3 GiB ...
 *  file      |  low RAM  |  RAM beyond 3 GiB ...
 */
#define MEMORY_LOW_END	 (3ULL << 30)
#define MEMORY_HIGH_BASE (4ULL << 30)
#define MEMORY_ALIGNMENT (2ULL << 20)

struct guest_memory {
	int fd;
	uint64_t size;
	uint8_t *base;	    /* of the whole file, 2 MiB aligned */
	bool huge;	    /* reserved huge pages */
	struct memory view; /* what devices see */
};

/*
 * Makes size bytes of RAM (whole pages): reserved huge pages when the host
 * has them, shared memory with advice otherwise. 0 or -errno.
 */
int guest_memory_create(struct guest_memory *memory, uint64_t size);
void guest_memory_destroy(struct guest_memory *memory);

/* First address above all RAM and the hole. */
uint64_t guest_memory_end(const struct guest_memory *memory);
