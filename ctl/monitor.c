/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The process that stays with a child: starts its worker, again after a
 * reset, keeps what child and worker print, and records how it ended.
 */
#define _GNU_SOURCE
#include "monitor.h"
#include "client.h"
#include "memory.h"
#include "worker.h"

#include "abi/control.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Until the worker answers, it is asked so often. */
#define MONITOR_ASK_MS 20

/* A child that resets at once, again and again, is held to this pace. */
#define MONITOR_RESET_PAUSE_MS 1000
#define MONITOR_SHORT_RUN_S    2
/* How long a start waits for the lock of a child that has ended. */
#define LOCK_STEP_NS 10000000
#define LOCK_STEPS   500u

struct monitor {
	struct state state;
	struct worker worker;
	struct logfile console;
	struct logfile log;
	int lock_fd;
	int ready_fd;  /* closed when whoever started us need not wait */
	int signal_fd; /* SIGTERM: kill the child */
	bool killed;   /* on our word, or by hvctl's */
};

/* ---- Recording ---- */

static void monitor_save(struct monitor *monitor)
{
	const int error = state_save(&monitor->state);

	if (error)
		dprintf(monitor->log.fd, "monitor: state.json: %s\n",
			strerror(-error));
}

static void monitor_ready(struct monitor *monitor)
{
	if (monitor->ready_fd >= 0)
		close(monitor->ready_fd);
	monitor->ready_fd = -1;
}

/* What the exit status of a worker means for its child. */
static enum state_cause cause_of_exit(int code)
{
	switch (code) {
	case CONTROL_EXIT_POWER_OFF:
		return STATE_POWERED_OFF;
	case CONTROL_EXIT_CRASH:
		return STATE_CRASHED;
	case CONTROL_EXIT_KILLED:
		return STATE_KILLED;
	case CONTROL_EXIT_CONFIG:
		return STATE_CONFIG;
	}
	return STATE_ERROR;
}

/* The worker's last words, without the name that each line begins with. */
static const char *last_words(const struct monitor *monitor)
{
	const char *said = monitor->worker.last_line;
	const size_t size = strlen(monitor->state.name);

	if (!strncmp(said, monitor->state.name, size) && said[size] == ' ')
		said += size + 1;
	return said;
}

static void monitor_record_end(struct monitor *monitor, int status)
{
	struct state *state = &monitor->state;
	const char *said = last_words(monitor);

	state->phase = STATE_ENDED;
	state->ended = time(NULL);
	if (monitor->killed) {
		state->cause = STATE_KILLED;
	} else if (WIFSIGNALED(status)) {
		state->cause = STATE_SIGNAL;
		state->signal = WTERMSIG(status);
	} else {
		state->cause = cause_of_exit(WEXITSTATUS(status));
		state->reason = *said ? memory_string(said)
				      : memory_print("exit status %d",
						     WEXITSTATUS(status));
		if (state->cause == STATE_POWERED_OFF ||
		    state->cause == STATE_KILLED) {
			free(state->reason);
			state->reason = NULL;
		}
	}
	monitor_save(monitor);
}

/* ---- Running ---- */

/* Whether the worker answers; its first answer ends the start. */
static void monitor_ask(struct monitor *monitor)
{
	const int fd = client_connect(monitor->state.name);

	if (fd < 0)
		return;
	close(fd);
	monitor->state.phase = STATE_RUNNING;
	monitor_save(monitor);
	monitor_ready(monitor);
}

static void monitor_kill(struct monitor *monitor)
{
	struct signalfd_siginfo info;

	if (read(monitor->signal_fd, &info, sizeof(info)) < 0)
		return;
	monitor->killed = true;
	if (monitor->worker.process.pid)
		kill(monitor->worker.process.pid, SIGKILL);
}

