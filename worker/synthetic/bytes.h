/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers in network byte order at any address. */
#pragma once

#include <stdint.h>

static inline uint16_t bytes_get16(const uint8_t *from)
{
	return (uint16_t)(from[0] << 8 | from[1]);
}

static inline uint32_t bytes_get32(const uint8_t *from)
{
	return (uint32_t)bytes_get16(from) << 16 | bytes_get16(from + 2);
}

static inline void bytes_set16(uint8_t *to, uint16_t value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
}

static inline void bytes_set32(uint8_t *to, uint32_t value)
{
	bytes_set16(to, (uint16_t)(value >> 16));
	bytes_set16(to + 2, (uint16_t)value);
}
