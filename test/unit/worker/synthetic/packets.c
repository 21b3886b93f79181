// SPDX-License-Identifier: GPL-2.0-or-later
/* Frames made and judged the plain way. */
#include "packets.h"

#include <string.h>

uint32_t packet_get16(const uint8_t *bytes)
{
	return bytes[0] * 256u + bytes[1];
}

uint32_t packet_get32(const uint8_t *bytes)
{
	return packet_get16(bytes) * 65536u + packet_get16(bytes + 2);
}

static void put16(uint8_t *bytes, uint32_t value)
{
	bytes[0] = (uint8_t)(value / 256);
	bytes[1] = (uint8_t)(value % 256);
}

uint8_t packet_byte(uint32_t offset)
{
	return (uint8_t)(offset * 7 + offset / 251 + 3);
}

uint16_t packet_sum(const uint8_t *bytes, size_t size, uint32_t start)
{
	uint32_t sum = start;

	for (size_t i = 0; i < size; i++) {
		sum += i % 2 ? bytes[i] : bytes[i] * 256u;
		if (sum > 65535)
			sum -= 65535;
	}
	return (uint16_t)sum;
}

static uint32_t sum_offset(const struct packet *packet)
{
	return packet->transport + (packet->udp ? 6 : 16);
}

static uint16_t pseudo_sum(const struct packet *packet)
{
	const uint32_t length = packet->size - packet->transport;
	uint8_t pseudo[40] = {0};

	if (packet->ipv6) {
		memcpy(pseudo, packet->bytes + packet->network + 8, 32);
		put16(pseudo + 34, length);
		pseudo[39] = packet->udp ? 17 : 6;
		return packet_sum(pseudo, 40, 0);
	}
	memcpy(pseudo, packet->bytes + packet->network + 12, 8);
	pseudo[9] = packet->udp ? 17 : 6;
	put16(pseudo + 10, length);
	return packet_sum(pseudo, 12, 0);
}

static void put_checksums(struct packet *packet)
{
	uint8_t *const ip = packet->bytes + packet->network;
	uint8_t *const field = packet->bytes + sum_offset(packet);
	uint32_t sum;

	if (!packet->ipv6) {
		put16(ip + 10, 0);
		put16(ip + 10, 65535u - packet_sum(ip, (ip[0] & 15) * 4, 0));
	}
	put16(field, 0);
	sum = 65535u - packet_sum(packet->bytes + packet->transport,
				  packet->size - packet->transport,
				  pseudo_sum(packet));
	put16(field, sum ? sum : 65535);
}

static uint32_t put_ip(struct packet *packet,
		       const struct packet_options *options, uint32_t length)
{
	uint8_t *const ip = packet->bytes + packet->network;
	const uint8_t protocol = options->udp ? 17 : 6;

	if (options->ipv6) {
		ip[0] = 0x60;
		put16(ip + 4, length + options->options);
		ip[6] = options->options ? 60 : protocol;
		ip[7] = 64;
		for (unsigned int i = 0; i < 32; i++)
			ip[8 + i] = (uint8_t)(0xfd - i * 5);
		if (options->options) {
			ip[40] = protocol;
			ip[41] = (uint8_t)(options->options / 8 - 1);
			ip[42] = 1; /* padding */
			ip[43] = (uint8_t)(options->options - 4);
		}
		return 40 + options->options;
	}
	ip[0] = (uint8_t)(0x45 + options->options / 4);
	put16(ip + 2, 20 + options->options + length);
	put16(ip + 4, options->identifier);
	ip[6] = 0x40;
	ip[8] = 64;
	ip[9] = protocol;
	memcpy(ip + 12, "\x0a\x00\x02\x0f\xc0\xa8\xfe\x01", 8);
	memset(ip + 20, 1, options->options);
	return 20 + options->options;
}

void packet_make(struct packet *packet, const struct packet_options *options)
{
	const uint32_t header = options->udp ? 8 : 20 + options->tcp_options;
	uint8_t *bytes = packet->bytes;
	uint32_t at = 12;

	memset(bytes, 0, 512);
	memcpy(bytes, "\x02\x15\x5d\x01\x02\x03\x02\x15\x5d\x0a\x0b\x0c", 12);
	if (options->tag) {
		put16(bytes + at, 0x8100);
		put16(bytes + at + 2, (uint32_t)options->tag);
		at += 4;
	}
	put16(bytes + at, options->ipv6 ? 0x86dd : 0x0800);
	packet->network = at + 2;
	packet->ipv6 = options->ipv6;
	packet->udp = options->udp;
	packet->transport = packet->network +
			    put_ip(packet, options, header + options->payload);
	packet->payload = packet->transport + header;
	packet->size = packet->payload + options->payload;
	bytes += packet->transport;
	put16(bytes, 40000);
	put16(bytes + 2, 443);
	if (options->udp) {
		put16(bytes + 4, 8 + options->payload);
	} else {
		put16(bytes + 4, options->sequence >> 16);
		put16(bytes + 6, options->sequence & 0xffff);
		put16(bytes + 8, 0x1234);
		bytes[12] = (uint8_t)(header / 4 * 16);
		bytes[13] = options->flags;
		put16(bytes + 14, 0x7fff);
		memset(bytes + 20, 1, options->tcp_options);
	}
	for (uint32_t i = 0; i < options->payload; i++)
		packet->bytes[packet->payload + i] = packet_byte(i);
	put_checksums(packet);
}

void packet_spoil(struct packet *packet)
{
	put16(packet->bytes + sum_offset(packet), 0xdead);
	if (!packet->ipv6)
		put16(packet->bytes + packet->network + 10, 0xbeef);
}

void packet_partial(struct packet *packet)
{
	put16(packet->bytes + sum_offset(packet), pseudo_sum(packet));
}

bool packet_judge(struct packet *packet)
{
	const uint8_t *const bytes = packet->bytes;
	const uint8_t *ip;
	uint32_t at = 12;
	uint32_t length;
	uint8_t protocol;

	if (packet_get16(bytes + at) == 0x8100)
		at += 4;
	packet->network = at + 2;
	packet->ipv6 = packet_get16(bytes + at) == 0x86dd;
	ip = bytes + packet->network;
	if (packet->ipv6) {
		length = 40 + packet_get16(ip + 4);
		protocol = ip[6];
		packet->transport = packet->network + 40;
		if (protocol == 60) {
			protocol = ip[40];
			packet->transport += (ip[41] + 1u) * 8;
		}
	} else {
		length = packet_get16(ip + 2);
		protocol = ip[9];
		packet->transport = packet->network + (ip[0] & 15u) * 4;
		if (packet_sum(ip, (ip[0] & 15) * 4, 0) != 65535)
			return false;
	}
	if (packet->network + length != packet->size)
		return false;
	packet->udp = protocol == 17;
	packet->payload =
		packet->transport +
		(packet->udp ? 8 : bytes[packet->transport + 12] / 16 * 4u);
	return packet_sum(bytes + packet->transport,
			  packet->size - packet->transport,
			  pseudo_sum(packet)) == 65535;
}
