/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The console's place in the event loop, at a measured pace. */
#include "console_loop.h"
#include "worker/backend/console.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

static void console_ready(void *owner, uint32_t events)
{
	static const struct itimerspec pause = {
		.it_value.tv_nsec = CONSOLE_LOOP_PAUSE_NS,
	};
	struct console_loop *pace = owner;

	(void)events;
	console_service(pace->console);
	loop_watch_change(pace->loop, &pace->console_watch, 0);
	timerfd_settime(pace->timer_watch.fd, 0, &pause, NULL);
}

static void pause_ended(void *owner, uint32_t events)
{
	struct console_loop *pace = owner;
	uint64_t count;

	(void)events;
	if (read(pace->timer_watch.fd, &count, sizeof(count)) > 0)
		loop_watch_change(pace->loop, &pace->console_watch, EPOLLIN);
}

int console_loop_open(struct console_loop *pace, struct loop *loop,
		      struct console_backend *console)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	int error;

	if (fd < 0)
		return -errno;
	pace->loop = loop;
	pace->console = console;
	pace->console_watch = (struct loop_watch){
		.fd = console_poll_fd(console),
		.ready = console_ready,
		.owner = pace,
	};
	pace->timer_watch = (struct loop_watch){
		.fd = fd, .ready = pause_ended, .owner = pace};
	error = loop_watch(loop, &pace->timer_watch, EPOLLIN);
	return error ? error : loop_watch(loop, &pace->console_watch, EPOLLIN);
}

void console_loop_close(struct console_loop *pace)
{
	if (!pace->loop)
		return;
	loop_unwatch(pace->loop, &pace->console_watch);
	loop_unwatch(pace->loop, &pace->timer_watch);
	close(pace->timer_watch.fd);
	pace->loop = NULL;
}
