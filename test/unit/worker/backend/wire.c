/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A network device that is not there, at the end of a back end's wire. */
#define _GNU_SOURCE
#include "wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include <cmocka.h>

const uint8_t wire_mac[6] = {0x02, 0xb1, 0, 0, 0, 0x17};

static bool receive(void *device, const struct network_frame *frame)
{
	struct wire *wire = device;
	struct wire_frame *to = &wire->frames[wire->count];

	assert_false(wire->sending);
	if (!wire->room || wire->count == WIRE_FRAMES)
		return false;
	wire->room--;
	wire->count++;
	to->bytes = malloc(frame->size);
	to->size = frame->size;
	to->offload = frame->offload;
	assert_int_equal(spans_read(frame->spans, frame->span_count, 0,
				    to->bytes, frame->size),
			 frame->size);
	return true;
}

static void ready(void *owner, uint32_t events)
{
	struct wire *wire = owner;

	(void)events;
	wire->backend->service(wire->backend);
}

void wire_init(struct wire *wire)
{
	assert_int_equal(loop_create(&wire->loop), 0);
	loop_thaw(&wire->loop);
}

void wire_connect(struct wire *wire, struct network_backend *backend)
{
	wire->backend = backend;
	wire->room = WIRE_FRAMES;
	backend->link.device = wire;
	backend->link.receive = receive;
	wire->watch = (struct loop_watch){
		.fd = backend->poll_fd, .ready = ready, .owner = wire};
	assert_int_equal(loop_watch(&wire->loop, &wire->watch, EPOLLIN), 0);
}

void wire_disconnect(struct wire *wire)
{
	if (wire->backend) {
		loop_unwatch(&wire->loop, &wire->watch);
		wire->backend->destroy(wire->backend);
	}
	wire_clear(wire);
	loop_destroy(&wire->loop);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void wire_run(struct wire *wire, unsigned int count, int ms)
{
	const int64_t until = now_ms() + ms;
	int64_t left = ms;

	while (wire->count < count && left >= 0) {
		struct epoll_event event;

		if (epoll_wait(wire->loop.epoll_fd, &event, 1, (int)left) ==
		    1) {
			const struct loop_watch *watch = event.data.ptr;

			watch->ready(watch->owner, event.events);
		}
		left = until - now_ms();
	}
}

void wire_clear(struct wire *wire)
{
	for (unsigned int i = 0; i < wire->count; i++)
		free(wire->frames[i].bytes);
	wire->count = 0;
}

void wire_resume(struct wire *wire, unsigned int room)
{
	wire->room = room;
	wire->sending = true;
	wire->backend->link.resume(&wire->backend->link);
	wire->sending = false;
}

void wire_send(struct wire *wire, const void *bytes, size_t size,
	       const struct network_offload *offload)
{
	uint8_t *copy = malloc(size);
	const size_t third = size / 3;
	const struct span spans[] = {
		{copy, third},
		{copy + third, third},
		{copy + 2 * third, size - 2 * third},
	};
	struct network_frame frame = {
		.spans = spans, .span_count = 3, .size = (uint32_t)size};

	if (offload)
		frame.offload = *offload;
	memcpy(copy, bytes, size);
	wire->sending = true;
	wire->backend->link.send(&wire->backend->link, &frame);
	wire->sending = false;
	free(copy);
}

/* ---- Frames ---- */

static void put16(uint8_t *to, unsigned int value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
}

static void put32(uint8_t *to, uint32_t value)
{
	put16(to, value >> 16);
	put16(to + 2, value & 0xffff);
}

uint16_t wire_get16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

uint32_t wire_get32(const uint8_t *bytes)
{
	return (uint32_t)wire_get16(bytes) << 16 | wire_get16(bytes + 2);
}

uint16_t wire_sum(const uint8_t *bytes, size_t size, uint32_t start)
{
	uint64_t sum = start;

	for (size_t i = 0; i + 1 < size; i += 2)
		sum += wire_get16(bytes + i);
	if (size & 1)
		sum += (uint32_t)bytes[size - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

uint16_t wire_transport_sum(const uint8_t *frame, size_t size)
{
	const uint8_t *ip = frame + 14;
	const size_t header = (ip[0] & 15u) * 4u;
	const size_t length = wire_get16(ip + 2) - header;

	assert_true(14 + header + length <= size);
	return wire_sum(ip + header, length,
			(uint32_t)(ip[9] + length) + wire_sum(ip + 12, 8, 0));
}

static void put_ethernet(uint8_t *frame, const uint8_t to[6], uint16_t type)
{
	memcpy(frame, to, 6);
	memcpy(frame + 6, wire_mac, 6);
	put16(frame + 12, type);
}

size_t wire_build_udp(uint8_t *frame, const struct wire_udp *udp)
{
	uint8_t *ip = frame + 14;
	uint8_t *header = ip + 20;
	uint16_t sum;

	put_ethernet(frame, udp->to_mac, 0x0800);
	memset(ip, 0, 28);
	ip[0] = 0x45;
	put16(ip + 2, 28u + udp->size);
	ip[8] = 64;
	ip[9] = 17;
	put32(ip + 12, udp->from);
	put32(ip + 16, udp->to);
	put16(ip + 10, (uint16_t)~wire_sum(ip, 20, 0));
	put16(header, udp->from_port);
	put16(header + 2, udp->to_port);
	put16(header + 4, 8u + udp->size);
	memcpy(header + 8, udp->data, udp->size);
	sum = (uint16_t)~wire_transport_sum(frame, 42u + udp->size);
	put16(header + 6, sum ? sum : 0xffff);
	return 42u + udp->size;
}

size_t wire_build_arp(uint8_t *frame, uint16_t operation, uint32_t from,
		      uint32_t to)
{
	static const uint8_t everybody[6] = {255, 255, 255, 255, 255, 255};
	uint8_t *arp = frame + 14;

	memset(frame, 0, 60);
	put_ethernet(frame, everybody, 0x0806);
	put16(arp, 1);
	put16(arp + 2, 0x0800);
	arp[4] = 6;
	arp[5] = 4;
	put16(arp + 6, operation);
	memcpy(arp + 8, wire_mac, 6);
	put32(arp + 14, from);
	put32(arp + 24, to);
	return 60;
}
