/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames to test with, and whether a frame is right: both made and judged
 * the plain way, byte by byte, with nothing shared with what is tested.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACKET_MAX 70000u

struct packet_options {
	bool ipv6;
	bool udp;
	int tag;	      /* of 802.1Q; 0: none */
	unsigned int options; /* bytes of IPv4 options or IPv6 extensions */
	unsigned int tcp_options;
	uint8_t flags; /* TCP's */
	uint32_t sequence;
	uint16_t identifier;
	uint32_t payload; /* bytes, from packet_byte() */
};

struct packet {
	uint8_t bytes[PACKET_MAX];
	uint32_t size;
	uint32_t network;
	uint32_t transport;
	uint32_t payload;
	bool ipv6;
	bool udp;
};

/* The payload's byte at an offset. */
uint8_t packet_byte(uint32_t offset);

/* With every checksum right. */
void packet_make(struct packet *packet, const struct packet_options *options);

/* As a driver hands it over: the fields hold whatever, or the partial sum. */
void packet_spoil(struct packet *packet);
void packet_partial(struct packet *packet);

/* RFC 1071 as it is written. */
uint16_t packet_sum(const uint8_t *bytes, size_t size, uint32_t start);

/* Fills in the rest from the bytes, and says whether all sums are right. */
bool packet_judge(struct packet *packet);

uint32_t packet_get16(const uint8_t *bytes);
uint32_t packet_get32(const uint8_t *bytes);
