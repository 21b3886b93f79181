/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RNDIS: control messages and frames, in a section or in pages. */
#include "network.h"

#define PAGE_NOBODYS   0x80000ull
#define SECTIONS       (sizeof(network_send_buffer) / NETWORK_SECTION)
#define OID_UNKNOWN    0x12345678u
#define FRAME_SIZE     60u
#define MESSAGES_MANY  70u
#define MESSAGES_LIMIT (NETWORK_SECTION / sizeof(struct rndis_keepalive))

_Static_assert(MESSAGES_MANY < MESSAGES_LIMIT, "they fit into a section");

static void *const buffer = network_send_buffer;

static bool is_refused(uint32_t status)
{
	return status == NVSP_STATUS_FAILURE;
}

/* A keepalive: header only, with another length than it has. */
static bool length_refused(uint32_t length, uint32_t size)
{
	struct rndis_keepalive *const message = buffer;

	*message = (struct rndis_keepalive){.header = {RNDIS_KEEPALIVE, length},
					    .request_id = 1};
	return is_refused(network_send(size));
}

static bool length_none(void)
{
	return length_refused(0, sizeof(struct rndis_keepalive));
}

static bool length_of_half_header(void)
{
	return length_refused(4, sizeof(struct rndis_keepalive));
}

static bool length_cut_short(void)
{
	return length_refused(sizeof(struct rndis_header),
			      sizeof(struct rndis_header));
}

static bool length_beyond(void)
{
	return length_refused(64, sizeof(struct rndis_keepalive));
}

static bool length_huge(void)
{
	return length_refused(0xffffffff, sizeof(struct rndis_keepalive));
}

static bool send_nothing(void)
{
	return length_refused(sizeof(struct rndis_keepalive), 0);
}

static bool section_outside(void)
{
	return is_refused(network_send_as(SECTIONS, 64));
}

static bool section_huge(void)
{
	return is_refused(network_send_as(0xfffffffe, 64));
}

static bool section_too_large(void)
{
	return is_refused(network_send_as(0, NETWORK_SECTION + 1));
}

static bool section_size_huge(void)
{
	return is_refused(network_send_as(0, 0xffffffff));
}

static bool page_outside(void)
{
	return is_refused(network_send_page(PAGE_NOBODYS, 64));
}

static bool page_size_huge(void)
{
	return is_refused(
		network_send_page((uint64_t)buffer / HV_PAGE_SIZE, 0xffffffff));
}

static bool control_too_long(void)
{
	struct rndis_request *const request = buffer;

	*request = (struct rndis_request){.header = {RNDIS_SET, 4096}};
	return is_refused(network_send(4096));
}

static bool messages_many(void)
{
	struct rndis_header *const message = buffer;
	uint32_t i;

	for (i = 0; i < MESSAGES_MANY; i++)
		message[i] = (struct rndis_header){RNDIS_HALT + 100,
						   sizeof(*message)};
	return is_refused(network_send(MESSAGES_MANY * sizeof(*message)));
}

static bool type_refused(uint32_t type)
{
	struct rndis_keepalive *const message = buffer;

	*message = (struct rndis_keepalive){.header = {type, sizeof(*message)}};
	return is_refused(network_send(sizeof(*message)));
}

static bool type_unknown(void)
{
	return type_refused(0x99);
}

static bool type_of_host(void)
{
	return type_refused(RNDIS_KEEPALIVE_COMPLETE);
}

/* ---- Queries and settings ---- */

/* Whether the adapter answers with an error. */
static bool request_refused(const struct rndis_request *wrong)
{
	struct rndis_set_complete answer;

	*(struct rndis_request *)buffer = *wrong;
	((struct rndis_request *)buffer)->request_id = 55;
	return network_send(wrong->header.length) == NVSP_STATUS_SUCCESS &&
	       network_receive(&answer, sizeof(answer)) &&
	       answer.header.type == (wrong->header.type | RNDIS_COMPLETION) &&
	       answer.request_id == 55 && answer.status != RNDIS_STATUS_SUCCESS;
}

static bool query_unknown(void)
{
	return request_refused(&(struct rndis_request){
		.header = {RNDIS_QUERY, sizeof(struct rndis_request)},
		.oid = OID_UNKNOWN,
	});
}

