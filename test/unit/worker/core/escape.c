/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a worker that was taken over would try, once it is confined.
 *
 * Each try runs in a process of its own that calls confine() as the worker
 * does. EPERM and death are refusals; so is any other error, for an attacker
 * who gets ENOENT has found nothing either.
 */
#define _GNU_SOURCE
#include "escape.h"

#include "worker/core/confine.h"

#include "abi/mshv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS_MAX 12u
#define CODE_FAILED 99

static pid_t victim; /* the process that started this one */

/* ---- Files ---- */

static bool opens(const char *path, int flags)
{
	return open(path, flags, 0600) >= 0;
}

static bool read_password_file(void)
{
	return opens("/etc/passwd", O_RDONLY);
}

static bool climb_out(void)
{
	return opens("/../../../../etc/passwd", O_RDONLY) ||
	       opens("../../../../../etc/passwd", O_RDONLY);
}

static bool open_root_folder(void)
{
	return opens("/", O_RDONLY | O_DIRECTORY) || opens("/", O_PATH);
}

static bool open_devices(void)
{
	return opens("/dev/mshv", O_RDWR) || opens("/dev/mem", O_RDWR) ||
	       opens("/dev/null", O_RDWR);
}

static bool open_processes(void)
{
	return opens("/proc/self/mem", O_RDONLY) ||
	       opens("/proc/1/environ", O_RDONLY);
}

static bool make_file(void)
{
	return opens("/new", O_WRONLY | O_CREAT) ||
	       opens("/", O_WRONLY | O_TMPFILE) || mkdir("/new", 0700) == 0;
}

static bool change_resolver(void)
{
	return opens("/etc/resolv.conf", O_WRONLY);
}

static bool make_memory_file(void)
{
	return memfd_create("stage", 0) >= 0;
}

static bool open_by_handle(void)
{
	char handle[sizeof(int) * 2 + 16] = {0};

	return syscall(SYS_open_by_handle_at, AT_FDCWD, handle, O_RDONLY) >= 0;
}

/* ---- Programs and processes ---- */

static bool run_program(void)
{
	char *const words[] = {(char *)"sh", NULL};

	return execve("/bin/sh", words, NULL) == 0;
}

static bool fork_process(void)
{
	const long pid = syscall(SYS_fork);

	if (pid == 0)
		_exit(0);
	return pid > 0;
}

static bool clone_process(void)
{
	const long pid = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0);

	if (pid == 0)
		_exit(0);
	return pid > 0;
}

static bool clone3_process(void)
{
	const uint64_t arguments[8] = {[4] = SIGCHLD};
	const long pid = syscall(SYS_clone3, arguments, sizeof(arguments));

	if (pid == 0)
		_exit(0);
	return pid > 0;
}

static bool trace_another(void)
{
	return ptrace(PTRACE_SEIZE, victim, NULL, NULL) == 0;
}

static bool read_another(void)
{
	char byte;
	const struct iovec own = {&byte, 1}, its = {&byte, 1};

	return process_vm_readv(victim, &own, 1, &its, 1, 0) == 1;
}

static bool signal_another(void)
{
	return kill(victim, 0) == 0;
}

static bool signal_another_thread(void)
{
	return syscall(SYS_tgkill, victim, victim, 0) == 0;
}

static bool name_another(void)
{
	return syscall(SYS_pidfd_open, victim, 0) >= 0;
}

/* ---- Rights ---- */

static bool become_root(void)
{
	return setuid(0) == 0 || setresuid(0, 0, 0) == 0;
}

static bool raise_limits(void)
{
	const struct rlimit more = {4096, 4096};

	return setrlimit(RLIMIT_NPROC, &more) == 0 ||
	       setrlimit(RLIMIT_CORE, &more) == 0;
}

static bool become_dumpable(void)
{
	return prctl(PR_SET_DUMPABLE, 1) == 0;
}

static bool become_user_namespace(void)
{
	return unshare(CLONE_NEWUSER) == 0;
}

static bool enter_namespace(void)
{
	return setns(STDERR_FILENO, 0) == 0;
}

static bool mount_something(void)
{
	return mount("proc", "/", "proc", 0, NULL) == 0;
}

static bool move_root(void)
{
	return chroot("/") == 0;
}

/* ---- The kernel's wider doors ---- */

static bool load_program(void)
{
	union bpf_attr attributes = {0};

	return syscall(SYS_bpf, BPF_MAP_CREATE, &attributes,
		       sizeof(attributes)) >= 0;
}

static bool open_counters(void)
{
	struct perf_event_attr attributes = {.size = sizeof(attributes)};

	return syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0) >= 0;
}

static bool catch_faults(void)
{
	return syscall(SYS_userfaultfd, 0) >= 0;
}

static bool make_ring(void)
{
	struct io_uring_params parameters = {0};

	return syscall(SYS_io_uring_setup, 4, &parameters) >= 0;
}

static bool load_module(void)
{
	return syscall(SYS_init_module, "", 0, "") == 0;
}

