// SPDX-License-Identifier: GPL-2.0-or-later
/* SCSI disk: commands that move data or keep it, and the command table. */
#include "scsi_disk.h"

#include <string.h>

#include "scsi_target.h"

/* ---- Answers ---- */

void scsi_good(struct scsi_request *request)
{
	request->status = SCSI_GOOD;
	request->sense_length = 0;
	request->done(request);
}

/* SPC-4 4.5.3: fixed format, current error. */
static void sense_fill(uint8_t *to, uint32_t sense)
{
	memset(to, 0, SCSI_SENSE_SIZE);
	to[0] = 0x70;
	to[2] = (uint8_t)(sense >> 16);
	to[7] = SCSI_SENSE_SIZE - 8;
	to[12] = (uint8_t)(sense >> 8);
	to[13] = (uint8_t)sense;
}

void scsi_fail(struct scsi_request *request, uint32_t sense)
{
	request->status = SCSI_CHECK_CONDITION;
	request->sense_length = SCSI_SENSE_SIZE;
	sense_fill(request->sense, sense);
	request->transferred = 0;
	request->done(request);
}

void scsi_answer(struct scsi_request *request, const void *data, size_t size,
		 uint64_t allocation)
{
	request->transferred =
		spans_write(request->spans, request->span_count, 0, data,
			    size < allocation ? size : allocation);
	scsi_good(request);
}

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
		return operation == BLOCK_READ ? SENSE_READ_ERROR :
						 SENSE_WRITE_ERROR;
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
		return (struct extent){ scsi_get32(cdb) & 0x1fffff,
					cdb[4] ? cdb[4] : 256 };
	case 4:
		return (struct extent){ scsi_get64(cdb + 2),
					scsi_get32(cdb + 10) };
	case 5:
		return (struct extent){ scsi_get32(cdb + 2),
					scsi_get32(cdb + 6) };
	default:
		return (struct extent){ scsi_get32(cdb + 2),
					scsi_get16(cdb + 7) };
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

#define CDB_FUA 0x08
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

static void scsi_read(struct scsi_disk *disk, struct scsi_request *request)
{
	scsi_transfer(disk, request, BLOCK_READ);
}

static void scsi_write(struct scsi_disk *disk, struct scsi_request *request)
{
	scsi_transfer(disk, request, BLOCK_WRITE);
}

static void scsi_verify(struct scsi_disk *disk, struct scsi_request *request)
{
	/* Comparing with sent data, or protection, is not there. */
	if (request->cdb[1] & (CDB_PROTECT | 0x06))
		scsi_fail(request, SENSE_INVALID_FIELD_IN_CDB);
	else if (!extent_valid(disk, cdb_extent(request)))
		scsi_fail(request, SENSE_LBA_OUT_OF_RANGE);
	else
		scsi_good(request);
}

static void flush(struct scsi_disk *disk, struct scsi_request *request)
{
	if (disk->block->readonly)
		scsi_good(request);
	else
		block_submit(disk, request,
			     &(struct block_request){
				     .operation = BLOCK_FLUSH });
}

static void scsi_synchronize(struct scsi_disk *disk,
			     struct scsi_request *request)
{
	if (!extent_valid(disk, cdb_extent(request)))
		scsi_fail(request, SENSE_LBA_OUT_OF_RANGE);
	else
		flush(disk, request);
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
		flush(disk, request);
}

