/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ports and addresses, guest memory, clock and timers, descriptions. */
#define _GNU_SOURCE
#include "worker/core/config.h"
#include "worker/core/io.h"
#include "worker/core/loop.h"
#include "worker/core/memory.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- io ---- */

static uint64_t echo(void *device, uint64_t offset, unsigned int size)
{
	return (uint64_t)(uintptr_t)device + offset + 0x1000u * size;
}

static uint64_t written;

static void keep(void *device, uint64_t offset, unsigned int size,
		 uint64_t value)
{
	(void)device;
	(void)offset;
	(void)size;
	written = written << 8 | (value & 0xff);
}

static const struct io_operations echoing = {echo, keep};

static void test_io(void **unused)
{
	static struct io_map map;
	const struct io_range ranges[] = {
		{IO_PORT, 0x60, 1, &echoing, (void *)0x10, "a"},
		{IO_PORT, 0x20, 2, &echoing, (void *)0x20, "b"},
		{IO_PORT, 0x64, 1, &echoing, (void *)0x30, "c"},
		{IO_MEMORY, 0xfffffffffffff000, 0xfff, &echoing, NULL, "top"},
	};

	(void)unused;
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(io_map_add(&map, &ranges[i]), 0);
	assert_int_equal(io_map_read(&map, IO_PORT, 0x60, 1), 0x10);
	assert_int_equal(io_map_read(&map, IO_PORT, 0x21, 1), 0x21);
	assert_int_equal(io_map_read(&map, IO_PORT, 0x20, 2), 0x2020);
	assert_int_equal(io_map_read(&map, IO_PORT, 0x22, 1), 0xff);
	assert_int_equal(io_map_read(&map, IO_PORT, 0x5e, 4), 0xff10ffff);
	assert_int_equal(io_map_read(&map, IO_PORT, 0xffff, 2), 0xffff);
	assert_int_equal(io_map_read(&map, IO_MEMORY, 0x60, 8), UINT64_MAX);
	assert_int_equal(io_map_read(&map, IO_MEMORY, 0xfffffffffffffff0, 4),
			 0x4ff0);
	io_map_write(&map, IO_PORT, 0x1f, 4, 0x44332211);
	assert_int_equal(written, 0x2233); /* the two that are there */
}

static void test_io_conflicts(void **unused)
{
	static struct io_map map;
	struct io_range range = {IO_PORT, 0x100, 0x10, &echoing, NULL, "a"};

	(void)unused;
	assert_int_equal(io_map_add(&map, &range), 0);
	range.base = 0x10f;
	assert_int_equal(io_map_add(&map, &range), -EEXIST);
	range.base = 0xf1;
	assert_int_equal(io_map_add(&map, &range), -EEXIST);
	range.base = 0xf0;
	assert_int_equal(io_map_add(&map, &range), 0);
	range.base = 0x110;
	assert_int_equal(io_map_add(&map, &range), 0);
	range.size = 0;
	assert_int_equal(io_map_add(&map, &range), -EINVAL);
}

/* ---- memory ---- */

static void test_memory(void **unused)
{
	struct guest_memory memory;
	uint32_t value = 0x12345678, back = 0;
	const uint64_t size = 6ULL << 20;

	(void)unused;
	assert_int_equal(guest_memory_create(&memory, size), 0);
	assert_int_equal((uintptr_t)memory.base % MEMORY_ALIGNMENT, 0);
	assert_int_equal(memory.view.count, 1);
	assert_int_equal(guest_memory_end(&memory), MEMORY_HIGH_BASE);
	assert_true(memory_write(&memory.view, size - 4, &value, 4));
	assert_true(memory_read(&memory.view, size - 4, &back, 4));
	assert_int_equal(back, value);
	assert_false(memory_write(&memory.view, size - 3, &value, 4));
	assert_false(memory_read(&memory.view, size, &back, 1));
	assert_null(memory_at(&memory.view, UINT64_MAX, 4));
	assert_null(memory_at(&memory.view, 0, UINT64_MAX));
	assert_non_null(memory_at(&memory.view, 0, size));
	guest_memory_destroy(&memory);
}

