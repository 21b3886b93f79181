// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A child that says anything at all, and a link that sends and comes and
 * goes. Whatever happens: nothing is touched that is not there, the link is
 * never left waiting, and a driver that comes afterwards finds it working.
 */
#include "netguest.h"

#include <string.h>

#include "packets.h"

static struct netguest net;
static struct fake_random random_state = {20261122};
static struct packet packet;
static uint8_t message[PACKET_MAX];

static uint32_t below(uint32_t limit)
{
	return fake_random_below(&random_state, limit);
}

/* Small, or just beside a limit, or anything. */
static uint32_t odd_number(void)
{
	static const uint32_t limits[] = {
		0,	8,	36,   44,     0x5dc,	  1514,
		0x1000, 0x1800, 9014, 0xffff, 0x7fffffff, 0xffffffff};

	switch (below(4)) {
	case 0:
		return below(64);
	case 1:
		return limits[below(12)] + below(3) - 1;
	case 2:
		return below(70000);
	default:
		return fake_random(&random_state) * 2 + below(2);
	}
}

static void reopen(void)
{
	guest_close(&net.channel);
	guest_gpadl_teardown(&net.guest, net.channel.relid, net.channel.gpadl);
	net.guest.message_count = 0;
	net.guest.next_page = 0;
	vmbus_server_reset(net.guest.server);
	net.guest.message_count = 0;
	assert_true(guest_contact(&net.guest, VMBUS_VERSION_5_3));
	assert_int_equal(guest_offers(&net.guest, &net.offer, 1), 1);
	for (unsigned int i = 0; i < NETGUEST_SCRATCH; i++)
		net.scratch_pfns[i] = guest_page(&net.guest);
	net.version = 0;
	net.keep = false;
	netguest_open(&net);
}

static void bring_up(void)
{
	static const uint32_t versions[] = {
		NVSP_VERSION_1, NVSP_VERSION_2, NVSP_VERSION_4,
		NVSP_VERSION_5, NVSP_VERSION_6, NVSP_VERSION_6_1,
	};

	netguest_bring_up(&net, versions[below(6)], 1514);
	netguest_forget(&net);
}

/* What the child has been sent; some of it is answered, some twice. */
static void drain(void)
{
	static struct guest_packet got;

	while (guest_receive(&net.channel, &got)) {
		if (got.descriptor.type != VMBUS_PACKET_TRANSFER_PAGES)
			continue;
		if (below(200))
			netguest_answer(&net, got.descriptor.transaction_id);
		if (!below(3000))
			netguest_answer(&net, got.descriptor.transaction_id);
	}
}

static void make_packet(void)
{
	packet_make(&packet,
		    &(struct packet_options){
			    .ipv6 = below(2),
			    .udp = below(2),
			    .tag = below(3) ? 0 : (int)below(65535) + 1,
			    .options = below(3) * 8,
			    .tcp_options = below(4) * 4,
			    .flags = (uint8_t)below(256),
			    .payload = below(3) ? below(1400) : below(60000)});
}

static void spoil(uint8_t *bytes, uint32_t size)
{
	for (uint32_t i = below(4); i--;) {
		const uint32_t value = odd_number();
		const uint32_t at = below(size < 160 ? size : 160);

		if (at + 4 <= size)
			memcpy(bytes + (below(2) ? at / 4 * 4 : at), &value,
			       below(4) + 1);
	}
}

/* One more or less valid send. */
static void child_sends(void)
{
	struct netguest_about about[NETGUEST_WORDS] = {{0}};
	struct guest_packet raw = {
		.descriptor = {.type = VMBUS_PACKET_IN_BAND, .flags = 1},
		.payload_size = 40,
	};
	struct nvsp_message nvsp = {.type = NVSP_SEND_RNDIS_PACKET};
	uint32_t size;

	make_packet();
	about[0] = (struct netguest_about){below(2), odd_number()};
	about[2] = (struct netguest_about){
		below(2), below(2) ? 1u << 30 | below(1500) : odd_number()};
	about[6] = (struct netguest_about){below(2), odd_number()};
	size = netguest_packet(message, packet.bytes, packet.size, about);
	if (below(2))
		spoil(message, size);
	nvsp.rndis_packet = (struct nvsp_send_rndis_packet){
		below(2), below(10), size < 6144 ? size : 6144};
	for (uint32_t i = 0; i < nvsp.rndis_packet.send_section_size; i++) {
		const uint32_t at =
			nvsp.rndis_packet.send_section_index * 6144 + i;

		((uint8_t *)guest_at(&net.guest,
				     net.send_pfns[at / 4096]))[at % 4096] =
			message[i];
	}
	if (!below(5))
		nvsp.rndis_packet.send_section_size = odd_number();
	if (!below(9))
		nvsp.rndis_packet.send_section_index = odd_number();
	memcpy(raw.payload, &nvsp, sizeof(nvsp));
	if (!below(3))
		guest_packet_pages(&raw, below(4096), below(60000),
				   net.scratch_pfns);
	guest_send(&net.channel, &raw);
}

