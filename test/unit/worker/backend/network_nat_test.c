/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NAT: addresses, both directions, forwards, and a child that takes nothing. */
#define _GNU_SOURCE
#include "wire.h"
#include "worker/backend/network_nat.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define GATEWAY 0x0a000202u
#define CHILD	0x0a00020fu

struct fixture {
	struct wire wire;
	char error[NETWORK_ERROR_SIZE];
	uint8_t frame[16384];
	int socket; /* of the parent, bound to 127.0.0.1:port */
	uint16_t port;
};

/* A socket of the parent's on any free port. */
static int bind_socket(int type, uint16_t *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t size = sizeof(address);
	const int fd = socket(AF_INET, type | SOCK_NONBLOCK, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(fd >= 0);
	assert_int_equal(
		bind(fd, (const struct sockaddr *)&address, sizeof(address)),
		0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size),
			 0);
	*port = ntohs(address.sin_port);
	return fd;
}

static void create(struct fixture *f, const struct network_forward *forward,
		   uint32_t mtu)
{
	const struct network_nat_options options = {
		.name = "web",
		.clock = &f->wire.loop.clock,
		.mtu = mtu,
		.forwards = forward,
		.forward_count = forward ? 1 : 0,
	};
	struct network_backend *backend =
		network_nat_create(&options, f->error);

	if (!backend)
		fail_msg("%s", f->error);
	assert_int_equal(backend->link.mtu, mtu);
	assert_false(backend->link.checksums);
	assert_false(backend->link.segments);
	wire_connect(&f->wire, backend);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	wire_init(&f->wire);
	f->socket = -1;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	wire_disconnect(&f->wire);
	if (f->socket >= 0)
		close(f->socket);
	free(f);
	return 0;
}

/* The first frame of that Ethernet type from `from` on; NULL: none. */
static const struct wire_frame *find(struct wire *wire, uint16_t type,
				     unsigned int from)
{
	for (unsigned int i = from; i < wire->count; i++)
		if (wire_get16(wire->frames[i].bytes + 12) == type)
			return &wire->frames[i];
	return NULL;
}

/* The child asks for the gateway, which from then on knows the child. */
static void greet(struct fixture *f)
{
	const struct wire_frame *answer;

	wire_send(&f->wire, f->frame,
		  wire_build_arp(f->frame, 1, CHILD, GATEWAY), NULL);
	wire_run(&f->wire, 1, 2000);
	answer = find(&f->wire, 0x0806, 0);
	assert_non_null(answer);
	assert_int_equal(wire_get16(answer->bytes + 20), 2);
	assert_int_equal(wire_get32(answer->bytes + 28), GATEWAY);
	assert_memory_equal(answer->bytes, wire_mac, 6);
	wire_clear(&f->wire);
}

static void test_arp(void **state)
{
	struct fixture *f = *state;

	create(f, NULL, 1500);
	greet(f);
	assert_int_equal(f->wire.backend->counters.sent_frames, 1);
	assert_true(f->wire.backend->counters.received_frames >= 1);
}

/* Option `code` of a DHCP answer; NULL: it has none. */
static const uint8_t *dhcp_option(const struct wire_frame *frame, uint8_t code)
{
	for (uint32_t at = 42 + 240; at + 2 < frame->size;
	     at += 2u + frame->bytes[at + 1])
		if (frame->bytes[at] == code)
			return frame->bytes + at + 2;
	return NULL;
}

