/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Synthetic SCSI controller: disks as logical units 0, 1, ... of target 0,
 * served to the child's storvsc driver over VMBus.
 */
#pragma once

#include "worker/device.h"
#include "worker/vmbus/vmbus.h"

#define STORVSP_LUNS_MAX	 64
#define STORVSP_SUB_CHANNELS_MAX 15

struct storvsp;

struct storvsp_options {
	const char *name; /* for the log; must outlive the controller */
	struct vmbus_server *server;
	const struct memory *memory;
	struct vmbus_guid instance; /* unique in the child, stable */
	struct scsi_device *luns[STORVSP_LUNS_MAX]; /* NULL: none there */
	unsigned int sub_channels; /* at most; 0 is one channel */
};

/* NULL: the server has no channel left. The disks must outlive it. */
struct storvsp *storvsp_create(const struct storvsp_options *options);

/* No request may be in flight: after vmbus_server_reset() and idle(). */
void storvsp_destroy(struct storvsp *storvsp);

/* Requests that the disks have not answered yet. */
unsigned int storvsp_in_flight(const struct storvsp *storvsp);
