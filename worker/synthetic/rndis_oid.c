// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a driver can ask of the adapter and set on it. Several queues are not
 * among it: a driver that is refused their capabilities uses one.
 */
#include "netvsp_device.h"

#include <string.h>

#include "segment.h"

#define LINK_SPEED_100BPS 100000000u /* 10 Gbit/s */
#define VENDOR_ID	  0xffffffu  /* none assigned */
#define DRIVER_VERSION	  0x061eu    /* NDIS 6.30 */
#define MEDIUM_CONNECTED  0u
#define MEDIUM_NOT	  1u
#define MAC_OPTIONS	  0x9u	    /* copy, no loopback */
#define STATISTICS_ALL	  0x0fffffu /* every counter below is kept */
#define CHECKSUM_IP	  (NDIS_CHECKSUM_IP_OPTIONS | NDIS_CHECKSUM_IP_HEADER)
#define CHECKSUM_TRANSPORT                                                     \
	(NDIS_CHECKSUM_TCP_OPTIONS | NDIS_CHECKSUM_TCP | NDIS_CHECKSUM_UDP)

static void answer_set(struct rndis_reply *answer, const void *bytes,
		       uint32_t size)
{
	memcpy(answer->bytes, bytes, size);
	answer->size = size;
}

static void answer_number(struct rndis_reply *answer, uint32_t number)
{
	answer_set(answer, &number, sizeof(number));
}

/* ---- Numbers ---- */

static uint32_t number_zero(const struct netvsp *netvsp)
{
	(void)netvsp;
	return 0;
}

static uint32_t number_one(const struct netvsp *netvsp)
{
	(void)netvsp;
	return 1;
}

static uint32_t number_mtu(const struct netvsp *netvsp)
{
	return netvsp->options.link->mtu;
}

static uint32_t number_frame(const struct netvsp *netvsp)
{
	return netvsp->options.link->mtu + FRAME_ETHERNET_SIZE;
}

static uint32_t number_speed(const struct netvsp *netvsp)
{
	(void)netvsp;
	return LINK_SPEED_100BPS;
}

static uint32_t number_transmit_space(const struct netvsp *netvsp)
{
	return netvsp->send.section_count * netvsp->send.section_size;
}

static uint32_t number_receive_space(const struct netvsp *netvsp)
{
	return netvsp->receive.section_count * netvsp->receive.section_size;
}

static uint32_t number_vendor(const struct netvsp *netvsp)
{
	(void)netvsp;
	return VENDOR_ID;
}

static uint32_t number_filter(const struct netvsp *netvsp)
{
	return netvsp->rndis.filter;
}

static uint32_t number_lookahead(const struct netvsp *netvsp)
{
	const uint32_t lookahead = netvsp->rndis.lookahead;

	return lookahead ? lookahead : number_mtu(netvsp);
}

static uint32_t number_mac_options(const struct netvsp *netvsp)
{
	(void)netvsp;
	return MAC_OPTIONS;
}

static uint32_t number_medium(const struct netvsp *netvsp)
{
	return netvsp->link_up ? MEDIUM_CONNECTED : MEDIUM_NOT;
}

static uint32_t number_multicast_max(const struct netvsp *netvsp)
{
	(void)netvsp;
	return NETVSP_MULTICAST_MAX;
}

static uint32_t number_transmit_ok(const struct netvsp *netvsp)
{
	return (uint32_t)netvsp->statistics.out_frames;
}

static uint32_t number_receive_ok(const struct netvsp *netvsp)
{
	return (uint32_t)netvsp->statistics.in_frames;
}

static uint32_t number_transmit_error(const struct netvsp *netvsp)
{
	return (uint32_t)netvsp->statistics.out_errors;
}

static uint32_t number_receive_error(const struct netvsp *netvsp)
{
	return (uint32_t)netvsp->statistics.in_errors;
}

static uint32_t number_no_buffer(const struct netvsp *netvsp)
{
	return (uint32_t)netvsp->statistics.in_discarded;
}

/* ---- Queries ---- */

static void query_vendor(const struct netvsp *netvsp,
			 const struct rndis_bytes *input,
			 struct rndis_reply *answer)
{
	static const char name[] = "Bulkhead network adapter";

