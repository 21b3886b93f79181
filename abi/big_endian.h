/* SPDX-License-Identifier: MIT */
/* Numbers at any address with the high byte first: SCSI's and Ethernet's. */
#pragma once

#include "types.h"

static inline uint16_t big_endian_get16(const uint8_t *from)
{
	return (uint16_t)(from[0] << 8 | from[1]);
}

static inline uint32_t big_endian_get32(const uint8_t *from)
{
	return (uint32_t)big_endian_get16(from) << 16 |
	       big_endian_get16(from + 2);
}

static inline uint64_t big_endian_get64(const uint8_t *from)
{
	return (uint64_t)big_endian_get32(from) << 32 |
	       big_endian_get32(from + 4);
}

static inline void big_endian_set16(uint8_t *to, uint16_t value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
}

static inline void big_endian_set32(uint8_t *to, uint32_t value)
{
	big_endian_set16(to, (uint16_t)(value >> 16));
	big_endian_set16(to + 2, (uint16_t)value);
}

static inline void big_endian_set64(uint8_t *to, uint64_t value)
{
	big_endian_set32(to, (uint32_t)(value >> 32));
	big_endian_set32(to + 4, (uint32_t)value);
}
