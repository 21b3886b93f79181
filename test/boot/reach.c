/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tries to read and to change physical memory through /dev/mem, page by page.
 *
 * A hidden page must not show the hypervisor's text (its banner and its
 * words are looked for), and overwriting every one of them must not hurt it:
 * whoever calls this asks the hypervisor something afterwards.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096ul

static int page_holds(const uint8_t *page, const char *text)
{
	return memmem(page, PAGE, text, strlen(text)) != NULL;
}

int main(int argc, char **argv)
{
	unsigned long first, last, address, mapped = 0, refused = 0;
	int fd = open("/dev/mem", O_RDWR | O_SYNC);

	if (argc != 3 || fd < 0) {
		perror("usage: reach FIRST LAST, as root; /dev/mem");
		return 2;
	}
	first = strtoul(argv[1], NULL, 0) & ~(PAGE - 1);
	last = strtoul(argv[2], NULL, 0);
	for (address = first; address < last; address += PAGE) {
		uint8_t *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				     MAP_SHARED, fd, (off_t)address);

		if (page == MAP_FAILED) {
			refused++;
			continue;
		}
		mapped++;
		if (page_holds(page, "Bulkhead") ||
		    page_holds(page, "hypercall")) {
			printf("%#lx holds text of the hypervisor\n", address);
			return 1;
		}
		memset(page, 0xa5, PAGE);
		munmap(page, PAGE);
	}
	printf("%lu pages tried, %lu refused by the kernel\n", mapped, refused);
	if (mapped == 0) {
		printf("no page could be tried\n");
		return 1;
	}
	printf("nothing of the hypervisor was reached\n");
	return 0;
}
