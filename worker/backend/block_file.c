// SPDX-License-Identifier: GPL-2.0-or-later
/* Raw images: requests become system calls, results become answers. */
#define _GNU_SOURCE
#include "block_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "block_engine.h"

#define POOL_CHUNK 64
#define REAP_MAX   256
#define ZERO_SIZE  (64u * 1024)

/* A list of spans is handed to the kernel as it is. */
_Static_assert(sizeof(struct span) == sizeof(struct iovec), "span");
_Static_assert(offsetof(struct span, base) == offsetof(struct iovec, iov_base),
	       "span.base");
_Static_assert(offsetof(struct span, size) == offsetof(struct iovec, iov_len),
	       "span.size");

struct pool_chunk {
	struct pool_chunk *next;
	struct block_task tasks[POOL_CHUNK];
};

struct block_files {
	struct block_engine *engine;
	struct block_task *free;
	struct pool_chunk *chunks;
	unsigned int plugged; /* depth */
	bool reaping;
	uint8_t *zeroes; /* ZERO_SIZE of them, made when needed */
};

/* ---- Operations ---- */

static struct block_task *task_take(struct block_files *files)
{
	if (!files->free) {
		struct pool_chunk *const chunk =
			device_allocate(sizeof(*chunk));

		chunk->next = files->chunks;
		files->chunks = chunk;
		for (unsigned int i = 0; i < POOL_CHUNK; i++) {
			chunk->tasks[i].next = files->free;
			files->free = &chunk->tasks[i];
		}
	}

	struct block_task *const task = files->free;

	files->free = task->next;
	return task;
}

static void task_complete(struct block_task *task, enum block_error error)
{
	struct block_file *const file = task->file;
	struct block_request *const request = task->request;

	free(task->rest);
	file->in_flight--;
	task->next = file->files->free;
	file->files->free = task;
	request->done(request, error);
}

static bool fits_direct(const struct block_file *file,
			const struct block_action *action)
{
	uint64_t offsets = action->offset;
	uintptr_t addresses = 0;

	if (file->direct_fd < 0)
		return false;
	for (unsigned int i = 0; i < action->vector_count; i++) {
		offsets |= action->vectors[i].iov_len;
		addresses |= (uintptr_t)action->vectors[i].iov_base;
	}
	return !(offsets & file->offset_alignment) &&
	       !(addresses & file->memory_alignment);
}

static void action_transfer(struct block_task *task)
{
	const struct block_request *const request = task->request;
	struct block_file *const file = task->file;
	struct block_action *const action = &task->action;
	const bool write = request->operation == BLOCK_WRITE;

	action->kind = write ? BLOCK_ACTION_WRITE : BLOCK_ACTION_READ;
	action->flags = write && request->fua ? RWF_DSYNC : 0;
	action->offset = request->offset + task->progress;
	action->length = request->length - task->progress;
	if (!task->rest) {
		action->vectors =
			(const struct iovec *)(const void *)request->spans;
		action->vector_count = request->span_count;
	}
	task->direct = fits_direct(file, action);
	action->fd = task->direct ? file->direct_fd : file->fd;
}

/* Ways to make zeroes, the best first. */
enum zero_step {
	ZERO_RANGE,
	ZERO_PUNCH,
	ZERO_WRITE
};

static void action_zero_write(struct block_task *task)
{
	struct block_files *const files = task->file->files;
	const struct block_request *const request = task->request;
	const uint64_t left = request->length - task->progress;

	if (!files->zeroes)
		files->zeroes = device_allocate(ZERO_SIZE);
	task->rest_inline = (struct iovec){
		.iov_base = files->zeroes,
		.iov_len = left < ZERO_SIZE ? left : ZERO_SIZE,
	};
	task->action = (struct block_action){
		.kind = BLOCK_ACTION_WRITE,
		.fd = task->file->fd,
		.offset = request->offset + task->progress,
		.length = task->rest_inline.iov_len,
		.vectors = &task->rest_inline,
		.vector_count = 1,
	};
}

static void action_allocate(struct block_task *task, int mode)
{
	task->action = (struct block_action){
		.kind = BLOCK_ACTION_ALLOCATE,
		.fd = task->file->fd,
		.flags = mode | FALLOC_FL_KEEP_SIZE,
		.offset = task->request->offset,
		.length = task->request->length,
	};
}

static void action_zero(struct block_task *task)
{
	switch (task->step) {
	case ZERO_RANGE:
		action_allocate(task, FALLOC_FL_ZERO_RANGE);
		break;
	case ZERO_PUNCH:
		action_allocate(task, FALLOC_FL_PUNCH_HOLE);
		break;
	default:
		action_zero_write(task);
	}
}

