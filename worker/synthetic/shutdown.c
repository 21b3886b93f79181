/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The shutdown service: asks the child's kernel to end in order. */
#include "shutdown.h"

#include <string.h>

/* Planned, by an application: what Windows shows as the reason. */
#define REASON_PLANNED 0x80040000u
#define TIMEOUT_S      60u

struct shutdown {
	struct integration integration;
	void (*refused)(void *owner, uint32_t flags);
	void *owner;
	enum shutdown_state state; /* while ready */
	uint32_t flags;		   /* as last asked */
};

static void shutdown_ready(void *owner)
{
	struct shutdown *const shutdown = owner;

	shutdown->state = SHUTDOWN_IDLE;
}

static void shutdown_answered(void *owner, const void *message, size_t size)
{
	struct shutdown *const shutdown = owner;
	struct vmbus_ic_header header;

	(void)size;
	memcpy(&header, message, sizeof(header));
	if (!header.status) {
		shutdown->state = SHUTDOWN_ACCEPTED;
		return;
	}
	shutdown->state = SHUTDOWN_REFUSED;
	device_log("shutdown", "the child refuses: %#x", header.status);
	if (shutdown->refused)
		shutdown->refused(shutdown->owner, shutdown->flags);
}

static void shutdown_closed(void *owner)
{
	struct shutdown *const shutdown = owner;

	/* One that goes down closes it; what it said still holds. */
	if (shutdown->state != SHUTDOWN_ACCEPTED)
		shutdown->state = SHUTDOWN_NONE;
}

static const struct integration_service service = {
	.name = "shutdown",
	.type = VMBUS_GUID_SHUTDOWN,
	.message_type = VMBUS_IC_SHUTDOWN,
	.versions = {{1, 0}, {3, 0}, {3, 1}, {3, 2}},
	.version_count = 4,
	.answer_size = sizeof(struct vmbus_ic_header),
	.ready = shutdown_ready,
	.answered = shutdown_answered,
	.closed = shutdown_closed,
};

enum shutdown_state shutdown_state(const struct shutdown *shutdown)
{
	return shutdown->state;
}

bool shutdown_ask(struct shutdown *shutdown, uint32_t flags)
{
	struct vmbus_ic_shutdown message = {
		.reason = REASON_PLANNED,
		.timeout = TIMEOUT_S,
		.flags = flags,
	};

	if (shutdown->integration.state == INTEGRATION_READY &&
	    shutdown->state == SHUTDOWN_ASKED)
		return true;
	if (!integration_request(&shutdown->integration, &message,
				 sizeof(message)))
		return false;
	shutdown->state = SHUTDOWN_ASKED;
	shutdown->flags = flags;
	return true;
}

struct shutdown *shutdown_create(const struct shutdown_options *options)
{
	struct shutdown *const shutdown = device_allocate(sizeof(*shutdown));

	shutdown->refused = options->refused;
	shutdown->owner = options->owner;
	if (integration_init(&shutdown->integration, &options->integration,
			     &service, shutdown))
		return shutdown;
	device_free(shutdown);
	return NULL;
}

void shutdown_destroy(struct shutdown *shutdown)
{
	integration_destroy(&shutdown->integration);
	device_free(shutdown);
}
