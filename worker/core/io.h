/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which device answers at which port or address. */
#pragma once

#include "worker/device.h"

#define IO_RANGES_MAX 64u

struct io_map {
	unsigned int counts[2];			  /* by enum io_space */
	struct io_range ranges[2][IO_RANGES_MAX]; /* sorted by base */
	uint64_t unclaimed[65536 / 64]; /* ports whose absence was logged */
};

/* 0, -EEXIST when it overlaps another, -ENOSPC, -EINVAL. */
int io_map_add(struct io_map *map, const struct io_range *range);

/*
 * One access of 1, 2, 4 or 8 bytes, made with the machine's lock held. What
 * nobody claims reads as ones and swallows writes. An access across the end
 * of a range is split into bytes.
 */
uint64_t io_map_read(struct io_map *map, enum io_space space, uint64_t address,
		     unsigned int size);
void io_map_write(struct io_map *map, enum io_space space, uint64_t address,
		  unsigned int size, uint64_t value);
