/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Taps on a bridge in a network namespace of this test's own: frames between
 * two, what is known of their sums, the link, and a device without room.
 */
#define _GNU_SOURCE
#include "wire.h"
#include "worker/backend/network_tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define HERE  0xc0a80001u
#define THERE 0xc0a80002u

struct fixture {
	struct wire left, right;
	uint8_t frame[65536];
};

static bool up(const char *name)
{
	struct ifreq request = {.ifr_flags = IFF_UP};
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);
	int status;

	strcpy(request.ifr_name, name);
	status = ioctl(fd, SIOCSIFFLAGS, &request);
	close(fd);
	return !status;
}

/* Why these tests cannot run here; NULL: they can, and br0 is there. */
static const char *prepare(void)
{
	int fd;

	if (access("/dev/net/tun", R_OK | W_OK))
		return "no /dev/net/tun";
	if (unshare(CLONE_NEWNET | CLONE_NEWNS))
		return "no network namespace of one's own";
	/* sysfs shows the namespace that mounts it. */
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("sys", "/sys", "sysfs", 0, NULL))
		return "no sysfs of the namespace";
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (ioctl(fd, SIOCBRADDBR, "br0") < 0) {
		close(fd);
		return "no bridges in this kernel";
	}
	close(fd);
	/* Without frames of the kernel's own there is nothing to filter. */
	fd = open("/proc/sys/net/ipv6/conf/all/disable_ipv6", O_WRONLY);
	if (fd >= 0) {
		if (write(fd, "1", 1) < 1)
			perror("disable_ipv6");
		close(fd);
	}
	return up("br0") ? NULL : "br0 does not come up";
}

static struct network_backend *create(uint32_t mtu)
{
	const struct network_tap_options options = {
		.name = "web network 0",
		.bridge = "br0",
		.mtu = mtu,
		.segments = true,
	};
	char error[NETWORK_ERROR_SIZE];
	struct network_backend *backend = network_tap_create(&options, error);

	if (!backend)
		fail_msg("%s", error);
	assert_true(backend->link.checksums);
	assert_true(backend->link.segments);
	return backend;
}

/* A bridge forwards from a port a moment after it came up. */
static void settle(struct fixture *f)
{
	for (unsigned int i = 0; i < 50 && !f->right.count; i++) {
		wire_send(&f->left, f->frame,
			  wire_build_arp(f->frame, 1, HERE, THERE), NULL);
		wire_run(&f->right, 1, 20);
	}
	assert_true(f->right.count);
	wire_run(&f->right, WIRE_FRAMES, 50);
	wire_clear(&f->right);
	wire_clear(&f->left);
	memset(&f->left.backend->counters, 0, sizeof(struct network_counters));
	memset(&f->right.backend->counters, 0, sizeof(struct network_counters));
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	wire_init(&f->left);
	wire_init(&f->right);
	wire_connect(&f->left, create(9000));
	wire_connect(&f->right, create(9000));
	*state = f;
	settle(f);
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	wire_disconnect(&f->left);
	wire_disconnect(&f->right);
	free(f);
	return 0;
}

static size_t build(struct fixture *f, uint16_t size)
{
	static uint8_t data[65000];
	const struct wire_udp udp = {
		.to_mac = {255, 255, 255, 255, 255, 255},
		.from = HERE,
		.to = THERE,
		.from_port = 1,
		.to_port = 2,
		.data = data,
		.size = size,
	};

	for (size_t i = 0; i < size; i++)
		data[i] = (uint8_t)(i * 5 + size);
	return wire_build_udp(f->frame, &udp);
}

static void test_whole(void **state)
{
	static const uint16_t sizes[] = {18, 1472, 8972};
	struct fixture *f = *state;

	for (unsigned int i = 0; i < 3; i++) {
		const size_t size = build(f, sizes[i]);

		wire_send(&f->left, f->frame, size, NULL);
		wire_run(&f->right, 1, 1000);
		assert_int_equal(f->right.count, 1);
		assert_int_equal(f->right.frames[0].size, size);
		assert_memory_equal(f->right.frames[0].bytes, f->frame, size);
		assert_false(f->right.frames[0].offload.checksum_missing);
		wire_clear(&f->right);
	}
	assert_int_equal(f->left.backend->counters.sent_frames, 3);
	assert_int_equal(f->left.backend->counters.sent_bytes,
			 60 + 1514 + 9014);
	assert_int_equal(f->right.backend->counters.received_bytes,
			 60 + 1514 + 9014);
	assert_int_equal(f->left.backend->counters.sent_dropped, 0);
	assert_int_equal(f->right.backend->counters.received_dropped, 0);
}

