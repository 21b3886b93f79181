// SPDX-License-Identifier: GPL-2.0-or-later
/* Engine for block files where there is no io_uring: a few threads. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "block_engine.h"

#define THREAD_COUNT 4

struct queue {
	struct block_task *first;
	struct block_task **end;
};

struct block_threads {
	struct block_engine engine;
	pthread_mutex_t lock; /* of the queues and stop */
	pthread_cond_t work;
	struct queue todo;
	struct queue done;
	bool stop;
	unsigned int count;
	pthread_t threads[THREAD_COUNT];
};

static void queue_put(struct queue *queue, struct block_task *task)
{
	task->next = NULL;
	*queue->end = task;
	queue->end = &task->next;
}

static struct block_task *queue_take(struct queue *queue)
{
	struct block_task *const task = queue->first;

	if (!task)
		return NULL;
	queue->first = task->next;
	if (!queue->first)
		queue->end = &queue->first;
	return task;
}

static int action_do(const struct block_task *task)
{
	const struct block_action *const action = &task->action;
	const int count = (int)action->vector_count;
	ssize_t result = 0;

	switch (action->kind) {
	case BLOCK_ACTION_READ:
		result = preadv2(action->fd, action->vectors, count,
				 (off_t)action->offset, action->flags);
		break;
	case BLOCK_ACTION_WRITE:
		result = pwritev2(action->fd, action->vectors, count,
				  (off_t)action->offset, action->flags);
		break;
	case BLOCK_ACTION_SYNC:
		result = fdatasync(action->fd);
		break;
	case BLOCK_ACTION_ALLOCATE:
		result =
			fallocate(action->fd, action->flags,
				  (off_t)action->offset, (off_t)action->length);
		break;
	default:
		return task->result;
	}
	return result < 0 ? -errno : (int)result;
}

static void *thread_main(void *argument)
{
	struct block_threads *const threads = argument;
	const uint64_t one = 1;

	pthread_mutex_lock(&threads->lock);
	while (true) {
		struct block_task *const task = queue_take(&threads->todo);

		if (!task) {
			if (threads->stop)
				break;
			pthread_cond_wait(&threads->work, &threads->lock);
			continue;
		}
		pthread_mutex_unlock(&threads->lock);
		task->result = action_do(task);
		pthread_mutex_lock(&threads->lock);
		queue_put(&threads->done, task);
		/* Cannot fail: the counter never comes near its end. */
		(void)!write(threads->engine.fd, &one, sizeof(one));
	}
	pthread_mutex_unlock(&threads->lock);
	return NULL;
}

/*
 * Threads begin with the first request: what a worker gives up after it has
 * opened its disks holds for them as well only if they come later.
 */
static void threads_create(struct block_threads *threads)
{
	int error = 0;

	while (threads->count < THREAD_COUNT && !error) {
		error = pthread_create(&threads->threads[threads->count], NULL,
				       thread_main, threads);
		if (!error)
			threads->count++;
	}
	if (!threads->count)
		device_log("disk", "no thread: %s", strerror(error));
}

static void threads_start(struct block_engine *engine, struct block_task *task)
{
	struct block_threads *const threads = (struct block_threads *)engine;

	const uint64_t one = 1;

	if (!threads->count)
		threads_create(threads);
	if (!threads->count)
		task->result = action_do(task); /* slow, but it goes on */
	pthread_mutex_lock(&threads->lock);
	queue_put(threads->count ? &threads->todo : &threads->done, task);
	pthread_cond_signal(&threads->work);
	pthread_mutex_unlock(&threads->lock);
	if (!threads->count)
		(void)!write(engine->fd, &one, sizeof(one));
}

static void threads_commit(struct block_engine *engine)
{
	(void)engine; /* nothing is held back */
}

static unsigned int threads_reap(struct block_engine *engine, unsigned int max)
{
	struct block_threads *const threads = (struct block_threads *)engine;
	unsigned int count = 0;
	uint64_t ignored;

	(void)!read(engine->fd, &ignored, sizeof(ignored));
	while (count < max) {
		pthread_mutex_lock(&threads->lock);

		struct block_task *const task = queue_take(&threads->done);

		pthread_mutex_unlock(&threads->lock);
		if (!task)
			return count;
		block_task_finish(task);
		count++;
	}
	/* There may be more: stay readable. */
	ignored = 1;
	(void)!write(engine->fd, &ignored, sizeof(ignored));
	return count;
}

static void threads_wait(struct block_engine *engine)
{
	struct pollfd poll_fd = {.fd = engine->fd, .events = POLLIN};

	poll(&poll_fd, 1, -1);
}

static void threads_destroy(struct block_engine *engine)
{
	struct block_threads *const threads = (struct block_threads *)engine;

	pthread_mutex_lock(&threads->lock);
	threads->stop = true;
	pthread_cond_broadcast(&threads->work);
	pthread_mutex_unlock(&threads->lock);
	while (threads->count)
		pthread_join(threads->threads[--threads->count], NULL);
	pthread_cond_destroy(&threads->work);
	pthread_mutex_destroy(&threads->lock);
	close(engine->fd);
	device_free(threads);
}

int block_threads_create(struct block_engine **engine)
{
	const int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (fd < 0)
		return -errno;

	struct block_threads *const threads = device_allocate(sizeof(*threads));

	pthread_mutex_init(&threads->lock, NULL);
	pthread_cond_init(&threads->work, NULL);
	threads->todo.end = &threads->todo.first;
	threads->done.end = &threads->done.first;
	threads->engine = (struct block_engine){
		.start = threads_start,
		.commit = threads_commit,
		.reap = threads_reap,
		.wait = threads_wait,
		.destroy = threads_destroy,
		.fd = fd,
	};
	*engine = &threads->engine;
	return 0;
}
