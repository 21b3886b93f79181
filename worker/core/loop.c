/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The worker's event loop: descriptors, timers, and the machine's one lock. */
#include "loop.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_SECOND 1000000000ULL

static uint64_t host_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

/* The clock is the loop's first member. */
static struct loop *loop_of(struct clock *clock)
{
	return (struct loop *)clock;
}

static uint64_t now_ns(struct clock *clock)
{
	const struct loop *loop = loop_of(clock);

	return loop->frozen ? loop->frozen_ns : host_ns() - loop->base_ns;
}

static int64_t wall_seconds(struct clock *clock)
{
	(void)clock;
	return time(NULL);
}

static int64_t wall_ns(struct clock *clock)
{
	struct timespec now;

	(void)clock;
	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * (int64_t)NS_PER_SECOND + now.tv_nsec;
}

/* Sets the descriptor to the earliest deadline. */
static void timer_program(struct loop *loop)
{
	struct itimerspec when = {0};

	if (loop->timers && !loop->frozen) {
		uint64_t at = loop->timers->deadline_ns + loop->base_ns;

		/* A deadline beyond all time; zero would disarm. */
		if (at < loop->base_ns || at / NS_PER_SECOND > INT32_MAX)
			at = (uint64_t)INT32_MAX * NS_PER_SECOND;
		when.it_value.tv_sec = (time_t)(at / NS_PER_SECOND);
		when.it_value.tv_nsec = (long)(at % NS_PER_SECOND);
		if (!at)
			when.it_value.tv_nsec = 1;
	}
	timerfd_settime(loop->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

static void timer_remove(struct loop *loop, struct device_timer *timer)
{
	struct device_timer **at = &loop->timers;

	if (!timer->armed)
		return;
	while (*at != timer)
		at = &(*at)->next;
	*at = timer->next;
	timer->next = NULL;
	timer->armed = false;
}

static void timer_arm(struct device_timer *timer, uint64_t deadline_ns)
{
	struct loop *loop = loop_of(timer->clock);
	struct device_timer **at = &loop->timers;

	timer_remove(loop, timer);
	timer->deadline_ns = deadline_ns;
	timer->armed = true;
	while (*at && (*at)->deadline_ns <= deadline_ns)
		at = &(*at)->next;
	timer->next = *at;
	*at = timer;
	if (loop->timers == timer)
		timer_program(loop);
}

/* The descriptor may still fire for it: that wakes the loop for nothing. */
static void timer_disarm(struct device_timer *timer)
{
	timer_remove(loop_of(timer->clock), timer);
}

static void timers_expire(void *owner, uint32_t events)
{
	struct loop *loop = owner;
	uint64_t count;

	(void)events;
	if (read(loop->timer_fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		device_log("loop", "timer: error %d", errno);
	while (loop->timers && !loop->frozen &&
	       loop->timers->deadline_ns <= now_ns(&loop->clock)) {
		struct device_timer *timer = loop->timers;

		timer_remove(loop, timer);
		timer->expired(timer->owner);
	}
	timer_program(loop);
}

static void woken(void *owner, uint32_t events)
{
	struct loop *loop = owner;
	uint64_t count;

	(void)events;
	if (read(loop->wake_fd, &count, sizeof(count)) < 0)
		return; /* somebody else read it */
}

static int open_descriptors(struct loop *loop)
{
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	loop->timer_fd =
		timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (loop->epoll_fd < 0 || loop->timer_fd < 0 || loop->wake_fd < 0)
		return -errno;
	return 0;
}

int loop_create(struct loop *loop)
{
	int error;

	*loop = (struct loop){
		.clock = {now_ns, wall_seconds, timer_arm, timer_disarm,
			  wall_ns},
		.base_ns = host_ns(),
		.frozen = true,
	};
	pthread_mutex_init(&loop->lock, NULL);
	error = open_descriptors(loop);
	if (error)
		return error;
	loop->timer_watch = (struct loop_watch){
		.fd = loop->timer_fd, .ready = timers_expire, .owner = loop};
	loop->wake_watch = (struct loop_watch){
		.fd = loop->wake_fd, .ready = woken, .owner = loop};
	error = loop_watch(loop, &loop->timer_watch, EPOLLIN);
	if (!error)
		error = loop_watch(loop, &loop->wake_watch, EPOLLIN);
	return error;
}

void loop_destroy(struct loop *loop)
{
	close(loop->wake_fd);
	close(loop->timer_fd);
	close(loop->epoll_fd);
	pthread_mutex_destroy(&loop->lock);
}

void loop_lock(struct loop *loop)
{
	pthread_mutex_lock(&loop->lock);
}

void loop_unlock(struct loop *loop)
{
	pthread_mutex_unlock(&loop->lock);
}

static int control(struct loop *loop, int operation, struct loop_watch *watch,
		   uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = watch};

	return epoll_ctl(loop->epoll_fd, operation, watch->fd, &event) < 0
		       ? -errno
		       : 0;
}

int loop_watch(struct loop *loop, struct loop_watch *watch, uint32_t events)
{
	return control(loop, EPOLL_CTL_ADD, watch, events);
}

int loop_watch_change(struct loop *loop, struct loop_watch *watch,
		      uint32_t events)
{
	return control(loop, EPOLL_CTL_MOD, watch, events);
}

void loop_unwatch(struct loop *loop, struct loop_watch *watch)
{
	control(loop, EPOLL_CTL_DEL, watch, 0);
}

/*
 * One event at a time is taken from the kernel: a handler may unwatch and
 * free what a later event of the same batch would name.
 */
void loop_run(struct loop *loop)
{
	loop_lock(loop);
	while (!loop->ended) {
		struct epoll_event event;
		int count;

		loop_unlock(loop);
		count = epoll_wait(loop->epoll_fd, &event, 1, -1);
		loop_lock(loop);
		if (count == 1 && !loop->ended) {
			const struct loop_watch *watch = event.data.ptr;

			watch->ready(watch->owner, event.events);
		}
	}
	loop_unlock(loop);
}

void loop_end(struct loop *loop)
{
	uint64_t one = 1;

	loop->ended = true;
	if (write(loop->wake_fd, &one, sizeof(one)) < 0)
		return; /* already full: it wakes as well */
}

void loop_freeze(struct loop *loop)
{
	if (loop->frozen)
		return;
	loop->frozen_ns = now_ns(&loop->clock);
	loop->frozen = true;
	timer_program(loop);
}

void loop_thaw(struct loop *loop)
{
	if (!loop->frozen)
		return;
	loop->base_ns = host_ns() - loop->frozen_ns;
	loop->frozen = false;
	timer_program(loop);
}
