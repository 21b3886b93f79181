// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Synthetic SCSI controller.
 *
 * A packet becomes a request out of its channel's fixed pool; no free one
 * means that packets wait on the ring. A finished request is answered by a
 * completion; no room for it means that it waits, in order, on the lane's
 * list. A request holds its channel until it is back in the pool.
 */
#include "storvsp.h"

#include <string.h>

#include "abi/vmbus/storage.h"

#define REQUEST_COUNT 256
#define TRANSFER_MAX  (1u << 20)
#define SPANS_MAX     (TRANSFER_MAX / HV_PAGE_SIZE + 1)

/* Hosts before protocol 5.1 had a shorter SRB, and its packet. */
#define PACKET_SIZE_MIN (sizeof(struct storvsp_packet) - 16)

#define SCSI_STATUS_GOOD 0x00
#define SCSI_INQUIRY	 0x12
#define SCSI_REPORT_LUNS 0xa0

struct storvsp_request {
	struct storvsp_request *next; /* in the pool or on the done list */
	struct storvsp_lane *lane;
	uint64_t transaction_id;
	bool completion_requested;
	size_t packet_size; /* the child's, which the answer has too */
	struct storvsp_packet packet;
	struct scsi_request scsi;
	struct span spans[SPANS_MAX];
};

/* One channel of the controller, with what is under way on it. */
struct storvsp_lane {
	struct storvsp *controller;
	struct vmbus_channel *channel;
	struct storvsp_request *requests; /* made when first opened */
	struct storvsp_request *free;
	struct storvsp_request *done; /* waiting for room on the ring */
	struct storvsp_request **done_end;
	unsigned int in_use;
	bool refused; /* a packet waits on the ring for a request to end */
};

struct storvsp {
	struct storvsp_options options;
	uint16_t version; /* protocol agreed on, 0 none */
	bool ready;	  /* initialization has ended */
	bool refused;	  /* one of the lanes has */
	uint64_t plugged; /* bit n: unit n holds requests back */
	unsigned int lane_count;
	struct storvsp_lane lanes[1 + STORVSP_SUB_CHANNELS_MAX];
};

/* ---- The life of a request ---- */

static struct storvsp_request *request_take(struct storvsp_lane *lane,
					    const struct vmbus_packet *packet)
{
	struct storvsp_request *const request = lane->free;
	const size_t size = packet->payload_size < sizeof(request->packet)
				    ? packet->payload_size
				    : sizeof(request->packet);

	lane->free = request->next;
	lane->in_use++;
	vmbus_channel_hold(lane->channel);
	request->next = NULL;
	request->transaction_id = packet->transaction_id;
	request->completion_requested = packet->completion_requested;
	request->packet_size = size;
	memset(&request->packet, 0, sizeof(request->packet));
	memcpy(&request->packet, packet->payload, size);
	return request;
}

static void resume_lanes(struct storvsp *storvsp)
{
	storvsp->refused = false;
	for (unsigned int i = 0; i < storvsp->lane_count; i++) {
		struct storvsp_lane *const lane = &storvsp->lanes[i];

		if (!lane->refused)
			continue;
		lane->refused = false;
		vmbus_channel_resume(lane->channel);
	}
}

static void request_free(struct storvsp_request *request)
{
	struct storvsp_lane *const lane = request->lane;

	request->next = lane->free;
	lane->free = request;
	lane->in_use--;
	vmbus_channel_release(lane->channel);
	if (lane->controller->refused)
		resume_lanes(lane->controller);
}

/* False: no room now; writable() follows. */
static bool request_answer(struct storvsp_request *request)
{
	return !request->completion_requested ||
	       vmbus_channel_complete(request->lane->channel,
				      request->transaction_id, &request->packet,
				      request->packet_size);
}

static void request_finish(struct storvsp_request *request)
{
	struct storvsp_lane *const lane = request->lane;

	if ((lane->done || !request_answer(request)) &&
	    vmbus_channel_is_open(lane->channel)) {
		request->next = NULL;
		*lane->done_end = request;
		lane->done_end = &request->next;
		return;
	}
	request_free(request);
}

