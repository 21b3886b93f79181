/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What all integration services have in common: one channel each, on which
 * the host speaks first, offering its versions, and the child answers every
 * message of the host's. At most one message waits for its answer.
 *
 * A child that answers what it was not asked, or with lengths that do not
 * fit, loses the channel until it opens it anew.
 */
#pragma once

#include "worker/device.h"
#include "worker/vmbus/vmbus.h"
#include "abi/vmbus/integration.h"

#define INTEGRATION_VERSIONS_MAX 8u

enum integration_state {
	INTEGRATION_CLOSED,	 /* the child has not opened it */
	INTEGRATION_NEGOTIATING, /* it has not answered yet */
	INTEGRATION_READY,
	INTEGRATION_UNUSABLE, /* the child knows none of our versions */
};

/* What a service is made of; constant. */
struct integration_service {
	const char *name; /* for the log */
	struct vmbus_guid type;
	uint16_t message_type; /* enum vmbus_ic_message_type */
	/* In rising order, none twice. */
	struct vmbus_ic_version versions[INTEGRATION_VERSIONS_MAX];
	unsigned int version_count;
	size_t answer_size; /* of its messages, header included, at least */

	/* A version has been agreed on: requests may be made. */
	void (*ready)(void *owner);
	/*
	 * The answer to the last request, as large as answer_size or larger,
	 * a private copy; its header's status is the child's verdict.
	 */
	void (*answered)(void *owner, const void *message, size_t size);
	void (*closed)(void *owner);
};

struct integration_options {
	struct vmbus_server *server;
	struct clock *clock;
	struct vmbus_guid instance; /* unique in the child, stable */
};

/* The common part of a service. */
struct integration {
	const struct integration_service *service;
	void *owner;
	struct vmbus_channel *channel;
	enum integration_state state;
	struct vmbus_ic_version framework; /* agreed on, while ready */
	struct vmbus_ic_version version;
	bool waiting;	     /* for the answer to */
	uint8_t transaction; /* this message */
};

/* False: no channel is left. */
bool integration_init(struct integration *integration,
		      const struct integration_options *options,
		      const struct integration_service *service, void *owner);
void integration_destroy(struct integration *integration);

/*
 * Sends a message of the service's; its header is filled in here. False, and
 * nothing is sent: not ready, no answer to the last one yet, or no room.
 */
bool integration_request(struct integration *integration, void *message,
			 size_t size);

/* The service found an answer to be nonsense. */
void integration_break(struct integration *integration, const char *why);

/* Whether the version agreed on is this one or a later one. */
bool integration_version_is(const struct integration *integration,
			    uint16_t major, uint16_t minor);
