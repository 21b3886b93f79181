/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The child's RAM: one memory file, seen by worker and child. */
#define _GNU_SOURCE
#include "memory.h"

#include <errno.h>
#include <linux/memfd.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void *memory_at(const struct memory *memory, uint64_t gpa, uint64_t size)
{
	for (unsigned int i = 0; i < memory->count; i++) {
		const struct memory_range *range = &memory->ranges[i];
		uint64_t offset = gpa - range->gpa;

		if (gpa >= range->gpa && offset < range->size)
			return size <= range->size - offset
				       ? range->base + offset
				       : NULL;
	}
	return NULL;
}

bool memory_read(const struct memory *memory, uint64_t gpa, void *to,
		 uint64_t size)
{
	const void *from = memory_at(memory, gpa, size);

	if (from)
		memcpy(to, from, size);
	return from;
}

bool memory_write(const struct memory *memory, uint64_t gpa, const void *from,
		  uint64_t size)
{
	void *to = memory_at(memory, gpa, size);

	if (to)
		memcpy(to, from, size);
	return to;
}

/* Host and guest addresses have to agree modulo 2 MiB for large mappings. */
static uint8_t *map_aligned(int fd, uint64_t size)
{
	uint64_t room = size + MEMORY_ALIGNMENT;
	uint8_t *area =
		mmap(NULL, room, PROT_NONE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uint8_t *base, *end;

	if (area == MAP_FAILED)
		return NULL;
	base = (uint8_t *)(((uintptr_t)area + MEMORY_ALIGNMENT - 1) &
			   ~(uintptr_t)(MEMORY_ALIGNMENT - 1));
	end = base + size;
	if (base != area)
		munmap(area, (size_t)(base - area));
	if (area + room != end)
		munmap(end, (size_t)(area + room - end));
	if (mmap(base, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
		 0) == MAP_FAILED) {
		int error = errno;

		munmap(base, size);
		errno = error;
		return NULL;
	}
	return base;
}

static int create(struct guest_memory *memory, unsigned int flags)
{
	int error;

	memory->fd = memfd_create("child", MFD_CLOEXEC | flags);
	if (memory->fd < 0)
		return -errno;
	if (ftruncate(memory->fd, (off_t)memory->size) == 0) {
		memory->base = map_aligned(memory->fd, memory->size);
		if (memory->base)
			return 0;
	}
	error = -errno;
	close(memory->fd);
	return error;
}

static void describe(struct guest_memory *memory)
{
	uint64_t low =
		memory->size < MEMORY_LOW_END ? memory->size : MEMORY_LOW_END;

	memory->view.count = 1;
	memory->view.ranges[0] = (struct memory_range){0, low, memory->base};
	if (memory->size > low) {
		memory->view.count = 2;
		memory->view.ranges[1] = (struct memory_range){
			.gpa = MEMORY_HIGH_BASE,
			.size = memory->size - low,
			.base = memory->base + low,
		};
	}
}

int guest_memory_create(struct guest_memory *memory, uint64_t size)
{
	int error;

	memset(memory, 0, sizeof(*memory));
	memory->size = size;
	memory->huge = size % MEMORY_ALIGNMENT == 0 &&
		       create(memory, MFD_HUGETLB | MFD_HUGE_2MB) == 0;
	if (!memory->huge) {
		error = create(memory, 0);
		if (error)
			return error;
		/* Only advice: a host without huge pages works, slower. */
		madvise(memory->base, size, MADV_HUGEPAGE);
	}
	madvise(memory->base, size, MADV_DONTDUMP);
	describe(memory);
	return 0;
}

void guest_memory_destroy(struct guest_memory *memory)
{
	if (!memory->base)
		return;
	munmap(memory->base, memory->size);
	close(memory->fd);
	memory->base = NULL;
}

uint64_t guest_memory_end(const struct guest_memory *memory)
{
	const struct memory_range *last =
		&memory->view.ranges[memory->view.count - 1];
	uint64_t end = last->gpa + last->size;

	return end > MEMORY_HIGH_BASE ? end : MEMORY_HIGH_BASE;
}
