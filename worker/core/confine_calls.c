/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The system calls that a running worker may make: a table, compiled to a
 * filter that the kernel runs before each call.
 *
 * The rules are tried in their order, the first that fits decides. Those
 * that look at an argument cost most and come with every exit of the child:
 * ioctl is first. Of arguments only the lower half is seen, which is all that
 * the kernel looks at in those named here.
 *
 * io_uring would do calls behind the filter's back: no ring can be made any
 * more, and the one that is there takes a disk's operations only
 * (backend/block_uring.c).
 */
#define _GNU_SOURCE
#include "confine_calls.h"

#include "abi/mshv.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/if_tun.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef __NR_clone3
#define __NR_clone3 435
#endif

#define X32_CALLS 0x40000000u /* numbers of another ABI begin here */
#define ALL_BITS  0xffffffffu
/* Of a rule: one instruction to find the number, the rest for an argument. */
#define RULE_INSTRUCTIONS 6u
#define CALLS_MAX	  256u

struct call_rule {
	uint32_t number;
	uint32_t answer;   /* SECCOMP_RET_*; 0 would be to end the thread */
	uint32_t argument; /* 1 to 6; 0: whatever they are */
	uint32_t mask;
	uint32_t value; /* of the argument's bits in mask */
};

#define CALL(name)                                                             \
	{                                                                      \
		.number = __NR_##name, .answer = SECCOMP_RET_ALLOW             \
	}
#define CALL_IF(name, which, bits, is)                                         \
	{                                                                      \
		.number = __NR_##name, .answer = SECCOMP_RET_ALLOW,            \
		.argument = (which), .mask = (bits), .value = (is)             \
	}
#define HOSTILE(name)                                                          \
	{                                                                      \
		.number = __NR_##name, .answer = SECCOMP_RET_KILL_PROCESS      \
	}

#define NEW_NAMESPACES                                                         \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |         \
	 CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)
#define THREAD_FLAGS (CLONE_VM | CLONE_THREAD | CLONE_SIGHAND)

static const struct call_rule always[] = {
	CALL_IF(ioctl, 2, ALL_BITS, MSHV_RUN_VP),
	CALL_IF(ioctl, 2, ALL_BITS, MSHV_ROOT_HVCALL),
	CALL_IF(ioctl, 2, ALL_BITS, MSHV_EVENT_PORT),
	CALL_IF(ioctl, 2, ALL_BITS, MSHV_IRQFD),
	CALL_IF(ioctl, 2, ALL_BITS, MSHV_SET_MSI_ROUTING),
	CALL_IF(ioctl, 2, ALL_BITS, MSHV_PARTITION_STATS),
	CALL_IF(ioctl, 2, ALL_BITS, TUNSETCARRIER),
	/* Events and time. */
	CALL(epoll_wait),
	CALL(epoll_pwait),
	CALL(epoll_ctl),
	CALL(eventfd2),
	CALL(poll),
	CALL(ppoll),
	CALL(timerfd_settime),
	CALL(clock_gettime),
	CALL(clock_nanosleep),
	CALL(nanosleep),
	CALL(gettimeofday),
	/* What is open; nothing more can be opened. */
	CALL(read),
	CALL(write),
	CALL(readv),
	CALL(writev),
	CALL(pread64),
	CALL(pwrite64),
	CALL(preadv),
	CALL(pwritev),
	CALL(preadv2),
	CALL(pwritev2),
	CALL(fdatasync),
	CALL(fallocate),
	CALL(lseek),
	CALL(fstat),
	CALL_IF(newfstatat, 4, AT_EMPTY_PATH, AT_EMPTY_PATH),
	CALL_IF(fcntl, 2, ALL_BITS, F_GETFL),
	CALL_IF(fcntl, 2, ALL_BITS, F_SETFL),
	CALL_IF(fcntl, 2, ALL_BITS, F_SETFD),
	CALL(close),
	CALL(io_uring_enter),
	/* The control socket, and consoles behind it. */
	CALL(accept4),
	CALL(recvfrom),
	CALL(sendto),
	CALL(shutdown),
	/* Memory, never with code in it. */
	CALL_IF(mmap, 3, PROT_EXEC, 0),
	CALL_IF(mprotect, 3, PROT_EXEC, 0),
	CALL(munmap),
	CALL(mremap),
	CALL(madvise),
	CALL(brk),
	/* Threads: of this process and no other. */
	CALL(futex),
	CALL_IF(clone, 1, THREAD_FLAGS | NEW_NAMESPACES, THREAD_FLAGS),
	/* Its flags are in memory: libc then uses the one above. */
	{.number = __NR_clone3, .answer = SECCOMP_RET_ERRNO | ENOSYS},
	CALL(set_robust_list),
	CALL(rseq),
	CALL(getpid),
	CALL(gettid),
	CALL(sched_yield),
	CALL(sched_getaffinity),
	CALL_IF(prctl, 1, ALL_BITS, PR_SET_NAME),
	CALL(rt_sigaction),
	CALL(rt_sigprocmask),
	CALL(rt_sigreturn),
	CALL(sigaltstack),
	CALL(restart_syscall),
	CALL(getrandom),
	CALL(exit),
	CALL(exit_group),
	/* No mistake of ours looks like these. */
	HOSTILE(execve),
	HOSTILE(execveat),
	HOSTILE(fork),
	HOSTILE(vfork),
	HOSTILE(clone),
	HOSTILE(ptrace),
	HOSTILE(process_vm_readv),
	HOSTILE(process_vm_writev),
	HOSTILE(pidfd_open),
	HOSTILE(pidfd_getfd),
	HOSTILE(kill),
	HOSTILE(mount),
	HOSTILE(umount2),
	HOSTILE(move_mount),
	HOSTILE(pivot_root),
	HOSTILE(chroot),
	HOSTILE(setns),
	HOSTILE(unshare),
	HOSTILE(bpf),
	HOSTILE(perf_event_open),
	HOSTILE(userfaultfd),
	HOSTILE(io_uring_setup),
	HOSTILE(io_uring_register),
	HOSTILE(keyctl),
	HOSTILE(add_key),
	HOSTILE(request_key),
	HOSTILE(init_module),
	HOSTILE(finit_module),
	HOSTILE(delete_module),
	HOSTILE(kexec_load),
	HOSTILE(kexec_file_load),
	HOSTILE(reboot),
	HOSTILE(open_by_handle_at),
};