/* One turn; false when the worker has ended. */
static bool monitor_turn(struct monitor *monitor)
{
	struct pollfd waits[] = {
		{.fd = monitor->worker.pid_fd, .events = POLLIN},
		{.fd = monitor->signal_fd, .events = POLLIN},
		{.fd = monitor->worker.console_fd, .events = POLLIN},
		{.fd = monitor->worker.error_fd, .events = POLLIN},
	};
	const bool asks = monitor->state.phase == STATE_STARTING;

	poll(waits, sizeof(waits) / sizeof(waits[0]),
	     asks ? MONITOR_ASK_MS : -1);
	worker_drain(&monitor->worker, &monitor->console, &monitor->log);
	if (waits[1].revents)
		monitor_kill(monitor);
	if (waits[0].revents)
		return false;
	if (asks)
		monitor_ask(monitor);
	return true;
}

/* What is still in the pipes; a stranger may hold their other ends. */
static void monitor_drain_rest(struct monitor *monitor)
{
	for (unsigned int i = 0; i < 64; i++) {
		if (!worker_drain(&monitor->worker, &monitor->console,
				  &monitor->log))
			break;
	}
}

/* Waits before another run, unless told to kill meanwhile. */
static void monitor_pause(struct monitor *monitor)
{
	struct pollfd wait = {.fd = monitor->signal_fd, .events = POLLIN};

	if (poll(&wait, 1, MONITOR_RESET_PAUSE_MS) > 0)
		monitor_kill(monitor);
}

/* From one start of the worker to its end; its exit status. */
static int monitor_run_worker(struct monitor *monitor)
{
	struct state *state = &monitor->state;
	int status;

	if (worker_start(&monitor->worker, state->name) < 0)
		return W_EXITCODE(CONTROL_EXIT_ERROR, 0);
	state->phase = STATE_STARTING;
	state->worker = monitor->worker.process;
	monitor_save(monitor);
	while (monitor_turn(monitor))
		;
	monitor_drain_rest(monitor);
	status = worker_reap(&monitor->worker);
	state->worker = (struct state_process){0};
	return status;
}

static void monitor_run(struct monitor *monitor)
{
	static const char notice[] = "\r\n[bulkhead: reset]\r\n";
	time_t begun = time(NULL);
	int status = monitor_run_worker(monitor);

	while (WIFEXITED(status) && WEXITSTATUS(status) == CONTROL_EXIT_RESET &&
	       !monitor->killed) {
		monitor->state.resets++;
		logfile_write(&monitor->console, notice, sizeof(notice) - 1);
		if (time(NULL) - begun < MONITOR_SHORT_RUN_S)
			monitor_pause(monitor);
		if (monitor->killed)
			break;
		begun = time(NULL);
		status = monitor_run_worker(monitor);
	}
	monitor_record_end(monitor, status);
	monitor_ready(monitor);
}

/* ---- Becoming one ---- */

static void monitor_open_logs(struct monitor *monitor)
{
	char *console = state_path(monitor->state.name, "console.log");
	char *log = state_path(monitor->state.name, "worker.log");

	logfile_open(&monitor->console, console);
	logfile_open(&monitor->log, log);
	free(console);
	free(log);
}

/* Whoever reads a pipe of the caller's is not to wait for us. */
static void monitor_close_others(const struct monitor *monitor)
{
	const unsigned int low =
		(unsigned int)(monitor->lock_fd < monitor->ready_fd
				       ? monitor->lock_fd
				       : monitor->ready_fd);
	const unsigned int high =
		(unsigned int)(monitor->lock_fd < monitor->ready_fd
				       ? monitor->ready_fd
				       : monitor->lock_fd);

	if (low > STDERR_FILENO + 1)
		close_range(STDERR_FILENO + 1, low - 1, 0);
	if (high > low + 1)
		close_range(low + 1, high - 1, 0);
	close_range(high + 1, ~0u, 0);
}

static void monitor_leave_terminal(void)
{
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	setsid();
	prctl(PR_SET_NAME, "hvctl-monitor");
	/* So that the caller's folder can be unmounted. */
	if (state_run_directory()[0] != '/' || chdir("/") < 0)
		dprintf(STDERR_FILENO, "hvctl: the monitor stays here\n");
	if (null < 0)
		return;
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	if (null > STDERR_FILENO)
		close(null);
}

