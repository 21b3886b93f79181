// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * RNDIS control messages: the child asks, and is told of the link.
 *
 * Answers travel as received packets do, in a section of the receive buffer.
 * Where there is none, or no room on the ring, they wait in order.
 */
#include "netvsp_device.h"

#include <string.h>

#define RNDIS_MAJOR	    1u
#define PACKETS_PER_MESSAGE 8u
#define ALIGNMENT_FACTOR    3u /* messages begin at multiples of 8 */

/* ---- Answers ---- */

static struct rndis_reply *reply_new(struct rndis *rndis)
{
	const unsigned int last =
		(rndis->reply_first + rndis->reply_count) % RNDIS_REPLIES_MAX;

	rndis->reply_count++;
	memset(&rndis->replies[last], 0, sizeof(rndis->replies[last]));
	return &rndis->replies[last];
}

static bool control_send(struct netvsp *netvsp, const void *bytes,
			 uint32_t size)
{
	struct receive_buffer *const buffer = &netvsp->receive;
	struct netvsp_transfer transfer = {
		.channel_type = NVSP_CHANNEL_CONTROL,
		.count = 1,
		.sizes = {size},
	};

	if (!buffer->gpadl)
		return false;
	transfer.first = receive_buffer_take(buffer, 1);
	if (transfer.first == SECTION_NONE)
		return false;
	gpadl_write(buffer->gpadl,
		    (uint64_t)transfer.first * buffer->section_size, bytes,
		    size);
	return netvsp_transfer_send(&netvsp->lanes[0], &transfer);
}

static bool status_send(struct netvsp *netvsp, uint32_t status)
{
	const struct rndis_indicate_status message = {
		.header = {RNDIS_INDICATE_STATUS, sizeof(message)},
		.status = status,
	};

	return control_send(netvsp, &message, sizeof(message));
}

static bool replies_send(struct netvsp *netvsp)
{
	struct rndis *const rndis = &netvsp->rndis;

	while (rndis->reply_count) {
		const struct rndis_reply *const reply =
			&rndis->replies[rndis->reply_first];

		if (!control_send(netvsp, reply->bytes, reply->size))
			return false;
		rndis->reply_first =
			(rndis->reply_first + 1) % RNDIS_REPLIES_MAX;
		rndis->reply_count--;
	}
	return true;
}

void rndis_flush(struct netvsp *netvsp)
{
	struct rndis *const rndis = &netvsp->rndis;

	if (!replies_send(netvsp) || !rndis->initialized)
		return;
	if (rndis->link_told != netvsp->link_up) {
		const bool up = netvsp->link_up;

		if (!status_send(netvsp, up ? RNDIS_STATUS_MEDIA_CONNECT
					    : RNDIS_STATUS_MEDIA_DISCONNECT))
			return;
		rndis->link_told = up;
	}
	if (rndis->change_due &&
	    status_send(netvsp, RNDIS_STATUS_NETWORK_CHANGE))
		rndis->change_due = false;
}

void rndis_reset(struct netvsp *netvsp)
{
	netvsp->rndis = (struct rndis){0};
}

/* ---- Messages ---- */

/* The part of a request that is to be read or set; false: not inside. */
static bool request_input(const uint8_t *message, uint32_t size,
			  struct rndis_request *request,
			  struct rndis_bytes *input)
{
	uint64_t at;

	memcpy(request, message, sizeof(*request));
	at = (uint64_t)request->buffer_offset + sizeof(request->header);
	input->size = request->buffer_length;
	if (!input->size)
		at = size; /* whatever the offset says */
	input->bytes = message + at;
	return at <= size && input->size <= size - at;
}

static void handle_initialize(struct netvsp *netvsp, const uint8_t *message,
			      uint32_t size)
{
	struct rndis *const rndis = &netvsp->rndis;
	struct rndis_initialize request;
	struct rndis_initialize_complete answer = {
		.header = {RNDIS_INITIALIZE_COMPLETE, sizeof(answer)},
		.major_version = RNDIS_MAJOR,
		.device_flags = RNDIS_DEVICE_CONNECTIONLESS,
		.medium = RNDIS_MEDIUM_802_3,
		.max_packets_per_message = PACKETS_PER_MESSAGE,
		.max_transfer_size = NETVSP_TRANSFER_MAX,
		.packet_alignment_factor = ALIGNMENT_FACTOR,
	};
	struct rndis_reply *const reply = reply_new(rndis);

	(void)size;
	memcpy(&request, message, sizeof(request));
	answer.request_id = request.request_id;
	if (request.major_version != RNDIS_MAJOR || rndis->initialized) {
		answer.status = RNDIS_STATUS_FAILURE;
	} else {
		rndis->initialized = true;
		/* It asks for the link's state itself. */
		rndis->link_told = netvsp->link_up;
	}
	memcpy(reply->bytes, &answer, sizeof(answer));
	reply->size = sizeof(answer);
}

