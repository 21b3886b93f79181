/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who owns which physical memory: sorted ranges that never overlap. */
#pragma once

#include "../lib/types.h"

/* The first six are what the parent's E820 map says too. */
enum memory_type {
	MEMORY_RAM = 1,
	MEMORY_RESERVED = 2,
	MEMORY_ACPI = 3,
	MEMORY_ACPI_STORAGE = 4, /* NVS */
	MEMORY_BAD = 5,
	MEMORY_PERSISTENT = 7,
	/* Our marks on RAM */
	MEMORY_HYPERVISOR, /* hidden from every partition */
	MEMORY_LOADED,	   /* the parent's: boot modules and what starts it */
};

#define MEMORY_RANGES_MAX 256u

struct memory_range {
	uint64_t base;
	uint64_t end;
	enum memory_type type;
};

struct memory_map {
	uint32_t count;
	bool overflowed; /* something did not fit and was left out */
	struct memory_range ranges[MEMORY_RANGES_MAX];
};

/* Gives [base, end) that type, whatever was there before. */
void memory_map_mark(struct memory_map *map, const struct memory_range *range);

struct memory_wish {
	uint64_t size;
	uint64_t alignment; /* power of two */
	uint64_t min;	    /* first address allowed */
	uint64_t max;	    /* first address not allowed any more */
	bool high;	    /* as high as possible, else as low */
};

/* Finds a place in RAM; UINT64_MAX if there is none. */
uint64_t memory_map_find(const struct memory_map *map,
			 const struct memory_wish *wish);

/* Finds a place and marks it; UINT64_MAX if there is none. */
uint64_t memory_map_take(struct memory_map *map, const struct memory_wish *wish,
			 enum memory_type type);

/* The first address above all that is, or was, RAM. */
uint64_t memory_map_ram_end(const struct memory_map *map);

/* Bytes of usable RAM. */
uint64_t memory_map_ram_size(const struct memory_map *map);