/* A frame that misses its sum reaches the other child so. */
static void test_checksum_missing(void **state)
{
	const struct network_offload missing = {
		.checksum_missing = true,
		.checksum_start = 34,
		.checksum_offset = 6,
	};
	struct fixture *f = *state;
	const size_t size = build(f, 100);
	uint16_t pseudo = wire_sum(f->frame + 26, 8, 17 + 108);

	f->frame[40] = (uint8_t)(pseudo >> 8);
	f->frame[41] = (uint8_t)pseudo;
	wire_send(&f->left, f->frame, size, &missing);
	wire_run(&f->right, 1, 1000);
	assert_int_equal(f->right.count, 1);
	assert_true(f->right.frames[0].offload.checksum_missing);
	assert_int_equal(f->right.frames[0].offload.checksum_start, 34);
	assert_int_equal(f->right.frames[0].offload.checksum_offset, 6);
	assert_memory_equal(f->right.frames[0].bytes, f->frame, size);
}

/* A TCP frame of 10,000 bytes that is still to be cut. */
static size_t build_uncut(struct fixture *f, struct network_offload *offload)
{
	const size_t size = build(f, 10000 + 12);
	uint8_t *tcp = f->frame + 34;
	uint16_t sum;

	/* UDP's ports are TCP's; 20 bytes of header instead of 8. */
	f->frame[23] = 6;
	f->frame[24] = f->frame[25] = 0;
	sum = (uint16_t)~wire_sum(f->frame + 14, 20, 0);
	f->frame[24] = (uint8_t)(sum >> 8);
	f->frame[25] = (uint8_t)sum;
	memset(tcp + 4, 0, 16);
	tcp[12] = 0x50;
	tcp[13] = 0x10;
	sum = wire_sum(f->frame + 26, 8, (uint32_t)(6 + size - 34));
	tcp[16] = (uint8_t)(sum >> 8);
	tcp[17] = (uint8_t)sum;
	*offload = (struct network_offload){
		.checksum_missing = true,
		.checksum_start = 34,
		.checksum_offset = 16,
		.segmentation = NETWORK_TCP_IPV4,
		.segment_size = 1460,
		.header_size = 54,
	};
	return size;
}

static void test_uncut(void **state)
{
	struct fixture *f = *state;
	struct network_offload offload;
	const size_t size = build_uncut(f, &offload);
	const struct wire_frame *frame = &f->right.frames[0];

	wire_send(&f->left, f->frame, size, &offload);
	wire_run(&f->right, 1, 1000);
	assert_int_equal(f->right.count, 1);
	assert_int_equal(frame->size, size);
	assert_int_equal(frame->offload.segmentation, NETWORK_TCP_IPV4);
	assert_int_equal(frame->offload.segment_size, 1460);
	assert_int_equal(frame->offload.header_size, 54);
	assert_memory_equal(frame->bytes, f->frame, size);
}

/* The kernel cuts it for one who takes whole frames only. */
static void test_cut_on_the_way(void **state)
{
	const struct network_tap_options options = {
		.name = "other", .bridge = "br0", .mtu = 9000};
	struct fixture *f = *state;
	struct network_offload offload;
	char error[NETWORK_ERROR_SIZE];
	size_t size;

	wire_disconnect(&f->right);
	memset(&f->right, 0, sizeof(f->right));
	wire_init(&f->right);
	wire_connect(&f->right, network_tap_create(&options, error));
	settle(f);
	size = build_uncut(f, &offload);
	wire_send(&f->left, f->frame, size, &offload);
	wire_run(&f->right, 7, 1000);
	assert_int_equal(f->right.count, 7);
	size = 0;
	for (unsigned int i = 0; i < 7; i++) {
		const struct wire_frame *frame = &f->right.frames[i];

		assert_true(frame->size <= 1514);
		assert_int_equal(frame->offload.segmentation, NETWORK_WHOLE);
		if (!frame->offload.checksum_missing)
			assert_int_equal(
				wire_transport_sum(frame->bytes, frame->size),
				0xffff);
		assert_memory_equal(frame->bytes + 54, f->frame + 54 + size,
				    frame->size - 54);
		size += frame->size - 54;
	}
	assert_int_equal(size, 10000);
}

static void test_no_room(void **state)
{
	struct fixture *f = *state;
	struct timespec before, after;

	f->right.room = 0;
	for (uint16_t i = 0; i < 100; i++)
		wire_send(&f->left, f->frame, build(f, (uint16_t)(100 + i)),
			  NULL);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	wire_run(&f->right, 1, 300);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	assert_int_equal(f->right.count, 0);
	/* Nobody spins meanwhile. */
	assert_true((after.tv_sec - before.tv_sec) * 1000000000L +
			    after.tv_nsec - before.tv_nsec <
		    100000000L);
	for (unsigned int i = 0; i < 10; i++) {
		wire_resume(&f->right, 10);
		wire_run(&f->right, f->right.count + 10, 200);
		assert_int_equal(f->right.count, (i + 1) * 10);
	}
	for (unsigned int i = 0; i < 100; i++)
		assert_int_equal(f->right.frames[i].size, 142 + i);
	assert_int_equal(f->right.backend->counters.received_dropped, 0);
}

/* What the other end of the bridge sees of the link. */
static char carrier(const char *name)
{
	char path[80], value = '?';
	int fd;

	snprintf(path, sizeof(path), "/sys/class/net/%s/carrier", name);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, &value, 1) < 1)
		value = '?';
	close(fd);
	return value;
}

