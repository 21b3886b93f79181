// SPDX-License-Identifier: GPL-2.0-or-later
/* Key-value exchange: a daemon that answers, none, and one that lies. */
#include "ic.h"

#include "worker/synthetic/kvp.h"
#include "worker/synthetic/utf16.h"

#include <string.h>

#define SECOND 1000000000ULL

static struct ic ic;
static struct kvp *kvp;

static int setup(void **state)
{
	struct kvp_options options = {
		.macs = {"00:15:5D:00:00:01", "00:15:5D:00:00:02"}};

	(void)state;
	ic_init(&ic);
	options.integration = ic_options(&ic);
	kvp = kvp_create(&options);
	assert_non_null(kvp);
	assert_int_equal(kvp_state(kvp), KVP_NONE);
	ic_open(&ic);
	return 0;
}

static int setup_ready(void **state)
{
	setup(state);
	ic_choose(&ic, 3, 4, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	kvp_destroy(kvp);
	guest_destroy(&ic.guest);
	return 0;
}

static void pass(uint64_t ns)
{
	fake_clock_advance(&ic.guest.clock, ns);
}

static uint32_t text_put(uint16_t *to, const char *text)
{
	size_t count = 0;

	for (; text[count]; count++)
		to[count] = (uint8_t)text[count];
	to[count] = 0;
	return (uint32_t)(count + 1) * 2;
}

static struct vmbus_kvp_enumerate *expect_enumerate(uint32_t index)
{
	struct vmbus_kvp_enumerate *const message =
		ic_expect(&ic, VMBUS_IC_KVP);

	assert_int_equal(message->header.message_size, 7432);
	assert_int_equal(message->operation, VMBUS_KVP_ENUMERATE);
	assert_int_equal(message->pool, VMBUS_KVP_POOL_AUTO);
	assert_int_equal(message->index, index);
	return message;
}

static void answer_pair(uint32_t index, const char *key, const char *value)
{
	struct vmbus_kvp_enumerate *const message = expect_enumerate(index);

	message->value_type = VMBUS_KVP_TYPE_STRING;
	message->key_size = text_put(message->key, key);
	message->value_size = text_put(message->value, value);
	ic_answer(&ic, 0);
}

static void answer_end(uint32_t index)
{
	expect_enumerate(index);
	ic_answer(&ic, VMBUS_IC_STATUS_NO_MORE);
}

static void answer_adapter(const char *mac, const char *addresses)
{
	struct vmbus_kvp_ip *const message = ic_expect(&ic, VMBUS_IC_KVP);
	char name[64];

	assert_int_equal(message->operation, VMBUS_KVP_GET_IP);
	utf16_to_utf8((uint8_t *)message + 30, 128, name, sizeof(name));
	assert_string_equal(name, mac);
	if (!addresses) {
		ic_answer(&ic, 0x80041002);
		return;
	}
	message->dhcp = 1;
	for (size_t i = 0; i <= strlen(addresses); i++)
		((uint8_t *)message)[288 + 2 * i] = (uint8_t)addresses[i];
	ic_answer(&ic, 0);
}

static void answer_adapters(void)
{
	answer_adapter("00:15:5D:00:00:01", "10.0.2.15;fe80::1");
	answer_adapter("00:15:5D:00:00:02", NULL);
}

/* ---- A daemon that answers ---- */

static void test_round(void **state)
{
	const struct kvp_facts *facts;

	(void)state;
	assert_int_equal(kvp_state(kvp), KVP_ASKING);
	answer_pair(0, "OSName", "Debian");
	answer_pair(1, "OSVersion", "12");
	answer_end(2);
	assert_null(kvp_facts(kvp));
	answer_adapters();
	assert_int_equal(kvp_state(kvp), KVP_KNOWN);
	facts = kvp_facts(kvp);
	assert_int_equal(facts->item_count, 2);
	assert_string_equal(facts->items[0].key, "OSName");
	assert_string_equal(facts->items[0].value, "Debian");
	assert_string_equal(facts->items[1].value, "12");
	assert_int_equal(facts->adapter_count, 2);
	assert_true(facts->adapters[0].known);
	assert_true(facts->adapters[0].dhcp);
	assert_string_equal(facts->adapters[0].addresses, "10.0.2.15;fe80::1");
	assert_string_equal(facts->adapters[0].masks, "");
	assert_false(facts->adapters[1].known);
	assert_false(ic_receive(&ic));
}

static void test_rounds(void **state)
{
	(void)state;
	answer_pair(0, "OSName", "first");
	answer_end(1);
	answer_adapters();
	pass(19 * SECOND);
	assert_false(ic_receive(&ic));
	pass(SECOND);
	answer_pair(0, "OSName", "second");
	/* The round under way does not show. */
	assert_string_equal(kvp_facts(kvp)->items[0].value, "first");
	answer_end(1);
	answer_adapters();
	assert_string_equal(kvp_facts(kvp)->items[0].value, "second");
	assert_int_equal(kvp_facts(kvp)->item_count, 1);
	assert_int_equal(fake_log_lines, 0);
}

static void test_refresh(void **state)
{
	(void)state;
	kvp_refresh(kvp); /* under way already */
	answer_end(0);
	answer_adapters();
	kvp_refresh(kvp); /* fresh */
	assert_false(ic_receive(&ic));
	pass(3 * SECOND);
	kvp_refresh(kvp);
	kvp_refresh(kvp);
	answer_end(0);
	answer_adapters();
	assert_false(ic_receive(&ic));
}

static void test_slow_daemon(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 20; i++)
		pass(5 * SECOND);
	answer_pair(0, "OSName", "Debian");
	answer_end(1);
	answer_adapters();
	assert_int_equal(kvp_state(kvp), KVP_KNOWN);
	assert_false(ic_receive(&ic));
}