static void task_start(struct block_task *task)
{
	struct block_files *const files = task->file->files;

	switch (task->request->operation) {
	case BLOCK_READ:
	case BLOCK_WRITE:
		action_transfer(task);
		break;
	case BLOCK_FLUSH:
		task->action = (struct block_action){
			.kind = BLOCK_ACTION_SYNC,
			.fd = task->file->fd,
		};
		break;
	case BLOCK_DISCARD:
		action_allocate(task, FALLOC_FL_PUNCH_HOLE);
		break;
	case BLOCK_WRITE_ZEROES:
		action_zero(task);
		break;
	}
	files->engine->start(files->engine, task);
	if (!files->plugged)
		files->engine->commit(files->engine);
}

/* An answer without a system call, but not from within submit(). */
static void task_refuse(struct block_task *task, int result)
{
	struct block_files *const files = task->file->files;

	task->action = (struct block_action){.kind = BLOCK_ACTION_NONE};
	task->result = result;
	files->engine->start(files->engine, task);
	if (!files->plugged)
		files->engine->commit(files->engine);
}

/* ---- Results ---- */

static enum block_error error_from(int result)
{
	switch (-result) {
	case 0:
		return BLOCK_OK;
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return BLOCK_ENOSPC;
	case EROFS:
	case EPERM:
	case EBADF:
		return BLOCK_EREADONLY;
	case EOPNOTSUPP:
		return BLOCK_EUNSUPPORTED;
	default:
		return BLOCK_EIO;
	}
}

static void task_fail(struct block_task *task, int result)
{
	static const char *const names[] = {
		[BLOCK_READ] = "read",
		[BLOCK_WRITE] = "write",
		[BLOCK_FLUSH] = "flush",
		[BLOCK_DISCARD] = "discard",
		[BLOCK_WRITE_ZEROES] = "write of zeroes",
	};
	const struct block_request *const request = task->request;

	if (task->action.kind != BLOCK_ACTION_NONE)
		device_log("disk", "%s: %s of %llu bytes at %llu: %s",
			   task->file->path, names[request->operation],
			   (unsigned long long)request->length,
			   (unsigned long long)request->offset,
			   strerror(-result));
	task_complete(task, error_from(result));
}

/* Copies what of the vectors lies beyond the first moved bytes. */
static void rest_make(struct block_task *task, uint64_t moved)
{
	struct block_action *const action = &task->action;
	const struct iovec *from = action->vectors;
	unsigned int count = action->vector_count;

	while (moved >= from->iov_len) {
		moved -= from->iov_len;
		from++;
		count--;
	}

	struct iovec *const rest = calloc(count, sizeof(*rest));

	if (!rest)
		abort();
	memcpy(rest, from, count * sizeof(*rest));
	rest->iov_base = (uint8_t *)rest->iov_base + moved;
	rest->iov_len -= moved;
	free(task->rest);
	task->rest = rest;
	action->vectors = rest;
	action->vector_count = count;
}

static void transfer_finish(struct block_task *task)
{
	struct block_file *const file = task->file;
	const uint64_t left = task->request->length - task->progress;
	const int result = task->result;

	if (result == -EINVAL && task->direct) {
		/* Stricter than it said: not around the page cache, then. */
		close(file->direct_fd);
		file->direct_fd = -1;
		task_start(task);
	} else if (result < 0) {
		task_fail(task, result);
	} else if ((uint64_t)result >= left) {
		task_complete(task, BLOCK_OK);
	} else if (!result) {
		/* The image ends here: somebody made it shorter. */
		task_fail(task, -EIO);
	} else {
		rest_make(task, (uint64_t)result);
		task->progress += (uint64_t)result;
		task_start(task);
	}
}

static void zero_finish(struct block_task *task)
{
	const int result = task->result;

	if (task->step != ZERO_WRITE) {
		if (result == -EOPNOTSUPP || result == -EINVAL) {
			task->step++;
			task_start(task);
		} else if (result < 0) {
			task_fail(task, result);
		} else {
			task_complete(task, BLOCK_OK);
		}
		return;
	}
	if (result <= 0) {
		task_fail(task, result ? result : -EIO);
		return;
	}
	task->progress += (uint64_t)result;
	if (task->progress >= task->request->length)
		task_complete(task, BLOCK_OK);
	else
		task_start(task);
}