static void scsi_write_same(struct scsi_disk *disk,
			    struct scsi_request *request)
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

	size_t descriptors = scsi_get16(list + 2);

	if (descriptors > size - 8)
		descriptors = size - 8;
	request->extent_next = 0;
	request->extent_count = (unsigned int)(descriptors / 16);
	for (unsigned int i = 0; i < request->extent_count; i++) {
		const uint8_t *const at = list + 8 + 16 * i;
		const struct extent extent = { scsi_get64(at),
					       scsi_get32(at + 8) };

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

static void scsi_unmap(struct scsi_disk *disk, struct scsi_request *request)
{
	uint8_t list[8 + 16 * SCSI_EXTENTS_MAX];
	const size_t length = scsi_get16(request->cdb + 7);

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
		got < length ? SENSE_PARAMETER_LIST_LENGTH :
			       unmap_parse(disk, request, list, length);

	if (sense) {
		scsi_fail(request, sense);
		return;
	}
	request->transferred = got;
	unmap_next(disk, request);
}

/* ---- The rest ---- */

static void scsi_test_unit_ready(struct scsi_disk *disk,
				 struct scsi_request *request)
{
	(void)disk;
	scsi_good(request);
}

/* Sense goes with the failed command: there is never any left. */
static void scsi_request_sense(struct scsi_disk *disk,
			       struct scsi_request *request)
{
	static const uint8_t descriptor_format[8] = { 0x72 };
	uint8_t fixed[SCSI_SENSE_SIZE];

	(void)disk;
	sense_fill(fixed, SENSE_NONE);
	if (request->cdb[1] & 0x01)
		scsi_answer(request, descriptor_format,
			    sizeof(descriptor_format), request->cdb[4]);
	else
		scsi_answer(request, fixed, sizeof(fixed), request->cdb[4]);
}

static void scsi_start_stop(struct scsi_disk *disk,
			    struct scsi_request *request)
{
	const uint8_t how = request->cdb[4];

	if (how & 0x02) /* nothing to eject */
		scsi_fail(request, SENSE_INVALID_FIELD_IN_CDB);
	else if (how & 0x01)
		scsi_good(request);
	else
		flush(disk, request);
}

static void scsi_read_capacity_10(struct scsi_disk *disk,
				  struct scsi_request *request)
{
	const uint64_t last = disk->blocks - 1;
	uint8_t data[8];

	scsi_put32(data, last > UINT32_MAX ? UINT32_MAX : (uint32_t)last);
	scsi_put32(data + 4, disk->block->logical_size);
	scsi_answer(request, data, sizeof(data), sizeof(data));
}

static void scsi_read_capacity_16(struct scsi_disk *disk,
				  struct scsi_request *request)
{
	const uint32_t ratio =
		disk->block->physical_size / disk->block->logical_size;
	uint8_t data[32] = { 0 };

	scsi_put64(data, disk->blocks - 1);
	scsi_put32(data + 8, disk->block->logical_size);
	data[13] = (uint8_t)__builtin_ctz(ratio ? ratio : 1);
	data[14] = disk->block->discards ? 0x80 : 0;
	scsi_answer(request, data, sizeof(data), scsi_get32(request->cdb + 10));
}

static void scsi_report_luns(struct scsi_disk *disk,
			     struct scsi_request *request)
{
	static const uint8_t only_0[16] = { [3] = 8 };
	static const uint8_t none[8] = { 0 };
	const uint32_t allocation = scsi_get32(request->cdb + 6);

	(void)disk;
	if (request->cdb[2] == 1) /* well-known units */
		scsi_answer(request, none, sizeof(none), allocation);
	else
		scsi_answer(request, only_0, sizeof(only_0), allocation);
}

/* ---- The command table ---- */

struct command {
	void (*execute)(struct scsi_disk *disk, struct scsi_request *request);
	uint8_t cdb_length;
	uint8_t flags;		/* bits of byte 1 that mean something */
	uint8_t service_action; /* not 0: in byte 1 */
	bool writes;
};

static void scsi_report_operations(struct scsi_disk *disk,
				   struct scsi_request *request);

static const struct command commands[256] = {
	[SCSI_TEST_UNIT_READY] = { scsi_test_unit_ready, 6, 0, 0, false },
	[SCSI_REQUEST_SENSE] = { scsi_request_sense, 6, 0x01, 0, false },
	[SCSI_READ_6] = { scsi_read, 6, 0x1f, 0, false },
	[SCSI_WRITE_6] = { scsi_write, 6, 0x1f, 0, true },
	[SCSI_INQUIRY] = { scsi_inquiry, 6, 0x01, 0, false },
	[SCSI_MODE_SELECT_6] = { scsi_mode_select, 6, 0x10, 0, false },
	[SCSI_MODE_SENSE_6] = { scsi_mode_sense, 6, 0x08, 0, false },
	[SCSI_START_STOP_UNIT] = { scsi_start_stop, 6, 0x01, 0, false },
	[SCSI_PREVENT_ALLOW] = { scsi_test_unit_ready, 6, 0, 0, false },
	[SCSI_READ_CAPACITY_10] = { scsi_read_capacity_10, 10, 0, 0, false },
	[SCSI_READ_10] = { scsi_read, 10, 0x18, 0, false },
	[SCSI_WRITE_10] = { scsi_write, 10, 0x18, 0, true },
	[SCSI_VERIFY_10] = { scsi_verify, 10, 0x10, 0, false },
	[SCSI_SYNCHRONIZE_CACHE_10] = { scsi_synchronize, 10, 0x02, 0, false },
	[SCSI_WRITE_SAME_10] = { scsi_write_same, 10, 0x08, 0, true },
	[SCSI_UNMAP] = { scsi_unmap, 10, 0, 0, true },
	[SCSI_MODE_SELECT_10] = { scsi_mode_select, 10, 0x10, 0, false },
	[SCSI_MODE_SENSE_10] = { scsi_mode_sense, 10, 0x08, 0, false },
	[SCSI_READ_16] = { scsi_read, 16, 0x18, 0, false },
	[SCSI_WRITE_16] = { scsi_write, 16, 0x18, 0, true },
	[SCSI_VERIFY_16] = { scsi_verify, 16, 0x10, 0, false },
	[SCSI_SYNCHRONIZE_CACHE_16] = { scsi_synchronize, 16, 0x02, 0, false },
	[SCSI_WRITE_SAME_16] = { scsi_write_same, 16, 0x09, 0, true },
	[SCSI_SERVICE_ACTION_IN_16] = { scsi_read_capacity_16, 16, 0x1f,
					SCSI_READ_CAPACITY_16, false },
	[SCSI_REPORT_LUNS] = { scsi_report_luns, 12, 0, 0, false },
	[SCSI_MAINTENANCE_IN] = { scsi_report_operations, 12, 0x1f,
				  SCSI_REPORT_SUPPORTED_OPERATIONS, false },
	[SCSI_READ_12] = { scsi_read, 12, 0x18, 0, false },
	[SCSI_WRITE_12] = { scsi_write, 12, 0x18, 0, true },
	[SCSI_VERIFY_12] = { scsi_verify, 12, 0x10, 0, false },
};

static const struct command *command_find(uint8_t opcode, uint16_t action)
{
	const struct command *const command = &commands[opcode];

	if (!command->execute ||
	    (command->service_action && command->service_action != action))
		return NULL;
	return command;
}

/* SPC-4 6.35, the form for all commands. */
static void report_all(struct scsi_request *request)
{
	uint8_t data[4 + 8 * 64] = { 0 };
	uint32_t size = 4;

	for (unsigned int i = 0; i < 256 && size + 8 <= sizeof(data); i++) {
		if (!commands[i].execute)
			continue;
		data[size] = (uint8_t)i;
		scsi_put16(data + size + 2, commands[i].service_action);
		data[size + 5] = commands[i].service_action ? 1 : 0;
		scsi_put16(data + size + 6, commands[i].cdb_length);
		size += 8;
	}
	scsi_put32(data, size - 4);
	scsi_answer(request, data, size, scsi_get32(request->cdb + 6));
}

/* The form for one command, with the bits of it that mean something. */
static void report_one(struct scsi_request *request)
{
	const uint8_t *const cdb = request->cdb;
	const struct command *const command =
		command_find(cdb[3], scsi_get16(cdb + 4));
	uint8_t data[4 + SCSI_CDB_SIZE] = { [1] = 0x01 }; /* not supported */
	size_t size = 4;

	if (command) {
		data[1] = 0x03; /* as in the standard */
		scsi_put16(data + 2, command->cdb_length);
		data[4] = cdb[3];
		data[5] = command->flags;
		memset(data + 6, 0xff, command->cdb_length - 3u);
		size += command->cdb_length;
	}
	scsi_answer(request, data, size, scsi_get32(cdb + 6));
}

static void scsi_report_operations(struct scsi_disk *disk,
				   struct scsi_request *request)
{
	(void)disk;
	switch (request->cdb[2] & 0x87) {
	case 0:
		report_all(request);
		break;
	case 1:
	case 2:
	case 3:
		report_one(request);
		break;
	default: /* with timeouts: none are kept */
		scsi_fail(request, SENSE_INVALID_FIELD_IN_CDB);
	}
}

static void disk_execute(struct scsi_device *device,
			 struct scsi_request *request)
{
	struct scsi_disk *const disk = device->owner;
	const struct command *const command =
		command_find(request->cdb[0], request->cdb[1] & 0x1f);

	request->target = disk;
	request->transferred = 0;
	if (!command)
		scsi_fail(request, commands[request->cdb[0]].execute ?
					   SENSE_INVALID_FIELD_IN_CDB :
					   SENSE_INVALID_OPCODE);
	else if (request->cdb_length < command->cdb_length)
		scsi_fail(request, SENSE_INVALID_FIELD_IN_CDB);
	else if (command->writes && disk->block->readonly)
		scsi_fail(request, SENSE_WRITE_PROTECTED);
	else
		command->execute(disk, request);
}

static void disk_plug(struct scsi_device *device, bool on)
{
	const struct scsi_disk *const disk = device->owner;

	disk->block->plug(disk->block, on);
}

struct scsi_device *scsi_disk_create(struct block_device *block)
{
	struct scsi_disk *const disk = device_allocate(sizeof(*disk));

	disk->device.execute = disk_execute;
	disk->device.plug = block->plug ? disk_plug : NULL;
	disk->device.owner = disk;
	disk->block = block;
	disk->blocks = block->size / block->logical_size;
	disk->write_cache = true;
	return &disk->device;
}

void scsi_disk_destroy(struct scsi_device *device)
{
	device_free(device->owner);
}
