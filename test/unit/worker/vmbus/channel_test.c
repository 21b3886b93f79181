// SPDX-License-Identifier: GPL-2.0-or-later
/* Channels: packets both ways, back-pressure, batches, broken rings. */
#include "toy.h"

#include <string.h>

static struct guest guest;
static struct toy toy;
static struct guest_channel channel;

static int setup(void **state)
{
	struct vmbus_offer_channel offer;

	(void)state;
	guest_init(&guest);
	toy_create(&toy, &guest, 0, false);
	assert_true(guest_contact(&guest, VMBUS_VERSION_5_3));
	assert_int_equal(guest_offers(&guest, &offer, 1), 1);
	assert_int_equal(guest_open(&guest, &offer, 3, &channel), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	vmbus_channel_destroy(toy.channel);
	guest_destroy(&guest);
	return 0;
}

static struct guest_packet packet_of(uint64_t transaction, size_t size)
{
	struct guest_packet packet = {
		.descriptor = {.type = VMBUS_PACKET_IN_BAND,
			       .flags = 1,
			       .transaction_id = transaction},
		.payload_size = size,
	};

	for (size_t i = 0; i < size; i++)
		packet.payload[i] = (uint8_t)(transaction + i);
	return packet;
}

static bool send(uint64_t transaction, size_t size)
{
	const struct guest_packet packet = packet_of(transaction, size);

	return guest_send(&channel, &packet);
}

static void test_packet_kinds(void **state)
{
	static const uint16_t kinds[] = {
		VMBUS_PACKET_IN_BAND,
		VMBUS_PACKET_TRANSFER_PAGES,
		VMBUS_PACKET_GPADL,
		VMBUS_PACKET_GPA_DIRECT,
		VMBUS_PACKET_CANCEL,
		VMBUS_PACKET_COMPLETION,
		0x1234,
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct guest_packet packet = packet_of(i, 24);

		packet.descriptor.type = kinds[i];
		packet.header_size = 8 * i;
		assert_true(guest_send(&channel, &packet));
		assert_int_equal(toy.packets, i + 1);
		assert_int_equal(toy.last_type, kinds[i]);
		assert_int_equal(toy.last_transaction, i);
		assert_int_equal(toy.last_header_size, 8 * i);
		assert_int_equal(toy.last_size, 24);
		assert_memory_equal(toy.last_payload, packet.payload, 24);
	}
}

static void test_one_signal_per_batch(void **state)
{
	struct guest_packet packet;
	unsigned int count = 0;

	(void)state;
	toy.echo = true;
	channel.quiet = true;
	for (unsigned int i = 0; i < 20; i++)
		assert_true(send(i, 40));
	assert_int_equal(toy.packets, 0);
	guest_signal(&channel);
	assert_int_equal(toy.packets, 20);
	assert_int_equal(toy.drained, 1);
	assert_int_equal(guest.events[channel.relid], 1);
	while (guest_receive(&channel, &packet))
		assert_int_equal(packet.descriptor.transaction_id, count++);
	assert_int_equal(count, 20);
	/* Outside of a batch each is announced when the reader sleeps. */
	for (unsigned int i = 0; i < 3; i++) {
		assert_true(vmbus_channel_complete(toy.channel, i, "x", 1));
		assert_true(guest_receive(&channel, &packet));
	}
	assert_int_equal(guest.events[channel.relid], 4);
	vmbus_server_batch_begin(guest.server);
	vmbus_server_batch_begin(guest.server);
	assert_true(vmbus_channel_complete(toy.channel, 9, "x", 1));
	vmbus_server_batch_end(guest.server);
	assert_false(guest_receive(&channel, &packet));
	vmbus_server_batch_end(guest.server);
	assert_int_equal(guest.events[channel.relid], 5);
	assert_true(guest_receive(&channel, &packet));
}

static void test_masked_reader_is_not_signalled(void **state)
{
	struct guest_packet packet;

	(void)state;
	toy.echo = true;
	channel.in.header->interrupt_mask = 1;
	assert_true(send(1, 8));
	assert_int_equal(guest.events[channel.relid], 0);
	channel.in.header->interrupt_mask = 0;
	assert_true(guest_receive(&channel, &packet));
	assert_true(send(2, 8));
	assert_int_equal(guest.events[channel.relid], 1);
}

/* The device refuses: the packet stays, the child's signals are masked. */
static void test_back_pressure(void **state)
{
	unsigned int sent = 1;

	(void)state;
	toy.refuse_packets = true;
	assert_true(send(1, 100));
	assert_int_equal(channel.signals, 1);
	while (send(sent + 1, 100))
		sent++;
	assert_int_equal(channel.signals, 1);
	assert_int_equal(toy.packets, 0);
	guest_signal(&channel);
	assert_int_equal(toy.packets, 0);
	toy.refuse_packets = false;

	const unsigned int before = guest.events[channel.relid];

	vmbus_channel_resume(toy.channel);
	assert_int_equal(toy.packets, sent);
	assert_int_equal(toy.last_transaction, sent);
	/* The child waits for room and is told of it. */
	assert_int_equal(guest.events[channel.relid], before + 1);
	assert_true(send(sent + 1, 100));
	assert_int_equal(toy.packets, sent + 1);
	vmbus_channel_resume(toy.channel); /* nothing paused: harmless */
	assert_int_equal(toy.packets, sent + 1);
}

/* The child reads slowly: answers wait, none is lost. */
static void test_full_ring_to_child(void **state)
{
	struct guest_packet packet;
	unsigned int received = 0;
	unsigned int sent = 0;

	(void)state;
	toy.echo = true;
	while (!toy.unsent)
		assert_true(send(sent++, 64));
	for (unsigned int i = 0; i < 20; i++)
		assert_true(send(sent++, 64));

	const unsigned int waiting = toy.unsent;

	assert_true(waiting > 20);
	assert_true(channel.in.header->pending_send_size > 0);
	/* Reading makes the model signal as Linux does; that is all it takes.
	 */
	while (guest_receive(&channel, &packet))
		received++;
	assert_int_equal(received, sent);
	assert_int_equal(toy.unsent, 0);
	assert_true(toy.writable > 0);
	assert_int_equal(channel.in.header->pending_send_size, 0);
}

/* An old reader tells nobody of the room it makes: the timer looks. */
static void test_reader_without_pending_size(void **state)
{
	struct guest_packet packet;

	(void)state;
	toy.echo = true;
	channel.in.header->feature_bits = 0;
	while (!toy.unsent)
		assert_true(send(0, 64));
	channel.in.header->pending_send_size = 0; /* which it does not know */
	while (guest_receive(&channel, &packet))
		;
	assert_int_equal(toy.unsent, 1);
	assert_true(fake_clock_advance(&guest.clock, 10000000));
	assert_int_equal(toy.unsent, 0);
	assert_true(guest_receive(&channel, &packet));
}

/* A child that writes for ever gets a share, not all of the worker. */
static bool refill(struct vmbus_channel *vmbus_channel,
		   const struct vmbus_packet *packet)
{
	struct toy *const owner = vmbus_channel_owner(vmbus_channel);

	(void)packet;
	owner->packets++;
	channel.quiet = true;
	send(0, 8); /* as if from another processor */
	return true;
}

static void no_operation(struct vmbus_channel *vmbus_channel)
{
	(void)vmbus_channel;
}

/* When the ring was full of what is done, there is room only now. */
static void refill_drained(struct vmbus_channel *vmbus_channel)
{
	(void)vmbus_channel;
	send(0, 8);
}

static bool yes_operation(struct vmbus_channel *vmbus_channel)
{
	(void)vmbus_channel;
	return true;
}

static void test_budget(void **state)
{
	const struct vmbus_device_operations operations = {
		.opened = yes_operation,
		.closed = no_operation,
		.packet = refill,
		.drained = refill_drained,
	};
	struct toy greedy = {0};
	struct vmbus_offer_channel offer;
	struct guest_channel first = channel;
	unsigned int before;

	(void)state;
	greedy.channel = vmbus_channel_create(
		guest.server,
		&(struct vmbus_channel_options){.name = "greedy",
						.operations = &operations,
						.owner = &greedy});
	offer = guest_expect(&guest, VMBUS_MSG_OFFER_CHANNEL).offer;
	assert_int_equal(guest_open(&guest, &offer, 3, &channel), 0);
	assert_true(send(0, 8));
	assert_in_range(greedy.packets, 100, 10000);
	before = greedy.packets;
	/* The other one is served in between. */
	assert_true(guest_send(
		&first, &(struct guest_packet){.descriptor = {.type = 6}}));
	assert_int_equal(toy.packets, 1);
	assert_true(fake_clock_advance(&guest.clock, 1));
	assert_true(greedy.packets > before);
	vmbus_channel_destroy(greedy.channel);
	fake_clock_advance(&guest.clock, 1);
}

static void test_broken_ring(void **state)
{
	struct guest_packet packet;
	struct toy other;
	struct vmbus_offer_channel offer;
	struct guest_channel second;

	(void)state;
	toy_create(&other, &guest, 0, false);
	other.echo = true;
	offer = guest_expect(&guest, VMBUS_MSG_OFFER_CHANNEL).offer;
	assert_int_equal(guest_open(&guest, &offer, 3, &second), 0);

	const unsigned int lines = fake_log_lines;

	channel.out.header->write_index = 12345;
	guest_signal(&channel);
	guest_signal(&channel);
	assert_int_equal(toy.closed, 1);
	assert_int_equal(fake_log_lines, lines + 1);
	assert_false(vmbus_channel_complete(toy.channel, 1, "x", 1));
	/* The other goes on. */
	assert_true(guest_send(
		&second, &(struct guest_packet){.descriptor = {.type = 6}}));
	assert_true(guest_receive(&second, &packet));
	/* The child may start again. */
	guest_close(&channel);
	guest_gpadl_teardown(&guest, channel.relid, channel.gpadl);
	guest_expect(&guest, VMBUS_MSG_GPADL_TORNDOWN);
	assert_int_equal(toy.closed, 1);
	offer.relid = channel.relid;
	offer.connection_id = channel.connection;
	assert_int_equal(guest_open(&guest, &offer, 3, &channel), 0);
	assert_true(send(7, 8));
	assert_int_equal(toy.last_transaction, 7);
	vmbus_channel_destroy(other.channel);
}

static void test_broken_reader(void **state)
{
	(void)state;
	toy.echo = true;
	channel.in.header->read_index = 0xfffffff0;
	/* Seen when the known room is used up. */
	for (unsigned int i = 0; i < 200 && !toy.closed; i++)
		send(i, 64);
	assert_int_equal(toy.closed, 1);
}

static void test_broken_by_device(void **state)
{
	(void)state;
	vmbus_channel_break(toy.channel, "a test wants it");
	vmbus_channel_break(toy.channel, "a test wants it");
	assert_int_equal(toy.closed, 1);
	assert_non_null(strstr(fake_log_last, "a test wants it"));
	guest_close(&channel);
	assert_int_equal(toy.closed, 1);
	guest_gpadl_teardown(&guest, channel.relid, channel.gpadl);
	guest_expect(&guest, VMBUS_MSG_GPADL_TORNDOWN);
}

static void test_signals_for_nothing(void **state)
{
	(void)state;
	for (uint32_t connection = 0; connection < 0x20000; connection++)
		guest.synic.signalled(guest.synic.server, connection);
	guest.synic.signalled(guest.synic.server, 0xffffffff);
	assert_int_equal(toy.packets, 0);
}

/* ---- Ranges of GPA-direct packets ---- */

struct ranges {
	uint32_t words[64];
	size_t size;
};

static bool parse(const struct ranges *ranges, uint64_t limit,
		  struct vmbus_spans *spans)
{
	const struct vmbus_packet packet = {
		.type = VMBUS_PACKET_GPA_DIRECT,
		.header = ranges->words,
		.header_size = ranges->size,
	};

	return vmbus_packet_spans(&packet, &guest.memory, limit, spans);
}

static void test_ranges(void **state)
{
	struct span list[4];
	struct vmbus_spans spans = {list, 4, 0, 0};
	/* reserved, count, {bytes, offset, pfns} twice */
	struct ranges ranges = {
		{0, 2, 5000, 100, 7, 0, 8, 0, 100, 4000, 50, 0, 20, 0}, 14 * 4};
	struct ranges bad;

	(void)state;
	assert_true(parse(&ranges, 1 << 20, &spans));
	assert_int_equal(spans.bytes, 5100);
	assert_int_equal(spans.count, 3); /* pages 7 and 8 are neighbours */
	assert_ptr_equal(list[0].base, (uint8_t *)guest_at(&guest, 7) + 100);
	assert_int_equal(list[0].size, 5000);
	assert_int_equal(list[1].size, 96);
	assert_ptr_equal(list[2].base, guest_at(&guest, 20));
	assert_int_equal(list[2].size, 4);
	/* Only so many bytes. */
	assert_true(parse(&ranges, 5010, &spans));
	assert_int_equal(spans.bytes, 5010);
	assert_int_equal(list[1].size, 10);
	spans.capacity = 2;
	assert_false(parse(&ranges, 1 << 20, &spans));
	spans.capacity = 4;
	for (size_t size = 0; size < 14 * 4; size += 4) {
		bad = ranges;
		bad.size = size;
		assert_false(parse(&bad, 1 << 20, &spans));
	}
	bad = ranges;
	bad.words[3] = 4096;
	assert_false(parse(&bad, 1 << 20, &spans));
	bad = ranges;
	bad.words[2] = 0xffffffff;
	assert_false(parse(&bad, 1 << 20, &spans));
	bad = ranges;
	bad.words[1] = 0xffffffff;
	assert_false(parse(&bad, 1 << 20, &spans));
	bad = ranges;
	bad.words[5] = 0xffffffff;
	assert_false(parse(&bad, 1 << 20, &spans));
	bad = ranges;
	bad.words[6] = 0x1000;
	assert_false(parse(&bad, 1 << 20, &spans));
	bad = ranges;
	bad.words[1] = 0;
	assert_true(parse(&bad, 1 << 20, &spans));
	assert_int_equal(spans.count, 0);
	/* One range goes on where the other ends. */
	bad = (struct ranges){{0, 2, 4096, 0, 7, 0, 96, 0, 8, 0}, 10 * 4};
	assert_true(parse(&bad, 1 << 20, &spans));
	assert_int_equal(spans.count, 1);
	assert_int_equal(list[0].size, 4096 + 96);
}

/* Where byte number at of one range is, page by page; NULL: nowhere. */
static const uint8_t *byte_at(const struct ranges *ranges, uint64_t at)
{
	const uint64_t place = ranges->words[3] + at;
	const uint32_t *const pfn = &ranges->words[4 + place / 4096 * 2];
	const uint8_t *const page =
		memory_at(&guest.memory, (uint64_t)*pfn << 12, 4096);

	return page ? page + place % 4096 : NULL;
}

/* Neighbours, gaps, the same again, ends of memory; some beyond the limit. */
static void random_range(struct fake_random *random, struct ranges *ranges)
{
	static const uint32_t starts[] = {0, (GUEST_LOW_SIZE >> 12) - 6,
					  GUEST_HIGH_GPA >> 12, 100};
	const uint32_t pages = 1 + fake_random_below(random, 24);
	uint32_t pfn = starts[fake_random_below(random, 4)];

	ranges->words[1] = 1;
	ranges->words[3] = fake_random_below(random, 4096);
	ranges->words[2] = (pages - 1) * 4096 + 1 +
			   fake_random_below(random, 4096) - ranges->words[3];
	for (uint32_t i = 0; i < pages; i++) {
		ranges->words[4 + 2 * i] = pfn;
		pfn += fake_random_below(random, 8)
			       ? 1
			       : fake_random_below(random, 3);
	}
	ranges->size = 16 + pages * 8;
}

static void test_ranges_page_by_page(void **state)
{
	struct fake_random random = {5};
	struct ranges ranges = {0};
	struct span list[32];
	unsigned int good = 0, bad = 0;

	(void)state;
	for (unsigned int i = 0; i < 5000; i++) {
		struct vmbus_spans spans = {list, 32, 0, 0};
		uint64_t at = 0, whole = 0;

		random_range(&random, &ranges);
		if (ranges.words[2] > 24 * 4096)
			continue; /* it would have begun behind its end */

		const uint64_t limit =
			fake_random_below(&random, 2)
				? 1 << 20
				: fake_random_below(&random, 100000);

		while (whole < ranges.words[2] && whole < limit &&
		       byte_at(&ranges, whole))
			whole++;

		const bool right = whole == ranges.words[2] || whole == limit;

		assert_int_equal(parse(&ranges, limit, &spans), right);
		good += right;
		bad += !right;
		if (!right)
			continue;
		assert_int_equal(spans.bytes, whole);
		for (unsigned int n = 0; n < spans.count; n++)
			for (size_t byte = 0; byte < list[n].size; byte++)
				assert_ptr_equal((uint8_t *)list[n].base + byte,
						 byte_at(&ranges, at++));
		assert_int_equal(at, whole);
	}
	assert_true(good > 500 && bad > 500);
}

/* Both ends at random for long: in order, whole, and never stuck. */
static void test_random_traffic(void **state)
{
	struct fake_random random = {9};
	static struct guest_packet packet;
	uint64_t sent = 0;
	uint64_t received = 0;
	unsigned int refused = 0;

	(void)state;
	while (received < 20000) {
		const uint32_t what = fake_random_below(&random, 8);

		/* The toy loses its place when it could not answer. */
		toy.echo = true;
		if (what < 4) {
			if (sent - received < 60 &&
			    send(sent, fake_random_below(&random, 60)))
				sent++;
		} else if (what < 7) {
			if (guest_receive(&channel, &packet)) {
				assert_int_equal(
					packet.descriptor.transaction_id,
					received);
				assert_int_equal(packet.descriptor.type,
						 VMBUS_PACKET_COMPLETION);
				received++;
			}
		} else {
			toy.refuse_packets = !toy.refuse_packets;
			refused += toy.refuse_packets;
			if (!toy.refuse_packets)
				vmbus_channel_resume(toy.channel);
		}
	}
	assert_int_equal(toy.unsent, 0);
	assert_true(refused > 100);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_packet_kinds),
		TEST(test_one_signal_per_batch),
		TEST(test_masked_reader_is_not_signalled),
		TEST(test_back_pressure),
		TEST(test_full_ring_to_child),
		TEST(test_reader_without_pending_size),
		TEST(test_budget),
		TEST(test_broken_ring),
		TEST(test_broken_reader),
		TEST(test_broken_by_device),
		TEST(test_signals_for_nothing),
		TEST(test_ranges),
		TEST(test_ranges_page_by_page),
		TEST(test_random_traffic),
	};

	return cmocka_run_group_tests_name("channel", tests, NULL, NULL);
}
