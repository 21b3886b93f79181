/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A log of bounded size. What a child prints goes to a file system in
 * memory: without a bound it could fill the host's.
 */
#define _GNU_SOURCE
#include "logfile.h"
#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void logfile_begin(struct logfile *log)
{
	/* Appended, not truncated: a follower may still read the old one. */
	log->fd =
		open(log->path,
		     O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0640);
	log->size = 0;
}

void logfile_open(struct logfile *log, const char *path)
{
	log->path = memory_string(path);
	log->old_path = memory_print("%s.1", path);
	unlink(log->path);
	unlink(log->old_path);
	logfile_begin(log);
}

static void logfile_turn(struct logfile *log)
{
	if (log->fd >= 0)
		close(log->fd);
	if (rename(log->path, log->old_path) < 0)
		unlink(log->path);
	logfile_begin(log);
}

void logfile_write(struct logfile *log, const void *data, size_t size)
{
	const char *at = data;

	if (log->size >= LOGFILE_SIZE_MAX)
		logfile_turn(log);
	while (size && log->fd >= 0) {
		const ssize_t n = write(log->fd, at, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return; /* no space: this part is lost */
		at += n;
		size -= (size_t)n;
		log->size += (size_t)n;
	}
}

void logfile_close(struct logfile *log)
{
	if (log->fd >= 0)
		close(log->fd);
	free(log->path);
	free(log->old_path);
	*log = (struct logfile){.fd = -1};
}
