/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A SCSI disk (SBC-3) on a block device; no operating system in it. */
#pragma once

#include "worker/device.h"

/* One logical unit; block must outlive it. */
struct scsi_device *scsi_disk_create(struct block_device *block);
void scsi_disk_destroy(struct scsi_device *device);
