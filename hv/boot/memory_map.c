/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who owns which physical memory: sorted ranges that never overlap. */
#include "memory_map.h"

static void append(struct memory_map *map, uint64_t base, uint64_t end,
		   enum memory_type type)
{
	struct memory_range *last = &map->ranges[map->count - 1];

	if (base >= end)
		return;
	if (map->count > 0 && last->end == base && last->type == type) {
		last->end = end;
		return;
	}
	if (map->count == MEMORY_RANGES_MAX) {
		map->overflowed = true;
		return;
	}
	map->ranges[map->count++] =
		(struct memory_range){.base = base, .end = end, .type = type};
}

/* Merges the old map with the new range into a new one, in order. */
void memory_map_mark(struct memory_map *map, const struct memory_range *range)
{
	static struct memory_map old; /* too large for the stack; boot only */
	bool placed = false;

	if (range->base >= range->end)
		return;
	old = *map;
	map->count = 0;
	for (uint32_t i = 0; i < old.count; i++) {
		const struct memory_range *was = &old.ranges[i];

		append(map, was->base, MIN(was->end, range->base), was->type);
		if (!placed && was->end > range->base) {
			append(map, range->base, range->end, range->type);
			placed = true;
		}
		append(map, MAX(was->base, range->end), was->end, was->type);
	}
	if (!placed)
		append(map, range->base, range->end, range->type);
}

/* The place in one range, or UINT64_MAX. */
static uint64_t fit(const struct memory_range *range,
		    const struct memory_wish *wish)
{
	uint64_t mask = wish->alignment - 1;
	uint64_t low = MAX(range->base, wish->min);
	uint64_t high = MIN(range->end, wish->max);

	low = (low + mask) & ~mask;
	if (range->type != MEMORY_RAM || low >= high || high - low < wish->size)
		return UINT64_MAX;
	return wish->high ? (high - wish->size) & ~mask : low;
}

uint64_t memory_map_find(const struct memory_map *map,
			 const struct memory_wish *wish)
{
	uint64_t found = UINT64_MAX;

	for (uint32_t i = 0; i < map->count; i++) {
		uint64_t place = fit(&map->ranges[i], wish);

		if (place == UINT64_MAX)
			continue;
		found = place;
		if (!wish->high)
			break;
	}
	return found;
}

uint64_t memory_map_take(struct memory_map *map, const struct memory_wish *wish,
			 enum memory_type type)
{
	uint64_t place = memory_map_find(map, wish);

	if (place != UINT64_MAX)
		memory_map_mark(map, &(struct memory_range){
					     .base = place,
					     .end = place + wish->size,
					     .type = type,
				     });
	return place;
}

static bool is_memory(enum memory_type type)
{
	return type != MEMORY_RESERVED && type != MEMORY_BAD;
}

uint64_t memory_map_ram_end(const struct memory_map *map)
{
	uint64_t end = 0;

	for (uint32_t i = 0; i < map->count; i++)
		if (is_memory(map->ranges[i].type))
			end = MAX(end, map->ranges[i].end);
	return end;
}

uint64_t memory_map_ram_size(const struct memory_map *map)
{
	uint64_t size = 0;

	for (uint32_t i = 0; i < map->count; i++)
		if (map->ranges[i].type == MEMORY_RAM)
			size += map->ranges[i].end - map->ranges[i].base;
	return size;
}
