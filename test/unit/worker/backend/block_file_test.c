// SPDX-License-Identifier: GPL-2.0-or-later
/* Raw images with both engines: data, errors, locks, what opening says. */
#define _GNU_SOURCE
#include "../vmbus/fake.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "worker/backend/block_file.h"

#define SIZE  (4u << 20)
#define QUEUE 64

struct world {
	enum block_engine_kind kind;
	bool buffered;
	struct block_files *files;
	struct block_device *disk;
	char path[64];
	int fd;		 /* the test's own view of the image */
	uint8_t *buffer; /* page-aligned, SIZE */
};

static struct world world;
static char error[BLOCK_FILE_ERROR_SIZE];

/* ---- One request at a time ---- */

struct waiter {
	struct block_request request;
	unsigned int done;
	enum block_error error;
};

static void on_done(struct block_request *request, enum block_error result)
{
	struct waiter *const waiter = request->owner;

	assert_ptr_equal(request, &waiter->request);
	waiter->done++;
	waiter->error = result;
}

/* Sleeps on the descriptor, as the event loop does; 10 s are too long. */
static void reap(void)
{
	struct pollfd fd = {block_file_fd(world.files), POLLIN, 0};

	assert_int_equal(poll(&fd, 1, 10000), 1);
	block_file_reap(world.files);
}

static enum block_error run(struct block_request request)
{
	struct waiter waiter = {.request = request};

	waiter.request.done = on_done;
	waiter.request.owner = &waiter;
	world.disk->submit(world.disk, &waiter.request);
	assert_int_equal(waiter.done, 0); /* never from within submit */
	while (!waiter.done)
		reap();
	return waiter.error;
}

static enum block_error move(enum block_operation operation, uint64_t offset,
			     void *data, uint64_t size)
{
	const struct span span = {data, size};

	return run((struct block_request){
		.operation = operation,
		.offset = offset,
		.length = size,
		.spans = &span,
		.span_count = 1,
	});
}

/* ---- Images ---- */

static void image_make(void)
{
	strcpy(world.path, "/tmp/block-file-test-XXXXXX");
	world.fd = mkstemp(world.path);
	assert_true(world.fd >= 0);
	assert_int_equal(ftruncate(world.fd, SIZE), 0);
	for (unsigned int i = 0; i < SIZE; i++)
		world.buffer[i] = (uint8_t)(i * 7 + i / 4096);
	assert_int_equal(pwrite(world.fd, world.buffer, SIZE, 0), SIZE);
	memset(world.buffer, 0, SIZE);
}

static struct block_device *image_open(const char *path, bool readonly)
{
	return block_file_open(
		world.files,
		&(struct block_file_options){.path = path,
					     .readonly = readonly,
					     .buffered = world.buffered},
		error);
}

static int setup(void **state)
{
	(void)state;
	world.buffer = aligned_alloc(4096, SIZE);
	image_make();
	assert_int_equal(block_files_create(&world.files, world.kind), 0);
	world.disk = image_open(world.path, false);
	if (!world.disk)
		fail_msg("%s", error);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (world.disk)
		block_file_close(world.disk);
	block_files_destroy(world.files);
	unlink(world.path);
	close(world.fd);
	free(world.buffer);
	return 0;
}

static void image_read(uint64_t offset, void *to, size_t size)
{
	assert_int_equal(pread(world.fd, to, size, (off_t)offset), size);
}

/* ---- Data ---- */

static void test_properties(void **state)
{
	(void)state;
	assert_int_equal(world.disk->size, SIZE);
	assert_int_equal(world.disk->logical_size, 512);
	assert_int_equal(world.disk->physical_size, 4096);
	assert_false(world.disk->readonly);
	assert_true(world.disk->discards);
	assert_string_equal(world.disk->identity, world.path + 5);
}

