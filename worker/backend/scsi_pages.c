// SPDX-License-Identifier: GPL-2.0-or-later
/* What the SCSI disk tells of itself: INQUIRY, vital data, mode pages. */
#include "scsi_target.h"

#include <string.h>

#define VENDOR	 "BULKHEAD"
#define PRODUCT	 "Virtual Disk    "
#define REVISION "1.0 "

/* A page that is being put together. */
struct page {
	uint8_t bytes[256];
	size_t size;
};

/* ---- INQUIRY (SPC-4 6.6) ---- */

static void inquiry_standard(struct page *page)
{
	uint8_t *const at = page->bytes;

	page->size = 96;
	at[2] = 6;    /* SPC-4 */
	at[3] = 0x12; /* hierarchical units, response format 2 */
	at[4] = (uint8_t)(page->size - 5);
	at[7] = 0x02; /* command queueing */
	memcpy(at + 8, VENDOR, 8);
	memcpy(at + 16, PRODUCT, 16);
	memcpy(at + 32, REVISION, 4);
	big_endian_set16(at + 58, 0x00a0); /* SAM-5 */
	big_endian_set16(at + 60, 0x0460); /* SPC-4 */
	big_endian_set16(at + 62, 0x04c0); /* SBC-3 */
}

static size_t identity_length(const struct scsi_disk *disk)
{
	return strnlen(disk->block->identity, sizeof(disk->block->identity));
}

static void vpd_supported(const struct scsi_disk *disk, struct page *page)
{
	static const uint8_t pages[] = {0x00, 0x80, 0x83, 0xb0, 0xb1, 0xb2};

	(void)disk;
	memcpy(page->bytes + 4, pages, sizeof(pages));
	page->size = 4 + sizeof(pages);
}

static void vpd_serial(const struct scsi_disk *disk, struct page *page)
{
	const size_t length = identity_length(disk);

	memcpy(page->bytes + 4, disk->block->identity, length);
	page->size = 4 + length;
}

/* FNV-1a: the same name always gives the same number. */
static uint64_t identity_number(const struct scsi_disk *disk)
{
	const size_t length = identity_length(disk);
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < length; i++) {
		hash ^= (uint8_t)disk->block->identity[i];
		hash *= 0x100000001b3u;
	}
	return hash;
}

static void vpd_identification(const struct scsi_disk *disk, struct page *page)
{
	const size_t length = identity_length(disk);
	uint8_t *at = page->bytes + 4;

	at[0] = 0x02; /* ASCII */
	at[1] = 0x01; /* vendor and what it calls the unit */
	at[3] = (uint8_t)(8 + length);
	memcpy(at + 4, VENDOR, 8);
	memcpy(at + 12, disk->block->identity, length);
	at += 12 + length;

	at[0] = 0x01; /* binary */
	at[1] = 0x03; /* NAA, type 3: assigned locally */
	at[3] = 8;
	big_endian_set64(at + 4, identity_number(disk) >> 4 | 3ULL << 60);
	page->size = (size_t)(at + 12 - page->bytes);
}

static void vpd_limits(const struct scsi_disk *disk, struct page *page)
{
	const struct block_device *const block = disk->block;
	const uint32_t granularity = block->physical_size / block->logical_size;
	uint8_t *const at = page->bytes;

	page->size = 64;
	at[4] = 0x01; /* WRITE SAME of 0 blocks is refused */
	big_endian_set16(at + 6, (uint16_t)granularity);
	if (block->discards) {
		big_endian_set32(at + 20, UNMAP_BLOCKS_MAX);
		big_endian_set32(at + 24, SCSI_EXTENTS_MAX);
		big_endian_set32(at + 28, granularity);
	}
	big_endian_set64(at + 36, UNMAP_BLOCKS_MAX);
}

static void vpd_characteristics(const struct scsi_disk *disk, struct page *page)
{
	(void)disk;
	page->size = 64;
	big_endian_set16(page->bytes + 4, 1); /* nothing rotates */
}

static void vpd_provisioning(const struct scsi_disk *disk, struct page *page)
{
	page->size = 8;
	if (!disk->block->discards)
		return;
	page->bytes[5] = 0xe0; /* UNMAP, WRITE SAME(16) and (10) unmap */
	page->bytes[6] = 0x02; /* thin */
}

