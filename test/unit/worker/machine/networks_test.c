/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A child's networks: what it is offered, their links, counters and ends. */
#define _GNU_SOURCE
#include "model.h"
#include "worker/machine/networks.h"
#include "worker/synthetic/netvsp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct fixture {
	struct guest guest;
	struct machine machine;
	struct networks networks;
};

static struct fixture fixture;
static char child_name[] = "web";

static int setup(void **state)
{
	struct machine *machine = &fixture.machine;

	(void)state;
	memset(&fixture, 0, sizeof(fixture));
	model_begin(machine, &fixture.guest);
	machine->config.name = child_name;
	machine->config.network_count = 2;
	for (unsigned int i = 0; i < 2; i++)
		machine->config.networks[i] = (struct config_network){
			.mac = {2, 0, 0, 0, 0, (uint8_t)i}, .mtu = 1500};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	networks_disconnect(&fixture.networks, &fixture.machine,
			    fixture.guest.server);
	model_end(&fixture.machine, &fixture.guest);
	return 0;
}

static int connect_all(void)
{
	return networks_connect(&fixture.networks, &fixture.machine,
				fixture.guest.server);
}

static void test_offers(void **state)
{
	const struct vmbus_guid network = VMBUS_GUID_NETWORK;
	struct vmbus_offer_channel offers[4];

	(void)state;
	assert_int_equal(connect_all(), 0);
	assert_true(guest_contact(&fixture.guest, VMBUS_VERSION_5_3));
	assert_int_equal(guest_offers(&fixture.guest, offers, 4), 2);
	for (unsigned int i = 0; i < 2; i++)
		assert_memory_equal(&offers[i].interface_type, &network,
				    sizeof(network));
	assert_memory_not_equal(&offers[0].interface_instance,
				&offers[1].interface_instance,
				sizeof(struct vmbus_guid));
}

/* A counter's value; fails where there is none of that name. */
static uint64_t counter(unsigned int index, const char *name)
{
	const struct machine_network *network = &fixture.machine.network;
	struct machine_counter counters[MACHINE_COUNTERS_MAX];
	const unsigned int count =
		network->count(network->owner, index, counters);

	for (unsigned int i = 0; i < count; i++)
		if (!strcmp(counters[i].name, name))
			return counters[i].value;
	fail_msg("no counter %s", name);
	return 0;
}

static void test_links(void **state)
{
	struct machine_counter counters[MACHINE_COUNTERS_MAX];
	struct machine_network *network = &fixture.machine.network;

	(void)state;
	assert_int_equal(connect_all(), 0);
	assert_int_equal(counter(1, "link_up"), 1);
	assert_true(network->set_link(network->owner, 1, false));
	assert_int_equal(counter(0, "link_up"), 1);
	assert_int_equal(counter(1, "link_up"), 0);
	assert_false(netvsp_state_read(fixture.networks.networks[1].adapter)
			     .link_up);
	assert_true(netvsp_state_read(fixture.networks.networks[0].adapter)
			    .link_up);
	assert_true(network->set_link(network->owner, 1, false));
	assert_true(network->set_link(network->owner, 1, true));
	assert_int_equal(counter(1, "link_up"), 1);
	assert_false(network->set_link(network->owner, 2, true));
	assert_int_equal(network->count(network->owner, 2, counters), 0);
	assert_int_equal(counter(0, "in_frames"), 0);
	assert_int_equal(counter(0, "wire_out_dropped"), 0);
}

static void test_none(void **state)
{
	(void)state;
	fixture.machine.config.network_count = 0;
	assert_int_equal(connect_all(), 0);
	assert_int_equal(fixture.networks.count, 0);
}

/* The second one's port is taken: the first goes as well. */
static void test_port_taken(void **state)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t size = sizeof(address);
	const int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct config_network *config = &fixture.machine.config.networks[1];

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(fd, 1), 0);
	getsockname(fd, (struct sockaddr *)&address, &size);
	config->forward_count = 1;
	config->forwards[0].port = ntohs(address.sin_port);
	config->forwards[0].child_port = 80;
	assert_int_equal(connect_all(), -EINVAL);
	assert_int_equal(fixture.machine.exit, CONTROL_EXIT_CONFIG);
	assert_non_null(strstr(fake_log_last, "in use"));
	close(fd);
}

static void test_no_bridge(void **state)
{
	(void)state;
	fixture.machine.config.networks[0].bridge = (char[]){"nobridge0"};
	assert_int_equal(connect_all(), -EINVAL);
	assert_int_equal(fixture.machine.exit, CONTROL_EXIT_CONFIG);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_offers),     TEST(test_links),     TEST(test_none),
		TEST(test_port_taken), TEST(test_no_bridge),
	};

	return cmocka_run_group_tests_name("networks", tests, NULL, NULL);
}
