/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keyboard, driven as Linux and FreeBSD drive it, and worse. */
#include "input_guest.h"

#include <string.h>

#include "abi/vmbus/keyboard.h"
#include "worker/synthetic/input_stream.h"
#include "worker/synthetic/keyboard.h"

static struct guest guest;
static struct keyboard *keyboard;
static struct guest_channel channel;
static struct vmbus_offer_channel offer;

static void reopen(uint32_t pages)
{
	assert_int_equal(guest_open(&guest, &offer, pages, &channel), 0);
}

static int setup(void **state)
{
	(void)state;
	guest_init(&guest);

	const struct keyboard_options options = {guest.server,
						 &guest.clock.clock};

	keyboard = keyboard_create(&options);
	assert_non_null(keyboard);
	offer = input_guest_offer(&guest);
	fake_log_lines = 0;
	reopen(10);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	keyboard_destroy(keyboard);
	guest_destroy(&guest);
	return 0;
}

/* ---- Speaking to it ---- */

static void ask(uint32_t version, uint64_t transaction)
{
	const struct vmbus_keyboard_protocol_request request = {
		VMBUS_KEYBOARD_PROTOCOL_REQUEST, version};

	assert_true(input_guest_send(&channel, transaction, &request,
				     sizeof(request)));
}

static uint32_t answer(void)
{
	struct vmbus_keyboard_protocol_response response;

	assert_int_equal(
		input_guest_expect(&channel, &response, sizeof(response)), 8);
	assert_int_equal(response.type, VMBUS_KEYBOARD_PROTOCOL_RESPONSE);
	return response.status;
}

static void connect(void)
{
	ask(VMBUS_KEYBOARD_VERSION, 0);
	assert_int_equal(answer(), VMBUS_KEYBOARD_ACCEPTED);
}

static enum input_result press(uint8_t code)
{
	const struct input_key key = {.code = code};

	return keyboard_key(keyboard, &key);
}

static void expect_event(uint16_t code, uint32_t info)
{
	struct vmbus_keyboard_event event;

	assert_int_equal(input_guest_expect(&channel, &event, sizeof(event)),
			 16);
	assert_int_equal(event.type, VMBUS_KEYBOARD_EVENT);
	assert_int_equal(event.make_code, code);
	assert_int_equal(event.reserved, 0);
	assert_int_equal(event.info, info);
}

static void pace(void)
{
	fake_clock_advance(&guest.clock, INPUT_STREAM_PACE_NS);
}

/* ---- Getting to know each other ---- */

static void test_offer(void **state)
{
	static const struct vmbus_guid type = VMBUS_GUID_KEYBOARD;

	(void)state;
	assert_memory_equal(&offer.interface_type, &type, sizeof(type));
	assert_int_equal(offer.flags, VMBUS_OFFER_ENUMERATE_DEVICE_INTERFACE);
	assert_int_equal(offer.sub_index, 0);
}

static void test_version(void **state)
{
	(void)state;
	ask(VMBUS_KEYBOARD_VERSION, 0x77);
	assert_int_equal(answer(), VMBUS_KEYBOARD_ACCEPTED);
	input_guest_expect_completion(&channel, 0x77);
	input_guest_expect_none(&channel);
	assert_int_equal(press(1), INPUT_TAKEN);
	expect_event(1, 0);
	assert_int_equal(fake_log_lines, 0);
}

static void test_other_versions(void **state)
{
	static const uint32_t versions[] = {0, 1, 0x00010001, 0x00020000,
					    0xffffffff};

	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		ask(versions[i], 0);
		assert_int_equal(answer(), 0);
		assert_int_equal(fake_log_lines, i + 1);
		assert_int_equal(press(1), INPUT_ABSENT);
	}
	connect();
	assert_int_equal(press(1), INPUT_TAKEN);
}

