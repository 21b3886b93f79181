// SPDX-License-Identifier: GPL-2.0-or-later
/* Engine for block files: one io_uring. */
#define _GNU_SOURCE
#include <errno.h>
#include <liburing.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "block_engine.h"

#define ENTRIES	   512
#define REAP_BATCH 64

struct block_uring {
	struct block_engine engine;
	struct io_uring ring;
	struct block_task *waiting; /* found no submission entry */
	struct block_task **waiting_end;
};

static void prepare(struct io_uring_sqe *sqe, struct block_task *task)
{
	const struct block_action *const action = &task->action;
	const int fd = action->fd;

	switch (action->kind) {
	case BLOCK_ACTION_READ:
		io_uring_prep_readv2(sqe, fd, action->vectors,
				     action->vector_count, action->offset,
				     action->flags);
		break;
	case BLOCK_ACTION_WRITE:
		io_uring_prep_writev2(sqe, fd, action->vectors,
				      action->vector_count, action->offset,
				      action->flags);
		break;
	case BLOCK_ACTION_SYNC:
		io_uring_prep_fsync(sqe, fd, IORING_FSYNC_DATASYNC);
		break;
	case BLOCK_ACTION_ALLOCATE:
		/* io_uring_prep_fallocate()'s types differ between releases. */
		io_uring_prep_rw(IORING_OP_FALLOCATE, sqe, fd, NULL,
				 (unsigned int)action->flags, action->offset);
		sqe->addr = action->length;
		break;
	default:
		io_uring_prep_nop(sqe);
	}
	io_uring_sqe_set_data(sqe, task);
}

/* One vector needs no list to be read in by the kernel. */
static void prepare_single(struct io_uring_sqe *sqe, struct block_task *task)
{
	const struct block_action *const action = &task->action;
	const struct iovec *const vector = action->vectors;

	if (action->kind == BLOCK_ACTION_READ)
		io_uring_prep_read(sqe, action->fd, vector->iov_base,
				   (unsigned int)vector->iov_len,
				   action->offset);
	else
		io_uring_prep_write(sqe, action->fd, vector->iov_base,
				    (unsigned int)vector->iov_len,
				    action->offset);
	sqe->rw_flags = action->flags;
	io_uring_sqe_set_data(sqe, task);
}

static bool uring_queue(struct block_uring *uring, struct block_task *task)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&uring->ring);

	if (!sqe) {
		io_uring_submit(&uring->ring);
		sqe = io_uring_get_sqe(&uring->ring);
	}
	if (!sqe)
		return false;
	if (task->action.vector_count == 1 &&
	    task->action.vectors->iov_len <= INT32_MAX)
		prepare_single(sqe, task);
	else
		prepare(sqe, task);
	return true;
}

static void uring_start(struct block_engine *engine, struct block_task *task)
{
	struct block_uring *const uring = (struct block_uring *)engine;

	if (!uring->waiting && uring_queue(uring, task))
		return;
	task->next = NULL;
	*uring->waiting_end = task;
	uring->waiting_end = &task->next;
}

static void uring_commit(struct block_engine *engine)
{
	struct block_uring *const uring = (struct block_uring *)engine;
	int result;

	while (uring->waiting) {
		struct block_task *const task = uring->waiting;

		if (!uring_queue(uring, task))
			break;
		uring->waiting = task->next;
		if (!uring->waiting)
			uring->waiting_end = &uring->waiting;
	}
	if (!io_uring_sq_ready(&uring->ring))
		return;
	do
		result = io_uring_submit(&uring->ring);
	while (result == -EINTR || result == -EAGAIN);
}

static unsigned int uring_reap(struct block_engine *engine, unsigned int max)
{
	struct block_uring *const uring = (struct block_uring *)engine;
	struct io_uring_cqe *entries[REAP_BATCH];
	struct block_task *tasks[REAP_BATCH];
	const unsigned int count = io_uring_peek_batch_cqe(
		&uring->ring, entries, max < REAP_BATCH ? max : REAP_BATCH);

	for (unsigned int i = 0; i < count; i++) {
		tasks[i] = io_uring_cqe_get_data(entries[i]);
		if (tasks[i]->action.kind != BLOCK_ACTION_NONE)
			tasks[i]->result = entries[i]->res;
	}
	/* The entries are given back before anybody starts new operations. */
	io_uring_cq_advance(&uring->ring, count);
	for (unsigned int i = 0; i < count; i++)
		block_task_finish(tasks[i]);
	return count;
}

static void uring_wait(struct block_engine *engine)
{
	struct block_uring *const uring = (struct block_uring *)engine;
	struct io_uring_cqe *entry;

	uring_commit(engine);
	io_uring_wait_cqe(&uring->ring, &entry);
}

static void uring_destroy(struct block_engine *engine)
{
	struct block_uring *const uring = (struct block_uring *)engine;

	io_uring_queue_exit(&uring->ring);
	device_free(uring);
}

/*
 * The filter of system calls does not see what a ring is asked to do: it can
 * do what is in prepare() and nothing else, for good.
 */
static int uring_restrict(struct io_uring *ring)
{
	static const uint8_t operations[] = {
		IORING_OP_NOP,	     IORING_OP_READV, IORING_OP_WRITEV,
		IORING_OP_READ,	     IORING_OP_WRITE, IORING_OP_FSYNC,
		IORING_OP_FALLOCATE,
	};
	struct io_uring_restriction allowed[sizeof(operations)] = {0};

	for (size_t i = 0; i < sizeof(operations); i++) {
		allowed[i].opcode = IORING_RESTRICTION_SQE_OP;
		allowed[i].sqe_op = operations[i];
	}
	/* Debian 12's liburing declares functions for these and has none. */
	if (syscall(__NR_io_uring_register, ring->ring_fd,
		    IORING_REGISTER_RESTRICTIONS, allowed,
		    sizeof(operations)) < 0 ||
	    syscall(__NR_io_uring_register, ring->ring_fd,
		    IORING_REGISTER_ENABLE_RINGS, NULL, 0) < 0)
		return -errno;
	return 0;
}

int block_uring_create(struct block_engine **engine)
{
	struct block_uring *const uring = device_allocate(sizeof(*uring));
	/* Our thread sleeps in the kernel anyhow: it need not be kicked. */
	int result = io_uring_queue_init(ENTRIES, &uring->ring,
					 IORING_SETUP_COOP_TASKRUN |
						 IORING_SETUP_R_DISABLED);

	if (result == -EINVAL)
		result = io_uring_queue_init(ENTRIES, &uring->ring,
					     IORING_SETUP_R_DISABLED);
	if (result < 0) {
		device_free(uring);
		return result;
	}
	result = uring_restrict(&uring->ring);
	if (result < 0) {
		uring_destroy(&uring->engine);
		return result;
	}
	uring->waiting_end = &uring->waiting;
	uring->engine = (struct block_engine){
		.start = uring_start,
		.commit = uring_commit,
		.reap = uring_reap,
		.wait = uring_wait,
		.destroy = uring_destroy,
		.fd = uring->ring.ring_fd,
	};
	*engine = &uring->engine;
	return 0;
}
