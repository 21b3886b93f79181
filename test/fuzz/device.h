/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs an input as a program of port accesses, events and passing time. */
#pragma once

#include "fuzz.h"
#include "test/unit/worker/emulated/fake.h"
#include "worker/core/io.h"

struct fuzz_device {
	struct fake_clock clock;
	struct io_map io;
	uint64_t base; /* ports of the program are relative to this, */
	enum io_space space;
	uint64_t span; /* and below this */
	/* What else can happen to it; number is below 32. */
	void (*event)(struct fuzz *fuzz, unsigned int number);
	/* Called after each step; may be NULL. */
	void (*check)(void);
};

/* Start and ranges of the device; the caller fills in the rest. */
void fuzz_device_start(struct fuzz_device *device);
void fuzz_device_range(struct fuzz_device *device, uint64_t base, uint64_t size,
		       const struct io_operations *operations, void *owner);
void fuzz_device_run(struct fuzz_device *device, struct fuzz *fuzz);
