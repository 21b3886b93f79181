// SPDX-License-Identifier: GPL-2.0-or-later
/* What integration services have in common, and all ways to answer wrongly. */
#include "ic.h"

#include <string.h>

static struct ic ic;
static struct integration integration;
static unsigned int readies;
static unsigned int answers;
static unsigned int closes;
static size_t answer_size;
static struct vmbus_ic_header answer_header;

static void test_on_ready(void *owner)
{
	assert_ptr_equal(owner, &integration);
	readies++;
}

static void test_on_answered(void *owner, const void *message, size_t size)
{
	assert_ptr_equal(owner, &integration);
	memcpy(&answer_header, message, sizeof(answer_header));
	answer_size = size;
	answers++;
}

static void test_on_closed(void *owner)
{
	assert_ptr_equal(owner, &integration);
	closes++;
}

static const struct integration_service service = {
	.name = "trial",
	.type = VMBUS_GUID_VSS,
	.message_type = VMBUS_IC_VSS,
	.versions = {{1, 0}, {5, 0}, {5, 1}},
	.version_count = 3,
	.answer_size = sizeof(struct vmbus_ic_header) + 8,
	.ready = test_on_ready,
	.answered = test_on_answered,
	.closed = test_on_closed,
};

struct trial {
	struct vmbus_ic_header header;
	uint32_t words[3];
};

static bool request(void)
{
	struct trial message = {.words = {1, 2, 3}};

	return integration_request(&integration, &message, sizeof(message));
}

static int setup(void **state)
{
	const struct integration_options options =
		(ic_init(&ic), ic_options(&ic));

	(void)state;
	readies = answers = closes = 0;
	assert_true(integration_init(&integration, &options, &service,
				     &integration));
	assert_false(request());
	ic_open(&ic);
	return 0;
}

static int setup_ready(void **state)
{
	setup(state);
	ic_choose(&ic, 3, 5, 0);
	assert_int_equal(readies, 1);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	integration_destroy(&integration);
	guest_destroy(&ic.guest);
	return 0;
}

/* ---- As it should be ---- */

static void test_negotiation(void **state)
{
	static const struct vmbus_ic_version expected[] = {
		{1, 0}, {3, 0}, {1, 0}, {5, 0}, {5, 1}};
	const struct vmbus_ic_negotiate *const message =
		(const void *)ic.packet.payload;

	(void)state;
	assert_int_equal(integration.state, INTEGRATION_NEGOTIATING);
	assert_false(request());
	ic_expect(&ic, VMBUS_IC_NEGOTIATE);
	assert_int_equal(message->framework_version_count, 2);
	assert_int_equal(message->message_version_count, 3);
	assert_int_equal(message->header.message_size, 8 + 5 * 4);
	assert_memory_equal(message->versions, expected, sizeof(expected));
	assert_false(ic_receive(&ic));
}

static void test_versions(void **state)
{
	(void)state;
	ic_choose(&ic, 3, 5, 1);
	assert_int_equal(integration.state, INTEGRATION_READY);
	assert_int_equal(readies, 1);
	assert_true(integration_version_is(&integration, 5, 1));
	assert_true(integration_version_is(&integration, 5, 0));
	assert_true(integration_version_is(&integration, 4, 9));
	assert_false(integration_version_is(&integration, 5, 2));
	assert_false(integration_version_is(&integration, 6, 0));
}

static void test_request(void **state)
{
	const struct trial *message;

	(void)state;
	assert_true(request());
	assert_false(request()); /* the first has no answer yet */
	message = ic_expect(&ic, VMBUS_IC_VSS);
	assert_int_equal(message->header.framework_version.major, 3);
	assert_int_equal(message->header.message_version.major, 5);
	assert_int_equal(message->header.message_version.minor, 0);
	assert_int_equal(message->words[2], 3);
	ic_answer(&ic, 0x80004005);
	assert_int_equal(answers, 1);
	assert_int_equal(answer_header.status, 0x80004005);
	assert_int_equal(answer_size, sizeof(struct trial));
	assert_true(request());
	ic_expect(&ic, VMBUS_IC_VSS);
	ic_answer(&ic, 0);
	assert_int_equal(answers, 2);
	assert_int_equal(fake_log_lines, 0);
}

/* More than the numbers of transactions that there are. */
static void test_many(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 600; i++) {
		assert_true(request());
		ic_expect(&ic, VMBUS_IC_VSS);
		ic_answer(&ic, 0);
	}
	assert_int_equal(answers, 600);
}

static void test_close_and_open(void **state)
{
	(void)state;
	assert_true(request());
	guest_close(&ic.channel);
	assert_int_equal(closes, 1);
	assert_int_equal(integration.state, INTEGRATION_CLOSED);
	assert_false(request());
	ic_reopen(&ic);
	ic_choose(&ic, 1, 1, 0);
	assert_int_equal(readies, 2);
	assert_true(request());
	ic_expect(&ic, VMBUS_IC_VSS);
	ic_answer(&ic, 0);
	assert_int_equal(answers, 1);
}

