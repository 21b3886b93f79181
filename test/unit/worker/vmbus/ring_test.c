// SPDX-License-Identifier: GPL-2.0-or-later
/* Rings: packets of all sizes round and round, signalling, hostile headers. */
#include "fake.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "worker/vmbus/ring.h"

#define PAGES 3 /* header and 8 KiB */
#define SIZE  ((PAGES - 1) * 4096u)

/* The two ends of one ring; its data pages lie in reverse order. */
struct ends {
	uint8_t *memory;
	uint8_t *pages[PAGES];
	struct vmbus_ring_header *header;
	struct ring writer;
	struct ring reader;
};

static void ends_init(struct ends *ends)
{
	ends->memory = aligned_alloc(4096, PAGES * 4096);
	memset(ends->memory, 0, PAGES * 4096);
	for (unsigned int i = 0; i < PAGES; i++)
		ends->pages[i] = ends->memory + (PAGES - 1 - i) * 4096;
	ends->header = (struct vmbus_ring_header *)(void *)ends->pages[0];
	assert_true(ring_init(&ends->writer, ends->pages, PAGES, true));
	assert_true(ring_init(&ends->reader, ends->pages, PAGES, false));
}

static void ends_destroy(struct ends *ends)
{
	free(ends->memory);
}

static enum ring_result put(struct ends *ends, uint64_t id, const void *data,
			    size_t size)
{
	return ring_write(&ends->writer, &(struct ring_packet){
						 .type = VMBUS_PACKET_IN_BAND,
						 .flags = 1,
						 .transaction_id = id,
						 .payload = {data, size},
					 });
}

/* The bytes of packet number id. */
static size_t make(struct fake_random *random, uint64_t id, uint8_t *data)
{
	const size_t size = fake_random_below(random, 2000);

	for (size_t i = 0; i < size; i++)
		data[i] = (uint8_t)(id * 31 + i);
	return size;
}

static void check(const uint8_t *copy, size_t size, uint64_t id,
		  const uint8_t *data, size_t expected)
{
	const struct vmbus_packet_descriptor *const descriptor =
		(const void *)copy;

	assert_int_equal(descriptor->type, VMBUS_PACKET_IN_BAND);
	assert_int_equal(descriptor->flags, 1);
	assert_int_equal(descriptor->transaction_id, id);
	assert_int_equal(size, 16 + (expected + 7) / 8 * 8);
	assert_memory_equal(copy + 16, data, expected);
}

/* Whatever is written comes out, in order, whole, whoever runs ahead. */
static void test_random_interleaving(void **state)
{
	struct ends ends;
	struct fake_random random = {1};
	struct fake_random again = {1000};
	struct fake_random sizes = {1000};
	uint64_t written = 0;
	uint64_t read = 0;
	unsigned int full = 0;
	static uint64_t copy[4096 / 8];
	uint8_t data[2000];
	bool have = false;
	size_t size = 0;

	(void)state;
	ends_init(&ends);
	while (read < 50000) {
		if (fake_random_below(&random, 2)) {
			if (!have)
				size = make(&sizes, written, data);
			have = true;

			const enum ring_result result =
				put(&ends, written, data, size);

			assert_true(result == RING_OK || result == RING_FULL);
			if (result == RING_OK) {
				written++;
				have = false;
			} else {
				full++;
			}
			ring_flush(&ends.writer);
		} else {
			uint8_t expected[2000];
			size_t got;

			if (ring_peek(&ends.reader, copy, sizeof(copy), &got) !=
			    RING_OK) {
				assert_int_equal(read, written);
				continue;
			}

			const size_t length = make(&again, read, expected);

			check((uint8_t *)copy, got, read, expected, length);
			ring_consume(&ends.reader, got);
			ring_publish(&ends.reader);
			read++;
		}
	}
	assert_true(full > 100);
	ends_destroy(&ends);
}

/* Every size at every place: descriptors and trailers across the end. */
static void test_wrap_at_every_place(void **state)
{
	struct ends ends;
	uint8_t data[64];
	uint64_t copy[16];

	(void)state;
	ends_init(&ends);
	for (unsigned int i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i + 1);
	for (uint64_t id = 0; id < SIZE; id++) {
		const size_t length = id * 5 % sizeof(data);
		size_t size;

		assert_int_equal(put(&ends, id, data, length), RING_OK);
		ring_flush(&ends.writer);
		assert_int_equal(
			ring_peek(&ends.reader, copy, sizeof(copy), &size),
			RING_OK);
		check((uint8_t *)copy, size, id, data, length);
		ring_consume(&ends.reader, size);
		ring_publish(&ends.reader);
	}
	ends_destroy(&ends);
}

