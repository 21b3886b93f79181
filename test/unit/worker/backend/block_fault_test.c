// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Raw images on a system that misbehaves: this program's own pread and kin
 * take the place of the C library's and fail when told to. The threads
 * engine calls them.
 */
#define _GNU_SOURCE
#include "../vmbus/fake.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "worker/backend/block_file.h"

#define SIZE	   (1u << 20)
#define SCRIPT_MAX 16

/* What the next calls do: an errno, or a limit on the bytes moved. */
struct script {
	unsigned int count;
	unsigned int next;
	struct {
		int error;
		size_t limit;
	} steps[SCRIPT_MAX];
	unsigned int calls;
};

static struct script transfers;
static struct script allocations;
static struct script syncs;
static int last_flags;
static int last_mode;

/* False: the call is to fail with errno set. */
static bool script_step(struct script *script, size_t *limit)
{
	*limit = SIZE_MAX;
	script->calls++;
	if (script->next == script->count)
		return true;

	const unsigned int step = script->next++;

	if (script->steps[step].limit)
		*limit = script->steps[step].limit;
	errno = script->steps[step].error;
	return !errno;
}

static ssize_t transfer(long number, int fd, const struct iovec *vectors,
			int count, off_t offset, int flags)
{
	struct iovec cut[600];
	size_t limit;
	int used = 0;

	last_flags = flags;
	if (!script_step(&transfers, &limit))
		return -1;
	for (; used < count && limit; used++) {
		cut[used] = vectors[used];
		if (cut[used].iov_len > limit)
			cut[used].iov_len = limit;
		limit -= cut[used].iov_len;
	}
	return syscall(number, fd, cut, used, offset, 0, flags);
}

ssize_t preadv2(int fd, const struct iovec *vectors, int count, off_t offset,
		int flags)
{
	return transfer(SYS_preadv2, fd, vectors, count, offset, flags);
}

ssize_t pwritev2(int fd, const struct iovec *vectors, int count, off_t offset,
		 int flags)
{
	return transfer(SYS_pwritev2, fd, vectors, count, offset, flags);
}

int fallocate(int fd, int mode, off_t offset, off_t length)
{
	size_t limit;

	last_mode = mode;
	if (!script_step(&allocations, &limit))
		return -1;
	return (int)syscall(SYS_fallocate, fd, mode, offset, length);
}

int fdatasync(int fd)
{
	size_t limit;

	if (!script_step(&syncs, &limit))
		return -1;
	return (int)syscall(SYS_fdatasync, fd);
}

static void fails(struct script *script, int error)
{
	script->steps[script->count++].error = error;
}

static void moves(struct script *script, size_t limit)
{
	script->steps[script->count++].limit = limit;
}

/* ---- The image ---- */

static struct block_files *files;
static struct block_device *disk;
static char path[64];
static int image;
static uint8_t *buffer;
static uint8_t *expected;

static int setup(void **state)
{
	char error[BLOCK_FILE_ERROR_SIZE];

	(void)state;
	memset(&transfers, 0, sizeof(transfers));
	memset(&allocations, 0, sizeof(allocations));
	memset(&syncs, 0, sizeof(syncs));
	buffer = aligned_alloc(4096, SIZE);
	expected = malloc(SIZE);
	for (unsigned int i = 0; i < SIZE; i++)
		expected[i] = (uint8_t)(i * 5 + i / 512);
	strcpy(path, "/tmp/block-fault-test-XXXXXX");
	image = mkstemp(path);
	assert_int_equal(write(image, expected, SIZE), SIZE);
	assert_int_equal(block_files_create(&files, BLOCK_ENGINE_THREADS), 0);
	disk = block_file_open(
		files, &(struct block_file_options){.path = path}, error);
	assert_non_null(disk);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	block_file_close(disk);
	block_files_destroy(files);
	unlink(path);
	close(image);
	free(buffer);
	free(expected);
	return 0;
}

static int outcome;

static void on_done(struct block_request *request, enum block_error error)
{
	(void)request;
	assert_int_equal(outcome, -1);
	outcome = error;
}

