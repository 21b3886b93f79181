// SPDX-License-Identifier: GPL-2.0-or-later
/* Control messages: what can be asked of the adapter and set on it. */
#include "netguest.h"

#include <string.h>

static struct netguest net;

static int setup(void **state)
{
	(void)state;
	netguest_init(&net, 1500);
	netguest_bring_up(&net, NVSP_VERSION_6_1, 1514);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	netguest_destroy(&net);
	return 0;
}

static uint32_t number(uint32_t oid)
{
	uint32_t value = 0;
	uint32_t size = sizeof(value);

	assert_int_equal(netguest_query(&net, oid, &value, &size), 0);
	assert_int_equal(size, sizeof(value));
	return value;
}

static uint32_t query_status(uint32_t oid)
{
	uint8_t bytes[256] = {0};
	uint32_t size = sizeof(bytes);
	const uint32_t status = netguest_query(&net, oid, bytes, &size);

	if (status)
		assert_int_equal(size, 0);
	return status;
}

/* What Linux and FreeBSD ask while they come up. */
static void test_drivers_questions(void **state)
{
	uint8_t mac[6] = {0};
	uint32_t size = sizeof(mac);
	uint32_t rss[5] = {0x00020288};

	(void)state;
	assert_int_equal(number(RNDIS_OID_MAXIMUM_FRAME_SIZE), 1500);
	assert_int_equal(
		netguest_query(&net, RNDIS_OID_PERMANENT_ADDRESS, mac, &size),
		0);
	assert_int_equal(size, 6);
	assert_memory_equal(mac, "\x02\x15\x5d\x01\x02\x03", 6);
	assert_int_equal(query_status(RNDIS_OID_FRIENDLY_NAME),
			 RNDIS_STATUS_NOT_SUPPORTED);
	assert_int_equal(number(RNDIS_OID_MEDIA_CONNECT_STATUS), 0);
	assert_int_equal(number(RNDIS_OID_LINK_SPEED), 100000000);
	/* One queue: nothing is said that could be taken for more. */
	size = sizeof(rss);
	assert_int_equal(
		netguest_query(&net, RNDIS_OID_RSS_CAPABILITIES, rss, &size),
		RNDIS_STATUS_NOT_SUPPORTED);
	assert_int_equal(size, 0);
	assert_int_equal(netguest_set(&net, RNDIS_OID_RSS_PARAMETERS, rss, 20),
			 RNDIS_STATUS_NOT_SUPPORTED);
}

static void test_numbers(void **state)
{
	(void)state;
	assert_int_equal(number(RNDIS_OID_HARDWARE_STATUS), 0);
	assert_int_equal(number(RNDIS_OID_MEDIA_SUPPORTED), 0);
	assert_int_equal(number(RNDIS_OID_MEDIA_IN_USE), 0);
	assert_int_equal(number(RNDIS_OID_MAXIMUM_LOOKAHEAD), 1500);
	assert_int_equal(number(RNDIS_OID_TRANSMIT_BLOCK_SIZE), 1514);
	assert_int_equal(number(RNDIS_OID_RECEIVE_BLOCK_SIZE), 1514);
	assert_int_equal(number(RNDIS_OID_MAXIMUM_TOTAL_SIZE), 1514);
	assert_int_equal(number(RNDIS_OID_TRANSMIT_BUFFER_SPACE),
			 16 * 4096 / 6144 * 6144);
	assert_int_equal(number(RNDIS_OID_RECEIVE_BUFFER_SPACE),
			 64 * 4096 / 1728 * 1728);
	assert_int_equal(number(RNDIS_OID_VENDOR_ID), 0xffffff);
	assert_int_equal(number(RNDIS_OID_MAXIMUM_SEND_PACKETS), 1);
	assert_int_equal(number(RNDIS_OID_VENDOR_DRIVER_VERSION), 1);
	assert_int_equal(number(RNDIS_OID_MAC_OPTIONS), 9);
	assert_int_equal(number(RNDIS_OID_MAXIMUM_LIST_SIZE), 64);
	assert_int_equal(number(RNDIS_OID_TRANSMIT_OK), 0);
	assert_int_equal(number(RNDIS_OID_RECEIVE_OK), 0);
	assert_int_equal(number(RNDIS_OID_TRANSMIT_ERROR), 0);
	assert_int_equal(number(RNDIS_OID_RECEIVE_ERROR), 0);
	assert_int_equal(number(RNDIS_OID_RECEIVE_NO_BUFFER), 0);
}

