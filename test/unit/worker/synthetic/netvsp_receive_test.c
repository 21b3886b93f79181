// SPDX-License-Identifier: GPL-2.0-or-later
/* The link's frames on their way to the child. */
#include "netguest.h"

#include <string.h>

#include "packets.h"

static struct netguest net;
static struct packet packet;
static struct packet seen;
static struct netguest_about about[NETGUEST_WORDS];

static int setup(void **state)
{
	(void)state;
	netguest_init(&net, 9000);
	netguest_bring_up(&net, NVSP_VERSION_6_1, 1514);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	netguest_destroy(&net);
	return 0;
}

static void bring_up_anew(uint32_t version, uint32_t frame_max)
{
	guest_close(&net.channel);
	guest_gpadl_teardown(&net.guest, net.channel.relid, net.channel.gpadl);
	guest_expect(&net.guest, VMBUS_MSG_GPADL_TORNDOWN);
	net.version = 0;
	netguest_open(&net);
	netguest_bring_up(&net, version, frame_max);
}

/* With receive checksums as parameters of OFFLOAD_PARAMETERS. */
static void offloads(uint8_t tcp4, uint8_t udp4, uint8_t tcp6, uint8_t udp6)
{
	const struct ndis_offload_parameters parameters = {
		.header = {NDIS_OBJECT_TYPE_DEFAULT, 1, sizeof(parameters)},
		.tcp_ipv4_checksum = tcp4,
		.udp_ipv4_checksum = udp4,
		.tcp_ipv6_checksum = tcp6,
		.udp_ipv6_checksum = udp6,
	};

	assert_int_equal(netguest_set(&net, RNDIS_OID_OFFLOAD_PARAMETERS,
				      &parameters, sizeof(parameters)),
			 0);
}

/* ---- What comes ---- */

static bool arrive(const struct network_offload *offload)
{
	bool taken;

	netguest_forget(&net);
	taken = netguest_arrive(&net, packet.bytes, packet.size, offload);
	netguest_poll(&net);
	return taken;
}

static void look(unsigned int index)
{
	const uint8_t *frame;

	assert_true(index < net.received_count);
	seen.size = netguest_frame(&net.received[index], &frame, about);
	memcpy(seen.bytes, frame, seen.size);
}

static void expect_same(void)
{
	assert_int_equal(net.received_count, 1);
	look(0);
	assert_int_equal(seen.size, packet.size);
	assert_memory_equal(seen.bytes, packet.bytes, packet.size);
}

static void test_sizes(void **state)
{
	(void)state;
	packet_make(&packet, &(struct packet_options){.payload = 1460});
	for (uint32_t size = 0; size <= 1514; size++) {
		packet.size = size;
		assert_true(arrive(NULL));
		if (size >= 14) {
			expect_same();
			assert_false(about[RNDIS_PPI_CHECKSUM].present);
			assert_false(about[RNDIS_PPI_VLAN].present);
		} else {
			assert_int_equal(net.received_count, 0);
		}
	}
	assert_int_equal(netvsp_statistics_read(net.netvsp).in_errors, 14);
	packet.size = 1519;
	assert_true(arrive(NULL));
	assert_int_equal(net.received_count, 0);
	assert_int_equal(netvsp_statistics_read(net.netvsp).in_discarded, 1);
}

static void test_jumbo(void **state)
{
	(void)state;
	bring_up_anew(NVSP_VERSION_6_1, 9014);
	packet_make(&packet, &(struct packet_options){.payload = 8960});
	assert_int_equal(packet.size, 9014);
	assert_true(arrive(NULL));
	expect_same();
	packet.size++;
	assert_true(arrive(NULL));
	/* A tag beside the frame leaves no room for another. */
	assert_int_equal(net.received_count, 1);
	packet.size = 9019;
	assert_true(arrive(NULL));
	assert_int_equal(net.received_count, 0);
}

/* ---- Checksums ---- */

