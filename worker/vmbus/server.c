// SPDX-License-Identifier: GPL-2.0-or-later
/* The server: connection, offers, and the messages of one child. */
#include "channel.h"

#include <assert.h>
#include <string.h>

static const uint32_t versions[] = {
	VMBUS_VERSION_2_4, VMBUS_VERSION_3_0, VMBUS_VERSION_4_0,
	VMBUS_VERSION_4_1, VMBUS_VERSION_5_0, VMBUS_VERSION_5_1,
	VMBUS_VERSION_5_2, VMBUS_VERSION_5_3,
};

/* ---- Messages to the child ---- */

static bool server_post(struct vmbus_server *server, const void *message,
			size_t size)
{
	return server->synic->post_message(server->synic, server->vp,
					   server->sint, message, size);
}

static bool pump_replies(struct vmbus_server *server)
{
	while (server->reply_count) {
		const struct reply *const reply =
			&server->replies[server->reply_first];

		if (!server_post(server, reply->message, reply->size))
			return false;
		server->reply_first = (server->reply_first + 1) % REPLY_COUNT;
		server->reply_count--;
	}
	return true;
}

static bool offer_post(const struct vmbus_channel *channel)
{
	const struct vmbus_channel_options *const options = &channel->options;
	struct vmbus_offer_channel message = {
		.header.type = VMBUS_MSG_OFFER_CHANNEL,
		.interface_type = options->type,
		.interface_instance = options->instance,
		.flags = options->flags,
		.mmio_megabytes = options->mmio_megabytes,
		.sub_index = options->sub_index,
		.relid = channel->relid,
		.dedicated_interrupt = 1,
		.connection_id = EVENT_CONNECTION_BASE + channel->relid,
	};

	memcpy(message.user_defined, options->user_defined,
	       sizeof(message.user_defined));
	return server_post(channel->server, &message, sizeof(message));
}

static bool pump_offers(struct vmbus_server *server)
{
	for (struct vmbus_channel *channel = server->channels; channel;
	     channel = channel->next) {
		/* Requests of its last life are still in flight. */
		if (!channel->offer_due || channel->state != CHANNEL_CLOSED)
			continue;
		if (!offer_post(channel))
			return false;
		channel->offer_due = false;
		channel->offered = true;
	}
	if (!server->all_offers_due)
		return true;

	const struct vmbus_header message = {
		.type = VMBUS_MSG_ALL_OFFERS_DELIVERED,
	};

	if (!server_post(server, &message, sizeof(message)))
		return false;
	server->all_offers_due = false;
	return true;
}

static bool pump_rescinds(struct vmbus_server *server)
{
	for (struct vmbus_channel *channel = server->channels; channel;
	     channel = channel->next) {
		const struct vmbus_rescind_channel_offer message = {
			.header.type = VMBUS_MSG_RESCIND_CHANNEL_OFFER,
			.relid = channel->relid,
		};

		if (!channel->rescind_due)
			continue;
		if (!server_post(server, &message, sizeof(message)))
			return false;
		channel->rescind_due = false;
	}
	return true;
}

void server_pump(struct vmbus_server *server)
{
	/* Stops at the first busy slot; ready() comes back here. */
	if (pump_replies(server) && server->state == SERVER_CONNECTED &&
	    pump_offers(server))
		pump_rescinds(server);
}

void server_reply(struct vmbus_server *server, const void *message, size_t size)
{
	if (server->reply_count == REPLY_COUNT) {
		if (!server->replies_lost)
			device_log("vmbus", "the child reads no messages; "
					    "replies are dropped");
		server->replies_lost = true;
		return;
	}

	struct reply *const reply =
		&server->replies[(server->reply_first + server->reply_count) %
				 REPLY_COUNT];

	reply->size = (uint16_t)size;
	memcpy(reply->message, message, size);
	server->reply_count++;
	server_pump(server);
}

/* ---- Connecting and disconnecting ---- */

