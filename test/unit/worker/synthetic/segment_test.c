// SPDX-License-Identifier: GPL-2.0-or-later
/* Segments put together again are the frame that was cut. */
#include "../vmbus/fake.h"

#include <string.h>

#include "packets.h"
#include "worker/synthetic/segment.h"

#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define PSH 0x08
#define ACK 0x10
#define CWR 0x80

static struct packet packet;
static struct packet piece;
static struct frame whole;
static struct frame segment;
static struct span spans[2];

static bool begin(struct segment_cut *cut, uint32_t size)
{
	spans[0] = (struct span){packet.bytes, 100};
	spans[1] = (struct span){packet.bytes + 100, packet.size - 100};
	assert_true(frame_read(
		&whole, &(struct frame_source){spans, 2, 0, packet.size}));
	assert_true(frame_parse(&whole));
	return segment_begin(cut, &whole, size);
}

static void make(const struct segment_cut *cut, uint32_t index)
{
	struct span out[3];
	unsigned int count;

	segment_make(cut, index, &segment);
	assert_true(frame_checksum(&segment, segment.layout.transport, 16));
	count = frame_spans(&segment, out, 3);
	piece.size =
		(uint32_t)spans_read(out, count, 0, piece.bytes, PACKET_MAX);
}

/* A piece against the packet it was cut from. */
static void check(const struct packet_options *options, uint32_t offset,
		  uint32_t index, bool last)
{
	const uint8_t *const tcp = piece.bytes + piece.transport;
	const uint8_t *const ip = piece.bytes + piece.network;

	assert_int_equal(piece.payload, packet.payload);
	assert_int_equal(packet_get32(tcp + 4), options->sequence + offset);
	assert_int_equal(packet_get32(tcp + 8), 0x12340000);
	assert_int_equal(tcp[13],
			 (options->flags & ~(FIN | PSH | CWR)) |
				 (last ? options->flags & (FIN | PSH) : 0) |
				 (index ? 0 : options->flags & CWR));
	if (!options->ipv6)
		assert_int_equal(packet_get16(ip + 4),
				 (options->identifier + index) & 0xffff);
	for (uint32_t i = 0; i < piece.size - piece.payload; i++)
		assert_int_equal(piece.bytes[piece.payload + i],
				 packet_byte(offset + i));
}

static void cut_and_check(const struct packet_options *options, uint32_t size)
{
	struct segment_cut cut;
	uint32_t offset = 0;

	packet_make(&packet, options);
	packet_spoil(&packet);
	assert_true(begin(&cut, size));
	assert_int_equal(cut.count,
			 options->payload ? (options->payload + size - 1) / size
					  : 1);
	for (uint32_t i = 0; i < cut.count; i++) {
		const bool last = i + 1 == cut.count;

		make(&cut, i);
		assert_true(packet_judge(&piece));
		if (!last)
			assert_int_equal(piece.size - piece.payload, size);
		check(options, offset, i, last);
		offset += piece.size - piece.payload;
	}
	assert_int_equal(offset, options->payload);
}

static void test_kinds(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 64; i++) {
		cut_and_check(
			&(struct packet_options){
				.ipv6 = i & 1,
				.tag = i & 2 ? 9 : 0,
				.options = i & 4 ? 8 : 0,
				.tcp_options = i & 8 ? 12 : 0,
				.flags = i & 16 ? ACK | PSH | FIN | CWR : ACK,
				.sequence = 0xfffff000,
				.identifier = 0xfffe,
				.payload = i & 32 ? 60000 : 3001,
			},
			1448 - i);
	}
}

static void test_sizes(void **state)
{
	(void)state;
	for (uint32_t payload = 0; payload < 500; payload++)
		cut_and_check(&(struct packet_options){.flags = ACK | PSH,
						       .sequence = 1,
						       .payload = payload},
			      48 + payload % 60);
	cut_and_check(&(struct packet_options){.flags = ACK, .payload = 65280},
		      8960);
	cut_and_check(&(struct packet_options){.flags = ACK,
					       .ipv6 = true,
					       .payload = 65280},
		      48);
}

/* IP's length is not there, as drivers leave it; padding is not data. */
static void test_lengths(void **state)
{
	struct segment_cut cut;

	(void)state;
	packet_make(&packet, &(struct packet_options){.payload = 3000});
	packet.bytes[16] = packet.bytes[17] = 0;
	assert_true(begin(&cut, 1000));
	assert_int_equal(cut.count, 3);
	make(&cut, 2);
	assert_true(packet_judge(&piece));
	packet_make(&packet, &(struct packet_options){.payload = 3000});
	packet.size += 500;
	assert_true(begin(&cut, 1000));
	assert_int_equal(cut.count, 3);
	assert_int_equal(cut.payload_size, 3000);
}

static void test_whole_length(void **state)
{
	struct segment_cut cut;

	(void)state;
	for (unsigned int ipv6 = 0; ipv6 < 2; ipv6++) {
		packet_make(&packet, &(struct packet_options){.ipv6 = ipv6,
							      .payload = 3000});
		memset(packet.bytes + (ipv6 ? 18 : 16), 0, 2);
		assert_true(begin(&cut, 1000));
		segment_set_length(&whole);
		frame_ip_checksum(&whole);
		frame_pseudo_checksum(&whole);
		segment = whole;
		assert_true(frame_checksum(&segment, packet.transport, 16));
		memcpy(packet.bytes, frame_head(&segment), packet.payload);
		assert_true(packet_judge(&packet));
	}
}

static void test_refused(void **state)
{
	struct segment_cut cut;

	(void)state;
	packet_make(&packet,
		    &(struct packet_options){.udp = true, .payload = 3000});
	assert_false(begin(&cut, 1000));
	packet_make(&packet, &(struct packet_options){.payload = 3000});
	assert_false(begin(&cut, 0));
	assert_false(begin(&cut, 47));
	assert_true(begin(&cut, 48));
	packet_make(&packet,
		    &(struct packet_options){.flags = SYN, .payload = 3000});
	assert_false(begin(&cut, 1000));
	packet_make(&packet,
		    &(struct packet_options){.flags = RST, .payload = 3000});
	assert_false(begin(&cut, 1000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_whole_length),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests_name("segment", tests, NULL, NULL);
}