static void test_checksums(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 64; i++) {
		struct network_offload offload = {
			.checksum_missing = !(i & 32),
			.checksum_verified = i & 32,
		};
		const bool wanted = i & 16;

		offloads(wanted ? 4 : 1, wanted ? 3 : 2, wanted ? 4 : 1,
			 wanted ? 3 : 1);
		packet_make(&packet,
			    &(struct packet_options){.ipv6 = i & 1,
						     .udp = i & 2,
						     .tag = i & 4 ? 0xe123 : 0,
						     .options = i & 8 ? 8 : 0,
						     .payload = 700});
		if (offload.checksum_missing) {
			packet_partial(&packet);
			offload.checksum_start = (uint16_t)packet.transport;
			offload.checksum_offset = packet.udp ? 6 : 16;
		}
		assert_true(arrive(&offload));
		assert_int_equal(net.received_count, 1);
		look(0);
		/* Right in any case, said only to who wants to know. */
		assert_true(packet_judge(&seen));
		assert_int_equal(about[RNDIS_PPI_CHECKSUM].present, wanted);
		if (wanted)
			assert_int_equal(about[RNDIS_PPI_CHECKSUM].word,
					 packet.udp ? 0x10 : 0x8);
		assert_int_equal(about[RNDIS_PPI_VLAN].present, !!(i & 4));
		assert_int_equal(seen.size, packet.size - (i & 4 ? 4 : 0));
	}
	assert_int_equal(netvsp_statistics_read(net.netvsp).in_checksums, 32);
}

/* IPv4's own sum: right or not said to be. */
static void test_ip_checksums(void **state)
{
	struct ndis_offload_parameters parameters = {
		.header = {NDIS_OBJECT_TYPE_DEFAULT, 1, sizeof(parameters)},
		.ipv4_checksum = 4,
	};

	(void)state;
	assert_int_equal(netguest_set(&net, RNDIS_OID_OFFLOAD_PARAMETERS,
				      &parameters, sizeof(parameters)),
			 0);
	packet_make(&packet, &(struct packet_options){.payload = 700});
	assert_true(arrive(NULL));
	look(0);
	assert_int_equal(about[RNDIS_PPI_CHECKSUM].word, 0x20);
	offloads(4, 4, 4, 4);
	assert_true(
		arrive(&(struct network_offload){.checksum_verified = true}));
	look(0);
	assert_int_equal(about[RNDIS_PPI_CHECKSUM].word, 0x28);
	packet.bytes[24] ^= 1;
	assert_true(arrive(NULL));
	look(0);
	assert_false(about[RNDIS_PPI_CHECKSUM].present);
	packet_make(&packet,
		    &(struct packet_options){.ipv6 = true, .payload = 700});
	assert_true(arrive(NULL));
	look(0);
	assert_false(about[RNDIS_PPI_CHECKSUM].present);
	packet_make(&packet, &(struct packet_options){.payload = 700});
	parameters.ipv4_checksum = 2;
	assert_int_equal(netguest_set(&net, RNDIS_OID_OFFLOAD_PARAMETERS,
				      &parameters, sizeof(parameters)),
			 0);
	assert_true(arrive(NULL));
	look(0);
	assert_false(about[RNDIS_PPI_CHECKSUM].present);
}

/* Zero leaves each as it is. */
static void test_checksums_unchanged(void **state)
{
	const struct network_offload verified = {.checksum_verified = true};

	(void)state;
	packet_make(&packet, &(struct packet_options){.payload = 700});
	offloads(4, 4, 4, 4);
	offloads(0, 0, 9, 0);
	assert_true(arrive(&verified));
	look(0);
	assert_true(about[RNDIS_PPI_CHECKSUM].present);
	/* Not of what it is not about. */
	packet.bytes[23] = 1;
	assert_true(arrive(&verified));
	look(0);
	assert_false(about[RNDIS_PPI_CHECKSUM].present);
	packet.bytes[14] = 0x95;
	assert_true(arrive(&verified));
	look(0);
	assert_false(about[RNDIS_PPI_CHECKSUM].present);
}

static void test_checksum_elsewhere(void **state)
{
	struct network_offload offload = {
		.checksum_missing = true,
		.checksum_start = 300,
		.checksum_offset = 0,
	};

	(void)state;
	packet_make(&packet, &(struct packet_options){.payload = 700});
	assert_true(arrive(&offload));
	offload.checksum_start = 65535;
	offload.checksum_offset = 65535;
	assert_true(arrive(&offload));
	assert_int_equal(net.received_count, 0);
	packet_make(&packet,
		    &(struct packet_options){.tag = 3, .payload = 700});
	offload.checksum_start = 2;
	assert_true(arrive(&offload));
	assert_int_equal(net.received_count, 0);
	assert_int_equal(netvsp_statistics_read(net.netvsp).in_errors, 3);
}

/* ---- Tags ---- */

