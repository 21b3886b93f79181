// SPDX-License-Identifier: GPL-2.0-or-later
/* The child's packets on their way to the link. */
#include "netguest.h"

#include <string.h>

#include "packets.h"

static struct netguest net;
static struct packet packet;
static struct packet seen;
static struct netguest_about about[NETGUEST_WORDS];
static uint8_t message[PACKET_MAX + 1000];

static int setup_with(uint32_t mtu)
{
	netguest_init(&net, mtu);
	netguest_bring_up(&net, NVSP_VERSION_6_1, mtu + 14);
	memset(about, 0, sizeof(about));
	return 0;
}

static int setup(void **state)
{
	(void)state;
	return setup_with(1500);
}

static int setup_jumbo(void **state)
{
	(void)state;
	return setup_with(9000);
}

static int teardown(void **state)
{
	(void)state;
	netguest_destroy(&net);
	return 0;
}

/* ---- Sending, and what was sent ---- */

static uint32_t transmit(enum netguest_place place)
{
	const uint32_t size =
		netguest_packet(message, packet.bytes, packet.size, about);

	netguest_forget(&net);
	return netguest_send(&net, place, message, size);
}

static void say(uint32_t type, uint32_t word)
{
	about[type] = (struct netguest_about){true, word};
}

static const struct network_offload *look(unsigned int index)
{
	assert_true(index < net.sent_count);
	seen.size = net.sent[index].size;
	memcpy(seen.bytes, net.sent[index].bytes, seen.size);
	return &net.sent[index].offload;
}

static bool untouched(const struct network_offload *offload)
{
	return !offload->checksum_missing && !offload->checksum_verified &&
	       offload->segmentation == NETWORK_WHOLE;
}

static void expect_same(unsigned int index)
{
	assert_true(untouched(look(index)));
	assert_int_equal(seen.size, packet.size);
	assert_memory_equal(seen.bytes, packet.bytes, packet.size);
}

static uint32_t checksum_word_of(const struct packet *of)
{
	return (of->ipv6 ? RNDIS_TX_CHECKSUM_IPV6 : RNDIS_TX_CHECKSUM_IPV4) |
	       (of->udp ? RNDIS_TX_CHECKSUM_UDP : RNDIS_TX_CHECKSUM_TCP) |
	       (of->ipv6 ? 0 : RNDIS_TX_CHECKSUM_IP_HEADER) |
	       of->transport << RNDIS_TX_CHECKSUM_TCP_OFFSET_SHIFT;
}

/* ---- Places ---- */

static void test_places(void **state)
{
	(void)state;
	for (uint32_t payload = 1; payload <= 1446; payload += 85) {
		packet_make(&packet,
			    &(struct packet_options){.payload = payload});
		for (unsigned int place = 0; place < 3; place++) {
			assert_int_equal(transmit(place), NVSP_STATUS_SUCCESS);
			assert_int_equal(net.sent_count, 1);
			expect_same(0);
		}
	}
}

static void test_many_in_one(void **state)
{
	const uint8_t *at = message;
	uint32_t size = 0;

	(void)state;
	packet_make(&packet, &(struct packet_options){.payload = 301});
	netguest_forget(&net);
	/* Padded to the alignment, as Linux does: within the message. */
	for (unsigned int i = 0; i < 8; i++) {
		uint32_t length;

		netguest_packet(message + size, packet.bytes, packet.size,
				NULL);
		memcpy(&length, message + size + 4, 4);
		length = (length + 7) / 8 * 8;
		memcpy(message + size + 4, &length, 4);
		size += length;
	}
	assert_int_equal(netguest_send(&net, NETGUEST_SECTION, at, size),
			 NVSP_STATUS_SUCCESS);
	assert_int_equal(net.sent_count, 8);
	for (unsigned int i = 0; i < 8; i++)
		expect_same(i);
	/* The others are sent though one is not valid. */
	memset(message + size / 8 * 2 + 8, 0xff, 4);
	netguest_forget(&net);
	assert_int_equal(netguest_send(&net, NETGUEST_PAGES, at, size),
			 NVSP_STATUS_FAILURE);
	assert_int_equal(net.sent_count, 7);
	assert_int_equal(netvsp_statistics_read(net.netvsp).out_errors, 1);
}