static bool set_unknown(void)
{
	return request_refused(&(struct rndis_request){
		.header = {RNDIS_SET, sizeof(struct rndis_request) + 4},
		.oid = OID_UNKNOWN,
		.buffer_length = 4,
		.buffer_offset = sizeof(struct rndis_request) -
				 sizeof(struct rndis_header),
	});
}

static bool set_empty(void)
{
	return request_refused(&(struct rndis_request){
		.header = {RNDIS_SET, sizeof(struct rndis_request)},
		.oid = RNDIS_OID_CURRENT_PACKET_FILTER,
	});
}

static bool query_offset_outside(void)
{
	return request_refused(&(struct rndis_request){
		.header = {RNDIS_QUERY, sizeof(struct rndis_request)},
		.oid = RNDIS_OID_CURRENT_PACKET_FILTER,
		.buffer_length = 4,
		.buffer_offset = 0xfffffff0,
	});
}

static bool query_length_huge(void)
{
	return request_refused(&(struct rndis_request){
		.header = {RNDIS_QUERY, sizeof(struct rndis_request)},
		.oid = RNDIS_OID_CURRENT_PACKET_FILTER,
		.buffer_length = 0xfffffff0,
		.buffer_offset = 16,
	});
}

static bool initialize_twice(void)
{
	struct rndis_initialize_complete answer;

	*(struct rndis_initialize *)buffer = (struct rndis_initialize){
		.header = {RNDIS_INITIALIZE, sizeof(struct rndis_initialize)},
		.major_version = 1,
	};
	return network_send(sizeof(struct rndis_initialize)) ==
		       NVSP_STATUS_SUCCESS &&
	       network_receive(&answer, sizeof(answer)) &&
	       answer.status != RNDIS_STATUS_SUCCESS;
}

/* ---- Frames ---- */

/* A frame of a protocol that nobody has, right until it is changed. */
static struct rndis_packet *frame_make(void)
{
	struct rndis_packet *const packet = buffer;
	uint8_t *const frame = (uint8_t *)(packet + 1);
	size_t i;

	*packet = (struct rndis_packet){
		.header = {RNDIS_PACKET, sizeof(*packet) + FRAME_SIZE},
		.data_offset = sizeof(*packet) - sizeof(packet->header),
		.data_length = FRAME_SIZE,
	};
	for (i = 0; i < FRAME_SIZE; i++)
		frame[i] = i < 6 ? 0xff : 0x88;
	return packet;
}

static bool frame_refused(const struct rndis_packet *packet)
{
	return is_refused(network_send(packet->header.length));
}

static bool frame_offset_outside(void)
{
	struct rndis_packet *const packet = frame_make();

	packet->data_offset = 0xfffffff0;
	return frame_refused(packet);
}

static bool frame_length_beyond(void)
{
	struct rndis_packet *const packet = frame_make();

	packet->data_length = FRAME_SIZE + 1;
	return frame_refused(packet);
}

static bool frame_length_huge(void)
{
	struct rndis_packet *const packet = frame_make();

	packet->data_length = 0xffffffff;
	return frame_refused(packet);
}

static bool frame_empty(void)
{
	struct rndis_packet *const packet = frame_make();

	packet->data_length = 0;
	return frame_refused(packet);
}

static bool frame_too_long(void)
{
	struct rndis_packet *const packet = frame_make();

	packet->data_length = 5000;
	packet->header.length = sizeof(*packet) + 5000;
	return frame_refused(packet);
}

static bool information_outside(void)
{
	struct rndis_packet *const packet = frame_make();

	packet->per_packet_info_offset = 0xfffffff0;
	packet->per_packet_info_length = 16;
	return frame_refused(packet);
}

static bool information_too_long(void)
{
	struct rndis_packet *const packet = frame_make();

	packet->per_packet_info_offset = packet->data_offset;
	packet->per_packet_info_length = 0xffffffff;
	return frame_refused(packet);
}

