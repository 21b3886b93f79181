/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The queue of frames: order, wrapping, the bound. */
#include "worker/backend/network_queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct network_queue *queue;
static uint8_t bytes[NETWORK_QUEUE_SIZE];

static int setup(void **state)
{
	(void)state;
	queue = calloc(1, sizeof(*queue));
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + (i >> 8));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(queue);
	return 0;
}

/* The oldest frame is bytes[0, size). */
static void front_is(uint32_t expected)
{
	struct span spans[2];
	uint8_t copy[70000];
	uint32_t size = 0;
	const unsigned int count = network_queue_front(queue, spans, &size);

	assert_true(count == 1 || count == 2);
	assert_int_equal(size, expected);
	assert_int_equal(spans_read(spans, count, 0, copy, sizeof(copy)), size);
	assert_memory_equal(copy, bytes, size);
}

static void test_order(void **state)
{
	struct span spans[2];
	uint32_t size;

	(void)state;
	assert_int_equal(network_queue_front(queue, spans, &size), 0);
	network_queue_pop(queue);
	assert_int_equal(queue->frames, 0);
	for (uint32_t i = 1; i < 100; i++)
		assert_true(network_queue_put(queue, bytes, i));
	assert_int_equal(queue->frames, 99);
	for (uint32_t i = 1; i < 100; i++) {
		front_is(i);
		network_queue_pop(queue);
	}
	assert_int_equal(network_queue_filled(queue), 0);
}

/* At every offset of the ring's end, sizes and bytes come out as put in. */
static void test_wrapping(void **state)
{
	uint32_t in = 0, out = 0;

	(void)state;
	for (unsigned int i = 0; i < 3000; i++) {
		assert_true(network_queue_put(queue, bytes, 1 + in++ % 1999));
		assert_true(network_queue_put(queue, bytes, 1 + in++ % 1999));
		front_is(1 + out++ % 1999);
		network_queue_pop(queue);
		if (queue->frames > 500) {
			front_is(1 + out++ % 1999);
			network_queue_pop(queue);
		}
	}
	assert_true(queue->end > 2 * NETWORK_QUEUE_SIZE);
}

static void test_bound(void **state)
{
	unsigned int count = 0;

	(void)state;
	assert_false(network_queue_put(queue, bytes, 0));
	assert_false(network_queue_put(queue, bytes, NETWORK_QUEUE_SIZE));
	while (network_queue_put(queue, bytes, 1514))
		count++;
	assert_int_equal(count, NETWORK_QUEUE_SIZE / 1518);
	front_is(1514);
	network_queue_pop(queue);
	assert_true(network_queue_put(queue, bytes, 1514));
	assert_false(network_queue_put(queue, bytes, 1514));
	for (unsigned int i = 0; i < count; i++) {
		front_is(1514);
		network_queue_pop(queue);
	}
	assert_int_equal(queue->frames, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wrapping, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bound, setup, teardown),
	};

	return cmocka_run_group_tests_name("network queue", tests, NULL, NULL);
}