static void test_too_many_in_one(void **state)
{
	uint32_t size = 0;

	(void)state;
	packet_make(&packet, &(struct packet_options){.payload = 1});
	for (unsigned int i = 0; i < 65; i++)
		size += netguest_packet(message + size, packet.bytes,
					packet.size, NULL);
	netguest_forget(&net);
	assert_int_equal(
		netguest_send(&net, NETGUEST_PAGES, message, size / 65 * 64),
		NVSP_STATUS_SUCCESS);
	assert_int_equal(net.sent_total, 64);
	assert_int_equal(netguest_send(&net, NETGUEST_PAGES, message, size),
			 NVSP_STATUS_FAILURE);
	assert_int_equal(net.sent_total, 128);
}

static void test_jumbo(void **state)
{
	(void)state;
	packet_make(&packet, &(struct packet_options){.payload = 8960});
	assert_int_equal(packet.size, 9014);
	assert_int_equal(transmit(NETGUEST_PAGES), NVSP_STATUS_SUCCESS);
	expect_same(0);
	assert_int_equal(transmit(NETGUEST_SPLIT), NVSP_STATUS_SUCCESS);
	expect_same(0);
}

static void test_frame_sizes(void **state)
{
	(void)state;
	packet_make(&packet, &(struct packet_options){.payload = 3000});
	/* An inline tag is not counted; nothing else goes beyond. */
	for (packet.size = 1510; packet.size < 1530; packet.size++) {
		assert_int_equal(transmit(NETGUEST_PAGES),
				 packet.size <= 1518 ? NVSP_STATUS_SUCCESS
						     : NVSP_STATUS_FAILURE);
		assert_int_equal(net.sent_count, packet.size <= 1518);
	}
	for (packet.size = 0; packet.size < 30; packet.size++)
		assert_int_equal(transmit(NETGUEST_PAGES),
				 packet.size >= 14 ? NVSP_STATUS_SUCCESS
						   : NVSP_STATUS_FAILURE);
}

/* ---- Checksums ---- */

static void each_kind(void (*check)(unsigned int index))
{
	for (unsigned int i = 0; i < 32; i++) {
		packet_make(&packet, &(struct packet_options){
					     .ipv6 = i & 1,
					     .udp = i & 2,
					     .tag = i & 4 ? 0x3456 : 0,
					     .options = i & 8 ? 8 : 0,
					     .payload = i & 16 ? 1400 : 1});
		packet_spoil(&packet);
		memset(about, 0, sizeof(about));
		say(RNDIS_PPI_CHECKSUM, checksum_word_of(&packet));
		assert_int_equal(transmit(i % 3), NVSP_STATUS_SUCCESS);
		assert_int_equal(net.sent_count, 1);
		check(i);
	}
}

static void check_made(unsigned int index)
{
	(void)index;
	assert_true(untouched(look(0)));
	assert_true(packet_judge(&seen));
	assert_int_equal(seen.size, packet.size);
	assert_memory_equal(seen.bytes + packet.payload,
			    packet.bytes + packet.payload,
			    packet.size - packet.payload);
}

static void test_checksums_made(void **state)
{
	(void)state;
	each_kind(check_made);
	assert_int_equal(netvsp_statistics_read(net.netvsp).out_checksums, 32);
}

/* The link's rest of the work, done as it is told. */
static void finish_checksum(const struct network_offload *offload)
{
	uint8_t *const field =
		seen.bytes + offload->checksum_start + offload->checksum_offset;
	const uint32_t sum =
		65535u - packet_sum(seen.bytes + offload->checksum_start,
				    seen.size - offload->checksum_start, 0);

	assert_true(offload->checksum_missing);
	field[0] = (uint8_t)(sum >> 8);
	field[1] = (uint8_t)sum;
}