	(void)netvsp;
	(void)input;
	answer_set(answer, name, sizeof(name));
}

static void query_driver_version(const struct netvsp *netvsp,
				 const struct rndis_bytes *input,
				 struct rndis_reply *answer)
{
	const uint16_t version = DRIVER_VERSION;

	(void)netvsp;
	(void)input;
	answer_set(answer, &version, sizeof(version));
}

static void query_permanent(const struct netvsp *netvsp,
			    const struct rndis_bytes *input,
			    struct rndis_reply *answer)
{
	(void)input;
	answer_set(answer, netvsp->options.mac, NETWORK_MAC_SIZE);
}

static void query_current(const struct netvsp *netvsp,
			  const struct rndis_bytes *input,
			  struct rndis_reply *answer)
{
	(void)input;
	answer_set(answer, netvsp->mac, NETWORK_MAC_SIZE);
}

/* As much of the list as an answer holds, which is 38 addresses. */
static void query_multicast(const struct netvsp *netvsp,
			    const struct rndis_bytes *input,
			    struct rndis_reply *answer)
{
	const uint32_t max = RNDIS_ANSWER_MAX / NETWORK_MAC_SIZE;
	const uint32_t count = netvsp->rndis.multicast_count;

	(void)input;
	answer_set(answer, netvsp->rndis.multicast,
		   (count < max ? count : max) * NETWORK_MAC_SIZE);
}

static void query_statistics(const struct netvsp *netvsp,
			     const struct rndis_bytes *input,
			     struct rndis_reply *answer)
{
	const struct netvsp_statistics *const ours = &netvsp->statistics;
	const struct ndis_statistics statistics = {
		.header = {NDIS_OBJECT_TYPE_DEFAULT, 1, sizeof(statistics)},
		.supported = STATISTICS_ALL,
		.in_discards = ours->in_discarded,
		.in_errors = ours->in_errors,
		.in_octets = ours->in_bytes,
		.in_unicast = ours->in_frames - ours->in_multicast -
			      ours->in_broadcast,
		.in_multicast = ours->in_multicast,
		.in_broadcast = ours->in_broadcast,
		.out_octets = ours->out_bytes,
		.out_unicast = ours->out_frames - ours->out_multicast -
			       ours->out_broadcast,
		.out_multicast = ours->out_multicast,
		.out_broadcast = ours->out_broadcast,
		.out_errors = ours->out_errors,
		.out_discards = ours->out_discarded,
	};

	(void)input;
	answer_set(answer, &statistics, sizeof(statistics));
}

/* ---- Offloads ---- */

/*
 * Sums are made and frames cut in software where the link does not, so what
 * is offered never depends on it.
 */
static void offload_fill(struct ndis_offload *offload)
{
	const struct ndis_checksum_offload ipv4 = {
		NDIS_ENCAPSULATION_802_3,
		CHECKSUM_IP | CHECKSUM_TRANSPORT,
	};
	const struct ndis_checksum_offload ipv6 = {
		NDIS_ENCAPSULATION_802_3,
		NDIS_CHECKSUM_IP_OPTIONS | CHECKSUM_TRANSPORT,
	};

	offload->transmit_ipv4 = ipv4;
	offload->receive_ipv4 = ipv4;
	offload->transmit_ipv6 = ipv6;
	offload->receive_ipv6 = ipv6;
	offload->lso_v2_ipv4_encapsulation = NDIS_ENCAPSULATION_802_3;
	offload->lso_v2_ipv4_max_size = NETVSP_LARGE_SEND_MAX;
	offload->lso_v2_ipv4_min_segments = 2;
	offload->lso_v2_ipv6_encapsulation = NDIS_ENCAPSULATION_802_3;
	offload->lso_v2_ipv6_max_size = NETVSP_LARGE_SEND_MAX;
	offload->lso_v2_ipv6_min_segments = 2;
	offload->lso_v2_ipv6_options =
		NDIS_LSO_IP_EXTENSIONS | NDIS_LSO_TCP_OPTIONS;
}

