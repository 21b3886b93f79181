// SPDX-License-Identifier: GPL-2.0-or-later
/* A channel: opening, handing packets to its device, sending, closing. */
#include "channel.h"

#include <string.h>

/* Packets handed out before other channels get their turn. */
#define RUN_BUDGET 512

/* How soon a ring is tried again whose reader will not tell of room. */
#define BLOCKED_RETRY_NS 1000000

static void log_broken(const struct vmbus_channel *channel, const char *why)
{
	device_log("vmbus", "%s: channel %u stopped: %s", channel->options.name,
		   channel->relid, why);
}

/* ---- Opening and closing ---- */

static bool rings_init(struct vmbus_channel *channel, uint32_t downstream)
{
	const struct gpadl *const pages = channel->ring_pages;

	if (pages->byte_offset || pages->byte_count % HV_PAGE_SIZE ||
	    downstream >= pages->page_count)
		return false;
	return ring_init(&channel->in, pages->pages, downstream, false) &&
	       ring_init(&channel->out, pages->pages + downstream,
			 pages->page_count - downstream, true);
}

static void ring_pages_release(struct vmbus_channel *channel)
{
	struct gpadl *const pages = channel->ring_pages;

	channel->ring_pages = NULL;
	if (pages)
		vmbus_channel_gpadl_release(channel, pages);
}

static bool channel_listen(struct vmbus_channel *channel, bool on)
{
	struct synic_port *const synic = channel->server->synic;

	return synic->listen(synic, EVENT_CONNECTION_BASE + channel->relid, on);
}

uint32_t channel_open(struct vmbus_channel *channel,
		      const struct vmbus_open_channel *message)
{
	if (channel->state != CHANNEL_CLOSED || !channel->offered ||
	    channel->rescinded)
		return STATUS_UNSUCCESSFUL;
	channel->ring_pages =
		vmbus_channel_gpadl_acquire(channel, message->ring_gpadl);
	if (!channel->ring_pages)
		return STATUS_INVALID_PARAMETER;
	if (!rings_init(channel, message->downstream_offset_pages)) {
		ring_pages_release(channel);
		return STATUS_INVALID_PARAMETER;
	}
	if (!channel_listen(channel, true)) {
		ring_pages_release(channel);
		return STATUS_UNSUCCESSFUL;
	}
	channel->target_vp = message->target_vp;
	channel->paused = false;
	channel->more = false;
	channel->send_waits = false;
	channel->state = CHANNEL_OPEN;
	if (channel->options.operations->opened(channel))
		return STATUS_SUCCESS;
	channel->state = CHANNEL_CLOSED;
	channel_listen(channel, false);
	ring_pages_release(channel);
	return STATUS_UNSUCCESSFUL;
}

static void channel_stop(struct vmbus_channel *channel)
{
	channel_listen(channel, false);
	channel->more = false;
	channel->options.operations->closed(channel);
}

static void channel_finish_close(struct vmbus_channel *channel)
{
	channel->state = CHANNEL_CLOSED;
	ring_pages_release(channel);
	server_channel_closed(channel->server);
}

void vmbus_channel_hold(struct vmbus_channel *channel)
{
	channel->holds++;
}

void vmbus_channel_release(struct vmbus_channel *channel)
{
	if (--channel->holds == 0 && channel->state == CHANNEL_CLOSING)
		channel_finish_close(channel);
}

void channel_close(struct vmbus_channel *channel)
{
	if (channel->state != CHANNEL_OPEN && channel->state != CHANNEL_BROKEN)
		return;

	const bool stopped = channel->state == CHANNEL_BROKEN;

	channel->state = CHANNEL_CLOSING;
	/* A hold of our own, or closed() could finish it under our feet. */
	vmbus_channel_hold(channel);
	if (!stopped)
		channel_stop(channel);
	vmbus_channel_release(channel);
}

void vmbus_channel_break(struct vmbus_channel *channel, const char *why)
{
	if (channel->state != CHANNEL_OPEN)
		return;
	log_broken(channel, why);
	channel->state = CHANNEL_BROKEN;
	channel_stop(channel);
}

/* ---- Packets from the child ---- */

static bool channel_deliver(struct vmbus_channel *channel, const void *copy,
			    size_t size)
{
	const struct vmbus_packet_descriptor *const descriptor = copy;
	const size_t offset = descriptor->data_offset8 * VMBUS_PACKET_UNIT;
	const struct vmbus_packet packet = {
		.type = descriptor->type,
		.completion_requested = descriptor->flags &
					VMBUS_PACKET_FLAG_COMPLETION_REQUESTED,
		.transaction_id = descriptor->transaction_id,
		.header = descriptor + 1,
		.header_size = offset - sizeof(*descriptor),
		.payload = (const uint8_t *)copy + offset,
		.payload_size = size - offset,
	};

	return channel->options.operations->packet(channel, &packet);
}