static void test_number(void **state)
{
	struct vmbus_kvp_enumerate *message = expect_enumerate(0);

	(void)state;
	message->value_type = VMBUS_KVP_TYPE_U32;
	message->key_size = text_put(message->key, "N");
	message->value_size = 4;
	message->value[0] = 0xffff;
	message->value[1] = 0xffff;
	ic_answer(&ic, 0);
	message = expect_enumerate(1);
	message->value_type = VMBUS_KVP_TYPE_U32;
	message->value_size = 4;
	message->value[0] = message->value[1] = 0;
	ic_answer(&ic, 0);
	answer_end(2);
	answer_adapters();
	assert_string_equal(kvp_facts(kvp)->items[0].value, "4294967295");
	assert_string_equal(kvp_facts(kvp)->items[1].value, "0");
}

/* ---- None ---- */

static void test_no_daemon(void **state)
{
	(void)state;
	/* A kernel waits for a daemon before it negotiates. */
	assert_int_equal(kvp_state(kvp), KVP_NO_DAEMON);
	ic_choose(&ic, 3, 4, 0);
	expect_enumerate(0);
	ic_answer(&ic, VMBUS_IC_STATUS_FAIL);
	assert_int_equal(kvp_state(kvp), KVP_NO_DAEMON);
	assert_null(kvp_facts(kvp));
	pass(4 * SECOND);
	assert_false(ic_receive(&ic));
	pass(SECOND);
	/* Now there is one. */
	answer_pair(0, "OSName", "Debian");
	answer_end(1);
	answer_adapters();
	assert_int_equal(kvp_state(kvp), KVP_KNOWN);
	/* And now it is gone. */
	pass(20 * SECOND);
	expect_enumerate(0);
	ic_answer(&ic, VMBUS_IC_STATUS_FAIL);
	assert_int_equal(kvp_state(kvp), KVP_NO_DAEMON);
	assert_null(kvp_facts(kvp));
}

/* It fails in the middle of a pool: what there is counts. */
static void test_fails_midway(void **state)
{
	(void)state;
	answer_pair(0, "OSName", "Debian");
	expect_enumerate(1);
	ic_answer(&ic, VMBUS_IC_STATUS_FAIL);
	answer_adapters();
	assert_int_equal(kvp_facts(kvp)->item_count, 1);
}

static void test_close(void **state)
{
	(void)state;
	answer_pair(0, "OSName", "Debian");
	guest_close(&ic.channel);
	assert_int_equal(kvp_state(kvp), KVP_NONE);
	assert_null(ic.guest.clock.timer);
	kvp_refresh(kvp);
	ic_reopen(&ic);
	ic_choose(&ic, 3, 5, 0);
	answer_end(0);
	answer_adapters();
	assert_int_equal(kvp_facts(kvp)->item_count, 0);
}

/* ---- One that lies ---- */

static void test_endless(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < KVP_ITEMS_MAX; i++)
		answer_pair(i, "more", "and more");
	answer_adapters();
	assert_int_equal(kvp_facts(kvp)->item_count, KVP_ITEMS_MAX);
}

static void test_sizes(void **state)
{
	static const uint32_t wrong[][2] = {
		{514, 2},  {513, 2},  {1, 2},	      {0xffffffff, 2},
		{2, 2050}, {2, 2047}, {2, 0x80000000}};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct vmbus_kvp_enumerate *const message = expect_enumerate(0);

		message->key_size = wrong[i][0];
		message->value_size = wrong[i][1];
		ic_answer(&ic, 0);
		ic_expect_broken(&ic, "longer than its place");
		ic_reopen(&ic);
		ic_choose(&ic, 3, 4, 0);
	}
}

