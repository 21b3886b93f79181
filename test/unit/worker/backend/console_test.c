/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The console: its ring, its file, its readers and what they type. */
#define _GNU_SOURCE
#include "worker/backend/console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

struct fixture {
	struct console_backend *backend;
	char file[64];
	int here; /* our end of a reader's socket */
	int there;
	size_t room; /* that the device has for input */
	char input[4096];
	size_t input_size;
};

static size_t take(void *owner, const uint8_t *data, size_t size)
{
	struct fixture *f = owner;
	const size_t taken = size < f->room ? size : f->room;

	assert_true(f->input_size + taken <= sizeof(f->input));
	memcpy(f->input + f->input_size, data, taken);
	f->input_size += taken;
	f->room -= taken;
	return taken;
}

static void create(struct fixture *f, const char *path)
{
	const struct console_options options = {.path = path};

	console_destroy(f->backend);
	f->backend = console_create(&options);
	assert_non_null(f->backend);
	console_set_input(f->backend, take, f);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	int ends[2];

	signal(SIGPIPE, SIG_IGN);
	strcpy(f->file, "/tmp/console_test.XXXXXX");
	close(mkstemp(f->file));
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	f->here = ends[0];
	f->there = ends[1];
	fcntl(f->here, F_SETFL, O_NONBLOCK);
	f->room = sizeof(f->input);
	create(f, NULL);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	console_destroy(f->backend);
	if (f->here >= 0)
		close(f->here);
	unlink(f->file);
	free(f);
	return 0;
}

static void print(struct fixture *f, const char *text)
{
	struct console *console = console_device(f->backend);

	console->write(console, (const uint8_t *)text, strlen(text));
}

/* As the event loop does. */
static void service(struct fixture *f)
{
	struct pollfd wait = {.fd = console_poll_fd(f->backend),
			      .events = POLLIN};

	for (unsigned int i = 0; i < 1000 && poll(&wait, 1, 40) > 0; i++)
		console_service(f->backend);
	assert_int_equal(poll(&wait, 1, 0), 0); /* comes to rest */
}

static size_t receive(int fd, char *data, size_t size)
{
	size_t got = 0;
	ssize_t n;

	while (got < size && (n = read(fd, data + got, size - got)) > 0)
		got += (size_t)n;
	return got;
}

static void expect(int fd, const char *text)
{
	char data[256] = "";

	receive(fd, data, sizeof(data) - 1);
	assert_string_equal(data, text);
}

static void attach(struct fixture *f)
{
	assert_int_equal(console_attach(f->backend, f->there), 0);
	service(f);
}

static void test_recent_first(void **state)
{
	struct fixture *f = *state;

	print(f, "before ");
	service(f);
	attach(f);
	expect(f->here, "before ");
	print(f, "after");
	expect(f->here, ""); /* the loop sends, not the device */
	service(f);
	expect(f->here, "after");
	assert_int_equal(console_written(f->backend), 12);
}

static void test_several_readers(void **state)
{
	struct fixture *f = *state;
	int ends[CONSOLE_READERS_MAX][2];

	attach(f);
	for (unsigned int i = 1; i < CONSOLE_READERS_MAX; i++) {
		assert_int_equal(socketpair(AF_UNIX,
					    SOCK_STREAM | SOCK_NONBLOCK, 0,
					    ends[i]),
				 0);
		assert_int_equal(console_attach(f->backend, ends[i][1]), 0);
	}
	assert_int_equal(console_attach(f->backend, 0), -EBUSY);
	print(f, "to all");
	service(f);
	expect(f->here, "to all");
	for (unsigned int i = 1; i < CONSOLE_READERS_MAX; i++) {
		expect(ends[i][0], "to all");
		close(ends[i][0]);
	}
	service(f); /* notices, and has room again */
	assert_int_equal(fcntl(ends[1][1], F_GETFD), -1);
	print(f, "!");
	service(f);
	expect(f->here, "!");
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends[1]),
		0);
	assert_int_equal(console_attach(f->backend, ends[1][1]), 0);
	service(f);
	expect(ends[1][0], "to all!");
	close(ends[1][0]);
}

static void test_bad_descriptor(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(console_attach(f->backend, 9999), -EBADF);
	close(f->there);
}

static void test_detach(void **state)
{
	struct fixture *f = *state;

	attach(f);
	console_detach(f->backend, f->there);
	console_detach(f->backend, -1);
	print(f, "unheard");
	service(f);
	expect(f->here, "");
	assert_int_equal(write(f->there, "x", 1), 1); /* ours again */
	expect(f->here, "x");
	close(f->there);
}

