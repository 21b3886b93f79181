/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all integration services have in common. */
#include "integration.h"

#include <string.h>

#define HEADER_SIZE sizeof(struct vmbus_ic_header)
#define PIPE_SIZE   sizeof(struct vmbus_pipe_header)

/* A negotiation's body without its lists. */
#define NEGOTIATE_FIXED (sizeof(struct vmbus_ic_negotiate) - HEADER_SIZE)

static const struct vmbus_ic_version frameworks[] = {
	{VMBUS_IC_FRAMEWORK_VERSION_1, 0},
	{VMBUS_IC_FRAMEWORK_VERSION_3, 0},
};

#define FRAMEWORK_COUNT (sizeof(frameworks) / sizeof(frameworks[0]))
#define VERSION_SIZE	sizeof(struct vmbus_ic_version)

/* ---- Sending ---- */

/* False: no room. The child owes an answer from then on. */
static bool integration_send(struct integration *integration, uint16_t type,
			     void *message, size_t size)
{
	const uint8_t transaction = (uint8_t)(integration->transaction + 1);
	const struct vmbus_ic_header header = {
		.pipe = {VMBUS_PIPE_DATA, (uint32_t)(size - PIPE_SIZE)},
		.framework_version = integration->framework,
		.message_type = type,
		.message_version = integration->version,
		.message_size = (uint16_t)(size - HEADER_SIZE),
		.transaction_id = transaction,
		.flags = VMBUS_IC_FLAG_TRANSACTION | VMBUS_IC_FLAG_REQUEST,
	};
	const struct vmbus_packet packet = {
		.type = VMBUS_PACKET_IN_BAND,
		.transaction_id = transaction,
		.payload = message,
		.payload_size = size,
	};

	memcpy(message, &header, sizeof(header));
	if (!vmbus_channel_send(integration->channel, &packet))
		return false;
	integration->transaction = transaction;
	integration->waiting = true;
	return true;
}

static bool integration_negotiate(struct integration *integration)
{
	const struct integration_service *const service = integration->service;
	const struct vmbus_ic_negotiate fixed = {
		.framework_version_count = FRAMEWORK_COUNT,
		.message_version_count = (uint16_t)service->version_count,
	};
	const size_t lists_size =
		(FRAMEWORK_COUNT + service->version_count) * VERSION_SIZE;
	uint8_t message[sizeof(fixed) +
			(FRAMEWORK_COUNT + INTEGRATION_VERSIONS_MAX) *
				VERSION_SIZE];
	uint8_t *const lists = message + sizeof(fixed);

	memcpy(message, &fixed, sizeof(fixed));
	memcpy(lists, frameworks, sizeof(frameworks));
	memcpy(lists + sizeof(frameworks), service->versions,
	       service->version_count * VERSION_SIZE);
	integration->framework = frameworks[0];
	integration->version = service->versions[0];
	return integration_send(integration, VMBUS_IC_NEGOTIATE, message,
				sizeof(fixed) + lists_size);
}

bool integration_request(struct integration *integration, void *message,
			 size_t size)
{
	return integration->state == INTEGRATION_READY &&
	       !integration->waiting &&
	       integration_send(integration, integration->service->message_type,
				message, size);
}

/* ---- Receiving ---- */

void integration_break(struct integration *integration, const char *why)
{
	vmbus_channel_break(integration->channel, why);
}

static bool is_among(const struct vmbus_ic_version *list, size_t count,
		     struct vmbus_ic_version version)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].major == version.major &&
		    list[i].minor == version.minor)
			return true;
	return false;
}

/* size: of the message as its header has it. */
static void integration_negotiated(struct integration *integration,
				   const void *message, size_t size)
{
	const struct integration_service *const service = integration->service;
	struct vmbus_ic_negotiate fixed;
	struct vmbus_ic_version chosen[2]; /* framework, message */

	if (size < HEADER_SIZE + NEGOTIATE_FIXED + sizeof(chosen)) {
		integration_break(integration, "a negotiation cut short");
		return;
	}
	memcpy(&fixed, message, sizeof(fixed));
	memcpy(chosen, (const uint8_t *)message + sizeof(fixed),
	       sizeof(chosen));
	if (!fixed.framework_version_count && !fixed.message_version_count) {
		integration->state = INTEGRATION_UNUSABLE;
		device_log(service->name, "the child knows no version of ours");
		return;
	}
	if (fixed.framework_version_count != 1 ||
	    fixed.message_version_count != 1 ||
	    !is_among(frameworks, FRAMEWORK_COUNT, chosen[0]) ||
	    !is_among(service->versions, service->version_count, chosen[1])) {
		integration_break(integration, "versions never offered");
		return;
	}
	integration->framework = chosen[0];
	integration->version = chosen[1];
	integration->state = INTEGRATION_READY;
	service->ready(integration->owner);
}