static void test_never_completely_full(void **state)
{
	struct ends ends;
	static uint8_t data[SIZE];
	const size_t largest = SIZE - 8 - 8 - 16;

	(void)state;
	ends_init(&ends);
	/* Descriptor, trailer and this payload would leave nothing free. */
	assert_int_equal(put(&ends, 0, data, largest + 8), RING_BROKEN);
	assert_int_equal(put(&ends, 0, data, largest), RING_OK);
	assert_int_equal(put(&ends, 0, data, 0), RING_FULL);
	ends_destroy(&ends);
}

static void test_header_and_padding(void **state)
{
	struct ends ends;
	const uint64_t header[2] = {0x1111, 0x2222};
	uint64_t copy[16];
	size_t size;

	(void)state;
	ends_init(&ends);
	assert_int_equal(ring_write(&ends.writer,
				    &(struct ring_packet){
					    .type = VMBUS_PACKET_TRANSFER_PAGES,
					    .header = {header, sizeof(header)},
					    .payload = {"abc", 3},
				    }),
			 RING_OK);
	ring_flush(&ends.writer);
	assert_int_equal(ring_peek(&ends.reader, copy, sizeof(copy), &size),
			 RING_OK);
	assert_int_equal(size, 16 + 16 + 8);
	assert_memory_equal(copy + 2, header, sizeof(header));
	assert_memory_equal(copy + 4, "abc\0\0\0\0\0", 8);
	/* A header that is not of whole units cannot be said. */
	assert_int_equal(
		ring_write(&ends.writer,
			   &(struct ring_packet){.header = {header, 4}}),
		RING_BROKEN);
	ends_destroy(&ends);
}

static void test_signal_when_empty_and_unmasked(void **state)
{
	struct ends ends;
	uint64_t copy[16];
	size_t size;

	(void)state;
	ends_init(&ends);
	assert_false(ring_flush(&ends.writer)); /* nothing written */
	assert_int_equal(put(&ends, 0, "x", 1), RING_OK);
	/* Not seen before the flush. */
	assert_int_equal(ring_peek(&ends.reader, copy, sizeof(copy), &size),
			 RING_EMPTY);
	assert_true(ring_flush(&ends.writer));
	assert_int_equal(put(&ends, 1, "x", 1), RING_OK);
	assert_false(ring_flush(&ends.writer)); /* was not empty */
	while (ring_peek(&ends.reader, copy, sizeof(copy), &size) == RING_OK)
		ring_consume(&ends.reader, size);
	ring_publish(&ends.reader);
	ring_mask(&ends.reader);
	assert_int_equal(put(&ends, 2, "x", 1), RING_OK);
	assert_false(ring_flush(&ends.writer)); /* masked */
	assert_true(ring_unmask(&ends.reader)); /* but not forgotten */
	assert_int_equal(ring_peek(&ends.reader, copy, sizeof(copy), &size),
			 RING_OK);
	ring_consume(&ends.reader, size);
	ring_publish(&ends.reader);
	assert_false(ring_unmask(&ends.reader));
	ends_destroy(&ends);
}

/* The writer is told once: on the way from too little room to enough. */
static void test_pending_send_size(void **state)
{
	struct ends ends;
	uint8_t data[1000] = {0};
	uint64_t copy[256];
	unsigned int signals = 0;
	size_t size;

	(void)state;
	ends_init(&ends);
	while (put(&ends, 0, data, sizeof(data)) == RING_OK)
		;
	ring_flush(&ends.writer);
	assert_int_equal(ends.header->pending_send_size, 1000 + 16 + 8);
	while (ring_peek(&ends.reader, copy, sizeof(copy), &size) == RING_OK) {
		ring_consume(&ends.reader, size);
		signals += ring_publish(&ends.reader);
	}
	assert_int_equal(signals, 1);
	assert_int_equal(put(&ends, 0, data, sizeof(data)), RING_OK);
	assert_int_equal(ends.header->pending_send_size, 0);
	ends_destroy(&ends);
}

