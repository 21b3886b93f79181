/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Both ends of a ring, while the child writes what it likes into it. */
#include "fuzz.h"

#include "worker/vmbus/ring.h"

#define PAGES	 3u
#define CAPACITY 512u

static uint8_t *pages[2 * PAGES]; /* of in, then of out */
static struct ring rings[2];
static uint8_t *buffer;

static void poke_header(struct fuzz *fuzz, struct vmbus_ring_header *header)
{
	const uint8_t which = fuzz_8(fuzz);
	const uint32_t value = which & 8 ? fuzz_32(fuzz) : fuzz_16(fuzz);

	switch (which & 3) {
	case 0:
		header->write_index = value;
		break;
	case 1:
		header->read_index = value;
		break;
	case 2:
		header->interrupt_mask = value;
		break;
	case 3:
		header->pending_send_size = value;
		header->feature_bits = which >> 4;
		break;
	}
}

/* A packet where the worker looks next, its lengths true or not. */
static void poke_packet(struct fuzz *fuzz, struct vmbus_ring_header *header)
{
	struct vmbus_packet_descriptor descriptor = {
		.type = VMBUS_PACKET_IN_BAND,
		.data_offset8 = fuzz_8(fuzz) % 8,
		.length8 = fuzz_8(fuzz),
		.flags = 1,
	};
	const uint32_t size = rings[0].size;
	uint32_t at = header->write_index % size;
	const uint8_t *from = (const void *)&descriptor;

	for (size_t i = 0; i < sizeof(descriptor); i++) {
		pages[1 + at / 4096][at % 4096] = from[i];
		at = (at + 1) % size;
	}
	at = header->write_index % size;
	header->write_index = (at + descriptor.length8 * 8u + 8) % size;
}

static bool receive(struct fuzz *fuzz)
{
	const size_t capacity = 16 + fuzz_8(fuzz) * 2u % (CAPACITY - 15);
	struct vmbus_packet_descriptor descriptor;
	size_t size = 0;
	const enum ring_result result = ring_peek(
		&rings[0], buffer + CAPACITY - capacity, capacity, &size);

	if (result == RING_BROKEN)
		return false;
	if (result != RING_OK)
		return true;
	FUZZ_CHECK(size <= capacity && size >= 16);
	memcpy(&descriptor, buffer + CAPACITY - capacity, sizeof(descriptor));
	FUZZ_CHECK(descriptor.length8 * 8u == size);
	FUZZ_CHECK(descriptor.data_offset8 >= 2);
	FUZZ_CHECK(descriptor.data_offset8 <= descriptor.length8);
	ring_consume(&rings[0], size);
	return true;
}

static bool send(struct fuzz *fuzz)
{
	const struct ring_packet packet = {
		.type = VMBUS_PACKET_COMPLETION,
		.header = {buffer, fuzz_8(fuzz) % 8 * 8u},
		.payload = {buffer, fuzz_16(fuzz) % CAPACITY},
	};

	return ring_write(&rings[1], &packet) != RING_BROKEN;
}

static bool step(struct fuzz *fuzz)
{
	const uint8_t operation = fuzz_8(fuzz);
	const unsigned int which = operation >> 7;
	const uint16_t at = fuzz_16(fuzz);

	switch (operation & 15) {
	case 0:
		fuzz_bytes(fuzz, pages[at / 4096 % (2 * PAGES)] + at % 4080,
			   operation >> 4);
		return true;
	case 1:
	case 2:
		poke_header(fuzz, (void *)pages[which * PAGES]);
		return true;
	case 3:
	case 4:
		poke_packet(fuzz, (void *)pages[0]);
		return true;
	case 5:
		ring_publish(&rings[0]);
		return true;
	case 6:
		ring_mask(&rings[0]);
		return true;
	case 7:
		ring_unmask(&rings[0]);
		return true;
	case 8:
		ring_flush(&rings[1]);
		return true;
	case 9:
		ring_reader_signals(&rings[1]);
		return ring_room(&rings[1], at) != RING_BROKEN;
	case 10:
	case 11:
	case 12:
		return send(fuzz);
	default:
		return receive(fuzz);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = {data, size, 0};

	if (!buffer)
		buffer = malloc(CAPACITY);
	/* Apart, so that none runs over into another unnoticed. */
	for (unsigned int i = 0; i < 2 * PAGES; i++) {
		if (!pages[i])
			pages[i] = aligned_alloc(4096, 4096);
		memset(pages[i], 0, 4096);
	}
	memset(buffer, 0x5a, CAPACITY);
	fuzz_bytes(&fuzz, pages[0], 16);
	fuzz_bytes(&fuzz, pages[PAGES], 16);
	if (!ring_init(&rings[0], pages, PAGES, false) ||
	    !ring_init(&rings[1], pages + PAGES, PAGES, true))
		return 0;
	while (fuzz_more(&fuzz) && step(&fuzz)) {
		FUZZ_CHECK(rings[0].index < rings[0].size);
		FUZZ_CHECK(rings[1].index < rings[1].size);
	}
	return 0;
}
