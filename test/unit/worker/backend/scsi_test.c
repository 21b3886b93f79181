// SPDX-License-Identifier: GPL-2.0-or-later
/* The SCSI disk, command by command, against SPC-4 and SBC-3. */
#include "../vmbus/fake.h"

#include <stdlib.h>
#include <string.h>

#include "disk.h"
#include "worker/backend/scsi_disk.h"

#define BLOCKS 4096u
#define BLOCK  512u

static struct disk disk;
static struct scsi_device *unit;
static uint8_t data[1 << 20];
static struct scsi_request request;
static unsigned int done;
static unsigned int span_size; /* 0: one span */
static struct span spans[512];

static void on_done(struct scsi_request *finished)
{
	assert_ptr_equal(finished, &request);
	done++;
}

static int setup(void **state)
{
	(void)state;
	disk_init(&disk, BLOCKS * BLOCK, BLOCK);
	disk.at_once = true;
	unit = scsi_disk_create(&disk.device);
	span_size = 0;
	for (uint32_t i = 0; i < BLOCKS * BLOCK; i++)
		disk.data[i] = (uint8_t)(i / BLOCK + i);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	scsi_disk_destroy(unit);
	disk_destroy(&disk);
	return 0;
}

/* Runs a command with a buffer of length bytes; returns its status. */
static uint8_t run(const uint8_t *cdb, uint8_t cdb_length, uint64_t length)
{
	unsigned int count = 0;
	uint64_t at = 0;

	assert_true(cdb_length <= sizeof(request.cdb));
	memset(&request, 0xee, sizeof(request));
	memset(request.cdb, 0, sizeof(request.cdb));
	memcpy(request.cdb, cdb, cdb_length);
	request.cdb_length = cdb_length;
	while (at < length) {
		uint64_t size = span_size ? span_size : length;

		if (size > length - at)
			size = length - at;
		spans[count++] = (struct span){data + at, size};
		at += size;
	}
	request.spans = spans;
	request.span_count = count;
	request.length = length;
	request.done = on_done;
	request.owner = NULL;
	done = 0;
	unit->execute(unit, &request);
	disk_answer_all(&disk);
	assert_int_equal(done, 1);
	return request.status;
}

#define RUN(length, ...)                                                       \
	run((const uint8_t[]){__VA_ARGS__},                                    \
	    sizeof((const uint8_t[]){__VA_ARGS__}), length)

static void expect_sense(uint8_t key, uint8_t code, uint8_t qualifier)
{
	assert_int_equal(request.status, 2);
	assert_int_equal(request.sense_length, 18);
	assert_int_equal(request.sense[0], 0x70);
	assert_int_equal(request.sense[2], key);
	assert_int_equal(request.sense[7], 10);
	assert_int_equal(request.sense[12], code);
	assert_int_equal(request.sense[13], qualifier);
	assert_int_equal(request.transferred, 0);
}

static void expect_invalid_field(void)
{
	expect_sense(5, 0x24, 0);
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
	       (uint32_t)at[2] << 8 | at[3];
}

/* ---- Who are you ---- */

static void test_unit_ready(void **state)
{
	(void)state;
	assert_int_equal(RUN(0, 0, 0, 0, 0, 0, 0), 0);
	assert_int_equal(request.sense_length, 0);
	assert_int_equal(request.transferred, 0);
}