static bool use_keys(void)
{
	return syscall(SYS_keyctl, 0, -3, 0) >= 0;
}

static bool reboot_machine(void)
{
	/* Only turns off Ctrl-Alt-Del, should it work. */
	return reboot(RB_DISABLE_CAD) == 0;
}

/* The number of getpid() where calls are counted the old way. */
static bool call_as_32_bits(void)
{
	long result = 20;

	__asm__ volatile("int $0x80" : "+a"(result) : : "memory");
	return result > 0;
}

static bool call_as_x32(void)
{
	return syscall(0x40000000 + SYS_getpid) > 0;
}

/* ---- Memory ---- */

static bool map_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static bool make_code(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page != MAP_FAILED &&
	       mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0;
}

static bool take_all_memory(void)
{
	return mmap(NULL, 64ul << 30, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1,
		    0) != MAP_FAILED;
}

static void *sleep_on(void *unused)
{
	poll(NULL, 0, 10000);
	return unused;
}

static bool take_all_threads(void)
{
	pthread_attr_t small;
	pthread_t thread;
	unsigned int count = 0;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 65536);
	while (count < 4 * THREADS_MAX &&
	       pthread_create(&thread, &small, sleep_on, NULL) == 0)
		count++;
	return count > THREADS_MAX;
}

static bool take_all_descriptors(void)
{
	unsigned int count = 0;

	while (count < 4096 && eventfd(0, 0) >= 0)
		count++;
	return count > 2048;
}

/* ---- Sockets, and what is behind descriptors ---- */

static bool makes_socket(int family, int type, int protocol)
{
	return socket(family, type, protocol) >= 0;
}

static bool internet_socket(void)
{
	return makes_socket(AF_INET, SOCK_STREAM, 0) ||
	       makes_socket(AF_INET6, SOCK_DGRAM, 0);
}

static bool local_socket(void)
{
	int pair[2];

	return makes_socket(AF_UNIX, SOCK_STREAM, 0) ||
	       socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0;
}

static bool kernel_socket(void)
{
	return makes_socket(AF_NETLINK, SOCK_RAW, 0) ||
	       makes_socket(AF_VSOCK, SOCK_STREAM, 0);
}

static bool raw_socket(void)
{
	return makes_socket(AF_PACKET, SOCK_RAW, 0) ||
	       makes_socket(AF_INET, SOCK_RAW, IPPROTO_TCP);
}

static bool type_at_terminal(void)
{
	return ioctl(STDERR_FILENO, TIOCSTI, "x") == 0 ||
	       errno != EPERM; /* the filter's word, not the driver's */
}

/* What only the set-up does, with any descriptor: it must not get there. */
static bool make_partition(void)
{
	const struct mshv_create_partition arguments = {0};

	return ioctl(STDERR_FILENO, MSHV_CREATE_PARTITION, &arguments) == 0 ||
	       errno != EPERM;
}

static bool map_guest_memory(void)
{
	const struct mshv_user_mem_region region = {0};

	return ioctl(STDERR_FILENO, MSHV_SET_GUEST_MEMORY, &region) == 0 ||
	       errno != EPERM;
}

#define REFUSED(text, function)                                                \
	{                                                                      \
		text, function, ESCAPE_REFUSED, true                           \
	}
#define KILLED(text, function)                                                 \
	{                                                                      \
		text, function, ESCAPE_KILLED, true                            \
	}

const struct escape escapes[] = {
	REFUSED("read /etc/passwd", read_password_file),
	REFUSED("climb out of the root", climb_out),
	REFUSED("open the root", open_root_folder),
	REFUSED("open devices", open_devices),
	REFUSED("open /proc", open_processes),
	REFUSED("make a file", make_file),
	REFUSED("change resolv.conf", change_resolver),
	REFUSED("make a file in memory", make_memory_file),
	KILLED("open a file by its handle", open_by_handle),
	KILLED("run a program", run_program),
	KILLED("fork", fork_process),
	KILLED("clone a process", clone_process),
	REFUSED("clone a process by clone3", clone3_process),
	KILLED("trace another process", trace_another),
	KILLED("read another's memory", read_another),
	KILLED("signal another process", signal_another),
	REFUSED("signal another's thread", signal_another_thread),
	KILLED("name another process", name_another),
	REFUSED("become root", become_root),
	REFUSED("raise limits", raise_limits),
	REFUSED("become dumpable", become_dumpable),
	KILLED("make a namespace", become_user_namespace),
	KILLED("enter a namespace", enter_namespace),
	KILLED("mount", mount_something),
	KILLED("change the root", move_root),
	KILLED("load a BPF program", load_program),
	KILLED("open performance counters", open_counters),
	KILLED("catch page faults", catch_faults),
	KILLED("make an io_uring", make_ring),
	KILLED("load a module", load_module),
	KILLED("use keys", use_keys),
	KILLED("reboot", reboot_machine),
	KILLED("call as a 32-bit program", call_as_32_bits),
	KILLED("call as an x32 program", call_as_x32),
	REFUSED("map memory with code", map_code),
	REFUSED("turn data into code", make_code),
	REFUSED("take all memory", take_all_memory),
	REFUSED("take all threads", take_all_threads),
	REFUSED("take all descriptors", take_all_descriptors),
	{"make an Internet socket", internet_socket, ESCAPE_REFUSED, false},
	REFUSED("make a local socket", local_socket),
	REFUSED("make a socket to the kernel", kernel_socket),
	REFUSED("make a raw socket", raw_socket),
	REFUSED("type at the terminal", type_at_terminal),
	REFUSED("make a partition", make_partition),
	REFUSED("map guest memory", map_guest_memory),
};
const unsigned int escape_count = sizeof(escapes) / sizeof(escapes[0]);