static void test_init_refuses(void **state)
{
	struct ends ends;
	struct ring ring;

	(void)state;
	ends_init(&ends);
	assert_false(ring_init(&ring, ends.pages, 1, true));
	assert_false(ring_init(&ring, ends.pages, 0, true));
	ends.header->write_index = SIZE;
	assert_false(ring_init(&ring, ends.pages, PAGES, true));
	ends.header->write_index = 4;
	assert_false(ring_init(&ring, ends.pages, PAGES, false));
	ends.header->write_index = 0;
	ends.header->read_index = 0xfffffff8;
	assert_false(ring_init(&ring, ends.pages, PAGES, true));
	ends.header->read_index = SIZE - 8;
	assert_true(ring_init(&ring, ends.pages, PAGES, true));
	ends_destroy(&ends);
}

static void expect_broken(const struct vmbus_packet_descriptor *descriptor,
			  uint32_t write)
{
	struct ends ends;
	uint64_t copy[512];
	size_t size;

	ends_init(&ends);
	memcpy(ends.pages[1], descriptor, sizeof(*descriptor));
	ends.header->write_index = write;
	assert_int_equal(ring_peek(&ends.reader, copy, sizeof(copy), &size),
			 RING_BROKEN);
	ends_destroy(&ends);
}

static void test_hostile_lengths(void **state)
{
	struct vmbus_packet_descriptor good = {
		.type = 6, .data_offset8 = 2, .length8 = 4};
	struct vmbus_packet_descriptor bad;

	(void)state;
	bad = good;
	bad.data_offset8 = 1;
	expect_broken(&bad, 40);
	bad = good;
	bad.data_offset8 = 5;
	expect_broken(&bad, 40);
	bad = good;
	bad.length8 = 5; /* one unit beyond what is there */
	expect_broken(&bad, 40);
	bad = good;
	bad.length8 = 0xffff;
	expect_broken(&bad, 40);
	bad = good;
	bad.length8 = 1;
	expect_broken(&bad, 40);
	expect_broken(&good, 16); /* not even descriptor and trailer */
	expect_broken(&good, 41);
	expect_broken(&good, SIZE);
	expect_broken(&good, 0xffffffff);
	bad = good;
	bad.length8 = 600; /* fits the ring, not the buffer */
	expect_broken(&bad, SIZE - 8);
}

static void test_hostile_read_index(void **state)
{
	struct ends ends;
	static uint8_t data[SIZE / 2];

	(void)state;
	ends_init(&ends);
	assert_int_equal(put(&ends, 0, data, sizeof(data)), RING_OK);
	ends.header->read_index = SIZE;
	assert_int_equal(put(&ends, 0, data, sizeof(data)), RING_BROKEN);
	ends.header->read_index = 3;
	assert_int_equal(put(&ends, 0, data, sizeof(data)), RING_BROKEN);
	/* Our own index in its header means nothing to us. */
	ends.header->read_index = 0;
	ends.header->write_index = 0x12345678;
	assert_int_equal(put(&ends, 0, data, 16), RING_OK);
	ends_destroy(&ends);
}

/* Random bytes all over: results, but never a byte outside. */
static void test_garbage(void **state)
{
	struct fake_random random = {77};
	uint64_t copy[512];

	(void)state;
	for (unsigned int round = 0; round < 20000; round++) {
		struct ends ends;
		size_t size = 0;

		ends_init(&ends);
		for (unsigned int i = 0; i < 2 * 4096; i += 2) {
			const uint32_t word = fake_random(&random);

			memcpy(ends.memory + i, &word,
			       fake_random_below(&random, 3));
			i += 32;
		}
		ends.header->write_index =
			fake_random_below(&random, SIZE / 8 + 2) * 8;
		ends.header->read_index =
			fake_random_below(&random, SIZE / 8 + 2) * 8;
		for (unsigned int i = 0; i < 20; i++) {
			if (ring_peek(&ends.reader, copy, sizeof(copy),
				      &size) == RING_OK) {
				assert_true(size <= sizeof(copy));
				ring_consume(&ends.reader, size);
			}
			ring_publish(&ends.reader);
			put(&ends, i, copy, fake_random_below(&random, 512));
			ring_flush(&ends.writer);
		}
		ends_destroy(&ends);
	}
}