/* Hands out packets; returns how much of the budget is left. */
static unsigned int channel_drain(struct vmbus_channel *channel,
				  unsigned int budget)
{
	void *const copy = channel->server->scratch;

	while (budget && channel->state == CHANNEL_OPEN) {
		size_t size;
		const enum ring_result result = ring_peek(
			&channel->in, copy, VMBUS_PACKET_SIZE_MAX, &size);

		if (result == RING_BROKEN)
			vmbus_channel_break(channel,
					    "its outgoing ring is not valid");
		if (result != RING_OK)
			break;
		if (!channel_deliver(channel, copy, size)) {
			channel->paused = !channel->resumed;
			channel->resumed = false;
			if (channel->paused)
				break;
			continue;
		}
		/* A device may have stopped its channel on this packet. */
		if (channel->state == CHANNEL_OPEN)
			ring_consume(&channel->in, size);
		budget--;
	}
	return budget;
}

static void channel_signal(struct vmbus_channel *channel)
{
	const struct vmbus_server *const server = channel->server;

	server->synic->signal_event(server->synic, channel->target_vp,
				    server->sint, channel->relid);
}

/*
 * One round: all packets there are, then room is given back. True: there is
 * more, so the child need not signal and another round is due.
 */
static bool channel_round(struct vmbus_channel *channel, unsigned int *budget)
{
	const struct vmbus_device_operations *const operations =
		channel->options.operations;
	const unsigned int left = channel_drain(channel, *budget);
	const bool any = left != *budget;

	*budget = left;
	if (channel->state == CHANNEL_OPEN && ring_publish(&channel->in))
		channel_signal(channel);
	if (any && operations->drained)
		operations->drained(channel);
	if (channel->state != CHANNEL_OPEN)
		return false;
	if (channel->resumed) {
		channel->resumed = false;
		channel->paused = false;
		return true;
	}
	/* Nothing is to be handed out: the child's signals are no use. */
	if (channel->paused)
		return false;
	if (!ring_unmask(&channel->in))
		return false;
	ring_mask(&channel->in);
	return true;
}

static void channel_run(struct vmbus_channel *channel)
{
	struct vmbus_server *const server = channel->server;
	unsigned int budget = RUN_BUDGET;
	bool again = true;

	channel->resumed = false;
	server->running = channel;
	vmbus_server_batch_begin(server);
	ring_mask(&channel->in);
	while (again && budget)
		again = channel_round(channel, &budget);
	if (again) {
		channel->more = true;
		server_run_later(server, 0);
	}
	server->running = NULL;
	vmbus_server_batch_end(server);
}

static void channel_try_writable(struct vmbus_channel *channel)
{
	const struct vmbus_device_operations *const operations =
		channel->options.operations;

	if (!channel->send_waits)
		return;
	channel->send_waits = false;
	if (operations->writable)
		operations->writable(channel);
}

void channel_signalled(struct vmbus_channel *channel)
{
	if (channel->state != CHANNEL_OPEN || channel->server->running)
		return;
	vmbus_server_batch_begin(channel->server);
	channel_try_writable(channel);
	if (channel->state == CHANNEL_OPEN && !channel->paused)
		channel_run(channel);
	vmbus_server_batch_end(channel->server);
}

void vmbus_channel_resume(struct vmbus_channel *channel)
{
	struct vmbus_server *const server = channel->server;

	if (server->running == channel) {
		channel->resumed = true;
		return;
	}
	if (!channel->paused || channel->state != CHANNEL_OPEN)
		return;
	channel->paused = false;
	if (!server->running) {
		channel_run(channel);
		return;
	}
	/* Another channel's packet is in the one buffer. */
	channel->more = true;
	server_run_later(server, 0);
}

/* ---- Packets to the child ---- */

static void channel_flush(struct vmbus_channel *channel)
{
	channel->flush_due = false;
	if (channel->state == CHANNEL_OPEN && ring_flush(&channel->out))
		channel_signal(channel);
}

void vmbus_server_batch_begin(struct vmbus_server *server)
{
	server->batch++;
}

void vmbus_server_batch_end(struct vmbus_server *server)
{
	if (--server->batch)
		return;
	while (server->flush) {
		struct vmbus_channel *const channel = server->flush;

		server->flush = channel->flush_next;
		channel_flush(channel);
	}
}

static void channel_flush_later(struct vmbus_channel *channel)
{
	struct vmbus_server *const server = channel->server;

	if (!server->batch) {
		channel_flush(channel);
	} else if (!channel->flush_due) {
		channel->flush_due = true;
		channel->flush_next = server->flush;
		server->flush = channel;
	}
}

