/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The SCSI controller: setting it up, packets, requests and their data. */
#include "storage.h"

#define SECTOR	     512u
#define LETTER	     'S'
#define READ_10	     0x28
#define PAGE_NOBODYS 0x80000ull
#define BUS_WIDE     10u

static struct vmbus_channel *const channel = &channels[DEVICE_STORAGE];
static uint8_t data[HV_PAGE_SIZE] __attribute__((aligned(HV_PAGE_SIZE)));
static uint64_t transactions;

/* ---- Requests ---- */

struct storage_request storage_operation(uint32_t operation)
{
	return (struct storage_request){
		.packet = {.operation = operation,
			   .flags = STORVSP_FLAG_REQUEST_COMPLETION},
		.packet_size = sizeof(struct storvsp_packet),
		.type = VMBUS_PACKET_IN_BAND,
	};
}

struct storage_request storage_read(void)
{
	struct storage_request request = storage_operation(STORVSP_EXECUTE_SRB);

	request.type = VMBUS_PACKET_GPA_DIRECT;
	request.packet.srb = (struct storvsp_srb){
		.length = STORVSP_SRB_SIZE,
		.cdb_length = 10,
		.sense_length = STORVSP_SENSE_SIZE,
		.direction = STORVSP_DATA_IN,
		.transfer_length = SECTOR,
		.cdb = {[0] = READ_10, [8] = 1},
	};
	request.pages.range_count = 1;
	request.pages.byte_count = SECTOR;
	request.pages.page = (uint64_t)data / HV_PAGE_SIZE;
	return request;
}

void storage_put(const struct storage_request *request, uint64_t transaction)
{
	const bool direct = request->type == VMBUS_PACKET_GPA_DIRECT;
	const struct vmbus_packet packet = {
		.type = request->type,
		.flags = VMBUS_PACKET_FLAG_COMPLETION_REQUESTED,
		.transaction_id = transaction,
		.header = &request->pages,
		.header_size = direct ? sizeof(request->pages) : 0,
		.payload = &request->packet,
		.payload_size = request->packet_size,
	};

	vmbus_channel_put(channel, &packet);
}

bool storage_answer(uint64_t transaction, struct storvsp_packet *answer)
{
	struct {
		struct vmbus_packet_descriptor descriptor;
		struct storvsp_packet packet;
	} received;

	do {
		if (!vmbus_channel_receive(channel, &received,
					   sizeof(received)))
			return false;
	} while (received.descriptor.type != VMBUS_PACKET_COMPLETION ||
		 received.descriptor.transaction_id != transaction);
	*answer = received.packet;
	return true;
}

bool storage_ask(const struct storage_request *request,
		 struct storvsp_packet *answer)
{
	storage_put(request, ++transactions);
	return vmbus_channel_signal(channel) &&
	       storage_answer(transactions, answer);
}

static bool operation_done(uint32_t operation)
{
	struct storage_request request = storage_operation(operation);
	struct storvsp_packet answer;

	if (operation == STORVSP_QUERY_PROTOCOL_VERSION)
		request.packet.protocol_version.version = STORVSP_VERSION_WIN10;
	return storage_ask(&request, &answer) && !answer.status;
}

bool storage_set_up(void)
{
	return operation_done(STORVSP_BEGIN_INITIALIZATION) &&
	       operation_done(STORVSP_QUERY_PROTOCOL_VERSION) &&
	       operation_done(STORVSP_QUERY_PROPERTIES) &&
	       operation_done(STORVSP_END_INITIALIZATION);
}

static bool is_good(const struct storvsp_packet *answer)
{
	return !answer->status &&
	       answer->srb.srb_status == SRB_STATUS_SUCCESS &&
	       !answer->srb.scsi_status;
}

bool storage_works(void)
{
	const struct storage_request request = storage_read();
	struct storvsp_packet answer;
	size_t i;

	if (!channel->is_open) {
		channel->gpadl = list_new();
		if (!vmbus_channel_open(channel) || !storage_set_up())
			return false;
	}
	for (i = 0; i < SECTOR; i++)
		data[i] = 0;
	if (!storage_ask(&request, &answer) || !is_good(&answer))
		return false;
	for (i = 0; i < SECTOR; i++)
		if (data[i] != LETTER)
			return false;
	return true;
}

/* ---- Setting up ---- */

/* An answer that is an error of the controller's. */
static bool controller_refuses(const struct storage_request *request)
{
	struct storvsp_packet answer;

	return storage_ask(request, &answer) && answer.status;
}

static bool read_before_begin(void)
{
	const struct storage_request request = storage_read();

	return controller_refuses(&request);
}

static bool operation_refused(uint32_t operation)
{
	const struct storage_request request = storage_operation(operation);

	return controller_refuses(&request);
}

