/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a network device's wire ends in: NAT inside this process, or a tap on
 * a bridge of the parent.
 *
 * The event loop waits for EPOLLIN on poll_fd and then calls service(), which
 * is the only place that hands frames to the device: never from within the
 * device's send() or resume(). All calls are made with the machine's lock
 * held. Whatever needs a privilege is done by the call that makes it.
 */
#pragma once

#include "worker/device.h"

struct network_counters {
	uint64_t sent_frames; /* by the child */
	uint64_t sent_bytes;
	uint64_t sent_dropped;
	uint64_t received_frames; /* by the child */
	uint64_t received_bytes;
	uint64_t received_dropped;
};

struct network_backend {
	struct network_link link; /* for the device */
	int poll_fd;
	bool down; /* the cable is out: nothing goes either way */
	struct network_counters counters;
	void (*service)(struct network_backend *backend);
	/*
	 * Frames on their way to the child are lost when it goes down. Where
	 * there is nothing left to connect to it stays down.
	 */
	void (*set_link)(struct network_backend *backend, bool up);
	void (*destroy)(struct network_backend *backend);
};

#define NETWORK_ERROR_SIZE 160

/* A frame that the child sent and the wire took. */
static inline void network_count_sent(struct network_backend *backend,
				      const struct network_frame *frame)
{
	backend->counters.sent_frames++;
	backend->counters.sent_bytes += frame->size;
}

/* Hands a frame to the device; false: it has no room, or there is none. */
static inline bool network_deliver(struct network_backend *backend,
				   const struct network_frame *frame)
{
	const struct network_link *link = &backend->link;

	if (!link->receive || !link->receive(link->device, frame))
		return false;
	backend->counters.received_frames++;
	backend->counters.received_bytes += frame->size;
	return true;
}
