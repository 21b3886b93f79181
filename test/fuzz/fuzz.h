/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What harnesses share: taking an input apart, and saying what must hold. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Called by libFuzzer for each input, and once before the first. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *count, char ***arguments);

/* An input as a stream; behind its end there are zeroes. */
struct fuzz {
	const uint8_t *data;
	size_t size;
	size_t at;
};

static inline bool fuzz_more(const struct fuzz *fuzz)
{
	return fuzz->at < fuzz->size;
}

/* Copies size bytes; how many of them came from the input. */
static inline size_t fuzz_bytes(struct fuzz *fuzz, void *to, size_t size)
{
	size_t got = fuzz->size - fuzz->at;

	if (got > size)
		got = size;
	if (size)
		memset(to, 0, size);
	if (got)
		memcpy(to, fuzz->data + fuzz->at, got);
	fuzz->at += got;
	return got;
}

static inline uint64_t fuzz_number(struct fuzz *fuzz, size_t size)
{
	uint64_t value = 0;

	fuzz_bytes(fuzz, &value, size);
	return value;
}

static inline uint8_t fuzz_8(struct fuzz *fuzz)
{
	return (uint8_t)fuzz_number(fuzz, 1);
}

static inline uint16_t fuzz_16(struct fuzz *fuzz)
{
	return (uint16_t)fuzz_number(fuzz, 2);
}

static inline uint32_t fuzz_32(struct fuzz *fuzz)
{
	return (uint32_t)fuzz_number(fuzz, 4);
}

static inline uint64_t fuzz_64(struct fuzz *fuzz)
{
	return fuzz_number(fuzz, 8);
}

/* 0..limit-1, by as few bytes as that takes; limit 0: any 64 bits. */
static inline uint64_t fuzz_below(struct fuzz *fuzz, uint64_t limit)
{
	size_t size = 8;

	if (limit && limit <= 1 << 8)
		size = 1;
	else if (limit && limit <= 1 << 16)
		size = 2;
	else if (limit && limit <= 1ull << 32)
		size = 4;
	return limit ? fuzz_number(fuzz, size) % limit : fuzz_64(fuzz);
}

/* An invariant; a harness may assert as much as a unit test. */
#define FUZZ_CHECK(condition)                                                  \
	do {                                                                   \
		if (!(condition)) {                                            \
			fprintf(stderr, "%s:%d: does not hold: %s\n",          \
				__FILE__, __LINE__, #condition);               \
			abort();                                               \
		}                                                              \
	} while (0)

/* A file whose content is these bytes, always under the same name. */
const char *fuzz_file(const void *data, size_t size);

/* Pages that are all zero until touched, and one behind them that cannot be;
 * fuzz_pages_clear() makes them so again. */
uint8_t *fuzz_pages(size_t size);
void fuzz_pages_clear(uint8_t *pages, size_t size);