static void channel_blocked(struct vmbus_channel *channel)
{
	channel->send_waits = true;
	if (!ring_reader_signals(&channel->out)) {
		channel->more = true;
		server_run_later(channel->server, BLOCKED_RETRY_NS);
	}
}

bool vmbus_channel_send(struct vmbus_channel *channel,
			const struct vmbus_packet *packet)
{
	if (channel->state != CHANNEL_OPEN)
		return false;

	const struct ring_packet out = {
		.type = packet->type,
		.flags = packet->completion_requested
				 ? VMBUS_PACKET_FLAG_COMPLETION_REQUESTED
				 : 0,
		.transaction_id = packet->transaction_id,
		.header = {packet->header, packet->header_size},
		.payload = {packet->payload, packet->payload_size},
	};

	enum ring_result result = ring_write(&channel->out, &out);

	/*
	 * What was held back must be seen before the reader can make room,
	 * and before it judges by our index whether we wait for some.
	 */
	if (result == RING_FULL) {
		if (ring_flush(&channel->out))
			channel_signal(channel);
		result = ring_write(&channel->out, &out);
	}
	switch (result) {
	case RING_OK:
		channel_flush_later(channel);
		return true;
	case RING_FULL:
		channel_blocked(channel);
		return false;
	default:
		vmbus_channel_break(channel, "its incoming ring is not valid");
		return false;
	}
}

bool vmbus_channel_complete(struct vmbus_channel *channel,
			    uint64_t transaction_id, const void *payload,
			    size_t size)
{
	const struct vmbus_packet packet = {
		.type = VMBUS_PACKET_COMPLETION,
		.transaction_id = transaction_id,
		.payload = payload,
		.payload_size = size,
	};

	return vmbus_channel_send(channel, &packet);
}

bool vmbus_channel_all_read(const struct vmbus_channel *channel)
{
	return channel->state == CHANNEL_OPEN && ring_all_read(&channel->out);
}

/* ---- What a device makes and asks ---- */

struct vmbus_channel *
vmbus_channel_create(struct vmbus_server *server,
		     const struct vmbus_channel_options *options)
{
	const uint32_t relid = server_free_relid(server);

	if (!relid)
		return NULL;

	struct vmbus_channel *const channel = device_allocate(sizeof(*channel));
	struct vmbus_channel **end = &server->channels;

	channel->server = server;
	channel->options = *options;
	channel->relid = relid;
	server->by_relid[relid] = channel;
	while (*end)
		end = &(*end)->next;
	*end = channel;
	if (!options->deferred)
		vmbus_channel_offer(channel);
	return channel;
}

void vmbus_channel_destroy(struct vmbus_channel *channel)
{
	struct vmbus_server *const server = channel->server;
	struct vmbus_channel **at = &server->channels;

	channel_close(channel);
	while (*at != channel)
		at = &(*at)->next;
	*at = channel->next;
	for (at = &server->flush; *at; at = &(*at)->flush_next) {
		if (*at == channel) {
			*at = channel->flush_next;
			break;
		}
	}
	server->by_relid[channel->relid] = NULL;
	device_free(channel);
}

void vmbus_channel_offer(struct vmbus_channel *channel)
{
	struct vmbus_server *const server = channel->server;

	channel->wanted = true;
	if (!server->offers_requested || channel->offered || channel->rescinded)
		return; /* now known, or to be offered once it can be */
	channel->offer_due = true;
	server_pump(server);
}

void vmbus_channel_rescind(struct vmbus_channel *channel)
{
	channel->wanted = false;
	channel->offer_due = false;
	if (!channel->offered || channel->rescinded)
		return;
	channel->rescinded = true;
	channel->rescind_due = true;
	channel_close(channel);
	server_pump(channel->server);
}

void *vmbus_channel_owner(const struct vmbus_channel *channel)
{
	return channel->options.owner;
}

uint16_t vmbus_channel_sub_index(const struct vmbus_channel *channel)
{
	return channel->options.sub_index;
}

bool vmbus_channel_is_open(const struct vmbus_channel *channel)
{
	return channel->state == CHANNEL_OPEN;
}

struct gpadl *vmbus_channel_gpadl_acquire(struct vmbus_channel *channel,
					  uint32_t id)
{
	return gpadl_acquire(&channel->server->gpadls, channel->relid, id);
}

void vmbus_channel_gpadl_release(struct vmbus_channel *channel,
				 struct gpadl *gpadl)
{
	const uint32_t id = gpadl->id;

	if (gpadl_release(&channel->server->gpadls, gpadl))
		server_torndown(channel->server, id);
}