static void test_strings(void **state)
{
	char name[64] = {0};
	uint16_t version = 0;
	uint32_t size = sizeof(name);

	(void)state;
	assert_int_equal(
		netguest_query(&net, RNDIS_OID_VENDOR_DESCRIPTION, name, &size),
		0);
	assert_int_equal(size, strlen(name) + 1);
	size = sizeof(version);
	assert_int_equal(
		netguest_query(&net, RNDIS_OID_DRIVER_VERSION, &version, &size),
		0);
	assert_int_equal(size, 2);
	assert_int_equal(version, 0x061e);
}

/* Each that is listed is answered one way or the other; no other is. */
static void test_list(void **state)
{
	uint32_t list[64] = {0};
	uint32_t size = sizeof(list);
	unsigned int queries = 0;

	(void)state;
	assert_int_equal(
		netguest_query(&net, RNDIS_OID_SUPPORTED_LIST, list, &size), 0);
	assert_true(size > 30 * 4);
	for (uint32_t i = 0; i < size / 4; i++) {
		const uint32_t status = query_status(list[i]);

		assert_true(!status || status == RNDIS_STATUS_NOT_SUPPORTED);
		if (!status)
			queries++;
		else
			assert_int_not_equal(netguest_set(&net, list[i], "", 0),
					     RNDIS_STATUS_NOT_SUPPORTED);
	}
	assert_true(queries > 25);
	for (uint32_t oid = 0x10100; oid < 0x10240; oid++) {
		bool listed = false;

		for (uint32_t i = 0; i < size / 4; i++)
			listed |= list[i] == oid;
		if (!listed)
			assert_int_equal(query_status(oid),
					 RNDIS_STATUS_NOT_SUPPORTED);
	}
	assert_int_equal(netguest_set(&net, RNDIS_OID_LINK_SPEED, list, 4),
			 RNDIS_STATUS_NOT_SUPPORTED);
}

static void test_settings(void **state)
{
	const uint32_t filter = 0x2d;
	const uint32_t lookahead = 256;

	(void)state;
	assert_int_equal(number(RNDIS_OID_CURRENT_PACKET_FILTER), 0xd);
	netguest_filter(&net, filter);
	assert_int_equal(number(RNDIS_OID_CURRENT_PACKET_FILTER), 0x2d);
	assert_int_equal(netvsp_state_read(net.netvsp).packet_filter, 0x2d);
	assert_int_equal(
		netguest_set(&net, RNDIS_OID_CURRENT_PACKET_FILTER, &filter, 3),
		RNDIS_STATUS_INVALID_DATA);
	assert_int_equal(number(RNDIS_OID_CURRENT_LOOKAHEAD), 1500);
	assert_int_equal(
		netguest_set(&net, RNDIS_OID_CURRENT_LOOKAHEAD, &lookahead, 4),
		0);
	assert_int_equal(number(RNDIS_OID_CURRENT_LOOKAHEAD), 256);
}

static void test_multicast_list(void **state)
{
	uint8_t list[65 * 6];
	uint8_t got[256] = {0};
	uint32_t size = sizeof(got);

	(void)state;
	for (unsigned int i = 0; i < sizeof(list); i++)
		list[i] = (uint8_t)(i | 1);
	assert_int_equal(
		netguest_set(&net, RNDIS_OID_MULTICAST_LIST, list, 65 * 6),
		RNDIS_STATUS_INVALID_DATA);
	assert_int_equal(netguest_set(&net, RNDIS_OID_MULTICAST_LIST, list, 7),
			 RNDIS_STATUS_INVALID_DATA);
	assert_int_equal(netguest_set(&net, RNDIS_OID_MULTICAST_LIST, list, 12),
			 0);
	assert_int_equal(
		netguest_query(&net, RNDIS_OID_MULTICAST_LIST, got, &size), 0);
	assert_int_equal(size, 12);
	assert_memory_equal(got, list, 12);
	assert_int_equal(
		netguest_set(&net, RNDIS_OID_MULTICAST_LIST, list, 64 * 6), 0);
	memset(got, 0, sizeof(got));
	size = sizeof(got);
	assert_int_equal(
		netguest_query(&net, RNDIS_OID_MULTICAST_LIST, got, &size), 0);
	assert_int_equal(size, 38 * 6);
}

/* ---- Offloads ---- */