static void test_input(void **state)
{
	struct fixture *f = *state;

	attach(f);
	assert_int_equal(write(f->here, "typed", 5), 5);
	service(f);
	assert_int_equal(f->input_size, 5);
	assert_memory_equal(f->input, "typed", 5);
}

/* What the device does not take stays, in order, and nothing spins. */
static void test_input_waits(void **state)
{
	struct fixture *f = *state;
	char typed[3000];

	for (unsigned int i = 0; i < sizeof(typed); i++)
		typed[i] = (char)('a' + i % 23);
	attach(f);
	f->room = 10;
	assert_int_equal(write(f->here, typed, sizeof(typed)), sizeof(typed));
	service(f);
	assert_int_equal(f->input_size, 10);
	print(f, "output goes on");
	service(f);
	expect(f->here, "output goes on");
	for (unsigned int i = 0; i < 1000 && f->input_size < 3000; i++) {
		f->room = 16;
		console_input_ready(f->backend);
		service(f);
	}
	assert_int_equal(f->input_size, 3000);
	assert_memory_equal(f->input, typed, sizeof(typed));
}

static void test_no_taker(void **state)
{
	struct fixture *f = *state;

	console_set_input(f->backend, NULL, NULL);
	attach(f);
	assert_int_equal(write(f->here, "early", 5), 5);
	service(f);
	console_set_input(f->backend, take, f);
	service(f);
	assert_int_equal(f->input_size, 5);
}

/* One who only shuts its own writing goes on reading. */
static void test_half_closed(void **state)
{
	struct fixture *f = *state;

	attach(f);
	shutdown(f->here, SHUT_WR);
	service(f);
	print(f, "still");
	service(f);
	expect(f->here, "still");
}

static void test_hang_up(void **state)
{
	struct fixture *f = *state;

	attach(f);
	assert_int_equal(write(f->here, "last", 4), 4);
	close(f->here);
	f->here = -1;
	service(f);
	assert_memory_equal(f->input, "last", 4);
	assert_int_equal(fcntl(f->there, F_GETFD), -1);
	print(f, "into the void");
	service(f);
}

/* Gone while the device has no room for what it typed: no spinning. */
static void test_hang_up_with_input(void **state)
{
	struct fixture *f = *state;

	attach(f);
	f->room = 0;
	assert_int_equal(write(f->here, "x", 1), 1);
	service(f);
	close(f->here);
	f->here = -1;
	service(f);
	assert_int_equal(fcntl(f->there, F_GETFD), -1);
}

static void test_ring_keeps_the_newest(void **state)
{
	struct fixture *f = *state;
	static char text[3 * CONSOLE_RING_SIZE + 1], got[2 * CONSOLE_RING_SIZE];
	size_t size;

	for (unsigned int i = 0; i < sizeof(text) - 1; i++)
		text[i] = (char)('!' + i % 89);
	print(f, text);
	assert_int_equal(console_attach(f->backend, f->there), 0);
	size = 0;
	for (unsigned int i = 0; i < 100; i++) {
		console_service(f->backend);
		size += receive(f->here, got + size, sizeof(got) - size);
	}
	assert_int_equal(size, CONSOLE_RING_SIZE);
	assert_memory_equal(got, text + 2 * CONSOLE_RING_SIZE, size);
}

/* Never read, then read: a notice stands where the lost bytes stood. */
static void test_slow_reader(void **state)
{
	struct fixture *f = *state;
	static char got[16 * CONSOLE_RING_SIZE];
	unsigned long long lost = 0;
	size_t size = 0, before, after;
	char *notice;

	attach(f);
	for (unsigned int i = 0; i < 200000; i++) {
		char line[16];

		snprintf(line, sizeof(line), "%07u\n", i);
		print(f, line);
		if (i % 100 == 0)
			console_service(f->backend);
	}
	for (unsigned int i = 0; i < 1000; i++) {
		console_service(f->backend);
		size += receive(f->here, got + size, sizeof(got) - size - 1);
	}
	got[size] = '\0';
	notice = strstr(got, "\r\n[bulkhead: ");
	assert_non_null(notice);
	assert_null(strstr(notice + 1, "\r\n[bulkhead: "));
	assert_int_equal(
		sscanf(notice, "\r\n[bulkhead: %llu bytes lost]", &lost), 1);
	before = (size_t)(notice - got);
	after = size - before -
		(size_t)(strstr(notice + 2, "\r\n") + 2 - notice);
	assert_int_equal(before + lost + after, 200000 * 8);
	assert_string_equal(got + size - 8, "0199999\n");
}

