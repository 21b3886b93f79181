/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A log of bounded size: when it is full it becomes FILE.1 and begins anew. */
#pragma once

#include <stddef.h>

#define LOGFILE_SIZE_MAX (1024u * 1024)

struct logfile {
	char *path;
	char *old_path;
	int fd; /* -1: cannot be written; what comes is dropped */
	size_t size;
};

/* Begins an empty log; a FILE.1 of before is removed. */
void logfile_open(struct logfile *log, const char *path);
void logfile_write(struct logfile *log, const void *data, size_t size);
void logfile_close(struct logfile *log);
