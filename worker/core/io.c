/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which device answers at which port or address. */
#include "io.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

int io_map_add(struct io_map *map, const struct io_range *range)
{
	struct io_range *ranges = map->ranges[range->space];
	unsigned int *count = &map->counts[range->space];
	unsigned int at = 0;

	if (!range->size || range->base + range->size < range->base)
		return -EINVAL;
	if (*count == IO_RANGES_MAX)
		return -ENOSPC;
	while (at < *count && ranges[at].base < range->base)
		at++;
	if (at > 0 && range->base - ranges[at - 1].base < ranges[at - 1].size)
		return -EEXIST;
	if (at < *count && ranges[at].base - range->base < range->size)
		return -EEXIST;
	memmove(&ranges[at + 1], &ranges[at], (*count - at) * sizeof(*ranges));
	ranges[at] = *range;
	(*count)++;
	return 0;
}

static const struct io_range *find(const struct io_map *map,
				   enum io_space space, uint64_t address)
{
	const struct io_range *ranges = map->ranges[space];
	unsigned int low = 0, high = map->counts[space];

	while (low < high) {
		unsigned int middle = (low + high) / 2;

		if (address - ranges[middle].base < ranges[middle].size)
			return &ranges[middle];
		if (address < ranges[middle].base)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static bool holds(const struct io_range *range, uint64_t address,
		  unsigned int size)
{
	return size <= range->size - (address - range->base);
}

static void report(struct io_map *map, enum io_space space, uint64_t address,
		   const char *what)
{
	uint64_t *word = &map->unclaimed[(address & 0xffff) / 64];
	uint64_t bit = 1ULL << (address % 64);

	if (space == IO_MEMORY) {
		device_log("io", "nobody at address %#" PRIx64 " (%s)", address,
			   what);
		return;
	}
	if (*word & bit)
		return;
	*word |= bit;
	device_log("io", "nobody at port %#" PRIx64 " (%s)", address, what);
}

/* Whether some byte of an access that straddles belongs to somebody. */
static bool touches(const struct io_map *map, enum io_space space,
		    uint64_t address, unsigned int size)
{
	for (unsigned int i = 0; i < size; i++)
		if (find(map, space, address + i))
			return true;
	return false;
}

static uint64_t ones(unsigned int size)
{
	return size >= 8 ? ~0ULL : (1ULL << (size * 8)) - 1;
}

uint64_t io_map_read(struct io_map *map, enum io_space space, uint64_t address,
		     unsigned int size)
{
	const struct io_range *range = find(map, space, address);
	uint64_t value = 0;

	if (range && holds(range, address, size)) {
		if (!range->operations->read)
			return ones(size);
		return range->operations->read(range->device,
					       address - range->base, size) &
		       ones(size);
	}
	if (size == 1 || !touches(map, space, address, size)) {
		report(map, space, address, "read");
		return ones(size);
	}
	for (unsigned int i = 0; i < size; i++)
		value |= io_map_read(map, space, address + i, 1) << (8 * i);
	return value;
}

void io_map_write(struct io_map *map, enum io_space space, uint64_t address,
		  unsigned int size, uint64_t value)
{
	const struct io_range *range = find(map, space, address);

	if (range && holds(range, address, size)) {
		if (range->operations->write)
			range->operations->write(range->device,
						 address - range->base, size,
						 value & ones(size));
		return;
	}
	if (size == 1 || !touches(map, space, address, size)) {
		report(map, space, address, "write");
		return;
	}
	for (unsigned int i = 0; i < size; i++)
		io_map_write(map, space, address + i, 1, value >> (8 * i));
}