/* Any message with anything in it. */
static void child_says(void)
{
	static const uint32_t types[] = {1,   100, 101, 103, 104,
					 106, 107, 125, 129, 133};
	struct guest_packet raw = {
		.descriptor = {.type = VMBUS_PACKET_IN_BAND,
			       .flags = (uint16_t)below(2)},
		.payload_size = below(20) ? 40 : below(41),
	};
	uint32_t words[10] = {below(50) ? types[below(10)] : odd_number()};

	for (unsigned int i = 1; i < 10; i++)
		words[i] = odd_number();
	if (below(2))
		words[1] = below(2) ? net.receive_gpadl : net.send_gpadl;
	if (below(2))
		words[2] = 0xcafe;
	memcpy(raw.payload, words, sizeof(words));
	if (!below(300))
		raw.descriptor.type = (uint16_t)(6 + below(6));
	guest_send(&net.channel, &raw);
}

/* A control message, spoiled or not. */
static void child_controls(void)
{
	static const uint32_t oids[] = {
		0x10106,   0x1010e, 0x1010f, 0x1021b, 0x20106,	  0x10101,
		0x1010103, 0x10107, 0x10203, 0x10114, 0xfc01020c, 0xfc01020d};
	uint32_t words[64] = {below(8) + 1};
	const uint32_t size = 8 + below(62) * 4;
	struct guest_packet raw = {
		.descriptor = {.type = VMBUS_PACKET_IN_BAND, .flags = 1},
		.payload_size = 40,
	};
	const struct nvsp_message nvsp = {
		.type = NVSP_SEND_RNDIS_PACKET,
		.rndis_packet = {1, 0, size},
	};

	for (unsigned int i = 1; i < 64; i++)
		words[i] = below(3) ? below(64) : odd_number();
	words[1] = size;
	words[3] = oids[below(12)];
	words[5] = 20;
	words[4] = below(2) ? size - 28 : words[4];
	if (words[0] == RNDIS_HALT && below(10))
		words[0] = RNDIS_INITIALIZE;
	spoil((uint8_t *)words, sizeof(words));
	memcpy(guest_at(&net.guest, net.send_pfns[0]), words, sizeof(words));
	memcpy(raw.payload, &nvsp, sizeof(nvsp));
	guest_send(&net.channel, &raw);
}

/* What the link brings is what it says, now and then not quite. */
static bool link_brings(void)
{
	struct network_offload offload = {0};
	bool taken;

	make_packet();
	if (below(2))
		memset(packet.bytes, 0xff, 6);
	if (below(2)) {
		offload.checksum_missing = true;
		offload.checksum_start = (uint16_t)packet.transport;
		offload.checksum_offset = packet.udp ? 6 : 16;
	}
	if (below(2))
		offload.segmentation =
			packet.ipv6 ? NETWORK_TCP_IPV6 : NETWORK_TCP_IPV4;
	offload.segment_size = (uint16_t)below(below(2) ? 1500 : 65536);
	if (!below(8))
		spoil(packet.bytes, packet.size);
	if (!below(8))
		offload.checksum_start = (uint16_t)odd_number();
	taken = netguest_arrive(&net, packet.bytes, packet.size, &offload);
	if (!below(20))
		net.link.carrier(net.netvsp, below(4));
	if (!below(50))
		netvsp_network_changed(net.netvsp);
	return taken;
}

static void step(bool *waits)
{
	const unsigned int resumed = net.resumed;

	switch (below(8)) {
	case 0:
		if (below(20) == 0)
			child_says();
		break;
	case 1:
		child_controls();
		break;
	case 2:
	case 3:
	case 4:
		child_sends();
		break;
	default:
		/* As a link does: it waits until it is told. */
		if (!*waits)
			*waits = !link_brings();
		break;
	}
	if (below(2))
		drain();
	if (!below(30))
		fake_clock_advance(&net.guest.clock, 1000000);
	if (net.resumed != resumed)
		*waits = false;
}

static void test_storm(void **state)
{
	unsigned int lives = 0;

	(void)state;
	netguest_init(&net, 1500);
	for (unsigned int life = 0; life < 150; life++) {
		bool waits = false;

		net.link.checksums = below(2);
		net.link.segments = below(2);
		bring_up();
		for (unsigned int i = 0; i < 400; i++)
			step(&waits);
		netguest_forget(&net);

		const unsigned int resumed = net.resumed;

		if (netvsp_state_read(net.netvsp).nvsp_version)
			lives++;
		reopen();
		assert_true(!waits || net.resumed > resumed);
		net.link.carrier(net.netvsp, true);
		assert_int_equal(
			netvsp_state_read(net.netvsp).receive_sections_in_use,
			0);
	}
	/* It was not all over at once, nor was nothing ever wrong. */
	assert_in_range(lives, 10, 145);

	const struct netvsp_statistics statistics =
		netvsp_statistics_read(net.netvsp);

	assert_true(statistics.in_frames > 1000);
	assert_true(statistics.in_segmented > 20);
	assert_true(statistics.in_errors > 20);
	assert_true(statistics.out_frames > 1000);
	assert_true(statistics.out_segmented > 20);
	assert_true(statistics.out_errors > 1000);
	assert_true(statistics.control_messages > 1000);
	bring_up();
	netguest_destroy(&net);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_storm),
	};

	return cmocka_run_group_tests_name("netvsp_storm", tests, NULL, NULL);
}
