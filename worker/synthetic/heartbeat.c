/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The heartbeat service: whether the child's kernel still answers. */
#include "heartbeat.h"

#include <string.h>

#define BEAT_NS 2000000000ULL

/* Five beats: a child that is slow once is not lost. */
#define LOST_NS (5 * BEAT_NS)

struct heartbeat {
	struct integration integration;
	struct device_timer timer;
	uint64_t sequence; /* of the last beat */
	uint64_t asked_ns; /* when that was, while it waits */
	bool answered;	   /* ever, since the channel was opened */
};

static uint64_t now_ns(const struct heartbeat *heartbeat)
{
	struct clock *const clock = heartbeat->timer.clock;

	return clock->now_ns(clock);
}

static void heartbeat_arm(struct heartbeat *heartbeat)
{
	heartbeat->timer.clock->arm(&heartbeat->timer,
				    now_ns(heartbeat) + BEAT_NS);
}

static void heartbeat_beat(struct heartbeat *heartbeat)
{
	struct vmbus_ic_heartbeat message = {
		.sequence = heartbeat->sequence + 1,
	};

	if (!integration_request(&heartbeat->integration, &message,
				 sizeof(message)))
		return;
	heartbeat->sequence = message.sequence;
	heartbeat->asked_ns = now_ns(heartbeat);
}

/* While an answer is due, nothing is sent; how long that is, counts. */
static void heartbeat_expired(void *owner)
{
	struct heartbeat *const heartbeat = owner;

	heartbeat_beat(heartbeat);
	heartbeat_arm(heartbeat);
}

static void heartbeat_ready(void *owner)
{
	struct heartbeat *const heartbeat = owner;

	heartbeat_beat(heartbeat);
	heartbeat_arm(heartbeat);
}

static void heartbeat_answered(void *owner, const void *message, size_t size)
{
	struct heartbeat *const heartbeat = owner;
	struct vmbus_ic_heartbeat answer;

	(void)size;
	memcpy(&answer, message, sizeof(answer));
	if (answer.sequence != heartbeat->sequence + 1) {
		integration_break(&heartbeat->integration,
				  "a beat out of sequence");
		return;
	}
	heartbeat->sequence = answer.sequence;
	heartbeat->answered = true;
}

static void heartbeat_closed(void *owner)
{
	struct heartbeat *const heartbeat = owner;

	heartbeat->answered = false;
	if (heartbeat->timer.armed)
		heartbeat->timer.clock->disarm(&heartbeat->timer);
}

static const struct integration_service service = {
	.name = "heartbeat",
	.type = VMBUS_GUID_HEARTBEAT,
	.message_type = VMBUS_IC_HEARTBEAT,
	.versions = {{1, 0}, {3, 0}},
	.version_count = 2,
	.answer_size = sizeof(struct vmbus_ic_heartbeat),
	.ready = heartbeat_ready,
	.answered = heartbeat_answered,
	.closed = heartbeat_closed,
};

enum heartbeat_state heartbeat_state(const struct heartbeat *heartbeat)
{
	const struct integration *const integration = &heartbeat->integration;

	if (integration->state != INTEGRATION_READY)
		return HEARTBEAT_NONE;
	if (integration->waiting &&
	    now_ns(heartbeat) - heartbeat->asked_ns >= LOST_NS)
		return HEARTBEAT_LOST;
	return heartbeat->answered ? HEARTBEAT_OK : HEARTBEAT_NONE;
}

struct heartbeat *heartbeat_create(const struct integration_options *options)
{
	struct heartbeat *const heartbeat = device_allocate(sizeof(*heartbeat));

	heartbeat->timer = (struct device_timer){
		.clock = options->clock,
		.expired = heartbeat_expired,
		.owner = heartbeat,
	};
	if (integration_init(&heartbeat->integration, options, &service,
			     heartbeat))
		return heartbeat;
	device_free(heartbeat);
	return NULL;
}

void heartbeat_destroy(struct heartbeat *heartbeat)
{
	integration_destroy(&heartbeat->integration);
	device_free(heartbeat);
}
