// SPDX-License-Identifier: GPL-2.0-or-later
/* The network adapter's channel: versions, buffers, answers, and their end. */
#include "netguest.h"

#include <string.h>

static struct netguest net;

static const uint32_t versions[] = {
	NVSP_VERSION_1, NVSP_VERSION_2, NVSP_VERSION_4,
	NVSP_VERSION_5, NVSP_VERSION_6, NVSP_VERSION_6_1,
};

#define VERSION_COUNT (sizeof(versions) / sizeof(versions[0]))

static const uint8_t broadcast[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2};

static int setup(void **state)
{
	(void)state;
	netguest_init(&net, 9000);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	netguest_destroy(&net);
	return 0;
}

/* The channel was stopped, with one line that says why. */
static void expect_broken(unsigned int lines, const char *why)
{
	struct guest_packet packet = {
		.descriptor = {.type = VMBUS_PACKET_IN_BAND, .flags = 1},
		.payload_size = 40,
	};
	const unsigned int completions = net.completions;

	assert_int_equal(fake_log_lines, lines + 1);
	assert_non_null(strstr(fake_log_last, why));
	packet.payload[0] = NVSP_INIT;
	guest_send(&net.channel, &packet);
	netguest_poll(&net);
	assert_int_equal(net.completions, completions);
	assert_int_equal(netvsp_state_read(net.netvsp).nvsp_version, 0);
}

/* And can be had again, as if nothing had been. */
static void reopen(void)
{
	guest_close(&net.channel);
	guest_gpadl_teardown(&net.guest, net.channel.relid, net.channel.gpadl);
	guest_expect(&net.guest, VMBUS_MSG_GPADL_TORNDOWN);
	net.version = 0;
	netguest_open(&net);
}

static void echo(void)
{
	uint8_t message[200];

	netguest_forget(&net);
	assert_int_equal(
		netguest_send(&net, NETGUEST_SECTION, message,
			      netguest_packet(message, broadcast,
					      sizeof(broadcast), NULL)),
		NVSP_STATUS_SUCCESS);
	assert_int_equal(net.sent_count, 1);
	assert_int_equal(net.sent[0].size, sizeof(broadcast));
	assert_memory_equal(net.sent[0].bytes, broadcast, sizeof(broadcast));
	assert_true(netguest_arrive(&net, broadcast, sizeof(broadcast), NULL));
	netguest_poll(&net);
	assert_int_equal(net.received_count, 1);
	netguest_forget(&net);
}

/* ---- Versions ---- */

static void test_offer(void **state)
{
	(void)state;
	assert_int_equal(net.offer.flags & 1, 1);
	assert_int_equal(net.offer.sub_index, 0);
}

static void test_each_version(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < VERSION_COUNT; i++) {
		netguest_bring_up(&net, versions[i], 1514);

		const struct netvsp_state known = netvsp_state_read(net.netvsp);

		assert_int_equal(known.nvsp_version, versions[i]);
		assert_int_equal(known.mtu, 1500);
		assert_int_equal(known.receive_sections, 64 * 4096 / 1728);
		assert_int_equal(known.receive_sections_in_use, 0);
		assert_int_equal(known.send_sections, 16 * 4096 / 6144);
		assert_int_equal(net.section.sub_allocation_size, 1728);
		assert_int_equal(net.section.end_offset,
				 net.section.sub_allocation_size *
					 net.section.sub_allocation_count);
		assert_int_equal(net.send_section_size, 6144);
		echo();
		reopen();
	}
}

static void test_version_range(void **state)
{
	struct nvsp_message message = {
		.type = NVSP_INIT,
		.init = {NVSP_VERSION_1, 0xffffffff},
	};

	(void)state;
	net.version = NVSP_VERSION_6_1;
	assert_int_equal(netguest_ask(&net, &message), NVSP_INIT_COMPLETE);
	assert_int_equal(net.answer.init_complete.negotiated_version,
			 NVSP_VERSION_6_1);
	net.version = NVSP_VERSION_4;
	message.init.max_version = NVSP_VERSION_5 - 1;
	assert_int_equal(netguest_ask(&net, &message), NVSP_INIT_COMPLETE);
	assert_int_equal(net.answer.init_complete.negotiated_version,
			 NVSP_VERSION_4);
}

