// SPDX-License-Identifier: GPL-2.0-or-later
/* The Internet checksum against RFC 1071 done by hand. */
#include "../vmbus/fake.h"

#include <string.h>

#include "packets.h"
#include "worker/synthetic/checksum.h"

/* In memory order, as it is written into a header. */
static uint32_t finished(const struct checksum *checksum)
{
	const uint16_t sum = checksum_finish(checksum);
	uint8_t bytes[2];

	memcpy(bytes, &sum, 2);
	return packet_get16(bytes);
}

static void test_example(void **state)
{
	/* RFC 1071, 3: the sum is ddf2. */
	static const uint8_t bytes[] = {0x00, 0x01, 0xf2, 0x03,
					0xf4, 0xf5, 0xf6, 0xf7};
	struct checksum checksum = {0};

	(void)state;
	checksum_add(&checksum, bytes, sizeof(bytes));
	assert_int_equal(finished(&checksum), 0xffff - 0xddf2);
	assert_int_equal((uint16_t)~checksum_finish(&checksum),
			 checksum_fold(&checksum));
}

static void test_nothing(void **state)
{
	struct checksum checksum = {0};

	(void)state;
	checksum_add(&checksum, "", 0);
	assert_int_equal(finished(&checksum), 0xffff);
	assert_int_equal(checksum_fold(&checksum), 0);
}

static void test_carries(void **state)
{
	static uint8_t bytes[65536];
	struct checksum checksum = {0};

	(void)state;
	memset(bytes, 0xff, sizeof(bytes));
	for (unsigned int i = 0; i < 1000; i++)
		checksum_add(&checksum, bytes, sizeof(bytes));
	assert_int_equal(finished(&checksum), 0);
}

/* Any bytes, cut into any pieces, at any address. */
static void test_pieces(void **state)
{
	static uint8_t bytes[3000];
	struct fake_random random = {1};

	(void)state;
	for (unsigned int run = 0; run < 3000; run++) {
		const uint32_t start = fake_random_below(&random, 16);
		const uint32_t size = fake_random_below(&random, 2900);
		struct checksum checksum = {0};
		uint32_t at = 0;

		for (unsigned int i = 0; i < sizeof(bytes); i++)
			bytes[i] = (uint8_t)fake_random(&random);
		while (at < size) {
			uint32_t piece = fake_random_below(&random, 97);

			if (piece > size - at)
				piece = size - at;
			checksum_add(&checksum, bytes + start + at, piece);
			at += piece;
		}
		assert_int_equal(finished(&checksum),
				 65535 - packet_sum(bytes + start, size, 0));
	}
}

static void test_spans(void **state)
{
	uint8_t bytes[200];
	const struct span spans[] = {{bytes, 33},
				     {bytes + 33, 0},
				     {bytes + 33, 1},
				     {bytes + 34, 166}};
	const struct network_frame frame = {spans, 4, 200, {0}};

	(void)state;
	for (unsigned int i = 0; i < sizeof(bytes); i++)
		bytes[i] = packet_byte(i);
	for (uint32_t offset = 0; offset <= 200; offset++) {
		for (uint32_t size = 0; size <= 200 - offset; size++) {
			struct checksum checksum = {0};

			assert_true(checksum_add_spans(&checksum, &frame,
						       offset, size));
			assert_int_equal(
				finished(&checksum),
				65535 - packet_sum(bytes + offset, size, 0));
		}
	}
	assert_false(
		checksum_add_spans(&(struct checksum){0}, &frame, 150, 51));
	assert_false(checksum_add_spans(&(struct checksum){0}, &frame, 300, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_example), cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_carries), cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_spans),
	};

	return cmocka_run_group_tests_name("checksum", tests, NULL, NULL);
}
