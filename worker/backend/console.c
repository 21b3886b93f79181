/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A child's console: a ring of what it printed last, handed to a file and to
 * any number of readers, each at its own place in the ring.
 *
 * Places are counted from the first byte ever printed, so that a reader who
 * fell behind is one whose place is no longer in the ring.
 */
#include "worker/backend/console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define CONSOLE_INPUT_SIZE 1024u
/* So much unsent makes a write do the event loop's work. */
#define CONSOLE_PUSH_SIZE (CONSOLE_RING_SIZE / 2)
/*
 * Otherwise the loop does it so much later: a child prints character by
 * character, and each write of its own would cost more than the character.
 */
#define CONSOLE_DELAY_NS 20000000
#define CONSOLE_KICK	 CONSOLE_READERS_MAX /* the timer's epoll data */

struct console_reader {
	int fd; /* -1: free */
	bool socket;
	bool types;	 /* gives input */
	uint32_t waits;	 /* epoll events asked for */
	uint64_t place;	 /* next byte to send */
	char notice[64]; /* to send before it */
	uint8_t notice_size;
	uint8_t notice_sent;
};

struct console_backend {
	struct console device;
	int epoll_fd;
	int kick_fd; /* readable: there is unsent output */
	bool kicked;
	int file_fd; /* -1: none */
	uint64_t file_place;
	uint64_t written;
	struct console_reader readers[CONSOLE_READERS_MAX];

	size_t (*take)(void *owner, const uint8_t *data, size_t size);
	void *take_owner;
	uint16_t input_first; /* input not yet taken */
	uint16_t input_size;
	uint8_t input[CONSOLE_INPUT_SIZE];

	uint8_t ring[CONSOLE_RING_SIZE];
};

/* The bytes from a place on that lie together in the ring. */
static struct span console_piece(struct console_backend *backend,
				 uint64_t place)
{
	const size_t at = place % CONSOLE_RING_SIZE;
	size_t size = (size_t)(backend->written - place);

	if (size > CONSOLE_RING_SIZE - at)
		size = CONSOLE_RING_SIZE - at;
	return (struct span){&backend->ring[at], size};
}

static uint64_t console_oldest(const struct console_backend *backend)
{
	return backend->written > CONSOLE_RING_SIZE
		       ? backend->written - CONSOLE_RING_SIZE
		       : 0;
}

/* ---- The file ---- */

static void console_give_up_file(struct console_backend *backend)
{
	device_log("console", "cannot write its file any more: %s",
		   strerror(errno));
	close(backend->file_fd);
	backend->file_fd = -1;
}

static void console_write_file(struct console_backend *backend)
{
	if (backend->file_place < console_oldest(backend))
		backend->file_place = console_oldest(backend);
	while (backend->file_fd >= 0 &&
	       backend->file_place < backend->written) {
		const struct span piece =
			console_piece(backend, backend->file_place);
		const ssize_t n =
			write(backend->file_fd, piece.base, piece.size);

		if (n > 0)
			backend->file_place += (uint64_t)n;
		else if (n < 0 && errno == EAGAIN)
			return; /* a terminal or FIFO that nobody drains */
		else if (n == 0 || errno != EINTR)
			console_give_up_file(backend);
	}
}

/* ---- Readers ---- */

static void reader_wait(struct console_backend *backend,
			struct console_reader *reader, uint32_t events)
{
	struct epoll_event event = {
		.events = events,
		.data.u32 = (uint32_t)(reader - backend->readers),
	};

	if (events == reader->waits)
		return;
	reader->waits = events;
	epoll_ctl(backend->epoll_fd, EPOLL_CTL_MOD, reader->fd, &event);
}

static void reader_update(struct console_backend *backend,
			  struct console_reader *reader)
{
	const bool behind = reader->place < backend->written ||
			    reader->notice_sent < reader->notice_size;
	uint32_t events = behind ? EPOLLOUT : 0;

	if (reader->types && !backend->input_size && backend->take)
		events |= EPOLLIN;
	reader_wait(backend, reader, events);
}

static void reader_forget(struct console_backend *backend,
			  struct console_reader *reader)
{
	epoll_ctl(backend->epoll_fd, EPOLL_CTL_DEL, reader->fd, NULL);
	reader->fd = -1;
}

static void reader_close(struct console_backend *backend,
			 struct console_reader *reader)
{
	const int fd = reader->fd;

	reader_forget(backend, reader);
	close(fd);
}

static ssize_t reader_send_piece(const struct console_reader *reader,
				 const void *data, size_t size)
{
	ssize_t n;

	do {
		n = reader->socket ? send(reader->fd, data, size,
					  MSG_NOSIGNAL | MSG_DONTWAIT)
				   : write(reader->fd, data, size);
	} while (n < 0 && errno == EINTR);
	return n;
}

/* One who lost output is told so between what came before and after. */
static void reader_catch_up(struct console_backend *backend,
			    struct console_reader *reader)
{
	const uint64_t oldest = console_oldest(backend);