/* As drivers try one after the other. */
static void test_unknown_versions(void **state)
{
	static const uint32_t none[] = {0,	 1,	  3,	   0x30000,
					0x30003, 0x50001, 0x60002, 0x70000};

	(void)state;
	for (unsigned int i = 0; i < 8; i++) {
		net.version = 0;
		assert_false(netguest_negotiate(&net, none[i]));
		assert_int_equal(net.answer.init_complete.status,
				 NVSP_STATUS_FAILURE);
	}
	netguest_bring_up(&net, NVSP_VERSION_2, 1514);
	echo();
}

static void test_version_stays(void **state)
{
	(void)state;
	netguest_bring_up(&net, NVSP_VERSION_5, 1514);
	assert_false(netguest_negotiate(&net, NVSP_VERSION_4));
	assert_int_equal(net.version, NVSP_VERSION_5);
	echo();
}

/* ---- Order ---- */

static void test_before_version(void **state)
{
	static const uint32_t types[] = {
		NVSP_SEND_NDIS_VERSION,
		NVSP_SEND_RECEIVE_BUFFER,
		NVSP_REVOKE_RECEIVE_BUFFER,
		NVSP_SEND_SEND_BUFFER,
		NVSP_REVOKE_SEND_BUFFER,
		NVSP_SEND_RNDIS_PACKET,
		NVSP_SEND_NDIS_CONFIG,
		NVSP_SWITCH_DATA_PATH,
		NVSP_SUBCHANNEL,
	};

	(void)state;
	for (unsigned int i = 0; i < 9; i++) {
		const unsigned int lines = fake_log_lines;

		assert_int_equal(
			netguest_ask(&net,
				     &(struct nvsp_message){.type = types[i]}),
			0);
		expect_broken(lines, "cannot be now");
		reopen();
	}
}

static void test_messages_of_later_versions(void **state)
{
	unsigned int lines = fake_log_lines;

	(void)state;
	assert_true(netguest_negotiate(&net, NVSP_VERSION_1));
	netguest_ask(&net,
		     &(struct nvsp_message){.type = NVSP_SEND_NDIS_CONFIG});
	expect_broken(lines, "cannot be now");
	reopen();
	lines = fake_log_lines;
	assert_true(netguest_negotiate(&net, NVSP_VERSION_4));
	netguest_ask(&net, &(struct nvsp_message){.type = NVSP_SUBCHANNEL});
	expect_broken(lines, "cannot be now");
}

static void test_unknown_messages(void **state)
{
	static const uint32_t types[] = {0,   2,   3,	99,	 102,
					 108, 128, 134, 0x10000, 0xffffffff};

	(void)state;
	for (unsigned int i = 0; i < 10; i++) {
		const unsigned int lines = fake_log_lines;

		assert_true(netguest_negotiate(&net, NVSP_VERSION_6_1));
		netguest_ask(&net, &(struct nvsp_message){.type = types[i]});
		expect_broken(lines, "cannot be now");
		reopen();
	}
}

static void send_raw(uint16_t type, const void *payload, size_t size)
{
	struct guest_packet packet = {
		.descriptor = {.type = type, .flags = 1, .transaction_id = 3},
		.payload_size = size,
	};

	memcpy(packet.payload, payload, size);
	assert_true(guest_send(&net.channel, &packet));
}