static void check_left(unsigned int index)
{
	const struct network_offload *const offload = look(0);

	(void)index;
	assert_int_equal(offload->segmentation, NETWORK_WHOLE);
	assert_int_equal(offload->checksum_start, packet.transport);
	assert_int_equal(offload->checksum_offset, packet.udp ? 6 : 16);
	finish_checksum(offload);
	assert_true(packet_judge(&seen));
}

static void test_checksums_left(void **state)
{
	(void)state;
	net.link.checksums = true;
	each_kind(check_left);
	assert_int_equal(netvsp_statistics_read(net.netvsp).out_checksums, 0);
}

static void test_checksum_of_padded(void **state)
{
	struct packet before;

	(void)state;
	packet_make(&packet, &(struct packet_options){.payload = 100});
	before = packet;
	memset(packet.bytes + packet.size, 0x99, 50);
	packet.size += 50;
	say(RNDIS_PPI_CHECKSUM, checksum_word_of(&before));
	assert_int_equal(transmit(NETGUEST_PAGES), NVSP_STATUS_SUCCESS);
	look(0);
	assert_int_equal(seen.size, before.size);
	assert_true(packet_judge(&seen));
}

static void test_ip_header_only(void **state)
{
	(void)state;
	packet_make(&packet, &(struct packet_options){.payload = 100});
	packet.bytes[24] ^= 0x55;
	packet.bytes[0x32] ^= 0x55; /* TCP's is not to be touched */
	say(RNDIS_PPI_CHECKSUM,
	    RNDIS_TX_CHECKSUM_IPV4 | RNDIS_TX_CHECKSUM_IP_HEADER);
	assert_int_equal(transmit(NETGUEST_PAGES), NVSP_STATUS_SUCCESS);
	assert_true(untouched(look(0)));
	assert_int_equal(packet_sum(seen.bytes + 14, 20, 0), 65535);
	assert_memory_equal(seen.bytes + 34, packet.bytes + 34, 120);
}

static void test_checksum_of_what_has_none(void **state)
{
	(void)state;
	packet_make(&packet, &(struct packet_options){.payload = 100});
	say(RNDIS_PPI_CHECKSUM, checksum_word_of(&packet));
	packet.bytes[23] = 1; /* ICMP */
	assert_int_equal(transmit(NETGUEST_PAGES), NVSP_STATUS_FAILURE);
	packet.bytes[14] = 0x95;
	assert_int_equal(transmit(NETGUEST_PAGES), NVSP_STATUS_FAILURE);
	packet.bytes[12] = 0x12;
	assert_int_equal(transmit(NETGUEST_PAGES), NVSP_STATUS_FAILURE);
	assert_int_equal(net.sent_count, 0);
	assert_int_equal(netvsp_statistics_read(net.netvsp).out_errors, 3);
}

/* ---- Large sends ---- */

static void large(const struct packet_options *options, uint32_t segment_size)
{
	packet_make(&packet, options);
	packet_spoil(&packet);
	/* As drivers leave it. */
	memset(packet.bytes + packet.network + (options->ipv6 ? 4 : 2), 0, 2);
	memset(about, 0, sizeof(about));
	say(RNDIS_PPI_LSO,
	    segment_size | packet.transport << RNDIS_LSO_TCP_OFFSET_SHIFT |
		    RNDIS_LSO_VERSION_2 | (options->ipv6 ? RNDIS_LSO_IPV6 : 0));
}

/* Every byte once, in order, in right segments. */
static void check_segments(uint32_t total, uint32_t segment_size)
{
	uint32_t at = 0;

	for (unsigned int i = 0; i < net.sent_count; i++) {
		const struct network_offload *const offload = look(i);
		uint32_t size;

		if (net.link.checksums)
			finish_checksum(offload);
		else
			assert_true(untouched(offload));
		assert_true(packet_judge(&seen));
		size = seen.size - seen.payload;
		assert_int_equal(packet_get32(seen.bytes + seen.transport + 4),
				 0x77 + at);
		assert_true(size == segment_size || at + size == total);
		for (uint32_t j = 0; j < size; j++)
			assert_int_equal(seen.bytes[seen.payload + j],
					 packet_byte(at + j));
		at += size;
	}
	assert_int_equal(at, total);
}

