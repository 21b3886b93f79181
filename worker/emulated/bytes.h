/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Wide accesses to devices that are eight bits wide: an ISA bus splits them
 * into bytes at consecutive ports, the lowest first.
 */
#pragma once

#include <stdint.h>

typedef uint8_t (*bytes_read_one)(void *device, uint64_t offset);
typedef void (*bytes_write_one)(void *device, uint64_t offset, uint8_t value);

static inline uint64_t bytes_read(void *device, uint64_t offset,
				  unsigned int size, bytes_read_one read_one)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < size && i < 8; i++)
		value |= (uint64_t)read_one(device, offset + i) << (8 * i);
	return value;
}

struct bytes_value {
	uint64_t value;
	unsigned int size;
};

static inline void bytes_write(void *device, uint64_t offset,
			       struct bytes_value bytes,
			       bytes_write_one write_one)
{
	for (unsigned int i = 0; i < bytes.size && i < 8; i++)
		write_one(device, offset + i,
			  (uint8_t)(bytes.value >> (8 * i)));
}
