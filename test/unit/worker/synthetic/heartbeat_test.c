// SPDX-License-Identifier: GPL-2.0-or-later
/* The heartbeat: as a child keeps it, misses it and forges it. */
#include "ic.h"

#include "worker/synthetic/heartbeat.h"

#define SECOND 1000000000ULL

static struct ic ic;
static struct heartbeat *heartbeat;

static int setup(void **state)
{
	struct integration_options options;

	(void)state;
	ic_init(&ic);
	options = ic_options(&ic);
	heartbeat = heartbeat_create(&options);
	assert_non_null(heartbeat);
	assert_int_equal(heartbeat_state(heartbeat), HEARTBEAT_NONE);
	ic_open(&ic);
	ic_choose(&ic, 3, 3, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	heartbeat_destroy(heartbeat);
	guest_destroy(&ic.guest);
	return 0;
}

static void pass(uint64_t ns)
{
	fake_clock_advance(&ic.guest.clock, ns);
}

static struct vmbus_ic_heartbeat *beat(void)
{
	return ic_expect(&ic, VMBUS_IC_HEARTBEAT);
}

static void answer(void)
{
	beat()->sequence++;
	ic_answer(&ic, 0);
}

static void test_beats(void **state)
{
	(void)state;
	assert_int_equal(heartbeat_state(heartbeat), HEARTBEAT_NONE);
	answer();
	assert_int_equal(heartbeat_state(heartbeat), HEARTBEAT_OK);
	for (unsigned int i = 0; i < 100; i++) {
		pass(SECOND);
		assert_false(ic_receive(&ic));
		pass(SECOND);
		answer();
		assert_int_equal(heartbeat_state(heartbeat), HEARTBEAT_OK);
	}
}

static void test_sequence(void **state)
{
	(void)state;
	assert_int_equal(beat()->sequence, 1);
	((struct vmbus_ic_heartbeat *)ic.packet.payload)->sequence++;
	ic_answer(&ic, 0);
	pass(2 * SECOND);
	assert_int_equal(beat()->sequence, 3);
}

static void test_lost_and_found(void **state)
{
	(void)state;
	answer();
	for (unsigned int i = 0; i < 5; i++) {
		pass(2 * SECOND);
		assert_int_equal(heartbeat_state(heartbeat), HEARTBEAT_OK);
	}
	pass(2 * SECOND);
	assert_int_equal(heartbeat_state(heartbeat), HEARTBEAT_LOST);
	answer();
	assert_int_equal(heartbeat_state(heartbeat), HEARTBEAT_OK);
	/* None was sent while it waited. */
	assert_false(ic_receive(&ic));
	pass(2 * SECOND);
	answer();
}

/* One that never answered is lost as well: it opened the channel. */
static void test_never_answers(void **state)
{
	(void)state;
	pass(9 * SECOND);
	assert_int_equal(heartbeat_state(heartbeat), HEARTBEAT_NONE);
	pass(SECOND);
	assert_int_equal(heartbeat_state(heartbeat), HEARTBEAT_LOST);
}

static void test_close(void **state)
{
	(void)state;
	answer();
	guest_close(&ic.channel);
	assert_int_equal(heartbeat_state(heartbeat), HEARTBEAT_NONE);
	assert_null(ic.guest.clock.timer);
	ic_reopen(&ic);
	assert_int_equal(heartbeat_state(heartbeat), HEARTBEAT_NONE);
	ic_choose(&ic, 1, 1, 0);
	answer();
	assert_int_equal(heartbeat_state(heartbeat), HEARTBEAT_OK);
}

static void test_forged(void **state)
{
	static const uint64_t wrong[] = {0, 2, 1000, UINT64_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		beat()->sequence += wrong[i];
		ic_answer(&ic, 0);
		ic_expect_broken(&ic, "out of sequence");
		assert_int_equal(heartbeat_state(heartbeat), HEARTBEAT_NONE);
		ic_reopen(&ic);
		ic_choose(&ic, 3, 3, 0);
	}
}

static void test_cut_short(void **state)
{
	(void)state;
	beat()->header.message_size = 39;
	ic_answer(&ic, 0);
	ic_expect_broken(&ic, "cut short");
}

static void test_no_channel(void **state)
{
	static struct heartbeat *many[VMBUS_MAX_CHANNELS];
	struct integration_options options = ic_options(&ic);
	unsigned int count = 0;

	(void)state;
	while ((many[count] = heartbeat_create(&options)))
		count++;
	while (count)
		heartbeat_destroy(many[--count]);
	ic.guest.message_count = 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_beats),	   TEST(test_sequence),
		TEST(test_lost_and_found), TEST(test_never_answers),
		TEST(test_close),	   TEST(test_forged),
		TEST(test_cut_short),	   TEST(test_no_channel),
	};

	return cmocka_run_group_tests_name("heartbeat", tests, NULL, NULL);
}