static bool contact_acceptable(const struct vmbus_initiate_contact *contact)
{
	if (contact->version >= VMBUS_VERSION_5_0 &&
	    (contact->target_sint >= 16 || contact->target_vtl))
		return false;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
		if (versions[i] == contact->version)
			return true;
	return false;
}

static void server_connect(struct vmbus_server *server)
{
	const struct vmbus_initiate_contact *const contact = &server->contact;
	const bool accepted = contact_acceptable(contact);
	const bool modern = contact->version >= VMBUS_VERSION_5_0;
	const struct vmbus_version_response response = {
		.header.type = VMBUS_MSG_VERSION_RESPONSE,
		.supported = accepted,
		.connection_state = VMBUS_CONNECTION_SUCCESSFUL,
		.message_connection_id =
			modern ? VMBUS_MESSAGE_CONNECTION_ID_5_0
			       : contact->version,
	};

	server->version = accepted ? contact->version : 0;
	server->vp = contact->target_vp;
	server->sint = modern && contact->target_sint < 16
			       ? contact->target_sint
			       : VMBUS_SINT;
	server->state = accepted ? SERVER_CONNECTED : SERVER_DISCONNECTED;
	if (accepted)
		device_log("vmbus", "connected with version %u.%u",
			   contact->version >> 16, contact->version & 0xffff);
	server_reply(server, &response, sizeof(response));
}

static void server_drained(struct vmbus_server *server)
{
	const struct vmbus_header unloaded = {
		.type = VMBUS_MSG_UNLOAD_RESPONSE,
	};

	gpadl_forget(&server->gpadls, 0);
	server->state = SERVER_DISCONNECTED;
	switch (server->after_drain) {
	case AFTER_RESET:
		break;
	case AFTER_UNLOAD:
		server_reply(server, &unloaded, sizeof(unloaded));
		break;
	case AFTER_CONTACT:
		server_connect(server);
		break;
	}
}

static bool all_closed(const struct vmbus_server *server)
{
	for (const struct vmbus_channel *channel = server->channels; channel;
	     channel = channel->next)
		if (channel->state != CHANNEL_CLOSED)
			return false;
	return true;
}

void server_channel_closed(struct vmbus_server *server)
{
	if (server->state == SERVER_DRAINING) {
		if (all_closed(server))
			server_drained(server);
	} else {
		server_pump(server); /* an offer may have waited for this */
	}
}

/* Forgets the child's end at once, its requests in flight when they end. */
static void server_drain(struct vmbus_server *server, enum after_drain then)
{
	server->after_drain = then;
	server->state = SERVER_DRAINING;
	server->offers_requested = false;
	server->all_offers_due = false;
	server->reply_count = 0;
	server->replies_lost = false;
	/* First what the child knows, so that nothing of it is sent below. */
	for (struct vmbus_channel *channel = server->channels; channel;
	     channel = channel->next) {
		channel->offered = false;
		channel->offer_due = false;
		channel->rescinded = false;
		channel->rescind_due = false;
	}
	for (struct vmbus_channel *channel = server->channels; channel;
	     channel = channel->next)
		channel_close(channel);
	server_channel_closed(server);
}

static void handle_initiate_contact(struct vmbus_server *server,
				    const void *message, size_t size)
{
	(void)size;
	memcpy(&server->contact, message, sizeof(server->contact));
	server_drain(server, AFTER_CONTACT);
}

static void handle_unload(struct vmbus_server *server, const void *message,
			  size_t size)
{
	(void)message;
	(void)size;
	server_drain(server, AFTER_UNLOAD);
}

static void handle_modify_connection(struct vmbus_server *server,
				     const void *message, size_t size)
{
	/* Monitor pages: every channel is offered without one. */
	const struct vmbus_modify_connection_response response = {
		.header.type = VMBUS_MSG_MODIFY_CONNECTION_RESPONSE,
		.connection_state = VMBUS_CONNECTION_SUCCESSFUL,
	};

	(void)message;
	(void)size;
	server_reply(server, &response, sizeof(response));
}

