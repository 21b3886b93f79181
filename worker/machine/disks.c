/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The child's disks: image files behind one SCSI controller on VMBus. */
#include "disks.h"
#include "worker/backend/block_file.h"
#include "worker/backend/scsi_disk.h"
#include "worker/synthetic/storvsp.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>

#define SUB_CHANNELS_MAX 3u
#define DRAIN_STEP_MS	 100
#define DRAIN_STEPS_MAX	 300

_Static_assert(CONFIG_DISKS_MAX <= STORVSP_LUNS_MAX, "a LUN for each disk");

static void reap(void *owner, uint32_t events)
{
	struct disks *disks = owner;

	(void)events;
	/* One signal to the child for all that is done. */
	vmbus_server_batch_begin(disks->server);
	block_file_reap(disks->files);
	vmbus_server_batch_end(disks->server);
}

static int open_files(struct disks *disks, struct machine *machine)
{
	const struct config *config = &machine->config;

	for (unsigned int i = 0; i < config->disk_count; i++) {
		const struct block_file_options options = {
			.path = config->disks[i].file,
			.readonly = config->disks[i].readonly,
		};
		struct disk *disk = &disks->disks[i];
		char error[BLOCK_FILE_ERROR_SIZE];

		disk->block = block_file_open(disks->files, &options, error);
		if (!disk->block) {
			device_log("disk", "%s", error);
			machine->exit = CONTROL_EXIT_CONFIG;
			return -EINVAL;
		}
		disk->scsi = scsi_disk_create(disk->block);
	}
	return 0;
}

/* One channel a processor, up to a few: one thread serves them all. */
static unsigned int sub_channels(const struct machine *machine)
{
	unsigned int others = machine->config.processors - 1;

	return others < SUB_CHANNELS_MAX ? others : SUB_CHANNELS_MAX;
}

static int create_controller(struct disks *disks, struct machine *machine,
			     struct vmbus_server *server)
{
	struct storvsp_options options = {
		.name = "scsi",
		.server = server,
		.memory = &machine->memory.view,
		.instance = VMBUS_GUID(0xb01dface, 0x5c51, 0x4000, 0x80, 0x00,
				       0, 0, 0, 0, 0, 1),
		.sub_channels = sub_channels(machine),
	};

	for (unsigned int i = 0; i < machine->config.disk_count; i++)
		options.luns[i] = disks->disks[i].scsi;
	disks->controller = storvsp_create(&options);
	return disks->controller ? 0 : -ENOSPC;
}

int disks_connect(struct disks *disks, struct machine *machine,
		  struct vmbus_server *server)
{
	int error;

	if (!machine->config.disk_count)
		return 0;
	disks->server = server;
	error = block_files_create(&disks->files, BLOCK_ENGINE_BEST);
	if (error) {
		device_log("disk", "no engine: %s", strerror(-error));
		return error;
	}
	disks->watch = (struct loop_watch){
		.fd = block_file_fd(disks->files),
		.ready = reap,
		.owner = disks,
	};
	error = loop_watch(&machine->loop, &disks->watch, EPOLLIN);
	if (!error)
		error = open_files(disks, machine);
	if (!error)
		error = create_controller(disks, machine, server);
	return error;
}

/* Requests use the child's memory: nothing goes before they are done. */
static void drain(const struct disks *disks, struct vmbus_server *server)
{
	vmbus_server_reset(server);
	for (unsigned int i = 0; i < DRAIN_STEPS_MAX; i++) {
		struct pollfd wait = {disks->watch.fd, POLLIN, 0};

		if (vmbus_server_idle(server) &&
		    !storvsp_in_flight(disks->controller))
			return;
		poll(&wait, 1, DRAIN_STEP_MS);
		block_file_reap(disks->files);
	}
	device_log("disk", "requests do not end");
}

void disks_disconnect(struct disks *disks, struct machine *machine,
		      struct vmbus_server *server)
{
	if (!disks->files)
		return;
	if (disks->controller) {
		drain(disks, server);
		storvsp_destroy(disks->controller);
	}
	for (unsigned int i = 0; i < machine->config.disk_count; i++) {
		if (disks->disks[i].scsi)
			scsi_disk_destroy(disks->disks[i].scsi);
		if (disks->disks[i].block)
			block_file_close(disks->disks[i].block);
	}
	loop_unwatch(&machine->loop, &disks->watch);
	block_files_destroy(disks->files);
	disks->files = NULL;
}