static void test_short_and_odd_packets(void **state)
{
	const uint32_t message[4] = {NVSP_SEND_RNDIS_PACKET, 0, 0xffffffff, 0};
	unsigned int lines = fake_log_lines;

	(void)state;
	send_raw(VMBUS_PACKET_IN_BAND, message, 0);
	expect_broken(lines, "not a network packet");
	reopen();
	lines = fake_log_lines;
	send_raw(VMBUS_PACKET_CANCEL, message, 16);
	expect_broken(lines, "not a network packet");
	reopen();
	lines = fake_log_lines;
	assert_true(netguest_negotiate(&net, NVSP_VERSION_6_1));
	send_raw(VMBUS_PACKET_IN_BAND, message, 8);
	expect_broken(lines, "cannot be now");
	reopen();
	/* No longer than it must be. */
	netguest_bring_up(&net, NVSP_VERSION_6_1, 1514);
	send_raw(VMBUS_PACKET_IN_BAND, message, 16);
	netguest_poll(&net);
	assert_int_equal(net.answer.rndis_packet_complete.status,
			 NVSP_STATUS_FAILURE);
	echo();
}

static void test_others_answers(void **state)
{
	(void)state;
	netguest_bring_up(&net, NVSP_VERSION_6_1, 1514);
	/* No more channels than this one. */
	assert_int_equal(netguest_ask(&net,
				      &(struct nvsp_message){
					      .type = NVSP_SUBCHANNEL,
					      .subchannel_request = {1, 3}}),
			 NVSP_SUBCHANNEL);
	assert_int_equal(net.answer.subchannel_complete.status,
			 NVSP_STATUS_FAILURE);
	assert_int_equal(net.answer.subchannel_complete.count, 0);
	assert_int_equal(netguest_ask(&net,
				      &(struct nvsp_message){
					      .type = NVSP_SWITCH_DATA_PATH}),
			 NVSP_SWITCH_DATA_PATH);
	echo();
}

/* ---- The child's frames ---- */

static void test_frame_sizes(void **state)
{
	/* What is asked, with Ethernet's header; what comes of it. */
	static const uint32_t sizes[][3] = {
		{1514, 1500, 1728},	  {9014, 9000, 9216},
		{0, 576, 1728},		  {65535, 9000, 9216},
		{590, 576, 1728},	  {4014, 4000, 4224},
		{0xffffffff, 9000, 9216},
	};

	(void)state;
	for (unsigned int i = 0; i < 7; i++) {
		netguest_bring_up(&net, NVSP_VERSION_6_1, sizes[i][0]);
		assert_int_equal(netvsp_state_read(net.netvsp).mtu,
				 sizes[i][1]);
		assert_int_equal(net.section.sub_allocation_size, sizes[i][2]);
		echo();
		reopen();
	}
}

static void test_frame_size_late(void **state)
{
	const unsigned int lines = fake_log_lines;

	(void)state;
	netguest_bring_up(&net, NVSP_VERSION_6_1, 1514);
	netguest_configure(&net, 9014, 0);
	expect_broken(lines, "buffers in use");
	reopen();
	netguest_bring_up(&net, NVSP_VERSION_6_1, 9014);
	echo();
}

/* ---- Buffers ---- */

static uint32_t offer_buffer(uint32_t type, uint32_t gpadl)
{
	netguest_ask(&net,
		     &(struct nvsp_message){.type = type,
					    .send_buffer = {gpadl, 0xcafe, 0}});
	return net.answer.send_buffer_complete.status;
}