static void test_large_cut(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 16; i++) {
		const struct packet_options options = {
			.ipv6 = i & 1,
			.tcp_options = i & 2 ? 12 : 0,
			.tag = i & 4 ? 44 : 0,
			.sequence = 0x77,
			.flags = 0x18,
			.payload = i & 8 ? 0xff00 : 5000,
		};

		net.link.checksums = i % 3 == 1;
		/* Neither alone makes the link cut. */
		net.link.segments = i % 3 == 2;
		large(&options, 1400);
		assert_int_equal(
			transmit(i & 1 ? NETGUEST_PAGES : NETGUEST_SPLIT),
			NVSP_STATUS_SUCCESS);
		assert_int_equal(net.sent_count,
				 (options.payload + 1399) / 1400);
		check_segments(options.payload, 1400);
	}
	assert_int_equal(netvsp_statistics_read(net.netvsp).out_segmented, 16);
}

static void test_large_left(void **state)
{
	(void)state;
	net.link.checksums = true;
	net.link.segments = true;
	for (unsigned int i = 0; i < 8; i++) {
		const struct packet_options options = {
			.ipv6 = i & 1,
			.tag = i & 2 ? 44 : 0,
			.payload = i & 4 ? 0xff00 : 5000,
		};
		const struct network_offload *offload;

		large(&options, 1400);
		assert_int_equal(transmit(NETGUEST_PAGES), NVSP_STATUS_SUCCESS);
		assert_int_equal(net.sent_count, 1);
		offload = look(0);
		assert_int_equal(seen.size, packet.size);
		assert_int_equal(offload->segmentation,
				 options.ipv6 ? NETWORK_TCP_IPV6
					      : NETWORK_TCP_IPV4);
		assert_int_equal(offload->segment_size, 1400);
		assert_int_equal(offload->header_size, packet.payload);
		assert_int_equal(offload->checksum_start, packet.transport);
		finish_checksum(offload);
		/* With lengths that are right for all of it. */
		assert_true(packet_judge(&seen));
	}
	assert_int_equal(netvsp_statistics_read(net.netvsp).out_segmented, 0);
}

/* A flag of the first segment alone, which no link is told of. */
static void test_large_of_unlike(void **state)
{
	(void)state;
	net.link.checksums = true;
	net.link.segments = true;
	large(&(struct packet_options){.flags = 0x90,
				       .sequence = 0x77,
				       .payload = 5000},
	      1400);
	assert_int_equal(transmit(NETGUEST_PAGES), NVSP_STATUS_SUCCESS);
	assert_int_equal(net.sent_count, 4);
	check_segments(5000, 1400);
	for (unsigned int i = 0; i < 4; i++) {
		look(i);
		assert_int_equal(seen.bytes[47], i ? 0x10 : 0x90);
	}
}

/* The header moves when a tag goes in before it. */
static void test_large_left_tagged(void **state)
{
	const struct network_offload *offload;

	(void)state;
	net.link.checksums = true;
	net.link.segments = true;
	large(&(struct packet_options){.payload = 9000}, 1400);
	say(RNDIS_PPI_VLAN, 0x2345 << 4);
	assert_int_equal(transmit(NETGUEST_PAGES), NVSP_STATUS_SUCCESS);
	offload = look(0);
	assert_int_equal(seen.size, packet.size + 4);
	assert_int_equal(offload->header_size, packet.payload + 4);
	assert_int_equal(offload->checksum_start, packet.transport + 4);
	finish_checksum(offload);
	assert_true(packet_judge(&seen));
}

/* No larger than one segment: no more than a checksum to make. */
static void test_large_of_one(void **state)
{
	(void)state;
	net.link.segments = true;
	for (unsigned int i = 0; i < 2; i++) {
		net.link.checksums = i;
		large(&(struct packet_options){.sequence = 0x77,
					       .payload = 1000},
		      1000);
		assert_int_equal(transmit(NETGUEST_PAGES), NVSP_STATUS_SUCCESS);
		assert_int_equal(net.sent_count, 1);
		check_segments(1000, 1000);
	}
	assert_int_equal(netvsp_statistics_read(net.netvsp).out_segmented, 0);
}

