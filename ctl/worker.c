/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One run of a child's worker, as its monitor sees it. */
#define _GNU_SOURCE
#include "worker.h"
#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORKER_CONSOLE_FD 3
#define WORKER_CHUNK	  16384u

/*
 * The program: BULKHEAD_WORKER, or beside this one as installed, or where
 * the build put it; the last resort is the search path.
 */
static char *worker_program(void)
{
	static const char *const places[] = {
		"bulkhead-worker",
		"../worker/bulkhead-worker",
		"../lib/bulkhead/bulkhead-worker",
	};
	const char *given = getenv("BULKHEAD_WORKER");
	char self[PATH_MAX] = "";
	char *path;

	if (given && *given)
		return memory_string(given);
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		return memory_string("bulkhead-worker");
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		char *copy = memory_string(self);

		path = memory_print("%s/%s", dirname(copy), places[i]);
		free(copy);
		if (!access(path, X_OK))
			return path;
		free(path);
	}
	return memory_string("bulkhead-worker");
}

struct worker_ends {
	int console;
	int error;
	int monitor; /* readable when the monitor has ended */
};

static bool has_ended(int process_fd)
{
	struct pollfd wait = {.fd = process_fd, .events = POLLIN};

	return poll(&wait, 1, 0) != 0;
}

/* In the new process; does not return. */
static void worker_become(const char *name, const struct worker_ends *ends)
{
	char *program = worker_program();
	char *config = state_path(name, "config.json");
	char *control = state_path(name, "control");
	char console[16];
	sigset_t none;

	/* A worker without its monitor would be nobody's. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (has_ended(ends->monitor))
		_exit(127);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setpgid(0, 0);
	if (dup2(ends->error, STDOUT_FILENO) < 0 ||
	    dup2(ends->error, STDERR_FILENO) < 0 ||
	    dup2(ends->console, WORKER_CONSOLE_FD) < 0 ||
	    fcntl(WORKER_CONSOLE_FD, F_SETFD, 0) < 0)
		_exit(127);
	snprintf(console, sizeof(console), "%d", WORKER_CONSOLE_FD);
	execlp(program, program, "--config", config, "--control", control,
	       "--console-fd", console, (char *)NULL);
	dprintf(STDERR_FILENO, "%s: %s\n", program, strerror(errno));
	_exit(127);
}

/*
 * As fork(), in a namespace of processes of its own: the worker can name no
 * other. Without the right to that, as everybody.
 */
static pid_t worker_fork(void)
{
	const pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD | CLONE_NEWPID,
					 NULL, NULL, NULL, 0);

	return pid < 0 ? fork() : pid;
}

static void close_pair(const int pair[2])
{
	close(pair[0]);
	close(pair[1]);
}

/* What the new process gets is closed in ours. */
static pid_t worker_spawn(const char *name, int console, int error)
{
	const struct worker_ends ends = {
		.console = console,
		.error = error,
		.monitor = pidfd_open(getpid(), 0),
	};
	pid_t pid = -1;

	if (ends.monitor >= 0)
		pid = worker_fork();
	if (pid == 0)
		worker_become(name, &ends);
	if (ends.monitor >= 0)
		close(ends.monitor);
	close(console);
	close(error);
	return pid;
}

int worker_start(struct worker *worker, const char *name)
{
	int console[2], error[2];
	char *control;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, console) < 0)
		return -errno;
	if (pipe2(error, O_CLOEXEC) < 0) {
		close_pair(console);
		return -errno;
	}
	/* One that was killed left its socket. */
	control = state_path(name, "control");
	unlink(control);
	free(control);
	pid = worker_spawn(name, console[1], error[1]);
	if (pid < 0) {
		close(console[0]);
		close(error[0]);
		return -EAGAIN;
	}
	fcntl(console[0], F_SETFL, O_NONBLOCK);
	fcntl(error[0], F_SETFL, O_NONBLOCK);
	*worker = (struct worker){
		.process = state_process_of(pid),
		.pid_fd = pidfd_open(pid, 0),
		.console_fd = console[0],
		.error_fd = error[0],
	};
	worker->process.pid = pid; /* even if it has ended already */
	return 0;
}

/* Keeps the last line, made fit for JSON and a terminal. */
static void worker_note_line(struct worker *worker, const char *data,
			     size_t size)
{
	for (size_t i = 0; i < size; i++) {
		const char c = data[i];

		if (c != '\n') {
			if (worker->line_size < sizeof(worker->line) - 1)
				worker->line[worker->line_size++] =
					c >= ' ' && c <= '~' ? c : '?';
			continue;
		}
		worker->line[worker->line_size] = '\0';
		if (worker->line_size)
			memcpy(worker->last_line, worker->line,
			       sizeof(worker->line));
		worker->line_size = 0;
	}
}

/* One read; false when there is nothing to read now, or ever. */
static bool drain_once(int *fd, char *chunk, ssize_t *n)
{
	if (*fd < 0)
		return false;
	*n = read(*fd, chunk, WORKER_CHUNK);
	if (*n > 0)
		return true;
	if (*n == 0 || (errno != EAGAIN && errno != EINTR)) {
		close(*fd);
		*fd = -1;
	}
	return false;
}

bool worker_drain(struct worker *worker, struct logfile *console,
		  struct logfile *log)
{
	char chunk[WORKER_CHUNK];
	ssize_t n;

	/* Bounded: the other descriptors want their turn. */
	for (unsigned int i = 0;
	     i < 16 && drain_once(&worker->console_fd, chunk, &n); i++)
		logfile_write(console, chunk, (size_t)n);
	for (unsigned int i = 0;
	     i < 16 && drain_once(&worker->error_fd, chunk, &n); i++) {
		logfile_write(log, chunk, (size_t)n);
		worker_note_line(worker, chunk, (size_t)n);
	}
	return worker->console_fd >= 0 || worker->error_fd >= 0;
}

static void close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

int worker_reap(struct worker *worker)
{
	int status = 0;

	while (waitpid(worker->process.pid, &status, 0) < 0 && errno == EINTR)
		;
	close_if_open(worker->pid_fd);
	close_if_open(worker->console_fd);
	close_if_open(worker->error_fd);
	worker->process.pid = 0;
	return status;
}
