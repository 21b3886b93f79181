// SPDX-License-Identifier: GPL-2.0-or-later
/* SCSI disk: commands that move data, keep it safe, or forget it. */
#include "scsi_target.h"

#include <string.h>

/* ---- Block requests ---- */

static uint32_t block_sense(enum block_error error,
			    enum block_operation operation)
{
	switch (error) {
	case BLOCK_OK:
		return SENSE_NONE;
	case BLOCK_ENOSPC:
		return SENSE_SPACE_EXHAUSTED;
	case BLOCK_EREADONLY:
		return SENSE_WRITE_PROTECTED;
	case BLOCK_EUNSUPPORTED:
		return SENSE_INVALID_OPCODE;
	default:
		return operation == BLOCK_READ ? SENSE_READ_ERROR
					       : SENSE_WRITE_ERROR;
	}
}

static void block_done(struct block_request *block, enum block_error error)
{
	struct scsi_request *const request = block->owner;

	if (error) {
		scsi_fail(request, block_sense(error, block->operation));
		return;
	}
	scsi_good(request);
}

static void block_submit(struct scsi_disk *disk, struct scsi_request *request,
			 const struct block_request *block)
{
	request->block = *block;
	request->block.owner = request;
	if (!request->block.done)
		request->block.done = block_done;
	disk->block->submit(disk->block, &request->block);
}

/* ---- Where on the medium ---- */

struct extent {
	uint64_t lba;
	uint32_t blocks;
};

/* Address and length lie where the size of the command says. */
static struct extent cdb_extent(const struct scsi_request *request)
{
	const uint8_t *const cdb = request->cdb;

	switch (cdb[0] >> 5) {
	case 0: /* 6 bytes; 0 blocks means 256 */
		return (struct extent){big_endian_get32(cdb) & 0x1fffff,
				       cdb[4] ? cdb[4] : 256};
	case 4:
		return (struct extent){big_endian_get64(cdb + 2),
				       big_endian_get32(cdb + 10)};
	case 5:
		return (struct extent){big_endian_get32(cdb + 2),
				       big_endian_get32(cdb + 6)};
	default:
		return (struct extent){big_endian_get32(cdb + 2),
				       big_endian_get16(cdb + 7)};
	}
}

static bool extent_valid(const struct scsi_disk *disk, struct extent extent)
{
	return extent.lba <= disk->blocks &&
	       extent.blocks <= disk->blocks - extent.lba;
}

/* Shortens the list of spans to length bytes; it covers at least as many. */
static void spans_cut(struct scsi_request *request, uint64_t length)
{
	unsigned int count = 0;

	while (length) {
		struct span *const span = &request->spans[count++];

		if (span->size > length)
			span->size = length;
		length -= span->size;
	}
	request->span_count = count;
}

/* ---- READ, WRITE, VERIFY (SBC-3 5.10 ff.) ---- */

#define CDB_FUA	    0x08
#define CDB_PROTECT 0xe0

static void scsi_transfer(struct scsi_disk *disk, struct scsi_request *request,
			  enum block_operation operation)
{
	const struct extent extent = cdb_extent(request);
	const uint64_t length =
		(uint64_t)extent.blocks * disk->block->logical_size;
	const bool flags_valid = request->cdb[0] >> 5 != 0;
	const uint8_t flags = flags_valid ? request->cdb[1] : 0;

	if (flags & CDB_PROTECT) {
		scsi_fail(request, SENSE_INVALID_FIELD_IN_CDB);
		return;
	}
	if (!extent_valid(disk, extent)) {
		scsi_fail(request, SENSE_LBA_OUT_OF_RANGE);
		return;
	}
	if (request->length < length) {
		scsi_fail(request, SENSE_INVALID_FIELD_IN_CDB);
		return;
	}
	if (!length) {
		scsi_good(request);
		return;
	}
	if (request->length > length)
		spans_cut(request, length);
	request->transferred = length;
	block_submit(disk, request,
		     &(struct block_request){
			     .operation = operation,
			     .fua = operation == BLOCK_WRITE &&
				    (flags & CDB_FUA || !disk->write_cache),
			     .offset = extent.lba * disk->block->logical_size,
			     .length = length,
			     .spans = request->spans,
			     .span_count = request->span_count,
		     });
}

void scsi_read(struct scsi_disk *disk, struct scsi_request *request)
{
	scsi_transfer(disk, request, BLOCK_READ);
}

void scsi_write(struct scsi_disk *disk, struct scsi_request *request)
{
	scsi_transfer(disk, request, BLOCK_WRITE);
}

void scsi_verify(struct scsi_disk *disk, struct scsi_request *request)
{
	/* Comparing with sent data, or protection, is not there. */
	if (request->cdb[1] & (CDB_PROTECT | 0x06))
		scsi_fail(request, SENSE_INVALID_FIELD_IN_CDB);
	else if (!extent_valid(disk, cdb_extent(request)))
		scsi_fail(request, SENSE_LBA_OUT_OF_RANGE);
	else
		scsi_good(request);
}

void scsi_flush(struct scsi_disk *disk, struct scsi_request *request)
{
	if (disk->block->readonly)
		scsi_good(request);
	else
		block_submit(disk, request,
			     &(struct block_request){.operation = BLOCK_FLUSH});
}

void scsi_synchronize(struct scsi_disk *disk, struct scsi_request *request)
{
	if (!extent_valid(disk, cdb_extent(request)))
		scsi_fail(request, SENSE_LBA_OUT_OF_RANGE);
	else
		scsi_flush(disk, request);
}

