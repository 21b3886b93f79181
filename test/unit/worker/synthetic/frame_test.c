// SPDX-License-Identifier: GPL-2.0-or-later
/* Frames: headers found, tags, checksums, spans. */
#include "../vmbus/fake.h"

#include <string.h>

#include "packets.h"
#include "worker/synthetic/frame.h"

static struct packet packet;
static struct frame frame;
static struct span spans[8];

/* In pieces of this many bytes, behind a few that are not its. */
static bool read_packet(uint32_t piece)
{
	struct frame_source source = {spans, 0, 3, packet.size};
	static uint8_t all[PACKET_MAX + 3];
	const uint32_t size = packet.size + 3;

	memset(all, 0xcc, 3);
	memcpy(all + 3, packet.bytes, packet.size);
	for (uint32_t at = 0; at < size; at += piece) {
		const bool last = size - at <= piece || source.span_count == 7;

		spans[source.span_count++] =
			(struct span){all + at, last ? size - at : piece};
		if (last)
			break;
	}
	return frame_read(&frame, &source);
}

/* What the frame is now. */
static void collect(struct packet *result)
{
	struct span out[9];
	const unsigned int count = frame_spans(&frame, out, 9);

	result->size =
		(uint32_t)spans_read(out, count, 0, result->bytes, PACKET_MAX);
	assert_int_equal(result->size, frame_size(&frame));
}

static void test_layout(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 64; i++) {
		const struct packet_options options = {
			.ipv6 = i & 1,
			.udp = i & 2,
			.tag = i & 4 ? 0x2123 : 0,
			.options = i & 8 ? 16 : 0,
			.tcp_options = i & 16 ? 12 : 0,
			.payload = i & 32 ? 1000 : 1,
		};

		packet_make(&packet, &options);
		assert_true(read_packet(i & 1 ? 61 : 5000));
		assert_true(frame_parse(&frame));
		assert_int_equal(frame.layout.ipv4, !packet.ipv6);
		assert_int_equal(frame.layout.ipv6, packet.ipv6);
		assert_int_equal(frame.layout.protocol, packet.udp ? 17 : 6);
		assert_int_equal(frame.layout.network, packet.network);
		assert_int_equal(frame.layout.transport, packet.transport);
		assert_int_equal(frame.layout.payload, packet.payload);
		assert_int_equal(frame.layout.end, packet.size);
	}
}

static void test_not_understood(void **state)
{
	(void)state;
	/* ARP */
	packet_make(&packet, &(struct packet_options){.payload = 20});
	packet.bytes[13] = 6;
	assert_true(read_packet(5000));
	assert_true(frame_parse(&frame));
	assert_false(frame.layout.ipv4 || frame.layout.ipv6);
	assert_int_equal(frame.layout.protocol, 0);
	frame_trim(&frame);
	assert_int_equal(frame_size(&frame), packet.size);
	frame_ip_checksum(&frame); /* of which it has none */
	assert_memory_equal(frame_head(&frame), packet.bytes, packet.size);
	/* ICMP, then fragments: the first has a header, but not all data. */
	packet_make(&packet, &(struct packet_options){.payload = 20});
	packet.bytes[packet.network + 9] = 1;
	assert_true(read_packet(5000) && frame_parse(&frame));
	assert_true(frame.layout.ipv4 && !frame.layout.protocol);
	packet.bytes[packet.network + 9] = 6;
	packet.bytes[packet.network + 6] = 0x20;
	assert_true(read_packet(5000) && frame_parse(&frame));
	assert_int_equal(frame.layout.protocol, 0);
	packet.bytes[packet.network + 6] = 0;
	packet.bytes[packet.network + 7] = 1;
	assert_true(read_packet(5000) && frame_parse(&frame));
	assert_int_equal(frame.layout.protocol, 0);
	/* An IPv6 fragment, and one by a route of its own. */
	packet_make(&packet, &(struct packet_options){.ipv6 = true,
						      .options = 8,
						      .payload = 20});
	packet.bytes[packet.network + 6] = 44;
	assert_true(read_packet(5000) && frame_parse(&frame));
	assert_true(frame.layout.ipv6 && !frame.layout.protocol);
	packet.bytes[packet.network + 6] = 43;
	assert_true(read_packet(5000) && frame_parse(&frame));
	assert_int_equal(frame.layout.protocol, 0);
	packet.bytes[packet.network + 6] = 0;
	assert_true(read_packet(5000) && frame_parse(&frame));
	assert_int_equal(frame.layout.protocol, 6);
}

static bool parse_changed(const struct packet_options *options, uint32_t at,
			  uint8_t value)
{
	packet_make(&packet, options);
	packet.bytes[at] = value;
	assert_true(read_packet(5000));
	return frame_parse(&frame);
}