static bool vpd_page(const struct scsi_disk *disk, uint8_t code,
		     struct page *page)
{
	switch (code) {
	case 0x00:
		vpd_supported(disk, page);
		break;
	case 0x80:
		vpd_serial(disk, page);
		break;
	case 0x83:
		vpd_identification(disk, page);
		break;
	case 0xb0:
		vpd_limits(disk, page);
		break;
	case 0xb1:
		vpd_characteristics(disk, page);
		break;
	case 0xb2:
		vpd_provisioning(disk, page);
		break;
	default:
		return false;
	}
	page->bytes[1] = code;
	big_endian_set16(page->bytes + 2, (uint16_t)(page->size - 4));
	return true;
}

void scsi_inquiry(struct scsi_disk *disk, struct scsi_request *request)
{
	const uint8_t *const cdb = request->cdb;
	struct page page = {0};
	const bool vital = cdb[1] & 0x01;

	if (cdb[1] & 0xfe || (!vital && cdb[2])) {
		scsi_fail(request, SENSE_INVALID_FIELD_IN_CDB);
		return;
	}
	if (!vital) {
		inquiry_standard(&page);
	} else if (!vpd_page(disk, cdb[2], &page)) {
		scsi_fail(request, SENSE_INVALID_FIELD_IN_CDB);
		return;
	}
	scsi_answer(request, page.bytes, page.size, big_endian_get16(cdb + 3));
}

/* ---- Mode pages (SPC-4 7.5, SBC-3 6.5) ---- */

#define MODE_ALL	    0x3f
#define MODE_CACHING	    0x08
#define CACHING_WRITE_CACHE 0x04 /* in byte 2 */

enum page_control {
	PAGE_CURRENT,
	PAGE_CHANGEABLE,
	PAGE_DEFAULT,
	PAGE_SAVED
};

/* Puts one page at to; returns its size, 0 when there is no such page. */
static size_t mode_page(const struct scsi_disk *disk, uint8_t code,
			enum page_control control, uint8_t *to)
{
	const bool changeable = control == PAGE_CHANGEABLE;
	size_t size = 12;

	if (code == MODE_CACHING)
		size = 20;
	memset(to, 0, size);
	to[0] = code;
	to[1] = (uint8_t)(size - 2);
	switch (code) {
	case 0x01: /* read-write error recovery */
		break;
	case MODE_CACHING:
		if (changeable || control == PAGE_DEFAULT || disk->write_cache)
			to[2] = CACHING_WRITE_CACHE;
		break;
	case 0x0a: /* control */
		if (!changeable) {
			to[3] = 0x10; /* commands may be reordered */
			big_endian_set16(to + 8, 0xffff);
		}
		break;
	case 0x1c: /* informational exceptions */
		if (!changeable)
			to[2] = 0x08; /* none reported */
		break;
	default:
		return 0;
	}
	return size;
}

/* The page asked for or all of them; returns their size. */
static size_t mode_pages(const struct scsi_disk *disk, const uint8_t *cdb,
			 uint8_t *to)
{
	static const uint8_t pages[] = {0x01, MODE_CACHING, 0x0a, 0x1c};
	const enum page_control control = cdb[2] >> 6;
	const uint8_t wanted = cdb[2] & 0x3f;
	size_t size = 0;

	/* There are no subpages; 0xff means all of them. */
	if (cdb[3] && cdb[3] != 0xff)
		return 0;
	for (size_t i = 0; i < sizeof(pages); i++)
		if (wanted == MODE_ALL || wanted == pages[i])
			size += mode_page(disk, pages[i], control, to + size);
	return size;
}

static size_t mode_descriptor(const struct scsi_disk *disk, uint8_t *to)
{
	big_endian_set32(to, disk->blocks > UINT32_MAX
				     ? UINT32_MAX
				     : (uint32_t)disk->blocks);
	big_endian_set32(to + 4, disk->block->logical_size & 0xffffff);
	return 8;
}