/* ---- Running one ---- */

static bool is_confined(bool sockets)
{
	const struct confine_options options = {
		.sockets = sockets,
		.threads = THREADS_MAX,
	};

	return confine(&options) == 0;
}

enum escape_result escape_try(const struct escape *escape, bool sockets)
{
	int status = 0;
	pid_t pid;

	victim = getpid();
	pid = fork();
	if (pid == 0) {
		if (!is_confined(sockets))
			_exit(CODE_FAILED);
		_exit(escape->attempt());
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return ESCAPE_FAILED;
	if (WIFSIGNALED(status))
		return ESCAPE_KILLED;
	if (WEXITSTATUS(status) == CODE_FAILED)
		return ESCAPE_FAILED;
	return WEXITSTATUS(status) ? ESCAPE_OUT : ESCAPE_REFUSED;
}

int escape_confined_process(bool sockets)
{
	int ready[2];
	char byte = 0;
	pid_t pid;

	if (pipe(ready) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (is_confined(sockets) && write(ready[1], &byte, 1) == 1)
			poll(NULL, 0, -1);
		_exit(CODE_FAILED);
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		pid = -1;
	close(ready[0]);
	return pid;
}

/* ---- What must go on ---- */

static int listening = -1;

static void nothing(int number)
{
	(void)number;
}

static bool threads_work(void)
{
	const struct sigaction action = {.sa_handler = nothing};
	pthread_t thread;

	sigaction(SIGUSR1, &action, NULL);
	return pthread_create(&thread, NULL, sleep_on, NULL) == 0 &&
	       pthread_kill(thread, SIGUSR1) == 0;
}

static bool events_work(int epoll)
{
	struct epoll_event event = {.events = EPOLLIN};
	const int fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);

	return fd >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0 &&
	       epoll_wait(epoll, &event, 1, 1000) == 1 && close(fd) == 0;
}

static bool memory_works(void)
{
	char *memory = malloc(64u << 20);
	const bool good = memory;

	if (memory)
		memset(memory, 1, 64u << 20);
	free(memory);
	return good;
}

static bool connection_works(int client)
{
	const int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
	char text[4] = "";

	return fd >= 0 && send(fd, "yes", 4, MSG_NOSIGNAL) == 4 &&
	       recv(client, text, 4, 0) == 4 && !strcmp(text, "yes");
}

/* As libslirp does for a child's connection and its name servers. */
static bool network_works(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t size = sizeof(address);
	const int server = socket(AF_INET, SOCK_STREAM, 0);
	const int client = socket(AF_INET, SOCK_STREAM, 0);
	FILE *resolver = fopen("/etc/resolv.conf", "re");
	char line[256];

	return server >= 0 && client >= 0 &&
	       !bind(server, (struct sockaddr *)&address, size) &&
	       !listen(server, 1) &&
	       !getsockname(server, (struct sockaddr *)&address, &size) &&
	       !connect(client, (struct sockaddr *)&address, size) &&
	       accept(server, NULL, NULL) >= 0 && resolver &&
	       fgets(line, sizeof(line), resolver);
}

static int listen_somewhere(struct sockaddr_un *address, socklen_t *size)
{
	const int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	*size = sizeof(*address);
	/* A name that the kernel chooses. */
	if (bind(fd, (struct sockaddr *)address, sizeof(sa_family_t)) < 0 ||
	    listen(fd, 1) < 0 ||
	    getsockname(fd, (struct sockaddr *)address, size) < 0)
		return -1;
	return fd;
}

static bool work(bool sockets)
{
	struct sockaddr_un address;
	socklen_t size;
	const int client = socket(AF_UNIX, SOCK_STREAM, 0);
	const int epoll = epoll_create1(EPOLL_CLOEXEC);
	bool good;

	listening = listen_somewhere(&address, &size);
	good = listening >= 0 &&
	       !connect(client, (struct sockaddr *)&address, size) &&
	       is_confined(sockets);
	return good && threads_work() && events_work(epoll) && memory_works() &&
	       connection_works(client) && (!sockets || network_works());
}

bool escape_work_is_possible(bool sockets)
{
	int status = 0;
	const pid_t pid = fork();

	if (pid == 0)
		_exit(!work(sockets));
	return pid > 0 && waitpid(pid, &status, 0) == pid &&
	       WIFEXITED(status) && !WEXITSTATUS(status);
}