static void test_large_refused(void **state)
{
	const struct packet_options options = {.payload = 5000};

	(void)state;
	/* Segments that do not fit the wire, or are next to nothing. */
	large(&options, 1461);
	assert_int_equal(transmit(NETGUEST_PAGES), NVSP_STATUS_FAILURE);
	large(&options, 1460);
	assert_int_equal(transmit(NETGUEST_PAGES), NVSP_STATUS_SUCCESS);
	large(&options, 47);
	assert_int_equal(transmit(NETGUEST_PAGES), NVSP_STATUS_FAILURE);
	large(&options, RNDIS_LSO_MSS_MASK);
	assert_int_equal(transmit(NETGUEST_PAGES), NVSP_STATUS_FAILURE);
	/* The first version. */
	large(&options, 1460);
	about[RNDIS_PPI_LSO].word &= ~RNDIS_LSO_VERSION_2;
	assert_int_equal(transmit(NETGUEST_PAGES), NVSP_STATUS_FAILURE);
	/* Not TCP, not IP, not even right. */
	large(&options, 1460);
	packet.bytes[23] = 17;
	assert_int_equal(transmit(NETGUEST_PAGES), NVSP_STATUS_FAILURE);
	packet.bytes[14] = 0x95;
	assert_int_equal(transmit(NETGUEST_PAGES), NVSP_STATUS_FAILURE);
	packet.bytes[12] = 0x12;
	assert_int_equal(transmit(NETGUEST_PAGES), NVSP_STATUS_FAILURE);
	assert_int_equal(net.sent_count, 0);
	/* More than IP's length can say. */
	large(&(struct packet_options){.payload = 65535 - 40}, 1460);
	assert_int_equal(transmit(NETGUEST_PAGES), NVSP_STATUS_SUCCESS);
	large(&(struct packet_options){.payload = 65536 - 40}, 1460);
	assert_int_equal(transmit(NETGUEST_PAGES), NVSP_STATUS_FAILURE);
	large(&(struct packet_options){.payload = 68000}, 1460);
	assert_int_equal(transmit(NETGUEST_PAGES), NVSP_STATUS_FAILURE);
}

/* ---- Tags ---- */

static void test_tags(void **state)
{
	(void)state;
	packet_make(&packet, &(struct packet_options){.payload = 600});
	/* Priority 5, the bit beside it, number 0xabc. */
	say(RNDIS_PPI_VLAN, 5 | RNDIS_VLAN_CFI | 0xabc << 4);
	assert_int_equal(transmit(NETGUEST_SECTION), NVSP_STATUS_SUCCESS);
	look(0);
	assert_int_equal(seen.size, packet.size + 4);
	assert_memory_equal(seen.bytes, packet.bytes, 12);
	assert_memory_equal(seen.bytes + 12, "\x81\x00\xba\xbc", 4);
	assert_memory_equal(seen.bytes + 16, packet.bytes + 12,
			    packet.size - 12);
	/* With a checksum, and in each segment. */
	packet_spoil(&packet);
	say(RNDIS_PPI_CHECKSUM, checksum_word_of(&packet));
	for (unsigned int i = 0; i < 2; i++) {
		net.link.checksums = i;
		assert_int_equal(transmit(NETGUEST_SECTION),
				 NVSP_STATUS_SUCCESS);
		if (look(0)->checksum_missing)
			finish_checksum(look(0));
		assert_true(packet_judge(&seen));
		assert_memory_equal(seen.bytes + 12, "\x81\x00\xba\xbc", 4);
	}
	net.link.checksums = false;
	large(&(struct packet_options){.sequence = 0x77, .payload = 4000},
	      1400);
	say(RNDIS_PPI_VLAN, 7 << 4);
	assert_int_equal(transmit(NETGUEST_PAGES), NVSP_STATUS_SUCCESS);
	assert_int_equal(net.sent_count, 3);
	check_segments(4000, 1400);
	assert_memory_equal(seen.bytes + 12, "\x81\x00\x00\x07", 4);
}