static void test_read_and_write(void **state)
{
	static uint8_t copy[65536];
	/* Aligned or not, in the file and in memory. */
	static const struct {
		uint64_t offset;
		uint64_t size;
		size_t memory;
	} cases[] = {
		{0, 4096, 0},	      {4096, 65536, 0},	  {512, 512, 0},
		{512, 4096, 512},     {8192, 4096, 4096}, {8192, 4096, 7},
		{SIZE - 512, 512, 0},
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t *const at = world.buffer + cases[i].memory;
		const uint64_t offset = cases[i].offset;
		const uint64_t size = cases[i].size;

		assert_int_equal(move(BLOCK_READ, offset, at, size), BLOCK_OK);
		image_read(offset, copy, size);
		assert_memory_equal(at, copy, size);
		for (uint64_t j = 0; j < size; j++)
			at[j] = (uint8_t)(at[j] + 1 + i);
		assert_int_equal(move(BLOCK_WRITE, offset, at, size), BLOCK_OK);
		image_read(offset, copy, size);
		assert_memory_equal(at, copy, size);
	}
}

static void test_many_spans(void **state)
{
	struct span spans[512];
	static uint8_t copy[512 * 4096];

	(void)state;
	/* Every other page, backwards. */
	for (unsigned int i = 0; i < 512; i++)
		spans[i] = (struct span){world.buffer + (1023 - 2 * i) * 4096,
					 4096};
	assert_int_equal(run((struct block_request){
				 .operation = BLOCK_READ,
				 .offset = 4096,
				 .length = sizeof(copy),
				 .spans = spans,
				 .span_count = 512,
			 }),
			 BLOCK_OK);
	image_read(4096, copy, sizeof(copy));
	for (unsigned int i = 0; i < 512; i++)
		assert_memory_equal(spans[i].base, copy + i * 4096, 4096);
}

static void test_fua_flush(void **state)
{
	const struct span span = {world.buffer, 4096};

	(void)state;
	memset(world.buffer, 0x33, 4096);
	assert_int_equal(run((struct block_request){
				 .operation = BLOCK_WRITE,
				 .fua = true,
				 .length = 4096,
				 .spans = &span,
				 .span_count = 1,
			 }),
			 BLOCK_OK);
	assert_int_equal(run((struct block_request){.operation = BLOCK_FLUSH}),
			 BLOCK_OK);
}

static void expect_zero(uint64_t offset, uint64_t size)
{
	static uint8_t copy[SIZE];

	image_read(offset, copy, size);
	for (uint64_t i = 0; i < size; i++)
		assert_int_equal(copy[i], 0);
}

static void test_discard_and_zeroes(void **state)
{
	struct stat before;
	struct stat after;
	uint8_t copy[512];

	(void)state;
	fstat(world.fd, &before);
	assert_int_equal(run((struct block_request){.operation = BLOCK_DISCARD,
						    .offset = 1 << 20,
						    .length = 1 << 20}),
			 BLOCK_OK);
	expect_zero(1 << 20, 1 << 20);
	fstat(world.fd, &after);
	assert_true(after.st_blocks < before.st_blocks);
	assert_int_equal(after.st_size, SIZE);
	assert_int_equal(
		run((struct block_request){.operation = BLOCK_WRITE_ZEROES,
					   .offset = 512,
					   .length = 200 * 512}),
		BLOCK_OK);
	expect_zero(512, 200 * 512);
	image_read(201 * 512, copy, 512);
	assert_int_not_equal(copy[1], copy[2]); /* not a byte more */
	image_read(0, copy, 512);
	assert_int_not_equal(copy[1], copy[2]);
}

/* ---- Errors ---- */

static void test_out_of_range(void **state)
{
	(void)state;
	assert_int_equal(move(BLOCK_READ, SIZE, world.buffer, 512), BLOCK_EIO);
	assert_int_equal(move(BLOCK_READ, SIZE - 512, world.buffer, 1024),
			 BLOCK_EIO);
	assert_int_equal(move(BLOCK_WRITE, UINT64_MAX - 511, world.buffer, 512),
			 BLOCK_EIO);
	assert_int_equal(
		run((struct block_request){.operation = BLOCK_DISCARD,
					   .offset = 512,
					   .length = UINT64_MAX - 511}),
		BLOCK_EIO);
	assert_int_equal(run((struct block_request){.operation = BLOCK_READ}),
			 BLOCK_OK); /* of nothing */
}

