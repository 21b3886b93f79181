/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SCSI commands on a disk: any CDB, any data, spans of any shape. The disk of
 * the unit tests asserts that what reaches it lies inside of it.
 */
#include "fuzz.h"

#include "test/unit/worker/backend/disk.h"
#include "worker/backend/scsi_disk.h"

#define BLOCKS 256u
#define DATA   8192u
#define SPANS  6u

static struct disk disk;
static uint8_t *data;
static struct span spans[SPANS];
static struct scsi_request request;
static unsigned int done;

static void on_done(struct scsi_request *finished)
{
	FUZZ_CHECK(finished == &request);
	done++;
}

/* Spans next to each other, so that one too long is found by its neighbour. */
static void make_spans(struct fuzz *fuzz)
{
	const unsigned int count = fuzz_8(fuzz) % (SPANS + 1);
	uint64_t at = 0;

	for (unsigned int i = 0; i < count && at < DATA; i++) {
		uint64_t size = 1 + fuzz_16(fuzz) % 4096;

		if (size > DATA - at)
			size = DATA - at;
		spans[request.span_count++] =
			(struct span){data + DATA - at - size, size};
		at += size;
	}
	request.spans = spans;
	request.length = at;
}

static void fill_data(struct fuzz *fuzz)
{
	uint8_t head[64];
	const size_t size = fuzz_bytes(fuzz, head, fuzz_8(fuzz) % sizeof(head));

	spans_write(spans, request.span_count, 0, head, size);
}

static void check_outcome(uint64_t length)
{
	FUZZ_CHECK(done == 1);
	FUZZ_CHECK(request.transferred <= length);
	FUZZ_CHECK(request.sense_length <= SCSI_SENSE_SIZE);
	FUZZ_CHECK(request.status == 0 || request.status == 2);
	FUZZ_CHECK(request.status == 0 || request.sense_length > 0);
}

static void command(struct scsi_device *unit, struct fuzz *fuzz)
{
	const uint8_t flags = fuzz_8(fuzz);
	uint64_t length;

	memset(&request, 0xee, sizeof(request));
	memset(request.cdb, 0, sizeof(request.cdb));
	request.cdb_length = (uint8_t)(flags & 15) + 1;
	fuzz_bytes(fuzz, request.cdb, request.cdb_length);
	request.span_count = 0;
	make_spans(fuzz);
	fill_data(fuzz);
	request.done = on_done;
	length = request.length;
	done = 0;
	disk.fail = flags & 16 ? BLOCK_EIO : BLOCK_OK;
	disk.at_once = flags & 32;
	unit->execute(unit, &request);
	disk_answer_all(&disk);
	check_outcome(length);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	struct fuzz fuzz = {input, size, 0};
	const uint8_t kind = fuzz_8(&fuzz);
	struct scsi_device *unit;

	if (!data) {
		data = malloc(DATA);
		disk_init(&disk, BLOCKS * 4096, 512);
	}
	memset(disk.data, 0, BLOCKS * 16);
	disk.device.readonly = kind & 1;
	disk.device.discards = kind & 2;
	disk.device.logical_size = kind & 4 ? 4096 : 512;
	disk.device.size = BLOCKS * (kind & 4 ? 4096 : 512);
	unit = scsi_disk_create(&disk.device);
	while (fuzz_more(&fuzz))
		command(unit, &fuzz);
	scsi_disk_destroy(unit);
	return 0;
}