static void test_tags(void **state)
{
	(void)state;
	packet_make(&packet,
		    &(struct packet_options){.tag = 0xbabc, .payload = 700});
	assert_true(arrive(NULL));
	look(0);
	assert_int_equal(seen.size, packet.size - 4);
	assert_memory_equal(seen.bytes, packet.bytes, 12);
	assert_memory_equal(seen.bytes + 12, packet.bytes + 16, seen.size - 12);
	assert_true(about[RNDIS_PPI_VLAN].present);
	assert_int_equal(about[RNDIS_PPI_VLAN].word,
			 5 | RNDIS_VLAN_CFI | 0xabc << 4);
	/* The largest frame may have one. */
	packet_make(&packet,
		    &(struct packet_options){.tag = 1, .payload = 1460});
	assert_int_equal(packet.size, 1518);
	assert_true(arrive(NULL));
	look(0);
	assert_int_equal(seen.size, 1514);
}

/* Drivers that do not know of tags beside frames get them inside. */
static void test_tags_inline(void **state)
{
	const struct network_offload verified = {.checksum_verified = true};

	(void)state;
	bring_up_anew(NVSP_VERSION_1, 1514);
	offloads(4, 4, 4, 4);
	packet_make(&packet,
		    &(struct packet_options){.tag = 0xbabc, .payload = 1460});
	assert_true(arrive(&verified));
	expect_same();
	assert_false(about[RNDIS_PPI_VLAN].present);
	assert_true(about[RNDIS_PPI_CHECKSUM].present);
}

/* ---- The filter ---- */

static bool passes(const uint8_t *address)
{
	packet_make(&packet, &(struct packet_options){.payload = 50});
	memcpy(packet.bytes, address, 6);
	assert_true(arrive(NULL));
	if (net.received_count)
		expect_same();
	return net.received_count;
}

static const uint8_t all[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
static const uint8_t own[] = {0x02, 0x15, 0x5d, 1, 2, 3};
static const uint8_t other[] = {0x02, 0x15, 0x5d, 1, 2, 4};
static const uint8_t group[] = {0x33, 0x33, 0, 0, 0, 1};
static const uint8_t group2[] = {0x33, 0x33, 0, 0, 0, 2};

static void test_filter(void **state)
{
	static const struct {
		uint32_t filter;
		bool own, other, all, group, group2;
	} cases[] = {
		{0, false, false, false, false, false},
		{0x01, true, false, false, false, false},
		{0x02, false, false, false, true, false},
		{0x04, false, false, false, true, true},
		{0x08, false, false, true, false, false},
		{0x0d, true, false, true, true, true},
		{0x0b, true, false, true, true, false},
		{0x20, true, true, true, true, true},
	};

	(void)state;
	assert_int_equal(netguest_set(&net, RNDIS_OID_MULTICAST_LIST, group, 6),
			 0);
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		netguest_filter(&net, cases[i].filter);
		assert_int_equal(passes(own), cases[i].own);
		assert_int_equal(passes(other), cases[i].other);
		assert_int_equal(passes(all), cases[i].all);
		assert_int_equal(passes(group), cases[i].group);
		assert_int_equal(passes(group2), cases[i].group2);
	}
	assert_int_equal(netvsp_statistics_read(net.netvsp).in_filtered, 23);
}

/* Where the child chose an address, both are its. */
static void test_filter_of_own_address(void **state)
{
	uint8_t parameter[72] = {20, 0, 0, 0,  28, 0, 0, 0, 2,
				 0,  0, 0, 48, 0,  0, 0, 24};

	(void)state;
	for (unsigned int i = 0; i < 14; i++)
		parameter[20 + 2 * i] = (uint8_t) "NetworkAddress"[i];
	for (unsigned int i = 0; i < 12; i++)
		parameter[48 + 2 * i] = (uint8_t) "02155d010204"[i];
	assert_false(passes(other));
	assert_int_equal(netguest_set(&net, RNDIS_OID_CONFIG_PARAMETER,
				      parameter, sizeof(parameter)),
			 0);
	assert_true(passes(other));
	assert_true(passes(own));
	/* As when the driver changes its MTU. */
	bring_up_anew(NVSP_VERSION_6_1, 9014);
	assert_true(passes(other));
}

static void test_not_ready(void **state)
{
	const struct rndis_halt halt = {{RNDIS_HALT, sizeof(halt)}, 9};

	(void)state;
	net.link.carrier(net.netvsp, false);
	netguest_poll(&net);
	assert_false(passes(own));
	net.link.carrier(net.netvsp, true);
	netguest_poll(&net);
	assert_true(passes(own));
	netguest_control(&net, &halt, sizeof(halt));
	assert_false(passes(own));
}

/* ---- Frames to be cut ---- */

