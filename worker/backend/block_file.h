/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Block devices on raw image files and on block special files.
 *
 * All files of a worker share one engine, io_uring or, where the kernel has
 * none, a few threads. The event loop polls block_file_fd() for reading and
 * then calls block_file_reap() with the machine's lock held; that is where
 * done() of requests is called, besides plug(false).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "worker/device.h"

struct block_files;

enum block_engine_kind {
	BLOCK_ENGINE_BEST,
	BLOCK_ENGINE_URING,
	BLOCK_ENGINE_THREADS,
};

/* 0 or -errno. */
int block_files_create(struct block_files **files, enum block_engine_kind kind);

/* After its files are closed. */
void block_files_destroy(struct block_files *files);

/* Readable while there is something to reap; level-triggered. */
int block_file_fd(const struct block_files *files);
void block_file_reap(struct block_files *files);

struct block_file_options {
	const char *path;
	bool readonly;
	bool buffered;	      /* never around the page cache */
	const char *identity; /* NULL: the file's name */
};

#define BLOCK_FILE_ERROR_SIZE 512

/*
 * Opens and locks the image. NULL: error says in one line, with the path,
 * what is wrong.
 */
struct block_device *block_file_open(struct block_files *files,
				     const struct block_file_options *options,
				     char error[BLOCK_FILE_ERROR_SIZE]);

/* Waits for the requests in flight, whose done() is called. */
void block_file_close(struct block_device *device);