static void test_absent(void **state)
{
	(void)state;
	assert_int_equal(press(1), INPUT_ABSENT);
	connect();
	assert_int_equal(press(1), INPUT_TAKEN);
	for (unsigned int i = 0; i < 20; i++)
		assert_int_equal(press(2), INPUT_TAKEN);
	guest_close(&channel);
	assert_int_equal(press(3), INPUT_ABSENT);

	/* Opened anew, nothing of the past comes. */
	reopen(10);
	assert_int_equal(press(3), INPUT_ABSENT);
	connect();
	assert_int_equal(press(4), INPUT_TAKEN);
	expect_event(4, 0);
	pace();
	input_guest_expect_none(&channel);
}

static void test_reset(void **state)
{
	(void)state;
	connect();
	for (unsigned int i = 0; i < 20; i++)
		assert_int_equal(press(2), INPUT_TAKEN);
	vmbus_server_reset(guest.server);
	assert_true(vmbus_server_idle(guest.server));
	assert_int_equal(press(1), INPUT_ABSENT);
	assert_null(guest.clock.timer);
}

/* ---- Events ---- */

static void test_events(void **state)
{
	static const struct input_key keys[] = {
		{.code = 0x1e},
		{.code = 0x1e, .release = true},
		{.code = 0x53, .e0 = true},
		{.code = 0x53, .e0 = true, .release = true},
		{.code = 0x1d, .e1 = true},
		{.code = 0x1d, .e1 = true, .release = true},
	};

	(void)state;
	connect();
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(keyboard_key(keyboard, &keys[i]), INPUT_TAKEN);
	expect_event(0x1e, 0);
	pace();
	expect_event(0x1e, VMBUS_KEYBOARD_INFO_BREAK);
	expect_event(0x53, VMBUS_KEYBOARD_INFO_E0);
	expect_event(0x53, VMBUS_KEYBOARD_INFO_E0 | VMBUS_KEYBOARD_INFO_BREAK);
	expect_event(0x1d, VMBUS_KEYBOARD_INFO_E1);
	pace();
	expect_event(0x1d, VMBUS_KEYBOARD_INFO_E1 | VMBUS_KEYBOARD_INFO_BREAK);
	input_guest_expect_none(&channel);
}

static void test_signals(void **state)
{
	(void)state;
	connect();

	const unsigned int before = guest.events[channel.relid];

	/* One at once, then a batch with one signal. */
	for (unsigned int i = 0; i < 5; i++)
		press(1);
	assert_int_equal(guest.events[channel.relid], before + 1);
	expect_event(1, 0);
	pace();
	assert_int_equal(guest.events[channel.relid], before + 2);
	for (unsigned int i = 0; i < INPUT_STREAM_BATCH; i++)
		expect_event(1, 0);
	input_guest_expect_none(&channel);
}

static void test_pace(void **state)
{
	(void)state;
	connect();
	assert_int_equal(press(1), INPUT_TAKEN);
	expect_event(1, 0);
	/* Read at once, but too early for the next. */
	assert_int_equal(press(2), INPUT_TAKEN);
	input_guest_expect_none(&channel);
	fake_clock_advance(&guest.clock, INPUT_STREAM_PACE_NS - 1);
	input_guest_expect_none(&channel);
	fake_clock_advance(&guest.clock, 1);
	expect_event(2, 0);
	/* Nothing to do, no timer. */
	pace();
	assert_null(guest.clock.timer);
	assert_int_equal(press(3), INPUT_TAKEN);
	expect_event(3, 0);
}

static void test_child_does_not_read(void **state)
{
	unsigned int wakes = 0;

	(void)state;
	connect();
	for (unsigned int i = 0; i < 20; i++)
		assert_int_equal(press((uint8_t)(i + 1)), INPUT_TAKEN);
	for (unsigned int i = 0; i < 10000; i++)
		wakes += fake_clock_advance(&guest.clock, 1000000);
	/* Ten seconds; looked at ever less often. */
	assert_in_range(wakes, 150, 170);
	expect_event(1, 0);
	input_guest_expect_none(&channel);
	fake_clock_advance(&guest.clock, INPUT_STREAM_PACE_MAX_NS);
	for (unsigned int i = 2; i <= 5; i++)
		expect_event((uint16_t)i, 0);
	input_guest_expect_none(&channel);
	/* As fast as ever again. */
	pace();
	for (unsigned int i = 6; i <= 9; i++)
		expect_event((uint16_t)i, 0);
}