static void test_nothing_in_common(void **state)
{
	(void)state;
	ic_choose(&ic, 0, 0, 0);
	assert_int_equal(integration.state, INTEGRATION_UNUSABLE);
	assert_int_equal(fake_log_lines, 1);
	assert_int_equal(readies, 0);
	assert_false(request());
}

/* The child answers without reading: what does not fit is not sent. */
static void test_no_room(void **state)
{
	static struct {
		struct vmbus_ic_header header;
		uint8_t much[8000];
	} message;
	struct vmbus_ic_header *const header = (void *)ic.packet.payload;

	(void)state;
	while (integration_request(&integration, &message, sizeof(message))) {
		memset(header, 0, sizeof(*header));
		header->pipe.size = 28;
		header->message_type = VMBUS_IC_VSS;
		header->message_size = 8;
		header->transaction_id = message.header.transaction_id;
		ic.packet.payload_size = 40;
		ic_answer(&ic, 0);
	}
	assert_int_equal(answers, 3);
	assert_true(ic_receive(&ic));
	assert_true(
		integration_request(&integration, &message, sizeof(message)));
	assert_int_equal(fake_log_lines, 0);
}

static void test_no_channel_left(void **state)
{
	static struct integration many[VMBUS_MAX_CHANNELS];
	struct integration_options options = ic_options(&ic);
	unsigned int count = 0;

	(void)state;
	while (integration_init(&many[count], &options, &service, &integration))
		assert_true(++count < VMBUS_MAX_CHANNELS);
	while (count)
		integration_destroy(&many[--count]);
	ic.guest.message_count = 0;
}

/* ---- Wrong while negotiating ---- */

static void test_versions_never_offered(void **state)
{
	static const struct {
		uint16_t framework, major, minor;
	} wrong[] = {{2, 5, 0}, {3, 5, 2}, {3, 2, 0}, {1, 0, 1}};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		ic_choose(&ic, wrong[i].framework, wrong[i].major,
			  wrong[i].minor);
		ic_expect_broken(&ic, "versions never offered");
		ic_reopen(&ic);
	}
	assert_int_equal(readies, 0);
}

static void test_version_counts(void **state)
{
	struct vmbus_ic_negotiate *const message = (void *)ic.packet.payload;

	(void)state;
	for (uint16_t i = 0; i < 8; i++) {
		if (i == 0 || i == 4)
			continue; /* none, and one of each */
		ic_expect(&ic, VMBUS_IC_NEGOTIATE);
		message->framework_version_count = (uint16_t)(i % 3);
		message->message_version_count = (uint16_t)(i / 3);
		message->versions[1] = (struct vmbus_ic_version){5, 0};
		ic_answer(&ic, 0);
		ic_expect_broken(&ic, "versions never offered");
		ic_reopen(&ic);
	}
}

static void test_negotiation_cut_short(void **state)
{
	struct vmbus_ic_header *const header = (void *)ic.packet.payload;

	(void)state;
	ic_expect(&ic, VMBUS_IC_NEGOTIATE);
	header->message_size = 15;
	ic_answer(&ic, 0);
	ic_expect_broken(&ic, "cut short");
	assert_int_equal(closes, 1);
}

/* A service's message before the versions are agreed on. */
static void test_message_too_early(void **state)
{
	struct vmbus_ic_header *const header = (void *)ic.packet.payload;

	(void)state;
	ic_expect(&ic, VMBUS_IC_NEGOTIATE);
	header->message_type = VMBUS_IC_VSS;
	ic_answer(&ic, 0);
	ic_expect_broken(&ic, "not the answer to what was asked");
}

static void test_negotiates_twice(void **state)
{
	(void)state;
	ic_choose(&ic, 3, 5, 0);
	ic_send(&ic, ic.packet.payload_size);
	ic_expect_broken(&ic, "an answer to nothing");
}

/* ---- Wrong afterwards ---- */

struct wrong {
	const char *why;
	size_t offset; /* in the header */
	size_t size;
	uint32_t value;
};

#define FIELD(name, why, value)                                                \
	{                                                                      \
		why, offsetof(struct vmbus_ic_header, name),                   \
			sizeof(((struct vmbus_ic_header *)0)->name), value     \
	}

