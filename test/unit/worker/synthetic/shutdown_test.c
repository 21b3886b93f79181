// SPDX-License-Identifier: GPL-2.0-or-later
/* The shutdown service: children that obey, refuse, or say nothing. */
#include "ic.h"

#include "worker/synthetic/shutdown.h"

static struct ic ic;
static struct shutdown *shutdown_service;
static unsigned int refusals;
static uint32_t refused_flags;
static bool retries;

static void refused(void *owner, uint32_t flags)
{
	assert_ptr_equal(owner, &ic);
	refusals++;
	refused_flags = flags;
	if (retries)
		assert_true(shutdown_ask(shutdown_service,
					 VMBUS_IC_SHUTDOWN_POWER_OFF));
	retries = false;
}

static int setup(void **state)
{
	struct shutdown_options options = {.refused = refused, .owner = &ic};

	(void)state;
	ic_init(&ic);
	options.integration = ic_options(&ic);
	refusals = 0;
	retries = false;
	shutdown_service = shutdown_create(&options);
	assert_non_null(shutdown_service);
	assert_false(shutdown_ask(shutdown_service, 0));
	ic_open(&ic);
	assert_int_equal(shutdown_state(shutdown_service), SHUTDOWN_NONE);
	assert_false(shutdown_ask(shutdown_service, 0));
	ic_choose(&ic, 3, 3, 2);
	assert_int_equal(shutdown_state(shutdown_service), SHUTDOWN_IDLE);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	shutdown_destroy(shutdown_service);
	guest_destroy(&ic.guest);
	return 0;
}

static void test_power_off(void **state)
{
	const struct vmbus_ic_shutdown *message;

	(void)state;
	assert_true(
		shutdown_ask(shutdown_service, VMBUS_IC_SHUTDOWN_POWER_OFF));
	assert_int_equal(shutdown_state(shutdown_service), SHUTDOWN_ASKED);
	message = ic_expect(&ic, VMBUS_IC_SHUTDOWN);
	assert_int_equal(message->header.message_size, 12 + 2048);
	assert_int_equal(message->flags, VMBUS_IC_SHUTDOWN_POWER_OFF);
	assert_int_equal(message->timeout, 60);
	assert_int_equal(message->message[0], 0);
	ic_answer(&ic, 0);
	assert_int_equal(shutdown_state(shutdown_service), SHUTDOWN_ACCEPTED);
	/* On its way down it closes all its channels. */
	guest_close(&ic.channel);
	assert_int_equal(shutdown_state(shutdown_service), SHUTDOWN_ACCEPTED);
	assert_false(shutdown_ask(shutdown_service, 0));
	ic_reopen(&ic);
	ic_choose(&ic, 3, 3, 2);
	assert_int_equal(shutdown_state(shutdown_service), SHUTDOWN_IDLE);
}

static void test_asked_twice(void **state)
{
	(void)state;
	assert_true(shutdown_ask(shutdown_service, 0));
	assert_true(shutdown_ask(shutdown_service, 0));
	ic_expect(&ic, VMBUS_IC_SHUTDOWN);
	assert_false(ic_receive(&ic));
	ic_answer(&ic, 0);
	assert_true(shutdown_ask(shutdown_service, 0));
	ic_expect(&ic, VMBUS_IC_SHUTDOWN);
}

static void test_reboot_refused(void **state)
{
	const struct vmbus_ic_shutdown *message;

	(void)state;
	retries = true;
	assert_true(shutdown_ask(shutdown_service, VMBUS_IC_SHUTDOWN_REBOOT));
	message = ic_expect(&ic, VMBUS_IC_SHUTDOWN);
	assert_int_equal(message->flags, VMBUS_IC_SHUTDOWN_REBOOT);
	ic_answer(&ic, VMBUS_IC_STATUS_FAIL);
	assert_int_equal(refusals, 1);
	assert_int_equal(refused_flags, VMBUS_IC_SHUTDOWN_REBOOT);
	assert_int_equal(fake_log_lines, 1);
	/* What was asked from within the refusal. */
	assert_int_equal(shutdown_state(shutdown_service), SHUTDOWN_ASKED);
	message = ic_expect(&ic, VMBUS_IC_SHUTDOWN);
	assert_int_equal(message->flags, VMBUS_IC_SHUTDOWN_POWER_OFF);
	ic_answer(&ic, VMBUS_IC_STATUS_FAIL);
	assert_int_equal(refusals, 2);
	assert_int_equal(shutdown_state(shutdown_service), SHUTDOWN_REFUSED);
}

static void test_closed_unanswered(void **state)
{
	(void)state;
	assert_true(shutdown_ask(shutdown_service, 0));
	guest_close(&ic.channel);
	assert_int_equal(shutdown_state(shutdown_service), SHUTDOWN_NONE);
}

static void test_forged(void **state)
{
	struct vmbus_ic_header *header;

	(void)state;
	assert_true(shutdown_ask(shutdown_service, 0));
	header = ic_expect(&ic, VMBUS_IC_SHUTDOWN);
	header->transaction_id++;
	ic_answer(&ic, 0);
	ic_expect_broken(&ic, "not the answer");
	assert_int_equal(shutdown_state(shutdown_service), SHUTDOWN_NONE);
}

static void test_no_channel(void **state)
{
	static struct shutdown *many[VMBUS_MAX_CHANNELS];
	const struct shutdown_options options = {ic_options(&ic), NULL, NULL};
	unsigned int count = 0;

	(void)state;
	while ((many[count] = shutdown_create(&options)))
		count++;
	while (count)
		shutdown_destroy(many[--count]);
	ic.guest.message_count = 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_power_off),	   TEST(test_asked_twice),
		TEST(test_reboot_refused), TEST(test_closed_unanswered),
		TEST(test_forged),	   TEST(test_no_channel),
	};

	return cmocka_run_group_tests_name("shutdown", tests, NULL, NULL);
}