	if (reader->place >= oldest ||
	    reader->notice_sent < reader->notice_size)
		return;
	reader->notice_size =
		(uint8_t)snprintf(reader->notice, sizeof(reader->notice),
				  "\r\n[bulkhead: %llu bytes lost]\r\n",
				  (unsigned long long)(oldest - reader->place));
	reader->notice_sent = 0;
	reader->place = oldest;
}

/* What is to be sent next; size 0: nothing. */
static struct span reader_next(struct console_backend *backend,
			       struct console_reader *reader)
{
	reader_catch_up(backend, reader);
	if (reader->notice_sent < reader->notice_size)
		return (struct span){
			&reader->notice[reader->notice_sent],
			(size_t)(reader->notice_size - reader->notice_sent),
		};
	return console_piece(backend, reader->place);
}

/* Sends what goes; false when the reader is gone, and closed. */
static bool reader_send(struct console_backend *backend,
			struct console_reader *reader)
{
	struct span next = reader_next(backend, reader);

	while (next.size) {
		const ssize_t n =
			reader_send_piece(reader, next.base, next.size);

		if (n < 0 && errno == EAGAIN)
			break;
		if (n <= 0) {
			reader_close(backend, reader);
			return false;
		}
		if (reader->notice_sent < reader->notice_size)
			reader->notice_sent =
				(uint8_t)(reader->notice_sent + n);
		else
			reader->place += (uint64_t)n;
		next = reader_next(backend, reader);
	}
	reader_update(backend, reader);
	return true;
}

/* Sets the timer, 0: off; it is not readable any more in either case. */
static bool console_set_timer(struct console_backend *backend, long delay_ns)
{
	const struct itimerspec when = {.it_value.tv_nsec = delay_ns};

	return !timerfd_settime(backend->kick_fd, 0, &when, NULL);
}

static void console_push(struct console_backend *backend)
{
	if (backend->kicked)
		backend->kicked = !console_set_timer(backend, 0);
	console_write_file(backend);
	for (unsigned int i = 0; i < CONSOLE_READERS_MAX; i++) {
		struct console_reader *reader = &backend->readers[i];

		/* One who is full gets his turn, and his notice, when not. */
		if (reader->fd >= 0 && !(reader->waits & EPOLLOUT))
			reader_send(backend, reader);
	}
}

static void console_kick(struct console_backend *backend)
{
	if (!backend->kicked)
		backend->kicked = console_set_timer(backend, CONSOLE_DELAY_NS);
}

/* Unsent for the file or the reader that is furthest behind. */
static uint64_t console_unsent(const struct console_backend *backend)
{
	uint64_t place = backend->written;

	if (backend->file_fd >= 0)
		place = backend->file_place;
	for (unsigned int i = 0; i < CONSOLE_READERS_MAX; i++) {
		const struct console_reader *reader = &backend->readers[i];

		/* One who waits for EPOLLOUT is full: no use in trying. */
		if (reader->fd >= 0 && !(reader->waits & EPOLLOUT) &&
		    reader->place < place)
			place = reader->place;
	}
	return backend->written - place;
}

static void console_write(struct console *console, const uint8_t *data,
			  size_t size)
{
	struct console_backend *backend = console->owner;

	while (size) {
		const size_t at = backend->written % CONSOLE_RING_SIZE;
		size_t part = CONSOLE_RING_SIZE - at;

		if (part > CONSOLE_PUSH_SIZE)
			part = CONSOLE_PUSH_SIZE;
		if (part > size)
			part = size;
		if (console_unsent(backend) + part > CONSOLE_RING_SIZE)
			console_push(backend);
		memcpy(&backend->ring[at], data, part);
		backend->written += part;
		data += part;
		size -= part;
	}
	if (console_unsent(backend) >= CONSOLE_PUSH_SIZE)
		console_push(backend);
	else
		console_kick(backend);
}

/* ---- Input ---- */

static void console_hand_over(struct console_backend *backend)
{
	size_t taken;

	if (!backend->input_size || !backend->take)
		return;
	taken = backend->take(backend->take_owner,
			      &backend->input[backend->input_first],
			      backend->input_size);
	if (taken > backend->input_size)
		taken = backend->input_size;
	backend->input_first = (uint16_t)(backend->input_first + taken);
	backend->input_size = (uint16_t)(backend->input_size - taken);
}

static void console_update_readers(struct console_backend *backend)
{
	for (unsigned int i = 0; i < CONSOLE_READERS_MAX; i++) {
		if (backend->readers[i].fd >= 0)
			reader_update(backend, &backend->readers[i]);
	}
}

void console_input_ready(struct console_backend *backend)
{
	console_hand_over(backend);
	console_update_readers(backend);
}

void console_set_input(struct console_backend *backend,
		       size_t (*take)(void *owner, const uint8_t *data,
				      size_t size),
		       void *owner)
{
	backend->take = take;
	backend->take_owner = owner;
	console_input_ready(backend);
}

static void reader_receive(struct console_backend *backend,
			   struct console_reader *reader)
{
	ssize_t n;

	if (backend->input_size) /* another reader was faster */
		return;
	n = read(reader->fd, backend->input, sizeof(backend->input));
	if (n > 0) {
		backend->input_first = 0;
		backend->input_size = (uint16_t)n;
		console_hand_over(backend);
		console_update_readers(backend);
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		/* It may have closed one direction only: goes on reading. */
		reader->types = false;
		reader_update(backend, reader);
	}
}

