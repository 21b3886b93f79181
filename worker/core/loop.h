/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The worker's event loop: descriptors, timers, and the machine's one lock. */
#pragma once

#include "worker/device.h"

#include <pthread.h>

/* Owned by whoever watches; must stay while watched. */
struct loop_watch {
	int fd;
	/* Called with the machine's lock held; events are epoll's. */
	void (*ready)(void *owner, uint32_t events);
	void *owner;
};

struct loop {
	struct clock clock;   /* first: devices know only this */
	pthread_mutex_t lock; /* the machine's: guards all below, all devices */
	int epoll_fd;
	int timer_fd;
	int wake_fd;
	bool ended;
	struct loop_watch timer_watch;
	struct loop_watch wake_watch;
	struct device_timer *timers; /* armed, by deadline */
	uint64_t base_ns;	     /* host's monotonic time at clock 0 */
	uint64_t frozen_ns;	     /* clock's reading while frozen */
	bool frozen;
};

/* 0 or -errno. The clock starts frozen at 0. */
int loop_create(struct loop *loop);
void loop_destroy(struct loop *loop);

void loop_lock(struct loop *loop);
void loop_unlock(struct loop *loop);

/* Lock held. events as epoll has them. 0 or -errno. */
int loop_watch(struct loop *loop, struct loop_watch *watch, uint32_t events);
int loop_watch_change(struct loop *loop, struct loop_watch *watch,
		      uint32_t events);
void loop_unwatch(struct loop *loop, struct loop_watch *watch);

/* Runs until loop_end(); the lock is not held by the caller. */
void loop_run(struct loop *loop);
/* Lock held. */
void loop_end(struct loop *loop);

/* Lock held: the clock stands still, or goes on where it stood. */
void loop_freeze(struct loop *loop);
void loop_thaw(struct loop *loop);