/* The hole below 4 GiB; nothing of it is touched, so it costs nothing. */
static void test_memory_hole(void **unused)
{
	struct guest_memory memory;
	const uint64_t gibibyte = 1ULL << 30;

	(void)unused;
	if (guest_memory_create(&memory, 4 * gibibyte))
		skip();
	assert_int_equal(memory.view.count, 2);
	assert_int_equal(memory.view.ranges[0].size, 3 * gibibyte);
	assert_int_equal(memory.view.ranges[1].gpa, 4 * gibibyte);
	assert_null(memory_at(&memory.view, 3 * gibibyte, 1));
	assert_null(memory_at(&memory.view, 3 * gibibyte - 1, 2));
	assert_ptr_equal(memory_at(&memory.view, 4 * gibibyte, 1),
			 memory.base + 3 * gibibyte);
	assert_int_equal(guest_memory_end(&memory), 5 * gibibyte);
	guest_memory_destroy(&memory);
}

/* ---- loop ---- */

static struct loop loop;
static unsigned int order[8];
static unsigned int fired;

static void expired(void *owner)
{
	order[fired++] = *(unsigned int *)owner;
	if (fired == 2)
		loop_end(&loop);
}

static void test_timers(void **unused)
{
	unsigned int names[] = {0, 1, 2};
	struct device_timer timers[3];
	struct clock *clock;

	(void)unused;
	fired = 0;
	assert_int_equal(loop_create(&loop), 0);
	clock = &loop.clock;
	loop_lock(&loop);
	for (unsigned int i = 0; i < 3; i++)
		timers[i] = (struct device_timer){
			.clock = clock, .expired = expired, .owner = &names[i]};
	clock->arm(&timers[0], 8000000);
	clock->arm(&timers[1], 9000000);
	clock->arm(&timers[2], 6000000);
	clock->disarm(&timers[0]);
	clock->arm(&timers[1], 4000000);	   /* moved to the front */
	assert_int_equal(clock->now_ns(clock), 0); /* frozen until thawed */
	loop_thaw(&loop);
	loop_unlock(&loop);
	loop_run(&loop);
	assert_int_equal(fired, 2);
	assert_int_equal(order[0], 1);
	assert_int_equal(order[1], 2);
	assert_true(clock->now_ns(clock) >= 6000000);
	assert_false(timers[0].armed || timers[1].armed || timers[2].armed);
	loop_destroy(&loop);
}

static void test_frozen_clock(void **unused)
{
	const struct timespec pause = {.tv_nsec = 20000000};
	struct clock *clock = &loop.clock;
	uint64_t then;

	(void)unused;
	assert_int_equal(loop_create(&loop), 0);
	loop_thaw(&loop);
	nanosleep(&pause, NULL);
	loop_freeze(&loop);
	then = clock->now_ns(clock);
	assert_true(then >= 20000000);
	nanosleep(&pause, NULL);
	assert_int_equal(clock->now_ns(clock), then);
	loop_thaw(&loop);
	assert_true(clock->now_ns(clock) - then < 15000000);
	loop_destroy(&loop);
}

/* ---- config ---- */

static int parse(struct config *config, const char *text, char error[256])
{
	char path[] = "/tmp/config_testXXXXXX";
	int fd = mkstemp(path);
	int result;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	result = config_read(config, path, error, 256);
	unlink(path);
	return result;
}

static void test_config(void **unused)
{
	struct config config;
	char error[256];

	(void)unused;
	assert_int_equal(parse(&config,
			       "{\"name\":\"web\",\"memory\":536870912,"
			       "\"processors\":2,\"machine\":\"pc\","
			       "\"kernel\":\"/k\",\"disks\":[{\"file\":\"/d\","
			       "\"readonly\":true},{\"file\":\"/e\"}],"
			       "\"serial\":{\"output\":\"/log\"}}",
			       error),
			 0);
	assert_string_equal(config.name, "web");
	assert_int_equal(config.memory, 512 << 20);
	assert_int_equal(config.processors, 2);
	assert_null(config.initrd);
	assert_string_equal(config.cmdline, "");
	assert_int_equal(config.disk_count, 2);
	assert_true(config.disks[0].readonly);
	assert_false(config.disks[1].readonly);
	assert_true(config.has_serial);
	assert_string_equal(config.serial_file, "/log");
	config_free(&config);
}

