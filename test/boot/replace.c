/* SPDX-License-Identifier: GPL-2.0-or-later */
/* replace KERNEL INITRD CMDLINE: starts another kernel in place of this. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

#define REBOOT_KEXEC 0x45584543

int main(int count, char **words)
{
	int kernel, initrd;

	if (count != 4) {
		fputs("usage: replace KERNEL INITRD CMDLINE\n", stderr);
		return 2;
	}
	kernel = open(words[1], O_RDONLY | O_CLOEXEC);
	initrd = open(words[2], O_RDONLY | O_CLOEXEC);
	if (kernel < 0 || initrd < 0 ||
	    syscall(SYS_kexec_file_load, kernel, initrd, strlen(words[3]) + 1,
		    words[3], 0L) < 0) {
		perror("replace");
		return 1;
	}
	close(kernel);
	close(initrd);
	/* The disk that they came from is still mounted: nothing is written. */
	reboot(REBOOT_KEXEC);
	perror("replace");
	return 1;
}