/* No zero anywhere: everything ends where its place does. */
static void test_unterminated(void **state)
{
	struct vmbus_kvp_enumerate *const message = expect_enumerate(0);
	struct vmbus_kvp_ip *const ip = (void *)ic.packet.payload;

	(void)state;
	message->key_size = 512;
	message->value_size = 2048;
	message->value_type = VMBUS_KVP_TYPE_STRING;
	memset(message->key, 'k', 512);
	memset(message->value, 'v', 2048);
	ic_answer(&ic, 0);
	answer_end(1);
	for (unsigned int i = 0; i < 2; i++) {
		ic_expect(&ic, VMBUS_IC_KVP);
		memset((uint8_t *)ip + 288, 'a', 7456 - 288);
		ic_answer(&ic, 0);
	}
	assert_int_equal(kvp_state(kvp), KVP_KNOWN);
	assert_in_range(strlen(kvp_facts(kvp)->items[0].key), 60, 63);
	assert_in_range(strlen(kvp_facts(kvp)->adapters[1].name_servers), 250,
			255);
}

static void test_cut_short(void **state)
{
	(void)state;
	expect_enumerate(0)->header.message_size = 7431;
	ic_answer(&ic, 0);
	ic_expect_broken(&ic, "cut short");
}

static void test_garbage(void **state)
{
	struct fake_random random = {11};
	unsigned int rounds = 0;

	(void)state;
	for (unsigned int i = 0; i < 3000; i++) {
		if (!ic_receive(&ic)) {
			rounds++;
			pass(20 * SECOND);
			continue;
		}
		for (uint32_t flip = fake_random_below(&random, 9); flip;
		     flip--)
			ic.packet.payload[28 +
					  fake_random_below(&random, 7432)] =
				(uint8_t)fake_random(&random);
		ic_answer(&ic, fake_random_below(&random, 6) ? 0 : 0x80070103);
		if (vmbus_channel_is_open(((struct integration *)kvp)->channel))
			continue;
		assert_int_equal(fake_log_lines, 1);
		fake_log_lines = 0;
		ic_close(&ic);
		ic_reopen(&ic);
		ic_choose(&ic, 3, 4, 0);
	}
	assert_true(rounds > 20);
}

/* ---- Text ---- */

static void test_text(void **state)
{
	static const struct {
		uint16_t from[8];
		const char *to;
	} all[] = {
		{{'a', 'b', 0, 'c'}, "ab"},
		{{0xe4, 0x20ac, 'x'}, "\xc3\xa4\xe2\x82\xacx"},
		{{0xd83d, 0xde00}, "\xf0\x9f\x98\x80"},
		{{0xd83d, 'a'}, "?a"},
		{{0xde00, 0xd83d}, "??"},
		{{'\n', 0x1b, 0x7f, 0x9b, '"'}, "\x3f?\x3f?\""},
	};
	char text[32];

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		utf16_to_utf8(all[i].from, 8, text, sizeof(text));
		assert_string_equal(text, all[i].to);
	}
	utf16_to_utf8(all[1].from, 8, text, 5); /* no half character */
	assert_string_equal(text, "\xc3\xa4");
	utf16_to_utf8(all[0].from, 1, text, sizeof(text));
	assert_string_equal(text, "a");
	utf16_to_utf8(all[0].from, 0, text, sizeof(text));
	assert_string_equal(text, "");
	utf16_to_utf8(all[0].from, 8, text, 1);
	assert_string_equal(text, "");
}

static void test_ascii(void **state)
{
	uint16_t units[4] = {9, 9, 9, 9};

	(void)state;
	utf16_from_ascii("abcdef", units, 4);
	assert_int_equal(units[2], 'c');
	assert_int_equal(units[3], 0);
	utf16_from_ascii("", units, 4);
	assert_int_equal(units[0], 0);
}

static void test_no_channel(void **state)
{
	static struct kvp *many[VMBUS_MAX_CHANNELS];
	const struct kvp_options options = {.integration = ic_options(&ic)};
	unsigned int count = 0;

	(void)state;
	while ((many[count] = kvp_create(&options)))
		count++;
	while (count)
		kvp_destroy(many[--count]);
	ic.guest.message_count = 0;
}

#define TEST(name, setup) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_round, setup_ready),
		TEST(test_rounds, setup_ready),
		TEST(test_refresh, setup_ready),
		TEST(test_slow_daemon, setup_ready),
		TEST(test_number, setup_ready),
		TEST(test_no_daemon, setup),
		TEST(test_fails_midway, setup_ready),
		TEST(test_close, setup_ready),
		TEST(test_endless, setup_ready),
		TEST(test_sizes, setup_ready),
		TEST(test_unterminated, setup_ready),
		TEST(test_cut_short, setup_ready),
		TEST(test_garbage, setup_ready),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_ascii),
		TEST(test_no_channel, setup_ready),
	};

	return cmocka_run_group_tests_name("kvp", tests, NULL, NULL);
}
