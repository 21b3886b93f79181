/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mouse, driven as Linux and FreeBSD drive it, and worse. */
#include "input_guest.h"

#include <string.h>

#include "abi/vmbus/mouse.h"
#include "worker/synthetic/input_stream.h"
#include "worker/synthetic/mouse.h"

static struct guest guest;
static struct mouse *mouse;
static struct guest_channel channel;
static struct vmbus_offer_channel offer;

static int setup(void **state)
{
	(void)state;
	guest_init(&guest);

	const struct mouse_options options = {guest.server, &guest.clock.clock};

	mouse = mouse_create(&options);
	assert_non_null(mouse);
	offer = input_guest_offer(&guest);
	fake_log_lines = 0;
	assert_int_equal(guest_open(&guest, &offer, 10, &channel), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	mouse_destroy(mouse);
	guest_destroy(&guest);
	return 0;
}

/* ---- Speaking to it ---- */

/* As Linux fills it in: the pipe counts all, the inner size what follows it. */
static void ask(uint32_t version, uint64_t transaction)
{
	const struct vmbus_mouse_protocol_request request = {
		.header = {{VMBUS_PIPE_DATA, 12},
			   VMBUS_MOUSE_PROTOCOL_REQUEST,
			   4},
		.version = version,
	};

	assert_true(input_guest_send(&channel, transaction, &request,
				     sizeof(request)));
}

static void acknowledge(uint64_t transaction)
{
	const struct vmbus_mouse_device_info_ack ack = {
		.header = {{VMBUS_PIPE_DATA, 9},
			   VMBUS_MOUSE_INITIAL_DEVICE_INFO_ACK,
			   1},
	};

	assert_true(input_guest_send(&channel, transaction, &ack, 17));
}

/* Checked as strictly as any driver does. */
static bool approved(uint32_t version)
{
	struct vmbus_mouse_protocol_response response;

	/* FreeBSD wants these 24 bytes and no others. */
	assert_int_equal(
		input_guest_expect(&channel, &response, sizeof(response)), 24);
	assert_int_equal(response.header.pipe.type, VMBUS_PIPE_DATA);
	/* Older Linux takes no more than 13. */
	assert_int_equal(response.header.pipe.size, 13);
	assert_int_equal(response.header.type, VMBUS_MOUSE_PROTOCOL_RESPONSE);
	assert_int_equal(response.header.size, 5);
	assert_int_equal(response.version, version);
	assert_int_equal(response.reserved[0] | response.reserved[1] |
				 response.reserved[2],
			 0);
	return response.approved;
}

/* What the last device info held. */
static struct vmbus_mouse_initial_device_info device;
static uint8_t descriptor[256];

static void take_info(void)
{
	uint8_t bytes[sizeof(device) + sizeof(descriptor)];
	const size_t size = input_guest_expect(&channel, bytes, sizeof(bytes));

	memcpy(&device, bytes, sizeof(device));
	memcpy(descriptor, bytes + sizeof(device), sizeof(descriptor));

	const struct vmbus_mouse_header header = device.header;
	const size_t length = device.hid.report_length[0];

	assert_int_equal(device.hid.report_length[1], 0);
	assert_int_equal(header.pipe.type, VMBUS_PIPE_DATA);
	assert_int_equal(header.type, VMBUS_MOUSE_INITIAL_DEVICE_INFO);
	assert_int_equal(header.size, 32 + 9 + length);
	assert_int_equal(header.pipe.size, 8 + header.size);
	assert_int_equal(size, (8 + header.pipe.size + 7) / 8 * 8);
}

static void connect(void)
{
	ask(VMBUS_MOUSE_VERSION, 0);
	assert_true(approved(VMBUS_MOUSE_VERSION));
	take_info();
	acknowledge(0);
}

static enum input_result point(struct input_pointer at)
{
	return mouse_point(mouse, &at);
}

static void expect_report(const uint8_t *report)
{
	struct {
		struct vmbus_mouse_header header;
		uint8_t report[8];
	} message;

	assert_int_equal(
		input_guest_expect(&channel, &message, sizeof(message)), 24);
	assert_int_equal(message.header.pipe.type, VMBUS_PIPE_DATA);
	assert_int_equal(message.header.pipe.size, 14);
	assert_int_equal(message.header.type, VMBUS_MOUSE_INPUT_REPORT);
	assert_int_equal(message.header.size, 6);
	assert_memory_equal(message.report, report, 6);
}

static void pace(void)
{
	fake_clock_advance(&guest.clock, INPUT_STREAM_PACE_NS);
}

/* ---- Getting to know each other ---- */

static void test_offer(void **state)
{
	static const struct vmbus_guid type = VMBUS_GUID_MOUSE;

	(void)state;
	assert_memory_equal(&offer.interface_type, &type, sizeof(type));
	assert_int_equal(offer.flags, VMBUS_OFFER_ENUMERATE_DEVICE_INTERFACE |
					      VMBUS_OFFER_NAMED_PIPE_MODE);
	assert_int_equal(offer.user_defined[0], VMBUS_PIPE_MODE_MESSAGE);
}

static void test_conversation(void **state)
{
	static const struct vmbus_mouse_device_info none = {0};

	(void)state;
	assert_int_equal(point((struct input_pointer){0}), INPUT_ABSENT);
	ask(VMBUS_MOUSE_VERSION, 0x11);
	assert_true(approved(VMBUS_MOUSE_VERSION));
	assert_int_equal(point((struct input_pointer){0}), INPUT_ABSENT);

	take_info();

	assert_int_equal(device.info.size, 32);
	assert_int_equal(device.info.vendor, 0x045e);
	assert_memory_equal(device.info.reserved, none.reserved,
			    sizeof(none.reserved));
	assert_int_equal(device.hid.length, 9);
	assert_int_equal(device.hid.descriptor_type, 0x21);
	assert_int_equal(device.hid.descriptor_count, 1);
	assert_int_equal(device.hid.report_type, 0x22);
	input_guest_expect_completion(&channel, 0x11);
	assert_int_equal(point((struct input_pointer){0}), INPUT_ABSENT);
	acknowledge(0x12);
	input_guest_expect_completion(&channel, 0x12);
	assert_int_equal(point((struct input_pointer){0}), INPUT_TAKEN);
	expect_report((const uint8_t[6]){0});
	input_guest_expect_none(&channel);
	assert_int_equal(fake_log_lines, 0);
}

static void test_other_versions(void **state)
{
	static const uint32_t versions[] = {0, 2, 0x00010000, 0x00020001};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		ask(versions[i], 0);
		assert_false(approved(versions[i]));
		input_guest_expect_none(&channel);
		assert_int_equal(fake_log_lines, i + 1);
	}
	connect();
	assert_int_equal(point((struct input_pointer){0}), INPUT_TAKEN);
}