/* ---- WRITE SAME and UNMAP (SBC-3 5.28, 5.43) ---- */

static bool is_zero(const uint8_t *bytes, size_t size)
{
	return !bytes[0] && !memcmp(bytes, bytes + 1, size - 1);
}

/* The block to be repeated; 0, or why it cannot be. Only zeroes can. */
static uint32_t write_same_block(const struct scsi_disk *disk,
				 struct scsi_request *request)
{
	uint8_t block[4096];
	const uint32_t size = disk->block->logical_size;

	if (request->cdb[0] == SCSI_WRITE_SAME_16 && request->cdb[1] & 0x01)
		return SENSE_NONE; /* no block is sent: zeroes are meant */
	if (size > sizeof(block) ||
	    spans_read(request->spans, request->span_count, 0, block, size) <
		    size)
		return SENSE_INVALID_FIELD_IN_CDB;
	request->transferred = size;
	return is_zero(block, size) ? SENSE_NONE : SENSE_INVALID_FIELD_IN_LIST;
}

static void write_same_done(struct block_request *block, enum block_error error)
{
	struct scsi_request *const request = block->owner;
	struct scsi_disk *const disk = request->target;

	if (error)
		scsi_fail(request, block_sense(error, BLOCK_WRITE_ZEROES));
	else if (disk->write_cache)
		scsi_good(request);
	else /* the zeroes must be as stable as any other write */
		scsi_flush(disk, request);
}

void scsi_write_same(struct scsi_disk *disk, struct scsi_request *request)
{
	const struct extent extent = cdb_extent(request);
	const uint8_t allowed =
		request->cdb[0] == SCSI_WRITE_SAME_16 ? 0x09 : 0x08;
	uint32_t sense = SENSE_NONE;

	if (request->cdb[1] & ~allowed || !extent.blocks ||
	    extent.blocks > UNMAP_BLOCKS_MAX)
		sense = SENSE_INVALID_FIELD_IN_CDB;
	else if (!extent_valid(disk, extent))
		sense = SENSE_LBA_OUT_OF_RANGE;
	else
		sense = write_same_block(disk, request);
	if (sense) {
		scsi_fail(request, sense);
		return;
	}

	const uint64_t size = disk->block->logical_size;

	block_submit(disk, request,
		     &(struct block_request){
			     .operation = BLOCK_WRITE_ZEROES,
			     .offset = extent.lba * size,
			     .length = extent.blocks * size,
			     .done = write_same_done,
		     });
}

/* Extents are discarded one after another. */
static void unmap_next(struct scsi_disk *disk, struct scsi_request *request);

static void unmap_done(struct block_request *block, enum block_error error)
{
	struct scsi_request *const request = block->owner;

	if (error)
		scsi_fail(request, block_sense(error, BLOCK_DISCARD));
	else
		unmap_next(request->target, request);
}

static void unmap_next(struct scsi_disk *disk, struct scsi_request *request)
{
	const struct scsi_extent *extent;

	do {
		if (request->extent_next == request->extent_count) {
			scsi_good(request);
			return;
		}
		extent = &request->extents[request->extent_next++];
	} while (!extent->length);
	block_submit(disk, request,
		     &(struct block_request){
			     .operation = BLOCK_DISCARD,
			     .offset = extent->offset,
			     .length = extent->length,
			     .done = unmap_done,
		     });
}

static uint32_t unmap_parse(const struct scsi_disk *disk,
			    struct scsi_request *request, const uint8_t *list,
			    size_t size)
{
	const uint64_t block_size = disk->block->logical_size;

	if (size < 8)
		return SENSE_PARAMETER_LIST_LENGTH;

	size_t descriptors = big_endian_get16(list + 2);

	if (descriptors > size - 8)
		descriptors = size - 8;
	request->extent_next = 0;
	request->extent_count = (unsigned int)(descriptors / 16);
	for (unsigned int i = 0; i < request->extent_count; i++) {
		const uint8_t *const at = list + 8 + 16 * i;
		const struct extent extent = {big_endian_get64(at),
					      big_endian_get32(at + 8)};

		if (!extent_valid(disk, extent))
			return SENSE_LBA_OUT_OF_RANGE;
		if (extent.blocks > UNMAP_BLOCKS_MAX)
			return SENSE_INVALID_FIELD_IN_LIST;
		request->extents[i] = (struct scsi_extent){
			extent.lba * block_size,
			extent.blocks * block_size,
		};
	}
	return SENSE_NONE;
}

void scsi_unmap(struct scsi_disk *disk, struct scsi_request *request)
{
	uint8_t list[8 + 16 * SCSI_EXTENTS_MAX];
	const size_t length = big_endian_get16(request->cdb + 7);

	if (!disk->block->discards) {
		scsi_fail(request, SENSE_INVALID_OPCODE);
		return;
	}
	if (request->cdb[1] & 0x01) { /* anchored blocks are not there */
		scsi_fail(request, SENSE_INVALID_FIELD_IN_CDB);
		return;
	}
	if (!length) {
		scsi_good(request);
		return;
	}
	if (length > sizeof(list)) {
		scsi_fail(request, SENSE_INVALID_FIELD_IN_LIST);
		return;
	}

	const uint64_t got = spans_read(request->spans, request->span_count, 0,
					list, length);
	const uint32_t sense =
		got < length ? SENSE_PARAMETER_LIST_LENGTH
			     : unmap_parse(disk, request, list, length);

	if (sense) {
		scsi_fail(request, sense);
		return;
	}
	request->transferred = got;
	unmap_next(disk, request);
}