static void handle_halt(struct netvsp *netvsp, const uint8_t *message,
			uint32_t size)
{
	(void)message;
	(void)size;
	rndis_reset(netvsp);
}

static void handle_query(struct netvsp *netvsp, const uint8_t *message,
			 uint32_t size)
{
	struct rndis_reply *const reply = reply_new(&netvsp->rndis);
	struct rndis_query_complete answer = {
		.header = {RNDIS_QUERY_COMPLETE, sizeof(answer)},
	};
	struct rndis_reply found = {0};
	struct rndis_request request;
	struct rndis_bytes input;

	if (!request_input(message, size, &request, &input))
		answer.status = RNDIS_STATUS_INVALID_DATA;
	else if (!netvsp->rndis.initialized)
		answer.status = RNDIS_STATUS_FAILURE;
	else
		answer.status =
			rndis_oid_query(netvsp, request.oid, &input, &found);
	answer.request_id = request.request_id;
	if (answer.status == RNDIS_STATUS_SUCCESS) {
		answer.buffer_length = found.size;
		answer.buffer_offset = sizeof(answer) - sizeof(answer.header);
		answer.header.length += found.size;
	}
	memcpy(reply->bytes, &answer, sizeof(answer));
	memcpy((uint8_t *)reply->bytes + sizeof(answer), found.bytes,
	       answer.buffer_length);
	reply->size = answer.header.length;
}

static void handle_set(struct netvsp *netvsp, const uint8_t *message,
		       uint32_t size)
{
	struct rndis_reply *const reply = reply_new(&netvsp->rndis);
	struct rndis_set_complete answer = {
		.header = {RNDIS_SET_COMPLETE, sizeof(answer)},
	};
	struct rndis_request request;
	struct rndis_bytes input;

	if (!request_input(message, size, &request, &input))
		answer.status = RNDIS_STATUS_INVALID_DATA;
	else if (!netvsp->rndis.initialized)
		answer.status = RNDIS_STATUS_FAILURE;
	else
		answer.status = rndis_oid_set(netvsp, request.oid, &input);
	answer.request_id = request.request_id;
	memcpy(reply->bytes, &answer, sizeof(answer));
	reply->size = sizeof(answer);
}

/* Nothing is ever under way here, and addresses stay as they were set. */
static void handle_reset(struct netvsp *netvsp, const uint8_t *message,
			 uint32_t size)
{
	struct rndis_reply *const reply = reply_new(&netvsp->rndis);
	const struct rndis_reset_complete answer = {
		.header = {RNDIS_RESET_COMPLETE, sizeof(answer)},
	};

	(void)message;
	(void)size;
	memcpy(reply->bytes, &answer, sizeof(answer));
	reply->size = sizeof(answer);
}

static void handle_keepalive(struct netvsp *netvsp, const uint8_t *message,
			     uint32_t size)
{
	struct rndis_reply *const reply = reply_new(&netvsp->rndis);
	struct rndis_keepalive request;
	struct rndis_keepalive_complete answer = {
		.header = {RNDIS_KEEPALIVE_COMPLETE, sizeof(answer)},
	};

	(void)size;
	memcpy(&request, message, sizeof(request));
	answer.request_id = request.request_id;
	memcpy(reply->bytes, &answer, sizeof(answer));
	reply->size = sizeof(answer);
}

struct handler {
	void (*handle)(struct netvsp *netvsp, const uint8_t *message,
		       uint32_t size);
	uint32_t size; /* at least */
};

static const struct handler handlers[] = {
	[RNDIS_INITIALIZE] = {handle_initialize,
			      sizeof(struct rndis_initialize)},
	[RNDIS_HALT] = {handle_halt, sizeof(struct rndis_header)},
	[RNDIS_QUERY] = {handle_query, sizeof(struct rndis_request)},
	[RNDIS_SET] = {handle_set, sizeof(struct rndis_request)},
	[RNDIS_RESET] = {handle_reset, sizeof(struct rndis_header)},
	[RNDIS_KEEPALIVE] = {handle_keepalive, sizeof(struct rndis_keepalive)},
};

uint32_t rndis_message(struct netvsp *netvsp, const uint8_t *message,
		       uint32_t size)
{
	struct rndis *const rndis = &netvsp->rndis;
	struct rndis_header header;

	netvsp->statistics.control_messages++;
	memcpy(&header, message, sizeof(header));
	if (header.type >= sizeof(handlers) / sizeof(handlers[0]) ||
	    !handlers[header.type].handle ||
	    size < handlers[header.type].size || !netvsp->receive.gpadl ||
	    rndis->reply_count == RNDIS_REPLIES_MAX)
		return NVSP_STATUS_FAILURE;
	handlers[header.type].handle(netvsp, message, size);
	rndis_flush(netvsp);
	return NVSP_STATUS_SUCCESS;
}