static void test_buffers_refused(void **state)
{
	uint64_t pfn = guest_page(&net.guest);
	const uint32_t small =
		guest_gpadl(&net.guest, net.channel.relid, &pfn, 1);

	(void)state;
	assert_true(netguest_negotiate(&net, NVSP_VERSION_6_1));
	netguest_configure(&net, 9014, 0);
	/* No such page list, or one with no room for a section. */
	assert_int_equal(offer_buffer(NVSP_SEND_RECEIVE_BUFFER, 0x777), 2);
	assert_int_equal(offer_buffer(NVSP_SEND_SEND_BUFFER, 0x777), 2);
	assert_int_equal(offer_buffer(NVSP_SEND_RECEIVE_BUFFER, small), 2);
	assert_int_equal(offer_buffer(NVSP_SEND_SEND_BUFFER, small), 2);
	/* They were let go again. */
	guest_gpadl_teardown(&net.guest, net.channel.relid, small);
	guest_expect(&net.guest, VMBUS_MSG_GPADL_TORNDOWN);
	/* One of each, not two. */
	assert_true(netguest_receive_buffer(&net, 64));
	assert_false(netguest_receive_buffer(&net, 64));
	assert_true(netguest_send_buffer(&net, 16));
	assert_false(netguest_send_buffer(&net, 16));
}

/* A large buffer is used as far as it makes sense. */
static void test_many_sections(void **state)
{
	static uint64_t pfns[7600];

	(void)state;
	assert_true(netguest_negotiate(&net, NVSP_VERSION_6_1));
	netguest_configure(&net, 1514, 0);
	for (unsigned int i = 0; i < 7600; i++)
		pfns[i] = i % 3000 + 0x100000;
	assert_int_equal(offer_buffer(NVSP_SEND_RECEIVE_BUFFER,
				      guest_gpadl(&net.guest, net.channel.relid,
						  pfns, 7600)),
			 1);
	assert_int_equal(net.answer.receive_buffer_complete.sections[0]
				 .sub_allocation_count,
			 16384);
}

static void revoke(uint32_t type, uint16_t id)
{
	netguest_tell(&net, &(struct nvsp_message){.type = type,
						   .revoke_buffer = {id, 0}});
}

static void test_revoke(void **state)
{
	uint8_t message[200];

	(void)state;
	netguest_bring_up(&net, NVSP_VERSION_6_1, 1514);
	/* The page lists are the adapter's until they are revoked. */
	guest_gpadl_teardown(&net.guest, net.channel.relid, net.receive_gpadl);
	guest_gpadl_teardown(&net.guest, net.channel.relid, net.send_gpadl);
	guest_expect_none(&net.guest);
	echo();
	net.guest.slots = 4;
	revoke(NVSP_REVOKE_RECEIVE_BUFFER, NVSP_RECEIVE_BUFFER_ID);
	assert_int_equal(guest_expect(&net.guest, VMBUS_MSG_GPADL_TORNDOWN)
				 .gpadl_torndown.gpadl,
			 net.receive_gpadl);
	revoke(NVSP_REVOKE_SEND_BUFFER, NVSP_SEND_BUFFER_ID);
	assert_int_equal(guest_expect(&net.guest, VMBUS_MSG_GPADL_TORNDOWN)
				 .gpadl_torndown.gpadl,
			 net.send_gpadl);
	/* What comes is lost; what is sent from there is refused. */
	assert_true(netguest_arrive(&net, broadcast, sizeof(broadcast), NULL));
	netguest_poll(&net);
	assert_int_equal(net.received_count, 0);
	assert_int_equal(
		netguest_send(&net, NETGUEST_SECTION, message,
			      netguest_packet(message, broadcast,
					      sizeof(broadcast), NULL)),
		NVSP_STATUS_FAILURE);
	/* Control messages have nowhere to be answered. */
	assert_int_equal(netguest_control(&net,
					  (uint32_t[3]){RNDIS_KEEPALIVE, 12, 0},
					  12),
			 NVSP_STATUS_FAILURE);
	/* And again, as when a driver changes its buffers' sizes. */
	assert_true(netguest_receive_buffer(&net, 32));
	assert_true(netguest_send_buffer(&net, 8));
	echo();
}

