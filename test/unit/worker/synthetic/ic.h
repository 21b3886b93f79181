/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The child's side of an integration service, as hv_utils plays it. */
#pragma once

#include "../vmbus/guest.h"

#include "abi/vmbus/integration.h"
#include "worker/synthetic/integration.h"

struct ic {
	struct guest guest;
	struct vmbus_offer_channel offer;
	struct guest_channel channel;
	struct guest_packet packet; /* the last one received */
};

void ic_init(struct ic *ic);

struct integration_options ic_options(struct ic *ic);

/* Connects and opens the one channel that there is. */
void ic_open(struct ic *ic);
/* Opens it again. */
void ic_reopen(struct ic *ic);

/* The next message of the host's is now in packet; false: there is none. */
bool ic_receive(struct ic *ic);
/* There must be one of this type; NULL-free pointer into packet. */
void *ic_expect(struct ic *ic, uint16_t type);

/* Sends the packet's message back as the answer to it. */
void ic_answer(struct ic *ic, uint32_t status);
/* Sends size bytes of the packet as they are. */
void ic_send(struct ic *ic, size_t size);

/* Answers the negotiation that waits with these versions. */
void ic_choose(struct ic *ic, uint16_t framework, uint16_t major,
	       uint16_t minor);

/* Closes the channel, stopped or not, and takes its rings back. */
void ic_close(struct ic *ic);

/* The channel has been stopped with one log line that holds why. */
void ic_expect_broken(struct ic *ic, const char *why);