/*
 * The report descriptor, walked as a HID parser does: what it says must be
 * what reports look like.
 */
struct field {
	uint32_t page, usage;
	int32_t minimum, maximum;
	unsigned int offset, size, count; /* bits */
	uint32_t flags;
};

static unsigned int walk(const uint8_t *at, size_t size, struct field *fields)
{
	struct field now = {0};
	unsigned int count = 0, usages = 0, depth = 0, bits = 0;
	uint32_t usage[4] = {0};

	for (size_t i = 0; i < size;) {
		const uint8_t item = at[i];
		const unsigned int length = item & 3;
		int32_t value = 0;

		assert_true(length < 3 && i + length < size);
		if (length == 1)
			value = (int8_t)at[i + 1];
		else if (length == 2)
			value = (int16_t)(at[i + 1] | at[i + 2] << 8);
		i += 1 + length;
		switch (item & 0xfc) {
		case 0x04:
			now.page = (uint32_t)value;
			break;
		case 0x08:
			usage[usages++ % 4] = (uint32_t)value;
			break;
		case 0x14:
			now.minimum = value;
			break;
		case 0x24:
			now.maximum = value;
			break;
		case 0x74:
			now.size = (unsigned int)value;
			break;
		case 0x94:
			now.count = (unsigned int)value;
			break;
		case 0x18:
			usage[0] = (uint32_t)value;
			break;
		case 0x28:
			assert_int_equal(value, 3);
			break;
		case 0x80:
			now.usage = usage[0];
			now.flags = (uint32_t)value;
			now.offset = bits;
			bits += now.size * now.count;
			fields[count++] = now;
			usages = 0;
			break;
		case 0xa0:
			depth++;
			usages = 0;
			break;
		case 0xc0:
			depth--;
			break;
		default:
			fail();
		}
	}
	assert_int_equal(depth, 0);
	assert_int_equal(bits, 48);
	return count;
}