void block_task_finish(struct block_task *task)
{
	const int result = task->result;

	if (result == -EINTR || result == -EAGAIN) {
		task_start(task);
		return;
	}
	if (task->action.kind == BLOCK_ACTION_NONE) {
		task_complete(task, error_from(result));
		return;
	}
	switch (task->request->operation) {
	case BLOCK_READ:
	case BLOCK_WRITE:
		transfer_finish(task);
		break;
	case BLOCK_WRITE_ZEROES:
		zero_finish(task);
		break;
	case BLOCK_DISCARD:
		/* Advice: where it cannot be taken, nothing is lost. */
		if (result == -EOPNOTSUPP)
			task_complete(task, BLOCK_OK);
		else if (result < 0)
			task_fail(task, result);
		else
			task_complete(task, BLOCK_OK);
		break;
	default:
		if (result < 0)
			task_fail(task, result);
		else
			task_complete(task, BLOCK_OK);
	}
}

/* ---- The block device ---- */

static bool request_valid(const struct block_file *file,
			  const struct block_request *request)
{
	return request->offset <= file->device.size &&
	       request->length <= file->device.size - request->offset;
}

static void file_submit(struct block_device *device,
			struct block_request *request)
{
	struct block_file *const file = device->owner;
	struct block_task *const task = task_take(file->files);
	const bool writes = request->operation != BLOCK_READ &&
			    request->operation != BLOCK_FLUSH;

	*task = (struct block_task){
		.file = file,
		.request = request,
	};
	file->in_flight++;
	if (writes && device->readonly)
		task_refuse(task, -EROFS);
	else if (!request_valid(file, request))
		task_refuse(task, -EIO);
	else if (!request->length && request->operation != BLOCK_FLUSH)
		task_refuse(task, 0);
	else
		task_start(task);
}

static void file_plug(struct block_device *device, bool on)
{
	struct block_files *const files =
		((struct block_file *)device->owner)->files;

	if (on) {
		files->plugged++;
		return;
	}
	if (--files->plugged)
		return;
	files->engine->commit(files->engine);
	/* What the page cache or a fast disk had is there already. */
	block_file_reap(files);
}

void block_file_reap(struct block_files *files)
{
	unsigned int left = REAP_MAX;
	unsigned int count;

	if (files->reaping)
		return;
	files->reaping = true;
	/* Requests that follow from these start together. */
	files->plugged++;
	do {
		count = files->engine->reap(files->engine, left);
		left -= count;
		files->engine->commit(files->engine);
	} while (count && left);
	files->plugged--;
	files->reaping = false;
}

int block_file_fd(const struct block_files *files)
{
	return files->engine->fd;
}

int block_files_create(struct block_files **files, enum block_engine_kind kind)
{
	struct block_engine *engine = NULL;
	int result = -ENOSYS;

	if (kind != BLOCK_ENGINE_THREADS)
		result = block_uring_create(&engine);
	if (result < 0 && kind != BLOCK_ENGINE_URING)
		result = block_threads_create(&engine);
	if (result < 0)
		return result;
	*files = device_allocate(sizeof(**files));
	(*files)->engine = engine;
	return 0;
}

void block_files_destroy(struct block_files *files)
{
	while (files->chunks) {
		struct pool_chunk *const chunk = files->chunks;

		files->chunks = chunk->next;
		device_free(chunk);
	}
	files->engine->destroy(files->engine);
	device_free(files->zeroes);
	device_free(files);
}

/* ---- Files ---- */

static void file_destroy(struct block_file *file)
{
	if (file->direct_fd >= 0)
		close(file->direct_fd);
	if (file->fd >= 0)
		close(file->fd);
	free(file->path);
	device_free(file);
}

struct block_device *block_file_open(struct block_files *files,
				     const struct block_file_options *options,
				     char error[BLOCK_FILE_ERROR_SIZE])
{
	struct block_file *const file = device_allocate(sizeof(*file));
	const char *const identity =
		options->identity ? options->identity : options->path;

	file->files = files;
	file->fd = -1;
	file->direct_fd = -1;
	file->path = strdup(options->path);
	file->device.readonly = options->readonly;
	file->device.discards = !options->readonly;
	file->device.submit = file_submit;
	file->device.plug = file_plug;
	file->device.owner = file;
	block_image_identity(&file->device, identity);
	if (!block_image_open(file, options, error)) {
		file_destroy(file);
		return NULL;
	}
	return &file->device;
}

void block_file_close(struct block_device *device)
{
	struct block_file *const file = device->owner;
	struct block_files *const files = file->files;

	while (file->in_flight) {
		files->engine->wait(files->engine);
		block_file_reap(files);
	}
	file_destroy(file);
}