/* A reader that keeps up loses nothing, however much comes at once. */
static void test_burst(void **state)
{
	struct fixture *f = *state;
	static char text[40001], got[80000];
	size_t size = 0;

	memset(text, 'x', sizeof(text) - 1);
	attach(f);
	for (unsigned int round = 0; round < 20; round++) {
		text[0] = (char)('a' + round);
		print(f, text);
		size = 0;
		for (unsigned int i = 0; i < 100 && size < 40000; i++) {
			size += receive(f->here, got + size,
					sizeof(got) - size);
			service(f);
		}
		assert_int_equal(size, 40000);
		assert_int_equal(got[0], 'a' + (int)round);
		assert_null(memchr(got, '[', size));
	}
}

static size_t read_file(const char *path, char *data, size_t size)
{
	FILE *file = fopen(path, "r");
	size_t n;

	assert_non_null(file);
	n = fread(data, 1, size, file);
	fclose(file);
	return n;
}

static void test_file(void **state)
{
	struct fixture *f = *state;
	static char text[5 * CONSOLE_RING_SIZE + 1], got[6 * CONSOLE_RING_SIZE];
	char small[32] = "";
	size_t size;

	create(f, f->file);
	print(f, "one ");
	service(f);
	create(f, f->file); /* appended to, as after a reset */
	print(f, "two");
	console_flush(f->backend, 0);
	read_file(f->file, small, sizeof(small) - 1);
	assert_string_equal(small, "one two");
	memset(text, 'y', sizeof(text) - 1);
	print(f, text); /* more than the ring: all of it */
	service(f);
	size = read_file(f->file, got, sizeof(got));
	assert_int_equal(size, 7 + 5 * CONSOLE_RING_SIZE);
	close(f->there);
}

static void test_file_cannot_be_opened(void **state)
{
	struct fixture *f = *state;
	const struct console_options options = {.path = "/nonexistent/x"};

	errno = 0;
	assert_null(console_create(&options));
	assert_int_equal(errno, ENOENT);
	close(f->there);
}

/* The file's system is full: the console goes on without it. */
static void test_file_fails(void **state)
{
	struct fixture *f = *state;

	create(f, "/dev/full");
	attach(f);
	print(f, "x");
	service(f);
	print(f, "y");
	service(f);
	expect(f->here, "xy");
}

static void test_fifo_that_nobody_drains(void **state)
{
	struct fixture *f = *state;
	static char text[CONSOLE_RING_SIZE / 2];
	int reader;

	unlink(f->file);
	assert_int_equal(mkfifo(f->file, 0600), 0);
	reader = open(f->file, O_RDONLY | O_NONBLOCK);
	create(f, f->file);
	attach(f);
	memset(text, 'z', sizeof(text) - 1);
	for (unsigned int i = 0; i < 20; i++)
		print(f, text);
	service(f);
	assert_int_equal(console_written(f->backend), 20 * strlen(text));
	close(reader);
}

/* A pipe's writing end reads nothing, and its end is noticed. */
static void test_pipe(void **state)
{
	struct fixture *f = *state;
	int ends[2];

	close(f->there);
	assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
	assert_int_equal(console_attach(f->backend, ends[1]), 0);
	print(f, "down the pipe");
	service(f);
	expect(ends[0], "down the pipe");
	close(ends[0]);
	service(f);
	assert_int_equal(fcntl(ends[1], F_GETFD), -1);
}

static void test_flush(void **state)
{
	struct fixture *f = *state;

	attach(f);
	print(f, "farewell");
	console_flush(f->backend, 100);
	expect(f->here, "farewell");
}

/* A reader that reads nothing does not hold up the worker's end. */
static void test_flush_gives_up(void **state)
{
	struct fixture *f = *state;
	static char text[CONSOLE_RING_SIZE / 2];

	attach(f);
	memset(text, 'q', sizeof(text) - 1);
	for (unsigned int i = 0; i < 20; i++)
		print(f, text);
	console_flush(f->backend, 50);
	assert_int_equal(console_written(f->backend), 20 * strlen(text));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_recent_first),
		TEST(test_several_readers),
		TEST(test_bad_descriptor),
		TEST(test_detach),
		TEST(test_input),
		TEST(test_input_waits),
		TEST(test_no_taker),
		TEST(test_half_closed),
		TEST(test_hang_up),
		TEST(test_hang_up_with_input),
		TEST(test_ring_keeps_the_newest),
		TEST(test_slow_reader),
		TEST(test_burst),
		TEST(test_file),
		TEST(test_file_cannot_be_opened),
		TEST(test_file_fails),
		TEST(test_fifo_that_nobody_drains),
		TEST(test_pipe),
		TEST(test_flush),
		TEST(test_flush_gives_up),
	};

	return cmocka_run_group_tests_name("console", tests, NULL, NULL);
}