/* ---- For the event loop ---- */

int console_attach(struct console_backend *backend, int fd)
{
	struct epoll_event event = {.events = 0};
	struct console_reader *reader = NULL;
	const int flags = fcntl(fd, F_GETFL);
	struct stat status;

	for (unsigned int i = 0; i < CONSOLE_READERS_MAX && !reader; i++) {
		if (backend->readers[i].fd < 0) {
			reader = &backend->readers[i];
			event.data.u32 = i;
		}
	}
	if (!reader)
		return -EBUSY;
	if (flags < 0 || fstat(fd, &status) < 0 ||
	    fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
	    epoll_ctl(backend->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		return -errno;
	*reader = (struct console_reader){
		.fd = fd,
		.socket = S_ISSOCK(status.st_mode),
		.types = (flags & O_ACCMODE) != O_WRONLY,
		.place = console_oldest(backend),
	};
	reader_update(backend, reader);
	return 0;
}

void console_detach(struct console_backend *backend, int fd)
{
	for (unsigned int i = 0; i < CONSOLE_READERS_MAX; i++) {
		if (fd >= 0 && backend->readers[i].fd == fd)
			reader_forget(backend, &backend->readers[i]);
	}
}

int console_poll_fd(const struct console_backend *backend)
{
	return backend->epoll_fd;
}

static void reader_service(struct console_backend *backend,
			   struct console_reader *reader, uint32_t events)
{
	if (events & EPOLLIN)
		reader_receive(backend, reader);
	if (!reader_send(backend, reader))
		return;
	/* Gone for good, and nothing left to read from it. */
	if ((events & (EPOLLHUP | EPOLLERR)) && !(events & EPOLLIN))
		reader_close(backend, reader);
}

void console_service(struct console_backend *backend)
{
	struct epoll_event events[CONSOLE_READERS_MAX + 1];
	const int count = epoll_wait(backend->epoll_fd, events,
				     CONSOLE_READERS_MAX + 1, 0);

	for (int i = 0; i < count; i++) {
		const uint32_t which = events[i].data.u32;

		if (which == CONSOLE_KICK)
			console_push(backend);
		else if (backend->readers[which].fd >= 0)
			reader_service(backend, &backend->readers[which],
				       events[i].events);
	}
}

uint64_t console_written(const struct console_backend *backend)
{
	return backend->written;
}

static bool console_anybody_behind(const struct console_backend *backend)
{
	for (unsigned int i = 0; i < CONSOLE_READERS_MAX; i++) {
		const struct console_reader *reader = &backend->readers[i];

		if (reader->fd >= 0 && (reader->waits & EPOLLOUT))
			return true;
	}
	return false;
}

static int64_t monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void console_flush(struct console_backend *backend, unsigned int timeout_ms)
{
	const int64_t end = monotonic_ms() + timeout_ms;

	console_push(backend);
	while (console_anybody_behind(backend) && monotonic_ms() < end) {
		struct pollfd wait = {
			.fd = backend->epoll_fd,
			.events = POLLIN,
		};

		if (poll(&wait, 1, (int)(end - monotonic_ms())) > 0)
			console_service(backend);
	}
}

static bool console_open(struct console_backend *backend, const char *path)
{
	struct epoll_event event = {
		.events = EPOLLIN,
		.data.u32 = CONSOLE_KICK,
	};

	backend->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	backend->kick_fd =
		timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (backend->epoll_fd < 0 || backend->kick_fd < 0 ||
	    epoll_ctl(backend->epoll_fd, EPOLL_CTL_ADD, backend->kick_fd,
		      &event) < 0)
		return false;
	if (!path)
		return true;
	/* O_NONBLOCK: it may be a FIFO or a terminal; O_NOCTTY for that. */
	backend->file_fd = open(path,
				O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK |
					O_NOCTTY | O_CLOEXEC,
				0640);
	return backend->file_fd >= 0;
}

struct console_backend *console_create(const struct console_options *options)
{
	struct console_backend *backend = device_allocate(sizeof(*backend));
	int error;

	backend->device.write = console_write;
	backend->device.owner = backend;
	backend->epoll_fd = -1;
	backend->kick_fd = -1;
	backend->file_fd = -1;
	for (unsigned int i = 0; i < CONSOLE_READERS_MAX; i++)
		backend->readers[i].fd = -1;
	if (console_open(backend, options->path))
		return backend;
	error = errno;
	console_destroy(backend);
	errno = error;
	return NULL;
}

static void close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

void console_destroy(struct console_backend *backend)
{
	if (!backend)
		return;
	for (unsigned int i = 0; i < CONSOLE_READERS_MAX; i++)
		close_if_open(backend->readers[i].fd);
	close_if_open(backend->file_fd);
	close_if_open(backend->kick_fd);
	close_if_open(backend->epoll_fd);
	device_free(backend);
}

struct console *console_device(struct console_backend *backend)
{
	return &backend->device;
}