/* ---- Offers and channels ---- */

static void handle_request_offers(struct vmbus_server *server,
				  const void *message, size_t size)
{
	(void)message;
	(void)size;
	server->all_offers_due = true;
	if (!server->offers_requested) {
		server->offers_requested = true;
		for (struct vmbus_channel *channel = server->channels; channel;
		     channel = channel->next)
			channel->offer_due = channel->wanted;
	}
	server_pump(server);
}

/* The channel that the child means; NULL and a line when there is none. */
static struct vmbus_channel *find_channel(struct vmbus_server *server,
					  uint32_t relid, const char *what)
{
	struct vmbus_channel *const channel =
		relid <= RELID_MAX ? server->by_relid[relid] : NULL;

	if (channel && channel->offered)
		return channel;
	device_log("vmbus", "%s for channel %u, which is not offered", what,
		   relid);
	return NULL;
}

static void handle_open_channel(struct vmbus_server *server,
				const void *message, size_t size)
{
	const struct vmbus_open_channel *const open = message;
	struct vmbus_channel *const channel =
		find_channel(server, open->relid, "open");
	const uint32_t status = channel ? channel_open(channel, open)
					: STATUS_INVALID_PARAMETER;
	const struct vmbus_open_channel_result result = {
		.header.type = VMBUS_MSG_OPEN_CHANNEL_RESULT,
		.relid = open->relid,
		.open_id = open->open_id,
		.status = status,
	};

	(void)size;
	if (status && channel)
		device_log("vmbus", "%s: channel %u cannot be opened: 0x%x",
			   channel->options.name, channel->relid, status);
	server_reply(server, &result, sizeof(result));
	if (!status)
		channel_signalled(channel);
}

static void handle_close_channel(struct vmbus_server *server,
				 const void *message, size_t size)
{
	const struct vmbus_close_channel *const close = message;
	struct vmbus_channel *const channel =
		find_channel(server, close->relid, "close");

	(void)size;
	if (channel)
		channel_close(channel);
}

static void handle_relid_released(struct vmbus_server *server,
				  const void *message, size_t size)
{
	const struct vmbus_relid_released *const released = message;
	struct vmbus_channel *const channel =
		find_channel(server, released->relid, "release");

	(void)size;
	if (!channel)
		return;
	if (!channel->rescinded || channel->rescind_due) {
		device_log("vmbus", "%s: channel %u released, not rescinded",
			   channel->options.name, channel->relid);
		return;
	}
	gpadl_forget(&server->gpadls, channel->relid);
	channel->offered = false;
	channel->rescinded = false;
	channel->offer_due = channel->wanted;
	server_pump(server);
}

static void handle_modify_channel(struct vmbus_server *server,
				  const void *message, size_t size)
{
	const struct vmbus_modify_channel *const modify = message;
	struct vmbus_channel *const channel =
		find_channel(server, modify->relid, "modify");
	const struct vmbus_modify_channel_response response = {
		.header.type = VMBUS_MSG_MODIFY_CHANNEL_RESPONSE,
		.relid = modify->relid,
		.status = channel ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER,
	};

	(void)size;
	if (channel)
		channel->target_vp = modify->target_vp;
	if (server->version >= VMBUS_VERSION_5_3)
		server_reply(server, &response, sizeof(response));
}

/* ---- Page lists ---- */

static void gpadl_answer(struct vmbus_server *server, uint32_t relid,
			 uint32_t gpadl, enum gpadl_result result)
{
	const struct vmbus_gpadl_created created = {
		.header.type = VMBUS_MSG_GPADL_CREATED,
		.relid = relid,
		.gpadl = gpadl,
		.status = result == GPADL_COMPLETE ? STATUS_SUCCESS
						   : STATUS_UNSUCCESSFUL,
	};

	if (result == GPADL_INCOMPLETE)
		return;
	if (result == GPADL_REFUSED)
		device_log("vmbus", "page list 0x%x of channel %u is not valid",
			   gpadl, relid);
	server_reply(server, &created, sizeof(created));
}