static void test_link(void **state)
{
	struct fixture *f = *state;
	const size_t size = build(f, 100);

	f->right.backend->set_link(f->right.backend, false);
	assert_int_equal(carrier("bulkhead1"), '0');
	wire_send(&f->left, f->frame, size, NULL);
	wire_send(&f->right, f->frame, size, NULL);
	wire_run(&f->right, 1, 100);
	assert_int_equal(f->right.count, 0);
	assert_int_equal(f->right.backend->counters.sent_dropped, 1);
	f->right.backend->set_link(f->right.backend, true);
	assert_int_equal(carrier("bulkhead1"), '1');
	settle(f);
	build(f, 100);
	wire_send(&f->left, f->frame, size, NULL);
	wire_run(&f->right, 1, 1000);
	assert_int_equal(f->right.count, 1);
}

static bool carried = true;

static void tell_carrier(void *device, bool is_up)
{
	(void)device;
	carried = is_up;
}

static void delete_link(const char *name)
{
	const struct {
		struct nlmsghdr header;
		struct ifinfomsg link;
	} request = {
		.header = {.nlmsg_len = sizeof(request),
			   .nlmsg_type = RTM_DELLINK,
			   .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK},
		.link = {.ifi_index = (int)if_nametoindex(name)},
	};
	const int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	char answer[512];

	assert_int_equal(send(fd, &request, sizeof(request), 0),
			 sizeof(request));
	assert_true(recv(fd, answer, sizeof(answer), 0) > 0);
	close(fd);
	assert_int_equal(if_nametoindex(name), 0);
}

/* Somebody deletes the tap: the link is down, nobody spins, nothing fails. */
static void test_deleted(void **state)
{
	struct fixture *f = *state;
	struct timespec before, after;

	f->right.backend->link.carrier = tell_carrier;
	delete_link("bulkhead1");
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	wire_run(&f->right, 1, 300);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	assert_true((after.tv_sec - before.tv_sec) * 1000000000L +
			    after.tv_nsec - before.tv_nsec <
		    100000000L);
	assert_false(carried);
	f->right.backend->set_link(f->right.backend, true);
	assert_true(f->right.backend->down);
	wire_send(&f->right, f->frame, build(f, 100), NULL);
	wire_resume(&f->right, 1);
	wire_run(&f->right, 1, 50);
	assert_int_equal(f->right.backend->counters.sent_dropped, 1);
}

/* A header that the kernel refuses, and too many pieces: lost, counted. */
static void test_bad_frames(void **state)
{
	const struct network_offload wrong = {
		.checksum_missing = true,
		.checksum_start = 60000,
		.checksum_offset = 6,
	};
	struct fixture *f = *state;
	struct span spans[300];
	const struct network_frame pieces = {
		.spans = spans, .span_count = 300, .size = 300};

	for (unsigned int i = 0; i < 300; i++)
		spans[i] = (struct span){f->frame, 1};
	wire_send(&f->left, f->frame, build(f, 100), &wrong);
	wire_send(&f->left, f->frame, 6, NULL);
	f->left.backend->link.send(&f->left.backend->link, &pieces);
	assert_int_equal(f->left.backend->counters.sent_dropped, 3);
	wire_send(&f->left, f->frame, build(f, 100), NULL);
	wire_run(&f->right, 1, 1000);
	assert_int_equal(f->right.count, 1);
}

static void test_settings(void **state)
{
	struct ifreq request = {.ifr_name = "bulkhead0"};
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);
	char alias[32] = "";
	int file;

	(void)state;
	assert_int_equal(ioctl(fd, SIOCGIFMTU, &request), 0);
	assert_int_equal(request.ifr_mtu, 9000);
	assert_int_equal(ioctl(fd, SIOCGIFFLAGS, &request), 0);
	assert_true(request.ifr_flags & IFF_UP);
	/* A port of the outside has a lower one: the bridge's stays. */
	assert_int_equal(ioctl(fd, SIOCGIFHWADDR, &request), 0);
	assert_int_equal((uint8_t)request.ifr_hwaddr.sa_data[0], 0xfe);
	close(fd);
	file = open("/sys/class/net/bulkhead0/ifalias", O_RDONLY);
	assert_true(read(file, alias, sizeof(alias) - 1) > 0);
	assert_string_equal(alias, "web network 0\n");
	close(file);
}

static void test_no_bridge(void **state)
{
	const struct network_tap_options options = {
		.name = "web", .bridge = "br7", .mtu = 1500};
	char error[NETWORK_ERROR_SIZE] = "";

	(void)state;
	assert_null(network_tap_create(&options, error));
	assert_non_null(strstr(error, "bridge \"br7\""));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_whole),    TEST(test_checksum_missing),
		TEST(test_uncut),    TEST(test_cut_on_the_way),
		TEST(test_no_room),  TEST(test_link),
		TEST(test_deleted),  TEST(test_bad_frames),
		TEST(test_settings), cmocka_unit_test(test_no_bridge),
	};
	const char *why = prepare();

	if (why) {
		printf("skipped: worker/backend/network_tap.c: %s\n", why);
		return 0;
	}
	return cmocka_run_group_tests_name("tap", tests, NULL, NULL);
}