/* NULL, or what is wrong with the answer. */
static const char *fault_of(const struct integration *integration,
			    const struct vmbus_ic_header *header, size_t size)
{
	const uint16_t type = integration->state == INTEGRATION_READY
				      ? integration->service->message_type
				      : (uint16_t)VMBUS_IC_NEGOTIATE;

	if (header->pipe.size < HEADER_SIZE - PIPE_SIZE ||
	    header->pipe.size > size - PIPE_SIZE ||
	    header->message_size >
		    header->pipe.size - (HEADER_SIZE - PIPE_SIZE))
		return "a message longer than its packet";
	if (!integration->waiting)
		return "an answer to nothing";
	if (header->transaction_id != integration->transaction ||
	    !(header->flags & VMBUS_IC_FLAG_RESPONSE) ||
	    header->message_type != type)
		return "not the answer to what was asked";
	return NULL;
}

static void integration_answer(struct integration *integration,
			       const void *message, size_t size)
{
	const struct integration_service *const service = integration->service;

	if (integration->state == INTEGRATION_NEGOTIATING)
		integration_negotiated(integration, message, size);
	else if (size < service->answer_size)
		integration_break(integration, "an answer cut short");
	else
		service->answered(integration->owner, message, size);
}

static bool integration_packet(struct vmbus_channel *channel,
			       const struct vmbus_packet *packet)
{
	struct integration *const integration = vmbus_channel_owner(channel);
	struct vmbus_ic_header header;
	const char *fault;

	if (packet->type != VMBUS_PACKET_IN_BAND ||
	    packet->payload_size < sizeof(header)) {
		integration_break(integration, "not an integration message");
		return true;
	}
	memcpy(&header, packet->payload, sizeof(header));
	fault = fault_of(integration, &header, packet->payload_size);
	if (fault) {
		integration_break(integration, fault);
		return true;
	}
	integration->waiting = false;
	integration_answer(integration, packet->payload,
			   HEADER_SIZE + header.message_size);
	return true;
}

/* ---- The channel ---- */

static bool integration_opened(struct vmbus_channel *channel)
{
	struct integration *const integration = vmbus_channel_owner(channel);

	integration->state = INTEGRATION_NEGOTIATING;
	integration->waiting = false;
	/* A ring too small for this is too small for anything. */
	if (integration_negotiate(integration) ||
	    !vmbus_channel_is_open(channel))
		return true;
	integration->state = INTEGRATION_CLOSED;
	return false;
}

static void integration_closed(struct vmbus_channel *channel)
{
	struct integration *const integration = vmbus_channel_owner(channel);

	integration->state = INTEGRATION_CLOSED;
	integration->waiting = false;
	integration->service->closed(integration->owner);
}

static const struct vmbus_device_operations operations = {
	.opened = integration_opened,
	.closed = integration_closed,
	.packet = integration_packet,
};

bool integration_init(struct integration *integration,
		      const struct integration_options *options,
		      const struct integration_service *service, void *owner)
{
	const struct vmbus_channel_options channel = {
		.name = service->name,
		.type = service->type,
		.instance = options->instance,
		.flags = VMBUS_OFFER_ENUMERATE_DEVICE_INTERFACE,
		.operations = &operations,
		.owner = integration,
	};

	*integration = (struct integration){
		.service = service,
		.owner = owner,
	};
	integration->channel = vmbus_channel_create(options->server, &channel);
	return integration->channel;
}

void integration_destroy(struct integration *integration)
{
	vmbus_channel_destroy(integration->channel);
}

bool integration_version_is(const struct integration *integration,
			    uint16_t major, uint16_t minor)
{
	const struct vmbus_ic_version version = integration->version;

	return version.major > major ||
	       (version.major == major && version.minor >= minor);
}