static void handle_gpadl_header(struct vmbus_server *server,
				const void *message, size_t size)
{
	const struct vmbus_gpadl_header *const header = message;
	enum gpadl_result result = GPADL_REFUSED;

	if (find_channel(server, header->relid, "page list"))
		result = gpadl_add(&server->gpadls, header, size);
	gpadl_answer(server, header->relid, header->gpadl, result);
}

static void handle_gpadl_body(struct vmbus_server *server, const void *message,
			      size_t size)
{
	const struct vmbus_gpadl_body *const body = message;
	uint32_t relid;
	const enum gpadl_result result =
		gpadl_append(&server->gpadls, body, size, &relid);

	/* After a refusal the rest of the list keeps coming: no answer. */
	if (relid)
		gpadl_answer(server, relid, body->gpadl, result);
}

void server_torndown(struct vmbus_server *server, uint32_t gpadl)
{
	const struct vmbus_gpadl_torndown message = {
		.header.type = VMBUS_MSG_GPADL_TORNDOWN,
		.gpadl = gpadl,
	};

	if (server->state == SERVER_CONNECTED)
		server_reply(server, &message, sizeof(message));
}

static void handle_gpadl_teardown(struct vmbus_server *server,
				  const void *message, size_t size)
{
	const struct vmbus_gpadl_teardown *const teardown = message;
	struct gpadl *const gpadl =
		gpadl_find(&server->gpadls, teardown->gpadl);

	(void)size;
	/* A list that is not there is as gone as the child can want it. */
	if (!gpadl || gpadl_teardown(&server->gpadls, gpadl))
		server_torndown(server, teardown->gpadl);
}

/* ---- The rest ---- */

static void handle_tl_connect(struct vmbus_server *server, const void *message,
			      size_t size)
{
	const struct vmbus_tl_connect_request *const request = message;
	const struct vmbus_tl_connect_result result = {
		.header.type = VMBUS_MSG_TL_CONNECT_RESULT,
		.endpoint_id = request->endpoint_id,
		.service_id = request->service_id,
		.status = STATUS_CONNECTION_REFUSED, /* nobody listens */
	};

	(void)size;
	server_reply(server, &result, sizeof(result));
}

struct handler {
	void (*handle)(struct vmbus_server *server, const void *message,
		       size_t size);
	size_t size; /* at least */
	bool always; /* also while not connected */
};

static const struct handler handlers[VMBUS_MSG_COUNT] = {
	[VMBUS_MSG_REQUEST_OFFERS] = {handle_request_offers,
				      sizeof(struct vmbus_header), false},
	[VMBUS_MSG_OPEN_CHANNEL] = {handle_open_channel,
				    offsetof(struct vmbus_open_channel,
					     user_data),
				    false},
	[VMBUS_MSG_CLOSE_CHANNEL] = {handle_close_channel,
				     sizeof(struct vmbus_close_channel), false},
	[VMBUS_MSG_GPADL_HEADER] = {handle_gpadl_header,
				    sizeof(struct vmbus_gpadl_header), false},
	[VMBUS_MSG_GPADL_BODY] = {handle_gpadl_body,
				  sizeof(struct vmbus_gpadl_body), false},
	[VMBUS_MSG_GPADL_TEARDOWN] = {handle_gpadl_teardown,
				      sizeof(struct vmbus_gpadl_teardown),
				      false},
	[VMBUS_MSG_RELID_RELEASED] = {handle_relid_released,
				      sizeof(struct vmbus_relid_released),
				      false},
	[VMBUS_MSG_INITIATE_CONTACT] = {handle_initiate_contact,
					sizeof(struct vmbus_initiate_contact),
					true},
	[VMBUS_MSG_UNLOAD] = {handle_unload, sizeof(struct vmbus_header), true},
	[VMBUS_MSG_TL_CONNECT_REQUEST] =
		{handle_tl_connect, sizeof(struct vmbus_tl_connect_request),
		 false},
	[VMBUS_MSG_MODIFY_CHANNEL] = {handle_modify_channel,
				      sizeof(struct vmbus_modify_channel),
				      false},
	[VMBUS_MSG_MODIFY_CONNECTION] = {handle_modify_connection,
					 sizeof(struct vmbus_modify_connection),
					 false},
};