/* More than the queue holds: told so, and in order, none left out. */
static void test_burst(void **state)
{
	unsigned int sent = 0, got = 0, full = 0;

	(void)state;
	connect();
	while (got < 10000) {
		unsigned int here = 0;

		while (sent < 10000) {
			const enum input_result result =
				press((uint8_t)(sent % 0x7f + 1));

			if (result == INPUT_FULL)
				break;
			assert_int_equal(result, INPUT_TAKEN);
			sent++;
		}
		full += sent < 10000;
		assert_true(sent - got <=
			    INPUT_STREAM_EVENTS + INPUT_STREAM_BATCH);
		while (here < INPUT_STREAM_BATCH && got < sent &&
		       channel.in.header->read_index !=
			       channel.in.header->write_index) {
			expect_event((uint16_t)(got % 0x7f + 1), 0);
			got++;
			here++;
		}
		input_guest_expect_none(&channel);
		pace();
	}
	assert_int_equal(got, 10000);
	assert_true(full > 2000);
	input_guest_expect_none(&channel);
}

/* ---- Lamps ---- */

static void test_lamps(void **state)
{
	const struct vmbus_keyboard_led_indicators lamps = {
		VMBUS_KEYBOARD_LED_INDICATORS, 5, 0};

	(void)state;
	connect();
	assert_int_equal(keyboard_lamps(keyboard), 0);
	assert_true(input_guest_send(&channel, 0x33, &lamps, sizeof(lamps)));
	input_guest_expect_completion(&channel, 0x33);
	assert_int_equal(keyboard_lamps(keyboard), 5);
	guest_close(&channel);
	reopen(10);
	assert_int_equal(keyboard_lamps(keyboard), 0);
}

/* ---- Children that do it wrong ---- */

static void expect_broken(void)
{
	assert_int_equal(fake_log_lines, 1);
	assert_int_equal(press(1), INPUT_ABSENT);
	input_guest_expect_none(&channel);
	/* And can begin anew. */
	guest_close(&channel);
	reopen(10);
	connect();
	assert_int_equal(press(1), INPUT_TAKEN);
	expect_event(1, 0);
	guest_close(&channel);
	fake_log_lines = 0;
	reopen(10);
}

static void test_bad_messages(void **state)
{
	static const struct {
		uint32_t words[2];
		size_t size;
	} messages[] = {
		{{0, 0}, 0},
		{{VMBUS_KEYBOARD_LED_INDICATORS, 0}, 8}, /* too early */
		{{0, 0}, 8},
		{{VMBUS_KEYBOARD_PROTOCOL_RESPONSE, 1}, 8},
		{{VMBUS_KEYBOARD_EVENT, 1}, 8},
		{{5, 1}, 8},
		{{0xffffffff, 1}, 8},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		assert_true(input_guest_send(&channel, 1, messages[i].words,
					     messages[i].size));
		expect_broken();
	}
}

static void test_bad_packet_types(void **state)
{
	static struct guest_packet packet;

	(void)state;
	packet.payload_size = 8;
	packet.payload[0] = VMBUS_KEYBOARD_PROTOCOL_REQUEST;
	packet.payload[6] = 1;
	packet.descriptor.type = VMBUS_PACKET_COMPLETION;
	assert_true(guest_send(&channel, &packet));
	expect_broken();
	guest_packet_pages(&packet, 0, 16, (const uint64_t[]){1});
	assert_true(guest_send(&channel, &packet));
	expect_broken();
}