static void test_inquiry(void **state)
{
	(void)state;
	memset(data, 0xff, 256);
	assert_int_equal(RUN(256, 0x12, 0, 0, 0, 255, 0), 0);
	assert_int_equal(request.transferred, 96);
	assert_int_equal(data[0], 0); /* a disk, there */
	assert_int_equal(data[1], 0); /* not removable */
	assert_true(data[2] >= 5);    /* SPC-3 or later */
	assert_int_equal(data[3] & 0xf, 2);
	assert_int_equal(data[4], 96 - 5);
	assert_int_equal(data[7] & 2, 2); /* queueing */
	assert_memory_equal(data + 8, "BULKHEADVirtual Disk    1.0 ", 28);
	assert_int_equal(data[96], 0xff); /* not a byte more */
	/* Cut to the allocation length, and to the buffer. */
	assert_int_equal(RUN(256, 0x12, 0, 0, 0, 36, 0), 0);
	assert_int_equal(request.transferred, 36);
	assert_int_equal(RUN(5, 0x12, 0, 0, 0, 36, 0), 0);
	assert_int_equal(request.transferred, 5);
	assert_int_equal(RUN(256, 0x12, 0, 0, 0, 0, 0), 0);
	assert_int_equal(request.transferred, 0);
	RUN(256, 0x12, 0, 0x80, 0, 255, 0); /* page without EVPD */
	expect_invalid_field();
	RUN(256, 0x12, 2, 0, 0, 255, 0);
	expect_invalid_field();
}

static void test_vital_pages(void **state)
{
	static const uint8_t pages[] = {0x00, 0x80, 0x83, 0xb0, 0xb1, 0xb2};

	(void)state;
	assert_int_equal(RUN(256, 0x12, 1, 0, 0, 255, 0), 0);
	assert_int_equal(request.transferred, 4 + sizeof(pages));
	assert_memory_equal(data + 4, pages, sizeof(pages));
	for (unsigned int page = 0; page < 256; page++) {
		RUN(256, 0x12, 1, (uint8_t)page, 0, 255, 0);
		if (!memchr(pages, (int)page, sizeof(pages))) {
			expect_invalid_field();
			continue;
		}
		assert_int_equal(request.status, 0);
		assert_int_equal(data[0], 0);
		assert_int_equal(data[1], page);
		assert_int_equal(data[2] << 8 | data[3],
				 request.transferred - 4);
	}
	RUN(256, 0x12, 1, 0x80, 0, 255, 0);
	assert_memory_equal(data + 4, "test-disk-0", 11);
	assert_int_equal(request.transferred, 15);
	RUN(256, 0x12, 1, 0x83, 0, 255, 0);
	assert_memory_equal(data + 8, "BULKHEADtest-disk-0", 19);
	assert_int_equal(data[27] & 0xf, 1); /* binary */
	assert_int_equal(data[28] & 0xf, 3); /* NAA */
	assert_int_equal(data[30], 8);
	assert_int_equal(data[31] >> 4, 3); /* locally assigned */
	assert_int_equal(request.transferred, 39);
	RUN(256, 0x12, 1, 0xb0, 0, 255, 0);
	assert_int_equal(request.transferred, 64);
	assert_true(get32(data + 20) > 0); /* unmap */
	assert_int_equal(get32(data + 24), 16);
	assert_int_equal(get32(data + 28), 8);
	RUN(256, 0x12, 1, 0xb1, 0, 255, 0);
	assert_int_equal(data[5], 1);
	RUN(256, 0x12, 1, 0xb2, 0, 255, 0);
	assert_int_equal(data[5] & 0xe0, 0xe0);
	disk.device.discards = false;
	RUN(256, 0x12, 1, 0xb2, 0, 255, 0);
	assert_int_equal(data[5], 0);
	RUN(256, 0x12, 1, 0xb0, 0, 255, 0);
	assert_int_equal(get32(data + 20), 0);
}

static void test_long_identity(void **state)
{
	(void)state;
	memset(disk.device.identity, 'i', sizeof(disk.device.identity));
	RUN(256, 0x12, 1, 0x80, 0, 255, 0);
	assert_int_equal(request.transferred, 4 + 64);
	RUN(256, 0x12, 1, 0x83, 0, 255, 0);
	assert_int_equal(request.transferred, 4 + 4 + 8 + 64 + 12);
}

static void test_report_luns(void **state)
{
	(void)state;
	assert_int_equal(RUN(64, 0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0), 0);
	assert_int_equal(request.transferred, 16);
	assert_int_equal(get32(data), 8);
	assert_int_equal(RUN(64, 0xa0, 0, 1, 0, 0, 0, 0, 0, 0, 64, 0, 0), 0);
	assert_int_equal(get32(data), 0);
}

