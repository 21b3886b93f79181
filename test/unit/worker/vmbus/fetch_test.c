/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What lies in a ring is fetched from the child's memory once: here the child
 * changes every byte as soon as it was read, and nothing may come of it.
 */
#include "fake.h"

#include <stdlib.h>
#include <string.h>

#include "worker/vmbus/ring.h"

#define PAGES 2 /* header and data */

static uint8_t *data; /* the ring's, in the child */
static unsigned int twice;
static uint8_t seen[4096];

/* As memcpy(); a byte of the ring is spoiled behind the reader's back. */
static void *fetch(void *to, const void *from, size_t size)
{
	const uintptr_t offset = (uintptr_t)from - (uintptr_t)data;

	memmove(to, from, size);
	for (uintptr_t i = offset; offset < 4096 && i < offset + size; i++) {
		twice += seen[i]++ != 0;
		data[i] = (uint8_t)(data[i] ^ 0xff);
	}
	return to;
}

/* A copy of the ring's code of our own, with that child. */
#define memcpy		    fetch
#define RING_COPY(function) fetching_##function
#include "ring_copy.h"
#undef memcpy

static void test_one_fetch(void **state)
{
	uint8_t *memory = aligned_alloc(4096, PAGES * 4096);
	uint8_t *const pages[PAGES] = {memory, memory + 4096};
	const char text[] = "what the child said";
	uint64_t buffer[64];
	const struct vmbus_packet_descriptor *descriptor = (void *)buffer;
	struct ring writer, reader;
	size_t size = 0;

	(void)state;
	memset(memory, 0, PAGES * 4096);
	assert_true(ring_init(&writer, pages, PAGES, true));
	assert_true(ring_init(&reader, pages, PAGES, false));
	assert_int_equal(ring_write(&writer,
				    &(struct ring_packet){
					    .type = VMBUS_PACKET_IN_BAND,
					    .transaction_id = 7,
					    .payload = {text, sizeof(text)},
				    }),
			 RING_OK);
	ring_flush(&writer);
	data = pages[1];
	assert_int_equal(ring_peek(&reader, buffer, sizeof(buffer), &size),
			 RING_OK);
	assert_int_equal(twice, 0);
	assert_int_equal(descriptor->type, VMBUS_PACKET_IN_BAND);
	assert_int_equal(descriptor->transaction_id, 7);
	assert_int_equal(descriptor->length8 * VMBUS_PACKET_UNIT, size);
	assert_string_equal((char *)buffer + sizeof(*descriptor), text);
	data = NULL;
	free(memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_one_fetch)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