static void test_offload_revisions(void **state)
{
	static const uint16_t sizes[] = {0, 112, 144, 156};

	(void)state;
	for (unsigned int revision = 0; revision < 6; revision++) {
		const unsigned int expected = revision < 1   ? 1
					      : revision > 3 ? 3
							     : revision;
		struct ndis_offload offload = {
			.header = {NDIS_OBJECT_TYPE_OFFLOAD, (uint8_t)revision,
				   sizes[expected]},
		};
		uint32_t size = sizes[expected];

		assert_int_equal(netguest_query(&net,
						RNDIS_OID_OFFLOAD_CAPABILITIES,
						&offload, &size),
				 0);
		/* What Linux and FreeBSD ask. */
		assert_int_equal(offload.header.type, NDIS_OBJECT_TYPE_OFFLOAD);
		assert_int_equal(offload.header.revision, expected);
		assert_int_equal(size, sizes[expected]);
		assert_int_equal(offload.header.size, size);
		assert_int_equal(offload.transmit_ipv4.flags & 0x15, 0x15);
		assert_int_equal(offload.transmit_ipv4.flags & 0x40, 0x40);
		assert_int_equal(offload.transmit_ipv6.flags & 0x55, 0x55);
		assert_int_equal(offload.receive_ipv4.flags & 0x50, 0x50);
		assert_int_equal(offload.receive_ipv6.flags & 0x50, 0x50);
		assert_int_equal(offload.lso_v2_ipv4_encapsulation, 2);
		assert_int_equal(offload.lso_v2_ipv6_encapsulation, 2);
		assert_int_equal(offload.lso_v2_ipv6_options, 5);
		assert_int_equal(offload.lso_v2_ipv4_max_size, 0xff00);
		assert_int_equal(offload.lso_v2_ipv6_max_size, 0xff00);
		assert_int_equal(offload.rsc_ipv4 | offload.rsc_ipv6, 0);
	}
}

/* A driver with a shorter structure, or that sends none along. */
static void test_offload_sizes(void **state)
{
	struct ndis_offload offload = {
		.header = {NDIS_OBJECT_TYPE_OFFLOAD, 2, 143},
	};
	uint32_t size = 143;

	(void)state;
	assert_int_equal(netguest_query(&net, RNDIS_OID_OFFLOAD_CAPABILITIES,
					&offload, &size),
			 0);
	assert_int_equal(size, 143);
	assert_int_equal(offload.header.size, 143);
	memset(&offload, 0, sizeof(offload));
	size = sizeof(offload);
	assert_int_equal(netguest_query(&net, RNDIS_OID_OFFLOAD_CONFIGURATION,
					&offload, &size),
			 0);
	assert_int_equal(size, 112);
	assert_int_equal(offload.header.revision, 1);
}

static void test_offload_parameters(void **state)
{
	struct ndis_offload_parameters parameters = {
		.header = {NDIS_OBJECT_TYPE_DEFAULT, 3, sizeof(parameters)},
		.ipv4_checksum = 1,
		.tcp_ipv4_checksum = 4,
		.udp_ipv6_checksum = 3,
		.lso_v2_ipv4 = 2,
	};

	(void)state;
	assert_int_equal(netguest_set(&net, RNDIS_OID_OFFLOAD_PARAMETERS,
				      &parameters, sizeof(parameters)),
			 0);
	/* As long as Linux has it with old hosts, with more behind. */
	parameters.header.size = 15;
	assert_int_equal(netguest_set(&net, RNDIS_OID_OFFLOAD_PARAMETERS,
				      &parameters, 15),
			 0);
	assert_int_equal(netguest_set(&net, RNDIS_OID_OFFLOAD_PARAMETERS,
				      &parameters, 14),
			 RNDIS_STATUS_INVALID_DATA);
	parameters.header.size = 21;
	assert_int_equal(netguest_set(&net, RNDIS_OID_OFFLOAD_PARAMETERS,
				      &parameters, sizeof(parameters)),
			 RNDIS_STATUS_INVALID_DATA);
	parameters.header.size = 14;
	assert_int_equal(netguest_set(&net, RNDIS_OID_OFFLOAD_PARAMETERS,
				      &parameters, sizeof(parameters)),
			 RNDIS_STATUS_INVALID_DATA);
	parameters.header = (struct ndis_object_header){0x81, 1, 20};
	assert_int_equal(netguest_set(&net, RNDIS_OID_OFFLOAD_PARAMETERS,
				      &parameters, sizeof(parameters)),
			 RNDIS_STATUS_INVALID_DATA);
	assert_int_equal(netguest_set(&net, RNDIS_OID_OFFLOAD_ENCAPSULATION,
				      &parameters, 20),
			 0);
	assert_int_equal(netguest_set(&net, RNDIS_OID_OFFLOAD_ENCAPSULATION,
				      &parameters, 4),
			 0);
	assert_int_equal(netguest_set(&net, RNDIS_OID_OFFLOAD_ENCAPSULATION,
				      &parameters, 3),
			 RNDIS_STATUS_INVALID_DATA);
}