#define LEAST                                                                  \
	"{\"name\":\"a\",\"memory\":1048576,\"processors\":1,"                 \
	"\"machine\":\"enlightened\",\"kernel\":\"/k\",\"networks\":"

static void test_config_networks(void **unused)
{
	struct config config;
	char error[256];

	(void)unused;
	assert_int_equal(
		parse(&config,
		      LEAST "[{\"mode\":\"bridge\",\"bridge\":\"br0\","
			    "\"mac\":\"02:ab:00:00:00:ff\",\"mtu\":9000},"
			    "{\"mode\":\"nat\",\"mac\":\"02:0:0:0:0:1\","
			    "\"mtu\":1280,\"forwards\":[{\"protocol\":\"udp\","
			    "\"address\":\"127.0.0.1\",\"port\":65535,"
			    "\"child_port\":53}]}]}",
		      error),
		0);
	assert_int_equal(config.network_count, 2);
	assert_string_equal(config.networks[0].bridge, "br0");
	assert_memory_equal(config.networks[0].mac, "\x02\xab\0\0\0\xff", 6);
	assert_int_equal(config.networks[0].mtu, 9000);
	assert_null(config.networks[1].bridge);
	assert_int_equal(config.networks[1].forward_count, 1);
	assert_true(config.networks[1].forwards[0].udp);
	assert_int_equal(config.networks[1].forwards[0].address, 0x7f000001);
	assert_int_equal(config.networks[1].forwards[0].port, 65535);
	assert_int_equal(config.networks[1].forwards[0].child_port, 53);
	config_free(&config);
}

#define MAC "\"mac\":\"02:00:00:00:00:01\","
#define NAT "[{\"mode\":\"nat\"," MAC

static void test_config_errors(void **unused)
{
	static const struct {
		const char *text;
		const char *word; /* in the complaint */
	} cases[] = {
		{"{", "config_test"},
		{"{\"memory\":1048576,\"processors\":1,\"machine\":\"pc\","
		 "\"kernel\":\"/k\"}",
		 "name"},
		{"{\"name\":\"a\",\"memory\":1048577,\"processors\":1,"
		 "\"machine\":\"pc\",\"kernel\":\"/k\"}",
		 "memory"},
		{"{\"name\":\"a\",\"memory\":1048576,\"processors\":65,"
		 "\"machine\":\"pc\",\"kernel\":\"/k\"}",
		 "processors"},
		{"{\"name\":\"a\",\"memory\":1048576,\"processors\":1,"
		 "\"machine\":7,\"kernel\":\"/k\"}",
		 "machine"},
		{"{\"name\":\"a\",\"memory\":1048576,\"processors\":1,"
		 "\"machine\":\"pc\",\"kernel\":\"/k\",\"disks\":[{}]}",
		 "file"},
		{"[]", "name"},
		{LEAST "7}", "networks"},
		{LEAST "[{}]}", "mac"},
		{LEAST "[{\"mode\":\"x\"," MAC "\"mtu\":1500}]}", "mode"},
		{LEAST "[{\"mode\":\"bridge\"," MAC "\"mtu\":1500}]}",
		 "bridge"},
		{LEAST NAT "\"mtu\":1279}]}", "mtu"},
		{LEAST NAT "\"mtu\":9001}]}", "mtu"},
		{LEAST NAT "\"mtu\":1500,\"forwards\":[{}]}]}", "protocol"},
		{LEAST NAT "\"mtu\":1500,\"forwards\":[{\"protocol\":\"tcp\","
			   "\"address\":\"x\"}]}]}",
		 "address"},
		{LEAST NAT "\"mtu\":1500,\"forwards\":[{\"protocol\":\"tcp\","
			   "\"address\":\"0.0.0.0\",\"port\":65536,"
			   "\"child_port\":1}]}]}",
		 "port"},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config config;
		char error[256] = "";

		assert_int_not_equal(parse(&config, cases[i].text, error), 0);
		assert_non_null(strstr(error, cases[i].word));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_io),
		cmocka_unit_test(test_io_conflicts),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_memory_hole),
		cmocka_unit_test(test_timers),
		cmocka_unit_test(test_frozen_clock),
		cmocka_unit_test(test_config),
		cmocka_unit_test(test_config_networks),
		cmocka_unit_test(test_config_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