static void server_message(void *owner, uint32_t connection,
			   const void *payload, size_t size)
{
	struct vmbus_server *const server = owner;
	uint64_t copy[VMBUS_MESSAGE_MAX / sizeof(uint64_t)] = {0};
	const struct vmbus_header *const header = (const void *)copy;

	if (connection != VMBUS_MESSAGE_CONNECTION_ID &&
	    connection != VMBUS_MESSAGE_CONNECTION_ID_5_0)
		return;
	if (size > sizeof(copy))
		size = sizeof(copy);
	memcpy(copy, payload, size);

	const struct handler *const handler =
		header->type < VMBUS_MSG_COUNT ? &handlers[header->type] : NULL;

	if (!handler || !handler->handle || size < handler->size) {
		device_log("vmbus", "message of type %u with %zu bytes ignored",
			   header->type, size);
		return;
	}
	if (server->state != SERVER_CONNECTED && !handler->always) {
		device_log("vmbus", "message of type %u while not connected",
			   header->type);
		return;
	}
	handler->handle(server, copy, size);
}

static void server_signalled(void *owner, uint32_t connection)
{
	struct vmbus_server *const server = owner;
	const uint32_t relid = connection - EVENT_CONNECTION_BASE;

	if (relid <= RELID_MAX && server->by_relid[relid])
		channel_signalled(server->by_relid[relid]);
}

static void server_ready(void *owner)
{
	server_pump(owner);
}

static void server_timer(void *owner)
{
	struct vmbus_server *const server = owner;

	for (struct vmbus_channel *channel = server->channels; channel;
	     channel = channel->next) {
		if (!channel->more)
			continue;
		channel->more = false;
		channel_signalled(channel);
	}
}

void server_run_later(struct vmbus_server *server, uint64_t delay_ns)
{
	struct clock *const clock = server->timer.clock;
	const uint64_t deadline = clock->now_ns(clock) + delay_ns;

	if (!server->timer.armed || server->timer.deadline_ns > deadline)
		clock->arm(&server->timer, deadline);
}

uint32_t server_free_relid(const struct vmbus_server *server)
{
	for (uint32_t relid = 1; relid <= RELID_MAX; relid++)
		if (!server->by_relid[relid])
			return relid;
	return 0;
}

struct vmbus_server *vmbus_server_create(const struct memory *memory,
					 struct synic_port *synic,
					 struct clock *clock)
{
	struct vmbus_server *const server = device_allocate(sizeof(*server));

	server->memory = memory;
	server->gpadls.memory = memory;
	server->synic = synic;
	server->timer = (struct device_timer){
		.clock = clock,
		.expired = server_timer,
		.owner = server,
	};
	synic->ready = server_ready;
	synic->message = server_message;
	synic->signalled = server_signalled;
	synic->server = server;
	return server;
}

void vmbus_server_reset(struct vmbus_server *server)
{
	server_drain(server, AFTER_RESET);
}

bool vmbus_server_idle(const struct vmbus_server *server)
{
	return all_closed(server);
}

void vmbus_server_destroy(struct vmbus_server *server)
{
	struct synic_port *const synic = server->synic;

	assert(!server->channels);
	gpadl_forget(&server->gpadls, 0);
	if (server->timer.armed)
		server->timer.clock->disarm(&server->timer);
	synic->ready = NULL;
	synic->message = NULL;
	synic->signalled = NULL;
	synic->server = NULL;
	device_free(server);
}
