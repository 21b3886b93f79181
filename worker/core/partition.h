/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The child's partition behind /dev/mshv. */
#pragma once

#include "worker/device.h"
#include "abi/bulkhead.h"

struct partition {
	int fd;
	uint64_t extensions; /* MSHV_BULKHEAD_*, 0 on other hypervisors */
};

struct partition_options {
	bool hide_hypervisor; /* no Hyper-V leaves, MSRs, hypercalls */
};

/*
 * Opens the device, creates and initializes a partition whose unhandled
 * accesses become messages. 0 or -errno, with a log line.
 */
int partition_create(struct partition *partition,
		     const struct partition_options *options);
/* Closing the last descriptor deletes the partition. */
void partition_destroy(struct partition *partition);

/* Gives the child its RAM. 0 or -errno. */
int partition_map(const struct partition *partition,
		  const struct memory *memory);

/* The child's TSC frequency in kHz, 0 when nobody says. */
uint64_t partition_tsc_khz(const struct partition *partition);

/* What the hypervisor counted for the whole partition. 0 or -errno. */
int partition_stats(const struct partition *partition,
		    struct bulkhead_stats *stats);