static bool properties_before_version(void)
{
	return operation_done(STORVSP_BEGIN_INITIALIZATION) &&
	       operation_refused(STORVSP_QUERY_PROPERTIES);
}

static bool end_before_version(void)
{
	return operation_done(STORVSP_BEGIN_INITIALIZATION) &&
	       operation_refused(STORVSP_END_INITIALIZATION);
}

static bool version_unknown(void)
{
	struct storage_request request =
		storage_operation(STORVSP_QUERY_PROTOCOL_VERSION);

	request.packet.protocol_version.version = 0x0909;
	return controller_refuses(&request);
}

static bool read_after_begin(void)
{
	const struct storage_request request = storage_read();

	return operation_done(STORVSP_BEGIN_INITIALIZATION) &&
	       controller_refuses(&request) && storage_set_up();
}

static bool channels_too_many(void)
{
	struct storage_request request =
		storage_operation(STORVSP_CREATE_SUB_CHANNELS);

	request.packet.sub_channel_count = 0xffff;
	return controller_refuses(&request);
}

/* ---- Packets ---- */

static bool operation_unknown(void)
{
	return operation_refused(77);
}

static bool operation_of_host(void)
{
	return operation_refused(STORVSP_COMPLETE_IO) &&
	       operation_refused(STORVSP_REMOVE_DEVICE);
}

static bool packet_short(void)
{
	struct storage_request request = storage_read();

	request.packet_size = 16;
	storage_put(&request, ++transactions);
	vmbus_channel_signal(channel);
	return false;
}

static bool packet_type(uint16_t type)
{
	struct storage_request request =
		storage_operation(STORVSP_BEGIN_INITIALIZATION);

	request.type = type;
	storage_put(&request, ++transactions);
	vmbus_channel_signal(channel);
	return false;
}

static bool packet_type_unknown(void)
{
	return packet_type(0x55);
}

static bool packet_cancel(void)
{
	return packet_type(VMBUS_PACKET_CANCEL);
}

/* The host sends nothing that wants an answer: it has no use for one. */
static bool completion_of_nothing(void)
{
	return packet_type(VMBUS_PACKET_COMPLETION);
}

/* Two requests of one transaction: each is answered. */
static bool transaction_twice(void)
{
	const struct storage_request request = storage_read();
	struct storvsp_packet answer;

	storage_put(&request, 7);
	storage_put(&request, 7);
	vmbus_channel_signal(channel);
	return !storage_answer(7, &answer) || !storage_answer(7, &answer);
}

/* ---- SCSI requests ---- */

/* An answer that is no success, by whichever of its statuses. */
static bool request_fails(const struct storage_request *request)
{
	struct storvsp_packet answer;

	return storage_ask(request, &answer) && !is_good(&answer);
}

static bool lun_unknown(void)
{
	struct storage_request request = storage_read();

	request.packet.srb.lun = 63;
	return request_fails(&request);
}

static bool lun_outside(void)
{
	struct storage_request request = storage_read();

	request.packet.srb.lun = 255;
	return request_fails(&request);
}

static bool target_unknown(void)
{
	struct storage_request request = storage_read();

	request.packet.srb.target = 9;
	return request_fails(&request);
}

static bool command_empty(void)
{
	struct storage_request request = storage_read();

	request.packet.srb.cdb_length = 0;
	return request_fails(&request);
}

static bool command_long(void)
{
	struct storage_request request = storage_read();

	request.packet.srb.cdb_length = 255;
	return request_fails(&request);
}

static bool command_unknown(void)
{
	struct storage_request request = storage_read();

	request.packet.srb.cdb[0] = 0xee;
	return request_fails(&request);
}

static bool sector_outside(void)
{
	struct storage_request request = storage_read();

	request.packet.srb.cdb[2] = 0xff;
	return request_fails(&request);
}

static bool data_outside(void)
{
	struct storage_request request = storage_read();

	request.pages.page = PAGE_NOBODYS;
	return request_fails(&request);
}

static bool data_page_huge(void)
{
	struct storage_request request = storage_read();

	request.pages.page = ~0ull;
	return request_fails(&request);
}

static bool data_offset_outside(void)
{
	struct storage_request request = storage_read();

	request.pages.byte_offset = HV_PAGE_SIZE;
	return request_fails(&request);
}

static bool data_without_pages(void)
{
	struct storage_request request = storage_read();

	request.type = VMBUS_PACKET_IN_BAND;
	return request_fails(&request);
}

static bool data_less_than_said(void)
{
	struct storage_request request = storage_read();

	request.pages.byte_count = SECTOR / 2;
	return request_fails(&request);
}

