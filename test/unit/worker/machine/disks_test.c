/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A child's disks: what it is offered, requests through the event loop, ends.
 */
#define _GNU_SOURCE
#include "model.h"
#include "worker/machine/disks.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SIZE 65536u

static struct fixture {
	struct guest guest;
	struct machine machine;
	struct disks disks;
	char path[MODEL_PATH_SIZE];
	uint8_t data[SIZE];
	unsigned int done;
} fixture;

static char missing[] = "/nowhere/at/all";

static int setup(void **state)
{
	struct machine *machine = &fixture.machine;

	(void)state;
	memset(&fixture, 0, sizeof(fixture));
	model_begin(machine, &fixture.guest);
	for (unsigned int i = 0; i < SIZE; i++)
		fixture.data[i] = (uint8_t)(i * 3 + i / 512);
	model_file(fixture.path, fixture.data, SIZE);
	machine->config.processors = 8;
	machine->config.disk_count = 1;
	machine->config.disks[0].file = fixture.path;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	disks_disconnect(&fixture.disks, &fixture.machine,
			 fixture.guest.server);
	model_end(&fixture.machine, &fixture.guest);
	unlink(fixture.path);
	return 0;
}

static int connect_all(void)
{
	return disks_connect(&fixture.disks, &fixture.machine,
			     fixture.guest.server);
}

static void on_done(struct block_request *request, enum block_error error)
{
	(void)request;
	assert_int_equal(error, BLOCK_OK);
	fixture.done++;
}

/* One controller, and what is in the file comes when the loop says so. */
static void test_read(void **state)
{
	const struct vmbus_guid scsi = VMBUS_GUID_SCSI;
	struct vmbus_offer_channel offers[4];
	static uint8_t buffer[4096];
	const struct span span = {buffer, sizeof(buffer)};
	struct block_request request = {
		.operation = BLOCK_READ,
		.offset = 8192,
		.length = sizeof(buffer),
		.spans = &span,
		.span_count = 1,
		.done = on_done,
	};
	struct block_device *block;

	(void)state;
	assert_int_equal(connect_all(), 0);
	assert_true(guest_contact(&fixture.guest, VMBUS_VERSION_5_3));
	assert_int_equal(guest_offers(&fixture.guest, offers, 4), 1);
	assert_memory_equal(&offers[0].interface_type, &scsi, sizeof(scsi));
	block = fixture.disks.disks[0].block;
	assert_int_equal(block->size, SIZE);
	block->submit(block, &request);
	while (!fixture.done) {
		struct loop_watch *watch = &fixture.disks.watch;
		struct pollfd wait = {watch->fd, POLLIN, 0};

		assert_int_equal(poll(&wait, 1, 10000), 1);
		watch->ready(watch->owner, POLLIN);
	}
	assert_memory_equal(buffer, fixture.data + 8192, sizeof(buffer));
}

static void test_none(void **state)
{
	(void)state;
	fixture.machine.config.disk_count = 0;
	assert_int_equal(connect_all(), 0);
	assert_null(fixture.disks.files);
}

/* Used twice: the first one is given back as well. */
static void test_refused(void **state)
{
	struct config *config = &fixture.machine.config;

	(void)state;
	config->disk_count = 2;
	config->disks[1].file = fixture.path;
	assert_int_equal(connect_all(), -EINVAL);
	assert_int_equal(fixture.machine.exit, CONTROL_EXIT_CONFIG);
	assert_non_null(strstr(fake_log_last, "in use"));
	disks_disconnect(&fixture.disks, &fixture.machine,
			 fixture.guest.server);
	memset(&fixture.disks, 0, sizeof(fixture.disks));
	config->disks[1].file = missing;
	assert_int_equal(connect_all(), -EINVAL);
	assert_non_null(strstr(fake_log_last, missing));
	disks_disconnect(&fixture.disks, &fixture.machine,
			 fixture.guest.server);
	memset(&fixture.disks, 0, sizeof(fixture.disks));
	config->disk_count = 1;
	config->disks[0].readonly = true;
	assert_int_equal(connect_all(), 0);
	assert_true(fixture.disks.disks[0].block->readonly);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_read),
		TEST(test_none),
		TEST(test_refused),
	};

	return cmocka_run_group_tests_name("disks", tests, NULL, NULL);
}
