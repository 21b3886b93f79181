/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the SCSI disk share: its state, answers, byte order. */
#pragma once

#include "abi/big_endian.h"
#include "worker/device.h"

/* ---- Numbers: SPC-4, SBC-3 ---- */

#define SCSI_GOOD	     0x00
#define SCSI_CHECK_CONDITION 0x02

enum scsi_opcode {
	SCSI_TEST_UNIT_READY = 0x00,
	SCSI_REQUEST_SENSE = 0x03,
	SCSI_READ_6 = 0x08,
	SCSI_WRITE_6 = 0x0a,
	SCSI_INQUIRY = 0x12,
	SCSI_MODE_SELECT_6 = 0x15,
	SCSI_MODE_SENSE_6 = 0x1a,
	SCSI_START_STOP_UNIT = 0x1b,
	SCSI_PREVENT_ALLOW = 0x1e,
	SCSI_READ_CAPACITY_10 = 0x25,
	SCSI_READ_10 = 0x28,
	SCSI_WRITE_10 = 0x2a,
	SCSI_VERIFY_10 = 0x2f,
	SCSI_SYNCHRONIZE_CACHE_10 = 0x35,
	SCSI_WRITE_SAME_10 = 0x41,
	SCSI_UNMAP = 0x42,
	SCSI_MODE_SELECT_10 = 0x55,
	SCSI_MODE_SENSE_10 = 0x5a,
	SCSI_READ_16 = 0x88,
	SCSI_WRITE_16 = 0x8a,
	SCSI_VERIFY_16 = 0x8f,
	SCSI_SYNCHRONIZE_CACHE_16 = 0x91,
	SCSI_WRITE_SAME_16 = 0x93,
	SCSI_SERVICE_ACTION_IN_16 = 0x9e,
	SCSI_REPORT_LUNS = 0xa0,
	SCSI_MAINTENANCE_IN = 0xa3,
	SCSI_READ_12 = 0xa8,
	SCSI_WRITE_12 = 0xaa,
	SCSI_VERIFY_12 = 0xaf,
};

#define SCSI_READ_CAPACITY_16		 0x10 /* of SERVICE ACTION IN(16) */
#define SCSI_REPORT_SUPPORTED_OPERATIONS 0x0c /* of MAINTENANCE IN */

/* Sense: key << 16 | additional code << 8 | qualifier. */
#define SENSE_NONE		    0x000000u
#define SENSE_WRITE_ERROR	    0x030c00u
#define SENSE_READ_ERROR	    0x031100u
#define SENSE_PARAMETER_LIST_LENGTH 0x051a00u
#define SENSE_INVALID_OPCODE	    0x052000u
#define SENSE_LBA_OUT_OF_RANGE	    0x052100u
#define SENSE_INVALID_FIELD_IN_CDB  0x052400u
#define SENSE_INVALID_FIELD_IN_LIST 0x052600u
#define SENSE_SAVING_NOT_SUPPORTED  0x053900u
#define SENSE_WRITE_PROTECTED	    0x072700u
#define SENSE_SPACE_EXHAUSTED	    0x072707u

/* Blocks per command, told in the block limits page. */
#define UNMAP_BLOCKS_MAX 0x400000u

struct scsi_disk {
	struct scsi_device device;
	struct block_device *block;
	uint64_t blocks;
	bool write_cache; /* the child may turn it off by MODE SELECT */
};

/* ---- Answers ---- */

void scsi_good(struct scsi_request *request);
void scsi_fail(struct scsi_request *request, uint32_t sense);
/* Data to the initiator, cut to its allocation length and its buffer. */
void scsi_answer(struct scsi_request *request, const void *data, size_t size,
		 uint64_t allocation);

/* ---- Commands about the medium (scsi_medium.c) ---- */

void scsi_read(struct scsi_disk *disk, struct scsi_request *request);
void scsi_write(struct scsi_disk *disk, struct scsi_request *request);
void scsi_verify(struct scsi_disk *disk, struct scsi_request *request);
void scsi_synchronize(struct scsi_disk *disk, struct scsi_request *request);
void scsi_write_same(struct scsi_disk *disk, struct scsi_request *request);
void scsi_unmap(struct scsi_disk *disk, struct scsi_request *request);
/* Ends the request when all that was written is on stable storage. */
void scsi_flush(struct scsi_disk *disk, struct scsi_request *request);

/* ---- Commands that do not touch the medium (scsi_pages.c) ---- */

void scsi_inquiry(struct scsi_disk *disk, struct scsi_request *request);
void scsi_mode_sense(struct scsi_disk *disk, struct scsi_request *request);
void scsi_mode_select(struct scsi_disk *disk, struct scsi_request *request);
