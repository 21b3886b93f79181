/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A block device in memory that answers when the test says so. */
#pragma once

#include "worker/device.h"

#define DISK_PENDING_MAX 1024

struct disk {
	struct block_device device;
	uint8_t *data;
	bool at_once;	       /* answers when unplugged, or at submit */
	enum block_error fail; /* what the next requests end with */
	unsigned int plugged;
	unsigned int plugs;
	struct block_request *pending[DISK_PENDING_MAX];
	unsigned int pending_count;

	/* What was asked. */
	unsigned int counts[BLOCK_WRITE_ZEROES + 1];
	bool last_fua;
	uint64_t last_offset;
	uint64_t last_length;
};

void disk_init(struct disk *disk, uint64_t size, uint32_t logical_size);
void disk_destroy(struct disk *disk);

/* Answers the oldest pending request, or the one at index. */
void disk_answer(struct disk *disk, unsigned int index);
void disk_answer_all(struct disk *disk);
