/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The disks' io_uring does what disks need and nothing else. */
#define _GNU_SOURCE
#include "worker/backend/block_engine.h"
#include "worker/backend/block_file.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* As block_uring.c begins: an attacker in the process knows it as well. */
struct inside {
	struct block_engine engine;
	struct io_uring ring;
};

/* Takes the library's place; while it is busy, nothing reaches the kernel. */
static bool busy;

int io_uring_submit(struct io_uring *ring)
{
	int (*const submit)(struct io_uring *) =
		(int (*)(struct io_uring *))dlsym(RTLD_NEXT, "io_uring_submit");

	return busy ? -EBUSY : submit(ring);
}

static int result_of(struct io_uring *ring)
{
	struct io_uring_cqe *entry;
	int result;

	assert_true(io_uring_submit(ring) >= 0);
	assert_int_equal(io_uring_wait_cqe(ring, &entry), 0);
	result = entry->res;
	io_uring_cqe_seen(ring, entry);
	return result;
}

static void skip_all(int error)
{
	printf("skipped: worker/backend/block_uring.c: io_uring: %s\n",
	       strerror(-error));
	skip();
}

static void test_other_operations(void **unused)
{
	struct block_engine *engine;
	struct io_uring *ring;
	int error;

	(void)unused;
	error = block_uring_create(&engine);
	if (error)
		skip_all(error);
	ring = &((struct inside *)engine)->ring;
	io_uring_prep_nop(io_uring_get_sqe(ring));
	assert_int_equal(result_of(ring), 0);
	io_uring_prep_openat(io_uring_get_sqe(ring), AT_FDCWD, "/etc/passwd",
			     O_RDONLY, 0);
	assert_int_equal(result_of(ring), -EACCES);
	io_uring_prep_socket(io_uring_get_sqe(ring), AF_INET, SOCK_STREAM, 0,
			     0);
	assert_int_equal(result_of(ring), -EACCES);
	io_uring_prep_close(io_uring_get_sqe(ring), ring->ring_fd);
	assert_int_equal(result_of(ring), -EACCES);
	/* And the rule stays. */
	assert_int_equal(io_uring_register_files(ring, &ring->ring_fd, 1),
			 -EACCES);
	engine->destroy(engine);
}

/* More requests than the ring has entries, each into two pieces of memory. */
#define REQUESTS 700u
#define BLOCK	 512u

static unsigned int completed;

static void on_done(struct block_request *request, enum block_error error)
{
	(void)request;
	assert_int_equal(error, BLOCK_OK);
	completed++;
}

static void submit_all(struct block_device *disk, uint8_t *data,
		       enum block_operation operation)
{
	static struct block_request requests[REQUESTS];
	static struct span spans[REQUESTS][2];

	for (unsigned int i = 0; i < REQUESTS; i++) {
		uint8_t *at = data + i * BLOCK;

		spans[i][0] = (struct span){at, BLOCK / 4};
		spans[i][1] = (struct span){at + BLOCK / 4, BLOCK * 3 / 4};
		requests[i] = (struct block_request){
			.operation = operation,
			.offset = i * BLOCK,
			.length = BLOCK,
			.spans = spans[i],
			.span_count = 2,
			.done = on_done,
		};
		/* The kernel takes something again with the last one. */
		busy = i < REQUESTS - 1;
		disk->submit(disk, &requests[i]);
		assert_int_equal(completed, 0);
	}
}

struct image {
	struct block_files *files;
	struct block_device *disk;
};

static void move_all(const struct image *image, uint8_t *data,
		     enum block_operation operation)
{
	completed = 0;
	submit_all(image->disk, data, operation);
	while (completed < REQUESTS) {
		struct pollfd wait = {block_file_fd(image->files), POLLIN, 0};

		assert_int_equal(poll(&wait, 1, 10000), 1);
		block_file_reap(image->files);
	}
}

static void test_more_than_entries(void **unused)
{
	char path[] = "/tmp/block-uring-test-XXXXXX";
	uint8_t *written, *data;
	char reason[BLOCK_FILE_ERROR_SIZE];
	const struct block_file_options options = {.path = path,
						   .buffered = true};
	struct image image;
	int fd, error;

	(void)unused;
	error = block_files_create(&image.files, BLOCK_ENGINE_URING);
	if (error)
		skip_all(error);
	fd = mkstemp(path);
	written = malloc(REQUESTS * BLOCK);
	data = calloc(REQUESTS, BLOCK);
	for (unsigned int i = 0; i < REQUESTS * BLOCK; i++)
		written[i] = (uint8_t)(i * 7 + i / BLOCK);
	assert_int_equal(ftruncate(fd, REQUESTS * BLOCK), 0);
	image.disk = block_file_open(image.files, &options, reason);
	assert_non_null(image.disk);
	move_all(&image, written, BLOCK_WRITE);
	assert_int_equal(pread(fd, data, REQUESTS * BLOCK, 0),
			 REQUESTS * BLOCK);
	assert_memory_equal(data, written, REQUESTS * BLOCK);
	memset(data, 0, REQUESTS * BLOCK);
	move_all(&image, data, BLOCK_READ);
	assert_memory_equal(data, written, REQUESTS * BLOCK);
	block_file_close(image.disk);
	block_files_destroy(image.files);
	unlink(path);
	close(fd);
	free(written);
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_other_operations),
		cmocka_unit_test(test_more_than_entries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