static void lane_writable(struct vmbus_channel *channel)
{
	struct storvsp_lane *const lane = vmbus_channel_owner(channel);

	while (lane->done) {
		struct storvsp_request *const request = lane->done;

		if (!request_answer(request) &&
		    vmbus_channel_is_open(lane->channel))
			return;
		/* The answer may have broken the channel, emptying the list. */
		if (lane->done != request)
			return;
		lane->done = request->next;
		if (!lane->done)
			lane->done_end = &lane->done;
		request_free(request);
	}
}

static void request_status(struct storvsp_request *request, uint32_t status)
{
	request->packet.operation = STORVSP_COMPLETE_IO;
	request->packet.flags = 0;
	request->packet.status = status;
	request_finish(request);
}

/* ---- SCSI commands ---- */

static void srb_finish(struct storvsp_request *request, uint8_t srb_status)
{
	request->packet.srb.srb_status = srb_status;
	request_status(request, STORVSP_STATUS_SUCCESS);
}

static void srb_refuse(struct storvsp_request *request, uint8_t srb_status)
{
	request->packet.srb.transfer_length = 0;
	request->packet.srb.scsi_status = SCSI_STATUS_GOOD;
	srb_finish(request, srb_status);
}

static void srb_done(struct scsi_request *scsi)
{
	struct storvsp_request *const request = scsi->owner;
	struct storvsp_srb *const srb = &request->packet.srb;

	srb->scsi_status = scsi->status;
	srb->transfer_length = (uint32_t)scsi->transferred;
	if (scsi->status == SCSI_STATUS_GOOD) {
		srb_finish(request, SRB_STATUS_SUCCESS);
		return;
	}
	memset(srb->sense, 0, sizeof(srb->sense));
	memcpy(srb->sense, scsi->sense, scsi->sense_length);
	srb->sense_length = scsi->sense_length;
	srb_finish(request,
		   scsi->sense_length
			   ? SRB_STATUS_ERROR | SRB_STATUS_AUTOSENSE_VALID
			   : SRB_STATUS_ERROR);
}

static struct scsi_device *srb_unit(const struct storvsp *storvsp,
				    const struct storvsp_srb *srb)
{
	if (srb->path || srb->target || srb->lun >= STORVSP_LUNS_MAX)
		return NULL;
	return storvsp->options.luns[srb->lun];
}

/*
 * SPC-4 6.33; the one command that is about all units. Other paths and
 * targets have none: an error there would make Linux take away the unit of
 * the same number on path 0.
 */
static void srb_report_luns(const struct storvsp *storvsp,
			    const struct storvsp_srb *srb,
			    struct scsi_request *scsi)
{
	const bool ours = !srb->path && !srb->target;
	uint8_t list[8 + 8 * STORVSP_LUNS_MAX] = {0};
	const uint8_t *const cdb = scsi->cdb;
	const uint32_t allocation = (uint32_t)cdb[6] << 24 |
				    (uint32_t)cdb[7] << 16 |
				    (uint32_t)cdb[8] << 8 | cdb[9];
	uint32_t size = 8;

	/* Select report 1 asks for well-known units: there are none. */
	for (uint8_t lun = 0; lun < STORVSP_LUNS_MAX && cdb[2] != 1; lun++) {
		if (!ours || !storvsp->options.luns[lun])
			continue;
		list[size + 1] = lun;
		size += 8;
	}
	list[2] = (uint8_t)((size - 8) >> 8);
	list[3] = (uint8_t)(size - 8);
	scsi->status = SCSI_STATUS_GOOD;
	scsi->sense_length = 0;
	scsi->transferred = spans_write(scsi->spans, scsi->span_count, 0, list,
					size < allocation ? size : allocation);
	scsi->done(scsi);
}

/* Data that the command moves, as spans of the child; false: not valid. */
static bool srb_data(struct storvsp_request *request,
		     const struct vmbus_packet *packet)
{
	const uint32_t length = request->packet.srb.transfer_length;
	const struct memory *const memory =
		request->lane->controller->options.memory;
	struct vmbus_spans spans = {request->spans, SPANS_MAX, 0, 0};

	if (length > TRANSFER_MAX)
		return false;
	if (packet->type == VMBUS_PACKET_GPA_DIRECT &&
	    !vmbus_packet_spans(packet, memory, length, &spans))
		return false;
	request->scsi.spans = request->spans;
	request->scsi.span_count = spans.count;
	request->scsi.length = spans.bytes;
	return spans.bytes == length;
}