/* libslirp's: Internet sockets, and the name server's address. */
static const struct call_rule network[] = {
	CALL_IF(socket, 1, ALL_BITS, AF_INET),
	CALL_IF(socket, 1, ALL_BITS, AF_INET6),
	CALL(bind),
	CALL(listen),
	CALL(accept),
	CALL(connect),
	CALL(getsockname),
	CALL(getpeername),
	CALL(getsockopt),
	CALL(setsockopt),
	CALL(recvmsg),
	CALL(sendmsg),
	CALL_IF(ioctl, 2, ALL_BITS, FIONREAD),
	CALL_IF(ioctl, 2, ALL_BITS, FIONBIO),
	CALL_IF(fcntl, 2, ALL_BITS, F_GETFD),
	CALL_IF(openat, 3, O_ACCMODE | O_CREAT | O_TMPFILE | O_PATH, O_RDONLY),
	CALL_IF(open, 2, O_ACCMODE | O_CREAT | O_TMPFILE | O_PATH, O_RDONLY),
	CALL(stat),
	CALL(newfstatat),
};

struct filter {
	struct sock_filter instructions[CALLS_MAX * RULE_INSTRUCTIONS];
	unsigned short size;
};

static void emit(struct filter *filter, uint16_t code, uint32_t operand)
{
	filter->instructions[filter->size++] =
		(struct sock_filter)BPF_STMT(code, operand);
}

/* Equal goes on, other values jump over so many instructions. */
static void emit_unless(struct filter *filter, uint32_t value, uint8_t over)
{
	filter->instructions[filter->size++] = (struct sock_filter)BPF_JUMP(
		BPF_JMP | BPF_JEQ | BPF_K, value, 0, over);
}

static void load_number(struct filter *filter)
{
	emit(filter, BPF_LD | BPF_W | BPF_ABS,
	     offsetof(struct seccomp_data, nr));
}

static void add_rule(struct filter *filter, const struct call_rule *rule)
{
	const uint32_t argument =
		(uint32_t)(offsetof(struct seccomp_data, args) +
			   (rule->argument - 1) * sizeof(uint64_t));

	if (!rule->argument) {
		emit_unless(filter, rule->number, 1);
		emit(filter, BPF_RET | BPF_K, rule->answer);
		return;
	}
	emit_unless(filter, rule->number, 5);
	emit(filter, BPF_LD | BPF_W | BPF_ABS, argument);
	emit(filter, BPF_ALU | BPF_AND | BPF_K, rule->mask);
	emit_unless(filter, rule->value, 1);
	emit(filter, BPF_RET | BPF_K, rule->answer);
	load_number(filter);
}

/* Numbers of another architecture, or ABI, would mean other calls. */
static void begin(struct filter *filter)
{
	filter->size = 0;
	emit(filter, BPF_LD | BPF_W | BPF_ABS,
	     offsetof(struct seccomp_data, arch));
	filter->instructions[filter->size++] = (struct sock_filter)BPF_JUMP(
		BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0);
	emit(filter, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	load_number(filter);
	filter->instructions[filter->size++] = (struct sock_filter)BPF_JUMP(
		BPF_JMP | BPF_JGE | BPF_K, X32_CALLS, 0, 1);
	emit(filter, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
}

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
_Static_assert(COUNT(always) + COUNT(network) + 4 <= CALLS_MAX,
	       "room for all rules");

int confine_calls(bool sockets)
{
	static struct filter filter;
	const struct call_rule own_threads =
		CALL_IF(tgkill, 1, ALL_BITS, (uint32_t)getpid());
	struct sock_fprog program = {.filter = filter.instructions};

	begin(&filter);
	for (size_t i = 0; i < COUNT(always); i++)
		add_rule(&filter, &always[i]);
	for (size_t i = 0; sockets && i < COUNT(network); i++)
		add_rule(&filter, &network[i]);
	add_rule(&filter, &own_threads);
	emit(&filter, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
	program.len = filter.size;
	/* Of all threads there are already, too. */
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		    SECCOMP_FILTER_FLAG_TSYNC, &program))
		return errno ? -errno : -ESRCH;
	return 0;
}