static void test_contradictions(void **state)
{
	const struct packet_options v4 = {.payload = 20};
	const struct packet_options v6 = {
		.ipv6 = true, .options = 8, .payload = 20};

	(void)state;
	assert_false(parse_changed(&v4, 14, 0x65)); /* not version 4 */
	assert_false(parse_changed(&v4, 14, 0x44)); /* too short a header */
	assert_false(parse_changed(&v4, 17, 19));   /* ends in its header */
	assert_false(parse_changed(&v4, 17, 39));   /* ends in TCP's */
	assert_false(parse_changed(&v4, 16, 4));    /* beyond the frame */
	assert_false(parse_changed(&v4, 34 + 12, 0x40)); /* TCP too short */
	assert_false(parse_changed(&v4, 34 + 12, 0xf0)); /* or too long */
	assert_true(parse_changed(&v4, 17, 40));
	assert_false(parse_changed(&v6, 14, 0x40));
	assert_false(parse_changed(&v6, 18, 4));
	assert_false(parse_changed(&v6, 55, 255)); /* too many extensions */
	assert_false(parse_changed(&v6, 55, 5));   /* beyond the end */
	assert_false(parse_changed(&v6, 19, 4));
	/* A next header that is an extension header, time and again. */
	assert_false(parse_changed(&v6, 54, 0));
}

/* Cut off anywhere: never a byte beyond what there is. */
static void test_truncated(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 8; i++) {
		packet_make(&packet,
			    &(struct packet_options){.ipv6 = i & 1,
						     .udp = i & 2,
						     .tag = i & 4 ? 5 : 0,
						     .options = 8,
						     .payload = 1});
		for (uint32_t size = packet.size; size-- > 0;) {
			packet.size = size;
			assert_int_equal(read_packet(5000), size >= 14);
			if (size >= 14)
				assert_false(frame_parse(&frame));
		}
	}
	/* A tag, and not all of the type behind it. */
	packet_make(&packet, &(struct packet_options){.tag = 5});
	packet.bytes[17] = 6; /* ARP */
	assert_true(read_packet(5000) && frame_parse(&frame));
	packet.size = 17;
	assert_true(read_packet(5000));
	assert_false(frame_parse(&frame));
	packet.size = 18;
	assert_true(read_packet(5000) && frame_parse(&frame));
	/* Less than it is said to be. */
	packet_make(&packet, &(struct packet_options){.payload = 1});
	read_packet(5000);
	assert_false(
		frame_read(&frame, &(struct frame_source){spans, 1, 3, 200}));
}

static void test_large_send_length(void **state)
{
	(void)state;
	packet_make(&packet, &(struct packet_options){.payload = 3000});
	packet.bytes[16] = packet.bytes[17] = 0;
	assert_true(read_packet(5000) && frame_parse(&frame));
	assert_int_equal(frame.layout.end, packet.size);
	packet_make(&packet,
		    &(struct packet_options){.ipv6 = true, .payload = 3000});
	packet.bytes[18] = packet.bytes[19] = 0;
	assert_true(read_packet(5000) && frame_parse(&frame));
	assert_int_equal(frame.layout.end, packet.size);
}

static void test_trim(void **state)
{
	struct packet before;
	static struct packet after;

	(void)state;
	for (uint32_t payload = 1; payload < 600; payload += 13) {
		packet_make(&packet,
			    &(struct packet_options){.payload = payload});
		before = packet;
		memset(packet.bytes + packet.size, 0xee, 40);
		packet.size += 40;
		assert_true(read_packet(100) && frame_parse(&frame));
		frame_trim(&frame);
		collect(&after);
		assert_int_equal(after.size, before.size);
		assert_memory_equal(after.bytes, before.bytes, before.size);
	}
}