static void unit_plug(struct storvsp *storvsp, uint8_t lun)
{
	struct scsi_device *const unit = storvsp->options.luns[lun];

	if (!unit->plug || storvsp->plugged & 1ULL << lun)
		return;
	storvsp->plugged |= 1ULL << lun;
	unit->plug(unit, true);
}

/*
 * Where no unit is, INQUIRY says so in its data (SPC-4 6.4.2: qualifier 3,
 * type 1f): Linux takes every INQUIRY for a success, whatever the status.
 */
static void srb_no_unit(struct storvsp_request *request,
			const struct vmbus_packet *packet)
{
	static const uint8_t nothing[36] = {0x7f, 0, 6, 2, 31};
	struct storvsp_srb *const srb = &request->packet.srb;

	if (srb->cdb[0] != SCSI_INQUIRY || !srb_data(request, packet)) {
		srb_refuse(request, SRB_STATUS_INVALID_LUN);
		return;
	}
	srb->transfer_length = (uint32_t)spans_write(
		request->scsi.spans, request->scsi.span_count, 0, nothing,
		request->scsi.length < sizeof(nothing) ? request->scsi.length
						       : sizeof(nothing));
	srb->scsi_status = SCSI_STATUS_GOOD;
	srb_finish(request, SRB_STATUS_SUCCESS);
}

static void handle_execute(struct storvsp_request *request,
			   const struct vmbus_packet *packet)
{
	struct storvsp *const storvsp = request->lane->controller;
	struct storvsp_srb *const srb = &request->packet.srb;
	struct scsi_device *const unit = srb_unit(storvsp, srb);
	struct scsi_request *const scsi = &request->scsi;

	if (!unit && srb->cdb[0] != SCSI_REPORT_LUNS) {
		srb_no_unit(request, packet);
		return;
	}
	if (!srb->cdb_length || srb->cdb_length > SCSI_CDB_SIZE ||
	    !srb_data(request, packet)) {
		srb_refuse(request, SRB_STATUS_INVALID_REQUEST);
		return;
	}
	memset(scsi->cdb, 0, sizeof(scsi->cdb));
	memcpy(scsi->cdb, srb->cdb, srb->cdb_length);
	scsi->cdb_length = srb->cdb_length;
	scsi->done = srb_done;
	scsi->owner = request;
	if (scsi->cdb[0] == SCSI_REPORT_LUNS) {
		srb_report_luns(storvsp, srb, scsi);
		return;
	}
	unit_plug(storvsp, srb->lun);
	unit->execute(unit, scsi);
}

/* ---- Bringing the controller up ---- */

static void handle_begin(struct storvsp_request *request,
			 const struct vmbus_packet *packet)
{
	struct storvsp *const storvsp = request->lane->controller;

	(void)packet;
	storvsp->version = 0;
	storvsp->ready = false;
	request_status(request, STORVSP_STATUS_SUCCESS);
}

static void handle_version(struct storvsp_request *request,
			   const struct vmbus_packet *packet)
{
	static const uint16_t versions[] = {
		0x0200,
		0x0402,
		STORVSP_VERSION_WIN8,
		STORVSP_VERSION_WIN8_1,
		STORVSP_VERSION_WIN10,
	};
	struct storvsp *const storvsp = request->lane->controller;
	const uint16_t asked = request->packet.protocol_version.version;

	(void)packet;
	storvsp->version = 0;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
		if (versions[i] == asked)
			storvsp->version = asked;
	request_status(request, storvsp->version
					? STORVSP_STATUS_SUCCESS
					: STORVSP_STATUS_REVISION_MISMATCH);
}

