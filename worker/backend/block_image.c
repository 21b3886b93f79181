// SPDX-License-Identifier: GPL-2.0-or-later
/* Opening raw images and block devices, and saying what is wrong with them. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "block_engine.h"
#include "block_file.h"

static bool opening_failed(char *error, const char *path, const char *what,
			   int number)
{
	if (number)
		snprintf(error, BLOCK_FILE_ERROR_SIZE, "%s: %s: %s", path, what,
			 strerror(number));
	else
		snprintf(error, BLOCK_FILE_ERROR_SIZE, "%s: %s", path, what);
	return false;
}

static bool file_lock(struct block_file *file, char *error)
{
	struct flock lock = {
		.l_type = file->device.readonly ? F_RDLCK : F_WRLCK,
		.l_whence = SEEK_SET,
	};

	if (!fcntl(file->fd, F_OFD_SETLK, &lock))
		return true;
	if (errno == EAGAIN || errno == EACCES)
		return opening_failed(error, file->path,
				      file->device.readonly
					      ? "is open for writing elsewhere"
					      : "is in use elsewhere",
				      0);
	return opening_failed(error, file->path, "cannot be locked", errno);
}

/* By descriptor: the name may mean another file by now. */
static int reopen(const struct block_file *file, int flags)
{
	const int access = file->device.readonly ? O_RDONLY : O_RDWR;
	char self[64];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", file->fd);
	return open(self, access | O_CLOEXEC | flags);
}

/* Written to by a child, a block device must have no other user. */
static bool special_claim(struct block_file *file, char *error)
{
	if (file->device.readonly)
		return true;

	const int fd = reopen(file, O_EXCL);

	if (fd < 0)
		return opening_failed(error, file->path,
				      errno == EBUSY
					      ? "is mounted or in use elsewhere"
					      : "cannot be claimed",
				      errno == EBUSY ? 0 : errno);
	close(file->fd);
	file->fd = fd;
	return true;
}

static bool special_measure(struct block_file *file, char *error)
{
	uint64_t size;
	int logical;
	unsigned int physical;

	if (ioctl(file->fd, BLKGETSIZE64, &size) < 0 ||
	    ioctl(file->fd, BLKSSZGET, &logical) < 0 ||
	    ioctl(file->fd, BLKPBSZGET, &physical) < 0)
		return opening_failed(error, file->path,
				      "its size cannot be read", errno);
	if (logical != 512 && logical != 4096)
		return opening_failed(error, file->path,
				      "its blocks are not of 512 or 4096 bytes",
				      0);
	file->device.size = size;
	file->device.logical_size = (uint32_t)logical;
	file->device.physical_size = physical;
	file->offset_alignment = (uint32_t)logical - 1;
	file->memory_alignment = (uint32_t)logical - 1;
	return true;
}

static bool regular_measure(struct block_file *file, const struct stat *status,
			    char *error)
{
	if (status->st_size % 512)
		return opening_failed(error, file->path,
				      "its size is not a multiple of 512 bytes:"
				      " not a raw disk image",
				      0);
	file->device.size = (uint64_t)status->st_size;
	file->device.logical_size = 512;
	file->device.physical_size = 4096;
	file->offset_alignment = 4096 - 1;
	file->memory_alignment = 4096 - 1;
	return true;
}

static bool file_measure(struct block_file *file, char *error)
{
	struct stat status;
	bool good;

	if (fstat(file->fd, &status) < 0)
		return opening_failed(error, file->path, "cannot be examined",
				      errno);
	if (S_ISBLK(status.st_mode))
		good = special_measure(file, error) &&
		       special_claim(file, error);
	else if (S_ISREG(status.st_mode))
		good = regular_measure(file, &status, error);
	else
		return opening_failed(error, file->path,
				      S_ISDIR(status.st_mode)
					      ? "is a directory, not an image"
					      : "is neither a file nor a block "
						"device",
				      0);
	if (good && !file->device.size)
		return opening_failed(error, file->path, "is empty", 0);
	return good;
}

/* A second descriptor around the page cache, where the file system can. */
static void file_open_direct(struct block_file *file)
{
	struct statx status;

	file->direct_fd = reopen(file, O_DIRECT);
	if (file->direct_fd < 0)
		return;
#ifdef STATX_DIOALIGN
	if (!statx(file->direct_fd, "", AT_EMPTY_PATH, STATX_DIOALIGN,
		   &status) &&
	    status.stx_mask & STATX_DIOALIGN && status.stx_dio_mem_align) {
		file->memory_alignment = status.stx_dio_mem_align - 1;
		file->offset_alignment = status.stx_dio_offset_align - 1;
	}
#else
	(void)status;
#endif
}

/* Printable and without blanks at its ends: it becomes a serial number. */
void block_image_identity(struct block_device *device, const char *name)
{
	const char *const base = strrchr(name, '/');
	const char *from = base ? base + 1 : name;
	size_t length = 0;

	while (*from && length < sizeof(device->identity) - 1) {
		const char c = *from++;

		device->identity[length++] = c > ' ' && c <= '~' ? c : '_';
	}
	device->identity[length] = '\0';
}

bool block_image_open(struct block_file *file,
		      const struct block_file_options *options, char *error)
{
	const int access = options->readonly ? O_RDONLY : O_RDWR;

	/* Without O_NONBLOCK the open of a pipe would wait for its writer. */
	file->fd = open(options->path, access | O_CLOEXEC | O_NONBLOCK);
	if (file->fd < 0)
		return opening_failed(error, options->path,
				      options->readonly
					      ? "cannot be opened"
					      : "cannot be opened for writing",
				      errno);
	if (!file_measure(file, error) || !file_lock(file, error))
		return false;
	/* Left on, it would make requests fail that cannot be done at once. */
	fcntl(file->fd, F_SETFL, 0);
	if (!options->buffered)
		file_open_direct(file);
	return true;
}