static void test_revoke_what_is_not(void **state)
{
	unsigned int lines = fake_log_lines;

	(void)state;
	assert_true(netguest_negotiate(&net, NVSP_VERSION_6_1));
	revoke(NVSP_REVOKE_RECEIVE_BUFFER, NVSP_RECEIVE_BUFFER_ID);
	expect_broken(lines, "revokes a receive buffer");
	reopen();
	lines = fake_log_lines;
	assert_true(netguest_negotiate(&net, NVSP_VERSION_6_1));
	revoke(NVSP_REVOKE_SEND_BUFFER, NVSP_SEND_BUFFER_ID);
	expect_broken(lines, "revokes a send buffer");
	reopen();
	lines = fake_log_lines;
	netguest_bring_up(&net, NVSP_VERSION_6_1, 1514);
	revoke(NVSP_REVOKE_RECEIVE_BUFFER, 1);
	expect_broken(lines, "revokes a receive buffer");
	reopen();
	lines = fake_log_lines;
	netguest_bring_up(&net, NVSP_VERSION_6_1, 1514);
	revoke(NVSP_REVOKE_SEND_BUFFER, 1);
	expect_broken(lines, "revokes a send buffer");
}

/* ---- Answers to transfers ---- */

static uint64_t keep_one(void)
{
	uint64_t transaction;

	net.keep = true;
	assert_true(netguest_arrive(&net, broadcast, sizeof(broadcast), NULL));
	netguest_poll(&net);
	assert_int_equal(net.received_count, 1);
	transaction = net.received[0].transaction;
	netguest_forget(&net);
	return transaction;
}

static void test_answers_free(void **state)
{
	uint64_t transaction;

	(void)state;
	netguest_bring_up(&net, NVSP_VERSION_6_1, 1514);
	transaction = keep_one();
	assert_int_equal(netvsp_state_read(net.netvsp).receive_sections_in_use,
			 1);
	net.answer_fails = true; /* which is all the same to us */
	netguest_answer(&net, transaction);
	assert_int_equal(netvsp_state_read(net.netvsp).receive_sections_in_use,
			 0);
}

static void test_answered_twice(void **state)
{
	const unsigned int lines = fake_log_lines;
	uint64_t transaction;

	(void)state;
	netguest_bring_up(&net, NVSP_VERSION_6_1, 1514);
	transaction = keep_one();
	netguest_answer(&net, transaction);
	netguest_answer(&net, transaction);
	expect_broken(lines, "an answer to what was not sent");
	net.keep = false;
	reopen();
	netguest_bring_up(&net, NVSP_VERSION_6_1, 1514);
	echo();
}

static void test_answers_to_nothing(void **state)
{
	uint64_t transaction;

	(void)state;
	for (unsigned int i = 0; i < 5; i++) {
		const unsigned int lines = fake_log_lines;

		netguest_bring_up(&net, NVSP_VERSION_6_1, 1514);
		transaction = keep_one();

		const uint64_t wrong[] = {0, transaction + 1, UINT64_MAX,
					  transaction + (1ULL << 32),
					  transaction | 0xffffffff};

		netguest_answer(&net, wrong[i]);
		expect_broken(lines, "an answer to what was not sent");
		net.keep = false;
		reopen();
	}
	/* Nor is there any before there is a buffer. */
	const unsigned int lines = fake_log_lines;

	netguest_answer(&net, 0x700000000);
	expect_broken(lines, "an answer to what was not sent");
}

/* The buffer is gone, and another one there: late answers are no harm. */
static void test_answers_after_revoke(void **state)
{
	uint64_t old;

	(void)state;
	netguest_bring_up(&net, NVSP_VERSION_6_1, 1514);
	old = keep_one();
	revoke(NVSP_REVOKE_RECEIVE_BUFFER, NVSP_RECEIVE_BUFFER_ID);
	netguest_answer(&net, old);
	net.keep = false;
	assert_true(netguest_receive_buffer(&net, 64));
	netguest_answer(&net, old);
	assert_int_equal(netvsp_state_read(net.netvsp).receive_sections_in_use,
			 0);
	echo();
}

/* ---- Closing ---- */

