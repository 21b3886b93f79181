/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Internet checksum (RFC 1071) of bytes that come in pieces. The sum is
 * the same in either byte order: values are as they lie in memory.
 */
#pragma once

#include "worker/device.h"

struct checksum {
	uint64_t sum;
	bool odd; /* the next byte is the second of its pair */
};

void checksum_add(struct checksum *checksum, const void *bytes, size_t size);

/* The bytes at offset behind a list of spans; false: not that many. */
bool checksum_add_spans(struct checksum *checksum,
			const struct network_frame *frame, uint64_t offset,
			uint64_t size);

/* The sum, folded, not complemented: what stands in for a pseudo-header. */
uint16_t checksum_fold(const struct checksum *checksum);

/* What goes into the field. */
uint16_t checksum_finish(const struct checksum *checksum);