static void test_report_descriptor(void **state)
{
	struct field fields[8];

	(void)state;
	ask(VMBUS_MOUSE_VERSION, 0);
	assert_true(approved(VMBUS_MOUSE_VERSION));

	take_info();

	assert_int_equal(walk(descriptor, device.hid.report_length[0], fields),
			 4);
	/* Linux mends a descriptor of old hosts here: none of ours. */
	assert_int_equal(descriptor[14], 0x29);

	const struct field buttons = {9, 1, 0, 1, 0, 1, 3, 0x02};
	const struct field padding = {9, 1, 0, 1, 3, 5, 1, 0x03};
	const struct field place = {1, 0x30, 0, 32767, 8, 16, 2, 0x02};
	const struct field wheel = {1, 0x38, -127, 127, 40, 8, 1, 0x06};

	assert_memory_equal(&fields[0], &buttons, sizeof(buttons));
	assert_memory_equal(&fields[1], &padding, 8);
	assert_int_equal(fields[1].offset, padding.offset);
	assert_int_equal(fields[1].size, padding.size);
	assert_int_equal(fields[1].flags, padding.flags);
	assert_memory_equal(&fields[2], &place, sizeof(place));
	assert_memory_equal(&fields[3], &wheel, sizeof(wheel));
}

/* ---- Reports ---- */

static void test_reports(void **state)
{
	(void)state;
	connect();
	point((struct input_pointer){.x = 0x1234, .y = 0x5678});
	expect_report((const uint8_t[6]){0, 0x34, 0x12, 0x78, 0x56, 0});
	point((struct input_pointer){.x = INPUT_POINTER_MAX,
				     .buttons = INPUT_BUTTON_LEFT});
	point((struct input_pointer){.y = INPUT_POINTER_MAX,
				     .buttons = INPUT_BUTTON_RIGHT |
						INPUT_BUTTON_MIDDLE});
	point((struct input_pointer){.x = 1, .wheel = 1});
	point((struct input_pointer){.x = 1, .wheel = -2, .buttons = 0xff});
	pace();
	expect_report((const uint8_t[6]){1, 0xff, 0x7f, 0, 0, 0});
	expect_report((const uint8_t[6]){6, 0, 0, 0xff, 0x7f, 0});
	expect_report((const uint8_t[6]){0, 1, 0, 0, 0, 1});
	expect_report((const uint8_t[6]){7, 1, 0, 0, 0, 0xfe});
	input_guest_expect_none(&channel);
}

static void test_burst(void **state)
{
	uint16_t sent = 0, got = 0;

	(void)state;
	connect();
	while (got < 10000) {
		while (sent < 10000 &&
		       point((struct input_pointer){.x = sent}) == INPUT_TAKEN)
			sent++;
		assert_true(sent - got <= 1024 + 4);
		for (unsigned int i = 0; i < 4 && got < sent; i++, got++) {
			if (channel.in.header->read_index ==
			    channel.in.header->write_index)
				break;
			expect_report((const uint8_t[6]){
				0, (uint8_t)got, (uint8_t)(got >> 8), 0, 0, 0});
		}
		input_guest_expect_none(&channel);
		pace();
	}
	input_guest_expect_none(&channel);
}

static void test_closed_and_opened(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 20; i++) {
		connect();
		for (unsigned int j = 0; j < i; j++)
			point((struct input_pointer){.x = 1});
		guest_close(&channel);
		assert_int_equal(point((struct input_pointer){0}),
				 INPUT_ABSENT);
		assert_int_equal(guest_open(&guest, &offer, 10, &channel), 0);
		assert_int_equal(point((struct input_pointer){0}),
				 INPUT_ABSENT);
	}
	assert_int_equal(fake_log_lines, 0);
}

/* ---- Children that do it wrong ---- */

static void expect_broken(void)
{
	assert_int_equal(fake_log_lines, 1);
	assert_int_equal(point((struct input_pointer){0}), INPUT_ABSENT);
	input_guest_expect_none(&channel);
	guest_close(&channel);
	assert_int_equal(guest_open(&guest, &offer, 10, &channel), 0);
	connect();
	assert_int_equal(point((struct input_pointer){.x = 1}), INPUT_TAKEN);
	expect_report((const uint8_t[6]){0, 1});
	guest_close(&channel);
	fake_log_lines = 0;
	assert_int_equal(guest_open(&guest, &offer, 10, &channel), 0);
}

static void test_bad_messages(void **state)
{
	static const struct {
		uint32_t words[6];
		size_t size;
	} messages[] = {
		{{0}, 0},
		{{1, 0}, 8},
		{{1, 12, 0, 4}, 16},	      /* shorter than it says */
		{{0, 12, 0, 4, 0x20000}, 24}, /* no data */
		{{2, 12, 0, 4, 0x20000}, 24}, /* no type of a pipe */
		{{1, 11, 0, 4, 0x20000}, 24}, /* cut short */
		{{1, 8, 0, 4, 0x20000}, 24},  /* likewise */
		{{1, 17, 0, 4, 0x20000}, 24}, /* longer than it is */
		{{1, 0xfffffff8, 0, 4, 0x20000}, 24},
		{{1, 9, 3, 1, 0}, 24},		 /* acknowledges nothing */
		{{1, 13, 1, 5, 0x20000, 1}, 24}, /* what only we say */
		{{1, 14, 4, 6, 0, 0}, 24},
		{{1, 12, 5, 4, 0}, 24},
		{{1, 12, 0xffffffff, 4, 0}, 24},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		assert_true(input_guest_send(&channel, 1, messages[i].words,
					     messages[i].size));
		expect_broken();
	}
}