/* ---- Two threads: nothing is lost, nobody sleeps for ever ---- */

#define STRESS_PACKETS 300000u

struct sleeper {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool signalled;
};

struct stress {
	struct ends ends;
	struct sleeper reader;
	struct sleeper writer;
	uint64_t sum;
	unsigned int sleeps;
};

static void sleeper_init(struct sleeper *sleeper)
{
	pthread_mutex_init(&sleeper->lock, NULL);
	pthread_cond_init(&sleeper->cond, NULL);
	sleeper->signalled = false;
}

static void sleeper_wake(struct sleeper *sleeper)
{
	pthread_mutex_lock(&sleeper->lock);
	sleeper->signalled = true;
	pthread_cond_signal(&sleeper->cond);
	pthread_mutex_unlock(&sleeper->lock);
}

/* A signal that is missing shows as a time-out. */
static void sleeper_wait(struct sleeper *sleeper)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 20;
	pthread_mutex_lock(&sleeper->lock);
	while (!sleeper->signalled)
		assert_int_equal(pthread_cond_timedwait(&sleeper->cond,
							&sleeper->lock, &until),
				 0);
	sleeper->signalled = false;
	pthread_mutex_unlock(&sleeper->lock);
}

/* Keeps the reader near the end of the ring, where the races are. */
static void dawdle(struct fake_random *random)
{
	volatile uint32_t spin = fake_random_below(random, 400);

	while (spin)
		spin--;
}

static void *stress_writer(void *argument)
{
	struct stress *const stress = argument;
	struct fake_random random = {5};
	uint8_t data[600] = {0};

	for (uint64_t id = 0; id < STRESS_PACKETS; id++) {
		const size_t size = fake_random_below(&random, sizeof(data));

		while (put(&stress->ends, id, data, size) != RING_OK) {
			/* As the channel does: show, ask again, then sleep. */
			if (ring_flush(&stress->ends.writer))
				sleeper_wake(&stress->reader);
			if (put(&stress->ends, id, data, size) == RING_OK)
				break;
			sleeper_wait(&stress->writer);
		}
		/* Sometimes several packets become visible at once. */
		if (fake_random_below(&random, 3) &&
		    ring_flush(&stress->ends.writer))
			sleeper_wake(&stress->reader);
		dawdle(&random);
	}
	if (ring_flush(&stress->ends.writer))
		sleeper_wake(&stress->reader);
	return NULL;
}

static void stress_read(struct stress *stress)
{
	struct ring *const ring = &stress->ends.reader;
	uint64_t expected = 0;
	uint64_t copy[128];
	size_t size;

	while (expected < STRESS_PACKETS) {
		ring_mask(ring);
		do {
			while (ring_peek(ring, copy, sizeof(copy), &size) ==
			       RING_OK) {
				assert_int_equal(copy[1], expected);
				expected++;
				ring_consume(ring, size);
				if (expected % 3 == 0 && ring_publish(ring))
					sleeper_wake(&stress->writer);
			}
			if (ring_publish(ring))
				sleeper_wake(&stress->writer);
		} while (ring_unmask(ring));
		if (expected < STRESS_PACKETS) {
			stress->sleeps++;
			sleeper_wait(&stress->reader);
		}
	}
}

static void test_two_threads(void **state)
{
	static struct stress stress;
	pthread_t writer;

	(void)state;
	ends_init(&stress.ends);
	sleeper_init(&stress.reader);
	sleeper_init(&stress.writer);
	assert_int_equal(pthread_create(&writer, NULL, stress_writer, &stress),
			 0);
	stress_read(&stress);
	pthread_join(writer, NULL);
	print_message("the reader slept %u times\n", stress.sleeps);
	assert_true(stress.sleeps > 10);
	ends_destroy(&stress.ends);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_interleaving),
		cmocka_unit_test(test_wrap_at_every_place),
		cmocka_unit_test(test_never_completely_full),
		cmocka_unit_test(test_header_and_padding),
		cmocka_unit_test(test_signal_when_empty_and_unmasked),
		cmocka_unit_test(test_pending_send_size),
		cmocka_unit_test(test_init_refuses),
		cmocka_unit_test(test_hostile_lengths),
		cmocka_unit_test(test_hostile_read_index),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_two_threads),
	};

	return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}
