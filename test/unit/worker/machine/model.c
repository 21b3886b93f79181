/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Machines without a hypervisor below them, and files in /tmp. */
#define _GNU_SOURCE
#include "model.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void model_begin(struct machine *machine, struct guest *guest)
{
	guest_init(guest);
	machine->memory.view = guest->memory;
	machine->exit = CONTROL_EXIT_ERROR;
	assert_int_equal(loop_create(&machine->loop), 0);
	loop_thaw(&machine->loop);
}

void model_end(struct machine *machine, struct guest *guest)
{
	loop_destroy(&machine->loop);
	guest_destroy(guest);
}

void model_file(char *path, const void *bytes, size_t size)
{
	int fd;

	strcpy(path, "/tmp/machine_testXXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
}
