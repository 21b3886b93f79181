/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hvctl log: what the hypervisor has to say. */
#define _GNU_SOURCE
#include "state.h"
#include "verb.h"
#include "wait.h"

#include "abi/mshv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define LOG_CHUNK	 4096u
#define LOG_FOLLOW_PAUSE 200000000 /* ns */

static int log_open(void)
{
	const char *given = getenv("BULKHEAD_DEVICE");
	const char *path = given && *given ? given : "/dev/mshv";
	const int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		verb_complain("%s: %s%s", path, strerror(errno),
			      errno == ENOENT
				      ? " (is the module loaded, and does "
					"Bulkhead run below?)"
				      : "");
	return fd;
}

/* The next piece of the log, printed; its size, or -errno. */
static int log_step(int fd, uint64_t *cursor)
{
	char text[LOG_CHUNK];
	struct mshv_hv_log log = {
		.cursor = *cursor,
		.buf_ptr = (uintptr_t)text,
		.buf_sz = sizeof(text),
	};

	if (ioctl(fd, MSHV_HV_LOG, &log) < 0)
		return -errno;
	if (log.lost && *cursor) /* from the start, that is no surprise */
		printf("[%llu bytes lost]\n", (unsigned long long)log.lost);
	fwrite(text, 1, log.buf_sz < LOG_CHUNK ? log.buf_sz : LOG_CHUNK,
	       stdout);
	*cursor = log.cursor;
	return (int)log.buf_sz;
}

static int print_hypervisor_log(const struct verb_call *call)
{
	const struct timespec pause = {.tv_nsec = LOG_FOLLOW_PAUSE};
	const bool follows = call->given & VERB_FOLLOW;
	const int fd = log_open();
	uint64_t cursor = 0;
	int size;

	if (fd < 0)
		return EXIT_FAILED;
	while ((size = log_step(fd, &cursor)) > 0 || (follows && !size)) {
		if (size)
			continue;
		fflush(stdout);
		nanosleep(&pause, NULL);
	}
	close(fd);
	if (!size)
		return EXIT_OK;
	verb_complain(size == -ENOTTY
			      ? "this hypervisor keeps no log to be read: %s"
			      : "cannot read the hypervisor's log: %s",
		      strerror(-size));
	return EXIT_FAILED;
}

/* What the worker of a child said; older parts first. */
static int print_worker_log(const char *name)
{
	static const char *const files[] = {"worker.log.1", "worker.log"};
	struct state state;
	int status = wait_load(name, &state);

	if (status)
		return status;
	state_free(&state);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char *path = state_path(name, files[i]);
		FILE *file = fopen(path, "re");
		char chunk[LOG_CHUNK];
		size_t size;

		while (file && (size = fread(chunk, 1, sizeof(chunk), file)))
			fwrite(chunk, 1, size, stdout);
		if (file)
			fclose(file);
		free(path);
	}
	return EXIT_OK;
}

static int run_log(const struct verb_call *call)
{
	if (!call->count)
		return print_hypervisor_log(call);
	if (call->given & VERB_FOLLOW) {
		verb_complain("--follow: only the hypervisor's log");
		return EXIT_USAGE;
	}
	return print_worker_log(call->arguments[0]);
}

const struct verb verb_log = {
	.name = "log",
	.arguments = "[NAME]",
	.summary = "Prints the hypervisor's log, or that of a child's worker",
	.help = "The hypervisor's last lines since the machine was started; "
		"the\n"
		"oldest are overwritten when it fills up. With NAME: what "
		"the\n"
		"child's worker said, its kernel's last words among it.\n"
		"\n"
		"Example:\n"
		"  hvctl log --follow",
	.options = VERB_FOLLOW,
	.least = 0,
	.most = 1,
	.run = run_log,
};