/* The child closes with everything in use; its pages are free at once. */
static void test_close_in_use(void **state)
{
	(void)state;
	netguest_bring_up(&net, NVSP_VERSION_6_1, 1514);
	keep_one();
	net.guest.slots = 8;
	guest_gpadl_teardown(&net.guest, net.channel.relid, net.receive_gpadl);
	guest_gpadl_teardown(&net.guest, net.channel.relid, net.send_gpadl);
	guest_expect_none(&net.guest);
	guest_close(&net.channel);
	guest_expect(&net.guest, VMBUS_MSG_GPADL_TORNDOWN);
	guest_expect(&net.guest, VMBUS_MSG_GPADL_TORNDOWN);
	guest_gpadl_teardown(&net.guest, net.channel.relid, net.channel.gpadl);
	guest_expect(&net.guest, VMBUS_MSG_GPADL_TORNDOWN);
	/* The link may go on. */
	assert_true(netguest_arrive(&net, broadcast, sizeof(broadcast), NULL));
	net.link.carrier(net.netvsp, false);
	net.link.carrier(net.netvsp, true);
	netguest_open(&net);
	net.keep = false;
	netguest_bring_up(&net, NVSP_VERSION_6_1, 1514);
	echo();
}

/* Drivers come and go; nothing is left behind. */
static void test_many_drivers(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 20; i++) {
		netguest_bring_up(&net, versions[i % VERSION_COUNT], 1514);
		echo();
		guest_gpadl_teardown(&net.guest, net.channel.relid,
				     net.receive_gpadl);
		guest_gpadl_teardown(&net.guest, net.channel.relid,
				     net.send_gpadl);
		revoke(NVSP_REVOKE_RECEIVE_BUFFER, NVSP_RECEIVE_BUFFER_ID);
		guest_expect(&net.guest, VMBUS_MSG_GPADL_TORNDOWN);
		revoke(NVSP_REVOKE_SEND_BUFFER, NVSP_SEND_BUFFER_ID);
		guest_expect(&net.guest, VMBUS_MSG_GPADL_TORNDOWN);
		reopen();
		assert_int_equal(net.resumed, 0);
	}
	assert_int_equal(netvsp_statistics_read(net.netvsp).out_frames, 20);
	assert_int_equal(netvsp_statistics_read(net.netvsp).in_frames, 20);
}

static void test_server_reset(void **state)
{
	(void)state;
	netguest_bring_up(&net, NVSP_VERSION_6_1, 1514);
	keep_one();
	vmbus_server_reset(net.guest.server);
	assert_true(vmbus_server_idle(net.guest.server));
	assert_true(netguest_arrive(&net, broadcast, sizeof(broadcast), NULL));
	assert_int_equal(netvsp_state_read(net.netvsp).nvsp_version, 0);
}

static void test_no_channel_left(void **state)
{
	static struct netvsp *others[VMBUS_MAX_CHANNELS];
	static struct network_link links[VMBUS_MAX_CHANNELS];
	unsigned int count = 0;

	(void)state;
	for (;;) {
		const struct netvsp_options options = {
			.name = "another",
			.server = net.guest.server,
			.memory = &net.guest.memory,
			.link = &links[count],
		};

		net.guest.message_count = 0;
		others[count] = netvsp_create(&options);
		if (!others[count])
			break;
		count++;
	}
	assert_true(count > 1000);
	assert_null(links[count].device);
	while (count)
		netvsp_destroy(others[--count]);
	net.guest.message_count = 0;
}

/* ---- Room on the ring ---- */

