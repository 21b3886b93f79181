/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Event ports and the connections that lead to them. TLFS 11.10.
 *
 * A port belongs to its receiver (the parent, today); a connection belongs to
 * the partition that signals. Their cells are charged to the owner.
 */
#pragma once

#include "../../abi/hypercall_parent_synic.h"
#include "partition.h"
#include "synic.h"

/*
 * Makes an event port of owner, as input (checked nowhere else) describes it.
 * ACCESS_DENIED: owner is not the parent; INVALID_PORT_ID: malformed or in
 * use; INVALID_PARAMETER; INVALID_VP_INDEX; INSUFFICIENT_MEMORY. No lock held.
 */
enum hv_status port_create(struct partition *owner,
			   const struct hv_input_create_port *input);

/* Takes the port away: signals to it get INVALID_PORT_ID from now on. */
enum hv_status port_delete(struct partition *owner, uint32_t id);

/*
 * Connects partition to a port of owner that was made for it.
 * INVALID_CONNECTION_ID: malformed or in use; INVALID_PORT_ID: no such port,
 * or not for this partition; INVALID_PARAMETER; INSUFFICIENT_MEMORY.
 */
enum hv_status port_connect(struct partition *partition,
			    struct partition *owner,
			    const struct hv_input_connect_port *connect);

enum hv_status port_disconnect(struct partition *partition, uint32_t id);

/* Everything that partition owns of these, and all ports that were made for
 * it: it is being deleted, nothing of it runs. */
void port_forget(struct partition *partition);

/*
 * A guest's SignalEvent: sets the flag of the port's vp and SINT, and raises
 * its interrupt when it was not set before.
 * INVALID_CONNECTION_ID: there is none; INVALID_PORT_ID: its port is gone;
 * INVALID_PARAMETER: flag beyond the port's; INVALID_SYNIC_STATE.
 */
enum hv_status connection_signal(struct partition *partition, uint32_t id,
				 uint32_t flag);