/* In the revision that the driver knows, by what it put into the request. */
static void query_offload(const struct netvsp *netvsp,
			  const struct rndis_bytes *input,
			  struct rndis_reply *answer)
{
	static const uint32_t sizes[] = {
		NDIS_OFFLOAD_SIZE_REVISION_1,
		NDIS_OFFLOAD_SIZE_REVISION_2,
		sizeof(struct ndis_offload),
	};
	struct ndis_offload offload = {
		.header = {NDIS_OBJECT_TYPE_OFFLOAD, 1, 0},
	};
	struct ndis_object_header asked;
	uint32_t size;

	(void)netvsp;
	if (input->size >= sizeof(asked)) {
		memcpy(&asked, input->bytes, sizeof(asked));
		offload.header.revision = asked.revision;
	}
	if (!offload.header.revision)
		offload.header.revision = 1;
	if (offload.header.revision > 3)
		offload.header.revision = 3;
	size = sizes[offload.header.revision - 1];
	if (input->size >= sizes[0] && input->size < size)
		size = input->size;
	offload.header.size = (uint16_t)size;
	offload_fill(&offload);
	answer_set(answer, &offload, size);
}

static void offload_apply(bool *receive, uint8_t parameter)
{
	switch (parameter) {
	case NDIS_PARAMETER_DISABLED:
	case NDIS_PARAMETER_TRANSMIT:
		*receive = false;
		break;
	case NDIS_PARAMETER_RECEIVE:
	case NDIS_PARAMETER_BOTH:
		*receive = true;
		break;
	default: /* as it is */
		break;
	}
}

/* Sending obeys each packet's own words: only receiving has a state. */
static uint32_t set_offload(struct netvsp *netvsp,
			    const struct rndis_bytes *input)
{
	struct rndis_offloads *const offloads = &netvsp->rndis.offloads;
	const uint32_t least =
		offsetof(struct ndis_offload_parameters, padding);
	struct ndis_offload_parameters parameters = {0};

	if (input->size < least)
		return RNDIS_STATUS_INVALID_DATA;
	memcpy(&parameters, input->bytes,
	       input->size < sizeof(parameters) ? input->size
						: sizeof(parameters));
	if (parameters.header.type != NDIS_OBJECT_TYPE_DEFAULT ||
	    parameters.header.size < least ||
	    parameters.header.size > input->size)
		return RNDIS_STATUS_INVALID_DATA;
	offload_apply(&offloads->receive_ip, parameters.ipv4_checksum);
	offload_apply(&offloads->receive_tcp4, parameters.tcp_ipv4_checksum);
	offload_apply(&offloads->receive_udp4, parameters.udp_ipv4_checksum);
	offload_apply(&offloads->receive_tcp6, parameters.tcp_ipv6_checksum);
	offload_apply(&offloads->receive_udp6, parameters.udp_ipv6_checksum);
	return RNDIS_STATUS_SUCCESS;
}

/* ---- Settings ---- */

static uint32_t set_number(uint32_t *number, const struct rndis_bytes *input)
{
	if (input->size < sizeof(*number))
		return RNDIS_STATUS_INVALID_DATA;
	memcpy(number, input->bytes, sizeof(*number));
	return RNDIS_STATUS_SUCCESS;
}

static uint32_t set_filter(struct netvsp *netvsp,
			   const struct rndis_bytes *input)
{
	return set_number(&netvsp->rndis.filter, input);
}

static uint32_t set_lookahead(struct netvsp *netvsp,
			      const struct rndis_bytes *input)
{
	return set_number(&netvsp->rndis.lookahead, input);
}

static uint32_t set_multicast(struct netvsp *netvsp,
			      const struct rndis_bytes *input)
{
	struct rndis *const rndis = &netvsp->rndis;

	if (input->size % NETWORK_MAC_SIZE ||
	    input->size > sizeof(rndis->multicast))
		return RNDIS_STATUS_INVALID_DATA;
	memcpy(rndis->multicast, input->bytes, input->size);
	rndis->multicast_count = input->size / NETWORK_MAC_SIZE;
	return RNDIS_STATUS_SUCCESS;
}