/* ---- The address ---- */

struct parameter {
	struct rndis_configuration_parameter head;
	uint8_t name[28];
	uint8_t value[24];
};

static struct parameter parameter_make(const char *name, const char *value)
{
	struct parameter parameter = {
		.head = {.name_offset = 20,
			 .name_length = 28,
			 .type = RNDIS_PARAMETER_STRING,
			 .value_offset = 48,
			 .value_length = 24},
	};

	for (unsigned int i = 0; i < 14; i++)
		parameter.name[2 * i] = (uint8_t)name[i];
	for (unsigned int i = 0; i < 12; i++)
		parameter.value[2 * i] = (uint8_t)value[i];
	return parameter;
}

static uint32_t parameter_set(const struct parameter *parameter)
{
	return netguest_set(&net, RNDIS_OID_CONFIG_PARAMETER, parameter,
			    sizeof(*parameter));
}

static void test_address(void **state)
{
	struct parameter parameter =
		parameter_make("NetworkAddress", "02a1B2c0D4f5");
	uint8_t mac[6] = {0};
	uint32_t size = sizeof(mac);

	(void)state;
	assert_int_equal(parameter_set(&parameter), 0);
	assert_int_equal(
		netguest_query(&net, RNDIS_OID_CURRENT_ADDRESS, mac, &size), 0);
	assert_memory_equal(mac, "\x02\xa1\xb2\xc0\xd4\xf5", 6);
	memset(mac, 0, sizeof(mac));
	size = sizeof(mac);
	assert_int_equal(
		netguest_query(&net, RNDIS_OID_PERMANENT_ADDRESS, mac, &size),
		0);
	assert_memory_equal(mac, "\x02\x15\x5d\x01\x02\x03", 6);
	/* Not one that is an address, and none of a multicast group. */
	parameter = parameter_make("NetworkAddress", "02a1B2c3D4g5");
	assert_int_equal(parameter_set(&parameter), RNDIS_STATUS_INVALID_DATA);
	parameter = parameter_make("NetworkAddress", "02a1 2c3D4f5");
	assert_int_equal(parameter_set(&parameter), RNDIS_STATUS_INVALID_DATA);
	parameter = parameter_make("NetworkAddress", "03a1B2c3D4f5");
	assert_int_equal(parameter_set(&parameter), RNDIS_STATUS_INVALID_DATA);
	parameter = parameter_make("NetworkAddress", "02a1B2c3D4f5");
	parameter.value[1] = 1;
	assert_int_equal(parameter_set(&parameter), RNDIS_STATUS_INVALID_DATA);
	assert_memory_equal(netvsp_state_read(net.netvsp).mac,
			    "\x02\xa1\xb2\xc0\xd4\xf5", 6);
}

