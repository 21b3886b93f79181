/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What keyboard and mouse have in common: replies to the child's driver, and
 * a bounded queue of events sent at the pace of a real device.
 *
 * Rings would take hundreds of events at once, but a guest's input stack is
 * made for people: FreeBSD's keyboard driver keeps 16 keystrokes, a reader
 * of Linux's event devices loses what exceeds some twenty. So events go out
 * a few at a time, when the child has read the ones before.
 */
#pragma once

#include "worker/device.h"
#include "worker/vmbus/vmbus.h"

#define INPUT_STREAM_EVENTS  1024u /* queued, at most */
#define INPUT_STREAM_BATCH   4u	   /* sent together */
#define INPUT_STREAM_PACE_NS 16000000u
/* How seldom a child is looked at that does not read. */
#define INPUT_STREAM_PACE_MAX_NS 64000000u

#define INPUT_STREAM_EVENT_SIZE 24u
#define INPUT_STREAM_REPLY_SIZE 128u
#define INPUT_STREAM_REPLIES	3u /* to one packet, its completion included */

struct input_reply {
	uint16_t type; /* VMBUS_PACKET_* */
	uint64_t transaction_id;
	size_t size;
	uint8_t bytes[INPUT_STREAM_REPLY_SIZE];
};

struct input_stream {
	struct vmbus_server *server;
	struct vmbus_channel *channel;
	struct device_timer timer; /* armed: too early for more events */
	uint64_t pace_ns;
	bool started; /* the child's driver wants events */

	struct input_reply replies[INPUT_STREAM_REPLIES];
	unsigned int reply_count;

	size_t event_size; /* of every event, the same */
	unsigned int first;
	unsigned int count;
	uint8_t events[INPUT_STREAM_EVENTS][INPUT_STREAM_EVENT_SIZE];
};

/* Once; the channel may be set later, before it opens. */
void input_stream_init(struct input_stream *stream, struct vmbus_server *server,
		       struct clock *clock, size_t event_size);

/* From now on events are taken; from now on not, and those queued are gone. */
void input_stream_start(struct input_stream *stream);
void input_stream_stop(struct input_stream *stream);

/* Replies wait for room on the ring: no packet can be taken. */
bool input_stream_busy(const struct input_stream *stream);
/* While not busy: one packet, and its completion if it wants one. */
void input_stream_reply(struct input_stream *stream, const void *payload,
			size_t size);
void input_stream_complete(struct input_stream *stream,
			   const struct vmbus_packet *packet);
/* For the channel's writable(). */
void input_stream_writable(struct input_stream *stream);

/* One event, event_size bytes: queued, or INPUT_FULL, or INPUT_ABSENT. */
enum input_result input_stream_put(struct input_stream *stream,
				   const void *event);