static void test_dhcp(void **state)
{
	static const uint8_t cookie[] = {0x63, 0x82, 0x53, 0x63, 53, 1, 1, 255};
	struct fixture *f = *state;
	uint8_t discover[300] = {1, 1, 6, 0, 0xab};
	struct wire_udp udp = {
		.to_mac = {255, 255, 255, 255, 255, 255},
		.to = 0xffffffff,
		.from_port = 68,
		.to_port = 67,
		.data = discover,
		.size = sizeof(discover),
	};
	const struct wire_frame *offer;

	create(f, NULL, 1500);
	memcpy(discover + 28, wire_mac, 6);
	memcpy(discover + 236, cookie, sizeof(cookie));
	wire_send(&f->wire, f->frame, wire_build_udp(f->frame, &udp), NULL);
	wire_run(&f->wire, 1, 2000);
	offer = find(&f->wire, 0x0800, 0);
	assert_non_null(offer);
	assert_int_equal(wire_get32(offer->bytes + 42 + 16), CHILD);
	assert_int_equal(*dhcp_option(offer, 53), 2);
	assert_int_equal(wire_get32(dhcp_option(offer, 1)), 0xffffff00);
	assert_int_equal(wire_get32(dhcp_option(offer, 3)), GATEWAY);
	assert_int_equal(wire_get32(dhcp_option(offer, 6)), 0x0a000203);
	assert_memory_equal(dhcp_option(offer, 12), "web", 3);
}

static void exchange(struct fixture *f, uint16_t size, uint32_t frame_size)
{
	uint8_t data[9000];
	uint8_t got[9000];
	struct wire_udp udp = {
		.to_mac = {0x52, 0x55, 10, 0, 2, 2},
		.from = CHILD,
		.to = GATEWAY,
		.from_port = 5000,
		.to_port = f->port,
		.data = data,
		.size = size,
	};
	struct sockaddr_in peer;
	socklen_t length = sizeof(peer);
	const struct wire_frame *answer;

	for (unsigned int i = 0; i < size; i++)
		data[i] = (uint8_t)(i * 3);
	wire_send(&f->wire, f->frame, wire_build_udp(f->frame, &udp), NULL);
	assert_int_equal(recvfrom(f->socket, got, sizeof(got), 0,
				  (struct sockaddr *)&peer, &length),
			 size);
	assert_memory_equal(got, data, size);
	data[0] = 0x55;
	assert_int_equal(sendto(f->socket, data, size, 0,
				(struct sockaddr *)&peer, length),
			 size);
	wire_run(&f->wire, 1, 2000);
	answer = find(&f->wire, 0x0800, 0);
	assert_non_null(answer);
	assert_int_equal(answer->size, frame_size);
	assert_int_equal(wire_get16(answer->bytes + 34), f->port);
	assert_int_equal(wire_get16(answer->bytes + 36), 5000);
	assert_memory_equal(answer->bytes + 42, data, size);
	assert_int_equal(wire_transport_sum(answer->bytes, answer->size),
			 0xffff);
	wire_clear(&f->wire);
}

static void test_udp_both_ways(void **state)
{
	struct fixture *f = *state;

	create(f, NULL, 1500);
	f->socket = bind_socket(SOCK_DGRAM, &f->port);
	greet(f);
	exchange(f, 100, 142);
	exchange(f, 1472, 1514);
	assert_int_equal(f->wire.backend->counters.sent_dropped, 0);
	assert_int_equal(f->wire.backend->counters.sent_bytes, 60 + 142 + 1514);
}

static void test_udp_jumbo(void **state)
{
	struct fixture *f = *state;

	create(f, NULL, 9000);
	f->socket = bind_socket(SOCK_DGRAM, &f->port);
	greet(f);
	exchange(f, 8900, 8942);
}

/* The network is told to reach the child first where it does not know it. */
static void answer_arp(struct fixture *f)
{
	const struct wire_frame *question;

	wire_run(&f->wire, 1, 2000);
	question = find(&f->wire, 0x0806, 0);
	if (!question)
		return;
	assert_int_equal(wire_get32(question->bytes + 38), CHILD);
	wire_clear(&f->wire);
	wire_send(&f->wire, f->frame,
		  wire_build_arp(f->frame, 2, CHILD, GATEWAY), NULL);
	wire_run(&f->wire, 1, 2000);
}

/* A socket connected to the parent's port that is forwarded. */
static int connect_to(int type, uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons(port)};
	const int fd = socket(AF_INET, type | SOCK_NONBLOCK, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	connect(fd, (const struct sockaddr *)&address, sizeof(address));
	return fd;
}