/* There is but one encapsulation, which offloads work with from the start. */
static uint32_t set_encapsulation(struct netvsp *netvsp,
				  const struct rndis_bytes *input)
{
	(void)netvsp;
	return input->size < sizeof(struct ndis_object_header)
		       ? RNDIS_STATUS_INVALID_DATA
		       : RNDIS_STATUS_SUCCESS;
}

/* One UTF-16 hexadecimal digit; -1: none. */
static int digit(const uint8_t *text)
{
	if (text[1])
		return -1;
	if (text[0] >= '0' && text[0] <= '9')
		return text[0] - '0';
	if ((text[0] | 0x20) >= 'a' && (text[0] | 0x20) <= 'f')
		return (text[0] | 0x20) - 'a' + 10;
	return -1;
}

static bool mac_parse(const uint8_t *text, uint8_t *mac)
{
	for (unsigned int i = 0; i < NETWORK_MAC_SIZE; i++) {
		const int high = digit(text + i * 4);
		const int low = digit(text + i * 4 + 2);

		if (high < 0 || low < 0)
			return false;
		mac[i] = (uint8_t)(high << 4 | low);
	}
	return !(mac[0] & 1);
}

/* The one parameter that a driver may set is the address. */
static uint32_t set_parameter(struct netvsp *netvsp,
			      const struct rndis_bytes *input)
{
	static const char name[] = "NetworkAddress";
	const uint32_t name_size = 2 * (sizeof(name) - 1);
	const uint32_t value_size = 2 * 2 * NETWORK_MAC_SIZE;
	struct rndis_configuration_parameter parameter;
	uint8_t mac[NETWORK_MAC_SIZE];

	if (input->size < sizeof(parameter))
		return RNDIS_STATUS_INVALID_DATA;
	memcpy(&parameter, input->bytes, sizeof(parameter));
	if (parameter.name_offset > input->size ||
	    parameter.name_length > input->size - parameter.name_offset ||
	    parameter.value_offset > input->size ||
	    parameter.value_length > input->size - parameter.value_offset)
		return RNDIS_STATUS_INVALID_DATA;
	if (parameter.name_length < name_size ||
	    parameter.type != RNDIS_PARAMETER_STRING ||
	    parameter.value_length < value_size)
		return RNDIS_STATUS_NOT_SUPPORTED;
	for (uint32_t i = 0; i < name_size; i += 2) {
		const uint8_t *const at =
			input->bytes + parameter.name_offset + i;

		if (at[0] != (uint8_t)name[i / 2] || at[1])
			return RNDIS_STATUS_NOT_SUPPORTED;
	}
	if (!mac_parse(input->bytes + parameter.value_offset, mac))
		return RNDIS_STATUS_INVALID_DATA;
	memcpy(netvsp->mac, mac, sizeof(mac));
	return RNDIS_STATUS_SUCCESS;
}

/* ---- The table ---- */

struct oid {
	uint32_t oid;
	uint32_t (*number)(const struct netvsp *netvsp); /* query, either way */
	void (*query)(const struct netvsp *netvsp,
		      const struct rndis_bytes *input,
		      struct rndis_reply *answer);
	uint32_t (*set)(struct netvsp *netvsp, const struct rndis_bytes *input);
};

static void query_list(const struct netvsp *netvsp,
		       const struct rndis_bytes *input,
		       struct rndis_reply *answer);

