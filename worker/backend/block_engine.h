/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What block files and the engines that do their system calls share. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "worker/device.h"

/* One system call. */
enum block_action_kind {
	BLOCK_ACTION_NONE, /* completes with the result it has */
	BLOCK_ACTION_READ,
	BLOCK_ACTION_WRITE,
	BLOCK_ACTION_SYNC,     /* fdatasync */
	BLOCK_ACTION_ALLOCATE, /* fallocate */
};

struct block_action {
	enum block_action_kind kind;
	int fd;
	int flags; /* RWF_*, or fallocate's mode */
	uint64_t offset;
	uint64_t length;
	const struct iovec *vectors;
	unsigned int vector_count;
};

/* A request under way; may take several actions, one after another. */
struct block_task {
	struct block_task *next; /* in a pool or a queue */
	struct block_file *file;
	struct block_request *request;
	struct block_action action;
	int result;	    /* of the action: bytes or -errno */
	int step;	    /* which way of doing it is being tried */
	bool direct;	    /* around the page cache */
	uint64_t progress;  /* bytes that earlier actions did */
	struct iovec *rest; /* what a short transfer left, or NULL */
	struct iovec rest_inline;
};

struct block_file {
	struct block_device device;
	struct block_files *files;
	char *path;
	int fd;
	int direct_fd;		   /* around the page cache; -1: none */
	uint32_t memory_alignment; /* that direct_fd wants, less 1 */
	uint32_t offset_alignment; /* likewise, of offsets and lengths */
	unsigned int in_flight;
};

struct block_engine {
	/* The action is to be done; finished by block_task_finish(). */
	void (*start)(struct block_engine *engine, struct block_task *task);
	/* Nothing may be held back any longer. */
	void (*commit)(struct block_engine *engine);
	/* Finishes what is done, at most max; returns how many. */
	unsigned int (*reap)(struct block_engine *engine, unsigned int max);
	/* Waits until reap() would find something. */
	void (*wait)(struct block_engine *engine);
	void (*destroy)(struct block_engine *engine);
	int fd;
};

/* task->result is there. */
void block_task_finish(struct block_task *task);

/*
 * Opens, measures and locks the image; false and a line why not. What was
 * opened until then is in file.
 */
struct block_file_options;
bool block_image_open(struct block_file *file,
		      const struct block_file_options *options, char *error);

/* Printable and without blanks: it becomes a serial number. */
void block_image_identity(struct block_device *device, const char *name);

/* 0 or -errno. */
int block_uring_create(struct block_engine **engine);
int block_threads_create(struct block_engine **engine);
