// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rings, with the two sides taking turns at any access to the header. A
 * wake-up that gets lost shows at once: both sides sleep and work is left.
 */
#include "fake.h"

#include <pthread.h>
#include <string.h>

#include "worker/vmbus/ring.h"

static void interleave(void);

/* A copy of the ring's code of our own, which stops at each access. */
#define __atomic_load_n(at, order) (interleave(), __atomic_load_n(at, order))
#define __atomic_store_n(at, value, order)                                     \
	(interleave(), __atomic_store_n(at, value, order))
#define RING_COPY(function) woven_##function
#include "ring_copy.h"

#define PACKETS 40000u

enum side {
	WRITER,
	READER
};

/*
 * Two threads of which one runs at a time: it gives the baton away at random
 * accesses, so that every order of accesses can come up, and the same seed
 * gives the same order.
 */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t turn;
	enum side running;
	bool finished[2];
	bool asleep[2];
	bool signalled[2];
	unsigned int sleeps[2];
	bool lost; /* both asleep */
	struct fake_random random;
	struct ring writer;
	struct ring reader;
	uint64_t written;
	uint64_t read;
	unsigned int switches;
	unsigned int rounds_again; /* unmask found something */
} weave;

static void switch_away(void)
{
	const enum side self = weave.running;
	const enum side other = self == WRITER ? READER : WRITER;

	if (weave.finished[other])
		return;
	weave.switches++;
	pthread_mutex_lock(&weave.lock);
	weave.running = other;
	pthread_cond_broadcast(&weave.turn);
	while (weave.running != self)
		pthread_cond_wait(&weave.turn, &weave.lock);
	pthread_mutex_unlock(&weave.lock);
}

static void interleave(void)
{
	if (fake_random_below(&weave.random, 3) == 0)
		switch_away();
}

static void signal_side(enum side side)
{
	weave.signalled[side] = true;
}

/* Until signalled; false when that can never be. */
static bool sleep_side(enum side self)
{
	const enum side other = self == WRITER ? READER : WRITER;

	weave.sleeps[self]++;
	weave.asleep[self] = true;
	while (!weave.signalled[self] && !weave.lost) {
		if ((weave.asleep[other] && !weave.signalled[other]) ||
		    weave.finished[other])
			weave.lost = true;
		else
			switch_away();
	}
	weave.asleep[self] = false;
	weave.signalled[self] = false;
	return !weave.lost;
}

static void side_begins(enum side self)
{
	pthread_mutex_lock(&weave.lock);
	while (weave.running != self)
		pthread_cond_wait(&weave.turn, &weave.lock);
	pthread_mutex_unlock(&weave.lock);
}

static void side_ends(enum side self)
{
	pthread_mutex_lock(&weave.lock);
	weave.finished[self] = true;
	weave.running = self == WRITER ? READER : WRITER;
	pthread_cond_broadcast(&weave.turn);
	pthread_mutex_unlock(&weave.lock);
}

/* ---- The writer, as a channel does it ---- */

static void writer_show(void)
{
	if (ring_flush(&weave.writer))
		signal_side(READER);
}

static enum ring_result writer_put(void)
{
	static const uint8_t data[900];
	const size_t size = (weave.written * 37) % sizeof(data);

	return ring_write(&weave.writer,
			  &(struct ring_packet){.type = VMBUS_PACKET_IN_BAND,
						.transaction_id = weave.written,
						.payload = {data, size}});
}

static void *writer_main(void *argument)
{
	side_begins(WRITER);
	while (weave.written < PACKETS) {
		enum ring_result result = writer_put();

		if (result == RING_FULL) {
			writer_show();
			result = writer_put();
		}
		if (result == RING_FULL) {
			if (!sleep_side(WRITER))
				break;
			continue;
		}
		weave.written++;
		/* Some are held back; the last one never. */
		if (fake_random_below(&weave.random, 3) ||
		    weave.written == PACKETS)
			writer_show();
	}
	side_ends(WRITER);
	return argument;
}

/* ---- The reader ---- */

static void reader_publish(void)
{
	if (ring_publish(&weave.reader))
		signal_side(WRITER);
}

static void reader_drain(void)
{
	uint64_t copy[128];
	size_t size;

	while (ring_peek(&weave.reader, copy, sizeof(copy), &size) == RING_OK) {
		assert_int_equal(copy[1], weave.read);
		weave.read++;
		ring_consume(&weave.reader, size);
		if (fake_random_below(&weave.random, 4) == 0)
			reader_publish();
	}
	reader_publish();
}

static void reader_run(void)
{
	side_begins(READER);
	while (weave.read < PACKETS && sleep_side(READER)) {
		ring_mask(&weave.reader);
		reader_drain();
		while (ring_unmask(&weave.reader)) {
			weave.rounds_again++;
			ring_mask(&weave.reader);
			reader_drain();
		}
	}
	side_ends(READER);
}

static void weave_run(uint64_t seed)
{
	static uint8_t memory[2 * 4096] __attribute__((aligned(4096)));
	static uint8_t *const pages[2] = {memory, memory + 4096};
	pthread_t writer;

	memset(&weave, 0, sizeof(weave));
	memset(memory, 0, sizeof(memory));
	pthread_mutex_init(&weave.lock, NULL);
	pthread_cond_init(&weave.turn, NULL);
	weave.random.state = seed;
	weave.running = WRITER;
	weave.finished[READER] = true; /* nobody to switch to yet */
	assert_true(ring_init(&weave.writer, pages, 2, true));
	assert_true(ring_init(&weave.reader, pages, 2, false));
	weave.finished[READER] = false;
	pthread_create(&writer, NULL, writer_main, NULL);
	reader_run();
	pthread_join(writer, NULL);
	print_message("seed %u: %u switches, writer slept %u, reader %u, "
		      "went round again %u\n",
		      (unsigned int)seed, weave.switches, weave.sleeps[WRITER],
		      weave.sleeps[READER], weave.rounds_again);
	if (weave.lost)
		fail_msg("both sleep: %u written, %u read",
			 (unsigned int)weave.written, (unsigned int)weave.read);
	assert_int_equal(weave.read, PACKETS);
	assert_true(weave.sleeps[WRITER] > 100);
	assert_true(weave.sleeps[READER] > 100);
	assert_true(weave.rounds_again > 100);
}

static void test_no_wake_up_is_lost(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 3; seed++)
		weave_run(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_wake_up_is_lost),
	};

	return cmocka_run_group_tests_name("interleave", tests, NULL, NULL);
}