static struct network_offload large(const struct packet_options *options,
				    uint16_t segment_size)
{
	packet_make(&packet, options);
	packet_partial(&packet);
	return (struct network_offload){
		.checksum_missing = true,
		.checksum_start = (uint16_t)packet.transport,
		.checksum_offset = 16,
		.segmentation =
			options->ipv6 ? NETWORK_TCP_IPV6 : NETWORK_TCP_IPV4,
		.segment_size = segment_size,
		.header_size = (uint16_t)packet.payload,
	};
}

static void check_segments(uint32_t total, uint32_t segment_size)
{
	uint32_t at = 0;

	for (unsigned int i = 0; i < net.received_count; i++) {
		uint32_t size;

		look(i);
		assert_true(packet_judge(&seen));
		assert_int_equal(about[RNDIS_PPI_CHECKSUM].word, 8);
		size = seen.size - seen.payload;
		assert_int_equal(packet_get32(seen.bytes + seen.transport + 4),
				 at);
		assert_true(size == segment_size || at + size == total);
		for (uint32_t j = 0; j < size; j++)
			assert_int_equal(seen.bytes[seen.payload + j],
					 packet_byte(at + j));
		at += size;
	}
	assert_int_equal(at, total);
}

static void test_large(void **state)
{
	(void)state;
	offloads(4, 4, 4, 4);
	for (unsigned int i = 0; i < 16; i++) {
		const struct packet_options options = {
			.ipv6 = i & 1,
			.tag = i & 2 ? 0x1005 : 0,
			.tcp_options = i & 4 ? 12 : 0,
			.payload = i & 8 ? 65000 : 3000,
		};
		const struct network_offload offload = large(&options, 1400);

		assert_true(arrive(&offload));
		assert_int_equal(net.received_count,
				 (options.payload + 1399) / 1400);
		check_segments(options.payload, 1400);
		assert_int_equal(about[RNDIS_PPI_VLAN].present, !!(i & 2));
		/* One transfer, one answer. */
		assert_int_equal(
			net.received[0].transaction,
			net.received[net.received_count - 1].transaction);
		assert_int_equal(
			netvsp_state_read(net.netvsp).receive_sections_in_use,
			0);
	}
	assert_int_equal(netvsp_statistics_read(net.netvsp).in_segmented, 16);
}

/* The counters are those of the segments, as the child gets them. */
static void test_large_counted(void **state)
{
	const struct network_offload offload =
		large(&(struct packet_options){.payload = 3000}, 1400);
	struct netvsp_statistics statistics;

	(void)state;
	assert_true(arrive(&offload));
	assert_int_equal(net.received_count, 3);
	statistics = netvsp_statistics_read(net.netvsp);
	assert_int_equal(statistics.in_frames, 3);
	assert_int_equal(statistics.in_bytes, 3 * packet.payload + 3000);
	assert_int_equal(statistics.in_multicast, 0);
	memset(packet.bytes, 0xff, 6);
	assert_true(arrive(&offload));
	packet.bytes[5] = 0xfe;
	netguest_filter(&net, RNDIS_FILTER_PROMISCUOUS);
	assert_true(arrive(&offload));
	statistics = netvsp_statistics_read(net.netvsp);
	assert_int_equal(statistics.in_frames, 9);
	assert_int_equal(statistics.in_broadcast, 3);
	assert_int_equal(statistics.in_multicast, 3);
}

/* Cut smaller than asked where the child takes no larger ones. */
static void test_large_segments(void **state)
{
	const struct network_offload offload =
		large(&(struct packet_options){.payload = 30000}, 8960);

	(void)state;
	offloads(4, 4, 4, 4);
	assert_true(arrive(&offload));
	check_segments(30000, 1460);
}

/* A transfer has but so many pieces. */
static void test_large_in_several_transfers(void **state)
{
	struct network_offload offload =
		large(&(struct packet_options){.payload = 6000}, 60);

	(void)state;
	offloads(4, 4, 4, 4);
	net.keep = true;
	netguest_forget(&net);
	assert_true(netguest_arrive(&net, packet.bytes, packet.size, &offload));
	assert_int_equal(netvsp_state_read(net.netvsp).receive_sections_in_use,
			 100);
	/* More pieces than sections, ever: lost. */
	offload.segment_size = 48;
	packet_make(&packet, &(struct packet_options){.payload = 60000});
	assert_true(netguest_arrive(&net, packet.bytes, packet.size, &offload));
	assert_int_equal(netvsp_statistics_read(net.netvsp).in_discarded, 1);
	assert_int_equal(netvsp_statistics_read(net.netvsp).in_frames, 100);
}