static int monitor_open_signals(void)
{
	sigset_t signals;

	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

__attribute__((noreturn)) static void monitor_main(const struct child *child,
						   int lock_fd, int ready_fd)
{
	struct monitor monitor = {
		.lock_fd = lock_fd,
		.ready_fd = ready_fd,
		.state =
			{
				.name = child->name,
				.machine = child->machine,
				.memory = child->memory,
				.processors = child->processors,
				.started = time(NULL),
				.boot_id = state_boot_id(),
			},
	};

	monitor_close_others(&monitor);
	monitor_leave_terminal();
	monitor.state.monitor = state_process_of(getpid());
	monitor.signal_fd = monitor_open_signals();
	monitor_open_logs(&monitor);
	monitor_run(&monitor);
	logfile_close(&monitor.console);
	logfile_close(&monitor.log);
	_exit(0);
}

/* ---- Starting one ---- */

static int make_directory(const char *path, mode_t mode)
{
	return mkdir(path, mode) < 0 && errno != EEXIST ? -errno : 0;
}

static int make_directories(const char *name)
{
	char *directory = state_path(name, NULL);
	int status = make_directory(state_run_directory(), 0755);

	if (!status)
		status = make_directory(directory, 0700);
	free(directory);
	return status;
}

/* The lock that one monitor per name holds; its descriptor or -errno. */
static int take_lock(const char *name)
{
	char *path = state_path(name, "lock");
	const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	int error;

	free(path);
	if (fd < 0)
		return -errno;
	if (!flock(fd, LOCK_EX | LOCK_NB))
		return fd;
	error = errno == EWOULDBLOCK ? EBUSY : errno;
	close(fd);
	return -error;
}

/* A worker may live on where its monitor was killed. */
static int refuse_running(const char *name)
{
	struct state state;
	int status = 0;

	if (!state_load(&state, name)) {
		if (!state_is_over(&state))
			status = -EBUSY;
		state_free(&state);
	}
	return status;
}

/* A monitor that has recorded the end may still be about to go. */
static int wait_lock(const char *name)
{
	const struct timespec step = {.tv_nsec = LOCK_STEP_NS};
	int fd = take_lock(name);

	for (unsigned int i = 0; fd == -EBUSY && i < LOCK_STEPS; i++) {
		if (refuse_running(name))
			break;
		nanosleep(&step, NULL);
		fd = take_lock(name);
	}
	return fd;
}

static int write_config(const struct child *child)
{
	char *path = state_path(child->name, "config.json");
	json_t *config = child_to_json(child);
	int status = 0;

	errno = 0;
	if (json_dump_file(config, path, JSON_INDENT(2)) < 0)
		status = errno ? -errno : -EIO;
	json_decref(config);
	free(path);
	return status;
}

/* Twice a fork: the monitor is nobody's child that would have to wait. */
static int monitor_fork(const struct child *child, int lock_fd)
{
	int ready[2];
	pid_t pid;
	char byte;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid == 0) {
		close(ready[0]);
		pid = fork();
		if (pid == 0)
			monitor_main(child, lock_fd, ready[1]);
		_exit(pid < 0);
	}
	close(ready[1]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	/* Nothing is written: its end is the word. */
	while (pid > 0 && read(ready[0], &byte, 1) < 0 && errno == EINTR)
		;
	close(ready[0]);
	return pid < 0 ? -EAGAIN : 0;
}

int monitor_start(const struct child *child)
{
	int status = make_directories(child->name);
	int lock_fd;

	if (status)
		return status;
	lock_fd = wait_lock(child->name);
	if (lock_fd < 0)
		return lock_fd;
	status = refuse_running(child->name);
	if (!status)
		status = write_config(child);
	if (!status)
		status = monitor_fork(child, lock_fd);
	close(lock_fd);
	return status;
}