static void send_frames(unsigned int count, unsigned int *sent)
{
	uint8_t message[200];
	const struct nvsp_message nvsp = {
		.type = NVSP_SEND_RNDIS_PACKET,
		.rndis_packet = {NVSP_CHANNEL_DATA, 0,
				 netguest_packet(message, broadcast,
						 sizeof(broadcast), NULL)},
	};
	struct guest_packet packet = {
		.descriptor = {.type = VMBUS_PACKET_IN_BAND, .flags = 1},
		.payload_size = sizeof(nvsp),
	};

	memcpy(guest_at(&net.guest, net.send_pfns[0]), message,
	       nvsp.rndis_packet.send_section_size);
	memcpy(packet.payload, &nvsp, sizeof(nvsp));
	for (unsigned int i = 0; i < count; i++) {
		packet.descriptor.transaction_id = 0x80000 + *sent;
		if (!guest_send(&net.channel, &packet))
			break;
		++*sent;
	}
}

/* A child that does not read its answers stops its own sending, no more. */
static void test_answers_wait_for_room(void **state)
{
	unsigned int sent = 0;
	unsigned int before;

	(void)state;
	netguest_bring_up(&net, NVSP_VERSION_6_1, 1514);
	before = net.completions;
	send_frames(20000, &sent);
	/* The ring of answers, those that wait, and the ring of packets. */
	assert_in_range(sent, 900 + 256, 20000 - 1);
	assert_in_range(net.sent_total, 900 + 256, sent - 500);
	assert_true(net.sent_total < sent);
	for (unsigned int i = 0; i < 20 && net.completions - before < sent;
	     i++) {
		netguest_poll(&net);
		fake_clock_advance(&net.guest.clock, 1000000);
	}
	assert_int_equal(net.completions - before, sent);
	assert_int_equal(net.last_completion, 0x80000 + sent - 1);
	assert_int_equal(net.sent_total, sent);
	echo();
}

static void test_close_with_answers_waiting(void **state)
{
	unsigned int sent = 0;

	(void)state;
	netguest_bring_up(&net, NVSP_VERSION_6_1, 1514);
	send_frames(20000, &sent);
	reopen();
	netguest_bring_up(&net, NVSP_VERSION_6_1, 1514);
	echo();
}

/* Frames on their way in wait with the link, which is told when to go on. */
static void test_frames_wait_for_room(void **state)
{
	unsigned int arrived = 0;
	unsigned int received = 0;
	unsigned int told = 0;

	(void)state;
	/* Rings of one page, a buffer of many. */
	guest_close(&net.channel);
	guest_gpadl_teardown(&net.guest, net.channel.relid, net.channel.gpadl);
	guest_expect(&net.guest, VMBUS_MSG_GPADL_TORNDOWN);
	net.channel_pages = 2;
	netguest_open(&net);
	netguest_bring_up(&net, NVSP_VERSION_6_1, 1514);
	for (unsigned int i = 0; i < 10; i++) {
		const unsigned int resumed = net.resumed;

		while (netguest_arrive(&net, broadcast, sizeof(broadcast),
				       NULL))
			arrived++;
		assert_true(arrived - received < 60);
		assert_int_equal(net.resumed, resumed);
		netguest_poll(&net);
		received += net.received_count;
		netguest_forget(&net);
		assert_int_equal(received, arrived);
		if (net.resumed == resumed)
			fake_clock_advance(&net.guest.clock, 1000000);
		assert_int_equal(net.resumed, resumed + 1);
	}
	assert_true(arrived > 300);
	assert_int_equal(netvsp_statistics_read(net.netvsp).in_no_room, 10);
	/* The same with a control message in between. */
	while (netguest_arrive(&net, broadcast, sizeof(broadcast), NULL))
		arrived++;
	net.link.carrier(net.netvsp, false);
	netguest_poll(&net);
	net.link.carrier(net.netvsp, true);
	netguest_poll(&net);
	for (unsigned int i = 0; i < net.received_count; i++)
		told += net.received[i].channel_type == NVSP_CHANNEL_CONTROL;
	assert_int_equal(told, 2);
}