void scsi_mode_sense(struct scsi_disk *disk, struct scsi_request *request)
{
	const uint8_t *const cdb = request->cdb;
	const bool is_short = cdb[0] == SCSI_MODE_SENSE_6;
	const size_t head = is_short ? 4 : 8;
	const uint8_t device_specific =
		(uint8_t)((disk->block->readonly ? 0x80 : 0) | 0x10); /* FUA */
	struct page page = {.size = head};
	uint8_t *const at = page.bytes;

	if (cdb[2] >> 6 == PAGE_SAVED) {
		scsi_fail(request, SENSE_SAVING_NOT_SUPPORTED);
		return;
	}
	if (!(cdb[1] & 0x08)) /* block descriptor wanted */
		page.size += mode_descriptor(disk, at + head);

	const size_t descriptor = page.size - head;
	const size_t pages = mode_pages(disk, cdb, at + page.size);

	if (!pages) {
		scsi_fail(request, SENSE_INVALID_FIELD_IN_CDB);
		return;
	}
	page.size += pages;
	if (is_short) {
		at[0] = (uint8_t)(page.size - 1);
		at[2] = device_specific;
		at[3] = (uint8_t)descriptor;
	} else {
		big_endian_set16(at, (uint16_t)(page.size - 2));
		at[3] = device_specific;
		big_endian_set16(at + 6, (uint16_t)descriptor);
	}
	scsi_answer(request, at, page.size,
		    is_short ? cdb[4] : big_endian_get16(cdb + 7));
}

/* One page of a parameter list: only what is changeable may differ. */
static bool mode_page_acceptable(const struct scsi_disk *disk,
				 const uint8_t *page, size_t size)
{
	uint8_t now[32];
	uint8_t changeable[32];
	const size_t expected =
		mode_page(disk, page[0] & 0x3f, PAGE_CURRENT, now);

	if (!expected || expected != size || page[0] & 0x40)
		return false;
	mode_page(disk, page[0] & 0x3f, PAGE_CHANGEABLE, changeable);
	for (size_t i = 2; i < size; i++)
		if ((page[i] ^ now[i]) & ~changeable[i])
			return false;
	return true;
}

static uint32_t mode_select_list(struct scsi_disk *disk, const uint8_t *list,
				 size_t size, bool is_short)
{
	const size_t head = is_short ? 4 : 8;
	bool write_cache = disk->write_cache;

	if (size < head)
		return SENSE_PARAMETER_LIST_LENGTH;

	size_t at = head + (is_short ? list[3] : big_endian_get16(list + 6));

	/* Everything is checked before anything changes. */
	while (at < size) {
		if (size - at < 2 || size - at < list[at + 1] + 2u)
			return SENSE_PARAMETER_LIST_LENGTH;

		const size_t length = list[at + 1] + 2u;

		if (!mode_page_acceptable(disk, list + at, length))
			return SENSE_INVALID_FIELD_IN_LIST;
		if ((list[at] & 0x3f) == MODE_CACHING)
			write_cache = list[at + 2] & CACHING_WRITE_CACHE;
		at += length;
	}
	if (at > size)
		return SENSE_PARAMETER_LIST_LENGTH;
	disk->write_cache = write_cache;
	return SENSE_NONE;
}

void scsi_mode_select(struct scsi_disk *disk, struct scsi_request *request)
{
	const uint8_t *const cdb = request->cdb;
	const bool is_short = cdb[0] == SCSI_MODE_SELECT_6;
	const size_t length = is_short ? cdb[4] : big_endian_get16(cdb + 7);
	uint8_t list[256];

	if (cdb[1] & 0x01 || !(cdb[1] & 0x10) || length > sizeof(list)) {
		scsi_fail(request, SENSE_INVALID_FIELD_IN_CDB);
		return;
	}
	if (!length) {
		scsi_good(request);
		return;
	}

	const uint64_t got = spans_read(request->spans, request->span_count, 0,
					list, length);
	const uint32_t sense =
		got < length ? SENSE_PARAMETER_LIST_LENGTH
			     : mode_select_list(disk, list, length, is_short);

	request->transferred = got;
	if (sense)
		scsi_fail(request, sense);
	else
		scsi_good(request);
}
