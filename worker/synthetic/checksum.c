// SPDX-License-Identifier: GPL-2.0-or-later
/* The Internet checksum. */
#include "checksum.h"

#include <string.h>

static uint16_t fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

/* Eight bytes at a time: carries out of the top come in at the bottom. */
static uint64_t block_sum(const uint8_t *bytes, size_t size)
{
	uint64_t sum = 0;
	uint64_t last = 0;

	for (; size >= sizeof(sum); size -= sizeof(sum)) {
		uint64_t word;

		memcpy(&word, bytes, sizeof(word));
		sum += word;
		sum += sum < word;
		bytes += sizeof(word);
	}
	memcpy(&last, bytes, size);
	sum += last;
	return sum + (sum < last);
}

void checksum_add(struct checksum *checksum, const void *bytes, size_t size)
{
	uint16_t sum;

	if (!size)
		return;
	sum = fold(block_sum(bytes, size));
	/* Bytes in the other half of their pairs: RFC 1071, 2 (B). */
	if (checksum->odd)
		sum = (uint16_t)(sum << 8 | sum >> 8);
	checksum->sum += sum;
	checksum->odd ^= size & 1;
}

bool checksum_add_spans(struct checksum *checksum,
			const struct network_frame *frame, uint64_t offset,
			uint64_t size)
{
	const struct span *span = frame->spans;

	for (unsigned int i = 0; i < frame->span_count && size; i++, span++) {
		if (offset >= span->size) {
			offset -= span->size;
			continue;
		}

		uint64_t chunk = span->size - offset;

		if (chunk > size)
			chunk = size;
		checksum_add(checksum, (const uint8_t *)span->base + offset,
			     chunk);
		size -= chunk;
		offset = 0;
	}
	return !size;
}

uint16_t checksum_fold(const struct checksum *checksum)
{
	return fold(checksum->sum);
}

uint16_t checksum_finish(const struct checksum *checksum)
{
	return (uint16_t)~fold(checksum->sum);
}