/* Somebody makes the image shorter while it is in use. */
static void test_truncated(void **state)
{
	const unsigned int lines = fake_log_lines;

	(void)state;
	assert_int_equal(ftruncate(world.fd, 8192), 0);
	assert_int_equal(move(BLOCK_READ, 0, world.buffer, 8192), BLOCK_OK);
	assert_int_equal(move(BLOCK_READ, 4096, world.buffer, 8192), BLOCK_EIO);
	assert_int_equal(move(BLOCK_READ, 1 << 20, world.buffer, 4096),
			 BLOCK_EIO);
	assert_int_equal(fake_log_lines, lines + 2);
	assert_non_null(strstr(fake_log_last, world.path));
}

static void test_readonly(void **state)
{
	(void)state;
	block_file_close(world.disk);
	assert_int_equal(fchmod(world.fd, 0400), 0);
	world.disk = image_open(world.path, true);
	assert_non_null(world.disk);
	assert_true(world.disk->readonly);
	assert_false(world.disk->discards);
	assert_int_equal(move(BLOCK_READ, 0, world.buffer, 4096), BLOCK_OK);
	assert_int_equal(move(BLOCK_WRITE, 0, world.buffer, 4096),
			 BLOCK_EREADONLY);
	assert_int_equal(
		run((struct block_request){.operation = BLOCK_WRITE_ZEROES,
					   .length = 512}),
		BLOCK_EREADONLY);
	assert_int_equal(run((struct block_request){.operation = BLOCK_FLUSH}),
			 BLOCK_OK);
}

/* ---- Opening ---- */

static void expect_refused(const char *path, const char *why)
{
	error[0] = '\0';
	assert_null(image_open(path, false));
	if (!strstr(error, why) || strncmp(error, path, strlen(path)))
		fail_msg("'%s' does not say '%s'", error, why);
}

static void test_bad_images(void **state)
{
	(void)state;
	expect_refused("/tmp/there-is-no-such-image", "No such file");
	expect_refused("/tmp", "directory");
	expect_refused("/dev/null", "neither a file nor a block device");
	block_file_close(world.disk);
	world.disk = NULL;
	assert_int_equal(ftruncate(world.fd, 0), 0);
	expect_refused(world.path, "is empty");
	assert_int_equal(ftruncate(world.fd, 1000), 0);
	expect_refused(world.path, "multiple of 512");
}

static void test_locks(void **state)
{
	struct block_device *second;

	(void)state;
	expect_refused(world.path, "in use elsewhere");
	assert_null(image_open(world.path, true));
	assert_non_null(strstr(error, "open for writing elsewhere"));
	block_file_close(world.disk);
	/* Readers do not mind each other. */
	world.disk = image_open(world.path, true);
	assert_non_null(world.disk);
	second = image_open(world.path, true);
	assert_non_null(second);
	expect_refused(world.path, "in use elsewhere");
	block_file_close(second);
	block_file_close(world.disk);
	world.disk = image_open(world.path, false);
	assert_non_null(world.disk);
}

static void test_identity(void **state)
{
	(void)state;
	block_file_close(world.disk);
	world.disk = block_file_open(
		world.files,
		&(struct block_file_options){.path = world.path,
					     .identity = "web one\n-disk0"},
		error);
	assert_non_null(world.disk);
	assert_string_equal(world.disk->identity, "web_one_-disk0");
}

/* ---- Many at once ---- */

