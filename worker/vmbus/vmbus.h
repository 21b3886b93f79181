/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a synthetic device and the machine see of VMBus.
 *
 * The machine makes one server per child and gives it the child's SynIC. A
 * device makes one or more channels on the server and says what to do when
 * the child opens them and puts packets on them. All calls and callbacks are
 * made with the machine's lock held.
 *
 * A channel that carries garbage is broken: it is closed on our side, one
 * line is logged, and the child may close and open it anew. Other channels
 * go on.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/device.h"
#include "worker/vmbus/gpadl.h"
#include "abi/vmbus/channel.h"
#include "abi/vmbus/ring.h"

struct vmbus_server;
struct vmbus_channel;

/* ---- Server: for the machine ---- */

/* Fills in the callbacks of synic. clock is for retries and fairness. */
struct vmbus_server *vmbus_server_create(const struct memory *memory,
					 struct synic_port *synic,
					 struct clock *clock);

/*
 * The child was reset: every channel is closed and nothing is connected.
 * The child's memory may still be in use by requests in flight until
 * vmbus_server_idle().
 */
void vmbus_server_reset(struct vmbus_server *server);
bool vmbus_server_idle(const struct vmbus_server *server);

/* After its devices, so that no channel is left. */
void vmbus_server_destroy(struct vmbus_server *server);

/*
 * Between begin and end, which nest, packets written to the child are held
 * back so that one signal per channel announces all of them. Worth having
 * around the reaping of many completions.
 */
void vmbus_server_batch_begin(struct vmbus_server *server);
void vmbus_server_batch_end(struct vmbus_server *server);

/* ---- Packets ---- */

/*
 * A packet either way. header is what the packet's type puts between its
 * descriptor and its payload (ranges, page set; a multiple of 8 bytes). A
 * received packet is a private copy, valid during the callback, its lengths
 * checked; header and payload are aligned to 8.
 */
struct vmbus_packet {
	uint16_t type; /* VMBUS_PACKET_* */
	bool completion_requested;
	uint64_t transaction_id;
	const void *header;
	size_t header_size;
	const void *payload;
	size_t payload_size;
};

/* Larger packets break their channel. */
#define VMBUS_PACKET_SIZE_MAX (32u * 1024)

struct vmbus_spans {
	struct span *spans;
	unsigned int capacity;
	unsigned int count;
	uint64_t bytes;
};

/*
 * The child's memory that a GPA-direct packet names, in order, neighbours
 * joined, up to limit bytes in all. False: ranges that do not parse, lie
 * outside of RAM, or need more than capacity spans.
 */
bool vmbus_packet_spans(const struct vmbus_packet *packet,
			const struct memory *memory, uint64_t limit,
			struct vmbus_spans *spans);

/* ---- Channels: for devices ---- */

struct vmbus_device_operations {
	/* The rings are there. False refuses the child's open. */
	bool (*opened)(struct vmbus_channel *channel);
	/*
	 * The rings are gone; what was sent from now on is dropped. The child
	 * is told only when the last hold is released.
	 */
	void (*closed)(struct vmbus_channel *channel);
	/*
	 * One packet. False: cannot take it now; it comes again after
	 * vmbus_channel_resume().
	 */
	bool (*packet)(struct vmbus_channel *channel,
		       const struct vmbus_packet *packet);
	/*
	 * Optional: no more packets for now, after at least one, be the
	 * channel still open or not.
	 */
	void (*drained)(struct vmbus_channel *channel);
	/* Optional: after a send found no room, there is some again. */
	void (*writable)(struct vmbus_channel *channel);
};

struct vmbus_channel_options {
	const char *name; /* for the log; must outlive the channel */
	struct vmbus_guid type;
	struct vmbus_guid instance;
	uint16_t flags; /* VMBUS_OFFER_* */
	uint16_t mmio_megabytes;
	uint16_t sub_index; /* 0: primary */
	bool deferred;	    /* not offered until vmbus_channel_offer() */
	uint8_t user_defined[VMBUS_USER_DEFINED_SIZE];
	const struct vmbus_device_operations *operations;
	void *owner;
};

/* NULL: no relid left. */
struct vmbus_channel *
vmbus_channel_create(struct vmbus_server *server,
		     const struct vmbus_channel_options *options);
void vmbus_channel_destroy(struct vmbus_channel *channel);

/* The device behind it, as given in the options. */
void *vmbus_channel_owner(const struct vmbus_channel *channel);
uint16_t vmbus_channel_sub_index(const struct vmbus_channel *channel);
bool vmbus_channel_is_open(const struct vmbus_channel *channel);

/* Shows the channel to the child, or takes it back (closing it first). */
void vmbus_channel_offer(struct vmbus_channel *channel);
void vmbus_channel_rescind(struct vmbus_channel *channel);

/*
 * False: no room on the ring (writable() follows), or larger than the ring,
 * or not open. Without room nothing is sent and the device keeps its packet.
 */
bool vmbus_channel_send(struct vmbus_channel *channel,
			const struct vmbus_packet *packet);

/* Sends a completion. */
bool vmbus_channel_complete(struct vmbus_channel *channel,
			    uint64_t transaction_id, const void *payload,
			    size_t size);

/* Whether the child has read all that was sent; false: not open. */
bool vmbus_channel_all_read(const struct vmbus_channel *channel);

/* Packets were refused and can be taken again. */
void vmbus_channel_resume(struct vmbus_channel *channel);

/* The child broke the device's protocol beyond an error answer. */
void vmbus_channel_break(struct vmbus_channel *channel, const char *why);

/*
 * Somebody uses the child's memory on behalf of a packet: closing is not
 * reported done before every hold is released.
 */
void vmbus_channel_hold(struct vmbus_channel *channel);
void vmbus_channel_release(struct vmbus_channel *channel);

/*
 * A page list that the child made for this channel, or NULL. Give it back in
 * closed() at the latest, or before the last hold.
 */
struct gpadl *vmbus_channel_gpadl_acquire(struct vmbus_channel *channel,
					  uint32_t id);
void vmbus_channel_gpadl_release(struct vmbus_channel *channel,
				 struct gpadl *gpadl);
