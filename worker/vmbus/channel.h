/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Channels and the server as this room knows them; devices see vmbus.h. */
#pragma once

#include "worker/vmbus/ring.h"
#include "worker/vmbus/vmbus.h"

#define RELID_MAX (VMBUS_MAX_CHANNELS - 1)

/* Connection of a channel's SignalEvent: this plus its relid. */
#define EVENT_CONNECTION_BASE 0x10000u

enum channel_state {
	CHANNEL_CLOSED,
	CHANNEL_OPEN,
	CHANNEL_BROKEN,	 /* as closed, but the child has not closed it yet */
	CHANNEL_CLOSING, /* closed, requests still in flight */
};

struct vmbus_channel {
	struct vmbus_server *server;
	struct vmbus_channel *next; /* of the server's, by age */
	struct vmbus_channel_options options;
	uint32_t relid;

	/* What the child knows of it. */
	bool wanted;	  /* the device wants it offered */
	bool offered;	  /* the child has the offer */
	bool offer_due;	  /* a message yet to be sent */
	bool rescind_due; /* likewise */
	bool rescinded;	  /* relid is the child's until it releases it */

	enum channel_state state;
	uint32_t target_vp;
	uint32_t holds; /* users of the child's memory */
	struct gpadl *ring_pages;
	struct ring in;
	struct ring out;

	bool paused;	 /* the device cannot take more */
	bool resumed;	 /* it can again, found out while running */
	bool more;	 /* the timer is to look at it */
	bool send_waits; /* a send found no room */
	bool flush_due;	 /* on the server's list below */
	struct vmbus_channel *flush_next;
};

/* Where a reply to the child waits for its message slot. */
struct reply {
	uint16_t size;
	uint64_t message[VMBUS_MESSAGE_MAX / sizeof(uint64_t)];
};

/*
 * A child has at most one request of a kind outstanding per channel and page
 * list; more replies than this wait only if it does not read them.
 */
#define REPLY_COUNT 128

enum server_state {
	SERVER_DISCONNECTED,
	SERVER_DRAINING, /* closing everything before what is in after_drain */
	SERVER_CONNECTED,
};

enum after_drain {
	AFTER_RESET,
	AFTER_UNLOAD,
	AFTER_CONTACT
};

struct vmbus_server {
	const struct memory *memory;
	struct synic_port *synic;
	struct device_timer timer;

	enum server_state state;
	enum after_drain after_drain;
	struct vmbus_initiate_contact contact; /* the latest */
	uint32_t version;
	uint32_t vp;   /* where messages go */
	uint32_t sint; /* of messages and events */
	bool offers_requested;
	bool all_offers_due;

	struct vmbus_channel *channels;
	struct vmbus_channel *by_relid[VMBUS_MAX_CHANNELS];
	struct gpadl_table gpadls;

	struct reply replies[REPLY_COUNT];
	unsigned int reply_first;
	unsigned int reply_count;
	bool replies_lost; /* logged once per connection */

	unsigned int batch;	       /* depth */
	struct vmbus_channel *flush;   /* written to in this batch */
	struct vmbus_channel *running; /* its packet is in scratch */
	uint64_t scratch[VMBUS_PACKET_SIZE_MAX / sizeof(uint64_t)];
};

/* ---- channel.c ---- */

/* What the child asked for; 0 or an NTSTATUS for the answer. */
uint32_t channel_open(struct vmbus_channel *channel,
		      const struct vmbus_open_channel *message);
/* Stops it; server_channel_closed() follows when no request is in flight. */
void channel_close(struct vmbus_channel *channel);
/* The child signalled, or it is time to go on. */
void channel_signalled(struct vmbus_channel *channel);

/* ---- server.c ---- */

/* Sends what is due while message slots are free. */
void server_pump(struct vmbus_server *server);
void server_reply(struct vmbus_server *server, const void *message,
		  size_t size);
/* No request of this channel is in flight any more. */
void server_channel_closed(struct vmbus_server *server);
void server_torndown(struct vmbus_server *server, uint32_t gpadl);
/* Calls channel_signalled() on channels with more to do, soon. */
void server_run_later(struct vmbus_server *server, uint64_t delay_ns);
uint32_t server_free_relid(const struct vmbus_server *server);

#define STATUS_SUCCESS		  0u
#define STATUS_UNSUCCESSFUL	  0xc0000001u
#define STATUS_INVALID_PARAMETER  0xc000000du
#define STATUS_CONNECTION_REFUSED 0xc0000236u