/* Writers and readers of blocks of their own, in no order, plugged or not. */
static void test_depth(void **state)
{
	static struct waiter waiters[QUEUE];
	static struct span spans[QUEUE];
	static uint32_t versions[QUEUE];
	struct fake_random random = {21};
	unsigned int started = 0;

	(void)state;
	memset(waiters, 0, sizeof(waiters));
	memset(versions, 0, sizeof(versions));
	for (unsigned int i = 0; i < QUEUE; i++)
		waiters[i].done = 1;
	while (started < 20000) {
		const bool plug = fake_random_below(&random, 2);
		unsigned int burst = fake_random_below(&random, 16);

		if (plug)
			world.disk->plug(world.disk, true);
		while (burst--) {
			const unsigned int i =
				fake_random_below(&random, QUEUE);
			struct waiter *const waiter = &waiters[i];
			uint32_t *const words =
				(uint32_t *)(void *)(world.buffer + i * 4096);

			if (!waiter->done)
				continue;
			assert_int_equal(waiter->error, BLOCK_OK);
			if (waiter->request.operation == BLOCK_READ &&
			    versions[i])
				assert_int_equal(words[1000], versions[i]);
			spans[i] = (struct span){words, 4096};
			waiter->done = 0;
			waiter->request = (struct block_request){
				.operation = fake_random_below(&random, 2)
						     ? BLOCK_READ
						     : BLOCK_WRITE,
				.offset = i * 4096,
				.length = 4096,
				.spans = &spans[i],
				.span_count = 1,
				.done = on_done,
				.owner = waiter,
			};
			if (waiter->request.operation == BLOCK_WRITE)
				words[1000] = versions[i] = ++started;
			else if (versions[i])
				words[1000] = 0;
			world.disk->submit(world.disk, &waiter->request);
			started++;
		}
		if (plug)
			world.disk->plug(world.disk, false);
		block_file_reap(world.files);
	}
	for (unsigned int i = 0; i < QUEUE; i++)
		while (!waiters[i].done)
			reap();
	for (unsigned int i = 0; i < QUEUE; i++) {
		uint32_t version;

		image_read(i * 4096 + 4000, &version, 4);
		if (versions[i])
			assert_int_equal(version, versions[i]);
	}
}

/* More than fit the submission ring, all in one plug; then closed at once. */
static void test_close_waits(void **state)
{
	static struct waiter waiters[3000];
	struct span span = {world.buffer, 4096};

	(void)state;
	world.disk->plug(world.disk, true);
	for (unsigned int i = 0; i < 3000; i++) {
		waiters[i] =
			(struct waiter){.request = {.operation = BLOCK_READ,
						    .offset = i % 1024 * 4096,
						    .length = 4096,
						    .spans = &span,
						    .span_count = 1,
						    .done = on_done,
						    .owner = &waiters[i]}};
		world.disk->submit(world.disk, &waiters[i].request);
	}
	world.disk->plug(world.disk, false);
	block_file_close(world.disk);
	world.disk = NULL;
	for (unsigned int i = 0; i < 3000; i++) {
		assert_int_equal(waiters[i].done, 1);
		assert_int_equal(waiters[i].error, BLOCK_OK);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
static const struct CMUnitTest tests[] = {
	TEST(test_properties),	       TEST(test_read_and_write),
	TEST(test_many_spans),	       TEST(test_fua_flush),
	TEST(test_discard_and_zeroes), TEST(test_out_of_range),
	TEST(test_truncated),	       TEST(test_readonly),
	TEST(test_bad_images),	       TEST(test_locks),
	TEST(test_identity),	       TEST(test_depth),
	TEST(test_close_waits),
};

static int run_all(const char *name, enum block_engine_kind kind, bool buffered)
{
	world.kind = kind;
	world.buffered = buffered;
	return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}

int main(void)
{
	struct block_files *files;
	int failed = 0;

	/* Where a container forbids io_uring, the worker has threads, too. */
	if (block_files_create(&files, BLOCK_ENGINE_URING) == 0) {
		block_files_destroy(files);
		failed += run_all("uring, direct", BLOCK_ENGINE_URING, false);
		failed += run_all("uring, buffered", BLOCK_ENGINE_URING, true);
	} else {
		printf("SKIP: no io_uring here\n");
	}
	failed += run_all("threads, direct", BLOCK_ENGINE_THREADS, false);
	failed += run_all("threads, buffered", BLOCK_ENGINE_THREADS, true);
	return failed;
}
