// SPDX-License-Identifier: GPL-2.0-or-later
/* A block device in memory. */
#include "disk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void disk_move(struct disk *disk, const struct block_request *request)
{
	uint8_t *at = disk->data + request->offset;
	uint64_t total = 0;

	for (unsigned int i = 0; i < request->span_count; i++) {
		const struct span *const span = &request->spans[i];

		assert_true(span->size > 0);
		total += span->size;
		assert_true(total <= request->length);
		if (request->operation == BLOCK_READ)
			memcpy(span->base, at, span->size);
		else
			memcpy(at, span->base, span->size);
		at += span->size;
	}
	assert_int_equal(total, request->length);
}

static void disk_do(struct disk *disk, const struct block_request *request)
{
	switch (request->operation) {
	case BLOCK_READ:
	case BLOCK_WRITE:
		disk_move(disk, request);
		break;
	case BLOCK_DISCARD:
	case BLOCK_WRITE_ZEROES:
		memset(disk->data + request->offset, 0, request->length);
		break;
	case BLOCK_FLUSH:
		break;
	}
}

void disk_answer(struct disk *disk, unsigned int index)
{
	struct block_request *const request = disk->pending[index];

	assert_true(index < disk->pending_count);
	disk->pending_count--;
	memmove(disk->pending + index, disk->pending + index + 1,
		(disk->pending_count - index) * sizeof(request));
	if (!disk->fail)
		disk_do(disk, request);
	request->done(request, disk->fail);
}

void disk_answer_all(struct disk *disk)
{
	while (disk->pending_count)
		disk_answer(disk, 0);
}

static void disk_submit(struct block_device *device,
			struct block_request *request)
{
	struct disk *const disk = device->owner;

	assert_true(disk->pending_count < DISK_PENDING_MAX);
	assert_true(request->offset <= device->size);
	assert_true(request->length <= device->size - request->offset);
	assert_int_equal(request->offset % device->logical_size, 0);
	assert_int_equal(request->length % device->logical_size, 0);
	assert_true(!device->readonly || request->operation == BLOCK_READ);
	disk->counts[request->operation]++;
	disk->last_fua = request->fua;
	disk->last_offset = request->offset;
	disk->last_length = request->length;
	disk->pending[disk->pending_count++] = request;
	if (disk->at_once && !disk->plugged)
		disk_answer_all(disk);
}

static void disk_plug(struct block_device *device, bool on)
{
	struct disk *const disk = device->owner;

	if (on) {
		disk->plugged++;
		disk->plugs++;
		return;
	}
	assert_true(disk->plugged > 0);
	disk->plugged--;
	if (disk->at_once && !disk->plugged)
		disk_answer_all(disk);
}

void disk_init(struct disk *disk, uint64_t size, uint32_t logical_size)
{
	*disk = (struct disk){
		.device =
			{
				.size = size,
				.logical_size = logical_size,
				.physical_size = 4096,
				.discards = true,
				.identity = "test-disk-0",
				.submit = disk_submit,
				.plug = disk_plug,
				.owner = disk,
			},
		.data = calloc(1, size),
	};
}

void disk_destroy(struct disk *disk)
{
	assert_int_equal(disk->pending_count, 0);
	assert_int_equal(disk->plugged, 0);
	free(disk->data);
}