static bool data_huge(void)
{
	struct storage_request request = storage_read();

	request.packet.srb.transfer_length = 0xffffffff;
	request.pages.byte_count = 0xffffffff;
	return request_fails(&request);
}

static bool ranges_many(void)
{
	struct storage_request request = storage_read();

	request.pages.range_count = 1000;
	return request_fails(&request);
}

static bool range_longer_than_pages(void)
{
	struct storage_request request = storage_read();

	request.packet.srb.transfer_length = 2 * HV_PAGE_SIZE;
	request.pages.byte_count = 2 * HV_PAGE_SIZE;
	return request_fails(&request);
}

static bool data_less_than_command(void)
{
	struct storage_request request = storage_read();

	request.packet.srb.cdb[8] = 8;
	return request_fails(&request);
}

/* ---- Closing ---- */

static void requests_put(unsigned int count)
{
	const struct storage_request request = storage_read();

	while (count--)
		storage_put(&request, ++transactions);
	vmbus_channel_signal(channel);
}

static bool reopen(void)
{
	channel->gpadl = list_new();
	return vmbus_channel_open(channel) && storage_set_up();
}

static bool closed_in_flight(void)
{
	requests_put(BUS_WIDE);
	return !vmbus_channel_close(channel) || !reopen();
}

static bool rings_gone_in_flight(void)
{
	const struct vmbus_gpadl_teardown teardown = {
		.header.type = VMBUS_MSG_GPADL_TEARDOWN,
		.relid = channel->offer.relid,
		.gpadl = channel->gpadl,
	};
	const struct vmbus_close_channel close = {
		.header.type = VMBUS_MSG_CLOSE_CHANNEL,
		.relid = channel->offer.relid,
	};
	struct vmbus_gpadl_torndown torndown;

	requests_put(BUS_WIDE);
	if (bus_say(&teardown, sizeof(teardown)))
		return true;
	vmbus_post(&close, sizeof(close));
	channel->is_open = false;
	return !vmbus_expect(VMBUS_MSG_GPADL_TORNDOWN, &torndown,
			     sizeof(torndown)) ||
	       !reopen();
}

static bool reset_in_flight(void)
{
	const struct storage_request reset =
		storage_operation(STORVSP_RESET_ADAPTER);
	struct storvsp_packet answer;

	requests_put(BUS_WIDE);
	return !storage_ask(&reset, &answer) || answer.status;
}

static const struct deed deeds[] = {
	{"read-before-begin", REFUSED, read_before_begin, true},
	{"properties-before-version", REFUSED, properties_before_version, true},
	{"end-before-version", REFUSED, end_before_version, true},
	{"version-unknown", REFUSED, version_unknown, true},
	{"read-after-begin", REFUSED, read_after_begin, false},
	{"channels-too-many", REFUSED, channels_too_many, false},
	{"operation-unknown", REFUSED, operation_unknown, false},
	{"operation-of-the-host", REFUSED, operation_of_host, false},
	{"packet-cut-short", CLOSED, packet_short, false},
	{"packet-type-unknown", CLOSED, packet_type_unknown, false},
	{"packet-cancel", CLOSED, packet_cancel, false},
	{"completion-of-nothing", IGNORED, completion_of_nothing, false},
	{"transaction-twice", IGNORED, transaction_twice, false},
	{"unit-unknown", REFUSED, lun_unknown, false},
	{"unit-outside", REFUSED, lun_outside, false},
	{"target-unknown", REFUSED, target_unknown, false},
	{"command-empty", REFUSED, command_empty, false},
	{"command-too-long", REFUSED, command_long, false},
	{"command-unknown", REFUSED, command_unknown, false},
	{"sector-outside", REFUSED, sector_outside, false},
	{"data-outside", REFUSED, data_outside, false},
	{"data-page-huge", REFUSED, data_page_huge, false},
	{"data-offset-outside", REFUSED, data_offset_outside, false},
	{"data-without-pages", REFUSED, data_without_pages, false},
	{"data-less-than-said", REFUSED, data_less_than_said, false},
	{"data-huge", REFUSED, data_huge, false},
	{"data-ranges-many", REFUSED, ranges_many, false},
	{"data-longer-than-pages", REFUSED, range_longer_than_pages, false},
	{"data-less-than-command", REFUSED, data_less_than_command, false},
	{"closed-in-flight", IGNORED, closed_in_flight, false},
	{"rings-gone-in-flight", IGNORED, rings_gone_in_flight, false},
	{"reset-in-flight", IGNORED, reset_in_flight, false},
};

const struct protocol storage_protocol = {
	.name = "storage",
	.channel = &channels[DEVICE_STORAGE],
	.set_up = storage_set_up,
	.works = storage_works,
	.others_work = keyboard_works,
	DEEDS,
};