static void test_parameter_lengths(void **state)
{
	static const struct rndis_configuration_parameter bad[] = {
		{21, 52, 2, 48, 24},	     {73, 0, 2, 48, 24},
		{20, 0xffffffff, 2, 48, 24}, {20, 28, 2, 48, 25},
		{20, 28, 2, 0xffffffff, 24}, {0xffffffff, 28, 2, 48, 24},
	};
	struct parameter parameter =
		parameter_make("NetworkAddress", "02a1B2c3D4f5");

	(void)state;
	for (unsigned int i = 0; i < 6; i++) {
		parameter.head = bad[i];
		assert_int_equal(parameter_set(&parameter),
				 RNDIS_STATUS_INVALID_DATA);
	}
	assert_int_equal(
		netguest_set(&net, RNDIS_OID_CONFIG_PARAMETER, &parameter, 19),
		RNDIS_STATUS_INVALID_DATA);
	/* Others, or of another type, or too short. */
	parameter = parameter_make("NetworkAddresz", "02a1B2c3D4f5");
	assert_int_equal(parameter_set(&parameter), RNDIS_STATUS_NOT_SUPPORTED);
	parameter = parameter_make("NetworkAddress", "02a1B2c3D4f5");
	parameter.name[1] = 1;
	assert_int_equal(parameter_set(&parameter), RNDIS_STATUS_NOT_SUPPORTED);
	parameter = parameter_make("NetworkAddress", "02a1B2c3D4f5");
	parameter.head.type = RNDIS_PARAMETER_INTEGER;
	assert_int_equal(parameter_set(&parameter), RNDIS_STATUS_NOT_SUPPORTED);
	parameter = parameter_make("NetworkAddress", "02a1B2c3D4f5");
	parameter.head.value_length = 22;
	assert_int_equal(parameter_set(&parameter), RNDIS_STATUS_NOT_SUPPORTED);
	parameter = parameter_make("NetworkAddress", "02a1B2c3D4f5");
	parameter.head.name_length = 26;
	assert_int_equal(parameter_set(&parameter), RNDIS_STATUS_NOT_SUPPORTED);
}

/* ---- Messages ---- */

static void test_keepalive_and_reset(void **state)
{
	const struct rndis_keepalive keepalive = {
		.header = {RNDIS_KEEPALIVE, sizeof(keepalive)},
		.request_id = 0x5555,
	};
	const uint32_t reset[3] = {RNDIS_RESET, 12, 0};
	struct rndis_keepalive_complete complete;
	struct rndis_reset_complete was_reset;

	(void)state;
	assert_int_equal(netguest_control(&net, &keepalive, sizeof(keepalive)),
			 NVSP_STATUS_SUCCESS);
	memcpy(&complete, netguest_reply(&net, RNDIS_KEEPALIVE_COMPLETE)->bytes,
	       sizeof(complete));
	assert_int_equal(complete.request_id, 0x5555);
	assert_int_equal(complete.status, 0);
	netguest_forget(&net);
	assert_int_equal(netguest_control(&net, reset, sizeof(reset)),
			 NVSP_STATUS_SUCCESS);
	memcpy(&was_reset, netguest_reply(&net, RNDIS_RESET_COMPLETE)->bytes,
	       sizeof(was_reset));
	assert_int_equal(was_reset.status, 0);
	assert_int_equal(was_reset.addressing_reset, 0);
	assert_int_equal(number(RNDIS_OID_CURRENT_PACKET_FILTER), 0xd);
}

static void test_halt(void **state)
{
	const struct rndis_halt halt = {{RNDIS_HALT, sizeof(halt)}, 9};

	(void)state;
	assert_int_equal(netguest_control(&net, &halt, sizeof(halt)),
			 NVSP_STATUS_SUCCESS);
	assert_int_equal(net.received_count, 0);
	assert_int_equal(query_status(RNDIS_OID_LINK_SPEED),
			 RNDIS_STATUS_FAILURE);
	assert_int_equal(netguest_set(&net, RNDIS_OID_CURRENT_PACKET_FILTER,
				      "\x01\0\0", 4),
			 RNDIS_STATUS_FAILURE);
	assert_int_equal(netguest_initialize(&net), 0);
	assert_int_equal(number(RNDIS_OID_CURRENT_PACKET_FILTER), 0);
}

static void test_initialize_again(void **state)
{
	struct rndis_initialize request = {
		.header = {RNDIS_INITIALIZE, sizeof(request)},
		.major_version = 1,
	};
	const struct rndis_halt halt = {{RNDIS_HALT, sizeof(halt)}, 9};
	struct rndis_initialize_complete complete;

	(void)state;
	assert_int_equal(netguest_initialize(&net), RNDIS_STATUS_FAILURE);
	/* And of a version that is none. */
	netguest_control(&net, &halt, sizeof(halt));
	request.major_version = 2;
	assert_int_equal(netguest_control(&net, &request, sizeof(request)), 1);
	memcpy(&complete,
	       netguest_reply(&net, RNDIS_INITIALIZE_COMPLETE)->bytes,
	       sizeof(complete));
	assert_int_equal(complete.status, RNDIS_STATUS_FAILURE);
}