static void test_large_waits(void **state)
{
	struct network_offload offload;
	uint64_t transactions[3];

	(void)state;
	offloads(4, 4, 4, 4);
	offload = large(&(struct packet_options){.payload = 60000}, 1400);
	net.keep = true;
	/* 151 sections, 43 for each. */
	for (unsigned int i = 0; i < 3; i++) {
		assert_true(arrive(&offload));
		check_segments(60000, 1400);
		transactions[i] = net.received[0].transaction;
	}
	assert_false(arrive(&offload));
	assert_int_equal(net.received_count, 0);
	/* A small one would go; but it is the link that decides the order. */
	netguest_answer(&net, transactions[1]);
	assert_int_equal(net.resumed, 1);
	assert_true(arrive(&offload));
	check_segments(60000, 1400);
	assert_int_equal(netvsp_statistics_read(net.netvsp).in_no_room, 1);
}

/* Not before there are as many sections as it takes. */
static void test_large_waits_for_enough(void **state)
{
	struct network_offload offload;
	uint64_t transactions[151];
	unsigned int count = 0;

	(void)state;
	net.keep = true;
	packet_make(&packet, &(struct packet_options){.payload = 50});
	while (arrive(NULL))
		transactions[count++] = net.received[0].transaction;
	assert_int_equal(count, 151);
	offload = large(&(struct packet_options){.payload = 10000}, 1000);
	netguest_answer(&net, transactions[0]);
	assert_int_equal(net.resumed, 1);
	assert_false(arrive(&offload));
	for (unsigned int i = 1; i < 10; i++) {
		assert_int_equal(net.resumed, 1);
		netguest_answer(&net, transactions[i]);
	}
	assert_int_equal(net.resumed, 2);
	assert_true(arrive(&offload));
}

static void test_large_ring_full(void **state)
{
	struct network_offload offload;
	unsigned int taken = 0;

	(void)state;
	guest_close(&net.channel);
	guest_gpadl_teardown(&net.guest, net.channel.relid, net.channel.gpadl);
	guest_expect(&net.guest, VMBUS_MSG_GPADL_TORNDOWN);
	net.version = 0;
	net.channel_pages = 2;
	netguest_open(&net);
	netguest_bring_up(&net, NVSP_VERSION_6_1, 1514);
	assert_true(net.section.sub_allocation_count == 151);
	/* Two transfers each: the second finds no room at some time. */
	net.keep = true;
	netguest_forget(&net);
	offload = large(&(struct packet_options){.payload = 48 * 65}, 48);
	while (netguest_arrive(&net, packet.bytes, packet.size, &offload))
		taken++;
	assert_in_range(taken, 1, 3);
	/* Small ones until the ring is full, with sections to spare. */
	net.keep = false;
	bring_up_anew(NVSP_VERSION_6_1, 1514);
	packet_make(&packet, &(struct packet_options){.payload = 50});
	for (taken = 0; netguest_arrive(&net, packet.bytes, packet.size, NULL);)
		taken++;
	assert_in_range(taken, 20, 100);
	assert_int_equal(netvsp_state_read(net.netvsp).receive_sections_in_use,
			 taken);
	offload = large(&(struct packet_options){.payload = 3000}, 1000);
	assert_false(
		netguest_arrive(&net, packet.bytes, packet.size, &offload));
	assert_int_equal(netvsp_state_read(net.netvsp).receive_sections_in_use,
			 taken);
}

static void test_large_refused(void **state)
{
	struct network_offload offload =
		large(&(struct packet_options){.payload = 3000}, 47);

	(void)state;
	assert_true(arrive(&offload));
	offload = large(&(struct packet_options){.udp = true, .payload = 3000},
			1000);
	assert_true(arrive(&offload));
	offload = large(&(struct packet_options){.payload = 3000}, 1000);
	packet.bytes[14] = 0x95;
	assert_true(arrive(&offload));
	assert_int_equal(net.received_count, 0);
	assert_int_equal(netvsp_statistics_read(net.netvsp).in_errors, 3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_sizes),
		TEST(test_jumbo),
		TEST(test_checksums),
		TEST(test_ip_checksums),
		TEST(test_checksums_unchanged),
		TEST(test_checksum_elsewhere),
		TEST(test_tags),
		TEST(test_tags_inline),
		TEST(test_filter),
		TEST(test_filter_of_own_address),
		TEST(test_not_ready),
		TEST(test_large),
		TEST(test_large_counted),
		TEST(test_large_segments),
		TEST(test_large_in_several_transfers),
		TEST(test_large_waits),
		TEST(test_large_waits_for_enough),
		TEST(test_large_ring_full),
		TEST(test_large_refused),
	};

	return cmocka_run_group_tests_name("netvsp_receive", tests, NULL, NULL);
}
