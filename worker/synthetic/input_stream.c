// SPDX-License-Identifier: GPL-2.0-or-later
/* Replies and paced events of keyboard and mouse. */
#include "input_stream.h"

#include <assert.h>
#include <string.h>

/* ---- Events ---- */

static void stream_wait(struct input_stream *stream, uint64_t ns)
{
	struct clock *const clock = stream->timer.clock;

	stream->pace_ns =
		ns < INPUT_STREAM_PACE_MAX_NS ? ns : INPUT_STREAM_PACE_MAX_NS;
	clock->arm(&stream->timer, clock->now_ns(clock) + stream->pace_ns);
}

static bool event_send(struct input_stream *stream)
{
	const struct vmbus_packet packet = {
		.type = VMBUS_PACKET_IN_BAND,
		.payload = stream->events[stream->first],
		.payload_size = stream->event_size,
	};

	if (!vmbus_channel_send(stream->channel, &packet))
		return false;
	stream->first = (stream->first + 1) % INPUT_STREAM_EVENTS;
	stream->count--;
	return true;
}

static void events_send(struct input_stream *stream)
{
	unsigned int batch = INPUT_STREAM_BATCH;

	if (!vmbus_channel_all_read(stream->channel)) {
		stream_wait(stream, 2 * stream->pace_ns);
		return;
	}
	vmbus_server_batch_begin(stream->server);
	while (stream->count && batch-- && event_send(stream))
		;
	vmbus_server_batch_end(stream->server);
	/* The channel may have been found broken, which stopped the stream. */
	if (stream->started)
		stream_wait(stream, INPUT_STREAM_PACE_NS);
}

static void stream_expired(void *owner)
{
	struct input_stream *const stream = owner;

	if (stream->count && !stream->reply_count)
		events_send(stream);
}

enum input_result input_stream_put(struct input_stream *stream,
				   const void *event)
{
	if (!stream->started)
		return INPUT_ABSENT;
	if (stream->count == INPUT_STREAM_EVENTS)
		return INPUT_FULL;
	memcpy(stream->events[(stream->first + stream->count) %
			      INPUT_STREAM_EVENTS],
	       event, stream->event_size);
	stream->count++;
	if (!stream->timer.armed)
		stream_expired(stream);
	return INPUT_TAKEN;
}

/* ---- Replies ---- */

static void replies_send(struct input_stream *stream)
{
	unsigned int sent = 0;

	while (sent < stream->reply_count) {
		const struct input_reply *const reply = &stream->replies[sent];
		const struct vmbus_packet packet = {
			.type = reply->type,
			.transaction_id = reply->transaction_id,
			.payload = reply->bytes,
			.payload_size = reply->size,
		};

		if (!vmbus_channel_send(stream->channel, &packet))
			break;
		sent++;
	}
	/* A broken channel has emptied the list meanwhile. */
	if (!stream->reply_count)
		return;
	stream->reply_count -= sent;
	memmove(stream->replies, stream->replies + sent,
		stream->reply_count * sizeof(stream->replies[0]));
}

static void reply_add(struct input_stream *stream,
		      const struct input_reply *reply)
{
	assert(stream->reply_count < INPUT_STREAM_REPLIES);
	stream->replies[stream->reply_count++] = *reply;
	replies_send(stream);
}

bool input_stream_busy(const struct input_stream *stream)
{
	return stream->reply_count;
}

void input_stream_reply(struct input_stream *stream, const void *payload,
			size_t size)
{
	struct input_reply reply = {.type = VMBUS_PACKET_IN_BAND, .size = size};

	assert(size <= sizeof(reply.bytes));
	memcpy(reply.bytes, payload, size);
	reply_add(stream, &reply);
}

void input_stream_complete(struct input_stream *stream,
			   const struct vmbus_packet *packet)
{
	const struct input_reply reply = {
		.type = VMBUS_PACKET_COMPLETION,
		.transaction_id = packet->transaction_id,
	};

	if (packet->completion_requested &&
	    vmbus_channel_is_open(stream->channel))
		reply_add(stream, &reply);
}

void input_stream_writable(struct input_stream *stream)
{
	replies_send(stream);
	if (stream->reply_count)
		return;
	vmbus_channel_resume(stream->channel);
	if (!stream->timer.armed)
		stream_expired(stream);
}

/* ---- Life ---- */

void input_stream_init(struct input_stream *stream, struct vmbus_server *server,
		       struct clock *clock, size_t event_size)
{
	assert(event_size <= INPUT_STREAM_EVENT_SIZE);
	*stream = (struct input_stream){
		.server = server,
		.timer = {.clock = clock,
			  .expired = stream_expired,
			  .owner = stream},
		.pace_ns = INPUT_STREAM_PACE_NS,
		.event_size = event_size,
	};
}

void input_stream_start(struct input_stream *stream)
{
	stream->started = true;
}

void input_stream_stop(struct input_stream *stream)
{
	if (stream->timer.armed)
		stream->timer.clock->disarm(&stream->timer);
	stream->pace_ns = INPUT_STREAM_PACE_NS;
	stream->started = false;
	stream->reply_count = 0;
	stream->count = 0;
}
