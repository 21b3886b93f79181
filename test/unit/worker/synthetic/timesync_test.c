// SPDX-License-Identifier: GPL-2.0-or-later
/* The time service: what the child is told, when, and in which form. */
#include "ic.h"

#include "worker/synthetic/timesync.h"

#include <string.h>

#define SECOND	  1000000000ULL
#define WALL_NS	  (1700000000LL * 1000000000)
#define REFERENCE 123456789u

static struct ic ic;
static struct timesync *timesync;
static bool reference_known;

static bool reference(void *owner, uint64_t *time_100ns)
{
	assert_ptr_equal(owner, &ic);
	*time_100ns = REFERENCE + ic.guest.clock.now_ns / 100;
	return reference_known;
}

static void create(bool has_reference)
{
	struct timesync_options options = {.owner = &ic};

	ic_init(&ic);
	ic.guest.clock.wall_ns = WALL_NS;
	options.integration = ic_options(&ic);
	options.reference = has_reference ? reference : NULL;
	reference_known = true;
	timesync = timesync_create(&options);
	assert_non_null(timesync);
	ic_open(&ic);
}

static int setup(void **state)
{
	(void)state;
	create(true);
	return 0;
}

static int setup_plain(void **state)
{
	(void)state;
	create(false);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	timesync_destroy(timesync);
	guest_destroy(&ic.guest);
	return 0;
}

static void pass(uint64_t ns)
{
	fake_clock_advance(&ic.guest.clock, ns);
}

static uint64_t filetime(void)
{
	return 116444736000000000ULL +
	       ((uint64_t)WALL_NS + ic.guest.clock.now_ns) / 100;
}

static void expect_reference(uint8_t flags)
{
	const struct vmbus_ic_time_reference *const message =
		ic_expect(&ic, VMBUS_IC_TIME_SYNC);

	assert_int_equal(message->header.message_size, 22);
	assert_int_equal(message->parent_time, filetime());
	assert_int_equal(message->vm_reference_time,
			 REFERENCE + ic.guest.clock.now_ns / 100);
	assert_int_equal(message->flags, flags);
}

static void expect_plain(uint8_t flags)
{
	const struct vmbus_ic_time_sync *const message =
		ic_expect(&ic, VMBUS_IC_TIME_SYNC);

	assert_int_equal(message->header.message_size, 25);
	assert_int_equal(message->parent_time, filetime());
	assert_int_equal(message->flags, flags);
}

/* At once when the child is there, then a sample every five seconds. */
static void test_at_boot(void **state)
{
	(void)state;
	pass(3 * SECOND);
	ic_choose(&ic, 3, 4, 0);
	expect_reference(VMBUS_IC_TIME_SYNC_FLAG);
	ic_answer(&ic, 0);
	for (unsigned int i = 0; i < 10; i++) {
		pass(4 * SECOND);
		assert_false(ic_receive(&ic));
		pass(SECOND);
		expect_reference(VMBUS_IC_TIME_SAMPLE);
		ic_answer(&ic, 0);
	}
}

static void test_after_a_pause(void **state)
{
	(void)state;
	ic_choose(&ic, 3, 4, 0);
	expect_reference(VMBUS_IC_TIME_SYNC_FLAG);
	ic_answer(&ic, 0);
	pass(SECOND);
	ic.guest.clock.wall_ns += 60 * (int64_t)SECOND;
	timesync_set(timesync);
	{
		const struct vmbus_ic_time_reference *const message =
			ic_expect(&ic, VMBUS_IC_TIME_SYNC);

		assert_int_equal(message->flags, VMBUS_IC_TIME_SYNC_FLAG);
		assert_int_equal(message->parent_time, filetime() + 600000000u);
	}
	ic_answer(&ic, 0);
	assert_false(ic_receive(&ic));
}

/* The word comes while a sample has no answer yet: it is said afterwards. */
static void test_pause_while_waiting(void **state)
{
	(void)state;
	ic_choose(&ic, 3, 4, 0);
	expect_reference(VMBUS_IC_TIME_SYNC_FLAG);
	ic_answer(&ic, 0);
	pass(5 * SECOND);
	expect_reference(VMBUS_IC_TIME_SAMPLE);
	timesync_set(timesync);
	assert_true(ic.packet.payload_size);
	ic_answer(&ic, 0);
	expect_reference(VMBUS_IC_TIME_SYNC_FLAG);
	ic_answer(&ic, 0);
	assert_false(ic_receive(&ic));
}

/* A child that does not answer is not sent one sample after the other. */
static void test_no_answer(void **state)
{
	(void)state;
	ic_choose(&ic, 3, 4, 0);
	for (unsigned int i = 0; i < 5; i++)
		pass(5 * SECOND);
	assert_true(ic_receive(&ic));
	assert_false(ic_receive(&ic));
}

static void test_before_4_0(void **state)
{
	(void)state;
	ic_choose(&ic, 3, 3, 0);
	expect_plain(VMBUS_IC_TIME_SYNC_FLAG);
	ic_answer(&ic, 0);
	pass(5 * SECOND);
	expect_plain(VMBUS_IC_TIME_SAMPLE);
	ic_answer(&ic, 0);
}

static void test_reference_fails(void **state)
{
	(void)state;
	reference_known = false;
	ic_choose(&ic, 3, 4, 0);
	assert_false(ic_receive(&ic));
	reference_known = true;
	pass(5 * SECOND);
	expect_reference(VMBUS_IC_TIME_SYNC_FLAG);
}

/* Without a reference time 4.0 is not even offered. */
static void test_no_reference(void **state)
{
	const struct vmbus_ic_negotiate *const message =
		(const void *)ic.packet.payload;

	(void)state;
	ic_expect(&ic, VMBUS_IC_NEGOTIATE);
	assert_int_equal(message->message_version_count, 2);
	assert_int_equal(message->versions[3].major, 3);
}

static void test_set_when_closed(void **state)
{
	(void)state;
	timesync_set(timesync);
	ic_choose(&ic, 3, 4, 0);
	expect_reference(VMBUS_IC_TIME_SYNC_FLAG);
	ic_answer(&ic, 0);
	guest_close(&ic.channel);
	timesync_set(timesync);
	assert_null(ic.guest.clock.timer);
	ic_reopen(&ic);
	ic_choose(&ic, 3, 4, 0);
	expect_reference(VMBUS_IC_TIME_SYNC_FLAG);
}

static void test_no_channel(void **state)
{
	static struct timesync *many[VMBUS_MAX_CHANNELS];
	const struct timesync_options options = {ic_options(&ic), NULL, NULL};
	unsigned int count = 0;

	(void)state;
	while ((many[count] = timesync_create(&options)))
		count++;
	while (count)
		timesync_destroy(many[--count]);
	ic.guest.message_count = 0;
}

#define TEST(name, setup) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_at_boot, setup),
		TEST(test_after_a_pause, setup),
		TEST(test_pause_while_waiting, setup),
		TEST(test_no_answer, setup),
		TEST(test_before_4_0, setup),
		TEST(test_reference_fails, setup),
		TEST(test_no_reference, setup_plain),
		TEST(test_set_when_closed, setup),
		TEST(test_no_channel, setup),
	};

	return cmocka_run_group_tests_name("timesync", tests, NULL, NULL);
}
