// SPDX-License-Identifier: GPL-2.0-or-later
/* SCSI disk: its commands as a table, and the small ones. */
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
	static const uint8_t descriptor_format[8] = {0x72};
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
		scsi_flush(disk, request);
}

static void scsi_read_capacity_10(struct scsi_disk *disk,
				  struct scsi_request *request)
{
	const uint64_t last = disk->blocks - 1;
	uint8_t data[8];

	big_endian_set32(data, last > UINT32_MAX ? UINT32_MAX : (uint32_t)last);
	big_endian_set32(data + 4, disk->block->logical_size);
	scsi_answer(request, data, sizeof(data), sizeof(data));
}

static void scsi_read_capacity_16(struct scsi_disk *disk,
				  struct scsi_request *request)
{
	const uint32_t ratio =
		disk->block->physical_size / disk->block->logical_size;
	uint8_t data[32] = {0};

	big_endian_set64(data, disk->blocks - 1);
	big_endian_set32(data + 8, disk->block->logical_size);
	data[13] = (uint8_t)__builtin_ctz(ratio ? ratio : 1);
	data[14] = disk->block->discards ? 0x80 : 0;
	scsi_answer(request, data, sizeof(data),
		    big_endian_get32(request->cdb + 10));
}

static void scsi_report_luns(struct scsi_disk *disk,
			     struct scsi_request *request)
{
	static const uint8_t only_0[16] = {[3] = 8};
	static const uint8_t none[8] = {0};
	const uint32_t allocation = big_endian_get32(request->cdb + 6);

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
	[SCSI_TEST_UNIT_READY] = {scsi_test_unit_ready, 6, 0, 0, false},
	[SCSI_REQUEST_SENSE] = {scsi_request_sense, 6, 0x01, 0, false},
	[SCSI_READ_6] = {scsi_read, 6, 0x1f, 0, false},
	[SCSI_WRITE_6] = {scsi_write, 6, 0x1f, 0, true},
	[SCSI_INQUIRY] = {scsi_inquiry, 6, 0x01, 0, false},
	[SCSI_MODE_SELECT_6] = {scsi_mode_select, 6, 0x10, 0, false},
	[SCSI_MODE_SENSE_6] = {scsi_mode_sense, 6, 0x08, 0, false},
	[SCSI_START_STOP_UNIT] = {scsi_start_stop, 6, 0x01, 0, false},
	[SCSI_PREVENT_ALLOW] = {scsi_test_unit_ready, 6, 0, 0, false},
	[SCSI_READ_CAPACITY_10] = {scsi_read_capacity_10, 10, 0, 0, false},
	[SCSI_READ_10] = {scsi_read, 10, 0x18, 0, false},
	[SCSI_WRITE_10] = {scsi_write, 10, 0x18, 0, true},
	[SCSI_VERIFY_10] = {scsi_verify, 10, 0x10, 0, false},
	[SCSI_SYNCHRONIZE_CACHE_10] = {scsi_synchronize, 10, 0x02, 0, false},
	[SCSI_WRITE_SAME_10] = {scsi_write_same, 10, 0x08, 0, true},
	[SCSI_UNMAP] = {scsi_unmap, 10, 0, 0, true},
	[SCSI_MODE_SELECT_10] = {scsi_mode_select, 10, 0x10, 0, false},
	[SCSI_MODE_SENSE_10] = {scsi_mode_sense, 10, 0x08, 0, false},
	[SCSI_READ_16] = {scsi_read, 16, 0x18, 0, false},
	[SCSI_WRITE_16] = {scsi_write, 16, 0x18, 0, true},
	[SCSI_VERIFY_16] = {scsi_verify, 16, 0x10, 0, false},
	[SCSI_SYNCHRONIZE_CACHE_16] = {scsi_synchronize, 16, 0x02, 0, false},
	[SCSI_WRITE_SAME_16] = {scsi_write_same, 16, 0x09, 0, true},
	[SCSI_SERVICE_ACTION_IN_16] = {scsi_read_capacity_16, 16, 0x1f,
				       SCSI_READ_CAPACITY_16, false},
	[SCSI_REPORT_LUNS] = {scsi_report_luns, 12, 0, 0, false},
	[SCSI_MAINTENANCE_IN] = {scsi_report_operations, 12, 0x1f,
				 SCSI_REPORT_SUPPORTED_OPERATIONS, false},
	[SCSI_READ_12] = {scsi_read, 12, 0x18, 0, false},
	[SCSI_WRITE_12] = {scsi_write, 12, 0x18, 0, true},
	[SCSI_VERIFY_12] = {scsi_verify, 12, 0x10, 0, false},
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
	uint8_t data[4 + 8 * 64] = {0};
	uint32_t size = 4;

	for (unsigned int i = 0; i < 256 && size + 8 <= sizeof(data); i++) {
		if (!commands[i].execute)
			continue;
		data[size] = (uint8_t)i;
		big_endian_set16(data + size + 2, commands[i].service_action);
		data[size + 5] = commands[i].service_action ? 1 : 0;
		big_endian_set16(data + size + 6, commands[i].cdb_length);
		size += 8;
	}
	big_endian_set32(data, size - 4);
	scsi_answer(request, data, size, big_endian_get32(request->cdb + 6));
}

/* The form for one command, with the bits of it that mean something. */
static void report_one(struct scsi_request *request)
{
	const uint8_t *const cdb = request->cdb;
	const struct command *const command =
		command_find(cdb[3], big_endian_get16(cdb + 4));
	uint8_t data[4 + SCSI_CDB_SIZE] = {[1] = 0x01}; /* not supported */
	size_t size = 4;

	if (command) {
		data[1] = 0x03; /* as in the standard */
		big_endian_set16(data + 2, command->cdb_length);
		data[4] = cdb[3];
		data[5] = command->flags;
		memset(data + 6, 0xff, command->cdb_length - 3u);
		size += command->cdb_length;
	}
	scsi_answer(request, data, size, big_endian_get32(cdb + 6));
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
		scsi_fail(request, commands[request->cdb[0]].execute
					   ? SENSE_INVALID_FIELD_IN_CDB
					   : SENSE_INVALID_OPCODE);
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
