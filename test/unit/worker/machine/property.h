/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A partition whose properties all have one value. */
#pragma once

#include <stdint.h>

struct property {
	uint64_t value;
	uint32_t code; /* the last one asked for */
	int error;     /* the answer; -errno: value is not told */
};

extern struct property property;