/* A port that nobody has. */
static uint16_t free_port(int type)
{
	uint16_t port;

	close(bind_socket(type, &port));
	return port;
}

static void test_forward_udp(void **state)
{
	struct fixture *f = *state;
	struct network_forward forward = {
		.udp = true,
		.address = INADDR_LOOPBACK,
		.port = free_port(SOCK_DGRAM),
		.child_port = 53,
	};
	const struct wire_frame *frame;

	create(f, &forward, 1500);
	f->socket = connect_to(SOCK_DGRAM, forward.port);
	assert_int_equal(send(f->socket, "question", 8, 0), 8);
	answer_arp(f);
	frame = find(&f->wire, 0x0800, 0);
	assert_non_null(frame);
	assert_int_equal(frame->bytes[23], 17);
	assert_int_equal(wire_get32(frame->bytes + 30), CHILD);
	assert_int_equal(wire_get16(frame->bytes + 36), 53);
	assert_memory_equal(frame->bytes + 42, "question", 8);
}

static void test_forward_tcp(void **state)
{
	struct fixture *f = *state;
	struct network_forward forward = {
		.port = free_port(SOCK_STREAM),
		.child_port = 80,
	};
	const struct wire_frame *frame;

	create(f, &forward, 1500);
	f->socket = connect_to(SOCK_STREAM, forward.port);
	answer_arp(f);
	frame = find(&f->wire, 0x0800, 0);
	assert_non_null(frame);
	assert_int_equal(frame->bytes[23], 6);
	assert_int_equal(wire_get32(frame->bytes + 30), CHILD);
	assert_int_equal(wire_get16(frame->bytes + 36), 80);
	assert_int_equal(frame->bytes[47], 2); /* SYN alone */
	assert_int_equal(wire_transport_sum(frame->bytes, frame->size), 0xffff);
}

static void test_forward_taken(void **state)
{
	struct fixture *f = *state;
	struct network_forward forward = {.address = INADDR_LOOPBACK,
					  .child_port = 80};
	const struct network_nat_options options = {
		.name = "web",
		.clock = &f->wire.loop.clock,
		.mtu = 1500,
		.forwards = &forward,
		.forward_count = 1,
	};
	char expected[64];

	f->socket = bind_socket(SOCK_STREAM, &forward.port);
	assert_int_equal(listen(f->socket, 1), 0);
	assert_null(network_nat_create(&options, f->error));
	snprintf(expected, sizeof(expected), "tcp:127.0.0.1:%u:80",
		 forward.port);
	assert_non_null(strstr(f->error, expected));
	assert_non_null(strstr(f->error, "in use"));
	assert_null(f->wire.loop.timers);
}

/*
 * The child has no room: frames wait, the parent's socket keeps the rest,
 * and all of it arrives in order.
 */
static void test_no_room(void **state)
{
	enum {
		COUNT = 150,
		SIZE = 1400
	};
	struct fixture *f = *state;
	struct network_forward forward = {
		.udp = true,
		.port = free_port(SOCK_DGRAM),
		.child_port = 9,
	};
	uint8_t data[SIZE] = {0};
	unsigned int next = 0;

	create(f, &forward, 1500);
	greet(f);
	f->wire.room = 0;
	f->socket = connect_to(SOCK_DGRAM, forward.port);
	for (unsigned int i = 0; i < COUNT; i++) {
		memcpy(data, &i, sizeof(i));
		assert_int_equal(send(f->socket, data, SIZE, 0), SIZE);
		wire_run(&f->wire, 1, 1);
	}
	assert_int_equal(f->wire.count, 0);
	for (unsigned int i = 0; i < 30; i++) {
		wire_resume(&f->wire, 10);
		wire_run(&f->wire, f->wire.count + 10, 50);
	}
	for (unsigned int i = 0; i < f->wire.count; i++) {
		const uint8_t *frame = f->wire.frames[i].bytes;

		if (wire_get16(frame + 12) != 0x0800)
			continue;
		assert_memory_equal(frame + 42, &next, sizeof(next));
		next++;
	}
	assert_int_equal(next, COUNT);
	assert_int_equal(f->wire.backend->counters.received_dropped, 0);
}

