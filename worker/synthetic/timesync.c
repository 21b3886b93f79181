/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The time service: the child sets its clock when the channel opens and
 * after it stood still; in between it gets samples to steer by, as often as
 * Hyper-V sends them.
 */
#include "timesync.h"

#include <string.h>

#define SAMPLE_NS 5000000000ULL
#define NS_100	  100

struct timesync {
	struct integration integration;
	struct device_timer timer;
	bool (*reference)(void *owner, uint64_t *time_100ns);
	void *owner;
	bool set_due; /* the next message is to set the clock */
};

/* Since 1601, in 100 ns. */
static uint64_t wall_time(const struct timesync *timesync)
{
	struct clock *const clock = timesync->timer.clock;

	return VMBUS_IC_UNIX_EPOCH_100NS +
	       (uint64_t)(clock->wall_ns(clock) / NS_100);
}

/* Says as well at which reading of the child's own clock that was. */
static bool timesync_send_reference(struct timesync *timesync, uint8_t flags)
{
	struct vmbus_ic_time_reference message = {.flags = flags};
	uint64_t reference;

	if (!timesync->reference ||
	    !timesync->reference(timesync->owner, &reference))
		return false;
	message.vm_reference_time = reference;
	message.parent_time = wall_time(timesync);
	return integration_request(&timesync->integration, &message,
				   sizeof(message));
}

static bool timesync_send_plain(struct timesync *timesync, uint8_t flags)
{
	struct vmbus_ic_time_sync message = {
		.parent_time = wall_time(timesync),
		.flags = flags,
	};

	return integration_request(&timesync->integration, &message,
				   sizeof(message));
}

static void timesync_send(struct timesync *timesync)
{
	const uint8_t flags = timesync->set_due ? VMBUS_IC_TIME_SYNC_FLAG
						: VMBUS_IC_TIME_SAMPLE;
	const bool sent = integration_version_is(&timesync->integration, 4, 0)
				  ? timesync_send_reference(timesync, flags)
				  : timesync_send_plain(timesync, flags);

	if (sent)
		timesync->set_due = false;
}

static void timesync_arm(struct timesync *timesync)
{
	struct clock *const clock = timesync->timer.clock;

	clock->arm(&timesync->timer, clock->now_ns(clock) + SAMPLE_NS);
}

static void timesync_expired(void *owner)
{
	struct timesync *const timesync = owner;

	timesync_send(timesync);
	timesync_arm(timesync);
}

static void timesync_ready(void *owner)
{
	struct timesync *const timesync = owner;

	timesync->set_due = true;
	timesync_send(timesync);
	timesync_arm(timesync);
}

static void timesync_answered(void *owner, const void *message, size_t size)
{
	struct timesync *const timesync = owner;

	(void)message;
	(void)size;
	/* It was wanted while the last message was under way. */
	if (timesync->set_due)
		timesync_send(timesync);
}

static void timesync_closed(void *owner)
{
	struct timesync *const timesync = owner;

	timesync->set_due = false;
	if (timesync->timer.armed)
		timesync->timer.clock->disarm(&timesync->timer);
}

/* Without its reference time a child can do no better than before 4.0. */
#define VERSIONS                                                               \
	{1, 0},                                                                \
	{                                                                      \
		3, 0                                                           \
	}

static const struct integration_service service = {
	.name = "timesync",
	.type = VMBUS_GUID_TIME_SYNC,
	.message_type = VMBUS_IC_TIME_SYNC,
	.versions = {VERSIONS, {4, 0}},
	.version_count = 3,
	.answer_size = sizeof(struct vmbus_ic_header),
	.ready = timesync_ready,
	.answered = timesync_answered,
	.closed = timesync_closed,
};

static const struct integration_service service_plain = {
	.name = "timesync",
	.type = VMBUS_GUID_TIME_SYNC,
	.message_type = VMBUS_IC_TIME_SYNC,
	.versions = {VERSIONS},
	.version_count = 2,
	.answer_size = sizeof(struct vmbus_ic_header),
	.ready = timesync_ready,
	.answered = timesync_answered,
	.closed = timesync_closed,
};

void timesync_set(struct timesync *timesync)
{
	if (timesync->integration.state != INTEGRATION_READY)
		return; /* it will when it is */
	timesync->set_due = true;
	timesync_send(timesync);
}

struct timesync *timesync_create(const struct timesync_options *options)
{
	struct timesync *const timesync = device_allocate(sizeof(*timesync));

	timesync->reference = options->reference;
	timesync->owner = options->owner;
	timesync->timer = (struct device_timer){
		.clock = options->integration.clock,
		.expired = timesync_expired,
		.owner = timesync,
	};
	if (integration_init(&timesync->integration, &options->integration,
			     options->reference ? &service : &service_plain,
			     timesync))
		return timesync;
	device_free(timesync);
	return NULL;
}

void timesync_destroy(struct timesync *timesync)
{
	integration_destroy(&timesync->integration);
	device_free(timesync);
}