static void test_bad_order(void **state)
{
	(void)state;
	/* A second request, before and after the acknowledgement. */
	ask(VMBUS_MOUSE_VERSION, 0);
	assert_true(approved(VMBUS_MOUSE_VERSION));
	take_info();
	ask(VMBUS_MOUSE_VERSION, 0);
	expect_broken();
	connect();
	ask(VMBUS_MOUSE_VERSION, 0);
	expect_broken();
	/* Acknowledged twice. */
	connect();
	acknowledge(0);
	expect_broken();
	/* The acknowledgement without its byte. */
	ask(VMBUS_MOUSE_VERSION, 0);
	assert_true(approved(VMBUS_MOUSE_VERSION));
	take_info();
	assert_true(input_guest_send(&channel, 0,
				     (const uint32_t[]){1, 8, 3, 0}, 16));
	expect_broken();
}

static void test_bad_packet_type(void **state)
{
	static struct guest_packet packet;

	(void)state;
	packet.descriptor.type = VMBUS_PACKET_COMPLETION;
	packet.payload_size = 24;
	assert_true(guest_send(&channel, &packet));
	expect_broken();
}

/* Versions refused without end, answers not read: they wait, none is lost. */
static void test_replies_without_room(void **state)
{
	unsigned int sent = 0, got = 0;

	(void)state;
	guest_close(&channel);
	assert_int_equal(guest_open(&guest, &offer, 2, &channel), 0);
	while (got < 500) {
		while (input_guest_send(
			&channel, sent + 1,
			(const uint32_t[]){1, 12, 0, 4, 0x30000}, 20))
			sent++;
		assert_true(sent - got > 40);
		for (; got < sent; got++) {
			assert_false(approved(0x30000));
			input_guest_expect_completion(&channel, got + 1);
		}
	}
}

static void test_ring_torn_while_replying(void **state)
{
	(void)state;
	guest_close(&channel);
	assert_int_equal(guest_open(&guest, &offer, 2, &channel), 0);
	while (input_guest_send(&channel, 1,
				(const uint32_t[]){1, 12, 0, 4, 0x30000}, 20))
		;
	fake_log_lines = 0;
	channel.in.header->read_index = 0xffff0001;
	guest_signal(&channel);
	channel.in.header->read_index = channel.in.header->write_index;
	expect_broken();
}

static void test_reset(void **state)
{
	(void)state;
	connect();
	for (unsigned int i = 0; i < 20; i++)
		point((struct input_pointer){.x = 1});
	vmbus_server_reset(guest.server);
	assert_true(vmbus_server_idle(guest.server));
	assert_int_equal(point((struct input_pointer){0}), INPUT_ABSENT);
	assert_null(guest.clock.timer);
}

static void test_noise(void **state)
{
	struct fake_random random = {43};

	(void)state;
	for (unsigned int i = 0; i < 20000; i++) {
		static struct guest_packet packet;
		const size_t size = fake_random_below(&random, 64);
		uint32_t words[16];

		for (unsigned int j = 0; j < 16; j++)
			words[j] = fake_random(&random);
		words[0] = 1;
		words[1] = fake_random_below(&random, 30);
		words[2] = fake_random_below(&random, 6);
		if (fake_random_below(&random, 2))
			words[4] = VMBUS_MOUSE_VERSION;
		input_guest_send(&channel, fake_random_below(&random, 3), words,
				 size);
		point((struct input_pointer){.x = (uint16_t)i});
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
			assert_int_equal(
				guest_open(&guest, &offer,
					   2 + fake_random_below(&random, 3),
					   &channel),
				0);
		}
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_offer),
		TEST(test_conversation),
		TEST(test_other_versions),
		TEST(test_report_descriptor),
		TEST(test_reports),
		TEST(test_burst),
		TEST(test_closed_and_opened),
		TEST(test_bad_messages),
		TEST(test_bad_order),
		TEST(test_bad_packet_type),
		TEST(test_replies_without_room),
		TEST(test_ring_torn_while_replying),
		TEST(test_reset),
		TEST(test_noise),
	};

	return cmocka_run_group_tests_name("mouse", tests, NULL, NULL);
}