static enum block_error run(struct block_request request)
{
	outcome = -1;
	request.done = on_done;
	disk->submit(disk, &request);
	while (outcome < 0) {
		struct pollfd fd = {block_file_fd(files), POLLIN, 0};

		assert_int_equal(poll(&fd, 1, 10000), 1);
		block_file_reap(files);
	}
	return (enum block_error)outcome;
}

/* In four spans, of which one is short. */
static enum block_error move(enum block_operation operation, uint64_t offset)
{
	const struct span spans[] = {
		{buffer, 4096},
		{buffer + 8192, 512},
		{buffer + 16384, 3584},
		{buffer + 32768, 8192},
	};

	return run((struct block_request){.operation = operation,
					  .offset = offset,
					  .length = 16384,
					  .spans = spans,
					  .span_count = 4});
}

static void check_moved(uint64_t offset)
{
	assert_memory_equal(buffer, expected + offset, 4096);
	assert_memory_equal(buffer + 8192, expected + offset + 4096, 512);
	assert_memory_equal(buffer + 16384, expected + offset + 4608, 3584);
	assert_memory_equal(buffer + 32768, expected + offset + 8192, 8192);
}

/* ---- Tests ---- */

static void test_short_reads(void **state)
{
	(void)state;
	/* In the first span, at its end, across two, one byte at a time. */
	moves(&transfers, 100);
	moves(&transfers, 3996);
	moves(&transfers, 1000);
	moves(&transfers, 1);
	moves(&transfers, 1);
	assert_int_equal(move(BLOCK_READ, 4096), BLOCK_OK);
	check_moved(4096);
	assert_int_equal(transfers.calls, 6);
}

static void test_short_writes(void **state)
{
	static uint8_t copy[16384];

	(void)state;
	assert_int_equal(move(BLOCK_READ, 65536), BLOCK_OK);
	moves(&transfers, 4097);
	moves(&transfers, 511);
	moves(&transfers, 8000);
	assert_int_equal(move(BLOCK_WRITE, 0), BLOCK_OK);
	assert_int_equal(pread(image, copy, sizeof(copy), 0), sizeof(copy));
	assert_memory_equal(copy, expected + 65536, sizeof(copy));
	/* Around it nothing changed. */
	assert_int_equal(pread(image, copy, 512, 16384), 512);
	assert_memory_equal(copy, expected + 16384, 512);
}

static void test_tried_again(void **state)
{
	(void)state;
	fails(&transfers, EINTR);
	fails(&transfers, EAGAIN);
	fails(&transfers, EINTR);
	assert_int_equal(move(BLOCK_READ, 0), BLOCK_OK);
	check_moved(0);
}

static void test_direct_refused_late(void **state)
{
	const struct span span = {buffer, 4096};
	const int direct = open(path, O_RDONLY | O_DIRECT);

	(void)state;
	if (direct < 0)
		skip(); /* a file system that has no other way, e.g. tmpfs */
	close(direct);
	fails(&transfers, EINVAL);
	assert_int_equal(run((struct block_request){.operation = BLOCK_READ,
						    .length = 4096,
						    .spans = &span,
						    .span_count = 1}),
			 BLOCK_OK);
	assert_memory_equal(buffer, expected, 4096);
	/* From now on never again around the page cache: EINVAL is an error. */
	fails(&transfers, EINVAL);
	assert_int_equal(run((struct block_request){.operation = BLOCK_READ,
						    .length = 4096,
						    .spans = &span,
						    .span_count = 1}),
			 BLOCK_EIO);
}

static void test_errors(void **state)
{
	static const struct {
		int error;
		enum block_error result;
	} cases[] = {
		{EIO, BLOCK_EIO},	  {ENOSPC, BLOCK_ENOSPC},
		{EDQUOT, BLOCK_ENOSPC},	  {EFBIG, BLOCK_ENOSPC},
		{EROFS, BLOCK_EREADONLY}, {EPERM, BLOCK_EREADONLY},
		{ENXIO, BLOCK_EIO},	  {EOPNOTSUPP, BLOCK_EUNSUPPORTED},
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const unsigned int lines = fake_log_lines;

		transfers.count = transfers.next = 0;
		fails(&transfers, cases[i].error);
		assert_int_equal(move(BLOCK_WRITE, 0), cases[i].result);
		assert_int_equal(fake_log_lines, lines + 1);
		assert_non_null(strstr(fake_log_last, "write of 16384 bytes"));
		memset(&transfers, 0, sizeof(transfers));
	}
	fails(&syncs, EIO);
	assert_int_equal(run((struct block_request){.operation = BLOCK_FLUSH}),
			 BLOCK_EIO);
	/* After a short transfer, too. */
	moves(&transfers, 5000);
	fails(&transfers, EIO);
	assert_int_equal(move(BLOCK_READ, 0), BLOCK_EIO);
}