/* Lengths and offsets that say what is not so. */
static void test_bad_messages(void **state)
{
	static const uint32_t types[] = {0, 7, 9, 0x80000004, 0xffffffff};
	uint32_t message[300] = {0};
	struct rndis_request request = {
		.header = {RNDIS_QUERY, sizeof(request)},
		.oid = RNDIS_OID_OFFLOAD_CAPABILITIES,
		.buffer_length = 4,
		.buffer_offset = 20,
	};
	struct rndis_query_complete complete;
	struct rndis_set_complete set;

	(void)state;
	for (unsigned int i = 0; i < 5; i++) {
		message[0] = types[i];
		message[1] = 64;
		assert_int_equal(netguest_control(&net, message, 64),
				 NVSP_STATUS_FAILURE);
	}
	/* Too short for what it is, or too long for anything. */
	for (uint32_t type = 2; type <= 8; type++) {
		message[0] = type;
		message[1] = 8;
		if (type != 3 && type != 6)
			assert_int_equal(netguest_control(&net, message, 8),
					 NVSP_STATUS_FAILURE);
		message[1] = 1100;
		assert_int_equal(netguest_control(&net, message, 1100),
				 NVSP_STATUS_FAILURE);
	}
	assert_int_equal(net.received_count, 0);
	message[0] = RNDIS_KEEPALIVE;
	message[1] = 1025;
	assert_int_equal(netguest_control(&net, message, 1025),
			 NVSP_STATUS_FAILURE);
	assert_int_equal(net.received_count, 0);
	message[1] = 1024;
	assert_int_equal(netguest_control(&net, message, 1024),
			 NVSP_STATUS_SUCCESS);
	netguest_reply(&net, RNDIS_KEEPALIVE_COMPLETE);
	netguest_forget(&net);
	/* A buffer that is not in the message. */
	for (unsigned int i = 0; i < 4; i++) {
		static const uint32_t offsets[] = {20, 21, 0xfffffffc, 100};

		request.header.type = i & 1 ? RNDIS_SET : RNDIS_QUERY;
		request.buffer_offset = offsets[i];
		assert_int_equal(
			netguest_control(&net, &request, sizeof(request)), 1);
		if (i & 1) {
			memcpy(&set,
			       netguest_reply(&net, RNDIS_SET_COMPLETE)->bytes,
			       sizeof(set));
			complete.status = set.status;
		} else {
			memcpy(&complete,
			       netguest_reply(&net, RNDIS_QUERY_COMPLETE)
				       ->bytes,
			       sizeof(complete));
			assert_int_equal(complete.buffer_length, 0);
		}
		assert_int_equal(complete.status, RNDIS_STATUS_INVALID_DATA);
		netguest_forget(&net);
	}
}

static void test_statistics(void **state)
{
	struct ndis_statistics statistics = {.supported = 0};
	uint8_t frame[100] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	uint8_t message[200];
	uint32_t size = sizeof(statistics);

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		frame[5] = i ? 0xfe : 0xff;
		assert_int_equal(netguest_send(&net, NETGUEST_SECTION, message,
					       netguest_packet(message, frame,
							       100, NULL)),
				 NVSP_STATUS_SUCCESS);
	}
	for (unsigned int i = 0; i < 6; i++) {
		memset(frame, 0xff, 6);
		if (i == 1)
			frame[3] = 3;
		if (i > 1)
			memcpy(frame, "\x02\x15\x5d\x01\x02\x03", 6);
		assert_true(netguest_arrive(&net, frame, 100, NULL));
	}
	netguest_poll(&net);
	assert_int_equal(
		netguest_query(&net, RNDIS_OID_STATISTICS, &statistics, &size),
		0);
	assert_int_equal(size, 152);
	assert_int_equal(statistics.header.size, 152);
	assert_int_equal(statistics.out_broadcast, 1);
	assert_int_equal(statistics.out_multicast, 2);
	assert_int_equal(statistics.out_unicast, 0);
	assert_int_equal(statistics.out_octets, 300);
	assert_int_equal(statistics.in_broadcast, 1);
	assert_int_equal(statistics.in_multicast, 1);
	assert_int_equal(statistics.in_unicast, 4);
	assert_int_equal(statistics.in_octets, 600);
	assert_int_equal(number(RNDIS_OID_TRANSMIT_OK), 3);
	assert_int_equal(number(RNDIS_OID_RECEIVE_OK), 6);
}

/* ---- The link's state ---- */

static uint32_t indication(void)
{
	struct rndis_indicate_status indicate;

	netguest_forget(&net);
	netguest_poll(&net);
	if (!net.received_count)
		return 0;
	memcpy(&indicate, netguest_reply(&net, RNDIS_INDICATE_STATUS)->bytes,
	       sizeof(indicate));
	assert_int_equal(indicate.header.length, 20);
	assert_int_equal(indicate.buffer_length, 0);
	return indicate.status;
}