static void test_wrong_headers(void **state)
{
	static const char longer[] = "longer than its packet";
	static const char other[] = "not the answer to what was asked";
	static const struct wrong all[] = {
		FIELD(pipe.size, longer, 0),
		FIELD(pipe.size, longer, 19),
		FIELD(pipe.size, longer, 33),
		FIELD(pipe.size, longer, 0xffffffff),
		FIELD(message_size, longer, 13),
		FIELD(message_size, longer, 0xffff),
		FIELD(message_size, "cut short", 0),
		FIELD(message_size, "cut short", 7),
		FIELD(message_type, other, VMBUS_IC_NEGOTIATE),
		FIELD(message_type, other, VMBUS_IC_KVP),
		FIELD(message_type, other, 0xffff),
		FIELD(transaction_id, other, 0),
		FIELD(transaction_id, other, 99),
		FIELD(flags, other, 0),
		FIELD(flags, other,
		      VMBUS_IC_FLAG_TRANSACTION | VMBUS_IC_FLAG_REQUEST),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct vmbus_ic_header *const header =
			(void *)ic.packet.payload;

		assert_true(request());
		ic_expect(&ic, VMBUS_IC_VSS);
		header->flags =
			VMBUS_IC_FLAG_TRANSACTION | VMBUS_IC_FLAG_RESPONSE;
		memcpy(ic.packet.payload + all[i].offset, &all[i].value,
		       all[i].size);
		ic_send(&ic, ic.packet.payload_size);
		ic_expect_broken(&ic, all[i].why);
		assert_int_equal(answers, 0);
		ic_reopen(&ic);
		ic_choose(&ic, 3, 5, 0);
	}
}

static void test_packets(void **state)
{
	(void)state;
	for (size_t size = 0; size < sizeof(struct vmbus_ic_header); size++) {
		ic_send(&ic, size & ~7u);
		ic_expect_broken(&ic, "not an integration message");
		ic_reopen(&ic);
		ic_choose(&ic, 3, 5, 0);
	}
	assert_true(request());
	ic_expect(&ic, VMBUS_IC_VSS);
	ic.packet.descriptor.type = VMBUS_PACKET_COMPLETION;
	ic_answer(&ic, 0);
	ic_expect_broken(&ic, "not an integration message");
}

static void test_answers_twice(void **state)
{
	(void)state;
	assert_true(request());
	ic_expect(&ic, VMBUS_IC_VSS);
	ic_answer(&ic, 0);
	ic_answer(&ic, 0);
	assert_int_equal(answers, 1);
	ic_expect_broken(&ic, "an answer to nothing");
}

static void test_answers_unasked(void **state)
{
	(void)state;
	memset(ic.packet.payload, 0, sizeof(ic.packet.payload));
	((struct vmbus_ic_header *)ic.packet.payload)->pipe.size = 20;
	ic.packet.payload_size = 32;
	ic.packet.descriptor.type = VMBUS_PACKET_IN_BAND;
	ic_answer(&ic, 0);
	ic_expect_broken(&ic, "an answer to nothing");
}

/* Anything at all: never more than a closed channel and a line. */
static void test_garbage(void **state)
{
	struct fake_random random = {4};

	(void)state;
	for (unsigned int i = 0; i < 3000; i++) {
		struct vmbus_ic_header *const header =
			(void *)ic.packet.payload;
		const uint32_t flips = fake_random_below(&random, 4);

		if (!request())
			fail();
		ic_expect(&ic, VMBUS_IC_VSS);
		header->flags = VMBUS_IC_FLAG_RESPONSE;
		for (uint32_t flip = 0; flip < flips; flip++)
			ic.packet.payload[fake_random_below(
				&random, sizeof(struct trial))] =
				(uint8_t)fake_random(&random);
		ic_send(&ic, fake_random_below(&random, 8)
				     ? ic.packet.payload_size
				     : fake_random_below(&random, 64) & ~7u);
		if (integration.state == INTEGRATION_READY) {
			assert_false(integration.waiting);
			continue;
		}
		assert_int_equal(fake_log_lines, 1);
		fake_log_lines = 0;
		ic_close(&ic);
		ic_reopen(&ic);
		ic_choose(&ic, 3, 5, 0);
	}
	assert_true(answers > 500);
}

#define TEST(name, setup) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_negotiation, setup),
		TEST(test_versions, setup),
		TEST(test_request, setup_ready),
		TEST(test_many, setup_ready),
		TEST(test_close_and_open, setup_ready),
		TEST(test_nothing_in_common, setup),
		TEST(test_no_room, setup_ready),
		TEST(test_no_channel_left, setup),
		TEST(test_versions_never_offered, setup),
		TEST(test_version_counts, setup),
		TEST(test_negotiation_cut_short, setup),
		TEST(test_message_too_early, setup),
		TEST(test_negotiates_twice, setup),
		TEST(test_wrong_headers, setup_ready),
		TEST(test_packets, setup_ready),
		TEST(test_answers_twice, setup_ready),
		TEST(test_answers_unasked, setup_ready),
		TEST(test_garbage, setup_ready),
	};

	return cmocka_run_group_tests_name("integration", tests, NULL, NULL);
}