/* What has no meaning here is no error. */
static void test_other_words(void **state)
{
	(void)state;
	packet_make(&packet, &(struct packet_options){.payload = 600});
	say(RNDIS_PPI_HASH_VALUE, 0x12345678);
	say(RNDIS_PPI_PACKET_ID, 3);
	say(RNDIS_PPI_IPSEC, 0xffffffff);
	assert_int_equal(transmit(NETGUEST_SECTION), NVSP_STATUS_SUCCESS);
	expect_same(0);
}

/* ---- The link ---- */

static void test_link_down(void **state)
{
	(void)state;
	packet_make(&packet, &(struct packet_options){.payload = 600});
	net.link.carrier(net.netvsp, false);
	netguest_poll(&net);
	assert_int_equal(transmit(NETGUEST_SECTION), NVSP_STATUS_SUCCESS);
	assert_int_equal(net.sent_count, 0);
	assert_int_equal(netvsp_statistics_read(net.netvsp).out_discarded, 1);
	net.link.carrier(net.netvsp, true);
	netguest_poll(&net);
	assert_int_equal(transmit(NETGUEST_SECTION), NVSP_STATUS_SUCCESS);
	expect_same(0);
}

/* A link that answers at once, from within. */
static void answer_at_once(struct netguest *netguest)
{
	uint8_t frame[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	assert_true(netguest_arrive(netguest, frame, sizeof(frame), NULL));
}

static void test_link_answers_at_once(void **state)
{
	(void)state;
	net.sending = answer_at_once;
	large(&(struct packet_options){.sequence = 0x77, .payload = 9000},
	      1400);
	assert_int_equal(transmit(NETGUEST_PAGES), NVSP_STATUS_SUCCESS);
	check_segments(9000, 1400);
	assert_int_equal(net.received_count, 7);
}

/* The worst it can do: the channel breaks in the middle of a send. */
static void break_ring(struct netguest *netguest)
{
	struct vmbus_ring_header *const ring = netguest->channel.in.header;
	uint8_t frame[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	const uint32_t read = ring->read_index;

	ring->read_index = 0x7fffffff;
	for (unsigned int i = 0; i < 2000; i++) {
		netguest_arrive(netguest, frame, sizeof(frame), NULL);
		if (!netvsp_state_read(netguest->netvsp).nvsp_version)
			break;
	}
	ring->read_index = read;
}

static void test_channel_breaks_within(void **state)
{
	uint32_t size;

	(void)state;
	net.sending = break_ring;
	/* Sections enough that it is the ring that ends. */
	guest_close(&net.channel);
	guest_gpadl_teardown(&net.guest, net.channel.relid, net.channel.gpadl);
	guest_expect(&net.guest, VMBUS_MSG_GPADL_TORNDOWN);
	net.channel_pages = 2;
	netguest_open(&net);
	netguest_bring_up(&net, NVSP_VERSION_6_1, 1514);
	packet_make(&packet, &(struct packet_options){.payload = 600});
	size = netguest_packet(message, packet.bytes, packet.size, NULL);
	memcpy(message + size, message, size);
	netguest_forget(&net);
	netguest_send(&net, NETGUEST_SECTION, message, 2 * size);
	assert_int_equal(net.sent_count, 1);
	assert_int_equal(netvsp_state_read(net.netvsp).nvsp_version, 0);
	net.sending = NULL;
}

/* ---- What is not valid ---- */

static uint32_t transmit_changed(uint32_t at, uint32_t value)
{
	const uint32_t size =
		netguest_packet(message, packet.bytes, packet.size, about);

	memcpy(message + at, &value, sizeof(value));
	netguest_forget(&net);
	return netguest_send(&net, NETGUEST_PAGES, message, size);
}

static void test_bad_packets(void **state)
{
	/* Where, and what there. The message has 44 + 32 + 654 bytes. */
	static const uint32_t bad[][2] = {
		{4, 0},		  {4, 7},	    {4, 8},
		{4, 43},	  {4, 731},	    {4, 0xffffffff},
		{8, 69},	  {8, 0xffffffff},  {8, 0x7fffffff},
		{12, 655},	  {12, 0xffffffff}, {12, 13},
		{28, 0xffffffff}, {28, 724},	    {32, 257},
		{32, 33},	  {32, 0xffffffff}, {32, 15},
		{32, 4},	  {44, 0},	    {44, 11},
		{44, 33},	  {44, 0xffffffff}, {52, 17},
		{52, 0xffffffff}, {60, 17},
	};
	const uint64_t errors = sizeof(bad) / sizeof(bad[0]);
	uint32_t size;

	(void)state;
	packet_make(&packet, &(struct packet_options){.payload = 600});
	say(RNDIS_PPI_HASH_VALUE, 1);
	say(RNDIS_PPI_PACKET_ID, 1);
	assert_int_equal(transmit(NETGUEST_PAGES), NVSP_STATUS_SUCCESS);
	for (unsigned int i = 0; i < errors; i++) {
		if (transmit_changed(bad[i][0], bad[i][1]) !=
			    NVSP_STATUS_FAILURE ||
		    net.sent_count)
			fail_msg("%u", i);
	}
	/* Nothing but a header, and not all of it. */
	memset(message, 0, 60);
	message[0] = RNDIS_PACKET;
	for (size = 8; size < 60; size++) {
		memcpy(message + 4, &size, sizeof(size));
		memset(message + 8, 0, size - 8);
		assert_int_equal(
			netguest_send(&net, NETGUEST_PAGES, message, size),
			NVSP_STATUS_FAILURE);
	}
	/* A word that is too short to be one is none. */
	assert_int_equal(transmit_changed(52, 13), NVSP_STATUS_SUCCESS);
	memset(about, 0, sizeof(about));
	say(RNDIS_PPI_LSO, 0xffffffff);
	assert_int_equal(transmit(NETGUEST_PAGES), NVSP_STATUS_FAILURE);
	assert_int_equal(transmit_changed(52, 13), NVSP_STATUS_SUCCESS);
	/* Nor is what has no room for one at all. */
	assert_int_equal(transmit_changed(32, 12), NVSP_STATUS_FAILURE);
	memset(about, 0, sizeof(about));
	size = netguest_packet(message, packet.bytes, packet.size, about);
	memmove(message + 44 + 12, message + 44, packet.size);
	memcpy(message + 44, (uint32_t[3]){12, RNDIS_PPI_LSO, 12}, 12);
	memcpy(message + 4, (uint32_t[2]){size + 12, 36 + 12}, 8);
	memcpy(message + 28, (uint32_t[2]){36, 12}, 8);
	netguest_forget(&net);
	assert_int_equal(
		netguest_send(&net, NETGUEST_PAGES, message, size + 12),
		NVSP_STATUS_SUCCESS);
	expect_same(0);
	say(RNDIS_PPI_HASH_VALUE, 1);
	say(RNDIS_PPI_PACKET_ID, 1);
	/* A frame of the message's last bytes. */
	assert_int_equal(transmit_changed(12, 654), NVSP_STATUS_SUCCESS);
}

static uint32_t send_message(const struct nvsp_send_rndis_packet *body)
{
	netguest_forget(&net);
	assert_int_equal(netguest_ask(&net,
				      &(struct nvsp_message){
					      .type = NVSP_SEND_RNDIS_PACKET,
					      .rndis_packet = *body}),
			 NVSP_SEND_RNDIS_PACKET_COMPLETE);
	return net.answer.rndis_packet_complete.status;
}

static void test_bad_sections(void **state)
{
	static const struct nvsp_send_rndis_packet bad[] = {
		{0, 10, 100},
		{0, 0xfffffffe, 100},
		{0, 0, 6145},
		{0, 0, 0xffffffff},
		{0, 0, 0},
		{0, NVSP_NO_SEND_SECTION, 0},
		{0, NVSP_NO_SEND_SECTION, 9},
		{0, 9, 4},
	};

	(void)state;
	for (unsigned int i = 0; i < 8; i++)
		assert_int_equal(send_message(&bad[i]), NVSP_STATUS_FAILURE);
	assert_int_equal(net.sent_count, 0);
}

static uint32_t send_ranges(const uint32_t *header, size_t size)
{
	const struct nvsp_message nvsp = {
		.type = NVSP_SEND_RNDIS_PACKET,
		.rndis_packet = {0, NVSP_NO_SEND_SECTION, 0},
	};
	struct guest_packet raw = {
		.descriptor = {.type = VMBUS_PACKET_GPA_DIRECT,
			       .flags = 1,
			       .transaction_id = 77},
		.header_size = size,
		.payload_size = sizeof(nvsp),
	};

	memcpy(raw.header, header, size);
	memcpy(raw.payload, &nvsp, sizeof(nvsp));
	assert_true(guest_send(&net.channel, &raw));
	netguest_poll(&net);
	assert_int_equal(net.last_completion, 77);
	return net.answer.rndis_packet_complete.status;
}

static void test_bad_pages(void **state)
{
	static uint32_t many[2 + 170 * 4];
	const uint64_t pfn = guest_page(&net.guest);
	const uint32_t low = (uint32_t)pfn;
	const uint32_t high = (uint32_t)(pfn >> 32);

	(void)state;
	assert_int_equal(
		send_ranges((uint32_t[]){0, 1, 100, 0, 0x345678, 0x99}, 24),
		NVSP_STATUS_FAILURE);
	assert_int_equal(
		send_ranges((uint32_t[]){0, 1, 100, 4096, low, high}, 24),
		NVSP_STATUS_FAILURE);
	assert_int_equal(send_ranges((uint32_t[]){0, 2, 100, 0, low, high}, 24),
			 NVSP_STATUS_FAILURE);
	assert_int_equal(send_ranges((uint32_t[]){0, 0}, 8),
			 NVSP_STATUS_FAILURE);
	/* More pieces than any frame has, and more bytes. */
	many[1] = 170;
	for (unsigned int i = 0; i < 170; i++) {
		const uint32_t range[4] = {8, i % 2 * 100, low, high};

		memcpy(many + 2 + i * 4, range, sizeof(range));
	}
	assert_int_equal(send_ranges(many, sizeof(many)), NVSP_STATUS_FAILURE);
	many[1] = 33;
	for (unsigned int i = 0; i < 33; i++)
		many[2 + i * 4] = 4096 - i % 2 * 100;
	many[2 + 32 * 4] = 4000;
	assert_int_equal(send_ranges(many, 8 + 33 * 16), NVSP_STATUS_FAILURE);
}

static void test_before_initialize(void **state)
{
	const struct rndis_halt halt = {{RNDIS_HALT, sizeof(halt)}, 9};

	(void)state;
	packet_make(&packet, &(struct packet_options){.payload = 600});
	netguest_control(&net, &halt, sizeof(halt));
	assert_int_equal(transmit(NETGUEST_SECTION), NVSP_STATUS_FAILURE);
	assert_int_equal(net.sent_count, 0);
	assert_int_equal(netguest_initialize(&net), 0);
	assert_int_equal(transmit(NETGUEST_SECTION), NVSP_STATUS_SUCCESS);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_places),
		TEST(test_many_in_one),
		TEST(test_too_many_in_one),
		cmocka_unit_test_setup_teardown(test_jumbo, setup_jumbo,
						teardown),
		TEST(test_frame_sizes),
		TEST(test_checksums_made),
		TEST(test_checksums_left),
		TEST(test_checksum_of_padded),
		TEST(test_ip_header_only),
		TEST(test_checksum_of_what_has_none),
		TEST(test_large_cut),
		TEST(test_large_left),
		TEST(test_large_of_unlike),
		TEST(test_large_left_tagged),
		TEST(test_large_of_one),
		TEST(test_large_refused),
		TEST(test_tags),
		TEST(test_other_words),
		TEST(test_link_down),
		TEST(test_link_answers_at_once),
		TEST(test_channel_breaks_within),
		TEST(test_bad_packets),
		TEST(test_bad_sections),
		TEST(test_bad_pages),
		TEST(test_before_initialize),
	};

	return cmocka_run_group_tests_name("netvsp_transmit", tests, NULL,
					   NULL);
}
