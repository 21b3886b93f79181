// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Block devices as disks: this program's own fstat and ioctl take the place
 * of the C library's and make a device of a file, good or bad.
 */
#define _GNU_SOURCE
#include "../vmbus/fake.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "worker/backend/block_file.h"

#define SIZE 65536u

static struct {
	uint64_t size;
	int logical;
	unsigned int physical;
	int fstat_error;
	int ioctl_error;
	int claim_error; /* of a second, exclusive open */
	int lock_error;
	unsigned int claims;
	mode_t type;
} device;

int fstat(int fd, struct stat *status)
{
	if (device.fstat_error) {
		errno = device.fstat_error;
		return -1;
	}
	if (syscall(SYS_fstat, fd, status) < 0)
		return -1;
	status->st_mode = device.type | 0600;
	status->st_size = 0;
	return 0;
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list list;
	void *argument;

	(void)fd;
	va_start(list, request);
	argument = va_arg(list, void *);
	va_end(list);
	if (device.ioctl_error) {
		errno = device.ioctl_error;
		return -1;
	}
	switch (request) {
	case BLKGETSIZE64:
		*(uint64_t *)argument = device.size;
		return 0;
	case BLKSSZGET:
		*(int *)argument = device.logical;
		return 0;
	case BLKPBSZGET:
		*(unsigned int *)argument = device.physical;
		return 0;
	}
	errno = ENOTTY;
	return -1;
}

int open(const char *path, int flags, ...)
{
	if (flags & O_EXCL && !(flags & O_CREAT)) {
		device.claims++;
		if (device.claim_error) {
			errno = device.claim_error;
			return -1;
		}
	}
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags & ~O_EXCL, 0);
}

int fcntl(int fd, int command, ...)
{
	va_list list;
	void *argument;

	va_start(list, command);
	argument = va_arg(list, void *);
	va_end(list);
	if (command == F_OFD_SETLK && device.lock_error) {
		errno = device.lock_error;
		return -1;
	}
	return (int)syscall(SYS_fcntl, fd, command, argument);
}

static struct block_files *files;
static char path[64];
static char error[BLOCK_FILE_ERROR_SIZE];

static int setup(void **state)
{
	int fd;

	(void)state;
	memset(&device, 0, sizeof(device));
	device.size = SIZE;
	device.logical = 512;
	device.physical = 4096;
	device.type = S_IFBLK;
	strcpy(path, "/tmp/block-special-test-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, SIZE), 0);
	close(fd);
	assert_int_equal(block_files_create(&files, BLOCK_ENGINE_THREADS), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	block_files_destroy(files);
	unlink(path);
	return 0;
}

static struct block_device *open_disk(bool readonly)
{
	const struct block_file_options options = {
		.path = path,
		.readonly = readonly,
		.buffered = true,
	};

	return block_file_open(files, &options, error);
}

static void expect_refused(const char *reason)
{
	assert_null(open_disk(false));
	if (!strstr(error, reason) || !strstr(error, path))
		fail_msg("\"%s\" does not say \"%s\"", error, reason);
}

static void test_good(void **state)
{
	struct block_device *disk = open_disk(false);

	(void)state;
	assert_non_null(disk);
	assert_int_equal(disk->size, SIZE);
	assert_int_equal(disk->logical_size, 512);
	assert_int_equal(disk->physical_size, 4096);
	assert_int_equal(device.claims, 1);
	block_file_close(disk);
	device.logical = 4096;
	disk = open_disk(false);
	assert_non_null(disk);
	assert_int_equal(disk->logical_size, 4096);
	block_file_close(disk);
}

/* Who only reads leaves the device to others. */
static void test_readonly(void **state)
{
	struct block_device *disk = open_disk(true);

	(void)state;
	assert_non_null(disk);
	assert_true(disk->readonly);
	assert_int_equal(device.claims, 0);
	block_file_close(disk);
}

static void test_measure(void **state)
{
	(void)state;
	device.ioctl_error = EIO;
	expect_refused("its size cannot be read: Input/output error");
	device.ioctl_error = 0;
	device.logical = 520;
	expect_refused("its blocks are not of 512 or 4096 bytes");
	device.logical = 512;
	device.size = 0;
	expect_refused("is empty");
	device.fstat_error = EIO;
	expect_refused("cannot be examined: Input/output error");
}

static void test_claim(void **state)
{
	(void)state;
	device.claim_error = EBUSY;
	expect_refused("is mounted or in use elsewhere");
	device.claim_error = EACCES;
	expect_refused("cannot be claimed: Permission denied");
	device.claim_error = 0;
	device.lock_error = ENOLCK;
	expect_refused("cannot be locked: No locks available");
}

static void test_neither(void **state)
{
	(void)state;
	device.type = S_IFCHR;
	expect_refused("is neither a file nor a block device");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_good),  TEST(test_readonly), TEST(test_measure),
		TEST(test_claim), TEST(test_neither),
	};

	return cmocka_run_group_tests_name("block_special", tests, NULL, NULL);
}