/* Nobody spins while the child takes nothing. */
static void test_holds_still(void **state)
{
	struct fixture *f = *state;
	struct network_forward forward = {
		.udp = true,
		.port = free_port(SOCK_DGRAM),
		.child_port = 9,
	};
	static const uint8_t data[8192];
	struct timespec before, after;

	create(f, &forward, 9000);
	greet(f);
	f->wire.room = 0;
	f->socket = connect_to(SOCK_DGRAM, forward.port);
	for (unsigned int i = 0; i < 200; i++) {
		send(f->socket, data, sizeof(data), 0);
		wire_run(&f->wire, 1, 1);
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	wire_run(&f->wire, 1, 500);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	assert_true((after.tv_sec - before.tv_sec) * 1000000000L +
			    after.tv_nsec - before.tv_nsec <
		    100000000L);
	wire_resume(&f->wire, 100);
	wire_run(&f->wire, 20, 1000);
	assert_true(f->wire.count >= 20);
}

static void test_link_down(void **state)
{
	struct fixture *f = *state;

	create(f, NULL, 1500);
	f->socket = bind_socket(SOCK_DGRAM, &f->port);
	greet(f);
	f->wire.backend->set_link(f->wire.backend, false);
	wire_send(&f->wire, f->frame,
		  wire_build_arp(f->frame, 1, CHILD, GATEWAY), NULL);
	wire_run(&f->wire, 1, 50);
	assert_int_equal(f->wire.count, 0);
	assert_int_equal(f->wire.backend->counters.sent_dropped, 1);
	f->wire.backend->set_link(f->wire.backend, true);
	greet(f);
	exchange(f, 100, 142);
}

static void test_link_down_with_frames(void **state)
{
	struct fixture *f = *state;

	create(f, NULL, 1500);
	f->wire.room = 0;
	for (unsigned int i = 0; i < 2; i++)
		wire_send(&f->wire, f->frame,
			  wire_build_arp(f->frame, 1, CHILD, GATEWAY), NULL);
	wire_run(&f->wire, 1, 50);
	assert_int_equal(f->wire.count, 0);
	assert_int_equal(f->wire.backend->counters.received_dropped, 0);
	f->wire.backend->set_link(f->wire.backend, false);
	assert_int_equal(f->wire.backend->counters.received_dropped, 2);
	wire_resume(&f->wire, 10);
	f->wire.backend->set_link(f->wire.backend, true);
	greet(f);
}

/* What the network was promised not to get, and what is no frame. */
static void test_refused(void **state)
{
	const struct network_offload missing = {.checksum_missing = true};
	const struct network_offload uncut = {.segmentation = NETWORK_TCP_IPV4};
	struct fixture *f = *state;

	create(f, NULL, 1500);
	memset(f->frame, 0xff, sizeof(f->frame));
	wire_send(&f->wire, f->frame, 60, &missing);
	wire_send(&f->wire, f->frame, 60, &uncut);
	wire_send(&f->wire, f->frame, NETWORK_MTU_MAX + 23, NULL);
	assert_int_equal(f->wire.backend->counters.sent_dropped, 3);
	for (size_t size = 3; size < 100; size++)
		wire_send(&f->wire, f->frame, size, NULL);
	wire_run(&f->wire, 1, 20);
	wire_clear(&f->wire);
	greet(f);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_arp),
		TEST(test_dhcp),
		TEST(test_udp_both_ways),
		TEST(test_udp_jumbo),
		TEST(test_forward_udp),
		TEST(test_forward_tcp),
		TEST(test_forward_taken),
		TEST(test_no_room),
		TEST(test_holds_still),
		TEST(test_link_down),
		TEST(test_link_down_with_frames),
		TEST(test_refused),
	};

	return cmocka_run_group_tests_name("nat", tests, NULL, NULL);
}
