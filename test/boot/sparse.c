/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A worker that means harm: maps single pages as far apart as addresses
 * allow, so that each costs the hypervisor page tables, until it is refused;
 * three times, for what the first took must be free again for the next.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "abi/mshv.h"

#define PAGE	   4096u
#define STEP_PAGES (1ull << 18) /* 1 GiB */
#define FIRST_PAGE (1ull << 20)
#define PAGES_MOST 200000ull
#define ROUNDS	   3

static int partition_create(int device)
{
	struct mshv_create_partition create = {
		.pt_flags = 1u << MSHV_PT_BIT_LAPIC | 1u << MSHV_PT_BIT_X2APIC |
			    1u << MSHV_PT_BIT_GPA_SUPER_PAGES,
		.pt_isolation = MSHV_PT_ISOLATION_NONE,
	};
	int partition = ioctl(device, MSHV_CREATE_PARTITION, &create);

	if (partition < 0 ||
	    ioctl(partition, MSHV_INITIALIZE_PARTITION, 0) < 0) {
		printf("sparse: cannot create a partition: %s\n",
		       strerror(errno));
		return -1;
	}
	return partition;
}

/* How many pages were mapped before the refusal. */
static unsigned long long map_until_refused(int partition, void *memory)
{
	unsigned long long count;

	for (count = 0; count < PAGES_MOST; count++) {
		struct mshv_user_mem_region region = {
			.size = PAGE,
			.guest_pfn = FIRST_PAGE + count * STEP_PAGES,
			.userspace_addr = (uintptr_t)memory,
			.flags = 1u << MSHV_SET_MEM_BIT_WRITABLE,
		};

		if (ioctl(partition, MSHV_SET_GUEST_MEMORY, &region) < 0)
			break;
	}
	printf("sparse: %llu pages, then %s\n", count, strerror(errno));
	return count;
}

int main(void)
{
	unsigned long long first = 0;
	void *memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int device = open("/dev/mshv", O_RDWR);
	int round;

	if (device < 0 || memory == MAP_FAILED) {
		perror("sparse: /dev/mshv");
		return 1;
	}
	for (round = 0; round < ROUNDS; round++) {
		unsigned long long count;
		int partition = partition_create(device);

		if (partition < 0)
			return 1;
		count = map_until_refused(partition, memory);
		close(partition);
		if (count == 0 || count == PAGES_MOST)
			return 1;
		if (round == 0)
			first = count;
		if (count < first) {
			printf("sparse: %llu pages were not given back\n",
			       first - count);
			return 1;
		}
	}
	return 0;
}