static void test_link_state(void **state)
{
	(void)state;
	net.link.carrier(net.netvsp, true);
	assert_int_equal(indication(), 0);
	net.link.carrier(net.netvsp, false);
	assert_int_equal(indication(), RNDIS_STATUS_MEDIA_DISCONNECT);
	assert_int_equal(number(RNDIS_OID_MEDIA_CONNECT_STATUS), 1);
	assert_false(netvsp_state_read(net.netvsp).link_up);
	net.link.carrier(net.netvsp, false);
	assert_int_equal(indication(), 0);
	net.link.carrier(net.netvsp, true);
	assert_int_equal(indication(), RNDIS_STATUS_MEDIA_CONNECT);
	assert_int_equal(number(RNDIS_OID_MEDIA_CONNECT_STATUS), 0);
	netvsp_network_changed(net.netvsp);
	assert_int_equal(indication(), RNDIS_STATUS_NETWORK_CHANGE);
	assert_int_equal(indication(), 0);
}

/* Nobody is told before it asked, nor of what it then knows. */
static void test_link_state_early(void **state)
{
	const struct rndis_halt halt = {{RNDIS_HALT, sizeof(halt)}, 9};

	(void)state;
	netguest_control(&net, &halt, sizeof(halt));
	net.link.carrier(net.netvsp, false);
	netvsp_network_changed(net.netvsp);
	assert_int_equal(indication(), 0);
	assert_int_equal(netguest_initialize(&net), 0);
	assert_int_equal(indication(), 0);
	assert_int_equal(number(RNDIS_OID_MEDIA_CONNECT_STATUS), 1);
	net.link.carrier(net.netvsp, true);
	assert_int_equal(indication(), RNDIS_STATUS_MEDIA_CONNECT);
}

static void use_up_sections(void)
{
	uint8_t frame[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	net.keep = true;
	while (netguest_arrive(&net, frame, sizeof(frame), NULL)) {
		netguest_poll(&net);
		if (net.received_count == NETGUEST_RECEIVED_MAX)
			netguest_forget(&net);
	}
}

/* Without a free section it waits, and comes in order. */
static void test_answers_wait_for_sections(void **state)
{
	struct rndis_keepalive keepalive = {
		.header = {RNDIS_KEEPALIVE, sizeof(keepalive)},
	};
	struct rndis_keepalive_complete complete;
	uint64_t transaction;

	(void)state;
	use_up_sections();
	transaction = net.received[0].transaction;
	netguest_forget(&net);
	net.link.carrier(net.netvsp, false);
	for (uint32_t i = 0; i < 17; i++) {
		keepalive.request_id = i;
		/* So many and no more. */
		assert_int_equal(
			netguest_control(&net, &keepalive, sizeof(keepalive)),
			i < 16 ? NVSP_STATUS_SUCCESS : NVSP_STATUS_FAILURE);
	}
	assert_int_equal(net.received_count, 0);
	/* Each section that comes back carries one. */
	for (uint32_t i = 0; i < 16; i++) {
		netguest_answer(&net, transaction);
		netguest_poll(&net);
		memcpy(&complete,
		       netguest_reply(&net, RNDIS_KEEPALIVE_COMPLETE)->bytes,
		       sizeof(complete));
		assert_int_equal(complete.request_id, i);
		transaction = net.received[0].transaction;
		netguest_forget(&net);
	}
	netguest_answer(&net, transaction);
	assert_int_equal(indication(), RNDIS_STATUS_MEDIA_DISCONNECT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_drivers_questions),
		TEST(test_numbers),
		TEST(test_strings),
		TEST(test_list),
		TEST(test_settings),
		TEST(test_multicast_list),
		TEST(test_offload_revisions),
		TEST(test_offload_sizes),
		TEST(test_offload_parameters),
		TEST(test_address),
		TEST(test_parameter_lengths),
		TEST(test_keepalive_and_reset),
		TEST(test_halt),
		TEST(test_initialize_again),
		TEST(test_bad_messages),
		TEST(test_statistics),
		TEST(test_link_state),
		TEST(test_link_state_early),
		TEST(test_answers_wait_for_sections),
	};

	return cmocka_run_group_tests_name("rndis", tests, NULL, NULL);
}