/* The link is told also when the child goes away. */
static void test_close_while_link_waits(void **state)
{
	(void)state;
	netguest_bring_up(&net, NVSP_VERSION_6_1, 1514);
	net.keep = true;
	while (netguest_arrive(&net, broadcast, sizeof(broadcast), NULL)) {
		netguest_poll(&net);
		netguest_forget(&net);
	}
	assert_int_equal(netvsp_state_read(net.netvsp).receive_sections_in_use,
			 net.section.sub_allocation_count);
	assert_int_equal(net.resumed, 0);
	guest_close(&net.channel);
	assert_int_equal(net.resumed, 1);
	assert_true(netguest_arrive(&net, broadcast, sizeof(broadcast), NULL));
	net.keep = false;
}

static void test_sections_run_out(void **state)
{
	uint64_t transactions[4];

	(void)state;
	netguest_bring_up(&net, NVSP_VERSION_6_1, 1514);
	for (unsigned int i = 0; i < 4; i++)
		transactions[i] = keep_one();
	while (netguest_arrive(&net, broadcast, sizeof(broadcast), NULL)) {
		netguest_poll(&net);
		netguest_forget(&net);
	}
	assert_int_equal(net.resumed, 0);
	for (unsigned int i = 0; i < 4; i++) {
		assert_false(netguest_arrive(&net, broadcast, sizeof(broadcast),
					     NULL));
		netguest_answer(&net, transactions[i]);
		assert_int_equal(net.resumed, i + 1);
		assert_true(netguest_arrive(&net, broadcast, sizeof(broadcast),
					    NULL));
	}
	/* Not more often than it was told to wait. */
	netguest_poll(&net);
	netguest_answer(&net, net.received[0].transaction);
	assert_int_equal(net.resumed, 4);
}

/* A ring that the child makes invalid, while frames come. */
static void test_ring_broken_from_outside(void **state)
{
	const unsigned int lines = fake_log_lines;
	unsigned int taken = 0;
	unsigned int waits = 0;

	(void)state;
	netguest_bring_up(&net, NVSP_VERSION_6_1, 1514);
	net.channel.in.header->read_index = 0x7fffffff;
	/* Sections come back, so that it is the ring whose end is reached. */
	while (fake_log_lines == lines && taken++ < 100000) {
		if (netguest_arrive(&net, broadcast, sizeof(broadcast), NULL))
			continue;
		waits++;
		netguest_answer(&net, 0x100000000);
	}
	assert_int_equal(fake_log_lines, lines + 1);
	/* The link does not wait for what will never be. */
	assert_int_equal(net.resumed, waits);
	assert_true(netguest_arrive(&net, broadcast, sizeof(broadcast), NULL));
	reopen();
	netguest_bring_up(&net, NVSP_VERSION_6_1, 1514);
	echo();
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_offer),
		TEST(test_each_version),
		TEST(test_version_range),
		TEST(test_unknown_versions),
		TEST(test_version_stays),
		TEST(test_before_version),
		TEST(test_messages_of_later_versions),
		TEST(test_unknown_messages),
		TEST(test_short_and_odd_packets),
		TEST(test_others_answers),
		TEST(test_frame_sizes),
		TEST(test_frame_size_late),
		TEST(test_buffers_refused),
		TEST(test_many_sections),
		TEST(test_revoke),
		TEST(test_revoke_what_is_not),
		TEST(test_answers_free),
		TEST(test_answered_twice),
		TEST(test_answers_to_nothing),
		TEST(test_answers_after_revoke),
		TEST(test_close_in_use),
		TEST(test_many_drivers),
		TEST(test_server_reset),
		TEST(test_no_channel_left),
		TEST(test_answers_wait_for_room),
		TEST(test_close_with_answers_waiting),
		TEST(test_frames_wait_for_room),
		TEST(test_close_while_link_waits),
		TEST(test_sections_run_out),
		TEST(test_ring_broken_from_outside),
	};

	return cmocka_run_group_tests_name("netvsp", tests, NULL, NULL);
}