static const struct oid oids[] = {
	{RNDIS_OID_SUPPORTED_LIST, .query = query_list},
	{RNDIS_OID_HARDWARE_STATUS, .number = number_zero},
	{RNDIS_OID_MEDIA_SUPPORTED, .number = number_zero},
	{RNDIS_OID_MEDIA_IN_USE, .number = number_zero},
	{RNDIS_OID_MAXIMUM_LOOKAHEAD, .number = number_mtu},
	{RNDIS_OID_MAXIMUM_FRAME_SIZE, .number = number_mtu},
	{RNDIS_OID_LINK_SPEED, .number = number_speed},
	{RNDIS_OID_TRANSMIT_BUFFER_SPACE, .number = number_transmit_space},
	{RNDIS_OID_RECEIVE_BUFFER_SPACE, .number = number_receive_space},
	{RNDIS_OID_TRANSMIT_BLOCK_SIZE, .number = number_frame},
	{RNDIS_OID_RECEIVE_BLOCK_SIZE, .number = number_frame},
	{RNDIS_OID_VENDOR_ID, .number = number_vendor},
	{RNDIS_OID_VENDOR_DESCRIPTION, .query = query_vendor},
	{RNDIS_OID_CURRENT_PACKET_FILTER, .number = number_filter,
	 .set = set_filter},
	{RNDIS_OID_CURRENT_LOOKAHEAD, .number = number_lookahead,
	 .set = set_lookahead},
	{RNDIS_OID_DRIVER_VERSION, .query = query_driver_version},
	{RNDIS_OID_MAXIMUM_TOTAL_SIZE, .number = number_frame},
	{RNDIS_OID_MAC_OPTIONS, .number = number_mac_options},
	{RNDIS_OID_MEDIA_CONNECT_STATUS, .number = number_medium},
	{RNDIS_OID_MAXIMUM_SEND_PACKETS, .number = number_one},
	{RNDIS_OID_VENDOR_DRIVER_VERSION, .number = number_one},
	{RNDIS_OID_TRANSMIT_OK, .number = number_transmit_ok},
	{RNDIS_OID_RECEIVE_OK, .number = number_receive_ok},
	{RNDIS_OID_TRANSMIT_ERROR, .number = number_transmit_error},
	{RNDIS_OID_RECEIVE_ERROR, .number = number_receive_error},
	{RNDIS_OID_RECEIVE_NO_BUFFER, .number = number_no_buffer},
	{RNDIS_OID_STATISTICS, .query = query_statistics},
	{RNDIS_OID_CONFIG_PARAMETER, .set = set_parameter},
	{RNDIS_OID_PERMANENT_ADDRESS, .query = query_permanent},
	{RNDIS_OID_CURRENT_ADDRESS, .query = query_current},
	{RNDIS_OID_MULTICAST_LIST, .query = query_multicast,
	 .set = set_multicast},
	{RNDIS_OID_MAXIMUM_LIST_SIZE, .number = number_multicast_max},
	{RNDIS_OID_OFFLOAD_ENCAPSULATION, .set = set_encapsulation},
	{RNDIS_OID_OFFLOAD_CONFIGURATION, .query = query_offload},
	{RNDIS_OID_OFFLOAD_CAPABILITIES, .query = query_offload},
	{RNDIS_OID_OFFLOAD_PARAMETERS, .set = set_offload},
};

#define OID_COUNT (sizeof(oids) / sizeof(oids[0]))
_Static_assert(OID_COUNT * sizeof(uint32_t) <= RNDIS_ANSWER_MAX,
	       "the list of all of them is an answer");

static void query_list(const struct netvsp *netvsp,
		       const struct rndis_bytes *input,
		       struct rndis_reply *answer)
{
	uint32_t list[OID_COUNT];

	(void)netvsp;
	(void)input;
	for (size_t i = 0; i < OID_COUNT; i++)
		list[i] = oids[i].oid;
	answer_set(answer, list, sizeof(list));
}

static const struct oid *oid_find(uint32_t number)
{
	for (size_t i = 0; i < OID_COUNT; i++)
		if (oids[i].oid == number)
			return &oids[i];
	return NULL;
}

uint32_t rndis_oid_query(const struct netvsp *netvsp, uint32_t number,
			 const struct rndis_bytes *input,
			 struct rndis_reply *answer)
{
	const struct oid *const oid = oid_find(number);

	if (oid && oid->number)
		answer_number(answer, oid->number(netvsp));
	else if (oid && oid->query)
		oid->query(netvsp, input, answer);
	else
		return RNDIS_STATUS_NOT_SUPPORTED;
	return RNDIS_STATUS_SUCCESS;
}

uint32_t rndis_oid_set(struct netvsp *netvsp, uint32_t number,
		       const struct rndis_bytes *input)
{
	const struct oid *const oid = oid_find(number);

	return oid && oid->set ? oid->set(netvsp, input)
			       : RNDIS_STATUS_NOT_SUPPORTED;
}