static void test_flush_and_fua_reach_the_system(void **state)
{
	const struct span span = {buffer, 4096};

	(void)state;
	assert_int_equal(run((struct block_request){.operation = BLOCK_FLUSH}),
			 BLOCK_OK);
	assert_int_equal(syncs.calls, 1);
	memset(buffer, 1, 4096);
	for (unsigned int fua = 0; fua < 2; fua++) {
		assert_int_equal(
			run((struct block_request){.operation = BLOCK_WRITE,
						   .fua = fua,
						   .length = 4096,
						   .spans = &span,
						   .span_count = 1}),
			BLOCK_OK);
		assert_int_equal(last_flags, fua ? RWF_DSYNC : 0);
	}
	/* Also for what a short write left. */
	moves(&transfers, 100);
	assert_int_equal(run((struct block_request){.operation = BLOCK_WRITE,
						    .fua = true,
						    .length = 4096,
						    .spans = &span,
						    .span_count = 1}),
			 BLOCK_OK);
	assert_int_equal(last_flags, RWF_DSYNC);
}

static enum block_error zeroes(uint64_t offset, uint64_t length)
{
	return run((struct block_request){.operation = BLOCK_WRITE_ZEROES,
					  .offset = offset,
					  .length = length});
}

static void expect_zero(uint64_t offset, uint64_t size)
{
	static uint8_t copy[SIZE];

	assert_int_equal(pread(image, copy, SIZE, 0), SIZE);
	for (uint64_t i = 0; i < SIZE; i++) {
		const bool inside = i >= offset && i < offset + size;

		assert_int_equal(copy[i], inside ? 0 : expected[i]);
	}
}

static void test_zeroes_by_holes(void **state)
{
	(void)state;
	fails(&allocations, EOPNOTSUPP);
	assert_int_equal(zeroes(8192, 65536), BLOCK_OK);
	assert_int_equal(last_mode, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE);
	expect_zero(8192, 65536);
}

static void test_zeroes_by_writing(void **state)
{
	(void)state;
	fails(&allocations, EOPNOTSUPP);
	fails(&allocations, EOPNOTSUPP);
	moves(&transfers, 10000); /* a short one among them */
	assert_int_equal(zeroes(512, 400 * 512), BLOCK_OK);
	expect_zero(512, 400 * 512);
	fails(&allocations, EOPNOTSUPP);
	fails(&allocations, EOPNOTSUPP);
	fails(&transfers, ENOSPC);
	assert_int_equal(zeroes(512, 512), BLOCK_ENOSPC);
	fails(&allocations, ENOSPC);
	assert_int_equal(zeroes(512, 512), BLOCK_ENOSPC);
}

static void test_discard_is_advice(void **state)
{
	const struct block_request request = {.operation = BLOCK_DISCARD,
					      .length = 65536};

	(void)state;
	fails(&allocations, EOPNOTSUPP);
	assert_int_equal(run(request), BLOCK_OK);
	expect_zero(0, 0);
	fails(&allocations, EIO);
	assert_int_equal(run(request), BLOCK_EIO);
	assert_int_equal(run(request), BLOCK_OK);
	expect_zero(0, 65536);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_short_reads),
		TEST(test_short_writes),
		TEST(test_tried_again),
		TEST(test_direct_refused_late),
		TEST(test_errors),
		TEST(test_flush_and_fua_reach_the_system),
		TEST(test_zeroes_by_holes),
		TEST(test_zeroes_by_writing),
		TEST(test_discard_is_advice),
	};

	return cmocka_run_group_tests_name("block faults", tests, NULL, NULL);
}