static void handle_properties(struct storvsp_request *request,
			      const struct vmbus_packet *packet)
{
	const struct storvsp *const storvsp = request->lane->controller;
	const unsigned int further = storvsp->lane_count - 1;

	(void)packet;
	if (!storvsp->version) {
		request_status(request, STORVSP_STATUS_UNSUCCESSFUL);
		return;
	}
	memset(request->packet.bytes, 0, sizeof(request->packet.bytes));
	request->packet.properties = (struct storvsp_properties){
		.max_channels = (uint16_t)further,
		.flags = further ? STORVSP_PROPERTY_MULTI_CHANNEL : 0,
		.max_transfer_bytes = TRANSFER_MAX,
	};
	request_status(request, STORVSP_STATUS_SUCCESS);
}

static void handle_end(struct storvsp_request *request,
		       const struct vmbus_packet *packet)
{
	struct storvsp *const storvsp = request->lane->controller;

	(void)packet;
	storvsp->ready = storvsp->version != 0;
	request_status(request, storvsp->ready ? STORVSP_STATUS_SUCCESS
					       : STORVSP_STATUS_UNSUCCESSFUL);
}

static void handle_sub_channels(struct storvsp_request *request,
				const struct vmbus_packet *packet)
{
	struct storvsp *const storvsp = request->lane->controller;
	const unsigned int count = request->packet.sub_channel_count;

	(void)packet;
	if (!storvsp->version || count >= storvsp->lane_count) {
		request_status(request, STORVSP_STATUS_INVALID_PARAMETER);
		return;
	}
	request_status(request, STORVSP_STATUS_SUCCESS);
	for (unsigned int i = 1; i <= count; i++)
		vmbus_channel_offer(storvsp->lanes[i].channel);
}

/* Nothing is in flight when a reset is taken off the ring: it is done. */
static void handle_reset(struct storvsp_request *request,
			 const struct vmbus_packet *packet)
{
	(void)packet;
	request_status(request, STORVSP_STATUS_SUCCESS);
}

/* ---- Packets ---- */

struct operation {
	void (*handle)(struct storvsp_request *request,
		       const struct vmbus_packet *packet);
	bool when_ready; /* only after initialization */
	bool primary;	 /* only on the first channel */
	bool alone;	 /* waits until no other request is in flight */
};

static const struct operation operations[] = {
	[STORVSP_EXECUTE_SRB] = {handle_execute, true, false, false},
	[STORVSP_RESET_LUN] = {handle_reset, true, false, true},
	[STORVSP_RESET_ADAPTER] = {handle_reset, true, false, true},
	[STORVSP_RESET_BUS] = {handle_reset, true, false, true},
	[STORVSP_BEGIN_INITIALIZATION] = {handle_begin, false, true, true},
	[STORVSP_END_INITIALIZATION] = {handle_end, false, true, false},
	[STORVSP_QUERY_PROTOCOL_VERSION] = {handle_version, false, true, false},
	[STORVSP_QUERY_PROPERTIES] = {handle_properties, false, true, false},
	[STORVSP_CREATE_SUB_CHANNELS] = {handle_sub_channels, false, true,
					 false},
};

static const struct operation *operation_find(uint32_t number)
{
	if (number >= sizeof(operations) / sizeof(operations[0]) ||
	    !operations[number].handle)
		return NULL;
	return &operations[number];
}

static bool lane_packet(struct vmbus_channel *channel,
			const struct vmbus_packet *packet)
{
	struct storvsp_lane *const lane = vmbus_channel_owner(channel);
	struct storvsp *const storvsp = lane->controller;
	uint32_t number;

	/* Answers to what we sent unasked carry nothing. */
	if (packet->type == VMBUS_PACKET_COMPLETION)
		return true;
	if ((packet->type != VMBUS_PACKET_IN_BAND &&
	     packet->type != VMBUS_PACKET_GPA_DIRECT) ||
	    packet->payload_size < PACKET_SIZE_MIN) {
		vmbus_channel_break(channel, "not a storage packet");
		return true;
	}
	memcpy(&number, packet->payload, sizeof(number));

	const struct operation *const operation = operation_find(number);

	if (!lane->free ||
	    (operation && operation->alone && storvsp_in_flight(storvsp))) {
		lane->refused = true;
		storvsp->refused = true;
		return false;
	}

	struct storvsp_request *const request = request_take(lane, packet);

	if (!operation || (operation->when_ready && !storvsp->ready) ||
	    (operation->primary && lane != &storvsp->lanes[0]))
		request_status(request, STORVSP_STATUS_INVALID_PARAMETER);
	else
		operation->handle(request, packet);
	return true;
}