/* What is said of the frame lies before it: one piece of 16 bytes. */
static bool information_refused(const struct rndis_per_packet_info *about,
				uint32_t word)
{
	struct rndis_packet *const packet = frame_make();
	struct {
		struct rndis_per_packet_info about;
		uint32_t word;
	} *const said = (void *)(packet + 1);

	said->about = *about;
	said->word = word;
	packet->per_packet_info_offset = packet->data_offset;
	packet->per_packet_info_length = sizeof(*said);
	return frame_refused(packet);
}

static bool information_size_none(void)
{
	return information_refused(
		&(struct rndis_per_packet_info){0, RNDIS_PPI_VLAN, 12}, 0);
}

static bool information_size_beyond(void)
{
	return information_refused(
		&(struct rndis_per_packet_info){400, RNDIS_PPI_VLAN, 12}, 0);
}

static bool information_offset_beyond(void)
{
	return information_refused(
		&(struct rndis_per_packet_info){16, RNDIS_PPI_VLAN, 400}, 0);
}

static bool segments_of_nothing(void)
{
	return information_refused(
		&(struct rndis_per_packet_info){16, RNDIS_PPI_LSO, 12},
		RNDIS_LSO_VERSION_2);
}

static bool checksum_of_nothing(void)
{
	return information_refused(
		&(struct rndis_per_packet_info){16, RNDIS_PPI_CHECKSUM, 12},
		RNDIS_TX_CHECKSUM_IPV4 | RNDIS_TX_CHECKSUM_TCP);
}

/* Nobody has begun: no frame goes out until somebody does. */
static bool frame_after_halt(void)
{
	*(struct rndis_halt *)buffer = (struct rndis_halt){
		.header = {RNDIS_HALT, sizeof(struct rndis_halt)}};
	return network_send(sizeof(struct rndis_halt)) == NVSP_STATUS_SUCCESS &&
	       frame_refused(frame_make());
}

static const struct deed deeds[] = {
	{"length-none", REFUSED, length_none, false},
	{"length-of-half-header", REFUSED, length_of_half_header, false},
	{"length-cut-short", REFUSED, length_cut_short, false},
	{"length-beyond", REFUSED, length_beyond, false},
	{"length-huge", REFUSED, length_huge, false},
	{"send-nothing", REFUSED, send_nothing, false},
	{"section-outside", REFUSED, section_outside, false},
	{"section-huge", REFUSED, section_huge, false},
	{"section-too-large", REFUSED, section_too_large, false},
	{"section-size-huge", REFUSED, section_size_huge, false},
	{"page-outside", REFUSED, page_outside, false},
	{"page-size-huge", REFUSED, page_size_huge, false},
	{"control-too-long", REFUSED, control_too_long, false},
	{"messages-many", REFUSED, messages_many, false},
	{"type-unknown", REFUSED, type_unknown, false},
	{"type-of-the-host", REFUSED, type_of_host, false},
	{"query-unknown", REFUSED, query_unknown, false},
	{"set-unknown", REFUSED, set_unknown, false},
	{"set-empty", REFUSED, set_empty, false},
	{"query-offset-outside", REFUSED, query_offset_outside, false},
	{"query-length-huge", REFUSED, query_length_huge, false},
	{"initialize-twice", REFUSED, initialize_twice, false},
	{"frame-offset-outside", REFUSED, frame_offset_outside, false},
	{"frame-length-beyond", REFUSED, frame_length_beyond, false},
	{"frame-length-huge", REFUSED, frame_length_huge, false},
	{"frame-empty", REFUSED, frame_empty, false},
	{"frame-too-long", REFUSED, frame_too_long, false},
	{"information-outside", REFUSED, information_outside, false},
	{"information-too-long", REFUSED, information_too_long, false},
	{"information-size-none", REFUSED, information_size_none, false},
	{"information-size-beyond", REFUSED, information_size_beyond, false},
	{"information-offset-beyond", REFUSED, information_offset_beyond,
	 false},
	{"segments-of-nothing", REFUSED, segments_of_nothing, false},
	{"checksum-of-nothing", REFUSED, checksum_of_nothing, false},
	{"frame-after-halt", REFUSED, frame_after_halt, false},
};

const struct protocol rndis_protocol = {
	.name = "rndis",
	.channel = &channels[DEVICE_NETWORK],
	.set_up = network_set_up,
	.works = network_works,
	.closed = network_closed,
	.others_work = storage_works,
	DEEDS,
};
