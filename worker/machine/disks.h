/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The child's disks: image files behind one SCSI controller on VMBus. */
#pragma once

#include "worker/core/machine.h"
#include "worker/vmbus/vmbus.h"

struct block_files;
struct storvsp;
struct scsi_device;

struct disk {
	struct block_device *block;
	struct scsi_device *scsi;
};

struct disks {
	struct block_files *files;
	struct loop_watch watch;
	struct disk disks[CONFIG_DISKS_MAX];
	struct storvsp *controller;
	struct vmbus_server *server;
};

/* 0 or -errno, with a log line; machine->exit says whose fault it is. */
int disks_connect(struct disks *disks, struct machine *machine,
		  struct vmbus_server *server);

/* Waits for what is under way, then closes the files. */
void disks_disconnect(struct disks *disks, struct machine *machine,
		      struct vmbus_server *server);
