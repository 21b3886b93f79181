/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What harnesses share beside what is inline. */
#define _GNU_SOURCE
#include "fuzz.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

/* The tests' helpers assert by cmocka, which shall end the program here. */
int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	(void)count;
	(void)arguments;
	return setenv("CMOCKA_TEST_ABORT", "1", 1);
}

static char path[64];

static void remove_file(void)
{
	unlink(path);
}

const char *fuzz_file(const void *data, size_t size)
{
	static int fd;

	if (!path[0]) {
		snprintf(path, sizeof(path), "/dev/shm/bulkhead-fuzz.%d",
			 (int)getpid());
		fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		atexit(remove_file);
	}
	if (ftruncate(fd, 0) < 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
		abort();
	return path;
}

uint8_t *fuzz_pages(size_t size)
{
	uint8_t *pages =
		mmap(NULL, size + 4096, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (pages == MAP_FAILED || mprotect(pages + size, 4096, PROT_NONE))
		abort();
	return pages;
}

void fuzz_pages_clear(uint8_t *pages, size_t size)
{
	madvise(pages, size, MADV_DONTNEED);
}