static void test_tags(void **state)
{
	static struct packet after;
	uint16_t tci = 0;

	(void)state;
	packet_make(&packet, &(struct packet_options){.payload = 900});
	assert_true(read_packet(100) && frame_parse(&frame));
	assert_false(frame_vlan_remove(&frame, &tci));
	frame_vlan_insert(&frame, 0xa123);
	collect(&after);
	assert_int_equal(after.size, packet.size + 4);
	assert_memory_equal(after.bytes, packet.bytes, 12);
	assert_memory_equal(after.bytes + 12, "\x81\x00\xa1\x23", 4);
	assert_memory_equal(after.bytes + 16, packet.bytes + 12,
			    packet.size - 12);
	assert_int_equal(frame.layout.network, 18);
	assert_int_equal(frame.layout.transport, 38);
	assert_int_equal(frame.layout.payload, 58);
	assert_int_equal(frame.layout.end, after.size);
	assert_true(packet_judge(&after));
	assert_true(frame_vlan_remove(&frame, &tci));
	assert_int_equal(tci, 0xa123);
	collect(&after);
	assert_int_equal(after.size, packet.size);
	assert_memory_equal(after.bytes, packet.bytes, packet.size);
	assert_int_equal(frame.layout.end, packet.size);
	/* One that came with the frame, and is taken out first. */
	packet_make(&packet,
		    &(struct packet_options){.tag = 0x6fff, .payload = 900});
	assert_true(read_packet(100));
	assert_true(frame_vlan_remove(&frame, &tci));
	assert_int_equal(tci, 0x6fff);
	assert_true(frame_parse(&frame));
	assert_int_equal(frame.layout.network, 14);
	/* No more than the tag's first half. */
	packet.size = 14;
	assert_true(read_packet(100));
	assert_false(frame_vlan_remove(&frame, &tci));
}

static void test_checksums(void **state)
{
	static struct packet after;

	(void)state;
	for (unsigned int i = 0; i < 256; i++) {
		packet_make(&packet, &(struct packet_options){
					     .ipv6 = i & 1,
					     .udp = i & 2,
					     .tag = i & 4 ? 77 : 0,
					     .options = i & 8 ? 8 : 0,
					     .sequence = i * 0x01234567u,
					     .payload = i * 29 % 1400});
		after = packet;
		packet_spoil(&packet);
		assert_false(packet_judge(&packet));
		assert_true(read_packet(i % 2 ? 211 : 5000));
		assert_true(frame_parse(&frame));
		frame_ip_checksum(&frame);
		frame_pseudo_checksum(&frame);
		assert_true(frame_checksum(&frame, packet.transport,
					   frame_checksum_offset(&frame)));
		collect(&after);
		assert_true(packet_judge(&after));
	}
}

/* A sum of zero says "none" in UDP. */
static void test_zero_checksum(void **state)
{
	static struct packet after;

	(void)state;
	packet_make(&packet,
		    &(struct packet_options){.udp = true, .payload = 2});

	/* The checksum itself as payload makes the sum zero. */
	const uint32_t field = packet.transport + 6;

	packet.bytes[packet.payload] = packet.bytes[packet.payload + 1] = 0;
	packet_partial(&packet);
	assert_true(read_packet(5000) && frame_parse(&frame));
	assert_true(frame_checksum(&frame, packet.transport, 6));
	memcpy(packet.bytes + packet.payload, frame_head(&frame) + field, 2);
	assert_true(read_packet(5000) && frame_parse(&frame));
	assert_true(frame_checksum(&frame, packet.transport, 6));
	assert_memory_equal(frame_head(&frame) + field, "\xff\xff", 2);
	collect(&after);
	assert_true(packet_judge(&after));
}

static void test_checksum_places(void **state)
{
	(void)state;
	packet_make(&packet, &(struct packet_options){.payload = 1000});
	assert_true(read_packet(5000));
	assert_true(frame_checksum(&frame, 200, 54));
	assert_false(frame_checksum(&frame, 200, 55));
	assert_false(frame_checksum(&frame, 65535, 65535));
	/* More said than there is. */
	frame.rest_size += 10;
	assert_false(frame_checksum(&frame, 34, 16));
}

static void test_spans(void **state)
{
	struct span out[3];

	(void)state;
	packet_make(&packet, &(struct packet_options){.payload = 1000});
	assert_true(read_packet(200));
	assert_int_equal(frame_spans(&frame, out, 0), 0);
	assert_int_equal(frame_spans(&frame, out, 3), 3);
	assert_ptr_equal(out[0].base, frame_head(&frame));
	assert_int_equal(out[0].size, 256);
	assert_int_equal(out[1].size, 400 - 3 - 256);
	/* No empty one where the head ends with its piece. */
	assert_true(read_packet(259));
	assert_int_equal(frame_spans(&frame, out, 3), 3);
	assert_int_equal(out[1].size, 259);
	assert_true(read_packet(200));
	assert_true(frame_parse(&frame));
	frame_head_to_payload(&frame);
	assert_int_equal(frame_spans(&frame, out, 3), 3);
	assert_int_equal(out[0].size, 54);
	assert_int_equal(out[1].size, 200 - 3 - 54);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_not_understood),
		cmocka_unit_test(test_contradictions),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_large_send_length),
		cmocka_unit_test(test_trim),
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_checksums),
		cmocka_unit_test(test_zero_checksum),
		cmocka_unit_test(test_checksum_places),
		cmocka_unit_test(test_spans),
	};

	return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