static void lane_drained(struct vmbus_channel *channel)
{
	const struct storvsp_lane *const lane = vmbus_channel_owner(channel);
	struct storvsp *const storvsp = lane->controller;
	uint64_t plugged = storvsp->plugged;

	storvsp->plugged = 0;
	for (unsigned int lun = 0; plugged; lun++, plugged >>= 1) {
		struct scsi_device *const unit = storvsp->options.luns[lun];

		if (plugged & 1)
			unit->plug(unit, false);
	}
}

/* ---- Channels ---- */

static void lane_make_requests(struct storvsp_lane *lane)
{
	lane->requests =
		device_allocate(REQUEST_COUNT * sizeof(*lane->requests));
	for (unsigned int i = 0; i < REQUEST_COUNT; i++) {
		lane->requests[i].lane = lane;
		lane->requests[i].next = lane->free;
		lane->free = &lane->requests[i];
	}
}

static bool lane_opened(struct vmbus_channel *channel)
{
	struct storvsp_lane *const lane = vmbus_channel_owner(channel);

	if (!lane->requests)
		lane_make_requests(lane);
	lane->refused = false;
	return true;
}

static void lane_closed(struct vmbus_channel *channel)
{
	struct storvsp_lane *const lane = vmbus_channel_owner(channel);
	struct storvsp *const storvsp = lane->controller;
	struct storvsp_request *request = lane->done;

	lane->refused = false;
	lane->done = NULL;
	lane->done_end = &lane->done;
	while (request) {
		struct storvsp_request *const next = request->next;

		request_free(request);
		request = next;
	}
	if (lane != &storvsp->lanes[0])
		return;
	/* The other channels belong to this one's life. */
	storvsp->version = 0;
	storvsp->ready = false;
	for (unsigned int i = 1; i < storvsp->lane_count; i++)
		vmbus_channel_rescind(storvsp->lanes[i].channel);
}

static const struct vmbus_device_operations lane_operations = {
	.opened = lane_opened,
	.closed = lane_closed,
	.packet = lane_packet,
	.drained = lane_drained,
	.writable = lane_writable,
};

static bool lane_create(struct storvsp *storvsp, unsigned int index)
{
	struct storvsp_lane *const lane = &storvsp->lanes[index];
	const struct vmbus_channel_options options = {
		.name = storvsp->options.name,
		.type = VMBUS_GUID_SCSI,
		.instance = storvsp->options.instance,
		.flags = VMBUS_OFFER_ENUMERATE_DEVICE_INTERFACE,
		.sub_index = (uint16_t)index,
		.deferred = index > 0,
		.operations = &lane_operations,
		.owner = lane,
	};

	lane->controller = storvsp;
	lane->done_end = &lane->done;
	lane->channel = vmbus_channel_create(storvsp->options.server, &options);
	return lane->channel != NULL;
}

struct storvsp *storvsp_create(const struct storvsp_options *options)
{
	struct storvsp *const storvsp = device_allocate(sizeof(*storvsp));
	unsigned int lanes = 1 + options->sub_channels;

	if (lanes > 1 + STORVSP_SUB_CHANNELS_MAX)
		lanes = 1 + STORVSP_SUB_CHANNELS_MAX;
	storvsp->options = *options;
	while (storvsp->lane_count < lanes) {
		if (!lane_create(storvsp, storvsp->lane_count)) {
			storvsp_destroy(storvsp);
			return NULL;
		}
		storvsp->lane_count++;
	}
	return storvsp;
}

void storvsp_destroy(struct storvsp *storvsp)
{
	while (storvsp->lane_count) {
		struct storvsp_lane *const lane =
			&storvsp->lanes[storvsp->lane_count - 1];

		vmbus_channel_destroy(lane->channel);
		device_free(lane->requests);
		storvsp->lane_count--;
	}
	device_free(storvsp);
}

unsigned int storvsp_in_flight(const struct storvsp *storvsp)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < storvsp->lane_count; i++)
		count += storvsp->lanes[i].in_use;
	return count;
}