static void test_capacity(void **state)
{
	(void)state;
	assert_int_equal(RUN(8, 0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0);
	assert_int_equal(request.transferred, 8);
	assert_int_equal(get32(data), BLOCKS - 1);
	assert_int_equal(get32(data + 4), BLOCK);
	assert_int_equal(
		RUN(32, 0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0),
		0);
	assert_int_equal(request.transferred, 32);
	assert_int_equal(get32(data), 0);
	assert_int_equal(get32(data + 4), BLOCKS - 1);
	assert_int_equal(get32(data + 8), BLOCK);
	assert_int_equal(data[13], 3); /* 8 blocks to a physical one */
	assert_int_equal(data[14], 0x80);
	/* Another service action. */
	RUN(32, 0x9e, 0x12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0);
	expect_invalid_field();
}

/* More than 2 TiB: the short form says "ask the long one". */
static void test_large_capacity(void **state)
{
	struct block_device huge = disk.device;
	struct scsi_device *const small = unit;

	(void)state;
	huge.size = 512ull * 0x123456789aull;
	unit = scsi_disk_create(&huge);
	RUN(8, 0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	assert_int_equal(get32(data), 0xffffffff);
	RUN(32, 0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0);
	assert_int_equal(get32(data), 0x12);
	assert_int_equal(get32(data + 4), 0x34567899);
	scsi_disk_destroy(unit);
	unit = small;
}

/* ---- Reading and writing ---- */

static void fill(uint8_t seed)
{
	for (unsigned int i = 0; i < 65536; i++)
		data[i] = (uint8_t)(seed + i * 3 + i / 256);
}

/* The same transfer by each size of command. */
static uint8_t transfer(bool write, unsigned int form, uint32_t lba,
			uint8_t blocks, uint64_t length)
{
	const uint8_t a = (uint8_t)(lba >> 24);
	const uint8_t b = (uint8_t)(lba >> 16);
	const uint8_t c = (uint8_t)(lba >> 8);
	const uint8_t d = (uint8_t)lba;
	const uint8_t w = write ? 2 : 0;

	switch (form) {
	case 6:
		return RUN(length, (uint8_t)(0x08 + w), b & 0x1f, c, d, blocks,
			   0);
	case 10:
		return RUN(length, (uint8_t)(0x28 + w), 0, a, b, c, d, 0, 0,
			   blocks, 0);
	case 12:
		return RUN(length, (uint8_t)(0xa8 + w), 0, a, b, c, d, 0, 0, 0,
			   blocks, 0, 0);
	default:
		return RUN(length, (uint8_t)(0x88 + w), 0, 0, 0, 0, 0, a, b, c,
			   d, 0, 0, 0, blocks, 0, 0);
	}
}

static void test_read_write_forms(void **state)
{
	static const unsigned int forms[] = {6, 10, 12, 16};
	static uint8_t copy[65536];

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		const unsigned int form = forms[i];
		const uint32_t lba = 100 * (i + 1);

		span_size = i * 1000;
		memset(data, 0, sizeof(copy));
		assert_int_equal(transfer(false, form, lba, 7, 7 * BLOCK), 0);
		assert_int_equal(request.transferred, 7 * BLOCK);
		assert_memory_equal(data, disk.data + lba * BLOCK, 7 * BLOCK);
		assert_int_equal(data[7 * BLOCK], 0);
		fill((uint8_t)form);
		memcpy(copy, data, sizeof(copy));
		assert_int_equal(transfer(true, form, lba, 7, 7 * BLOCK), 0);
		assert_int_equal(request.transferred, 7 * BLOCK);
		assert_memory_equal(copy, disk.data + lba * BLOCK, 7 * BLOCK);
		assert_false(disk.last_fua);
		/* The last block, and one beyond. */
		assert_int_equal(transfer(false, form, BLOCKS - 1, 1, BLOCK),
				 0);
		transfer(false, form, BLOCKS - 1, 2, 2 * BLOCK);
		expect_sense(5, 0x21, 0);
		transfer(true, form, BLOCKS, 1, BLOCK);
		expect_sense(5, 0x21, 0);
		if (form != 6) {
			transfer(true, form, 0xffffffff, 255, 255 * BLOCK);
			expect_sense(5, 0x21, 0);
			assert_int_equal(transfer(false, form, 0, 0, 0), 0);
			assert_int_equal(request.transferred, 0);
		}
	}
	/* READ(6) of 0 blocks is of 256. */
	assert_int_equal(transfer(false, 6, 0, 0, 256 * BLOCK), 0);
	assert_int_equal(request.transferred, 256 * BLOCK);
	/* Addresses that would wrap. */
	RUN(BLOCK, 0x88, 0, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 1,
	    0, 0);
	expect_sense(5, 0x21, 0);
	RUN(BLOCK, 0x88, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 0,
	    0);
	expect_sense(5, 0x21, 0);
}

static void test_residual(void **state)
{
	(void)state;
	/* More room than the command asks for. */
	span_size = 700;
	memset(data, 0xaa, 8192);
	assert_int_equal(transfer(false, 10, 3, 2, 8192), 0);
	assert_int_equal(request.transferred, 2 * BLOCK);
	assert_memory_equal(data, disk.data + 3 * BLOCK, 2 * BLOCK);
	assert_int_equal(data[2 * BLOCK], 0xaa);
	/* Less. */
	transfer(false, 10, 3, 2, 2 * BLOCK - 1);
	expect_invalid_field();
}

static void test_fua_and_protection(void **state)
{
	(void)state;
	assert_int_equal(RUN(BLOCK, 0x2a, 0x08, 0, 0, 0, 1, 0, 0, 1, 0), 0);
	assert_true(disk.last_fua);
	assert_int_equal(RUN(BLOCK, 0x28, 0x18, 0, 0, 0, 1, 0, 0, 1, 0), 0);
	assert_false(disk.last_fua); /* a read has none below */
	assert_int_equal(RUN(BLOCK, 0x8a, 0x08, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0,
			     1, 0, 0),
			 0);
	assert_true(disk.last_fua);
	RUN(BLOCK, 0x28, 0x20, 0, 0, 0, 1, 0, 0, 1, 0);
	expect_invalid_field();
	/* In WRITE(6) these bits are address. */
	assert_int_equal(transfer(true, 6, 0x08 << 16, 1, BLOCK), 2);
	expect_sense(5, 0x21, 0);
}

static void test_errors_below(void **state)
{
	(void)state;
	disk.fail = BLOCK_EIO;
	transfer(false, 10, 0, 1, BLOCK);
	expect_sense(3, 0x11, 0);
	transfer(true, 10, 0, 1, BLOCK);
	expect_sense(3, 0x0c, 0);
	RUN(0, 0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	expect_sense(3, 0x0c, 0);
	disk.fail = BLOCK_ENOSPC;
	transfer(true, 10, 0, 1, BLOCK);
	expect_sense(7, 0x27, 7);
	disk.fail = BLOCK_EREADONLY;
	transfer(true, 10, 0, 1, BLOCK);
	expect_sense(7, 0x27, 0);
	disk.fail = BLOCK_EUNSUPPORTED;
	transfer(true, 10, 0, 1, BLOCK);
	expect_sense(5, 0x20, 0);
}

static void test_readonly(void **state)
{
	(void)state;
	disk.device.readonly = true;
	assert_int_equal(transfer(false, 10, 0, 1, BLOCK), 0);
	transfer(true, 6, 0, 1, BLOCK);
	expect_sense(7, 0x27, 0);
	transfer(true, 16, 0, 1, BLOCK);
	expect_sense(7, 0x27, 0);
	RUN(24, 0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0);
	expect_sense(7, 0x27, 0);
	RUN(BLOCK, 0x93, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0);
	expect_sense(7, 0x27, 0);
	/* Nothing to flush, and no error. */
	assert_int_equal(RUN(0, 0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0);
	assert_int_equal(disk.counts[BLOCK_FLUSH], 0);
	assert_int_equal(RUN(64, 0x1a, 0, 0x3f, 0, 64, 0), 0);
	assert_int_equal(data[2], 0x90); /* WP and DPOFUA */
}

static void test_flush_and_verify(void **state)
{
	(void)state;
	assert_int_equal(RUN(0, 0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0);
	assert_int_equal(
		RUN(0, 0x91, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0);
	assert_int_equal(disk.counts[BLOCK_FLUSH], 2);
	RUN(0, 0x35, 0, 0, 0, 0x10, 1, 0, 0, 0, 0);
	expect_sense(5, 0x21, 0);
	assert_int_equal(RUN(0, 0x2f, 0, 0, 0, 0, 0, 0, 0, 8, 0), 0);
	RUN(0, 0x2f, 0, 0, 0, 0x0f, 0xff, 0, 0, 8, 0);
	expect_sense(5, 0x21, 0);
	RUN(0, 0x2f, 2, 0, 0, 0, 0, 0, 0, 8, 0);
	expect_invalid_field();
	assert_int_equal(
		RUN(0, 0x8f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0), 0);
	assert_int_equal(RUN(0, 0xaf, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0), 0);
}

/* ---- Zeroes and holes ---- */

static void test_write_same(void **state)
{
	(void)state;
	memset(data, 0, BLOCK);
	assert_int_equal(
		RUN(BLOCK, 0x93, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 5, 0, 0),
		0);
	assert_int_equal(request.transferred, BLOCK);
	assert_int_equal(disk.counts[BLOCK_WRITE_ZEROES], 1);
	assert_int_equal(disk.last_offset, 10 * BLOCK);
	assert_int_equal(disk.last_length, 5 * BLOCK);
	assert_int_equal(disk.data[12 * BLOCK], 0);
	/* With UNMAP; with no data; the short form. */
	assert_int_equal(
		RUN(BLOCK, 0x93, 8, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 5, 0, 0),
		0);
	assert_int_equal(
		RUN(0, 0x93, 1, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 5, 0, 0), 0);
	assert_int_equal(RUN(BLOCK, 0x41, 0, 0, 0, 0, 7, 0, 0, 3, 0), 0);
	assert_int_equal(disk.last_length, 3 * BLOCK);
	RUN(BLOCK, 0x41, 0, 0, 0, 0, 7, 0, 0, 0, 0); /* 0 blocks */
	expect_invalid_field();
	RUN(BLOCK, 0x41, 1, 0, 0, 0, 7, 0, 0, 1, 0);
	expect_invalid_field();
	RUN(BLOCK - 1, 0x41, 0, 0, 0, 0, 7, 0, 0, 1, 0);
	expect_invalid_field();
	RUN(BLOCK, 0x93, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 0, 0, 0, 0, 0);
	expect_invalid_field(); /* more than told */
	RUN(BLOCK, 0x93, 0, 0, 0, 0, 0, 0, 0, 0x0f, 0xff, 0, 0, 0, 2, 0, 0);
	expect_sense(5, 0x21, 0);
	data[BLOCK - 1] = 1;
	RUN(BLOCK, 0x93, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 5, 0, 0);
	expect_sense(5, 0x26, 0);
	disk.fail = BLOCK_EIO;
	RUN(0, 0x93, 1, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 5, 0, 0);
	expect_sense(3, 0x0c, 0);
}

static void put_extent(uint8_t *at, uint8_t lba_high, uint8_t lba,
		       uint8_t blocks)
{
	memset(at, 0, 16);
	at[0] = lba_high;
	at[7] = lba;
	at[11] = blocks;
}

static void test_unmap(void **state)
{
	(void)state;
	memset(data, 0, 512);
	data[1] = 8 + 3 * 16 - 2;
	data[3] = 3 * 16;
	put_extent(data + 8, 0, 16, 8);
	put_extent(data + 24, 0, 50, 0);
	put_extent(data + 40, 0, 100, 2);
	assert_int_equal(RUN(56, 0x42, 0, 0, 0, 0, 0, 0, 0, 56, 0), 0);
	assert_int_equal(disk.counts[BLOCK_DISCARD], 2);
	assert_int_equal(disk.last_offset, 100 * BLOCK);
	assert_int_equal(disk.last_length, 2 * BLOCK);
	assert_int_equal(disk.data[20 * BLOCK + 5], 0);
	assert_int_equal(request.transferred, 56);
	assert_int_equal(RUN(0, 0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0);
	RUN(56, 0x42, 0, 0, 0, 0, 0, 0, 0, 7, 0);
	expect_sense(5, 0x1a, 0);
	RUN(30, 0x42, 0, 0, 0, 0, 0, 0, 0, 56, 0); /* less data than said */
	expect_sense(5, 0x1a, 0);
	RUN(56, 0x42, 1, 0, 0, 0, 0, 0, 0, 56, 0);
	expect_invalid_field();
	RUN(2000, 0x42, 0, 0, 0, 0, 0, 0, 2000 >> 8, 2000 & 255, 0);
	expect_sense(5, 0x26, 0);
	/* Checked as a whole before anything is done. */
	put_extent(data + 40, 1, 0, 1);
	RUN(56, 0x42, 0, 0, 0, 0, 0, 0, 0, 56, 0);
	expect_sense(5, 0x21, 0);
	assert_int_equal(disk.counts[BLOCK_DISCARD], 2);
	put_extent(data + 40, 0, 100, 2);
	disk.fail = BLOCK_EIO;
	RUN(56, 0x42, 0, 0, 0, 0, 0, 0, 0, 56, 0);
	expect_sense(3, 0x0c, 0);
	assert_int_equal(disk.counts[BLOCK_DISCARD], 3);
	disk.fail = BLOCK_OK;
	/* Descriptors beyond the list are not believed in. */
	data[2] = 0xff;
	assert_int_equal(RUN(24, 0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0), 0);
	assert_int_equal(disk.counts[BLOCK_DISCARD], 4);
	disk.device.discards = false;
	RUN(56, 0x42, 0, 0, 0, 0, 0, 0, 0, 56, 0);
	expect_sense(5, 0x20, 0);
}

/* ---- Mode pages ---- */

static void test_mode_sense(void **state)
{
	(void)state;
	/* As Linux asks for the cache: page 8, with block descriptor. */
	assert_int_equal(RUN(192, 0x1a, 0, 0x08, 0, 192, 0), 0);
	assert_int_equal(request.transferred, 4 + 8 + 20);
	assert_int_equal(data[0], request.transferred - 1);
	assert_int_equal(data[2], 0x10);
	assert_int_equal(data[3], 8);
	assert_int_equal(get32(data + 4), BLOCKS);
	assert_int_equal(get32(data + 8), BLOCK);
	assert_int_equal(data[12], 0x08);
	assert_int_equal(data[13], 18);
	assert_int_equal(data[14], 0x04); /* write cache on */
	/* Without descriptor, the long form, everything. */
	assert_int_equal(RUN(255, 0x5a, 8, 0x3f, 0, 0, 0, 0, 0, 255, 0), 0);
	assert_int_equal(request.transferred, 8 + 12 + 20 + 12 + 12);
	assert_int_equal(data[0] << 8 | data[1], request.transferred - 2);
	assert_int_equal(data[3], 0x10);
	assert_int_equal(data[7], 0);
	assert_int_equal(data[8], 0x01);
	/* Changeable: the write cache and nothing else. */
	RUN(192, 0x1a, 8, 0x48, 0, 192, 0);
	assert_int_equal(data[6], 0x04);
	RUN(192, 0x1a, 8, 0x4a, 0, 192, 0);
	assert_int_equal(data[7], 0);
	RUN(192, 0x1a, 8, 0xc8, 0, 192, 0); /* saved */
	expect_sense(5, 0x39, 0);
	RUN(192, 0x1a, 8, 0x05, 0, 192, 0);
	expect_invalid_field();
	RUN(192, 0x1a, 8, 0x0a, 5, 192, 0); /* a subpage */
	expect_invalid_field();
	/* As Linux asks for write protection: 4 bytes of all pages. */
	assert_int_equal(RUN(4, 0x1a, 0, 0x3f, 0, 4, 0), 0);
	assert_int_equal(request.transferred, 4);
}

static void mode_page(const uint8_t *page, size_t size, size_t head)
{
	memset(data, 0, 64);
	memcpy(data + head, page, size);
}

static void test_mode_select(void **state)
{
	uint8_t page[20] = {0x08, 18};

	(void)state;
	/* Cache off: every write is as stable as with FUA. */
	mode_page(page, 20, 4);
	assert_int_equal(RUN(24, 0x15, 0x10, 0, 0, 24, 0), 0);
	RUN(192, 0x1a, 8, 0x08, 0, 192, 0);
	assert_int_equal(data[6], 0);
	RUN(192, 0x1a, 8, 0x88, 0, 192, 0); /* default stays */
	assert_int_equal(data[6], 4);
	assert_int_equal(transfer(true, 10, 0, 1, BLOCK), 0);
	assert_true(disk.last_fua);
	RUN(0, 0x93, 1, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 5, 0, 0);
	assert_int_equal(request.status, 0);
	assert_int_equal(disk.counts[BLOCK_FLUSH], 1);
	page[2] = 4;
	mode_page(page, 20, 8);
	assert_int_equal(RUN(28, 0x55, 0x10, 0, 0, 0, 0, 0, 0, 28, 0), 0);
	assert_int_equal(transfer(true, 10, 0, 1, BLOCK), 0);
	assert_false(disk.last_fua);
	/* What cannot be. */
	page[3] = 1;
	mode_page(page, 20, 4);
	RUN(24, 0x15, 0x10, 0, 0, 24, 0);
	expect_sense(5, 0x26, 0);
	page[3] = 0;
	mode_page(page, 20, 4);
	RUN(24, 0x15, 0x11, 0, 0, 24, 0); /* save */
	expect_invalid_field();
	RUN(24, 0x15, 0x00, 0, 0, 24, 0); /* not in page format */
	expect_invalid_field();
	RUN(24, 0x15, 0x10, 0, 0, 23, 0);
	expect_sense(5, 0x1a, 0);
	RUN(24, 0x15, 0x10, 0, 0, 3, 0);
	expect_sense(5, 0x1a, 0);
	RUN(20, 0x15, 0x10, 0, 0, 24, 0);
	expect_sense(5, 0x1a, 0);
	data[3] = 255; /* a descriptor longer than the list */
	RUN(24, 0x15, 0x10, 0, 0, 24, 0);
	expect_sense(5, 0x1a, 0);
	assert_int_equal(RUN(0, 0x15, 0x10, 0, 0, 0, 0), 0);
	page[0] = 0x05;
	mode_page(page, 20, 4);
	RUN(24, 0x15, 0x10, 0, 0, 24, 0);
	expect_sense(5, 0x26, 0);
}

/* ---- The rest ---- */

static void test_small_commands(void **state)
{
	(void)state;
	assert_int_equal(RUN(18, 0x03, 0, 0, 0, 18, 0), 0);
	assert_int_equal(request.transferred, 18);
	assert_int_equal(data[0], 0x70);
	assert_int_equal(data[2], 0);
	assert_int_equal(RUN(18, 0x03, 1, 0, 0, 18, 0), 0);
	assert_int_equal(request.transferred, 8);
	assert_int_equal(data[0], 0x72);
	assert_int_equal(RUN(0, 0x1b, 0, 0, 0, 1, 0), 0);
	assert_int_equal(disk.counts[BLOCK_FLUSH], 0);
	assert_int_equal(RUN(0, 0x1b, 0, 0, 0, 0, 0), 0);
	assert_int_equal(disk.counts[BLOCK_FLUSH], 1);
	RUN(0, 0x1b, 0, 0, 0, 2, 0);
	expect_invalid_field();
	assert_int_equal(RUN(0, 0x1e, 0, 0, 0, 1, 0), 0);
}

static void test_supported_operations(void **state)
{
	unsigned int count = 0;

	(void)state;
	assert_int_equal(RUN(1024, 0xa3, 0x0c, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0),
			 0);
	for (uint32_t at = 4; at < 4 + get32(data); at += 8)
		count++;
	assert_true(count >= 29);
	assert_int_equal(request.transferred, 4 + count * 8);
	/* One: WRITE SAME(16), as Linux asks. */
	assert_int_equal(RUN(512, 0xa3, 0x0c, 1, 0x93, 0, 0, 0, 0, 2, 0, 0, 0),
			 0);
	assert_int_equal(data[1] & 7, 3);
	assert_int_equal(data[3], 16);
	assert_int_equal(data[4], 0x93);
	assert_int_equal(request.transferred, 20);
	RUN(512, 0xa3, 0x0c, 1, 0x77, 0, 0, 0, 0, 2, 0, 0, 0);
	assert_int_equal(data[1] & 7, 1);
	assert_int_equal(request.transferred, 4);
	RUN(512, 0xa3, 0x0c, 2, 0x9e, 0, 0x10, 0, 0, 2, 0, 0, 0);
	assert_int_equal(data[1] & 7, 3);
	RUN(512, 0xa3, 0x0c, 2, 0x9e, 0, 0x11, 0, 0, 2, 0, 0, 0);
	assert_int_equal(data[1] & 7, 1);
	RUN(512, 0xa3, 0x0c, 0x81, 0x93, 0, 0, 0, 0, 2, 0, 0, 0);
	expect_invalid_field();
	RUN(512, 0xa3, 0x0b, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0);
	expect_invalid_field();
}

static void test_unknown_and_short(void **state)
{
	(void)state;
	RUN(0, 0xff, 0, 0, 0, 0, 0);
	expect_sense(5, 0x20, 0);
	RUN(0, 0x5e, 0, 0, 0, 0, 0, 0, 0, 8, 0); /* reservations */
	expect_sense(5, 0x20, 0);
	RUN(BLOCK, 0x28, 0, 0, 0, 0, 1); /* cut off */
	expect_invalid_field();
}

/* Any bytes: an answer, and never more data than there is room for. */
static void test_garbage(void **state)
{
	struct fake_random random = {3};
	unsigned int good = 0;

	(void)state;
	for (unsigned int i = 0; i < 300000; i++) {
		uint8_t cdb[16];
		const uint64_t length = fake_random_below(&random, 4096);
		uint8_t *const exact = malloc(length ? length : 1);

		for (unsigned int j = 0; j < 16; j++)
			cdb[j] =
				fake_random_below(&random, 3)
					? (uint8_t)fake_random_below(&random, 4)
					: (uint8_t)fake_random(&random);
		memset(exact, (int)fake_random(&random), length ? length : 1);
		memset(&request, 0, sizeof(request));
		memcpy(request.cdb, cdb, 16);
		request.cdb_length = 16;
		spans[0] = (struct span){exact, length};
		request.spans = spans;
		request.span_count = length ? 1 : 0;
		request.length = length;
		request.done = on_done;
		done = 0;
		unit->execute(unit, &request);
		disk_answer_all(&disk);
		assert_int_equal(done, 1);
		assert_true(request.transferred <= length);
		good += request.status == 0;
		free(exact);
	}
	assert_true(good > 1000);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_unit_ready),
		TEST(test_inquiry),
		TEST(test_vital_pages),
		TEST(test_long_identity),
		TEST(test_report_luns),
		TEST(test_capacity),
		TEST(test_large_capacity),
		TEST(test_read_write_forms),
		TEST(test_residual),
		TEST(test_fua_and_protection),
		TEST(test_errors_below),
		TEST(test_readonly),
		TEST(test_flush_and_verify),
		TEST(test_write_same),
		TEST(test_unmap),
		TEST(test_mode_sense),
		TEST(test_mode_select),
		TEST(test_small_commands),
		TEST(test_supported_operations),
		TEST(test_unknown_and_short),
		TEST(test_garbage),
	};

	return cmocka_run_group_tests_name("scsi", tests, NULL, NULL);
}