/* Requests without end, answers not read: they wait, none is lost. */
static void test_replies_without_room(void **state)
{
	uint64_t sent = 0, got = 0;

	(void)state;
	guest_close(&channel);
	reopen(2);
	while (got < 1000) {
		while (input_guest_send(
			&channel, sent + 1,
			&(const struct vmbus_keyboard_protocol_request){
				VMBUS_KEYBOARD_PROTOCOL_REQUEST,
				VMBUS_KEYBOARD_VERSION},
			8))
			sent++;
		assert_true(sent - got > 60);
		/* No event overtakes an answer. */
		assert_int_equal(press(1), INPUT_TAKEN);
		for (; got < sent; got++) {
			assert_int_equal(answer(), VMBUS_KEYBOARD_ACCEPTED);
			input_guest_expect_completion(&channel, got + 1);
		}
		pace();
		pace();
		expect_event(1, 0);
		pace();
	}
	assert_int_equal(fake_log_lines, 0);
}

static void test_ring_torn_while_replying(void **state)
{
	(void)state;
	guest_close(&channel);
	reopen(2);
	while (input_guest_send(
		&channel, 1,
		(const uint32_t[]){VMBUS_KEYBOARD_PROTOCOL_REQUEST, 0}, 8))
		;
	fake_log_lines = 0;
	channel.in.header->read_index = 0xffff0001;
	guest_signal(&channel);
	channel.in.header->read_index = channel.in.header->write_index;
	expect_broken();
}

/* A ring that is never read, whatever its index says: nothing is sent. */
static void test_ring_torn_while_sending(void **state)
{
	(void)state;
	connect();
	channel.in.header->read_index ^= 0x40000000;
	assert_int_equal(press(1), INPUT_TAKEN);
	for (unsigned int i = 0; i < 100; i++)
		pace();
	channel.in.header->read_index ^= 0x40000000;
	input_guest_expect_none(&channel);
	fake_clock_advance(&guest.clock, INPUT_STREAM_PACE_MAX_NS);
	expect_event(1, 0);
	assert_int_equal(fake_log_lines, 0);
}

static void test_noise(void **state)
{
	struct fake_random random = {42};
	uint32_t words[16];

	(void)state;
	for (unsigned int i = 0; i < 20000; i++) {
		static struct guest_packet packet;
		const size_t size = fake_random_below(&random, 64);

		for (unsigned int j = 0; j < 16; j++)
			words[j] = fake_random(&random);
		words[0] = fake_random_below(&random, 6);
		if (fake_random_below(&random, 2))
			words[1] = VMBUS_KEYBOARD_VERSION;
		input_guest_send(&channel, fake_random_below(&random, 3), words,
				 size);
		press((uint8_t)i);
		if (fake_random_below(&random, 3) == 0)
			while (guest_receive(&channel, &packet))
				;
		fake_clock_advance(&guest.clock,
				   fake_random_below(&random, 8000000));
		if (fake_random_below(&random, 8) == 0) {
			guest_close(&channel);
			guest_gpadl_teardown(&guest, channel.relid,
					     channel.gpadl);
			guest_expect(&guest, VMBUS_MSG_GPADL_TORNDOWN);
			reopen(2 + fake_random_below(&random, 3));
		}
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_offer),
		TEST(test_version),
		TEST(test_other_versions),
		TEST(test_absent),
		TEST(test_reset),
		TEST(test_events),
		TEST(test_signals),
		TEST(test_pace),
		TEST(test_child_does_not_read),
		TEST(test_burst),
		TEST(test_lamps),
		TEST(test_bad_messages),
		TEST(test_bad_packet_types),
		TEST(test_replies_without_room),
		TEST(test_ring_torn_while_replying),
		TEST(test_ring_torn_while_sending),
		TEST(test_noise),
	};

	return cmocka_run_group_tests_name("keyboard", tests, NULL, NULL);
}
