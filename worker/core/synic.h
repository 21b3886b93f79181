/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The child's SynIC as the VMBus server reaches it. */
#pragma once

#include "worker/device.h"
#include "loop.h"

struct machine;

#define SYNIC_LISTENS_MAX 256u

/* The connections on which a guest posts messages to a VMBus server. */
#define SYNIC_MESSAGE_CONNECTION     1u
#define SYNIC_MESSAGE_CONNECTION_5_0 4u

/* A slot is never freed while the loop may still name it: fd -1 = unused. */
struct synic_listen {
	struct synic *synic;
	uint32_t connection;
	bool used;
	struct loop_watch watch; /* fd -1: the intercept way */
};

struct synic {
	struct synic_port port; /* first: what the server knows */
	struct machine *machine;
	bool event_ports; /* the kernel turns signals into eventfds */
	struct synic_listen listens[SYNIC_LISTENS_MAX];
};

void synic_init(struct synic *synic, struct machine *machine);
void synic_destroy(struct synic *synic);

/* Lock held: slots became free. */
void synic_deliverable(struct synic *synic);

/* Lock held: what the guest said; enum hv_status. */
uint16_t synic_post(struct synic *synic, uint32_t connection,
		    const void *payload, size_t size);
uint16_t synic_signal(struct synic *synic, uint32_t connection);
